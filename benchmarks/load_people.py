"""What the people of the load test do; run by locust, which benchmarks/load.py starts."""

from __future__ import annotations

import itertools
import json
import os
import random
from pathlib import Path
from typing import Any

from locust import HttpUser, between, task

_WAYS: dict[str, Any] = json.loads(Path(os.environ["OPENRAPPORT_LOAD_WAYS"]).read_text("utf-8"))
_THERAPISTS = itertools.cycle(_WAYS["therapists"])


class Therapist(HttpUser):
    """Reads caseload, clients and reports, with a second or two between looks."""

    wait_time = between(1, 3)

    def on_start(self) -> None:
        self.way = next(_THERAPISTS)
        self.client.headers.update(self.way["headers"])
        self.random = random.Random(self.way["name"])  # noqa: S311

    def _look(self, path: str, name: str) -> None:
        with self.client.get(path, name=name, catch_response=True, allow_redirects=False) as answer:
            if answer.status_code != 200:
                answer.failure(f"status {answer.status_code}")

    @task(2)
    def caseload(self) -> None:
        """One's own list; every third time the second page."""
        self._look(
            "/clients/?state=all" + ("&page=2" if self.random.random() < 0.3 else ""), "caseload"
        )

    @task(3)
    def one_client(self) -> None:
        """A client's page."""
        self._look(f"/clients/{self.random.choice(self.way['clients'])}/", "client")

    @task(2)
    def report(self) -> None:
        """A report of 50 minutes."""
        self._look(f"/sessions/{self.random.choice(self.way['sessions'])}", "report")

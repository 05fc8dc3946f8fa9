"""The code of the first visit.

Whoever reaches an empty installation first could make themselves its manager. So the page asks
for a code that only somebody who can read the practice's folder knows. It is gone when it was used.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
from pathlib import Path

from django.conf import settings

from openrapport_web.people.models import Practice, User

__all__ = ["ensure", "forget", "is_first_visit", "matches"]

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else


def is_first_visit() -> bool:
    """Whether there is neither a practice nor anybody in it."""
    return Practice.get() is None and not User.objects.exists()


def ensure() -> Path:
    """Make the code, where there is none.

    Returns
    -------
    path : Path
        The file that holds it, for its owner alone; ``openrapport init`` and ``serve`` name it.
    """
    path = settings.HOME / "setup.code"
    if not path.exists():
        groups = ("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(5))
        new = path.with_name(f"setup.code.{secrets.token_hex(4)}")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("-".join(groups) + "\n")
        # A link fails where another process was faster, so all of them name the same code.
        with contextlib.suppress(FileExistsError):
            os.link(new, path)
        new.unlink()
    return path


def matches(given: str) -> bool:
    """Whether somebody typed the code, with or without its dashes."""
    return hmac.compare_digest(_plain(given), _plain(ensure().read_text("ascii")))


def _plain(code: str) -> bytes:
    return "".join(c for c in code.lower() if c.isalnum()).encode()


def forget() -> None:
    """Take the code away, once it was used."""
    (settings.HOME / "setup.code").unlink(missing_ok=True)

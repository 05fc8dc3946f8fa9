"""Small sessions for tests, written as a person would note them down."""

from __future__ import annotations

import re
from collections.abc import Sequence

from openrapport.session import Party, Role, Session
from openrapport.utterances import MISSING_MS, Utterances

PARTIES = (Party("Therapist", Role.THERAPIST), Party("Client", Role.CLIENT), Party("Other", Role.OTHER))
_LINE = re.compile(r"([TCO])(?: (\d+)-(\d+)?)?(?: (.*))?$", re.DOTALL)


def utterances(*lines: str) -> Utterances:
    """Read ``"T 0-1000 hello"``, ``"C 800- hi"`` (no end) or ``"C hi"`` (no times)."""
    rows = [_LINE.match(line) for line in lines]
    assert all(rows), "a line of a test session is not 'T 0-1000 words'"
    party, start, end, text = (
        zip(*(row.groups() for row in rows if row), strict=True) if rows else ((),) * 4
    )
    return Utterances(
        ids=tuple(f"u{i}" for i in range(1, len(lines) + 1)),
        party=[("T", "C", "O").index(p) for p in party],
        text=tuple(t or "" for t in text),
        start_ms=_times(start),
        end_ms=_times(end),
    )


def session(*lines: str, name: str = "test") -> Session:
    """A session of a therapist and a client with these lines (see :func:`utterances`)."""
    spoken = utterances(*lines)
    n = 3 if (spoken.party == 2).any() else 2
    return Session(name=name, parties=PARTIES[:n], utterances=spoken)


def _times(values: Sequence[str | None]) -> list[int]:
    return [MISSING_MS if value is None else int(value) for value in values]

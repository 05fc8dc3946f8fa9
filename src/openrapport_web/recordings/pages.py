"""The parts of a report's page, written once when the report is made, and filled in for each reader.

Writing them takes longer than all else that a page needs. What a reader sees beside a moment or an
utterance (their marks, what they may do) has a gap in them, a comment that no transcript can hold,
because everything of a transcript is escaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from pathlib import Path
from zlib import compress, decompress

import openrapport
from openrapport.finding import Report
from openrapport.reporting import fragments as core
from openrapport.reporting.fragments import Fragments, fragments
from openrapport.session import Session
from openrapport_web import crypto
from openrapport_web.recordings import bundles
from openrapport_web.recordings.models import StoredReport
from openrapport_web.sealed_files import opened, seal_bytes

__all__ = ["fill", "parts_of", "store"]

_GAP = re.compile("<!--beside:([a-z0-9_:]+)-->")


def store(stored: StoredReport, report: Report, session: Session) -> None:
    """Write the parts of a page and seal them."""
    parts = asdict(_written(report, session))
    data = compress(json.dumps({"written_by": _writer(), **parts}).encode(), 6)
    key = crypto.keyring().key(stored.client_id)
    seal_bytes(stored.page_path, data, key, context=f"{stored.context}:page")


def parts_of(stored: StoredReport) -> Fragments:
    """Give the parts with their gaps; written anew where an older version of us wrote them."""
    key = crypto.keyring().key(stored.client_id)
    try:
        sealed = opened(stored.page_path, key, context=f"{stored.context}:page")
        parts = json.loads(decompress(b"".join(sealed)))
    except FileNotFoundError:
        parts = {}
    if parts.pop("written_by", "") != _writer():
        return _written(bundles.load_report(stored), bundles.load(stored))
    return Fragments(**parts)


def fill(part: str, beside: Callable[[str], str]) -> str:
    """Put a reader's own into the gaps."""
    return _GAP.sub(lambda gap: beside(gap[1]), part)


def _written(report: Report, session: Session) -> Fragments:
    return fragments(report, session, beside=lambda place: f"<!--beside:{place}-->")


@cache
def _writer() -> str:
    """Name what writes the parts: another version of it writes them differently."""
    folder = Path(core.__file__).parent
    files = sorted([*folder.glob("*.py"), *folder.glob("templates/*.j2")])
    texts = sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    return f"{openrapport.__version__} {texts}"

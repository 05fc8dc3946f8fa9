"""What a file is: by its name before it arrives, by its first bytes when it does."""

from __future__ import annotations

from pathlib import PurePosixPath

import filetype

from openrapport_web.recordings.models import Kind
from openrapport_web.recordings.refusals import Refused

__all__ = [
    "HEAD_BYTES",
    "MAX_TRANSCRIPT_BYTES",
    "RECORDINGS",
    "TRANSCRIPTS",
    "ending_of",
    "kind_of",
    "sniff",
]

HEAD_BYTES = 8192
MAX_TRANSCRIPT_BYTES = 64 * 2**20
"""Of a transcript. The longest of 97 published sessions has 100 kB; a bundle has signals, too."""

TRANSCRIPTS = (".vtt", ".srt", ".txt", ".csv", ".tsv", ".json", ".docx", ".eaf", ".textgrid", ".zip")
_PACKED = (".docx", ".zip")
RECORDINGS = (
    ".wav", ".mp3", ".m4a", ".aac", ".ogg", ".oga", ".opus", ".flac", ".mp4", ".m4v", ".mov", ".webm", ".mkv",
)  # fmt: skip
_PLAYABLE = frozenset(
    """audio/x-wav audio/mpeg audio/mp4 audio/aac audio/ogg audio/x-flac video/mp4 video/x-m4v
    video/quicktime video/webm video/x-matroska""".split()
)
# What a text may hold beside letters: tab, line feed, form feed, carriage return, escape of UTF-16.
_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13}


def ending_of(name: str) -> str:
    """Ending of a file's name, in small letters; of a path that somebody made up, too."""
    return PurePosixPath(name.replace("\\", "/")).suffix.lower()


def kind_of(name: str) -> Kind:
    """Tell from its name what a file wants to be.

    Raises
    ------
    Refused
        If it is nothing that is kept here.
    """
    ending = ending_of(name)
    if ending in TRANSCRIPTS:
        return Kind.TRANSCRIPT
    if ending in RECORDINGS:
        return Kind.RECORDING
    raise Refused(
        f"This kind of file cannot be kept here. Transcripts: {' '.join(TRANSCRIPTS)}. "
        f"Recordings: {' '.join(RECORDINGS)}.",
        415,
    )


def sniff(head: bytes, name: str) -> str:
    """Tell from its first bytes what a file is.

    Parameters
    ----------
    head : bytes
        The first ``HEAD_BYTES`` of the file, or all of it.
    name : str
        Its name, which must not say something else.

    Returns
    -------
    content_type : str
        ``"video/mp4"``, ``"text/plain"``.

    Raises
    ------
    Refused
        If the file is not what its name says.
    """
    found = filetype.guess(head)
    mime = found.mime if found else None
    if kind_of(name) is Kind.RECORDING:
        if mime in _PLAYABLE:
            return str(mime)
        raise Refused(
            "The name says that this is a recording, but what is in it is not. Nothing was kept. "
            "Choose the sound or video file itself.",
            415,
        )
    if ending_of(name) in _PACKED:
        if head.startswith(b"PK\x03\x04"):
            return "application/zip"
    elif found is None and _is_text(head):
        return "text/plain"
    raise Refused(
        "The name says that this is a transcript, but what is in it is not. Nothing was kept. "
        "Save the transcript again as .vtt, .srt, .txt, .csv, .json or .docx.",
        415,
    )


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        # UTF-16: every other byte of Latin text is zero. The reader decodes it or says why not.
        return True
    return not _CONTROLS.intersection(head)

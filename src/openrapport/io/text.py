"""Text files: how large they may be, which encodings they come in, and what is no text at all."""

from __future__ import annotations

import hashlib
import string
from pathlib import Path

from openrapport.errors import BadTranscript
from openrapport.session import Source

__all__ = [
    "MAX_FILE_BYTES",
    "MAX_LINES",
    "MAX_LINE_CHARS",
    "check_lines",
    "decode",
    "read_bytes",
    "read_text",
    "source_of",
]

MAX_FILE_BYTES = 64 * 2**20
"""A ten-hour session is under 1 MiB and ten thousand sessions fit; more is some other file."""

MAX_LINE_CHARS = 2**20
"""More on one line is no transcript, and would make every later step slow."""

MAX_LINES = 500_000
"""Of one session: ten for each utterance of the longest that is read."""

_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_PATTERN_BYTES = 2**16
_GUESS_BYTES = 2**16
_CONTROLS = tuple(map(chr, [*range(9), 11, *range(14, 26), *range(28, 32), 127]))
_MAX_CONTROL_SHARE = 0.01
_SAVE_AS = "save it as UTF-8 and try again"


def read_text(path: Path) -> str:
    """Read a text file of any usual encoding.

    UTF-8 and UTF-16 with or without a mark are told by their bytes. What is neither is read as
    Windows-1252 where that gives Latin writing, else as the encoding that `charset-normalizer`
    finds. Line ends stay as they are, except that a file with carriage returns only gets newlines.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    text : str
        Without the mark.

    Raises
    ------
    BadTranscript
        If the file cannot be opened, is empty, larger than ``MAX_FILE_BYTES``, not text or damaged.
    """
    name = path.name
    data = read_bytes(path)
    text = decode(data, name)
    del data  # a table of many sessions would otherwise stand in memory twice
    if "\n" not in text:
        text = text.replace("\r", "\n")
    if not text or text.isspace():
        raise BadTranscript("the file is empty; expected a transcript", source=name)
    return text


def check_lines(text: str, name: str, *, max_lines: int | None = MAX_LINES) -> None:
    """Refuse a text whose lines are no transcript's.

    Parameters
    ----------
    text : str
        All of the file.
    name : str
        The file's name, for messages.
    max_lines : int or None
        How many there may be; None for tables, which may hold any number of sessions.

    Raises
    ------
    BadTranscript
        If there are more lines, or one is longer than ``MAX_LINE_CHARS``.
    """
    if max_lines is not None and text.count("\n") > max_lines:
        raise BadTranscript(
            f"there are more than {max_lines:,} lines, the most that is read of a session; split it",
            source=name,
        )
    start = 0
    while len(text) - start > MAX_LINE_CHARS:
        end = text.rfind("\n", start, start + MAX_LINE_CHARS + 1)
        if end < 0:
            raise BadTranscript(
                f"the line is longer than {MAX_LINE_CHARS:,} characters, the most that is read; "
                "expected about one utterance a line",
                source=name,
                line=text.count("\n", 0, start) + 1,
            )
        start = end + 1


def source_of(path: Path) -> Source:
    """Name and hash of a file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    source : Source
        Its name without the folder, and the SHA-256 of its bytes.

    Raises
    ------
    BadTranscript
        If the file cannot be opened.
    """
    try:
        with path.open("rb") as file:
            return Source(path.name, hashlib.file_digest(file, "sha256").hexdigest())
    except OSError as error:
        raise _cannot_open(path, error) from None


def decode(data: bytes, name: str) -> str:
    """Turn the bytes of a file into text.

    Parameters
    ----------
    data : bytes
        All of the file.
    name : str
        The file's name, for messages.

    Returns
    -------
    text : str
        Without the mark.

    Raises
    ------
    BadTranscript
        If the bytes are no text, or damaged.
    """
    encoding = next((codec for mark, codec in _MARKS if data.startswith(mark)), None)
    encoding = encoding or _utf16_without_mark(data) or "utf-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if "end of data" in error.reason or "truncated" in error.reason:
            raise BadTranscript(
                "the file breaks off in the middle of a character; it is not complete, copy it again",
                source=name,
            ) from None
        if encoding != "utf-8":
            raise BadTranscript(
                f"the file says that it is {encoding.upper()} and is not; {_SAVE_AS}", source=name
            ) from None
        text = _in_an_older_encoding(data, name)
    _refuse_binary(text, name)
    return text


def read_bytes(path: Path) -> bytes:
    """Read a file that is not too large.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    data : bytes
        All of it.

    Raises
    ------
    BadTranscript
        If it cannot be opened or is larger than ``MAX_FILE_BYTES``; no more than that is read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _cannot_open(path, error) from None
    if len(data) > MAX_FILE_BYTES:
        raise BadTranscript(
            f"the file is larger than {MAX_FILE_BYTES / 2**20:g} MiB, the most that is read; split it",
            source=path.name,
        )
    return data


def _cannot_open(path: Path, error: OSError) -> BadTranscript:
    reasons = {
        FileNotFoundError: "there is no such file",
        IsADirectoryError: "this is a folder; expected a file",
        PermissionError: "the file may not be read",
    }
    return BadTranscript(reasons.get(type(error), "the file cannot be opened"), source=path.name)


def _utf16_without_mark(data: bytes) -> str | None:
    # Spaces, digits and line ends have a zero byte in UTF-16, always on the same side.
    sample = data[: _PATTERN_BYTES - _PATTERN_BYTES % 2]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) < len(sample) / 100 or min(even, odd) * 20 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _in_an_older_encoding(data: bytes, name: str) -> str:
    readable = data.decode("utf-8", errors="replace")
    bad = readable.count("\ufffd")
    if len(readable) - len(readable.encode("ascii", "ignore")) > 4 * bad:
        line = readable.count("\n", 0, readable.index("\ufffd")) + 1
        raise BadTranscript(
            f"holds bytes that are not UTF-8 in a file that otherwise is; {_SAVE_AS}",
            source=name,
            line=line,
        )
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        text = ""
    if text and _looks_latin(text):
        return text
    from charset_normalizer import from_bytes  # 0.2 s, and hardly any file needs it

    best = from_bytes(data[:_GUESS_BYTES]).best()
    try:
        return data.decode(best.encoding if best else "ascii")
    except (UnicodeDecodeError, LookupError):
        raise BadTranscript(
            f"the file is not text in an encoding that is known; {_SAVE_AS}", source=name
        ) from None


def _looks_latin(text: str) -> bool:
    plain = text.encode("ascii", "ignore")
    n_foreign = len(text) - len(plain)
    n_letters = len(plain) - len(plain.translate(None, string.ascii_letters.encode()))
    # Other alphabets read as Windows-1252 are nearly all accented letters and signs.
    return n_foreign * 2 <= n_letters


def _refuse_binary(text: str, name: str) -> None:
    controls = sum(text.count(control) for control in _CONTROLS)
    if "\x00" in text or controls > _MAX_CONTROL_SHARE * len(text):
        raise BadTranscript("the file is not text; expected a transcript", source=name)

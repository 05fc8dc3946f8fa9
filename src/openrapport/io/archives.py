"""Files from strangers: what a zip file may unpack to, and XML without its dangers."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any

from openrapport.errors import BadFile

__all__ = ["MAX_MARKUP", "MAX_MEMBERS", "feed_xml", "unpack"]

MAX_MEMBERS = 10_000
"""A bundle has one member for each signal, a Word file one for each picture."""

MAX_MARKUP = 3_000_000
"""Tags and attributes of an XML file; what people write has fewer in all that is read."""

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END_OF_DIRECTORY = b"PK\x05\x06"
_END_BYTES = 22 + 2**16
_ENTRY_BYTES = 2**10  # of the directory, for one member: its name and what is known of it
_STEP_BYTES = 2**20
# What zipfile raises on damaged files: its own error, and what its parsing runs into.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError),
    *(ValueError, RuntimeError, ArithmeticError, LookupError),
)


def unpack(
    path: Path, kind: type[BadFile], *, max_bytes: int, only: Collection[str] | None = None
) -> dict[str, bytes]:
    """Read members of a zip file into memory. Nothing is written to a disk.

    The sizes that the directory states are added up before anything is unpacked, and no member
    may grow beyond what is stated for it. There is no limit on how much a member was compressed: a
    signal that stands still is packed 1,000 to 1, and is no bomb.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    kind : type
        Which error a bad file raises.
    max_bytes : int
        What the members that are read may have together.
    only : collection of str, optional
        Names of the members to read; all where it is left out.

    Returns
    -------
    members : dict of str to bytes
        By name. What ``only`` names and the file does not hold is missing.

    Raises
    ------
    BadFile
        As ``kind``: the file is no zip file, is damaged or encrypted, or unpacks to too much.
    """
    try:
        with path.open("rb") as file:
            _check_directory(file, kind)
            with zipfile.ZipFile(file) as archive:
                infos = [i for i in archive.infolist() if only is None or i.filename in only]
                _check_members(infos, kind, max_bytes)
                return {info.filename: _member(archive, info) for info in infos}
    except BadFile as error:
        raise error.at(path.name) from None
    except _DAMAGE:
        raise kind("the file is damaged or not complete; copy it again", source=path.name) from None
    except OSError as error:
        reason = f"the file cannot be read ({error.strerror or type(error).__name__})"
        raise kind(reason, source=path.name) from None


def feed_xml(data: bytes, target: Any, kind: type[BadFile], *, what: str) -> None:
    """Parse XML as a stream of events, so that memory does not grow with the tree.

    Document types, and with them entities and references to other files, are refused. So is what
    has more markup than any transcript, before it is parsed: it would take minutes and gigabytes.

    Parameters
    ----------
    data : bytes
        The XML.
    target : object
        With ``start(tag, attributes)``, ``end(tag)``, ``data(text)`` and ``close()``. Where it has
        an attribute ``line``, that is set to the line before each start.
    kind : type
        Which error bad XML raises.
    what : str
        What the file should be, for messages: ``"an ELAN file"``.

    Raises
    ------
    BadFile
        As ``kind``: it is not well-formed, has a document type or more than ``MAX_MARKUP`` tags and
        attributes. Without the file's name.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser, ParseError

    if data.count(b"<") + data.count(b"=") > MAX_MARKUP:
        raise kind(
            f"holds more than {MAX_MARKUP:,} tags and attributes; expected {what} of one session"
        )
    parser: Any = DefusedXMLParser(target=target, forbid_dtd=True)
    if hasattr(target, "line"):
        _keep_lines(parser.parser, target)
    try:
        for at in range(0, len(data), _STEP_BYTES):
            parser.feed(data[at : at + _STEP_BYTES])
            if at - parser.parser.CurrentByteIndex > _STEP_BYTES:
                raise kind("a tag is longer than 1 MiB", line=parser.parser.CurrentLineNumber)
        parser.close()
    except DefusedXmlException:
        raise kind(
            f"defines a document type or entities, which {what} never needs; export it again",
            line=parser.parser.CurrentLineNumber,
        ) from None
    except ParseError as error:
        line = getattr(error, "position", (None,))[0]
        raise kind(f"is no well-formed XML; expected {what} that is complete", line=line) from None
    except BadFile:
        raise
    # The declaration may name an encoding that nobody knows.
    except (ValueError, LookupError):
        raise kind(f"is in an encoding that is not known; expected {what} in UTF-8") from None


def _keep_lines(parser: Any, target: Any) -> None:
    start = parser.StartElementHandler

    def with_line(tag: str, attributes: Any) -> None:
        target.line = parser.CurrentLineNumber
        start(tag, attributes)

    parser.StartElementHandler = with_line


def _check_directory(file: IO[bytes], kind: type[BadFile]) -> None:
    # zipfile reads the whole directory before it says how many members there are.
    if file.read(len(_OLD_OFFICE)) == _OLD_OFFICE:
        raise kind("an old (.doc) or encrypted Office file; save it as .docx without a password")
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_BYTES))
    end = file.read()
    at = end.rfind(_END_OF_DIRECTORY)
    if at < 0 or len(end) < at + 22:
        raise kind("not a zip file, or not complete; copy it again")
    if int.from_bytes(end[at + 12 : at + 16], "little") > MAX_MEMBERS * _ENTRY_BYTES:
        raise kind(f"holds more than {MAX_MEMBERS:,} members; expected far fewer")
    if b"PK\x06\x07" in end[:at][-20:]:
        raise kind("a zip file for more than 4 GiB (ZIP64); expected a smaller one")


def _check_members(infos: list[zipfile.ZipInfo], kind: type[BadFile], max_bytes: int) -> None:
    if len(infos) > MAX_MEMBERS:
        raise kind(f"holds more than {MAX_MEMBERS:,} members; expected far fewer")
    if len({info.filename for info in infos}) != len(infos):
        raise kind("a member stands in it twice; expected every member once")
    if sum(info.file_size for info in infos) > max_bytes:
        raise kind(f"unpacks to more than {max_bytes / 2**20:g} MiB, the most that is read")
    if any(info.flag_bits & 0x1 for info in infos):
        raise kind("the file is encrypted; save it without a password")
    if any(i.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for i in infos):
        raise kind("packed by a method that is not known; expected deflate")


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    parts: list[bytes] = []
    left = info.file_size
    with archive.open(info) as member:
        while part := member.read(_STEP_BYTES):
            left -= len(part)
            if left < 0:
                raise zipfile.BadZipFile
            parts.append(part)
    if left:
        raise zipfile.BadZipFile
    return b"".join(parts)

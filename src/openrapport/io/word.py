"""Word files as lines of text.

Only the part with the text is unpacked, and it is read as a stream: a Word file may hold hours of
pictures. What somebody added under "track changes" is read, what somebody struck out is not.
"""

from __future__ import annotations

from pathlib import Path

from openrapport.errors import BadTranscript
from openrapport.io.archives import feed_xml, unpack
from openrapport.io.times import parse_clock

__all__ = ["MAX_UNPACKED_BYTES", "read_docx_lines"]

MAX_UNPACKED_BYTES = 64 * 2**20
"""What the text of a Word file may unpack to, with its markup: far more than ten hours of speech."""

_RELATIONS = "_rels/.rels"
_MAX_RELATIONS_BYTES = 2**20
_NOT_WORD = "not a Word file; expected a .docx that Word or another editor saved"
_WORD = (
    "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}",
    "{http://purl.oclc.org/ooxml/wordprocessingml/main}",
)
# Layout that looks like text, what was struck out or moved away, and the second copy of a text box.
_SKIPPED = frozenset({"pPr", "del", "moveFrom", "Fallback"})
_AS_TEXT = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}


def read_docx_lines(path: Path) -> str:
    """Read the text of a Word file.

    Parameters
    ----------
    path : pathlib.Path
        A ``.docx`` file.

    Returns
    -------
    text : str
        One line for each paragraph, and for each line break inside one, in the document's order. A
        row of a table is a line: ``speaker: text`` where it has two cells, or three of which one is
        the time or the row's number; else the cells with tabs between them. Headers, footnotes and
        comments are no part of the transcript.

    Raises
    ------
    BadTranscript
        If it is no Word file, is damaged or encrypted, defines entities, or unpacks to too much.
    """
    about = unpack(path, BadTranscript, max_bytes=_MAX_RELATIONS_BYTES, only={_RELATIONS})
    relations, document = _Relations(), _Document()
    try:
        if about:
            feed_xml(about[_RELATIONS], relations, BadTranscript, what="a Word file")
        part = relations.document
        parts = unpack(path, BadTranscript, max_bytes=MAX_UNPACKED_BYTES, only={part})
        if part not in parts:
            raise BadTranscript(_NOT_WORD)
        feed_xml(parts[part], document, BadTranscript, what="a Word file")
    except BadTranscript as error:
        # A line of the XML inside would send people to a line that they never see.
        raise BadTranscript(error.message, source=path.name) from None
    if not document.is_word:
        raise BadTranscript(_NOT_WORD, source=path.name)
    return "\n".join(document.lines)


class _Relations:
    """Finds where a package keeps its main document; not every editor calls it document.xml."""

    def __init__(self) -> None:
        self.document = "word/document.xml"

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("Type", "")
        if tag.endswith("}Relationship") and kind.endswith("/officeDocument"):
            self.document = attributes.get("Target", "").lstrip("/")

    def end(self, tag: str) -> None:
        """Nothing to do: a relation is one element without content."""

    def data(self, text: str) -> None:
        """Nothing to do: relations have no text."""

    def close(self) -> None:
        """Nothing is left to do at the end."""


class _Document:
    """Collects lines while a document goes by. Paragraphs, rows and cells can stand in each other."""

    def __init__(self) -> None:
        self.is_word = False
        self._blocks: list[list[str]] = [[]]  # lines of the document, then of each open cell
        self._rows: list[list[str]] = []  # cells of each open row
        self._paragraphs: list[list[str]] = []  # pieces of each open paragraph
        self._skipping = 0
        self._in_text = False

    @property
    def lines(self) -> list[str]:
        return self._blocks[0]

    def start(self, tag: str, attributes: dict[str, str]) -> None:  # noqa: ARG002 the parser gives them
        name = _local(tag)
        if self._skipping or name in _SKIPPED:
            self._skipping += 1
        elif name == "document":
            self.is_word = True
        elif name == "p":
            self._paragraphs.append([])
        elif name == "tr":
            self._rows.append([])
        elif name == "tc":
            self._blocks.append([])
        elif self._paragraphs:
            self._in_text = name == "t"
            if name in _AS_TEXT:
                self._paragraphs[-1].append(_AS_TEXT[name])

    def end(self, tag: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        name = _local(tag)
        self._in_text = False
        if name == "p":
            self._blocks[-1] += "".join(self._paragraphs.pop()).split("\n")
        elif name == "tc":
            cell = " ".join(" ".join(self._blocks.pop()).split())
            if self._rows:
                self._rows[-1].append(cell)
        elif name == "tr":
            self._blocks[-1].append(_row(self._rows.pop()))

    def data(self, text: str) -> None:
        if self._in_text and not self._skipping:
            self._paragraphs[-1].append(text)

    def close(self) -> None:
        """Nothing is left to do at the end."""


def _local(tag: str) -> str:
    # Drawings and formulas have paragraphs of their own, which are no speech.
    for namespace in _WORD:
        if tag.startswith(namespace):
            return tag[len(namespace) :]
    return "Fallback" if tag.endswith("}Fallback") else ""


def _row(cells: list[str]) -> str:
    if len(cells) not in (2, 3):
        return "\t".join(cells)
    *before, text = cells
    time = next((cell for cell in before if parse_clock(cell) is not None), None)
    # A row's number is no one's name.
    names = [cell for cell in before if cell != time and not cell.rstrip(".").isdecimal()]
    if len(cells) == 3 and len(names) != 1:
        return "\t".join(cells)
    speaker = names[0].rstrip(":").rstrip() if names else ""
    spoken = f"{speaker}: {text}" if speaker else text
    return f"[{time}] {spoken}" if time else spoken

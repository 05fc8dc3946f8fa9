"""ELAN's XML: tiers, annotations and their time slots."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from openrapport.codes import Codes
from openrapport.errors import BadAnnotation
from openrapport.io.archives import feed_xml
from openrapport.io.headers import NOTE, read_header, write_header
from openrapport.io.raw import MAX_UTTERANCES, RawTranscript, too_many_utterances
from openrapport.io.times import parse_ms
from openrapport.session import Session

__all__ = ["Annotation", "EafReader", "eaf_document"]

_PROPERTY = "openrapport"
_UNITS = "milliseconds"
# An id of XML begins with a letter and has no blanks. Others are written in a way of our own, which
# no plain id looks like: "-" and "." are left to it.
_PLAIN_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OWN_ID = "or-"

# The date is required and would be the only clock in the core: the same session gives the same file.
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="OpenRapport" DATE="1970-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
    <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">
        <PROPERTY NAME="{name}">{about}</PROPERTY>
    </HEADER>
    <TIME_ORDER>
"""
_TAIL = """\
    <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="speech" TIME_ALIGNABLE="true"/>
    <LINGUISTIC_TYPE CONSTRAINTS="Symbolic_Association" GRAPHIC_REFERENCES="false" \
LINGUISTIC_TYPE_ID="codes" TIME_ALIGNABLE="false"/>
    <CONSTRAINT DESCRIPTION="1-1 association with a parent annotation" \
STEREOTYPE="Symbolic_Association"/>
</ANNOTATION_DOCUMENT>
"""


@dataclass(frozen=True, slots=True)
class Annotation:
    """An annotation with times of its own, which are names of time slots."""

    speaker: str
    id: str | None
    start: str
    end: str
    text: str
    line: int


class EafReader:
    """Collects what a transcript needs while an ELAN file goes by."""

    def __init__(self) -> None:
        self.line = 1
        self.annotations: list[Annotation] = []
        self.n_dependent = 0
        self._slots: dict[str, tuple[int, str | None]] = {}
        self._ids: set[str] = set()
        self._is_eaf = False
        self._header: str | None = None
        self._speaker: str | None = None  # of the open tier; None in a tier that depends on another
        self._open: dict[str, str] | None = None  # attributes of the open annotation
        self._open_line = 0
        self._value = ""
        self._in_header = False
        self._text: list[str] | None = None  # pieces of what is being read, where it is wanted

    def read(self, data: bytes) -> None:
        """Read a whole file.

        Parameters
        ----------
        data : bytes
            The XML.

        Raises
        ------
        BadAnnotation
            If it is no ELAN file. Without the file's name.
        """
        feed_xml(data, self, BadAnnotation, what="an ELAN file")

    def slot(self, name: str, line: int) -> tuple[int, int]:
        """Look a time slot up.

        Parameters
        ----------
        name : str
            Its id.
        line : int
            Where the annotation stands, for messages.

        Returns
        -------
        place, time_ms : int
            Its place in the file's order of slots, and its time.

        Raises
        ------
        BadAnnotation
            If there is no such slot, or it has no time.
        """
        place, value = self._slots.get(name, (0, None))
        if value is None:
            raise BadAnnotation("the annotation has no time; align it in ELAN", line=line)
        time_ms = parse_ms(value)
        if time_ms is None or "." in value:
            raise BadAnnotation(
                "the annotation's time is no whole number of milliseconds from 0 to 1,000 hours",
                line=line,
            )
        return place, time_ms

    def about(self, name: str) -> RawTranscript:
        """Read what our own files say beside the words.

        Parameters
        ----------
        name : str
            What to call the session where the file does not say it.

        Returns
        -------
        about : RawTranscript
            Without utterances.
        """
        if self._header is None:
            return RawTranscript(name, ())
        return read_header(NOTE + self._header, name, 0)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the start of an element.

        Parameters
        ----------
        tag : str
            Its name.
        attributes : dict of str to str
            Its attributes.
        """
        if not self._is_eaf:
            self._is_eaf = tag == "ANNOTATION_DOCUMENT"
            if not self._is_eaf:
                raise BadAnnotation("not an ELAN file; expected an ANNOTATION_DOCUMENT", line=self.line)
        elif tag == "HEADER" and attributes.get("TIME_UNITS", _UNITS) != _UNITS:
            raise BadAnnotation("its times are video frames; expected milliseconds", line=self.line)
        elif tag == "TIME_SLOT":
            self._add_slot(attributes)
        elif tag == "TIER":
            self._start_tier(attributes)
        elif tag == "ALIGNABLE_ANNOTATION" and self._speaker is not None:
            self._open, self._open_line, self._value = attributes, self.line, ""
        elif tag == "ANNOTATION_VALUE" and self._open is not None:
            self._text = []
        elif tag == "PROPERTY" and attributes.get("NAME") == _PROPERTY:
            self._text, self._in_header = [], True

    def end(self, tag: str) -> None:
        """Take the end of an element.

        Parameters
        ----------
        tag : str
            Its name.
        """
        if tag == "ANNOTATION_VALUE" and self._text is not None:
            self._value, self._text = "".join(self._text), None
        elif tag == "PROPERTY" and self._in_header:
            self._header = "".join(self._text or ())
            self._text, self._in_header = None, False
        elif tag == "ALIGNABLE_ANNOTATION" and self._open is not None:
            self._end_annotation(self._open)
            self._open = None
        elif tag == "TIER":
            self._speaker = None

    def data(self, text: str) -> None:
        """Take text between tags.

        Parameters
        ----------
        text : str
            Perhaps not all of it at once.
        """
        if self._text is not None:
            self._text.append(text)

    def close(self) -> None:
        """Take the end of the file."""

    def _add_slot(self, attributes: dict[str, str]) -> None:
        name = attributes.get("TIME_SLOT_ID", "")
        if name in self._slots:
            raise BadAnnotation("a time slot's id stands twice", line=self.line)
        self._slots[name] = (len(self._slots), attributes.get("TIME_VALUE"))

    def _start_tier(self, attributes: dict[str, str]) -> None:
        if attributes.get("PARENT_REF"):
            self.n_dependent += 1
            return
        participant = attributes.get("PARTICIPANT", "").strip()
        self._speaker = participant or attributes.get("TIER_ID", "").strip()

    def _end_annotation(self, attributes: dict[str, str]) -> None:
        name = attributes.get("ANNOTATION_ID")
        if name in self._ids:
            raise BadAnnotation("an annotation's id stands twice", line=self._open_line)
        if name is not None:
            self._ids.add(name)
        if len(self.annotations) == MAX_UTTERANCES:
            raise too_many_utterances(self._open_line)
        self.annotations.append(
            Annotation(
                speaker=self._speaker or "",
                id=None if name is None else _read_id(name),
                start=attributes.get("TIME_SLOT_REF1", ""),
                end=attributes.get("TIME_SLOT_REF2", ""),
                text=self._value,
                line=self._open_line,
            )
        )


def eaf_document(
    session: Session, texts: Sequence[str], about: RawTranscript, lanes: Sequence[int]
) -> str:
    """Write a session as an ELAN document.

    Parameters
    ----------
    session : Session
        With a start and an end for every utterance.
    texts : sequence of str, length n_utterances
        What was said, in characters that XML can hold.
    about : RawTranscript
        What our own reader shall find beside the words; its parties' names are the labels.
    lanes : sequence of int, length n_utterances
        On which tier of its party each utterance stands.

    Returns
    -------
    document : str
        The text of the file.
    """
    ids = [_write_id(name) for name in session.utterances.ids]
    given = [_given(codes) for codes in session.codes]
    tiers: dict[tuple[int, int], list[int]] = {(k, 0): [] for k in range(len(session.parties))}
    for i, (party, lane) in enumerate(zip(session.utterances.party.tolist(), lanes, strict=True)):
        tiers.setdefault((party, lane), []).append(i)
    header = escape(write_header(about).removeprefix(NOTE))
    parts = [_HEAD.format(name=_PROPERTY, about=header), _time_order(session)]
    taken: set[str] = set()
    for (party, lane), rows in sorted(tiers.items()):
        label = about.parties[party].name
        name = _free_name(label if lane == 0 else f"{label} ({lane + 1})", taken)
        where = f"PARTICIPANT={quoteattr(label)} TIER_ID={quoteattr(name)}"
        parts.append(f'    <TIER LINGUISTIC_TYPE_REF="speech" {where}>\n')
        parts += [_speech(i, ids[i], texts[i]) for i in rows]
        parts.append("    </TIER>\n")
        for k, codes in enumerate(session.codes):
            coded = {f"code-{k}-{i}": (ids[i], given[k][i]) for i in rows if i in given[k]}
            if coded:
                own = _free_name(f"{codes.scheme} ({codes.coder}): {name}", taken)
                parts.append(_code_tier(own, name, label, codes.coder, coded))
    return "".join(parts) + _TAIL


def _time_order(session: Session) -> str:
    spoken = session.utterances
    slots = [(ms, 2 * i + 1) for i, ms in enumerate(spoken.start_ms.tolist())]
    slots += [(ms, 2 * i + 2) for i, ms in enumerate(spoken.end_ms.tolist())]
    lines = [
        f'        <TIME_SLOT TIME_SLOT_ID="ts{number}" TIME_VALUE="{ms}"/>\n'
        for ms, number in sorted(slots)
    ]
    return "".join(lines) + "    </TIME_ORDER>\n"


def _speech(i: int, name: str, text: str) -> str:
    return (
        f'        <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{name}" '
        f'TIME_SLOT_REF1="ts{2 * i + 1}" TIME_SLOT_REF2="ts{2 * i + 2}">'
        f"<ANNOTATION_VALUE>{_escaped(text)}</ANNOTATION_VALUE>"
        "</ALIGNABLE_ANNOTATION></ANNOTATION>\n"
    )


def _given(codes: Codes) -> dict[int, str]:
    # A tier that depends on speech holds one annotation for each of it: codes share that.
    given: defaultdict[int, list[str]] = defaultdict(list)
    columns = (codes.utterance.tolist(), codes.label.tolist(), codes.probability.tolist())
    for i, label, probability in zip(*columns, strict=True):
        given[i].append(f"{codes.labels[label]} {probability:.2f}")
    return {i: "; ".join(labels) for i, labels in given.items()}


def _code_tier(
    name: str, parent: str, label: str, coder: str, coded: dict[str, tuple[str, str]]
) -> str:
    annotations = "".join(
        f'        <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="{own}" ANNOTATION_REF="{spoken}">'
        f"<ANNOTATION_VALUE>{_escaped(labels)}</ANNOTATION_VALUE>"
        "</REF_ANNOTATION></ANNOTATION>\n"
        for own, (spoken, labels) in coded.items()
    )
    return (
        f'    <TIER ANNOTATOR={quoteattr(coder)} LINGUISTIC_TYPE_REF="codes" '
        f"PARENT_REF={quoteattr(parent)} PARTICIPANT={quoteattr(label)} TIER_ID={quoteattr(name)}>\n"
        f"{annotations}    </TIER>\n"
    )


def _free_name(name: str, taken: set[str]) -> str:
    base, k = name, 2
    while name in taken:
        name, k = f"{base} [{k}]", k + 1
    taken.add(name)
    return name


def _escaped(text: str) -> str:
    # XML would turn a carriage return into a newline.
    return escape(text, {"\r": "&#13;"})


def _write_id(name: str) -> str:
    """Write an id of any form as an id of XML, so that no two become one."""
    if _PLAIN_ID.fullmatch(name):
        return name
    return _OWN_ID + re.sub(r"[^A-Za-z0-9_]", lambda found: f".{ord(found[0]):x}.", name)


def _read_id(name: str) -> str:
    if not name.startswith(_OWN_ID):
        return name
    try:
        return re.sub(r"\.([0-9a-f]+)\.", lambda f: chr(int(f[1], 16)), name[len(_OWN_ID) :])
    except (ValueError, OverflowError):
        return name

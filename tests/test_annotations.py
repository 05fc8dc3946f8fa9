"""ELAN and Praat: what one program wrote on tiers, another reads as speech."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openrapport.codes import Codes
from openrapport.errors import BadAnnotation, BadInput, OpenRapportError
from openrapport.io import text
from openrapport.io.annotations import read_eaf, read_textgrid, write_eaf, write_textgrid
from openrapport.io.files import read_session
from openrapport.io.raw import RawTranscript
from openrapport.session import Party, Role, Session
from openrapport.utterances import Utterances
from tests.sessions import session

Read = Callable[[Path], RawTranscript]
Write = Callable[[Session, Path], tuple[str, ...]]
QUIET = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
LINES = (
    "T 0-1000 What brings you here?",
    'C 800-2000 I said "no"\nand left.',
    "T 2000-2600 Mm-hm.",
    "T 2500-3000 Go on.",
)
TIMES = ["Therapist 0-1000", "Client 800-2000", "Therapist 2000-2600", "Therapist 2500-3000"]

# As ELAN writes them: two participants, a tier that depends on another, slots shared by annotations.
FOREIGN_EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2020-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0">
  <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"><PROPERTY NAME="lastUsedAnnotationId">3</PROPERTY></HEADER>
  <TIME_ORDER>
    <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="0"/>
    <TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="900"/>
    <TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="1500"/>
    <TIME_SLOT TIME_SLOT_ID="ts4"/>
  </TIME_ORDER>
  <TIER LINGUISTIC_TYPE_REF="default-lt" PARTICIPANT="Client" TIER_ID="speech-2">
    <ANNOTATION>
      <ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
        <ANNOTATION_VALUE>Tired &amp; sad.</ANNOTATION_VALUE>
      </ALIGNABLE_ANNOTATION>
    </ANNOTATION>
  </TIER>
  <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="Therapist">
    <ANNOTATION>
      <ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
        <ANNOTATION_VALUE>How are you?</ANNOTATION_VALUE>
      </ALIGNABLE_ANNOTATION>
    </ANNOTATION>
  </TIER>
  <TIER LINGUISTIC_TYPE_REF="words" PARENT_REF="Therapist" TIER_ID="words">
    <ANNOTATION>
      <ALIGNABLE_ANNOTATION ANNOTATION_ID="a3" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts4">
        <ANNOTATION_VALUE>How</ANNOTATION_VALUE>
      </ALIGNABLE_ANNOTATION>
    </ANNOTATION>
  </TIER>
</ANNOTATION_DOCUMENT>
"""
LONG_GRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0 ! a comment with "quotes"
xmax = 4.5
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "IntervalTier"
        name = "Client"
        xmin = 0
        xmax = 4.5
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 1.25
            text = ""
        intervals [2]:
            xmin = 1.25
            xmax = 2.0004
            text = "I said ""no"" = 5"
    item [2]:
        class = "TextTier"
        name = "clicks"
        xmin = 0
        xmax = 4.5
        points: size = 1
        points [1]:
            number = 1.5
            mark = "x"
    item [3]:
        class = "IntervalTier"
        name = "Therapist"
        xmin = 0
        xmax = 4.5
        intervals: size = 1
        intervals [1]:
            xmin = 1e-1
            xmax = 1
            text = "So?"
"""
SHORT_GRID = """File type = "ooTextFile"
Object class = "TextGrid"

0
4.5
<exists>
3
"IntervalTier"
"Client"
0
4.5
2
0
1.25
""
1.25
2.0004
"I said ""no"" = 5"
"TextTier"
"clicks"
0
4.5
1
1.5
"x"
"IntervalTier"
"Therapist"
0
4.5
1
0.1
1
"So?"
"""


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def times(raw: RawTranscript) -> list[str]:
    return [f"{u.speaker} {u.start_ms}-{u.end_ms}" for u in raw.utterances]


def rows(raw: RawTranscript) -> list[tuple[object, ...]]:
    return [(u.id, u.speaker, u.start_ms, u.end_ms, u.text) for u in raw.utterances]


def rows_of(spoken: Session) -> list[tuple[object, ...]]:
    names = [party.name for party in spoken.parties]
    return [(u.id, names[u.party], u.start_ms, u.end_ms, u.text) for u in spoken.utterances]


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    """Any words, ids and overlaps; half characters and controls have tests of their own."""
    letters = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    words = st.text(st.one_of(letters, st.sampled_from('\n\r\t"<&>!ש\u0301\u2028\u0085')), max_size=8)
    ids = draw(st.lists(st.text(letters, max_size=5), max_size=6, unique=True))
    starts = sorted(draw(st.integers(0, 50)) for _ in ids)
    spoken = Utterances(
        ids=tuple(ids),
        party=[draw(st.integers(0, 1)) for _ in ids],
        text=tuple(draw(words) for _ in ids),
        start_ms=starts,
        end_ms=[start + draw(st.integers(1, 40)) for start in starts],
    )
    parties = (Party("A \"'<&", Role.CLIENT), Party("ש: B", Role.THERAPIST))
    return Session("a name", parties, spoken, duration_ms=draw(st.sampled_from([None, 99_000])))


@QUIET
@given(spoken=sessions())
def test_an_elan_file_of_ours_comes_back_as_it_was(tmp_path: Path, spoken: Session) -> None:
    assert write_eaf(spoken, tmp_path / "s.eaf") == ()
    raw = read_eaf(tmp_path / "s.eaf")
    assert rows(raw) == rows_of(spoken)
    assert (raw.name, raw.parties, raw.duration_ms) == (spoken.name, spoken.parties, spoken.duration_ms)


@QUIET
@given(spoken=sessions())
def test_words_and_times_come_back_from_a_textgrid(tmp_path: Path, spoken: Session) -> None:
    write_textgrid(spoken, tmp_path / "s.TextGrid")
    read = [row[1:] for row in rows(read_textgrid(tmp_path / "s.TextGrid"))]
    expected = [row[1:] for row in rows_of(spoken) if str(row[4]).strip()]
    assert sorted(read, key=repr) == sorted(expected, key=repr)
    assert [row[1] for row in read] == [row[1] for row in expected]


@pytest.mark.parametrize(("form", "read"), [("eaf", read_eaf), ("TextGrid", read_textgrid)])
def test_one_person_who_overlaps_with_themselves_gets_a_further_tier(
    tmp_path: Path, form: str, read: Read
) -> None:
    path = tmp_path / f"s.{form}"
    {"eaf": write_eaf, "TextGrid": write_textgrid}[form](session(*LINES), path)
    assert path.read_text().count("Therapist (2)" if form == "eaf" else 'name = "Therapist"') == (
        1 if form == "eaf" else 2
    )
    assert times(read(path)) == TIMES
    assert read_session(path).parties == session(*LINES).parties


def test_an_elan_file_of_others_is_read_by_participant_or_tier(tmp_path: Path) -> None:
    raw = read_eaf(write(tmp_path / "f.eaf", FOREIGN_EAF))
    assert rows(raw) == [
        ("a1", "Therapist", 0, 900, "How are you?"),
        ("a2", "Client", 900, 1500, "Tired & sad."),
    ]
    assert raw.notes == ("Tiers that depend on another tier are left out (1).",)


def test_codes_stand_in_elan_beside_the_words(tmp_path: Path) -> None:
    codes = Codes(
        "strategy", "rules.v1", ("open_question", "advice"), [0, 0, 2], [0, 1, 1], [1, 0.5, 0.25]
    )
    notes = write_eaf(session(*LINES).with_codes(codes), tmp_path / "s.eaf")
    assert notes == ("ELAN shows codes on tiers of their own: 3 are not read back from there.",)
    text = (tmp_path / "s.eaf").read_text()
    assert 'ANNOTATION_REF="u1"><ANNOTATION_VALUE>open_question 1.00; advice 0.50<' in text
    assert 'TIER_ID="strategy (rules.v1): Therapist"' in text
    assert times(read_eaf(tmp_path / "s.eaf")) == TIMES


def test_pympi_reads_what_we_write(tmp_path: Path) -> None:
    elan, praat = pytest.importorskip("pympi.Elan"), pytest.importorskip("pympi.Praat")
    codes = Codes("strategy", "rules.v1", ("advice",), [0], [0], [0.5])
    document = session(*LINES).with_codes(codes)
    write_eaf(document, tmp_path / "s.eaf")
    eaf = elan.Eaf(str(tmp_path / "s.eaf"))
    assert eaf.get_annotation_data_for_tier("Client") == [(800, 2000, 'I said "no"\nand left.')]
    assert eaf.get_ref_annotation_data_for_tier("strategy (rules.v1): Therapist")[0][2] == "advice 0.50"
    write_textgrid(document, tmp_path / "s.TextGrid")
    grid = praat.TextGrid(str(tmp_path / "s.TextGrid"))
    assert list(grid.get_tier("Client").get_intervals()) == [
        (0, 0.8, ""),
        (0.8, 2, 'I said "no"\nand left.'),
        (2, 3, ""),
    ]


OLD_GRID = SHORT_GRID.replace("ooTextFile", "ooTextFile short")


@pytest.mark.parametrize("text", [LONG_GRID, SHORT_GRID, OLD_GRID])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_praats_long_and_short_files_say_the_same(tmp_path: Path, text: str, encoding: str) -> None:
    raw = read_textgrid(write(tmp_path / "g.TextGrid", text.encode(encoding)))
    assert times(raw) == ["Therapist 100-1000", "Client 1250-2000"]
    assert [u.text for u in raw.utterances] == ["So?", 'I said "no" = 5']
    assert raw.duration_ms == 4500
    assert raw.notes == ("Tiers of points are left out (1).",)


def test_nothing_is_lost_in_silence(tmp_path: Path) -> None:
    spoken = session("C 0-500 b\x00", "T 0-900 a", "C 900-1000 ", "T 2000-2000 Oh.")
    notes = write_eaf(spoken, tmp_path / "s.eaf")
    assert [note.split()[0] for note in notes] == ["Text", "ELAN"]
    assert [u.text for u in read_eaf(tmp_path / "s.eaf").utterances] == ["b\ufffd", "a", "", "Oh."]
    with pytest.raises(BadInput, match=r"1 of 4 end when they start; write \.eaf or \.zip"):
        write_textgrid(spoken, tmp_path / "s.TextGrid")
    notes = write_textgrid(session("C 0-500 b", "T 0-900 a", "C 900-1000 "), tmp_path / "s.TextGrid")
    assert notes == (
        "A TextGrid holds no empty utterances: 1 left out.",
        "A TextGrid keeps no ids: 3 left out.",
        "A TextGrid keeps no roles: they are told by the names, or must be named again.",
        "A TextGrid keeps no order of those who start together: 1 changed.",
        "A TextGrid does not keep the session's name.",
    )


@pytest.mark.parametrize("write_form", [write_eaf, write_textgrid])
def test_missing_times_are_refused_and_not_guessed(tmp_path: Path, write_form: Write) -> None:
    with pytest.raises(BadInput, match="start and an end for every utterance; 2 of 2 lack one"):
        write_form(session("T hello", "C 5- hi"), tmp_path / "s")
    assert not list(tmp_path.iterdir())


def test_a_session_without_words_can_be_written(tmp_path: Path) -> None:
    write_eaf(session(), tmp_path / "s.eaf")
    write_textgrid(session(), tmp_path / "s.TextGrid")
    assert (
        read_eaf(tmp_path / "s.eaf").utterances
        == read_textgrid(tmp_path / "s.TextGrid").utterances
        == ()
    )


def test_roles_are_not_trusted_after_tiers_were_renamed(tmp_path: Path) -> None:
    write_eaf(session(*LINES), tmp_path / "s.eaf")
    text = (tmp_path / "s.eaf").read_text().replace('PARTICIPANT="Client"', 'PARTICIPANT="B"')
    raw = read_eaf(write(tmp_path / "s.eaf", text))
    assert raw.parties == ()
    assert "name the roles" in raw.notes[0]


BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><a>&b;&b;</a>'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"is no well-formed XML"),
        (BOMB, r"line 1: defines a document type or entities"),
        ("<?xml version='1.0'?><eaf/>", r"not an ELAN file"),
        (FOREIGN_EAF[:-400], r"is no well-formed XML; expected an ELAN file that is complete"),
        (FOREIGN_EAF.replace("UTF-8", "no-such"), r"encoding"),
        (FOREIGN_EAF.replace('VALUE="900"', 'VALUE="-9"'), r"line 12: .*no whole number"),
        (FOREIGN_EAF.replace(' TIME_VALUE="900"', ""), r"line 12: the annotation has no time"),
        (FOREIGN_EAF.replace('REF1="ts2"', 'REF1="ts9"'), r"line 12: the annotation has no time"),
        (FOREIGN_EAF.replace('VALUE="1500"', 'VALUE="15"'), r"line 12: the annotation ends before"),
        (FOREIGN_EAF.replace('VALUE="900"', 'VALUE="3600000001"'), r"line 12: .*to 1,000 hours"),
        (FOREIGN_EAF.replace('ID="ts2"', 'ID="ts1"'), r"line 6: a time slot's id stands twice"),
        (FOREIGN_EAF.replace('"milliseconds"', '"PAL-frames"'), r"line 3: its times are video frames"),
        (FOREIGN_EAF.replace('ID="a1"', 'ID="a2"'), r"line 19: an annotation's id stands twice"),
    ],
)
def test_a_bad_elan_file_says_where_and_what(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(BadAnnotation, match=r"^f\.eaf, line \d+: |^f\.eaf: ") as caught:
        read_eaf(write(tmp_path / "f.eaf", content))
    caught.match(message)
    assert "\n" not in str(caught.value)
    assert "Tired" not in str(caught.value)


def test_no_other_file_is_read_for_an_elan_file(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret.txt", "do not read")
    asked = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]><ANNOTATION_DOCUMENT>&x;'
    with pytest.raises(BadAnnotation, match="document type") as caught:
        read_eaf(write(tmp_path / "f.eaf", asked + "</ANNOTATION_DOCUMENT>"))
    assert "do not read" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"not a TextGrid"),
        (b"ooBinaryFile\x08TextGrid\x00", r"a binary TextGrid"),
        (LONG_GRID[:300], r"line 16: .*breaks off; expected a time in seconds"),
        (LONG_GRID[:-8], r"breaks off; expected a text in quotes"),
        (
            LONG_GRID.replace("xmax = 1.25", "xmax = 1e400"),
            r"line 17: .*a time from 0 seconds to 1,000 hours",
        ),
        (LONG_GRID.replace("xmin = 1.25", "xmin = -1.25"), r"line 20: .*a time from 0"),
        (LONG_GRID.replace("xmax = 2.0004", "xmax = 0.5"), r"line 20: the interval ends before"),
        (LONG_GRID.replace("size = 3", "size = 3.5"), r"line 7: .*how many"),
        (LONG_GRID.replace("TextTier", "Sound"), r"line 24: .*a tier of intervals or of points"),
    ],
)
def test_a_bad_textgrid_says_where_and_what(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(BadAnnotation, match=r"^g\.TextGrid") as caught:
        read_textgrid(write(tmp_path / "g.TextGrid", content))
    caught.match(message)
    assert "\n" not in str(caught.value)
    assert "So?" not in str(caught.value)


@pytest.mark.parametrize("read", [read_eaf, read_textgrid])
def test_a_file_that_is_too_large_or_not_there_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    monkeypatch.setattr(text, "MAX_FILE_BYTES", 10)
    with pytest.raises(BadAnnotation, match=r"^f: the file is larger than"):
        read(write(tmp_path / "f", FOREIGN_EAF))
    with pytest.raises(BadAnnotation, match=r"^g: there is no such file"):
        read(tmp_path / "g")


@QUIET
@given(
    noise=st.binary(max_size=60),
    at=st.integers(0, 2500),
    dropped=st.integers(0, 300),
    eaf=st.booleans(),
)
def test_damage_never_raises_anything_but_our_own_error(
    tmp_path: Path, noise: bytes, at: int, dropped: int, eaf: bool
) -> None:
    whole = (FOREIGN_EAF if eaf else LONG_GRID).encode()
    read = read_eaf if eaf else read_textgrid
    for content in (noise, whole[:at] + noise + whole[at + dropped :]):
        # A file that happens to be whole is fine; anything else must be our own error.
        with contextlib.suppress(OpenRapportError):
            read(write(tmp_path / "f", content))


def test_ten_hours_are_written_and_read_in_linear_time(tmp_path: Path) -> None:
    n = 8_400
    start = np.arange(n) * 4_000
    ids = tuple(f"{i}" for i in range(n))
    spoken = Utterances(ids, np.arange(n) % 2, ("words " * 8,) * n, start, start + 39_000)
    long = Session("long", session().parties, spoken)
    write_eaf(long, tmp_path / "s.eaf")
    write_textgrid(long, tmp_path / "s.TextGrid")
    assert [u.id for u in read_eaf(tmp_path / "s.eaf").utterances] == list(ids)
    assert len(read_textgrid(tmp_path / "s.TextGrid").utterances) == n

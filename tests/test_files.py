import csv
import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrapport.codes import Codes
from openrapport.errors import BadInput, OpenRapportError
from openrapport.io import archives, bundle, praat, raw, whisper, word
from openrapport.io import text as text_module
from openrapport.io.files import READABLE, WRITABLE, read_session, read_sessions, write_session
from openrapport.io.tables import read_tables
from openrapport.session import MAX_DURATION_MS, MAX_PARTIES, Party, Role, Session
from openrapport.utterances import Utterances
from tests.sessions import PARTIES, session

SPOKEN = "unspeakable"
VTT = f"WEBVTT\n\n00:01.000 --> 00:02.000\n<v T>{SPOKEN}?\n\n00:03.000 --> 00:04.000\n<v C>Yes.\n"


def put(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def texts(path):
    return list(read_session(path).utterances.text)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_text_is_read_in_every_usual_encoding(tmp_path, encoding):
    words = "T: Grüße – naïve “café”?\nC: Ça va, and so on, with plain words.\n"
    path = put(tmp_path, "a.txt", words.encode(encoding))
    assert texts(path)[0] == "Grüße – naïve “café”?"


def test_carriage_returns_alone_end_lines(tmp_path):
    assert texts(put(tmp_path, "a.txt", "T: hello\rC: hi\r")) == ["hello", "hi"]


@pytest.mark.parametrize(
    "ending", [e for e in READABLE if e not in (".docx", ".eaf", ".TextGrid", ".zip")]
)
@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "empty"),
        (b" \n \n", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00", "not text"),
        (bytes(range(1, 32)) * 9, "not text"),
        ("T: Grü".encode()[:-1], "breaks off in the middle of a character"),
        ("ÄÖÜ äöü".encode() + b"\nT: \xff", r"line 2: .*not UTF-8"),
        ("T: hi".encode("utf-16") + b"\x00", "breaks off"),
    ],
)
def test_what_is_no_text_is_refused_in_one_line(tmp_path, ending, content, match):
    with pytest.raises(OpenRapportError, match=match) as caught:
        read_session(put(tmp_path, "a" + ending, content))
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("a" + ending)


def test_a_file_that_is_too_large_is_refused_before_it_is_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(text_module, "MAX_FILE_BYTES", 1024)
    with pytest.raises(BadInput, match=r"a\.txt: the file is larger than .* MiB"):
        read_session(put(tmp_path, "a.txt", b"T: hello\n" * 200))


def test_a_line_of_ten_megabytes_is_refused_with_its_number(tmp_path):
    path = put(tmp_path, "a.txt", "T: hello\nC: " + f"{SPOKEN} " * 900_000)
    with pytest.raises(BadInput, match=r"a\.txt, line 2: the line is longer than") as caught:
        read_session(path)
    assert SPOKEN not in str(caught.value)


EAF = (
    '<ANNOTATION_DOCUMENT><TIME_ORDER><TIME_SLOT TIME_SLOT_ID="a" TIME_VALUE="1"/></TIME_ORDER>'
    '<TIER TIER_ID="T">{}</TIER></ANNOTATION_DOCUMENT>'
)
GRID = '"ooTextFile" "TextGrid" 0 9 <exists> {} "IntervalTier" "T" 0 9 {} 1 2 "a"'
WHISPER = '{{"segments": [{}]}}'
MANY_UTTERANCES = r"a session holds more than 50,000 utterances"


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.txt", "T: a\n" * 50_001, MANY_UTTERANCES),
        ("a.txt", "T: a\n" * 500_001, "more than 500,000 lines"),
        ("a.txt", ("T: " + "a " * 500_000 + "\n") * 9, r"more than 8,388,608 characters"),
        ("a.csv", "speaker,text\n" + "T,a\n" * 50_001, r"\(--columns session=NAME\)"),
        ("a.vtt", "WEBVTT\n\n00:01.0 --> 00:02.0\n" + "<v T>a" * 50_001, MANY_UTTERANCES),
        ("a.json", WHISPER.format('{"text": "a"},' * 50_001 + "{}"), MANY_UTTERANCES),
        ("a.json", WHISPER.format("[]," * 1_500_001 + "[]"), "more than 3,000,000 values"),
        ("a.eaf", EAF.format("<a/>" * 3_000_000), "more than 3,000,000 tags and attributes"),
        ("a.eaf", EAF.format("<ALIGNABLE_ANNOTATION/>" * 50_001), MANY_UTTERANCES),
        ("a.eaf", EAF.format("<a " + 'b="" ' * 900_000), "a tag is longer than 1 MiB"),
        ("a.TextGrid", GRID.format(1, 200_000), "more than 200,000 intervals and points"),
        ("a.TextGrid", GRID.format(999_999_999, 1), "more than 200,000 intervals and points"),
    ],
)
def test_more_than_a_session_can_hold_is_refused_before_it_costs_much(tmp_path, name, content, match):
    with pytest.raises(BadInput, match=rf"^a\.\w+(?:, line \d+)?: .*{match}") as caught:
        read_session(put(tmp_path, name, content))
    assert "\n" not in str(caught.value)


def test_the_bounds_are_documented():
    page = (Path(__file__).parent.parent / "docs/formats.md").read_text(encoding="utf-8")
    counts = (
        *(raw.MAX_UTTERANCES, raw.MAX_CHARS, text_module.MAX_LINES, text_module.MAX_LINE_CHARS),
        *(archives.MAX_MARKUP, archives.MAX_MEMBERS, whisper._MAX_VALUES, praat._MAX_INTERVALS),
        *(csv.field_size_limit(), MAX_PARTIES, MAX_DURATION_MS // 3_600_000),
    )
    sizes = (text_module.MAX_FILE_BYTES, word.MAX_UNPACKED_BYTES, bundle.MAX_UNPACKED_BYTES)
    for stated in (*(f"{n:,}" for n in counts), *(f"{n / 2**20:g} MiB" for n in sizes)):
        assert stated in page, stated


def test_a_table_of_many_sessions_may_have_any_number_of_rows(tmp_path):
    rows = "".join(f"{i},T,a\n{i},C,b\n" for i in range(26_000))
    sessions = read_sessions(put(tmp_path, "a.csv", "session,speaker,text\n" + rows))
    assert sum(1 for _ in sessions) == 26_000


def test_half_characters_are_replaced_and_said(tmp_path):
    segments = '{"text": "a\\ud800", "speaker": "T\\udfff"}, {"text": "b", "speaker": "C"}'
    notes = []
    path = put(tmp_path, "caf\udce9.json", WHISPER.format(segments))
    made = read_session(path, therapist="T\ufffd", note=notes.append)
    assert (made.name, made.parties[0].name) == ("caf\ufffd", "T\ufffd")
    assert made.utterances.text == ("a\ufffd", "b")
    assert "Half characters are replaced by “\ufffd” (1)." in notes[0]


def test_json_may_stand_on_one_long_line(tmp_path, monkeypatch):
    monkeypatch.setattr(text_module, "MAX_LINE_CHARS", 20)
    segments = [{"text": "hi", "speaker": who, "start": 0, "end": 1} for who in "TC"]
    assert texts(put(tmp_path, "a.json", json.dumps({"segments": segments}))) == ["hi", "hi"]


def test_files_that_are_not_there_or_not_known_are_refused(tmp_path):
    with pytest.raises(BadInput, match=r"a\.vtt: there is no such file"):
        read_session(tmp_path / "a.vtt")
    with pytest.raises(BadInput, match=r"a\.mp3: the ending is not known; expected one of \.vtt"):
        read_session(put(tmp_path, "a.mp3", b"x"))
    (tmp_path / "b.vtt").mkdir()
    with pytest.raises(BadInput, match="this is a folder"):
        read_session(tmp_path / "b.vtt")
    with pytest.raises(BadInput, match="cannot be written here"):
        write_session(session("T 0-1 a", "C 1-2 b"), tmp_path / "no" / "a.vtt")
    with pytest.raises(BadInput, match=r"the ending is not known; expected one of \.vtt"):
        write_session(session("T 0-1 a", "C 1-2 b"), tmp_path / "a.txt")


def test_a_pasted_subtitle_file_is_told_by_looking(tmp_path):
    assert texts(put(tmp_path, "a.txt", VTT)) == [f"{SPOKEN}?", "Yes."]
    srt = "1\n00:00:01,000 --> 00:00:02,000\nT: hi\n\n2\n00:00:03,000 --> 00:00:04,000\nC: yes\n"
    assert texts(put(tmp_path, "b.txt", srt)) == ["hi", "yes"]


def test_a_session_knows_its_source_by_hash(tmp_path):
    (source,) = read_session(put(tmp_path, "a.vtt", VTT)).sources
    assert source.name == "a.vtt"
    assert len(source.sha256) == 64


def test_a_table_of_many_sessions_is_read_one_by_one(tmp_path):
    rows = "".join(f"s{i},{who},hi\n" for i in range(5) for who in ("therapist", "client"))
    path = put(tmp_path, "a.csv", "session,speaker,text\n" + rows + "s9,therapist,alone\n")
    sessions = read_sessions(path)
    assert [next(sessions).name for _ in range(5)] == ["s0", "s1", "s2", "s3", "s4"]
    with pytest.raises(BadInput, match=r"a\.csv, session s9: 1 speaker was found"):
        next(sessions)
    assert read_session(path, session="s3").name == "s3"
    with pytest.raises(BadInput, match="several sessions; name one with --session"):
        read_session(path)
    with pytest.raises(BadInput, match="no session of the name"):
        read_session(path, session="zz")


def test_an_unsure_guess_is_asked_about_or_refused(tmp_path):
    path = put(tmp_path, "a.txt", "Anna: Hello.\nBen: Hello.\n")
    with pytest.raises(BadInput, match=r"not sure; name them with --therapist NAME --client NAME"):
        read_session(path)
    with pytest.raises(BadInput, match="was not confirmed"):
        read_session(path, confirm=lambda _: False)
    seen = []
    read_session(path, confirm=lambda guess: seen.append(guess) or True)
    assert [(g.sure, g.named) for g in seen] == [(False, False)]
    named = read_session(path, therapist="ben")
    assert [p.name for p in named.parties] == ["Ben", "Anna"]


def test_labels_that_name_roles_are_not_asked_about(tmp_path):
    read_session(put(tmp_path, "a.vtt", VTT), confirm=lambda _: pytest.fail("asked"))


def test_remarks_without_a_speaker_are_left_out_and_said(tmp_path):
    cue = "\n00:05.000 --> 00:06.000\n[silence]\n"
    notes = []
    made = read_session(put(tmp_path, "a.vtt", VTT + cue), note=notes.append)
    assert len(made.utterances) == 2
    assert notes == ["a.vtt: remarks of the transcriber without a speaker are left out (1)."]
    with pytest.raises(BadInput, match=r"a\.vtt, line 9: 1 of 3 utterances have no speaker") as caught:
        read_session(put(tmp_path, "a.vtt", VTT + cue.replace("[silence]", SPOKEN)))
    assert SPOKEN not in str(caught.value)


def test_stamps_that_slip_back_are_left_out_and_said(tmp_path):
    table = "speaker,timestamp,text\nT,00:00:10,a\nC,00:00:09,b\nT,00:00:12,c\n"
    notes = []
    made = read_session(put(tmp_path, "a.csv", table), note=notes.append)
    assert made.utterances.start_ms.tolist() == [10_000, -1, 12_000]
    assert notes == ["a.csv: 1 time goes back by 10 s or less (first in line 3): left out, not guessed"]


def test_writing_says_what_a_format_cannot_carry(tmp_path):
    coded = session("T 0-1000 one\n<i>two</i>", "C 1000-2000 three").with_codes(
        Codes("strategy", "rules.v1", ("summary",), [0], [0], [1.0])
    )
    assert write_session(coded, tmp_path / "a.vtt") == ("WebVTT keeps no codes: 1 code left out.",)
    assert write_session(coded, tmp_path / "a.srt") == (
        "SRT keeps no line breaks and no tags: 1 utterance changed.",
        "SRT numbers its subtitles: 2 ids left out.",
        "SRT keeps no roles: they are told by the names, or must be named again.",
        "SRT keeps no codes: 1 code left out.",
        "SRT does not keep the session's name.",
    )
    assert write_session(coded, tmp_path / "a.csv") == ("A table keeps no codes: 1 code left out.",)


def test_who_is_silent_and_how_long_it_was_is_kept_or_said(tmp_path):
    parties = (*PARTIES[:2], Party("Partner", Role.OTHER))
    made = replace(
        session("T 0-1 a", "C 1-2 b"), name="a", parties=parties, language="en", duration_ms=2
    )
    for ending in ("vtt", "eaf", "zip"):
        assert write_session(made, tmp_path / f"a.{ending}") == ()
        back = read_session(tmp_path / f"a.{ending}")
        assert (back.parties, back.language, back.duration_ms) == (parties, "en", 2)
    for ending, form in (("srt", "SRT"), ("csv", "A table"), ("TextGrid", "A TextGrid")):
        assert write_session(made, tmp_path / f"a.{ending}")[-2:] == (
            f"{form} holds only who speaks: 1 person left out.",
            f"{form} does not keep the session's length, language.",
        )


@pytest.mark.parametrize("ending", WRITABLE)
def test_the_fictional_session_goes_through_every_format_and_back(tmp_path, ending):
    made = read_session(files("openrapport.demo") / "fictional-session.vtt")
    path = tmp_path / f"fictional-session{ending}"
    notes = write_session(made, path)
    back = read_session(path)
    assert (back.name, back.parties, back.utterances.text) == (
        made.name,
        made.parties,
        made.utterances.text,
    )
    for column in ("party", "start_ms", "end_ms"):
        assert np.array_equal(getattr(back.utterances, column), getattr(made.utterances, column))
    assert (back.utterances.ids == made.utterances.ids) == (ending != ".TextGrid")
    roles = "keeps no roles: they are told by the names, or must be named again."
    assert notes == {
        ".srt": (f"SRT {roles}",),
        ".TextGrid": ("A TextGrid keeps no ids: 616 left out.", f"A TextGrid {roles}"),
    }.get(ending, ())


def test_subtitles_are_not_written_without_times_and_nothing_is_left_behind(tmp_path):
    before = put(tmp_path, "a.vtt", VTT).read_bytes()
    with pytest.raises(
        BadInput, match=r"WebVTT needs .* 1 of 2 lack one; write \.csv or \.zip instead"
    ):
        write_session(session("T 0- a", "C 1-2 b"), tmp_path / "a.vtt")
    assert [p.name for p in tmp_path.iterdir()] == ["a.vtt"]
    assert (tmp_path / "a.vtt").read_bytes() == before


CHARS = st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\r\t")
TEXT = st.one_of(
    st.text(CHARS, max_size=20),
    st.sampled_from(
        [
            "=1+1",
            "'=x",
            "-->",
            "a\n\nb",
            "<v X>",
            "&lt;",
            " x ",
            "שלום",
            "e\u0301",
            "T: a: b",
            '"',
            "a,b;c",
        ]
    ),
)
NAME = st.text(st.characters(categories=("L", "N", "So", "Mn")), min_size=1, max_size=9)
ID = st.one_of(st.integers(1, 999).map(str), st.text(CHARS, min_size=1, max_size=8))


@st.composite
def sessions(draw, names=NAME, ids=ID):
    n = draw(st.integers(2, 6))
    parties = tuple(
        Party(name, role)
        for name, role in zip(
            draw(st.lists(names, min_size=3, max_size=3, unique_by=lambda s: s.casefold())),
            Role,
            strict=True,
        )
    )
    party = [0, 1, *draw(st.lists(st.integers(0, 1), min_size=n - 2, max_size=n - 2))]
    start = np.sort(draw(st.lists(st.integers(0, 10**7), min_size=n, max_size=n)))
    length = draw(st.lists(st.integers(0, 9000), min_size=n, max_size=n))
    said = Utterances(
        ids=tuple(draw(st.lists(ids, min_size=n, max_size=n, unique=True))),
        party=party,
        text=tuple(draw(st.lists(TEXT, min_size=n, max_size=n))),
        start_ms=start,
        end_ms=start + np.array(length),
    )
    title = draw(st.text(CHARS, min_size=1, max_size=9))
    return Session(title, parties[:2], said, duration_ms=draw(st.none() | st.integers(0, 10**8)))


def quick(test):
    return settings(max_examples=60, deadline=None)(test)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("round")


@given(made=sessions())
@quick
def test_vtt_reads_back_as_it_was_written(folder, made):
    path = folder / "a.vtt"
    assert write_session(made, path) == ()
    back = read_session(path)
    assert back.utterances == made.utterances
    assert (back.parties, back.name, back.duration_ms) == (made.parties, made.name, made.duration_ms)


@pytest.mark.parametrize("ending", ["csv", "tsv"])
@given(made=sessions())
@quick
def test_tables_read_back_as_they_were_written(folder, ending, made):
    path = folder / f"a.{ending}"
    write_session(made, path)
    back = read_session(path)
    assert back.utterances == made.utterances
    assert (back.parties, back.name) == (made.parties, made.name)


@given(made=sessions(names=st.sampled_from(["Anna", "Dr Lee", "Ben", "שרה", "C.", "T"])))
@quick
def test_srt_reads_back_what_it_can_carry(folder, made):
    path = folder / "a.srt"
    write_session(made, path)
    first, second = (p.name for p in made.parties)
    back = read_session(path, therapist=first, client=second)
    again = folder / "b.srt"
    write_session(back, again)
    assert again.read_bytes() == path.read_bytes()
    assert back.parties == made.parties
    assert np.array_equal(back.utterances.party, made.utterances.party)
    assert np.array_equal(back.utterances.start_ms, made.utterances.start_ms)
    assert np.array_equal(back.utterances.end_ms, made.utterances.end_ms)


def test_a_formula_is_guarded_in_a_table_and_read_back_as_text(tmp_path):
    made = session("T 0-1 =HYPERLINK(1)", "C 1-2 '-x")
    write_session(made, tmp_path / "a.csv")
    content = (tmp_path / "a.csv").read_text(encoding="utf-8")
    assert ",'=HYPERLINK(1)" in content
    assert ",''-x" in content
    assert texts(tmp_path / "a.csv") == ["=HYPERLINK(1)", "'-x"]
    foreign = next(read_tables("speaker,text\nT,'=a\nC,=b\n", "x.csv"))
    assert [u.text for u in foreign.utterances] == ["'=a", "=b"]


def test_control_characters_are_replaced_and_said(tmp_path):
    made = session("T 0-1 a\x00b", "C 1-2 c\ud800")
    for ending in ("vtt", "srt", "csv"):
        notes = write_session(made, tmp_path / f"a.{ending}")
        assert any(
            "control characters" in sentence and "2 utterances" in sentence for sentence in notes
        )
        assert texts(tmp_path / f"a.{ending}") == ["a\ufffdb", "c\ufffd"]


STARTS = (b"", b"WEBVTT\n\n00:01.000 --> 00:02.000\n", b"1\n00:00:01,000 --> 00:00:02,000\n",
          b"speaker,text\n", b'{"segments": [', b"T: ", b"A\t00:00:01\n", b"\xff\xfe")  # fmt: skip


@given(
    start=st.sampled_from(STARTS), rest=st.binary(max_size=60) | st.text(max_size=40).map(str.encode)
)
@settings(max_examples=150, deadline=None)
def test_arbitrary_bytes_raise_nothing_but_our_own_errors(folder, start, rest):
    messages = []
    for ending in (".vtt", ".srt", ".txt", ".csv", ".tsv", ".json"):
        path = put(folder, "x" + ending, start + rest)
        try:
            list(read_sessions(path, confirm=lambda _: True))
        except OpenRapportError as error:
            messages.append(str(error))
    assert not any(len(message.splitlines()) != 1 for message in messages)

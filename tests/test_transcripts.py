import json

import pytest

from openrapport.errors import BadInput, BadTranscript
from openrapport.io.plain import read_plain
from openrapport.io.subtitles import read_srt, read_vtt
from openrapport.io.tables import read_tables
from openrapport.io.whisper import read_whisper

SPOKEN = "unspeakable"


def said(raw):
    return [(u.speaker, u.text) for u in raw.utterances]


def times(raw):
    return [(u.start_ms, u.end_ms) for u in raw.utterances]


def vtt(*cues):
    return read_vtt("WEBVTT\n\n" + "\n\n".join(cues) + "\n", "a.vtt")


def table(text, **options):
    return list(read_tables(text, "a.csv", **options))


# WebVTT


def test_voice_spans_name_the_speaker_and_tags_and_references_are_read():
    raw = vtt(
        "00:01.000 --> 00:02.500\n<v.loud Anna>Fish <i>&amp;</i> <c.x>chips</c>",
        "intro\n01:00:03.000 --> 01:00:04.000 align:start\n<v Ben &lt;3>two\nlines</v>",
    )
    assert said(raw) == [("Anna", "Fish & chips"), ("Ben <3", "two lines")]
    assert times(raw) == [(1000, 2500), (3_603_000, 3_604_000)]
    assert [u.id for u in raw.utterances] == [None, "intro"]
    assert [u.line for u in raw.utterances] == [3, 7]


def test_a_reference_to_no_character_is_marked():
    raw = vtt(f"00:01.000 --> 00:02.500\n<v A>a &#{'1' * 5000}; b &#x{'f' * 5000}; c &#65;")
    assert said(raw) == [("A", "a \ufffd b \ufffd c A")]


def test_several_voices_in_one_cue_are_several_utterances():
    raw = vtt("7\n00:01.000 --> 00:02.000\n<v A>Well?</v> <v B>Yes.</v>")
    assert said(raw) == [("A", "Well?"), ("B", "Yes.")]
    assert [u.id for u in raw.utterances] == ["7", "7.2"]


def test_notes_styles_and_regions_are_skipped():
    raw = vtt("NOTE x", "STYLE\n::cue {}", "REGION\nid:a", "00:01.000 --> 00:02.000\n<v A>hi")
    assert said(raw) == [("A", "hi")]


def test_fragments_of_a_teams_utterance_are_joined():
    key = "01234567-89ab-cdef-0123-456789abcdef"
    raw = vtt(
        f"{key}/12-0\n00:01.000 --> 00:02.000\n<v A>I was</v>",
        f"{key}/13-0\n00:01.500 --> 00:01.900\n<v B>Mm.</v>",
        f"{key}/12-1\n00:02.000 --> 00:04.000\n<v A>there.</v>",
    )
    assert said(raw) == [("A", "I was there."), ("B", "Mm.")]
    assert times(raw)[0] == (1000, 4000)


def test_zoom_cues_name_the_speaker_before_a_colon():
    raw = vtt(
        "1\n00:01.000 --> 00:02.000\nAnna Low: One thing: tea.",
        "2\n00:02.000 --> 00:03.000\nBen : Yes.",
        "3\n00:03.000 --> 00:04.000\nAnna Low:Good.",
        "4\n00:04.000 --> 00:05.000\nBen: Bye.",
    )
    assert said(raw) == [
        ("Anna Low", "One thing: tea."),
        ("Ben", "Yes."),
        ("Anna Low", "Good."),
        ("Ben", "Bye."),
    ]


def test_names_may_hold_colons_where_they_come_back():
    cues = [f"00:0{i}.000 --> 00:0{i + 1}.000\nUnit 3: {'AB'[i % 2]}: hi {i}" for i in range(6)]
    assert {u.speaker for u in vtt(*cues).utterances} == {"Unit 3: A", "Unit 3: B"}


@pytest.mark.parametrize(
    ("cues", "match"),
    [
        (
            ["00:03.000 --> 00:02.000\n<v A>x"],
            r"a\.vtt, line 3: ends \(00:00:02.000\) before it starts",
        ),
        (
            ["00:03.000 --> 00:04.000\n<v A>x", "00:01.000 --> 00:02.000\n<v B>x"],
            r"line 6: starts .* before an utterance above it",
        ),
        (["-00:01.000 --> 00:02.000\n<v A>x"], "line 3: the timing is not"),
        (["00:61:00.000 --> 00:62:00.000\n<v A>x"], "line 3: the timing is not"),
        (["<v A>x"], "line 3: expected a cue with a timing line"),
        (["NOTE openrapport {]"], "line 3: the note of OpenRapport is damaged"),
    ],
)
def test_a_broken_cue_is_refused_with_its_line(cues, match):
    with pytest.raises(BadTranscript, match=match):
        vtt(*cues)


def test_overlapping_speech_is_no_error():
    raw = vtt("00:01.000 --> 00:05.000\n<v A>x", "00:02.000 --> 00:03.000\n<v B>y")
    assert len(raw.utterances) == 2


# SRT


def test_srt_is_read_without_tags():
    raw = read_srt(
        "1\r\n00:00:01,000 --> 00:00:02,000\r\n<i>T: hello</i>\r\nthere\r\n\r\n"
        "2\r\n00:00:02,000 --> 00:00:03,000\r\n{\\an8}C: hi\r\n",
        "a.srt",
    )
    assert said(raw) == [("T", "hello there"), ("C", "hi")]
    assert times(raw) == [(1000, 2000), (2000, 3000)]


# Plain text


def test_plain_text_goes_on_over_lines_and_knows_sentences_with_colons():
    raw = read_plain(
        "[Session of a demonstration]\n\nTherapist: How was it?\nClient: I told him this: leave.\n"
        "The thing is: he stayed\nat 10:30 again.\n\nTherapist: Mm.\n",
        "a.txt",
    )
    assert said(raw) == [
        ("Therapist", "How was it?"),
        ("Client", "I told him this: leave. The thing is: he stayed at 10:30 again."),
        ("Therapist", "Mm."),
    ]


@pytest.mark.parametrize("form", ["[{t}] {n}: {x}", "{t} {n}: {x}", "({t}) {n}: {x}", "{n} [{t}]: {x}"])
def test_stamps_stand_before_or_after_the_name(form):
    text = "".join(
        form.format(t=t, n=n, x=x) + "\n"
        for t, n, x in [("00:12:30", "Anna", "a"), ("00:12:31", "Ben", "b")]
    )
    raw = read_plain(text, "a.txt")
    assert said(raw) == [("Anna", "a"), ("Ben", "b")]
    assert times(raw) == [(750_000, None), (751_000, None)]


def test_a_long_run_of_blanks_costs_no_more_than_other_words():
    raw = read_plain(f"T: a\nwhat{' ' * 900_000}else\nC: b\n", "a.txt")
    assert [u.speaker for u in raw.utterances] == ["T", "C"]


def test_a_continuation_that_begins_with_a_time_keeps_it():
    raw = read_plain("T: When?\nC: At about\n10:30 in the morning.\nT: Ah.\n", "a.txt")
    assert said(raw)[1] == ("C", "At about 10:30 in the morning.")


def test_zoom_headings_stand_above_the_words():
    raw = read_plain("Anna Low\t00:00:01\nHello\nyou\nBen\t00:00:04\nHi\n", "a.txt")
    assert said(raw) == [("Anna Low", "Hello you"), ("Ben", "Hi")]
    assert times(raw) == [(1000, None), (4000, None)]
    clock = read_plain("[Anna] 14:00:01\nHello\n\n[Ben] 14:00:04\nHi\n", "a.txt")
    assert times(clock) == [(0, None), (3000, None)]


def test_right_to_left_names_and_combining_characters_are_kept():
    raw = read_plain("שרה: שלום\nRene\u0301: bonjour\nשרה: כן\n", "a.txt")
    assert said(raw) == [("שרה", "שלום"), ("Rene\u0301", "bonjour"), ("שרה", "כן")]


def test_words_before_the_first_speaker_are_refused():
    with pytest.raises(BadTranscript, match=r"a\.txt, line 1: words stand before") as caught:
        read_plain(f"{SPOKEN} all of it\nT: hi\n", "a.txt")
    assert SPOKEN not in str(caught.value)


def test_stamps_far_back_are_refused():
    with pytest.raises(BadTranscript, match="line 2: starts"):
        read_plain("[00:10:00] T: a\n[00:01:00] C: b\n", "a.txt")


# Tables


def test_columns_are_found_by_their_usual_names():
    (one, two) = table(
        "transcript_id,utterance_id,interlocutor,timestamp,utterance_text\n"
        '0,0,therapist,00:00:13,"Well, ""so"""\n0,1,client,00:00:13,"two\nlines"\n1,0,client,01:02,x\n'
    )
    assert said(one) == [("therapist", 'Well, "so"'), ("client", "two\nlines")]
    assert times(one) == [(13_000, None), (13_000, None)]
    assert [u.line for u in one.utterances] == [2, 3]
    assert (one.name, two.name, times(two)) == ("0", "1", [(62_000, None)])


def test_a_speaker_written_in_two_ways_is_one_party():
    (raw,) = table("text,speaker,role\na,Ann,therapist\nb,ANN,therapist\nc,Bob,client\n")
    assert [(p.name, str(p.role)) for p in raw.parties] == [("Ann", "therapist"), ("Bob", "client")]


def test_columns_can_be_named():
    (raw,) = table("a;b;c ms\nhi;T;1250\n", columns={"text": "a", "speaker": "B", "start": "c ms"})
    assert (said(raw), times(raw)) == ([("T", "hi")], [(1250, None)])


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("a,b\n1,2\n", r"a\.csv, line 1: no column for text; expected one called text"),
        ("text,b\n1,2\n", "no column for speaker"),
        ("text,text,speaker\n1,2,3\n", "the column for text stands twice"),
        ("text,speaker\nx,T\ny\n", "line 3: the row has 1 cells; expected 2"),
        ("text,speaker,start\nx,T,nan\n", "line 2: a time is not"),
        ("text,speaker,start\nx,T,inf\n", "line 2: a time is not"),
        ("text,speaker,start\nx,T,-1\n", "line 2: a time is not"),
        ("text,speaker,start,end\nx,T,3,2\n", "line 2: ends"),
        ("text,speaker,start,end\nx,T,3,4\ny,C,2,5\n", "line 3: starts"),
        ('text,speaker\n"x,T\n', "line 2: a quotation mark is left open"),
        ("text,speaker,session\nx,T,a\nx,T,b\nx,T,a\n", "line 4: a session goes on"),
        ("text,speaker,role\nx,A,client\nx,A,therapist\n", "line 3: a speaker has another role"),
    ],
)
def test_a_broken_table_is_refused_with_its_line(text, match):
    with pytest.raises(BadTranscript, match=match):
        table(text)


def test_a_mapping_must_fit_the_table():
    with pytest.raises(BadInput, match="columns holds 'words'; expected some of text, speaker"):
        table("text,speaker\n", columns={"words": "text"})
    with pytest.raises(BadInput, match="no column for end by the name that was given"):
        table("text,speaker\n", columns={"end": "x"})


# Whisper


def whisper(*segments, **more):
    return read_whisper(json.dumps({"segments": segments, **more}), "a.json")


def test_a_segment_is_cut_where_words_change_the_speaker():
    words = [
        {"word": "So?", "start": 0.1, "end": 0.4, "speaker": "A"},
        {"word": "2", "start": None},
        {"word": "Yes.", "start": 0.6, "end": 0.9, "speaker": "B"},
    ]
    raw = whisper({"start": 0, "end": 1, "text": " So? 2 Yes.", "words": words}, language="en")
    assert said(raw) == [("A", "So? 2"), ("B", "Yes.")]
    assert times(raw) == [(0, 400), (600, 1000)]
    assert raw.language == "en"


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("[" * 100_000, r"a\.json"),
        ('{"segments": [{"text": "x"', "not complete"),
        ('{"a": 1}', "expected JSON of Whisper with a list of 'segments'"),
        ('{"segments": [{"text": "x", "start": 0, "end": 1}]}', "Whisper names no speakers"),
        ('{"segments": [{"text": "x", "start": NaN}]}', "NaN or infinite"),
        ('{"segments": [{"text": "x", "start": 1e999}]}', "time of segment 1 is not a number"),
        (f'{{"segments": [{{"text": "x", "start": 1{"0" * 400}}}]}}', "longer than any meeting"),
        ('{"segments": [{"text": "x", "start": -1}]}', "segment 1 is negative"),
        ('{"segments": [{"text": "x", "start": 2, "end": 1}]}', "segment 1 ends before it starts"),
        ('{"segments": [{"text": 3}]}', "segment 1 has no text"),
    ],
)
def test_broken_json_is_refused(text, match):
    with pytest.raises(BadTranscript, match=match):
        read_whisper(text, "a.json")

"""The fictional sessions are whole: long enough, timed, with their turning points in place."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from openrapport import pipeline
from openrapport.demo import TRANSCRIPTS, demo_path, is_fictional, transcript_path
from openrapport.errors import BadInput
from openrapport.io.files import read_session
from openrapport.session import Role, Session

MINUTE_MS = 60_000


@pytest.fixture(scope="module")
def demo() -> Session:
    with demo_path() as path:
        return read_session(path)


def silences(session: Session) -> tuple[np.ndarray, np.ndarray]:
    """Start and length of every silence, whoever spoke before and after it."""
    spoken = session.utterances
    said_until = np.maximum.accumulate(spoken.end_ms)[:-1]
    return said_until, spoken.start_ms[1:] - said_until


def minute_of(session: Session, words: str) -> float:
    """When these words are said for the first time."""
    spoken = session.utterances
    return next(
        start / MINUTE_MS
        for start, text in zip(spoken.start_ms, spoken.text, strict=True)
        if words in text
    )


def test_it_lasts_as_long_as_a_session(demo: Session) -> None:
    assert 45 * MINUTE_MS <= demo.utterances.end_ms.max() <= 50 * MINUTE_MS
    assert 580 <= len(demo.utterances) <= 640


def test_its_roles_are_known_without_asking(demo: Session) -> None:
    assert {party.role for party in demo.parties} == {Role.THERAPIST, Role.CLIENT}
    assert {party.name for party in demo.parties} == {"Therapist", "Client"}


def test_every_utterance_has_words_or_a_laugh_and_both_times(demo: Session) -> None:
    spoken = demo.utterances
    assert spoken.has_times.all()
    assert all(n or "[laughs]" in text for n, text in zip(spoken.n_words, spoken.text, strict=True))


def test_starts_are_in_order_and_nobody_speaks_over_themselves(demo: Session) -> None:
    spoken = demo.utterances
    assert (np.diff(spoken.start_ms) >= 0).all()
    for party in (0, 1):
        own = spoken.party == party
        assert (spoken.start_ms[own][1:] >= spoken.end_ms[own][:-1]).all()


def test_cues_are_numbered_from_one(demo: Session) -> None:
    assert demo.utterances.ids == tuple(str(i) for i in range(1, len(demo.utterances) + 1))


def test_people_speak_at_a_pace_that_people_speak_at(demo: Session) -> None:
    spoken = demo.utterances
    for role in (Role.THERAPIST, Role.CLIENT):
        own = demo.spoken_by(role)
        minutes = (spoken.end_ms - spoken.start_ms)[own].sum() / MINUTE_MS
        assert 130 <= spoken.n_words[own].sum() / minutes <= 170


def test_there_are_overlaps_and_long_silences_some_after_the_therapists_questions(
    demo: Session,
) -> None:
    spoken = demo.utterances
    _, length = silences(demo)
    long = length >= 5_000
    asked = (spoken.is_question & demo.spoken_by(Role.THERAPIST))[:-1]
    assert (length < 0).any()
    assert long.sum() >= 8
    assert (long & asked).sum() >= 4


def test_the_strain_lies_in_the_middle_and_its_repair_after_it(demo: Session) -> None:
    advice = minute_of(demo, "have you thought of just telling them no")
    complaint = minute_of(demo, "You sound like my brother")
    naming = minute_of(demo, "Can I stop us for a minute")
    assert 17 <= advice < complaint < naming <= 27
    start, length = silences(demo)
    within = (advice * MINUTE_MS < start) & (start < complaint * MINUTE_MS)
    assert 12_000 <= length[within].max() <= 15_000


def test_strain_and_repair_are_among_the_moments(demo: Session) -> None:
    shown = {moment.kind: moment for moment in pipeline.run(demo).moments}
    place = {id_: i for i, id_ in enumerate(demo.utterances.ids)}
    for kind, since, until in (
        ("withdrawal_after_input", "Because you haven't actually said yes", "Can I stop us"),
        ("repair", "Can I stop us for a minute", "What would be more use to you now"),
    ):
        for id_ in shown[kind].evidence:
            at = demo.utterances.start_ms[place[str(id_)]] / MINUTE_MS
            assert minute_of(demo, since) <= at <= minute_of(demo, until)


def test_what_follows_from_codes_is_measured_without_being_asked_for(demo: Session) -> None:
    report = pipeline.run(demo)
    named = {finding.name for finding in report.findings}
    assert {"behaviour_share", "disclosure_level", "disclosure_change", "responsiveness"} <= named
    assert {"feeling_answered_share", "open_question_share", "reflection_question_ratio"} <= named
    missing = {m.name for m in report.not_measured}
    assert "strain_rate" in missing  # marks of strain are not good enough to be given


def test_what_the_client_counted_was_said(demo: Session) -> None:
    spoken = demo.utterances
    advice = minute_of(demo, "have you thought of just telling them no") * MINUTE_MS
    counting = minute_of(demo, "I was counting") * MINUTE_MS
    advised = (
        demo.spoken_by(Role.THERAPIST) & (advice <= spoken.start_ms) & (spoken.start_ms < counting)
    )
    assert sum(spoken.words[i].count("just") for i in np.flatnonzero(advised)) == 4


# All of them


@pytest.fixture(params=sorted(TRANSCRIPTS))
def any_session(request: pytest.FixtureRequest) -> Session:
    with transcript_path(request.param) as path:
        return read_session(path)


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_every_file_says_first_that_it_is_fictional(name: str) -> None:
    with transcript_path(name) as path:
        head = path.read_text(encoding="utf-8")[:200]
    assert re.match(
        r"WEBVTT\n\nNOTE\nFictional session, written for OpenRapport\. No real person", head
    )


def test_every_session_is_a_timed_talk_of_two(any_session: Session) -> None:
    spoken = any_session.utterances
    assert {party.role for party in any_session.parties} == {Role.THERAPIST, Role.CLIENT}
    assert 180 <= len(spoken) <= 640
    assert spoken.has_times.all()
    assert (np.diff(spoken.start_ms) >= 0).all()
    assert spoken.ids == tuple(str(i) for i in range(1, len(spoken) + 1))
    for party in (0, 1):
        own = spoken.party == party
        assert (spoken.start_ms[own][1:] >= spoken.end_ms[own][:-1]).all()
        seconds = (spoken.end_ms - spoken.start_ms)[own].sum() / 1000
        assert 2 <= spoken.n_words[own].sum() / seconds <= 3


def test_every_session_has_overlaps_and_silences(any_session: Session) -> None:
    _, length = silences(any_session)
    assert (length < 0).sum() >= 8
    assert (length >= 4_000).sum() >= 8


def test_in_the_video_session_the_client_grows_quiet_until_it_is_noticed() -> None:
    with transcript_path("fictional-video-session") as path:
        session = read_session(path)
    start = session.utterances.start_ms / MINUTE_MS
    client = session.spoken_by(Role.CLIENT)
    noticed = minute_of(session, "I may have missed something")
    quiet = client & (start > 3) & (start < noticed)
    after = client & (start > noticed)
    words = session.utterances.n_words
    assert np.median(words[quiet]) <= 4 < 10 <= np.median(words[after])
    assert any("[sound drops]" in text for text in session.utterances.text)


def test_a_transcript_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match="expected one of fictional-session"):
        transcript_path("../secrets")


def test_each_of_them_is_known_to_be_fictional_whatever_it_is_called(any_session: Session) -> None:
    assert is_fictional(any_session.sources)
    assert not is_fictional([replace(source, sha256="0" * 64) for source in any_session.sources])

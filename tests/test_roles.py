import pytest

from openrapport.errors import BadTranscript
from openrapport.io.raw import RawTranscript, RawUtterance
from openrapport.io.roles import guess_roles, to_session
from openrapport.session import Party, Role


def raw(*lines, **more):
    said = (line.split(": ", 1) for line in lines)
    return RawTranscript("test", tuple(RawUtterance(text, who or None) for who, text in said), **more)


@pytest.mark.parametrize(
    ("therapist", "client"),
    [
        ("Therapist", "Client"),
        ("T", "C"),
        ("THERAPIST", "patient"),
        ("Counsellor", "P"),
        ("Dr. Low", "Anna"),
        ("Clinician", "Anna"),
        ("Anna", "Pt."),
    ],
)
def test_labels_that_name_a_role_are_sure(therapist, client):
    guess = guess_roles(raw(f"{client}: I do.", f"{therapist}: Do you?"))
    assert (guess.therapist, guess.client, guess.sure, guess.named) == (therapist, client, True, True)


def test_two_therapists_by_label_leave_it_open():
    assert not guess_roles(raw("T: Do you?", "Dr. Low: I do.")).named


def test_a_clear_difference_is_sure_and_tells_its_numbers():
    talk = raw(*["Anna: How did you feel about your day?", "Ben: I liked my day and I slept."] * 5)
    guess = guess_roles(talk)
    assert (guess.therapist, guess.client, guess.sure, guess.named) == ("Anna", "Ben", True, False)
    assert guess.evidence[0] == (
        "“Anna” asks in 5 of 5 utterances (100%), “Ben” in 0 of 5 (0%); therapists mostly ask more."
    )


def test_evidence_that_disagrees_is_not_sure():
    talk = raw(*["Anna: You feel your day is yours.", "Ben: I liked my day, did I?"] * 5)
    assert (guess_roles(talk).therapist, guess_roles(talk).sure) == ("Anna", False)


def test_little_speech_is_not_sure():
    assert not guess_roles(raw("Anna: Do you?", "Ben: I do.")).sure


@pytest.mark.parametrize(
    ("labels", "match"),
    [
        ("A", "1 speaker was found; expected a therapist and a client"),
        ("ABDEF", "5 speakers were found; name two with --therapist NAME --client NAME"),
    ],
)
def test_not_two_speakers_are_counted_and_not_named(labels, match):
    with pytest.raises(BadTranscript, match=match):
        guess_roles(raw(*(f"{label}: hello" for label in labels)))


def test_no_speakers_at_all_are_refused():
    with pytest.raises(BadTranscript, match="no utterance has a speaker"):
        guess_roles(RawTranscript("test", (RawUtterance("hello"),)))


def test_named_speakers_get_their_roles_and_the_rest_is_other():
    made = to_session(raw("A: x", "B: y", "C D: z", "a: w"), therapist="B", client="c d")
    assert made.parties == (
        Party("B", Role.THERAPIST),
        Party("C D", Role.CLIENT),
        Party("A", Role.OTHER),
    )
    assert made.utterances.party.tolist() == [2, 0, 1, 2]
    assert made.utterances.ids == ("u1", "u2", "u3", "u4")


def test_of_two_speakers_one_name_is_enough():
    assert to_session(raw("A: x", "B: y"), client="a").parties[0].name == "B"


@pytest.mark.parametrize(
    ("names", "match"),
    [
        (
            {"therapist": "Z"},
            "no speaker has the name given for the therapist; the file has 3 speakers",
        ),
        ({"therapist": "A"}, "3 speakers were found; name two"),
        ({"therapist": "A", "client": "a"}, "the same name"),
        ({}, "3 speakers were found"),
    ],
)
def test_names_must_fit_the_speakers(names, match):
    with pytest.raises(BadTranscript, match=match):
        to_session(raw("A: x", "B: y", "D: z"), **names)


def test_a_guess_alone_makes_no_session():
    with pytest.raises(BadTranscript, match="name no roles"):
        to_session(raw("Anna: x", "Ben: y"))


def test_ids_of_the_file_are_kept_and_must_differ():
    said = (RawUtterance("x", "T", id="u2", line=4), RawUtterance("y", "C", line=5))
    assert to_session(RawTranscript("test", said)).utterances.ids == ("u2", "u2+")
    twice = (RawUtterance("x", "T", id="7", line=4), RawUtterance("y", "C", id="7", line=5))
    with pytest.raises(BadTranscript, match="line 5: an utterance's id stands twice"):
        to_session(RawTranscript("test", twice))


def test_a_party_the_file_does_not_list_is_refused():
    parties = (Party("A", Role.THERAPIST), Party("B", Role.CLIENT))
    with pytest.raises(BadTranscript, match="not among the parties"):
        to_session(raw("A: x", "E: y", parties=parties))

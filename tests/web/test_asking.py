"""Asking how it was, and keeping what people answered, once."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from openrapport.errors import BadInput
from openrapport_web import access
from openrapport_web.audit.models import Entry
from openrapport_web.caseload.actions import say_state
from openrapport_web.caseload.models import Meeting, MeetingState
from openrapport_web.erasure import erase_client
from openrapport_web.feedback import actions
from openrapport_web.feedback.actions import make_link
from openrapport_web.feedback.models import Answer, Asking, AskLink, Plan, Rater, Way
from openrapport_web.feedback.reading import answers_of, pulse_course, said_in_words, to_take_along
from openrapport_web.feedback.tasks import look_again
from openrapport_web.repairs import noticing
from openrapport_web.repairs.models import Alert
from tests.web.asked import PULSE, asked, asked_of, given, held_today, own_answer
from tests.web.conftest import signed_in


def _say(meeting: Meeting, state: MeetingState) -> None:
    meeting.refresh_from_db()
    say_state(actor=meeting.therapist, meeting=meeting, version=meeting.version, state=state)


def _page(browser: Any, asking: Asking) -> dict[str, str]:
    """The hidden fields of a form, as a browser would send them back."""
    shown = browser.get(reverse("my_question", kwargs={"key": asking.key}))
    assert shown.status_code == 200
    context = shown.context
    return {
        "ticket": str(context["ticket"]),
        "submission": str(context["submission"]),
        "version": context["instrument"].version,
        "shown_in": context["language"],
    }


def test_a_meeting_that_is_said_held_asks_both_people(practice: SimpleNamespace) -> None:
    meeting = held_today(practice.teos)
    Meeting.objects.filter(pk=meeting.pk).update(state=MeetingState.PLANNED)
    _say(meeting, MeetingState.HELD)
    made = {a.instrument: a for a in Asking.objects.filter(meeting=meeting)}
    assert {a.rater for a in made.values()} == {Rater.CLIENT, Rater.THERAPIST}
    assert made["pulse"].opens_at == meeting.starts_at + timedelta(minutes=50)
    assert Entry.objects.filter(action="asking.made").count() == 2


def test_a_meeting_that_was_not_held_after_all_takes_its_open_forms_back(
    practice: SimpleNamespace,
) -> None:
    meeting = held_today(practice.teos)
    forms = asked(practice.teos, meeting)
    own_answer(forms["pulse-therapist"])
    _say(meeting, MeetingState.MISSED)
    forms["pulse"].refresh_from_db()
    assert forms["pulse"].withdrawn_at is not None
    assert Answer.objects.count() == 1  # what was said stays
    _say(meeting, MeetingState.HELD)
    forms["pulse"].refresh_from_db()
    assert forms["pulse"].withdrawn_at is None
    assert Asking.objects.filter(meeting=meeting).count() == 2


def test_of_a_meeting_long_ago_nobody_is_asked(practice: SimpleNamespace) -> None:
    practice.teos.meeting.starts_at = timezone.now() - timedelta(days=15)
    assert actions.ask_after_meeting(actor=practice.alba, meeting=practice.teos.meeting) == []


def test_a_plan_says_what_is_asked_and_how_often(practice: SimpleNamespace) -> None:
    Plan.objects.create(instrument="phq-9", every=2)
    Plan.objects.create(instrument="pulse", every=0)
    Plan.objects.create(instrument="pulse", every=1, episode=practice.cleos.episode)
    # It was never asked before; then the next meeting is between two askings.
    assert set(asked(practice.teos)) == {"phq-9"}
    assert set(asked(practice.teos)) == set()
    assert set(asked(practice.teos)) == {"phq-9"}
    assert set(asked(practice.cleos)) == {"pulse", "pulse-therapist", "phq-9"}


def test_an_answer_is_kept_once_however_often_it_is_sent(practice: SimpleNamespace) -> None:
    asking, submission = asked_of(practice, "teos"), uuid4()
    first = given(asking, submission)
    again = given(asking, submission, bond=1)
    assert again == first
    assert json.loads(Answer.objects.get().values) == PULSE
    with pytest.raises(actions.AlreadyAnswered):
        given(asking, bond=1)
    assert Entry.objects.filter(action="answer.given").count() == 1
    assert Entry.objects.get(action="answer.given").details["way"] == "place"


def test_a_submission_of_one_form_is_none_of_another(practice: SimpleNamespace) -> None:
    submission = given(asked_of(practice, "teos")).submission
    with pytest.raises(actions.NotPossible, match="another form"):
        given(asked_of(practice, "cleos"), submission)


@pytest.mark.parametrize("values", [{"bond": 11}, {"bond": 3.5}, {"bond": "x"}, {"strange": 1}])
def test_what_does_not_belong_to_the_form_is_refused_and_nothing_is_kept(
    practice: SimpleNamespace, values: dict[str, Any]
) -> None:
    asking = asked_of(practice, "teos")
    with pytest.raises(BadInput):
        given(asking, **values)
    assert not Answer.objects.exists()


def test_a_form_with_nothing_in_it_is_not_kept_and_half_a_form_is(practice: SimpleNamespace) -> None:
    asking = asked_of(practice, "teos")
    with pytest.raises(actions.Empty):
        given(asking, bond=None, differently="   ")
    assert json.loads(given(asking, bond=None, goal=0).values) == {"goal": 0}


def test_sound_and_picture_are_asked_after_video_alone(practice: SimpleNamespace) -> None:
    room = asked(practice.teos, held_today(practice.teos))["pulse"]
    video = asked(practice.teos, held_today(practice.teos, mode="video"))["pulse"]
    browser = signed_in(practice.teo)
    pages = [
        browser.get(reverse("my_question", kwargs={"key": a.key})).content.decode()
        for a in (room, video)
    ]
    assert ["Sound and picture" in page for page in pages] == [False, True]


def test_a_clock_that_is_wrong_is_kept_within_what_is_possible(practice: SimpleNamespace) -> None:
    now = timezone.now()
    kept = []
    for wrong in (timedelta(days=-400), timedelta(days=400)):
        asking = asked_of(practice, "teos")
        answer = actions.keep_answer(
            asking=asking,
            values=PULSE,
            submission=uuid4(),
            way=Way.PLACE,
            given_at=now + wrong,
            actor=practice.teo,
        )
        kept.append((answer.given_at, asking.opens_at))
    assert kept[0][0] == kept[0][1]
    assert now <= kept[1][0] <= timezone.now()
    clocks = [
        e.details["clock"] for e in Entry.objects.filter(action="answer.given").order_by("number")
    ]
    assert clocks == ["behind", "ahead"]


def test_a_form_closes_but_not_on_the_minute_and_what_was_given_in_time_still_arrives(
    practice: SimpleNamespace,
) -> None:
    def keep(closed_for: timedelta, given_before: timedelta) -> Answer:
        asking = asked_of(practice, "teos")
        now = timezone.now()
        asking.opens_at, asking.expires_at = now - timedelta(days=60), now - closed_for
        asking.save()
        return actions.keep_answer(
            asking=asking,
            values=PULSE,
            submission=uuid4(),
            way=Way.PLACE,
            given_at=now - given_before,
            actor=practice.teo,
        )

    assert keep(timedelta(days=1), timedelta(0))
    assert keep(timedelta(days=20), timedelta(days=21))  # a telephone came back into a network
    with pytest.raises(actions.Over, match="some time back"):
        keep(timedelta(days=3), timedelta(0))
    with pytest.raises(actions.Over, match="some time back"):
        keep(timedelta(days=31), timedelta(days=32))


@pytest.mark.parametrize(
    ("way", "actor", "entered_by"),
    [
        (Way.PLACE, "cleo", None),
        (Way.PLACE, "alba", None),
        (Way.PLACE, None, None),
        (Way.LINK, "cleo", None),
        (Way.PAPER, None, None),
        (Way.PAPER, None, "nell"),
        (Way.PAPER, None, "teo"),
    ],
)
def test_the_wrong_person_answers_nothing(
    practice: SimpleNamespace, way: Way, actor: str | None, entered_by: str | None
) -> None:
    with pytest.raises(PermissionDenied):
        actions.keep_answer(
            asking=asked_of(practice, "teos"),
            values=PULSE,
            submission=uuid4(),
            way=way,
            given_at=timezone.now(),
            actor=getattr(practice, actor) if actor else None,
            entered_by=getattr(practice, entered_by) if entered_by else None,
        )
    assert not Answer.objects.exists()


def test_a_therapists_form_is_answered_by_that_therapist_alone(practice: SimpleNamespace) -> None:
    asking = asked_of(practice, "teos", Rater.THERAPIST)
    for way, actor in ((Way.LINK, None), (Way.PLACE, practice.nell), (Way.KIOSK, practice.alba)):
        with pytest.raises(PermissionDenied):
            actions.keep_answer(
                asking=asking,
                values={"bond": 3},
                submission=uuid4(),
                way=way,
                given_at=timezone.now(),
                actor=actor,
            )


def test_answers_lie_encrypted(practice: SimpleNamespace) -> None:
    answer = given(asked_of(practice, "teos"), differently="Slower, please.")
    assert b"Slower" not in bytes(Answer.objects.get(pk=answer.pk).sealed_values)
    assert "Slower" in Answer.objects.get(pk=answer.pk).values


# -- the blind rule ----------------------------------------------------------------------------------


def test_a_therapist_sees_the_clients_answer_once_their_own_is_in(practice: SimpleNamespace) -> None:
    forms = asked(practice.teos)
    theirs = given(forms["pulse"])
    assert theirs not in access.answers(practice.alba)
    own = own_answer(forms["pulse-therapist"])
    assert set(access.answers(practice.alba)) == {own, theirs}
    assert set(access.answers(practice.teo)) == {theirs}


@pytest.mark.parametrize("how", ["left out", "closed"])
def test_a_therapist_who_does_not_answer_sees_it_without_a_guess(
    practice: SimpleNamespace, how: str
) -> None:
    forms = asked(practice.teos)
    theirs, own = given(forms["pulse"]), forms["pulse-therapist"]
    if how == "left out":
        signed_in(practice.alba).post(reverse("pulse_skip", kwargs={"key": own.meeting_id}))
    else:
        Asking.objects.filter(pk=own.pk).update(expires_at=timezone.now())
    assert theirs in access.answers(practice.alba)


def test_nobody_else_reads_answers(practice: SimpleNamespace) -> None:
    forms = asked(practice.teos)
    given(forms["pulse"])
    own_answer(forms["pulse-therapist"])
    for who in ("nell", "sami", "olaf", "mara", "rui", "gone", "cleo"):
        assert not access.answers(getattr(practice, who)).exists(), who


# -- reading -----------------------------------------------------------------------------------------


def test_the_course_has_both_views_and_a_mean_of_at_least_three(
    practice: SimpleNamespace, django_assert_num_queries: Any
) -> None:
    first, second = (asked(practice.teos) for _ in range(2))
    given(first["pulse"], bond=8, goal=6, task=7)
    given(second["pulse"], bond=8, goal=6, strain=2)
    own_answer(first["pulse-therapist"], bond=5, goal=5, task=8, predicted_bond=7)
    with django_assert_num_queries(1):
        course = pulse_course(practice.teos.episode)
    assert course.rater.tolist() == [0, 1, 2, 0]
    client = course.of("client")
    assert client.values[0].tolist()[:3] == [8, 6, 7]
    assert [None if m != m else m for m in client.mean.tolist()] == [7.0, None]
    assert client.strain.tolist()[1] == 2
    assert course.of("therapist").mean.tolist() == [6.0]
    assert course.of("prediction").values[0, 0] == 7
    assert len(pulse_course(practice.cleos.episode)) == 0


def test_answers_are_read_back_and_said_in_words(practice: SimpleNamespace) -> None:
    given(asked_of(practice, "teos"), bond=8, strain=1, differently="Slower")
    [(answer, values)] = answers_of(practice.teos.client, "pulse")
    assert values == {"bond": 8, "strain": 1, "differently": "Slower"}
    assert [said for _, said in said_in_words(answer, "en")] == ["8 / 10", "A little", "Slower"]
    assert said_in_words(answer, "es")[1][1] == "Un poco"


# -- a client, signed in -----------------------------------------------------------------------------


def test_a_signed_in_client_answers_and_reads_it_back(practice: SimpleNamespace) -> None:
    asking, browser = asked_of(practice, "teos"), signed_in(practice.teo)
    assert "How was today?" in browser.get(reverse("home")).content.decode()
    sent = _page(browser, asking) | {"a-bond": "8", "a-strain": "1", "a-differently": "More time"}
    done = browser.post(reverse("answer_send"), sent)
    assert done.status_code == 200
    assert "Thank you" in done.content.decode()
    answer = Answer.objects.get(asking=asking)
    assert json.loads(answer.values) == {"bond": 8, "strain": 1, "differently": "More time"}
    assert browser.post(reverse("answer_send"), sent).status_code == 200
    assert "More time" in browser.get(reverse("my_answer", kwargs={"key": answer.key})).content.decode()
    listed = browser.get(reverse("my_questions")).content.decode()
    assert "Nothing is open" in listed


def test_a_form_that_was_answered_elsewhere_says_so_and_loses_nothing(
    practice: SimpleNamespace,
) -> None:
    asking, browser = asked_of(practice, "teos"), signed_in(practice.teo)
    page = _page(browser, asking)
    given(asking, bond=2)
    answer = browser.post(reverse("answer_send"), page | {"a-bond": "9", "a-differently": "My words"})
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "answered already" in text
    assert "My words" in text
    assert json.loads(Answer.objects.get().values) == {"bond": 2}
    assert browser.get(reverse("my_question", kwargs={"key": asking.key})).status_code == 409


@pytest.mark.parametrize("wrong", ["11", "-1", "x", "1e9", "\u0000"])
def test_an_answer_outside_the_scale_is_shown_again_with_everything_else(
    practice: SimpleNamespace, wrong: str
) -> None:
    asking, browser = asked_of(practice, "teos"), signed_in(practice.teo)
    sent = _page(browser, asking) | {"a-bond": wrong, "a-goal": "7", "a-differently": "My words"}
    shown = browser.post(reverse("answer_send"), sent)
    assert shown.status_code == 422
    text = shown.content.decode()
    assert "My words" in text
    assert "answers shown" in text
    assert not Answer.objects.exists()
    fixed = browser.post(reverse("answer_send"), sent | {"a-bond": "8"})
    assert fixed.status_code == 200


def test_an_old_version_of_a_form_is_shown_anew_with_what_was_chosen(practice: SimpleNamespace) -> None:
    asking, browser = asked_of(practice, "teos"), signed_in(practice.teo)
    sent = _page(browser, asking) | {"version": "0", "a-bond": "8"}
    shown = browser.post(reverse("answer_send"), sent)
    assert shown.status_code == 422
    assert "were changed since" in shown.content.decode()
    assert not Answer.objects.exists()
    assert shown.context["form"]["bond"].value() == "8"


def test_another_language_keeps_what_was_chosen(practice: SimpleNamespace) -> None:
    asking, browser = asked_of(practice, "teos"), signed_in(practice.teo)
    sent = _page(browser, asking) | {"language": "es", "a-bond": "8", "a-differently": "Mis palabras"}
    shown = browser.post(reverse("answer_send"), sent)
    text = shown.content.decode()
    assert shown.status_code == 200
    assert '<html lang="es">' in text
    assert "Hoy sentí a mi terapeuta de mi lado." in text
    assert "Mis palabras" in text
    assert str(shown.context["submission"]) == sent["submission"]
    assert shown.context["form"]["bond"].value() == "8"
    assert not Answer.objects.exists()


@pytest.mark.parametrize("ticket", ["", "x", "a:b:c"])
def test_without_a_ticket_of_ours_nothing_is_kept(practice: SimpleNamespace, ticket: str) -> None:
    answer = signed_in(practice.teo).post(reverse("answer_send"), {"ticket": ticket, "a-bond": "8"})
    assert answer.status_code == 404
    assert not Answer.objects.exists()


def test_somebody_who_left_cannot_send_from_a_page_that_was_open(practice: SimpleNamespace) -> None:
    asking, browser = asked_of(practice, "teos"), signed_in(practice.teo)
    sent = _page(browser, asking) | {"a-bond": "8"}
    practice.teo.is_active = False
    practice.teo.save()
    assert browser.post(reverse("answer_send"), sent).status_code == 410
    assert not Answer.objects.exists()


def test_lists_do_not_grow_in_questions(
    practice: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        given(asked_of(practice, "teos"))
        asked_of(practice, "teos")
    browser = signed_in(practice.teo)
    with django_assert_max_num_queries(12):
        assert browser.get(reverse("my_questions")).status_code == 200
    with django_assert_max_num_queries(16):
        assert browser.get(reverse("home")).status_code == 200


# -- what a client takes along, and what is deleted ------------------------------------------------------


def test_a_client_takes_their_answers_along_and_not_the_therapists(practice: SimpleNamespace) -> None:
    forms = asked(practice.teos)
    given(forms["pulse"], bond=8, strain=1, differently="=Slower")
    own_answer(forms["pulse-therapist"], bond=1)
    given(asked_of(practice, "cleos"), differently="Not Teo's")
    archive = zipfile.ZipFile(BytesIO(signed_in(practice.teo).post(reverse("my_data")).content))
    rows = json.loads(archive.read("data.json"))["answers"]
    assert [row["answer"] for row in rows] == ["8 / 10", "A little", "=Slower"]
    assert {row["form"] for row in rows} == {"How was today?"}
    assert "'=Slower" in archive.read("answers.csv").decode()
    assert "Not Teo" not in archive.read("index.html").decode()


def test_taking_along_does_not_grow_in_questions(
    practice: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    for _ in range(9):
        given(asked_of(practice, "teos"))
    with django_assert_max_num_queries(2):
        assert len(to_take_along(practice.teos.client, "en")) == 9 * len(PULSE)


def test_deleting_a_client_deletes_what_they_were_asked_and_said(practice: SimpleNamespace) -> None:
    for whose in ("teos", "cleos"):
        given(asked_of(practice, whose))
        make_link(asking=asked_of(practice, whose))
    erase_client(actor=practice.mara, client=practice.teos.client)
    for model in (Asking, Answer):
        clients = set(model.objects.values_list("client", flat=True))
        assert clients == {practice.cleos.client.pk}
    assert AskLink.objects.count() == 1


def test_an_answer_is_kept_where_looking_at_it_fails_and_is_looked_at_later(
    practice: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Answer) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(noticing, "after_answer", fail)
        answer = given(asked_of(practice, "teos"), strain=2, differently="My words")
    assert Answer.objects.get() == answer
    assert not Alert.objects.exists()
    assert "could not be looked at" in caplog.text
    queued = DBTaskResult.objects.get()
    assert queued.args_kwargs["args"] == [str(answer.key)]
    look_again.func(str(answer.key))
    assert Alert.objects.get().answer == answer


def test_other_questionnaires_are_no_guess_and_appear_at_once(practice: SimpleNamespace) -> None:
    meeting = held_today(practice.teos)
    asked(practice.teos, meeting)
    other = actions.ask(
        actor=practice.alba, episode=practice.teos.episode, instrument_key="gad-7", meeting=meeting
    )
    assert given(other, q1=2) in access.answers(practice.alba)

"""Trying to read, guess or change what one may not: the blind rule, the tablet, what is left behind."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from openrapport_web import access
from openrapport_web.audit.models import Entry
from openrapport_web.caseload.models import Meeting, MeetingState
from openrapport_web.erasure import erase_client
from openrapport_web.feedback import plans
from openrapport_web.feedback.actions import Over, ask_after_meeting, make_code, require_open
from openrapport_web.feedback.models import Answer, Asking, HelpLine, Plan, Rater, Way
from openrapport_web.feedback.tickets import Ticket
from openrapport_web.people.models import Practice, Role
from openrapport_web.repairs.actions.words import send_word
from tests.web.asked import asked, asked_of, given, held_today, own_answer
from tests.web.conftest import signed_in
from tests.web.programs import program
from tests.web.pulses import ask, give, meet, pulse, with_pulses


def _seen(practice: SimpleNamespace) -> int:
    """How many of Teo's answers his therapist may read."""
    return access.answers(practice.alba).filter(asking__rater=Rater.CLIENT).count()


def _own_of(meeting: Meeting) -> Asking | None:
    return Asking.objects.filter(
        meeting=meeting, rater=Rater.THERAPIST, answered_at=None, withdrawn_at=None
    ).first()


def _say(practice: SimpleNamespace, meeting: Meeting, state: str) -> None:
    browser = signed_in(practice.alba)
    meeting.refresh_from_db()
    said = {"state": state, "version": meeting.version}
    done = browser.post(reverse("meeting_state", kwargs={"key": meeting.key}), said)
    assert done.status_code == 302
    meeting.refresh_from_db()
    assert meeting.state == state


# -- the blind rule --------------------------------------------------------------------------------


def test_a_meeting_that_was_not_held_and_then_was_opens_no_second_guess(
    practice: SimpleNamespace,
) -> None:
    """Otherwise: not held, read what the client said, held again, and guess it."""
    meeting = held_today(practice.teos)
    given(asked(practice.teos, meeting)["pulse"])
    assert _seen(practice) == 0
    _say(practice, meeting, MeetingState.MISSED)
    assert _seen(practice) == 1
    _say(practice, meeting, MeetingState.HELD)
    assert _own_of(meeting) is None
    assert _seen(practice) == 1


def test_without_an_answer_a_wrong_press_takes_nothing_away(practice: SimpleNamespace) -> None:
    meeting = held_today(practice.teos)
    asked(practice.teos, meeting)
    _say(practice, meeting, MeetingState.MISSED)
    _say(practice, meeting, MeetingState.HELD)
    assert _own_of(meeting) is not None
    given(Asking.objects.get(meeting=meeting, instrument="pulse"))
    assert _seen(practice) == 0


def test_a_plan_that_changes_meanwhile_opens_no_guess_after_the_answer(
    practice: SimpleNamespace,
) -> None:
    form = plans.plannable()["pulse-therapist"]
    about: dict[str, Any] = {"actor": practice.alba, "form": form, "episode": practice.teos.episode}
    plan = plans.change(**about, every=0, letter=False, version=0)
    meeting = held_today(practice.teos)
    given(asked(practice.teos, meeting)["pulse"])
    assert _seen(practice) == 1
    plans.change(**about, every=1, letter=False, version=plan.version)
    ask_after_meeting(actor=practice.alba, meeting=meeting)
    assert _own_of(meeting) is None


@pytest.mark.parametrize("says", [timedelta(0), timedelta(days=-3)])
def test_once_the_clients_answers_are_open_a_guess_is_too_late_whatever_the_clock_says(
    practice: SimpleNamespace, says: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    forms = asked(practice.teos)
    given(forms["pulse"])
    own = forms["pulse-therapist"]
    later = own.expires_at + timedelta(seconds=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert _seen(practice) == 1
    sent = {
        "ticket": str(Ticket(own.key, Way.PLACE, practice.alba.pk)),
        "submission": str(uuid4()),
        "given_at": (later + says).isoformat(),
        "a-bond": "8",
        "a-predicted_bond": "8",
    }
    page = Browser().post(reverse("answer_send"), sent)
    assert page.status_code == 410
    assert not Answer.objects.filter(asking=own).exists()
    with pytest.raises(Over):
        require_open(own, given_at=own.opens_at)


def test_a_guess_is_given_once(practice: SimpleNamespace) -> None:
    forms = asked(practice.teos)
    own_answer(forms["pulse-therapist"])
    given(forms["pulse"])
    sent = {
        "ticket": str(Ticket(forms["pulse-therapist"].key, Way.PLACE, practice.alba.pk)),
        "submission": str(uuid4()),
        "a-predicted_bond": "8",
    }
    assert signed_in(practice.alba).post(reverse("answer_send"), sent).status_code == 409
    skip = reverse("pulse_skip", kwargs={"key": forms["pulse"].meeting_id})
    signed_in(practice.alba).post(skip)
    own = Asking.objects.get(pk=forms["pulse-therapist"].pk)
    assert own.withdrawn_at is None
    assert own.answered_at is not None


def test_an_alert_shows_no_rating_of_another_meeting_that_is_still_guessed(
    practice: SimpleNamespace,
) -> None:
    with_pulses(practice.teos)
    between = meet(practice.teos, days_ago=2)
    give(ask(practice.teos, between), **dict.fromkeys(("bond", "goal", "task", "voice"), 3))
    ask(practice.teos, between, "pulse-therapist", Rater.THERAPIST)
    (alert,) = pulse(practice.teos, 1, days_ago=1)
    page = signed_in(practice.alba).get(reverse("alert_page", kwargs={"key": alert.key}))
    dots = page.content.decode().count("<title>")
    Asking.objects.filter(meeting=between, rater=Rater.THERAPIST).update(withdrawn_at=timezone.now())
    again = signed_in(practice.alba).get(reverse("alert_page", kwargs={"key": alert.key}))
    assert again.content.decode().count("<title>") == dots + 1


@pytest.mark.parametrize(
    "name",
    [
        "home", "client_page", "client_course", "client_repairs", "client_goals", "client_agenda",
        "gap_page", "review_page", "episode_plan", "meeting_page", "pulse_own",
    ],
)  # fmt: skip
def test_no_page_of_the_therapist_tells_an_answer_before_their_own(
    practice: SimpleNamespace, name: str
) -> None:
    """The same page with a low answer and with a high one, letter for letter."""
    with_pulses(practice.teos)
    meeting = held_today(practice.teos)
    ask(practice.teos, meeting, "pulse-therapist", Rater.THERAPIST)
    form = ask(practice.teos, meeting)
    Asking.objects.filter(meeting=meeting).update(expires_at=timezone.now() + timedelta(days=7))
    given_now = give(form, bond=2, goal=1, task=2, voice=2, strain=0, differently="MARKED-WISH")
    keys = {
        "home": {},
        "gap_page": {"key": practice.teos.episode.key},
        "review_page": {"key": practice.teos.episode.key},
        "episode_plan": {"key": practice.teos.episode.key},
        "meeting_page": {"key": meeting.key},
        "pulse_own": {"key": meeting.key},
    }
    url = reverse(name, kwargs=keys.get(name, {"key": practice.teos.client.key}))
    low = _page(practice, url)
    given_now.values = '{"bond": 10, "goal": 10, "task": 10, "voice": 10, "strain": 0}'
    given_now.save()
    assert low == _page(practice, url)
    assert "MARKED-WISH" not in low


def _page(practice: SimpleNamespace, url: str) -> str:
    text = signed_in(practice.alba).get(url).content.decode()
    return re.sub(r'value="[^"]{30,}"|[0-9a-f]{8}-[0-9a-f-]{27}', "", text)


# -- the tablet --------------------------------------------------------------------------------------


def _tablet(practice: SimpleNamespace) -> Browser:
    browser = signed_in(practice.alba)
    browser.post(reverse("kiosk_begin"))
    return browser


@pytest.mark.parametrize("clearing", ["clear", "leave"])
def test_clearing_the_tablet_gives_no_new_tries(practice: SimpleNamespace, clearing: str) -> None:
    code, browser = make_code(actor=practice.alba, asking=asked_of(practice, "teos")), _tablet(practice)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(6):
        browser.post(reverse("kiosk"), {"code": wrong})
        if clearing == "clear":
            browser.post(reverse("kiosk"), {"clear": "1"})
        else:
            browser.get(reverse("kiosk_leave"))
    page = browser.post(reverse("kiosk"), {"code": code})
    assert page.status_code == 422
    assert "wait a minute" in page.content.decode()


def test_help_on_the_tablet_leads_nowhere_else(practice: SimpleNamespace) -> None:
    asking = asked(practice.teos)["pulse"]
    Asking.objects.filter(pk=asking.pk).update(instrument="phq-9", instrument_version="1")
    HelpLine.objects.create(name="A line", number="555 0100", address="https://line.example.org")
    Practice.objects.update(time_zone="Europe/Madrid")
    browser = _tablet(practice)
    browser.post(reverse("kiosk"), {"code": make_code(actor=practice.alba, asking=asking)})
    page = browser.get(reverse("kiosk"))
    sent = {"ticket": str(page.context["ticket"]), "submission": str(uuid4()), "a-q9": "1"}
    thanks = browser.post(reverse("answer_send"), sent).content.decode()
    assert "data-urgent" in thanks
    assert all(number in thanks for number in ("555 0100", "112"))
    assert "tel:" not in thanks
    assert 'href="http' not in thanks


# -- what is left behind -------------------------------------------------------------------------------


def test_a_program_reads_no_numbers_from_which_a_therapist_could_count_what_is_missing(
    practice: SimpleNamespace,
) -> None:
    """The page hides them from somebody who is both; a token is no way around it."""
    practice.alba.roles = frozenset({Role.THERAPIST, Role.MANAGER})
    practice.alba.save()
    send_word(
        actor=practice.teo,
        client=practice.teos.client,
        episode=practice.teos.episode,
        contact=None,
        text="A word.",
        wants_answer=False,
        key=uuid4(),
    )
    assert Entry.objects.exists()
    both = json.loads(program(practice.alba)("get", "/audit").content)["items"]
    assert {line["number"] for line in both} == {None}
    alone = json.loads(program(practice.mara)("get", "/audit").content)["items"]
    assert all(isinstance(line["number"], int) for line in alone)


def test_after_erasing_nothing_says_what_was_asked_of_somebody(practice: SimpleNamespace) -> None:
    form = plans.plannable()["phq-9"]
    plans.change(
        actor=practice.alba, form=form, episode=practice.teos.episode, every=4, letter=False, version=0
    )
    erase_client(actor=practice.mara, client=practice.teos.client)
    assert not Plan.objects.filter(episode=practice.teos.episode).exists()

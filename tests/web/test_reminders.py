"""Letters with links: when, to whom, once each, without content, until somebody says stop."""

from __future__ import annotations

import re
import threading
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from openrapport_web.audit.models import Entry
from openrapport_web.caseload.models import MeetingState
from openrapport_web.feedback import reminders
from openrapport_web.feedback.models import Asking, AskLink, LetterTimes, Plan, ReminderChoice
from openrapport_web.people.models import Practice
from tests.web.answers import answered, asked
from tests.web.conftest import signed_in

MADRID = ZoneInfo("Europe/Madrid")
DAY = timedelta(days=1)


def at(day: int, hour: int, month: int = 6) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=MADRID)


MEETING = at(10, 18)


@pytest.fixture
def form(practice: SimpleNamespace) -> Asking:
    Practice.objects.update(time_zone="Europe/Madrid")
    return asked(practice.teos, at=MEETING)


def sent_until(end: datetime, start: datetime = MEETING) -> list[datetime]:
    """Go through the time in steps of half an hour, as the worker does each minute."""
    seen, now = [], start
    while now <= end:
        if reminders.send_due(now):
            seen.append(now)
        now += timedelta(minutes=30)
    return seen


def test_a_link_after_the_meeting_the_next_day_and_after_three_days(form: Asking) -> None:
    assert sent_until(MEETING + 8 * DAY) == [at(10, 18), at(11, 18), at(13, 18)]
    form.refresh_from_db()
    assert form.letters == 3
    assert Entry.objects.filter(action="letter.sent", client=form.client_id).count() == 3


def test_nothing_goes_out_before_the_form_opens_or_after_it_closes(form: Asking) -> None:
    assert reminders.send_due(MEETING - timedelta(minutes=1)) == 0
    assert reminders.send_due(form.expires_at) == 0


def test_letters_say_nothing_of_the_person_and_bring_a_link_that_works(
    form: Asking, practice: SimpleNamespace
) -> None:
    now = timezone.now()
    Asking.objects.filter(pk=form.pk).update(opens_at=now, expires_at=now + 7 * DAY)
    reminders.send_due()
    (letter,) = mail.outbox
    text = letter.subject + str(letter.body)
    assert letter.to == ["teo@example.org"]
    for told in ("Teo", "Alba", "pulse", "Pulse", "therap", "session"):
        assert told not in text.replace("openrapport", "")
    (link,) = re.findall(r"\S+questions/link\S+", str(letter.body))
    response = Browser().get(link.partition("//")[2].partition("/")[2].join(["/", ""]), follow=True)
    assert response.status_code == 200
    assert "my therapist was on my side" in response.content.decode().lower()


def test_only_hashes_of_links_are_kept_and_each_letter_has_its_own(form: Asking) -> None:
    sent_until(MEETING + 2 * DAY)
    tokens = [re.search(r"link\?link=(\S+)", str(letter.body))[1] for letter in mail.outbox]  # type: ignore[index]
    assert len(set(tokens)) == 2
    kept = set(AskLink.objects.values_list("token_hash", flat=True))
    assert len(kept) == 2
    assert not kept & set(tokens)


def test_forms_of_one_meeting_come_in_one_letter(form: Asking, practice: SimpleNamespace) -> None:
    asked(practice.teos, "phq-9", at=MEETING)
    assert reminders.send_due(MEETING) == 1
    (letter,) = mail.outbox
    assert str(letter.body).count("link?link=") == 2
    assert "phq" not in str(letter.body).lower()


def test_the_letter_is_in_the_clients_language(form: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.utils import translation

    seen: list[str | None] = []
    monkeypatch.setattr(
        "openrapport_web.feedback.letters.render_to_string",
        lambda *_: seen.append(translation.get_language()) or "",  # type: ignore[func-returns-value]
    )
    form.client.language = "es"
    form.client.save()
    reminders.send_due(MEETING)
    assert seen == ["es"]


# -- stopping ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["answered", "withdrawn", "ended", "cancelled", "erased", "stopped"])
def test_it_stops(form: Asking, practice: SimpleNamespace, what: str) -> None:
    reminders.send_due(MEETING)
    now = timezone.now()
    if what == "answered":
        answered(form, {"bond": 5})
    elif what == "withdrawn":
        Asking.objects.update(withdrawn_at=now)
    elif what == "ended":
        practice.teos.episode.ends_on, practice.teos.episode.ending = MEETING.date(), "planned"
        practice.teos.episode.save()
    elif what == "cancelled":
        practice.teos.meeting.state = MeetingState.CANCELLED
        practice.teos.meeting.save()
    elif what == "erased":
        practice.teos.client.erased_at = now
        practice.teos.client.save()
    else:
        reminders.stop_by_letter(token=reminders.stop_token(form.client))
    mail.outbox.clear()
    assert sent_until(MEETING + 8 * DAY) == []


def test_a_form_answered_while_the_round_goes_on_gets_no_letter(
    form: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = reminders._due

    def then_answered(*given: Any) -> Any:
        found = due(*given)
        answered(Asking.objects.get(pk=form.pk), {"bond": 5})
        return found

    monkeypatch.setattr(reminders, "_due", then_answered)
    assert reminders.send_due(MEETING) == 0
    assert mail.outbox == []


def stop_link() -> str:
    header = str(mail.outbox[0].extra_headers["List-Unsubscribe"])
    return "/" + header.strip("<>").partition("//")[2].partition("/")[2]


def test_one_press_in_a_letter_stops_them_without_sign_in(form: Asking) -> None:
    reminders.send_due(MEETING)
    anybody = Browser(enforce_csrf_checks=True)
    assert "No more letters?" in anybody.get(stop_link()).content.decode()
    assert reminders.wanted(form.client), "to look at the page stops nothing"
    assert mail.outbox[0].extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for _ in range(2):  # what a mail program sends; twice does no harm
        answer = anybody.post(stop_link(), {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert not reminders.wanted(form.client)
    assert Entry.objects.filter(action="letters.stopped").count() == 1


@pytest.mark.parametrize("token", ["", "wrong", "x" * 10_000, "nul\0"])
def test_a_wrong_link_stops_nobody(form: Asking, token: str) -> None:
    reminders.send_due(MEETING)
    response = Browser().post(reverse("letters_stop"), {"link": token})
    assert response.status_code == 404
    assert reminders.wanted(form.client)


def test_a_client_switches_letters_off_and_on_in_their_place(
    form: Asking, practice: SimpleNamespace
) -> None:
    teo, url = signed_in(practice.teo), reverse("my_letters")
    assert "Reminders are on" in teo.get(url).content.decode()
    teo.post(url, {"letters": "off"})
    assert "Reminders are off" in teo.get(url).content.decode()
    assert reminders.send_due(MEETING) == 0
    teo.post(url, {"letters": "on"})
    assert reminders.send_due(MEETING) == 1
    said = Entry.objects.filter(action__startswith="letters.").values_list("actor", flat=True)
    assert list(said) == [practice.teo.key] * 2


# -- the practice's choice -----------------------------------------------------------------------------


def test_the_manager_says_when_within_bounds(form: Asking, practice: SimpleNamespace) -> None:
    mara, url = signed_in(practice.mara), reverse("plan_page")
    sent = {"first_after_days": "2", "second_after_days": "0", "version": 0}
    assert mara.post(url, sent).status_code == 302
    assert sent_until(MEETING + 8 * DAY) == [at(12, 18)]
    assert mara.post(url, {**sent, "version": 0}).status_code == 422, "somebody saved in between"


@pytest.mark.parametrize(
    "wrong",
    [
        {"first_after_days": "9"},
        {"second_after_days": "30"},
        {"first_after_days": "3", "second_after_days": "2"},
        {"first_after_days": "0", "second_after_days": "3"},
        {"first_after_days": "soon"},
    ],
)
def test_times_that_make_no_sense_are_refused(practice: SimpleNamespace, wrong: dict[str, str]) -> None:
    sent = {"first_after_days": "1", "second_after_days": "3", "version": 0, **wrong}
    assert signed_in(practice.mara).post(reverse("plan_page"), sent).status_code == 422
    assert not LetterTimes.objects.exists()


def test_a_plan_without_letters_sends_none(form: Asking, practice: SimpleNamespace) -> None:
    Plan.objects.create(instrument="pulse", by_letter=True)
    Plan.objects.create(instrument="pulse", by_letter=False, episode=practice.teos.episode)
    assert sent_until(MEETING + 8 * DAY) == []


def test_without_an_address_nothing_is_sent_and_the_therapist_sees_it(
    form: Asking, practice: SimpleNamespace
) -> None:
    practice.teos.client.user = None
    practice.teos.client.save()
    assert sent_until(MEETING + 8 * DAY) == []
    url = reverse("episode_plan", kwargs={"key": practice.teos.episode.key})
    assert "No e-mail address is known" in signed_in(practice.alba).get(url).content.decode()


# -- clocks and workers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opens", "hours"),
    [
        (at(24, 18, month=10), 25),  # the night in which an hour comes twice
        (datetime(2026, 3, 28, 18, tzinfo=MADRID), 23),  # the night in which an hour is skipped
        (at(10, 18), 24),
    ],
)
def test_a_reminder_comes_at_the_same_time_of_the_clock(opens: datetime, hours: int) -> None:
    _, next_day, third = reminders.moments(opens, LetterTimes(), MADRID)
    assert next_day.timestamp() - opens.timestamp() == hours * 3_600
    assert (next_day.hour, third.hour) == (18, 18)


def test_reminders_come_by_day() -> None:
    late = at(10, 23)
    assert [m.hour for m in reminders.moments(late, LetterTimes(), MADRID)] == [23, 20, 20]
    early = at(10, 5)
    assert [m.hour for m in reminders.moments(early, LetterTimes(), MADRID)] == [5, 8, 8]


def test_after_a_long_pause_one_letter_goes_out_not_three(form: Asking) -> None:
    assert sent_until(MEETING + 6 * DAY, start=MEETING + 5 * DAY) == [MEETING + 5 * DAY]


def test_a_letter_that_fails_is_tried_again(form: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.EmailMessage.send", _down)
        assert reminders.send_due(MEETING) == 0
        assert not AskLink.objects.exists()
    assert reminders.send_due(MEETING + timedelta(minutes=1)) == 0, "not at once"
    assert reminders.send_due(MEETING + timedelta(minutes=11)) == 1
    assert sent_until(MEETING + 8 * DAY, start=MEETING + timedelta(minutes=30)) == [
        at(11, 18),
        at(13, 18),
    ]


def _down(_letter: Any) -> None:
    raise OSError("the server of letters is away")


def test_two_workers_at_once_send_each_letter_once(
    transactional_db: None, practice: SimpleNamespace
) -> None:
    Practice.objects.update(time_zone="Europe/Madrid")
    for _ in range(6):
        asked(practice.teos, meeting=None, at=MEETING)
        asked(practice.cleos, meeting=None, at=MEETING)
    start = threading.Barrier(3)
    faults: list[BaseException] = []

    def work() -> None:
        try:
            start.wait()
            reminders.send_due(MEETING)
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert faults == []
    links = [link for letter in mail.outbox for link in re.findall(r"link\?link=\S+", str(letter.body))]
    assert len(links) == 12
    assert set(Asking.objects.values_list("letters", flat=True)) == {1}
    assert ReminderChoice.objects.count() == 2


def test_many_forms_take_a_constant_number_of_questions_to_look_at(
    practice: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        asked(practice.teos, meeting=None, at=MEETING)
    with django_assert_max_num_queries(4):
        reminders.send_due(MEETING - DAY)

"""Clients, episodes, meetings and notes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from openrapport_web.audit.models import Entry
from openrapport_web.caseload import actions
from openrapport_web.caseload.models import (
    Client,
    Episode,
    Meeting,
    MeetingState,
    NoteVersion,
)
from tests.web.conftest import make_client, signed_in

NEW_CLIENT = {
    "name": "Somebody",
    "email": "",
    "phone": "",
    "language": "en",
    "starts_on": "2026-02-02",
    "format": "individual",
    "referral": "came by a friend",
}


def test_a_therapist_adds_a_client_with_an_episode_and_a_key(practice: SimpleNamespace) -> None:
    response = signed_in(practice.alba).post(reverse("client_new"), NEW_CLIENT)
    client = Client.objects.get(name="Somebody")
    assert response["Location"] == reverse("client_page", kwargs={"key": client.key})
    episode = client.episodes.get()
    assert (episode.therapist, episode.referral) == (practice.alba, "came by a friend")
    assert b"friend" not in bytes(episode.sealed_referral)


def test_a_manager_gives_a_new_client_to_a_therapist(practice: SimpleNamespace) -> None:
    data = {**NEW_CLIENT, "therapist": str(practice.nell.key)}
    signed_in(practice.mara).post(reverse("client_new"), data)
    assert Episode.objects.get(client__name="Somebody").therapist == practice.nell


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 121},
        {"name": "nul\0"},
        {"email": "no address"},
        {"starts_on": "1021-02-02"},
        {"starts_on": "soon"},
        {"format": "crowd"},
        {"language": "xx"},
        {"referral": "x" * 4_001},
    ],
)
def test_a_wrong_form_comes_back_and_nothing_is_made(
    practice: SimpleNamespace, wrong: dict[str, str]
) -> None:
    response = signed_in(practice.alba).post(reverse("client_new"), {**NEW_CLIENT, **wrong})
    assert response.status_code == 422
    assert not Client.objects.filter(episodes__starts_on=date(2026, 2, 2)).exists()


def test_the_later_of_two_editors_is_shown_what_changed(practice: SimpleNamespace) -> None:
    url = reverse("client_edit", kwargs={"key": practice.teos.client.key})
    first = {"name": "Teo A", "email": "", "phone": "1", "language": "en", "version": 1}
    assert signed_in(practice.alba).post(url, first).status_code == 302
    second = {**first, "name": "Teo B"}
    response = signed_in(practice.mara).post(url, second)
    page = response.content.decode()
    assert response.status_code == 422
    assert "Now it says: Teo A" in page
    assert 'value="Teo B"' in page
    assert 'name="version" value="2"' in page
    assert signed_in(practice.mara).post(url, {**second, "version": 2}).status_code == 302
    assert Client.objects.get(pk=practice.teos.client.pk).name == "Teo B"


def test_a_note_lies_encrypted_and_keeps_its_versions(practice: SimpleNamespace) -> None:
    browser, episode = signed_in(practice.alba), practice.teos.episode
    browser.post(
        reverse("note_new", kwargs={"key": episode.key}), {"text": "first words", "version": 0}
    )
    note = episode.notes.order_by("-made_at").first()
    edit = reverse("note_edit", kwargs={"key": note.key})
    browser.post(edit, {"text": "second words", "version": 1})
    page = browser.get(reverse("note_page", kwargs={"key": note.key})).content.decode()
    assert "first words" in page
    assert "second words" in page
    assert all(b"words" not in bytes(v.sealed_text) for v in NoteVersion.objects.all())
    late = browser.post(edit, {"text": "third words", "version": 1})
    assert "Now it says: second words" in late.content.decode()
    assert note.versions.count() == 2


def test_a_look_at_a_client_and_a_note_is_recorded(practice: SimpleNamespace) -> None:
    browser = signed_in(practice.alba)
    browser.get(reverse("client_page", kwargs={"key": practice.teos.client.key}))
    browser.get(reverse("note_page", kwargs={"key": practice.teos.note.key}))
    seen = Entry.objects.filter(client=practice.teos.client.key, actor=practice.alba.key)
    assert {"client.read", "note.read"} <= set(seen.values_list("action", flat=True))


def test_a_manager_sees_no_notes_and_no_words_of_a_referral(practice: SimpleNamespace) -> None:
    episode = practice.teos.episode
    episode.referral = "a private reason"
    episode.save()
    page = signed_in(practice.mara).get(
        reverse("client_page", kwargs={"key": practice.teos.client.key})
    )
    assert "private" not in page.content.decode()
    assert "Write a note" not in page.content.decode()


def test_a_weekly_series_keeps_the_time_of_the_clock_across_its_change(
    practice: SimpleNamespace,
) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    with timezone.override(berlin):
        made = actions.plan_meetings(
            actor=practice.alba,
            episode=practice.teos.episode,
            starts_at=datetime(2026, 10, 19, 10, tzinfo=berlin),
            minutes=50,
            mode="video",
            weeks=2,
        )
    # Clocks go back on 25 October 2026.
    assert [m.starts_at.astimezone(berlin).hour for m in made] == [10, 10]
    assert made[1].starts_at - made[0].starts_at == timedelta(days=7, hours=1)


def test_ending_an_episode_cancels_what_was_planned_after_it(practice: SimpleNamespace) -> None:
    episode = practice.teos.episode
    ahead = Meeting.objects.create(
        episode=episode,
        client=episode.client,
        therapist=episode.therapist,
        starts_at=timezone.now() + timedelta(days=9),
    )
    url = reverse("episode_end", kwargs={"key": episode.key})
    data = {
        "ends_on": str(timezone.localdate()),
        "ending": "planned",
        "reason": "goals met",
        "version": 1,
    }
    assert signed_in(practice.alba).post(url, data).status_code == 302
    ahead.refresh_from_db()
    episode.refresh_from_db()
    assert (ahead.state, episode.ending, episode.reason) == (
        MeetingState.CANCELLED,
        "planned",
        "goals met",
    )
    new = reverse("meeting_new", kwargs={"key": episode.key})
    late = signed_in(practice.alba).post(
        new, {"starts_at": "2027-01-04T10:00", "minutes": 50, "mode": "video", "weeks": 1, "version": 0}
    )
    assert "This episode has ended" in late.content.decode()


def test_an_episode_cannot_end_before_it_begins(practice: SimpleNamespace) -> None:
    url = reverse("episode_end", kwargs={"key": practice.teos.episode.key})
    data = {"ends_on": "2025-01-01", "ending": "planned", "reason": "", "version": 1}
    assert "lies before the first one" in signed_in(practice.alba).post(url, data).content.decode()


def test_a_meeting_ahead_cannot_have_been_held(practice: SimpleNamespace) -> None:
    meeting = practice.teos.meeting
    meeting.starts_at, meeting.state = timezone.now() + timedelta(days=1), MeetingState.PLANNED
    meeting.save()
    url = reverse("meeting_state", kwargs={"key": meeting.key})
    signed_in(practice.alba).post(url, {"state": "held", "version": 1})
    meeting.refresh_from_db()
    assert meeting.state == MeetingState.PLANNED


def test_a_calendar_program_gets_times_and_no_names(practice: SimpleNamespace) -> None:
    meeting = practice.teos.meeting
    meeting.starts_at = timezone.now() + timedelta(days=1)
    meeting.save()
    token = actions.new_feed(actor=practice.alba)
    browser = signed_in(practice.rui)
    response = browser.get(reverse("calendar_feed", kwargs={"token": token}))
    (event,) = Calendar.from_ical(response.content).walk("VEVENT")
    assert event["DTSTART"].dt == meeting.starts_at.replace(microsecond=0)
    assert b"Teo" not in response.content
    again = browser.get(response.request["PATH_INFO"], headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304
    actions.new_feed(actor=practice.alba)
    assert browser.get(response.request["PATH_INFO"]).status_code == 404


def test_the_calendar_of_somebody_who_left_is_closed(practice: SimpleNamespace) -> None:
    token = actions.new_feed(actor=practice.alba)
    practice.alba.is_active, practice.alba.left_on = False, timezone.localdate()
    practice.alba.save()
    assert (
        signed_in(practice.rui).get(reverse("calendar_feed", kwargs={"token": token})).status_code
        == 404
    )


def _fill(practice: SimpleNamespace, n: int) -> None:
    for i in range(n):
        client = make_client(f"Client {i}")
        episode = Episode.objects.create(
            client=client, therapist=practice.alba, starts_on=date(2026, 1, 5)
        )
        for day in range(3):
            Meeting.objects.create(
                episode=episode,
                client=client,
                therapist=practice.alba,
                starts_at=timezone.now() + timedelta(days=day - 1),
                state=MeetingState.HELD if day == 0 else MeetingState.PLANNED,
            )


@pytest.mark.parametrize("n", [1, 20])
def test_the_list_asks_the_same_number_of_questions_however_long_it_is(
    practice: SimpleNamespace, n: int, django_assert_num_queries: Any
) -> None:
    _fill(practice, n)
    browser = signed_in(practice.alba)
    browser.get(reverse("client_list"))
    with django_assert_num_queries(8):
        response = browser.get(reverse("client_list"))
    assert len(response.context["rows"]) == n + 1


def test_a_list_is_filtered_by_name_and_state(practice: SimpleNamespace) -> None:
    _fill(practice, 2)
    Episode.objects.filter(client__name="Client 1").update(ends_on=date(2026, 2, 1), ending="planned")
    browser = signed_in(practice.alba)

    def names(**asked: str) -> list[str]:
        rows = browser.get(reverse("client_list"), asked).context["rows"]
        return [row["client"].name for row in rows]

    assert names() == ["Client 0", "Teo"]
    assert names(state="ended") == ["Client 1"]
    assert names(state="all", q="CLIENT") == ["Client 0", "Client 1"]
    assert names(state="nonsense", page="nonsense") == ["Client 0", "Teo"]

"""People and records that every test of the web may use.

Alba is Teo's therapist. Nell is another therapist, with the client Cleo. Sami supervises Alba,
Olaf did until yesterday. Mara manages, Rui does research. Gone left the practice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from openrapport_web import crypto
from openrapport_web.caseload.actions import write_note
from openrapport_web.caseload.models import (
    Client,
    Consent,
    ConsentWording,
    Episode,
    Meeting,
    MeetingState,
    Note,
    Purpose,
)
from openrapport_web.people import letters
from openrapport_web.people.models import Practice, Role, SupervisionLink, User

PASSWORD = "a long enough sentence"  # noqa: S105


@pytest.fixture(autouse=True)
def _places_of_their_own(settings: Any, tmp_path: Path) -> None:
    """Keys and files of one test are gone with it."""
    settings.KEYS_DIR = tmp_path / "keys"
    settings.FILES_DIR = tmp_path / "files"


@pytest.fixture(autouse=True)
def _letters_arrive_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are sent while somebody goes on would arrive in the middle of another test."""
    monkeypatch.setattr(letters, "post", letters._deliver)


@pytest.fixture(autouse=True)
def _a_log_that_can_be_emptied(request: pytest.FixtureRequest) -> Iterator[None]:
    """After a test with a live server the tables are emptied, which the audit log refuses."""
    if not {"live_server", "transactional_db"} & set(request.fixturenames):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE name LIKE 'audit_entry_no_%'")
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute("DELETE FROM audit_entry")
        for _, sql in triggers:
            cursor.execute(sql)


@pytest.fixture
def browse(chromium: Chromium, live_server: Any) -> Iterator[Callable[..., Page]]:
    """Open a browser in which somebody has signed in: ``browse(practice.alba).goto("/")``."""
    opened = []

    def browse(user: User | None = None, **context: Any) -> Page:
        size = {"width": 1280, "height": 900}
        given = {"viewport": size, "reduced_motion": "reduce", "base_url": live_server.url, **context}
        opened.append(chromium.new_context(**given))
        if user is not None:
            cookie = signed_in(user).cookies[django_settings.SESSION_COOKIE_NAME]
            opened[-1].add_cookies(
                [{"name": cookie.key, "value": cookie.value, "url": live_server.url}]
            )
        return opened[-1].new_page()

    yield browse
    for context in opened:
        context.close()


def make_client(name: str, user: User | None = None) -> Client:
    client = Client(name=name, user=user)
    crypto.keyring().make(client.key)
    client.save()
    return client


def signed_in(user: User) -> Browser:
    """A browser in which somebody has signed in, with their second factor where one is required."""
    browser = Browser()
    browser.force_login(user, backend=django_settings.AUTHENTICATION_BACKENDS[1])
    session = browser.session
    session["second_factor"] = True
    session.save()
    return browser


@pytest.fixture
def practice(db: None) -> SimpleNamespace:
    """A small practice; see the top of this file."""
    Practice(name="A practice of tests", contact_email="contact@example.org").save()
    people = {
        name: User.objects.create_user(f"{name}@example.org", name.title(), roles, PASSWORD)
        for name, roles in {
            "alba": {Role.THERAPIST},
            "nell": {Role.THERAPIST},
            "sami": {Role.SUPERVISOR},
            "olaf": {Role.SUPERVISOR},
            "mara": {Role.MANAGER},
            "rui": {Role.RESEARCHER},
            "gone": {Role.THERAPIST},
            "teo": {Role.CLIENT},
            "cleo": {Role.CLIENT},
        }.items()
    }
    who = SimpleNamespace(**people)
    today = timezone.localdate()
    who.gone.left_on, who.gone.is_active = today, False
    who.gone.save()
    SupervisionLink.objects.create(supervisor=who.sami, therapist=who.alba, starts_on=date(2020, 1, 1))
    SupervisionLink.objects.create(
        supervisor=who.olaf,
        therapist=who.alba,
        starts_on=date(2020, 1, 1),
        ends_on=today - timedelta(days=1),
    )
    who.teos = _in_care(who.teo, who.alba)
    who.cleos = _in_care(who.cleo, who.nell)
    return who


@dataclass
class InCare:
    client: Client
    episode: Episode
    meeting: Meeting
    note: Note


def _in_care(user: User, therapist: User) -> InCare:
    client = make_client(user.name, user)
    episode = Episode.objects.create(client=client, therapist=therapist, starts_on=date(2026, 1, 5))
    meeting = Meeting.objects.create(
        episode=episode,
        client=client,
        therapist=therapist,
        starts_at=datetime(2026, 3, 2, 10, tzinfo=timezone.get_current_timezone()),
        state=MeetingState.HELD,
    )
    note = write_note(actor=therapist, episode=episode, text="A note for the tests.", version=0)
    return InCare(client, episode, meeting, note)


def give_consent(client: Client, *purposes: Purpose) -> None:
    for purpose in purposes:
        wording, _ = ConsentWording.objects.get_or_create(
            purpose=purpose, number=1, language="en", defaults={"text": "What you agree to."}
        )
        Consent.objects.create(client=client, purpose=purpose, wording=wording, given_at=timezone.now())

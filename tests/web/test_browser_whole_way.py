"""The whole way in a real browser: invited, agreed, brought in, shared, read, taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from openrapport.demo import demo_path
from openrapport_web.audit.chain import verify
from openrapport_web.caseload.models import Purpose
from openrapport_web.place.actions import ask_for_deletion
from openrapport_web.recordings.models import StoredReport, TranscriptVersion
from tests.web.codes import code_of
from tests.web.conftest import PASSWORD, give_consent
from tests.web.pages import check_page
from tests.web.test_browser_sessions import analyse_what_waits
from tests.web.test_browser_signing_in import sign_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.usefixtures("live_server"),
]

Browse = Callable[..., Page]
LATER = "You can take this back at any time, here."


@pytest.fixture(autouse=True)
def _address(settings: Any, live_server: Any, tmp_path: Path) -> None:
    settings.ORIGIN, settings.HOME = live_server.url, tmp_path


def _therapist_signs_in(browse: Browse, practice: SimpleNamespace) -> Page:
    """With a password and, since nobody of the practice goes without, a second step."""
    page = browse()
    sign_in(page, practice.alba.email)
    page.get_by_role("link", name="Set up an app").click()
    if page.get_by_label("Password").is_visible():
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()
    page.get_by_text("It cannot read the picture").click()
    page.get_by_label("Authenticator code").fill(code_of(page.locator("code").inner_text()))
    page.get_by_role("button", name="Use this app").click()
    page.wait_for_url("**/recovery-codes/")
    page.goto("/")
    return page


def _client_comes_in(browse: Browse, link: str) -> Page:
    """On a phone, with a password; a second step is offered and left for later."""
    phone = browse(viewport={"width": 390, "height": 800}, has_touch=True)
    phone.goto(link)
    phone.get_by_label("Password", exact=True).fill(PASSWORD)
    phone.get_by_label("The password once more").fill(PASSWORD)
    phone.get_by_role("button", name="Make my account").click()
    phone.goto("/")
    return phone


def test_from_invitation_to_taking_it_back(
    practice: SimpleNamespace, browse: Browse, tmp_path: Path
) -> None:
    teo = practice.teos.client
    teo.user = None
    teo.save()
    therapist = _therapist_signs_in(browse, practice)
    therapist.get_by_role("link", name="Clients", exact=True).first.click()
    therapist.get_by_role("link", name="Teo").click()
    therapist.goto(reverse("client_invite", kwargs={"key": teo.key}))
    therapist.get_by_label("E-mail address").fill("teo@example.net")
    therapist.get_by_role("button", name="Invite").click()
    client = _client_comes_in(browse, therapist.get_by_label("Link", exact=True).input_value())

    client.get_by_role("link", name="What I agree to").locator("visible=true").first.click()
    for purpose in (Purpose.TRANSCRIBE, Purpose.ANALYSE):
        section = client.locator("section", has=client.get_by_role("heading", name=str(purpose.label)))
        section.get_by_role("button", name="I agree").click()
        expect(client.get_by_text(LATER)).to_be_visible()

    session = reverse("session_open", kwargs={"key": practice.teos.meeting.key})
    therapist.goto(session)
    with demo_path() as path:
        therapist.get_by_label("Transcript or recording").set_input_files(path)
        expect(therapist.get_by_role("button", name="Cancel the analysis")).to_be_visible()
    analyse_what_waits()
    therapist.get_by_role("link", name="Report, version 1").click()
    expect(therapist.get_by_role("heading", name="Transcript")).to_be_visible()
    report = therapist.url

    client.goto(report)
    expect(client.get_by_role("heading", level=1)).to_have_text("There is nothing here for you")
    therapist.goto(session)
    therapist.get_by_role("button", name="Share with Teo").click()
    client.goto("/me/")
    client.get_by_role("link", name="Session of").first.click()
    expect(client.get_by_role("heading", name="Transcript")).to_be_visible()
    client.goto("/me/log")
    expect(client.get_by_text("Alba").first).to_be_visible()

    client.goto("/consents/")
    client.locator(
        "section", has=client.get_by_role("heading", name=str(Purpose.TRANSCRIBE.label))
    ).get_by_role("link", name="Take this back").click()
    client.get_by_role("button", name="Take it back").click()
    expect(client.get_by_role("heading", level=1)).to_contain_text("Taken back")
    therapist.goto(report)
    expect(therapist.get_by_role("heading", name="Transcript")).to_have_count(0)
    assert not StoredReport.objects.exists()
    assert not TranscriptVersion.objects.filter(deleted_at=None).exists()
    assert list(verify()) == []


@pytest.mark.parametrize(
    ("who", "name", "about"),
    [
        ("alba", "home", None),
        ("mara", "home", None),
        ("teo", "home", None),
        ("sami", "home", None),
        ("rui", "home", None),
        ("alba", "client_list", None),
        ("mara", "client_list", None),
        ("alba", "client_new", None),
        ("alba", "client_page", "client"),
        ("mara", "client_page", "client"),
        ("alba", "client_edit", "client"),
        ("alba", "episode_edit", "episode"),
        ("alba", "episode_end", "episode"),
        ("alba", "meeting_new", "episode"),
        ("alba", "meeting_page", "meeting"),
        ("alba", "meeting_edit", "meeting"),
        ("alba", "note_new", "episode"),
        ("alba", "note_page", "note"),
        ("alba", "note_edit", "note"),
        ("alba", "calendar_page", None),
        ("teo", "consent_page", None),
        ("teo", "my_place", None),
        ("teo", "my_log", None),
        ("teo", "my_deletion", None),
        ("mara", "deletion_list", None),
        ("mara", "deletion_do", "client"),
        ("mara", "audit_page", None),
        ("mara", "audit_check", None),
    ],
)
def test_a_page_can_be_used_by_everyone(
    practice: SimpleNamespace, browse: Browse, who: str, name: str, about: str | None
) -> None:
    give_consent(practice.teos.client, Purpose.RECORD)
    ask_for_deletion(actor=practice.teo, client=practice.teos.client)
    keys = {"key": getattr(practice.teos, about).key} if about else {}
    check_page(browse(getattr(practice, who)), reverse(name, kwargs=keys))

"""Who works here: roles, leaving, supervision, the practice's settings, and one's own details."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone

from openrapport_web import access
from openrapport_web.audit.models import Entry
from openrapport_web.people import actions
from openrapport_web.people.models import Invitation, Practice, Role, SupervisionLink, User
from tests.web.conftest import PASSWORD, signed_in


def _actions() -> list[str]:
    entries = Entry.objects.exclude(action__in=("note.written", "signed_in")).order_by("number")
    return list(entries.values_list("action", flat=True))


def _at(name: str, user: User) -> str:
    return reverse(name, kwargs={"key": user.key})


# -- leaving ---------------------------------------------------------------------------------------


def test_who_leaves_is_out_at_once_and_what_they_did_stays(practice: SimpleNamespace) -> None:
    alba = Browser()
    alba.post(reverse("account_login"), {"login": practice.alba.email, "password": PASSWORD})
    session = alba.session
    session["second_factor"] = True
    session.save()
    assert alba.get("/").status_code == 200
    practice.teos.client.user = None
    practice.teos.client.save()
    actions.invite(
        actor=practice.alba,
        email="t@example.org",
        name="Teo",
        roles=[Role.CLIENT],
        client=practice.teos.client,
    )
    manager = signed_in(practice.mara)
    page = manager.get(_at("person_leave", practice.alba)).content.decode()
    assert "1 client is still in their care" in page
    assert manager.post(_at("person_leave", practice.alba)).status_code == 302
    assert alba.get("/").headers["Location"].startswith("/account/login")
    assert not alba.session.keys()
    practice.alba.refresh_from_db()
    assert (practice.alba.is_active, practice.alba.left_on) == (False, timezone.localdate())
    assert Invitation.objects.get().withdrawn_at is not None
    link = SupervisionLink.objects.get(supervisor=practice.sami)
    assert link.ends_on == timezone.localdate()
    assert practice.teos.episode.notes.count() == 1
    assert practice.alba.roles == {Role.THERAPIST}
    assert _actions()[-3:] == ["invitation.withdrawn", "supervision.ended", "person.left"]
    response = Browser().post(
        reverse("account_login"), {"login": practice.alba.email, "password": PASSWORD}
    )
    assert response.headers["Location"] == reverse("account_inactive")


def test_the_last_manager_can_neither_leave_nor_stop_managing(practice: SimpleNamespace) -> None:
    manager = signed_in(practice.mara)
    response = manager.post(_at("person_leave", practice.mara), follow=True)
    assert "last manager" in response.content.decode()
    response = manager.post(_at("person_page", practice.mara), {"roles": ["therapist"], "version": 1})
    assert "last manager" in response.content.decode()
    practice.mara.refresh_from_db()
    assert (practice.mara.left_on, practice.mara.roles) == (None, {Role.MANAGER})
    # A manager who left does not count.
    second = User.objects.create_user("m2@example.org", "Mo", {Role.MANAGER}, PASSWORD)
    actions.leave(actor=practice.mara, person=second)
    with pytest.raises(actions.LastManager):
        actions.leave(actor=practice.mara, person=practice.mara)
    actions.come_back(actor=practice.mara, person=second)
    actions.leave(actor=practice.mara, person=practice.mara)
    with pytest.raises(PermissionDenied):
        actions.come_back(actor=practice.mara, person=practice.mara)


def test_who_comes_back_has_what_they_had(practice: SimpleNamespace) -> None:
    manager = signed_in(practice.mara)
    manager.post(_at("person_return", practice.gone))
    practice.gone.refresh_from_db()
    assert access.is_here(practice.gone)
    assert practice.gone.roles == {Role.THERAPIST}
    assert _actions() == ["person.came_back"]
    manager.post(_at("person_return", practice.gone))
    assert _actions() == ["person.came_back"]


def test_a_clients_account_is_not_ended_like_a_job(practice: SimpleNamespace) -> None:
    response = signed_in(practice.mara).post(_at("person_leave", practice.teo), follow=True)
    assert "belongs to the client" in response.content.decode()
    practice.teo.refresh_from_db()
    assert practice.teo.is_active


# -- roles -----------------------------------------------------------------------------------------


def test_roles_change_and_both_states_are_written_down(practice: SimpleNamespace) -> None:
    manager = signed_in(practice.mara)
    said = {"roles": ["therapist", "supervisor"], "version": 1}
    assert manager.post(_at("person_page", practice.alba), said).status_code == 302
    practice.alba.refresh_from_db()
    assert practice.alba.roles == {Role.THERAPIST, Role.SUPERVISOR}
    entry = Entry.objects.get(action="roles.changed")
    assert entry.details == {"before": "therapist", "after": "supervisor,therapist"}


def test_of_two_managers_the_later_is_shown_what_changed(practice: SimpleNamespace) -> None:
    actions.change_roles(actor=practice.mara, person=practice.alba, roles=[Role.RESEARCHER], version=1)
    response = signed_in(practice.mara).post(
        _at("person_page", practice.alba), {"roles": ["supervisor"], "version": 1}
    )
    text = response.content.decode()
    assert "Somebody else changed this" in text
    assert "Now it says: Researcher" in text
    checked = re.findall(r'value="(\w+)"[^>]* checked', text)
    assert checked == ["supervisor"]
    practice.alba.refresh_from_db()
    assert practice.alba.roles == {Role.RESEARCHER}
    again = signed_in(practice.mara).post(
        _at("person_page", practice.alba), {"roles": ["supervisor"], "version": 2}
    )
    assert again.status_code == 302


@pytest.mark.parametrize(
    "said",
    [
        {"roles": [], "version": 1},
        {"roles": ["client"], "version": 1},
        {"roles": ["god"], "version": 1},
        {"roles": ["therapist"]},
        {"roles": ["therapist"], "version": ""},
        {"roles": ["therapist"], "version": "9" * 40},
        {"roles": ["therapist"], "version": "-1"},
        {"roles": ["therapist"], "version": ["x", "1; DROP TABLE"]},
    ],
)
def test_strange_roles_change_nothing(practice: SimpleNamespace, said: dict[str, Any]) -> None:
    response = signed_in(practice.mara).post(_at("person_page", practice.sami), said)
    assert response.status_code == 200
    practice.sami.refresh_from_db()
    assert practice.sami.roles == {Role.SUPERVISOR}
    assert _actions() == []


def test_a_client_stays_a_client_whatever_else_they_become(practice: SimpleNamespace) -> None:
    actions.change_roles(actor=practice.mara, person=practice.teo, roles=[Role.RESEARCHER], version=1)
    practice.teo.refresh_from_db()
    assert practice.teo.roles == {Role.CLIENT, Role.RESEARCHER}


# -- a lost telephone ------------------------------------------------------------------------------


def test_a_manager_takes_off_lost_second_factors_and_the_person_is_told(
    practice: SimpleNamespace,
) -> None:
    Authenticator.objects.create(user=practice.alba, type="totp", data={"secret": "x"})
    manager = signed_in(practice.mara)
    manager.post(_at("person_factor_reset", practice.alba))
    assert not Authenticator.objects.exists()
    assert _actions()[-2:] == ["second_factor.removed", "second_factor.reset"]
    [letter] = mail.outbox
    assert letter.to == [practice.alba.email]
    browser = Browser()
    browser.post(reverse("account_login"), {"login": practice.alba.email, "password": PASSWORD})
    assert browser.get("/").headers["Location"] == reverse("people_safely")
    # One's own are changed with the password, not like this.
    Authenticator.objects.create(user=practice.mara, type="totp", data={"secret": "x"})
    manager.post(_at("person_factor_reset", practice.mara))
    assert Authenticator.objects.filter(user=practice.mara).exists()


# -- supervision -----------------------------------------------------------------------------------


def _supervision(practice: SimpleNamespace, **other: Any) -> dict[str, Any]:
    said = {
        "supervisor": practice.sami.key,
        "therapist": practice.nell.key,
        "starts_on": "2026-03-01",
        "ends_on": "",
    }
    return {**said, **other}


def test_a_supervision_begins_and_ends_and_both_see_it(practice: SimpleNamespace) -> None:
    manager = signed_in(practice.mara)
    assert manager.post(reverse("supervision"), _supervision(practice)).status_code == 302
    link = SupervisionLink.objects.get(therapist=practice.nell)
    for person, sees in ((practice.sami, True), (practice.nell, True), (practice.alba, False)):
        page = signed_in(person).get(reverse("supervision")).content.decode()
        assert ("Sami supervises Nell" in page) is sees
    end = reverse("supervision_end", kwargs={"key": link.key})
    manager.post(end, {"ends_on": timezone.localdate().isoformat()})
    link.refresh_from_db()
    assert link.ends_on == timezone.localdate()
    assert _actions() == ["supervision.started", "supervision.ended"]


def test_a_supervision_that_has_not_begun_never_takes_place(practice: SimpleNamespace) -> None:
    today = timezone.localdate()
    link = actions.start_supervision(
        actor=practice.mara,
        supervisor=practice.sami,
        therapist=practice.nell,
        starts_on=today + timedelta(days=9),
        ends_on=None,
    )
    actions.end_supervision(actor=practice.mara, link=link, ends_on=today)
    assert not SupervisionLink.objects.filter(pk=link.pk).exists()


@pytest.mark.parametrize(
    "other",
    [
        {"ends_on": "2026-02-28"},
        {"starts_on": ""},
        {"starts_on": "not a day"},
        {"starts_on": "0000-00-00"},
        {"supervisor": "nobody"},
        {"supervisor": ""},
        {"therapist": "01a213cf-b043-7df0-993a-860307a09b26"},
    ],
)
def test_a_strange_supervision_is_not_set_up(practice: SimpleNamespace, other: dict[str, Any]) -> None:
    response = signed_in(practice.mara).post(reverse("supervision"), _supervision(practice, **other))
    assert response.status_code == 200
    assert b'role="alert"' in response.content
    assert SupervisionLink.objects.count() == 2


def test_people_without_the_role_are_not_linked(practice: SimpleNamespace) -> None:
    for supervisor, therapist in (
        (practice.alba, practice.nell),
        (practice.sami, practice.rui),
        (practice.sami, practice.gone),
    ):
        with pytest.raises(actions.NotPossible, match="does not have the role"):
            actions.start_supervision(
                actor=practice.mara,
                supervisor=supervisor,
                therapist=therapist,
                starts_on=timezone.localdate(),
                ends_on=None,
            )
    practice.sami.roles = {Role.SUPERVISOR, Role.THERAPIST}
    practice.sami.save()
    with pytest.raises(actions.NotPossible, match="nobody supervises themselves"):
        actions.start_supervision(
            actor=practice.mara,
            supervisor=practice.sami,
            therapist=practice.sami,
            starts_on=timezone.localdate(),
            ends_on=None,
        )


def test_two_supervisions_of_the_same_two_do_not_overlap(practice: SimpleNamespace) -> None:
    said = _supervision(practice, therapist=practice.alba.key)
    response = signed_in(practice.mara).post(reverse("supervision"), said)
    assert b"have a supervision at that time already" in response.content
    # Olaf's ended yesterday; from today on there can be a new one.
    said = {"supervisor": practice.olaf.key, "starts_on": timezone.localdate().isoformat()}
    response = signed_in(practice.mara).post(
        reverse("supervision"), _supervision(practice, therapist=practice.alba.key, **said)
    )
    assert response.status_code == 302


def test_a_supervision_is_not_ended_in_the_past(practice: SimpleNamespace) -> None:
    link = SupervisionLink.objects.get(supervisor=practice.sami)
    end = reverse("supervision_end", kwargs={"key": link.key})
    response = signed_in(practice.mara).post(end, {"ends_on": "2021-01-01"})
    assert response.status_code == 200
    link.refresh_from_db()
    assert link.ends_on is None
    over = SupervisionLink.objects.get(supervisor=practice.olaf)
    with pytest.raises(actions.NotPossible, match="ended already"):
        actions.end_supervision(actor=practice.mara, link=over, ends_on=timezone.localdate())


# -- the practice ----------------------------------------------------------------------------------

SETTINGS = {
    "name": "A practice with another name",
    "time_zone": "Europe/Madrid",
    "contact_name": "Mara",
    "contact_email": "Mara@Example.org",
    "contact_phone": "+34 600 000 000",
    "recordings_kept_days": "30",
    "version": "1",
}


def test_settings_of_the_practice_change(practice: SimpleNamespace) -> None:
    manager = signed_in(practice.mara)
    assert manager.post(reverse("practice_settings"), SETTINGS).status_code == 302
    held = Practice.get()
    assert held is not None
    assert (held.name, held.contact_email) == ("A practice with another name", "mara@example.org")
    assert (held.recordings_kept_days, held.version) == (30, 2)
    entry = Entry.objects.get(action="practice.changed")
    assert "recordings_kept_days" in entry.details["fields"]
    assert "Mara" not in str(entry.details)
    page = manager.get(reverse("practice_settings")).content.decode()
    assert "A practice with another name" in page


def test_of_two_who_change_settings_the_later_is_shown_what_changed(practice: SimpleNamespace) -> None:
    manager = signed_in(practice.mara)
    manager.post(reverse("practice_settings"), SETTINGS)
    response = manager.post(reverse("practice_settings"), {**SETTINGS, "name": "A third name"})
    text = response.content.decode()
    assert "Now it says: A practice with another name" in text
    assert "A third name" in text
    manager.post(reverse("practice_settings"), {**SETTINGS, "name": "A third name", "version": "2"})
    held = Practice.get()
    assert held is not None
    assert held.name == "A third name"


@pytest.mark.parametrize(
    "other",
    [
        {"name": ""},
        {"name": "x" * 121},
        {"time_zone": "Mars/Olympus"},
        {"contact_email": "nobody"},
        {"contact_phone": "1" * 41},
        {"recordings_kept_days": "0"},
        {"recordings_kept_days": "-5"},
        {"recordings_kept_days": "1e9"},
        {"recordings_kept_days": "9" * 400},
        {"version": ""},
    ],
)
def test_strange_settings_change_nothing(practice: SimpleNamespace, other: dict[str, str]) -> None:
    response = signed_in(practice.mara).post(reverse("practice_settings"), {**SETTINGS, **other})
    assert response.status_code == 200
    held = Practice.get()
    assert held is not None
    assert (held.name, held.version) == ("A practice of tests", 1)


# -- oneself ---------------------------------------------------------------------------------------


def test_people_change_their_own_details(practice: SimpleNamespace) -> None:
    browser = signed_in(practice.teo)
    said = {"name": " Teo   T. ", "language": "es", "time_zone": "America/Bogota"}
    assert browser.post(reverse("people_me"), said).status_code == 302
    practice.teo.refresh_from_db()
    own = practice.teo.name, practice.teo.language, practice.teo.time_zone
    assert own == ("Teo T.", "es", "America/Bogota")
    assert _actions() == ["account.changed"]


@pytest.mark.parametrize(
    "other",
    [
        {"name": ""},
        {"name": "<b>\x07</b>"},
        {"language": "xx"},
        {"time_zone": "posix/../../etc"},
        {"is_manager": "on", "roles": "manager", "email": "mara@example.org", "name": ""},
    ],
)
def test_strange_details_change_nothing(practice: SimpleNamespace, other: dict[str, str]) -> None:
    said = {"name": "T", "language": "es", "time_zone": "America/Bogota", **other}
    assert signed_in(practice.teo).post(reverse("people_me"), said).status_code == 200
    before = User.objects.get(pk=practice.teo.pk)
    assert (before.name, before.language, before.is_manager) == ("Teo", "en", False)


def test_nobody_makes_themselves_more_than_they_are(practice: SimpleNamespace) -> None:
    said = {"name": "T", "language": "en", "time_zone": "UTC", "is_manager": "on", "roles": "manager"}
    signed_in(practice.teo).post(reverse("people_me"), said)
    practice.teo.refresh_from_db()
    assert practice.teo.roles == {Role.CLIENT}


# -- cost ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["people_list", "supervision", "people_me"])
def test_pages_ask_the_database_as_often_for_many_as_for_few(
    practice: SimpleNamespace, django_assert_max_num_queries: Any, name: str
) -> None:
    manager = signed_in(practice.mara)
    manager.get(reverse(name))

    def count() -> int:
        with django_assert_max_num_queries(14) as asked:
            assert manager.get(reverse(name)).status_code == 200
        return len(asked)

    few = count()
    for number in range(20):
        user = User.objects.create_user(f"t{number}@example.org", "T", {Role.THERAPIST})
        SupervisionLink.objects.create(
            supervisor=practice.sami, therapist=user, starts_on=timezone.localdate()
        )
        actions.invite(
            actor=practice.mara, email=f"i{number}@example.org", name="I", roles=[Role.THERAPIST]
        )
    assert count() == few


def test_whoever_has_the_machine_can_take_a_lost_factor_off(practice: SimpleNamespace) -> None:
    Authenticator.objects.create(user=practice.mara, type="totp", data={"secret": "x"})
    assert actions.take_factors_off(actor=None, person=practice.mara) == 1
    assert not Authenticator.objects.filter(user=practice.mara).exists()
    entry = Entry.objects.get(action="second_factor.reset")
    assert (entry.actor, entry.subject) == (None, practice.mara.key)

"""Doors without a sign-in, and doors between people: tickets, the tablet, safety, a change of therapist."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.core import signing
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import activate

from openrapport_web import access
from openrapport_web.caseload.actions import begin_episode
from openrapport_web.caseload.models import Ending, Episode
from openrapport_web.feedback.actions import make_code, make_link
from openrapport_web.feedback.models import Answer, Asking, Rater, SafetyConcern, Way
from openrapport_web.feedback.tickets import Ticket
from openrapport_web.goals.actions import write_goal
from openrapport_web.people.models import Role
from openrapport_web.repairs.actions.words import send_word
from openrapport_web.repairs.models import PrivateWord
from tests.web.access_table import KEYS, ROWS, WHO
from tests.web.answers import form_file, own_form
from tests.web.asked import asked, asked_of, given
from tests.web.conftest import InCare, signed_in
from tests.web.programs import program


def _post(ticket: Any, browser: Browser | None = None, **more: Any) -> Any:
    sent = {"ticket": str(ticket), "submission": str(uuid4()), "a-bond": "5", **more}
    return (browser or Browser()).post(reverse("answer_send"), sent)


# -- tickets -----------------------------------------------------------------------------------------


def _tickets(p: SimpleNamespace) -> dict[str, tuple[Any, int]]:
    """Tickets that are signed rightly and still let nobody answer, and forged ones."""
    forms = asked(p.teos)
    pulse, own = forms["pulse"].key, forms["pulse-therapist"].key
    said = [pulse.hex, "link", ""]
    return {
        "a therapist's form by link": (Ticket(own, Way.LINK), 410),
        "a therapist's form on the tablet": (Ticket(own, Way.KIOSK), 410),
        "a therapist's form from paper": (Ticket(own, Way.PAPER, p.mara.pk), 410),
        "a therapist's form by another one": (Ticket(own, Way.PLACE, p.nell.pk), 410),
        "a therapist's form by the client": (Ticket(own, Way.PLACE, p.teo.pk), 410),
        "another client": (Ticket(pulse, Way.PLACE, p.cleo.pk), 410),
        "the therapist as the client": (Ticket(pulse, Way.PLACE, p.alba.pk), 410),
        "paper by the client": (Ticket(pulse, Way.PAPER, p.teo.pk), 410),
        "paper by another therapist": (Ticket(pulse, Way.PAPER, p.nell.pk), 410),
        "paper by nobody": (Ticket(pulse, Way.PAPER), 410),
        "somebody who left": (Ticket(pulse, Way.PLACE, p.gone.pk), 410),
        "nobody's form": (Ticket(uuid4(), Way.LINK), 404),
        "another use of the key": (signing.dumps(said, salt="something else"), 404),
        "not signed": (f"{said}", 404),
    }


TICKETS = (
    "a therapist's form by link", "a therapist's form on the tablet",
    "a therapist's form from paper", "a therapist's form by another one",
    "a therapist's form by the client", "another client", "the therapist as the client",
    "paper by the client", "paper by another therapist", "paper by nobody", "somebody who left",
    "nobody's form", "another use of the key", "not signed",
)  # fmt: skip


@pytest.mark.parametrize("what", TICKETS)
def test_a_ticket_lets_only_its_person_answer_only_its_form(
    practice: SimpleNamespace, what: str
) -> None:
    ticket, status = _tickets(practice)[what]
    assert _post(ticket).status_code == status
    assert not Answer.objects.exists()


def test_a_form_is_sent_by_a_press_alone(practice: SimpleNamespace) -> None:
    ticket = str(Ticket(asked_of(practice, "teos").key, Way.LINK))
    assert Browser().get(reverse("answer_send"), {"ticket": ticket}).status_code == 405
    assert not Answer.objects.exists()


@pytest.mark.parametrize(
    "when",
    [
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "2026-02-30",
        "x" * 9_000,
        "\x00",
        "1e9",
    ],
)
def test_no_clock_is_strange_enough_to_lose_an_answer(practice: SimpleNamespace, when: str) -> None:
    asking = asked_of(practice, "teos")
    assert _post(Ticket(asking.key, Way.LINK), given_at=when).status_code == 200
    at = Answer.objects.get().given_at
    assert asking.opens_at <= at <= timezone.now()


def test_looking_at_a_link_does_not_use_it_up(practice: SimpleNamespace) -> None:
    """A mail program that opens every link answers nothing and closes nothing."""
    token = make_link(asking=asked_of(practice, "teos"))
    for _ in range(3):
        url = f"{reverse('link_open')}?link={token}"
        assert Browser().head(url).status_code == 302
        assert Browser().get(url, follow=True).status_code == 200
    assert Asking.objects.get(instrument="pulse").answered_at is None


# -- the tablet ----------------------------------------------------------------------------------------


def test_a_tablet_reaches_no_other_address_by_any_method(practice: SimpleNamespace) -> None:
    browser = signed_in(practice.alba)
    browser.post(reverse("kiosk_begin"))
    key = {"key": practice.teos.client.key}
    pages = [
        "/api/v1/me", "/api/v1/clients", reverse("api_reference"), reverse("help_page"),
        reverse("letters_stop"), reverse("link_open"), reverse("link_form"), reverse("welcome"),
        reverse("first_visit"), reverse("people_me"), reverse("people_safely"),
        reverse("client_course", kwargs=key), reverse("concern_list"), reverse("audit_page"),
        reverse("demo_doors"), reverse("token_list"), reverse("paper_find"),
        "/account/password/reset/key/x-y/", "/account/2fa/", "/kiosk/codes", "/KIOSK/../",
    ]  # fmt: skip
    for page in pages:
        for method in ("get", "post", "put", "delete"):
            answer = getattr(browser, method)(page)
            assert (answer.status_code, answer.headers.get("Location")) == (302, reverse("kiosk")), page


def test_two_tablets_and_one_code(practice: SimpleNamespace) -> None:
    code = make_code(actor=practice.alba, asking=asked_of(practice, "teos"))
    one, two = signed_in(practice.alba), signed_in(practice.alba)
    for browser in (one, two):
        browser.post(reverse("kiosk_begin"))
        browser.post(reverse("kiosk"), {"code": code})
    tickets = [browser.get(reverse("kiosk")).context["ticket"] for browser in (one, two)]
    assert _post(tickets[0], one).status_code == 200
    late = _post(tickets[1], two, **{"a-bond": "9"})
    assert late.status_code == 409
    assert "value" not in str(late.context.get("kept_words"))
    assert Answer.objects.count() == 1


def test_a_code_is_nothing_outside_a_tablet(practice: SimpleNamespace) -> None:
    code = make_code(actor=practice.alba, asking=asked_of(practice, "teos"))
    page = Browser().post(reverse("kiosk"), {"code": code})
    assert page.headers["Location"] == reverse("account_login")
    page = signed_in(practice.cleo).post(reverse("kiosk"), {"code": code})
    assert page.headers["Location"] == reverse("kiosk_start")


# -- safety --------------------------------------------------------------------------------------------


def _harm_form(p: SimpleNamespace, name: str) -> Asking:
    forms = asked(p.teos)
    Asking.objects.filter(rater=Rater.THERAPIST).update(withdrawn_at=timezone.now())
    Asking.objects.filter(pk=forms["pulse"].pk).update(instrument=name, instrument_version="1")
    return Asking.objects.get(pk=forms["pulse"].pk)


@pytest.mark.parametrize("way", [Way.PLACE, Way.LINK, Way.KIOSK, Way.PAPER])
@pytest.mark.parametrize("how", ["at once", "late", "in Spanish", "a form of the practice's own"])
def test_whichever_way_it_comes_something_is_open_and_help_is_shown(
    practice: SimpleNamespace, way: Way, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, item = "phq-9", "q9"
    if how == "a form of the practice's own":
        document = form_file()
        document["items"][1] = {"key": "q2", "options": "much", "self_harm_from": 1}
        name, item = own_form(practice.mara, document).name, "q2"
    asking = _harm_form(practice, name)
    more: dict[str, Any] = {"shown_in": "es"} if how == "in Spanish" else {}
    if how == "late":
        later = asking.expires_at + timedelta(days=1)
        monkeypatch.setattr(timezone, "now", lambda: later)
    person = {Way.PLACE: practice.teo.pk, Way.PAPER: practice.alba.pk}.get(way)
    page = _post(Ticket(asking.key, way, person), **more | {f"a-{item}": "1", "a-bond": ""})
    activate("en")
    assert page.status_code == 200
    concern = SafetyConcern.objects.get()
    assert (concern.item, concern.episode) == (item, practice.teos.episode)
    text = page.content.decode()
    told = "wants a person today" if how != "in Spanish" else ""
    assert (told if way == Way.PAPER else "data-urgent") in text
    assert concern in access.concerns(practice.mara)
    seen = signed_in(practice.mara).get(reverse("concern_page", kwargs={"key": concern.key}))
    assert "What was answered</h2>" not in seen.content.decode()


def test_it_stays_open_when_the_therapist_left_and_the_work_ended(practice: SimpleNamespace) -> None:
    given(_harm_form(practice, "phq-9"), q9=3)
    concern = SafetyConcern.objects.get()
    practice.alba.left_on, practice.alba.is_active = timezone.localdate(), False
    practice.alba.save()
    Episode.objects.filter(pk=practice.teos.episode.pk).update(
        ends_on=timezone.localdate(), ending=Ending.PLANNED
    )
    assert concern in access.concerns(practice.mara)
    done = signed_in(practice.mara).post(
        reverse("concern_page", kwargs={"key": concern.key}), {"done": "Somebody called."}
    )
    assert done.status_code == 302
    concern.refresh_from_db()
    assert concern.done_by == practice.mara


# -- looking -------------------------------------------------------------------------------------------

# What a look may write: that somebody looked, that somebody is there, and the text of a consent as
# it is shown for the first time.
LOOKS = (
    "caseload_consentwording",
    "audit_entry",
    "django_session",
    "usersessions_usersession",
    "cache",
    "SAVEPOINT",
)


def _written(browser: Browser, url: str) -> set[str]:
    found = set()

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE", "REPLACE")):
            found.add(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        browser.get(url)
    return {sql for sql in found if not any(table in sql for table in LOOKS)}


def test_looking_changes_nothing(practice: SimpleNamespace) -> None:
    rows = [(name, row) for name, row in ROWS if row.method == "get" and row.own]
    assert len(rows) > 90
    urls = [
        (who, reverse(name, kwargs=KEYS[row.about](practice, "teos") if row.about else {}))
        for name, row in rows
        for who in sorted(row.own - {"nobody", "left"})[:2]
    ]
    browsers = {who: signed_in(getattr(practice, WHO[who] or "")) for who, _ in urls}
    wrote = {f"{who} {url}": _written(browsers[who], url) for who, url in urls}
    assert {where: sql for where, sql in wrote.items() if sql} == {}


# -- between therapists ----------------------------------------------------------------------------------


def test_one_therapist_after_the_other_reads_their_own_part_alone(practice: SimpleNamespace) -> None:
    """Teo goes on with Nell. Neither of the two therapists reaches what belongs to the other."""
    p = practice
    second = begin_episode(
        actor=p.mara, client=p.teos.client, therapist=p.nell, starts_on=timezone.localdate(),
        format="individual",
    )  # fmt: skip
    care = InCare(p.teos.client, second, p.teos.meeting, p.teos.note)
    about = {"actor": p.teo, "client": p.teos.client, "contact": None, "wants_answer": False}
    for episode in (p.teos.episode, second):
        write_goal(actor=p.teo, episode=episode, text=f"A goal with {episode.therapist.name}")
        send_word(**about, episode=episode, text="A word.", key=uuid4())
        InCare(p.teos.client, episode, p.teos.meeting, p.teos.note)
    for one in (p.teos, care):
        forms = asked(one)
        Asking.objects.filter(rater=Rater.THERAPIST).update(withdrawn_at=timezone.now())
        given(forms["pulse"], bond=4, strain=2)
    client = {"key": p.teos.client.key}
    for user, own, other in ((p.alba, p.teos.episode, second), (p.nell, second, p.teos.episode)):
        for seen in (access.goals, access.words, access.alerts, access.repairs):
            assert {r.episode_id for r in seen(user)} <= {own.pk}, seen
        assert {a.asking.episode_id for a in access.answers(user)} == {own.pk}
        browser = signed_in(user)
        page = browser.get(reverse("client_goals", kwargs=client)).content.decode()
        assert f"A goal with {other.therapist.name}" not in page
        for name in ("gap_page", "review_page", "episode_plan", "goal_new", "repair_new"):
            assert browser.get(reverse(name, kwargs={"key": other.key})).status_code == 404
        asked_for = browser.get(f"{reverse('client_course', kwargs=client)}?episode={other.key}")
        assert other.therapist.name not in asked_for.content.decode()
        word = PrivateWord.objects.get(episode=other)
        assert browser.get(reverse("word_page", kwargs={"key": word.key})).status_code == 404
        bundle = browser.post(reverse("client_answers_fhir", kwargs=client)).json()
        assert len(bundle["entry"]) == 1


def test_somebody_who_is_client_and_therapist_here_sees_each_in_its_place(
    practice: SimpleNamespace,
) -> None:
    """Nell is in Alba's care: what Cleo told her as a therapist is not among her own answers."""
    p = practice
    p.nell.roles = frozenset({Role.THERAPIST, Role.CLIENT})
    p.nell.save()
    p.teos.client.user = p.nell
    p.teos.client.save()
    forms = asked(p.cleos)
    Asking.objects.filter(rater=Rater.THERAPIST).update(withdrawn_at=timezone.now())
    answer = given(forms["pulse"])
    browser = signed_in(p.nell)
    assert str(answer.key) not in browser.get(reverse("my_questions")).content.decode()
    assert browser.get(reverse("my_answer", kwargs={"key": answer.key})).status_code == 404
    key = asked_of(p, "cleos").key
    assert browser.get(reverse("my_question", kwargs={"key": key})).status_code == 404


def test_a_token_of_a_therapist_opens_no_answer(practice: SimpleNamespace) -> None:
    """The interface for programs has no way to answers, words or goals, so far; a new one needs a test."""
    paths = program(practice.alba)("get", "/openapi.json").content.decode()
    for word in ("answers", "words", "goals", "alerts", "repairs", "questions"):
        assert f'"/api/v1/{word}' not in paths

"""The ways to a form: by link, on the practice's tablet, on paper."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from hypothesis import given as with_any
from hypothesis import strategies as st

from openrapport_web.audit.models import Entry
from openrapport_web.caseload.models import Client
from openrapport_web.feedback.actions import make_code, make_link
from openrapport_web.feedback.codes import code_of, key_ending
from openrapport_web.feedback.models import Answer, Asking, AskLink, Rater, Way
from openrapport_web.records import new_key
from tests.web.asked import asked, asked_of, given, own_answer
from tests.web.conftest import signed_in


def _send(browser: Browser, page: Any, **values: str) -> Any:
    context = page.context
    sent = {
        "ticket": str(context["ticket"]),
        "submission": str(context["submission"]),
        "version": context["instrument"].version,
        "shown_in": context["language"],
    }
    sent |= {f"a-{name}": value for name, value in values.items()}
    return browser.post(reverse("answer_send"), sent)


# -- by link -----------------------------------------------------------------------------------------


def _open(browser: Browser, token: str) -> Any:
    return browser.get(f"{reverse('link_open')}?link={token}", follow=True)


def test_a_link_opens_one_form_without_a_sign_in_and_once(
    practice: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    asking, browser = asked_of(practice, "teos"), Browser()
    token = make_link(asking=asking)
    with caplog.at_level(logging.DEBUG):
        page = _open(browser, token)
        assert _send(browser, page, bond="8").status_code == 200
    answer = Answer.objects.get()
    assert (answer.asking, answer.way, json.loads(answer.values)) == (asking, Way.LINK, {"bond": 8})
    assert not AskLink.objects.filter(token_hash__contains=token).exists()
    assert AskLink.objects.get().used_at is not None
    again = _open(Browser(), token)
    assert again.status_code == 409
    assert "answered already" in again.content.decode()
    assert token not in caplog.text
    assert Entry.objects.get(action="answer.came").actor is None


def test_the_secret_leaves_the_address_at_once(practice: SimpleNamespace) -> None:
    token = make_link(asking=asked_of(practice, "teos"))
    response = Browser().get(f"{reverse('link_open')}?link={token}")
    assert response.status_code == 302
    assert token not in response.headers["Location"]
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    cookie = response.cookies["asking"]
    assert token not in cookie.value
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_opening_a_link_writes_nothing(
    practice: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    asking = asked_of(practice, "teos")
    token, before = make_link(asking=asking), Entry.objects.count()
    with django_assert_max_num_queries(6) as asked_for:
        _open(Browser(), token)
    assert not [q for q in asked_for.captured_queries if not q["sql"].startswith("SELECT")]
    assert Entry.objects.count() == before


def test_a_page_by_link_names_nobody(practice: SimpleNamespace) -> None:
    token = make_link(asking=asked_of(practice, "teos"))
    page = _open(Browser(), token).content.decode()
    assert "Teo" not in page
    assert "Alba" not in page


def test_a_link_speaks_the_clients_language(practice: SimpleNamespace) -> None:
    Client.objects.filter(pk=practice.teos.client.pk).update(language="es")
    page = _open(Browser(), make_link(asking=asked_of(practice, "teos")))
    assert '<html lang="es">' in page.content.decode()


@pytest.mark.parametrize("token", ["", "x", "0" * 43, "a" * 5_000])
def test_a_link_that_is_none_says_what_to_do(practice: SimpleNamespace, token: str) -> None:
    page = _open(Browser(), token)
    assert page.status_code == 404
    assert "letter" in page.content.decode()


def test_a_link_to_a_closed_form_says_so_kindly(practice: SimpleNamespace) -> None:
    asking = asked_of(practice, "teos")
    token, browser = make_link(asking=asking), Browser()
    page = _open(browser, token)
    Asking.objects.filter(pk=asking.pk).update(expires_at=timezone.now() - timedelta(days=3))
    assert _open(Browser(), token).status_code == 410
    sent = _send(browser, page, bond="8", differently="My words")
    assert sent.status_code == 410
    assert "My words" in sent.content.decode()
    assert not Answer.objects.exists()


def test_a_code_of_the_tablet_is_no_link(practice: SimpleNamespace) -> None:
    code = make_code(actor=practice.alba, asking=asked_of(practice, "teos"))
    assert _open(Browser(), code).status_code == 404


# -- the practice's tablet -----------------------------------------------------------------------------


def _tablet(practice: SimpleNamespace, asking: Asking | None = None) -> Browser:
    browser = signed_in(practice.alba)
    data = {"asking": str(asking.key)} if asking else {}
    assert browser.post(reverse("kiosk_begin"), data).headers["Location"] == reverse("kiosk")
    return browser


def test_a_tablet_is_signed_out_and_reaches_nothing_but_forms(practice: SimpleNamespace) -> None:
    browser = _tablet(practice)
    assert "_auth_user_id" not in browser.session
    pages = [
        reverse("home"),
        reverse("client_list"),
        reverse("client_page", kwargs={"key": practice.teos.client.key}),
        reverse("kiosk_start"),
        reverse("account_reset_password"),
        "/no-such-page",
    ]
    for page in pages:
        response = browser.get(page)
        assert (response.status_code, response.headers["Location"]) == (302, reverse("kiosk")), page
        assert response.headers["Cache-Control"] == "no-store"


def test_a_code_opens_its_form_and_after_the_answer_nothing_of_it_is_left(
    practice: SimpleNamespace,
) -> None:
    asking = asked_of(practice, "teos")
    code, browser = make_code(actor=practice.alba, asking=asking), _tablet(practice)
    typed = {"code": f"{code[:3]} {code[3:]}"}
    page = browser.post(reverse("kiosk"), typed, follow=True)
    assert "Teo" not in page.content.decode()
    assert page.headers["Cache-Control"] == "no-store"
    done = _send(browser, page, bond="8", differently="My secret")
    assert "Thank you" in done.content.decode()
    assert Answer.objects.get().way == Way.KIOSK
    after = browser.get(reverse("kiosk")).content.decode()
    assert "code that you were given" in after
    assert "My secret" not in after
    assert browser.post(reverse("kiosk"), typed).status_code == 422


def test_one_form_after_the_other_for_the_same_person(practice: SimpleNamespace) -> None:
    from openrapport_web.feedback.models import Plan

    Plan.objects.create(instrument="gad-7", every=1)
    forms = asked(practice.teos)
    browser = _tablet(practice, forms["pulse"])
    shown = [browser.get(reverse("kiosk"))]
    assert "One more" in _send(browser, shown[0], bond="8").content.decode()
    shown.append(browser.get(reverse("kiosk")))
    assert "One more" not in _send(browser, shown[1], q1="0").content.decode()
    assert {page.context["instrument"].key for page in shown} == {"pulse", "gad-7"}
    assert "code that you were given" in browser.get(reverse("kiosk")).content.decode()


def test_a_form_that_nobody_touches_goes_away(
    practice: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = _tablet(practice, asked_of(practice, "teos"))
    assert "How was today?" in browser.get(reverse("kiosk")).content.decode()
    later = timezone.now() + timedelta(minutes=11)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert "How was today?" not in browser.get(reverse("kiosk")).content.decode()


def test_somebody_who_does_not_want_to_clears_it(practice: SimpleNamespace) -> None:
    browser = _tablet(practice, asked_of(practice, "teos"))
    browser.post(reverse("kiosk"), {"clear": "1"})
    assert "code that you were given" in browser.get(reverse("kiosk")).content.decode()


def test_codes_cannot_be_guessed_one_after_the_other(practice: SimpleNamespace) -> None:
    code, browser = make_code(actor=practice.alba, asking=asked_of(practice, "teos")), _tablet(practice)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(6):
        assert browser.post(reverse("kiosk"), {"code": wrong}).status_code == 422
    page = browser.post(reverse("kiosk"), {"code": code})
    assert page.status_code == 422
    assert "wait a minute" in page.content.decode()


def test_a_code_ends_with_a_newer_one_and_with_the_day(practice: SimpleNamespace) -> None:
    asking = asked_of(practice, "teos")
    first = make_code(actor=practice.alba, asking=asking)
    second = make_code(actor=practice.alba, asking=asking)
    browser = _tablet(practice)
    assert browser.post(reverse("kiosk"), {"code": first}).status_code == 422
    AskLink.objects.update(expires_at=timezone.now())
    assert browser.post(reverse("kiosk"), {"code": second}).status_code == 422


def test_a_member_of_the_practice_signs_in_to_end_it_and_a_client_does_not(
    practice: SimpleNamespace,
) -> None:
    browser = _tablet(practice)
    left = browser.get(reverse("kiosk_leave"))
    assert left.headers["Location"].startswith(reverse("account_login"))
    assert browser.get(left.headers["Location"]).status_code == 200
    key = browser.session.session_key
    browser.force_login(practice.teo, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert browser.session.session_key != key
    assert browser.get(reverse("home")).headers["Location"] == reverse("kiosk")
    assert "_auth_user_id" not in browser.session
    assert browser.get(reverse("my_place")).headers["Location"] == reverse("kiosk")
    browser.force_login(practice.alba, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = browser.session
    session["second_factor"] = True
    session.save()
    assert browser.get(reverse("home")).status_code == 200
    assert Entry.objects.filter(action="kiosk.ended").count() == 1


def test_without_the_second_factor_nobody_ends_it(practice: SimpleNamespace) -> None:
    browser = _tablet(practice)
    browser.force_login(practice.alba, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert browser.get(reverse("client_list")).headers["Location"] == reverse("people_safely")


def test_codes_are_made_for_ones_own_clients_alone(practice: SimpleNamespace) -> None:
    own, others = asked_of(practice, "teos"), asked_of(practice, "cleos")
    page = signed_in(practice.alba).post(
        reverse("kiosk_codes"), {"asking": [str(own.key), str(others.key), "nonsense"]}
    )
    assert [asking for asking, _ in page.context["rows"]] == [own]
    assert AskLink.objects.count() == 1


def test_the_list_for_the_tablet_does_not_grow_in_questions(
    practice: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    for _ in range(15):
        asked_of(practice, "teos")
    browser = signed_in(practice.alba)
    with django_assert_max_num_queries(8):
        assert len(browser.get(reverse("kiosk_start")).context["rows"]) == 15


# -- on paper ------------------------------------------------------------------------------------------


@with_any(st.uuids())
def test_every_form_has_a_code_that_leads_back(key: UUID) -> None:
    code = code_of(key)
    assert key_ending(code) == key.hex[-8:]
    assert key_ending(code.lower().replace("-", "")) == key.hex[-8:]


def test_a_slip_in_a_code_is_noticed() -> None:
    found = 0
    for _ in range(40):
        code = code_of(new_key())
        for place in (0, 2, 5, 7):
            for sign in "0123456789ABCDEFGHJKMNPQRSTVWXYZ":
                wrong = code[:place] + sign + code[place + 1 :]
                found += wrong != code and key_ending(wrong) is None
    assert found > 40 * 4 * 31 * 0.7


def test_a_sheet_is_printed_without_a_name_and_entered_with_who_did_it(
    practice: SimpleNamespace,
) -> None:
    asking, browser = asked_of(practice, "teos"), signed_in(practice.mara)
    sheet = browser.get(reverse("paper_sheet", kwargs={"key": asking.key}))
    code = sheet.context["code"]
    assert code in sheet.content.decode()
    assert "Teo" not in sheet.content.decode()
    page = browser.get(reverse("paper_find"), {"code": code.lower()}, follow=True)
    assert page.context["asking"] == asking
    day = timezone.localdate(asking.opens_at).isoformat()
    sent = {
        "ticket": str(page.context["ticket"]),
        "submission": str(page.context["submission"]),
        "version": "1",
        "given_on": day,
        "a-bond": "4",
    }
    assert browser.post(reverse("answer_send"), sent).status_code == 200
    answer = Answer.objects.get()
    assert (answer.way, answer.entered_by, json.loads(answer.values)) == (
        Way.PAPER,
        practice.mara,
        {"bond": 4},
    )
    assert asking.opens_at <= answer.given_at <= timezone.now()
    entry = Entry.objects.get(action="answer.entered")
    assert (entry.actor, entry.client) == (practice.mara.pk, practice.teos.client.pk)
    listed = signed_in(practice.teo).get(reverse("my_questions")).content.decode()
    assert "entered by the practice" in listed


def test_a_therapist_enters_a_sheet_only_after_their_own_view(practice: SimpleNamespace) -> None:
    forms, browser = asked(practice.teos), signed_in(practice.alba)
    url = reverse("paper_enter", kwargs={"key": forms["pulse"].key})
    before = browser.get(url)
    assert before.status_code == 409
    assert "before" in before.content.decode()
    own_answer(forms["pulse-therapist"])
    assert browser.get(url).status_code == 200


@pytest.mark.parametrize("code", ["", "x", "0000000", "GGG-6967"])
def test_a_code_without_a_sheet_says_so(practice: SimpleNamespace, code: str) -> None:
    page = signed_in(practice.mara).get(reverse("paper_find"), {"code": code})
    assert page.status_code == 200
    assert page.context["form"].errors


def test_a_sheet_of_another_therapists_client_is_not_found(practice: SimpleNamespace) -> None:
    code = code_of(asked_of(practice, "cleos").key)
    page = signed_in(practice.alba).get(reverse("paper_find"), {"code": code})
    assert "no sheet" in page.content.decode()


def test_a_sheet_that_was_answered_meanwhile_cannot_be_entered(practice: SimpleNamespace) -> None:
    asking = asked_of(practice, "teos")
    given(asking)
    page = signed_in(practice.mara).get(reverse("paper_enter", kwargs={"key": asking.key}))
    assert page.status_code == 410


# -- the therapist's own ---------------------------------------------------------------------------------


def test_a_therapist_answers_with_a_guess_from_the_meetings_page(practice: SimpleNamespace) -> None:
    asking, browser = asked_of(practice, "teos", Rater.THERAPIST), signed_in(practice.alba)
    key = {"key": asking.meeting_id}
    assert "Say how it was" in browser.get(reverse("meeting_page", kwargs=key)).content.decode()
    page = browser.get(reverse("pulse_own", kwargs=key))
    assert "And what will your client say?" in page.content.decode()
    done = _send(browser, page, bond="7", predicted_bond="5")
    assert done.status_code == 200
    assert json.loads(Answer.objects.get().values) == {"bond": 7, "predicted_bond": 5}
    assert "Your view is kept" in browser.get(reverse("meeting_page", kwargs=key)).content.decode()


def test_a_meeting_without_a_form_says_so(practice: SimpleNamespace) -> None:
    url = reverse("pulse_own", kwargs={"key": practice.teos.meeting.key})
    assert signed_in(practice.alba).get(url).status_code == 404

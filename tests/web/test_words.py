"""Claims about private words and about what clients prepare to bring up: who reads what, and when."""

from __future__ import annotations

import json
import re
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pytest
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone

from openrapport_web import access
from openrapport_web.audit.chain import verify
from openrapport_web.audit.models import Entry
from openrapport_web.caseload.models import Episode
from openrapport_web.erasure import erase_client
from openrapport_web.feedback.models import HelpLine
from openrapport_web.people.models import Practice, Role
from openrapport_web.place.export import everything
from openrapport_web.repairs.actions.alerts import set_aside
from openrapport_web.repairs.actions.repairing import change_repair
from openrapport_web.repairs.contact import contact_for
from openrapport_web.repairs.models import Alert, BringingUp, PrivateWord, Repair, To
from openrapport_web.repairs.reading import open_things
from tests.web.conftest import signed_in
from tests.web.pulses import with_alert, with_draft, with_repair, with_word

SECRET = "At the end I felt laughed at."  # noqa: S105


@pytest.fixture
def named(practice: SimpleNamespace) -> SimpleNamespace:
    """The practice, in which clients may write to Mara."""
    Practice.objects.update(named_contact=practice.mara)
    return practice


def _url(name: str, thing: Any = None) -> str:
    return reverse(name, kwargs={"key": thing.key} if thing else {})


def _said(p: SimpleNamespace, to: str, **more: Any) -> dict[str, Any]:
    whom = f"contact:{p.mara.key}" if to == "contact" else str(p.teos.episode.key)
    return {"to": whom, "text": SECRET, "key": str(uuid4()), "wants_answer": "on", **more}


# -- before it is sent -----------------------------------------------------------------------------


def test_what_happens_next_is_said_before_anything_is_written(named: SimpleNamespace) -> None:
    HelpLine.objects.create(name="The night line", number="0800 000")
    text = signed_in(named.teo).get(_url("word_new")).content.decode()
    for words in ("Only Mara, not my therapist", "My therapist, Alba", "is not told that you wrote"):
        assert words in text
    assert "This is not for emergencies" in text
    assert "The night line" in text
    assert not PrivateWord.objects.exists()


def test_looking_at_it_once_more_sends_and_keeps_nothing(named: SimpleNamespace) -> None:
    browser = signed_in(named.teo)
    text = browser.post(_url("word_new"), _said(named, "contact", look="1")).content.decode()
    assert "Only Mara will read it" in text
    assert SECRET in text
    text = browser.post(_url("word_new"), _said(named, "contact", change="1")).content.decode()
    assert SECRET in text
    assert not PrivateWord.objects.exists()
    assert not Entry.objects.filter(action__contains="word.").exists()


def test_without_a_named_contact_the_page_says_why(practice: SimpleNamespace) -> None:
    text = signed_in(practice.teo).get(_url("word_new")).content.decode()
    assert "has not named anybody else" in text
    assert "not my therapist" not in text
    said = _said(practice, "contact", send="1")
    assert signed_in(practice.teo).post(_url("word_new"), said).status_code == 422


@pytest.mark.parametrize("why", ["left", "no manager", "therapist", "was therapist"])
def test_a_contact_who_cannot_be_one_for_this_client_is_not_offered(
    named: SimpleNamespace, why: str
) -> None:
    mara = named.mara
    if why == "left":
        mara.left_on, mara.is_active = timezone.localdate(), False
    elif why == "no manager":
        mara.roles = frozenset({Role.SUPERVISOR})
    else:
        mara.roles = frozenset({Role.MANAGER, Role.THERAPIST})
        over = {} if why == "therapist" else {"ends_on": "2025-03-01", "ending": "planned"}
        client = named.teos.client
        Episode.objects.create(client=client, therapist=mara, starts_on="2025-01-01", **over)
    mara.save()
    assert contact_for(named.teos.client).person is None
    assert contact_for(named.teos.client).why_not
    assert contact_for(named.cleos.client).person == (mara if "therapist" in why else None)


def test_a_contact_who_changed_meanwhile_is_said_and_nothing_is_sent(named: SimpleNamespace) -> None:
    said = _said(named, "contact", send="1")
    Practice.objects.update(named_contact=None)
    response = signed_in(named.teo).post(_url("word_new"), said)
    assert response.status_code == 422  # that reader is not among the choices any more
    assert not PrivateWord.objects.exists()


# -- sent, read, answered --------------------------------------------------------------------------


def test_a_word_to_the_therapist_is_sealed_sent_once_and_announced_without_content(
    practice: SimpleNamespace,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: Any,
) -> None:
    said, browser = _said(practice, "therapist", send="1"), signed_in(practice.teo)
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(_url("word_new"), said)
        browser.post(_url("word_new"), said)
    word = PrivateWord.objects.get()
    assert (word.text, word.to, word.contact, word.wants_answer) == (SECRET, To.THERAPIST, None, True)
    assert b"laughed" not in bytes(word.sealed_text)
    (letter,) = mailoutbox
    assert letter.to == ["alba@example.org"]
    assert "Teo" not in letter.subject + str(letter.body)
    assert "laughed" not in letter.subject + str(letter.body)


def test_the_client_sees_whether_it_was_read_and_the_answer(practice: SimpleNamespace) -> None:
    word = with_word(practice.teos)
    client, therapist = signed_in(practice.teo), signed_in(practice.alba)
    assert "Not read yet" in client.get(_url("my_words")).content.decode()
    closed = therapist.get(_url("word_page", word)).content.decode()
    assert word.text not in closed
    assert "Not read yet" in client.get(_url("my_words")).content.decode()
    opened = therapist.post(_url("word_open", word), follow=True).content.decode()
    assert word.text in opened
    assert "Read by Alba" in client.get(_url("my_words")).content.decode()
    therapist.post(_url("word_answer", word), {"done": "Thank you for telling me."})
    assert "Thank you for telling me." in client.get(_url("my_words")).content.decode()
    assert open_things(practice.alba) == []
    again = therapist.post(_url("word_answer", word), {"done": "Something else."}, follow=True)
    assert "answered already" in again.content.decode()
    word.refresh_from_db()
    assert word.done == "Thank you for telling me."


def test_a_word_can_be_taken_back_until_it_is_read(practice: SimpleNamespace) -> None:
    client, first, second = (
        signed_in(practice.teo),
        with_word(practice.teos),
        with_word(practice.teos),
    )
    client.post(_url("word_back", first))
    assert list(PrivateWord.objects.all()) == [second]
    signed_in(practice.alba).post(_url("word_open", second))
    page = client.post(_url("word_back", second), follow=True)
    assert "cannot be taken back" in page.content.decode()
    assert PrivateWord.objects.filter(pk=second.pk).exists()


@pytest.mark.parametrize(
    "wrong", [{"text": ""}, {"text": " "}, {"text": "x" * 4_001}, {"to": "x"}, {"key": "x"}]
)
def test_a_wrong_form_comes_back_and_nothing_is_sent(
    practice: SimpleNamespace, wrong: dict[str, str]
) -> None:
    said = _said(practice, "therapist", send="1") | wrong
    assert signed_in(practice.teo).post(_url("word_new"), said).status_code == 422
    assert not PrivateWord.objects.exists()


def test_the_key_of_somebody_elses_word_sends_nothing(practice: SimpleNamespace) -> None:
    theirs = with_word(practice.cleos)
    said = _said(practice, "therapist", send="1", key=str(theirs.key))
    assert signed_in(practice.teo).post(_url("word_new"), said).status_code == 403
    assert list(PrivateWord.objects.all()) == [theirs]


# -- a word to the contact alone ---------------------------------------------------------------------


def _to_mara(p: SimpleNamespace) -> PrivateWord:
    signed_in(p.teo).post(_url("word_new"), _said(p, "contact", send="1"))
    return PrivateWord.objects.get(to=To.CONTACT)


def _as_therapist_and_manager(p: SimpleNamespace) -> Any:
    """The worst case: the therapist manages the practice, too, and reads its log."""
    p.alba.roles = frozenset({Role.THERAPIST, Role.MANAGER})
    p.alba.save()
    return p.alba


def test_the_contact_reads_and_answers_it(
    named: SimpleNamespace, mailoutbox: list[EmailMessage], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        word = _to_mara(named)
    assert [letter.to for letter in mailoutbox] == [["mara@example.org"]]
    assert [thing.kind for thing in open_things(named.mara)] == ["word"]
    browser = signed_in(named.mara)
    assert SECRET in browser.post(_url("word_open", word), follow=True).content.decode()
    browser.post(_url("word_answer", word), {"done": "Shall we talk on Monday?"})
    text = signed_in(named.teo).get(_url("my_words")).content.decode()
    assert "Read by Mara" in text
    assert "Shall we talk on Monday?" in text


PAGES = ("home", "client_list", "session_list", "calendar_page", "supervision")


def test_the_therapist_neither_sees_nor_can_infer_it(named: SimpleNamespace) -> None:
    """Also one who manages the practice: not on any page, in no list, count, log or address."""
    alba = _as_therapist_and_manager(named)
    browser = signed_in(alba)
    care = named.teos

    def all_pages() -> list[str]:
        urls = [
            *(reverse(name) for name in PAGES),
            *(_url("client_page", care.client), _url("meeting_page", care.meeting)),
            *(reverse("people_list"), reverse("audit_page"), reverse("people_me")),
        ]
        return [_plain(browser.get(url).content.decode()) for url in urls]

    before_entries = list(access.entries(alba).values_list("number", flat=True))
    browser.get(_url("client_page", care.client))  # looks are themselves logged: once before, too
    before = all_pages()
    word = _to_mara(named)
    signed_in(named.mara).post(_url("word_open", word))
    signed_in(named.mara).post(_url("word_answer", word), {"done": "Yes."})
    signed_in(named.teo).get(_url("my_words"))
    after = all_pages()
    assert [len(page) for page in before[:-2]] == [len(page) for page in after[:-2]]
    assert open_things(alba) == []
    for name in ("word_page", "word_open", "word_answer", "word_repair"):
        send = browser.get if name == "word_page" else browser.post
        assert send(_url(name, word)).status_code == 404
    actions = set(access.entries(alba).values_list("action", flat=True))
    assert not {action for action in actions if "word" in action}
    assert set(before_entries) <= set(access.entries(alba).values_list("number", flat=True))
    assert not access.entries(alba).filter(subject=word.key).exists()
    log = _plain(browser.get(reverse("audit_page")).content.decode())
    assert "private word" not in _without_menu(log)
    assert list(verify()) == []


def _plain(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", page)


def _without_menu(page: str) -> str:
    return re.sub(r"<select.*?</select>", "", page, flags=re.DOTALL)


def test_the_log_has_no_numbers_from_which_a_therapist_could_count_what_is_missing(
    named: SimpleNamespace,
) -> None:
    alba = _as_therapist_and_manager(named)
    assert 'data-label="Entry"' not in signed_in(alba).get(reverse("audit_page")).content.decode()
    assert 'data-label="Entry"' in signed_in(named.mara).get(reverse("audit_page")).content.decode()


def test_the_client_and_the_contact_read_of_it_in_the_log_another_manager_does_not(
    named: SimpleNamespace,
) -> None:
    named.nell.roles = frozenset({Role.MANAGER})
    named.nell.save()
    word = _to_mara(named)
    signed_in(named.mara).post(_url("word_open", word))
    seen = {who: access.entries(getattr(named, who)) for who in ("teo", "mara", "nell", "cleo", "alba")}
    told = {
        who: found.filter(action__startswith="contact_word.").count() for who, found in seen.items()
    }
    assert (told["teo"], told["mara"], told["nell"], told["cleo"], told["alba"]) == (2, 2, 0, 0, 0)
    assert "wrote to the practice&#x27;s contact alone" in _log(named.teo, "my_log")


def _log(user: Any, name: str) -> str:
    return signed_in(user).get(reverse(name)).content.decode()


def test_a_contact_who_becomes_the_therapist_does_not_read_it_any_more(named: SimpleNamespace) -> None:
    word = _to_mara(named)
    mara = named.mara
    mara.roles = frozenset({Role.MANAGER, Role.THERAPIST})
    mara.save()
    Episode.objects.create(client=named.teos.client, therapist=mara, starts_on="2026-06-01")
    assert signed_in(mara).get(_url("word_page", word)).status_code == 404
    assert open_things(mara) == []
    assert not access.entries(mara).filter(subject=word.key).exists()


def test_a_new_contact_does_not_inherit_words_that_were_written_to_another(
    named: SimpleNamespace,
) -> None:
    word = _to_mara(named)
    named.nell.roles = frozenset({Role.MANAGER})
    named.nell.save()
    Practice.objects.update(named_contact=named.nell)
    assert signed_in(named.nell).get(_url("word_page", word)).status_code == 404
    assert "not the practice's contact any more" in _log(named.teo, "my_words")


# -- bringing something up -------------------------------------------------------------------------


def test_a_draft_is_put_together_from_sentences_and_own_words(practice: SimpleNamespace) -> None:
    said = {"sentences": ["fast", "yes"], "own": "Last Tuesday.", "how": "show"}
    signed_in(practice.teo).post(_url("bringing_new"), said)
    draft = BringingUp.objects.get()
    assert draft.text == "It went too fast for me.\nI said yes, but I was not sure.\nLast Tuesday."
    assert b"Tuesday" not in bytes(draft.sealed_text)
    assert draft.sent_at is None


@pytest.mark.parametrize(
    "wrong", [{"how": "say"}, {"own": "x"}, {"sentences": ["no such"], "how": "say"}]
)
def test_a_draft_needs_words_and_a_way(practice: SimpleNamespace, wrong: dict[str, Any]) -> None:
    assert signed_in(practice.teo).post(_url("bringing_new"), wrong).status_code == 422
    assert not BringingUp.objects.exists()


def test_nothing_is_sent_without_the_clients_press(
    practice: SimpleNamespace, mailoutbox: list[EmailMessage], django_capture_on_commit_callbacks: Any
) -> None:
    client = signed_in(practice.teo)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(_url("bringing_new"), {"sentences": ["hurt"], "how": "send"})
        draft = BringingUp.objects.get()
        for name in ("bringing_own", "bringing_show", "bringing_edit", "bringing_list"):
            client.get(_url(name) if name == "bringing_list" else _url(name, draft))
    assert mailoutbox == []
    assert open_things(practice.alba) == []
    with django_capture_on_commit_callbacks(execute=True):
        client.post(_url("bringing_send", draft))
        client.post(_url("bringing_send", draft))
    assert len(mailoutbox) == 1
    assert [thing.kind for thing in open_things(practice.alba)] == ["bringing_up"]


def test_a_draft_is_visible_to_nobody_else_not_even_in_the_log(practice: SimpleNamespace) -> None:
    alba = _as_therapist_and_manager(practice)
    draft = with_draft(practice.teos)
    for who in (alba, practice.mara, practice.sami, practice.cleo, practice.nell):
        for name in ("bringing_own", "bringing_show", "brought_page"):
            assert signed_in(who).get(_url(name, draft)).status_code == 404, (who, name)
        assert not access.entries(who).filter(subject=draft.key).exists()
    assert access.entries(practice.teo).filter(subject=draft.key).count() == 1


def test_what_was_sent_stays_as_it_is(practice: SimpleNamespace) -> None:
    sent, client = with_draft(practice.teos, sent=True), signed_in(practice.teo)
    assert client.get(_url("bringing_edit", sent)).status_code == 404
    assert client.post(_url("bringing_drop", sent)).status_code == 404
    sent.refresh_from_db()
    assert sent.text == "It went too fast for me."


def test_the_later_of_two_windows_is_shown_what_the_earlier_wrote(practice: SimpleNamespace) -> None:
    draft, client = with_draft(practice.teos), signed_in(practice.teo)
    said = {"version": 1, "how": "say", "text": "First."}
    client.post(_url("bringing_edit", draft), said)
    text = client.post(_url("bringing_edit", draft), {**said, "text": "Second."}).content.decode()
    assert "Now it says: First." in text
    assert "Second." in text


def test_the_client_sees_that_it_was_read_and_it_stays_open_until_talked_about(
    practice: SimpleNamespace,
) -> None:
    sent, therapist = with_draft(practice.teos, sent=True), signed_in(practice.alba)
    assert sent.text not in therapist.get(_url("brought_page", sent)).content.decode()
    assert sent.text in therapist.post(_url("brought_open", sent), follow=True).content.decode()
    assert "It was read on" in signed_in(practice.teo).get(_url("bringing_own", sent)).content.decode()
    assert [thing.kind for thing in open_things(practice.alba)] == ["bringing_up"]
    therapist.post(_url("brought_talked", sent))
    assert open_things(practice.alba) == []


# -- taken along, and deleted ------------------------------------------------------------------------


def test_the_clients_copy_holds_their_words_and_no_note_of_the_therapists(
    named: SimpleNamespace,
) -> None:
    with_word(named.teos, To.CONTACT, named.mara)
    with_draft(named.teos)
    repair = with_repair(named.teos)
    change_repair(actor=named.alba, repair=repair, version=1, plan="My own plan.")
    alert = with_alert(named.teos)
    set_aside(actor=named.alba, alert=alert, version=1, why="usual", useful=False, said="My doubt.")
    with ZipFile(BytesIO(everything(named.teo, named.teos.client))) as archive:
        held = json.loads(archive.read("data.json"))
        page = archive.read("index.html").decode()
    assert [word["text"] for word in held["private-words"]] == ["Something felt off to me."]
    assert [word["to"] for word in held["private-words"]] == ["Mara"]
    assert [one["sent at"] for one in held["brought-up"]] == [""]
    assert [one["what became of it"] for one in held["noticed"]] == ["Set aside"]
    assert [set(one) for one in held["repairs"]] == [{"began at", "ended at"}]
    for words in ("My own plan.", "My doubt.", "Quieter than usual."):
        assert words not in json.dumps(held) + page


def test_what_is_erased_leaves_no_word(named: SimpleNamespace) -> None:
    with_word(named.teos)
    with_draft(named.teos)
    with_repair(named.teos)
    with_alert(named.teos)
    erase_client(actor=named.mara, client=named.teos.client)
    for model in (PrivateWord, BringingUp, Repair, Alert):
        assert not model._default_manager.exists()

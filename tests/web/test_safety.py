"""An answer about harming oneself: help at once, letters without content, open until somebody acted."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from openrapport_web.audit.models import Entry
from openrapport_web.feedback import help as helping
from openrapport_web.feedback import safety
from openrapport_web.feedback.models import ConcernLetter, HelpLine, Rater, SafetyConcern
from openrapport_web.people.models import Practice
from tests.web.answers import answered, asked, open_concern
from tests.web.conftest import signed_in

WORDS = "Nearly every day"


def later() -> Any:
    return timezone.now() + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("instrument", "values", "items"),
    [
        ("phq-9", {"q9": 1}, ["q9"]),
        ("phq-9", {"q9": 3, "q1": 0}, ["q9"]),
        ("phq-9", {"q9": 0, "q1": 3}, []),
        ("phq-9", {"q1": 3}, []),  # left out is not zero, and is not an answer
        ("core-10", {"q6": 1}, ["q6"]),
        ("core-10", {"q6": 0, "q5": 4}, []),
        ("pulse", {"bond": 0, "strain": 2}, []),
    ],
)
def test_it_opens_a_concern_for_an_answer_above_zero(
    practice: SimpleNamespace, instrument: str, values: dict[str, int], items: list[str]
) -> None:
    answer = answered(asked(practice.teos, instrument), values)
    concerns = safety.after_answer(answer)
    assert [concern.item for concern in concerns] == items
    assert safety.needs_help(answer) is bool(items)
    assert Entry.objects.filter(action="concern.opened").count() == len(items)


def test_the_same_answer_twice_opens_one_concern(practice: SimpleNamespace) -> None:
    answer = answered(asked(practice.teos, "phq-9"), {"q9": 1})
    assert safety.after_answer(answer) == safety.after_answer(answer)
    assert SafetyConcern.objects.count() == 1
    assert ConcernLetter.objects.count() == 2


def test_a_form_of_the_therapist_opens_nothing(practice: SimpleNamespace) -> None:
    answer = answered(asked(practice.teos, "phq-9", rater=Rater.THERAPIST), {"q9": 3})
    assert safety.after_answer(answer) == []


def test_nothing_is_open_and_nobody_is_told_when_the_answer_is_not_kept(
    practice: SimpleNamespace,
) -> None:
    with transaction.atomic():
        open_concern(practice.teos)
        transaction.set_rollback(True)
    assert not SafetyConcern.objects.exists()
    assert safety.send_letters(later()) == 0


def test_letters_reach_the_therapist_and_the_contact_without_content(
    practice: SimpleNamespace,
) -> None:
    concern = open_concern(practice.teos)
    assert safety.send_letters() == 2
    assert sorted(letter.to[0] for letter in mail.outbox) == ["alba@example.org", "contact@example.org"]
    for letter in mail.outbox:
        text = (letter.subject + str(letter.body)).lower()
        assert str(concern.key) in text
        for told in ("teo", "phq", "depress", "harm", "suicid", "dead", WORDS.lower(), "question"):
            assert told not in text.replace(str(concern.key), "")
    concern.refresh_from_db()
    assert concern.letters_sent_at is not None
    assert safety.send_letters(later()) == 0, "each goes out once"


def test_a_letter_is_queued_when_the_answer_is_kept(
    practice: SimpleNamespace, django_capture_on_commit_callbacks: Any, settings: Any
) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
    with django_capture_on_commit_callbacks(execute=True):
        open_concern(practice.teos)
        assert mail.outbox == []
    assert len(mail.outbox) == 2


def test_without_a_contact_every_manager_is_told_and_the_page_says_so_loudly(
    practice: SimpleNamespace,
) -> None:
    Practice.objects.update(contact_email="")
    open_concern(practice.teos)
    safety.send_letters()
    assert sorted(letter.to[0] for letter in mail.outbox) == ["alba@example.org", "mara@example.org"]
    page = signed_in(practice.mara).get(reverse("concern_list")).content.decode()
    assert "Nobody of the practice is named" in page
    assert "Nobody of the practice is named" in home_of(practice)


def home_of(practice: SimpleNamespace) -> str:
    return signed_in(practice.mara).get(reverse("home")).content.decode()


def test_a_therapist_who_left_gets_no_letter(practice: SimpleNamespace) -> None:
    practice.alba.left_on = timezone.localdate()
    practice.alba.save()
    open_concern(practice.teos)
    safety.send_letters()
    assert [letter.to[0] for letter in mail.outbox] == ["contact@example.org"]


def test_a_letter_that_fails_is_tried_again_and_shows_meanwhile(
    practice: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_letter: Any) -> None:
        raise OSError("the server of the letters is away")

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.EmailMessage.send", down)
        open_concern(practice.teos)
        assert safety.send_letters() == 0
    assert safety.unsent() == 2
    assert "2 letters about something open did not go out" in home_of(practice)
    assert safety.send_letters(timezone.now()) == 0, "not again at once"
    assert safety.send_letters(later()) == 2
    assert safety.unsent() == 0


def test_of_two_workers_one_sends(practice: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second worker looks while the first one sends."""
    open_concern(practice.teos)
    seen = []

    def meanwhile(letter: Any) -> None:
        seen.append(letter.to[0])
        safety.send_letters()

    monkeypatch.setattr("django.core.mail.EmailMessage.send", meanwhile)
    safety.send_letters()
    assert sorted(seen) == ["alba@example.org", "contact@example.org"]


def test_it_stays_open_until_somebody_says_what_was_done(practice: SimpleNamespace) -> None:
    concern = open_concern(practice.teos)
    alba = signed_in(practice.alba)
    url = reverse("concern_page", kwargs={"key": concern.key})
    assert "Teo" in alba.get(reverse("concern_list")).content.decode()
    assert alba.post(url, {"done": "  "}).status_code == 422
    assert alba.post(url, {"done": "We spoke on the phone."}).status_code == 302
    concern.refresh_from_db()
    assert (concern.done, concern.done_by) == ("We spoke on the phone.", practice.alba)
    assert b"phone" not in bytes(concern.sealed_done)
    assert "Teo" not in alba.get(reverse("concern_list")).content.decode()
    assert "We spoke on the phone." in alba.get(url).content.decode()
    said = Entry.objects.get(action="concern.closed")
    assert (said.actor, said.client) == (practice.alba.key, practice.teos.client.key)
    assert "phone" not in str(said.details)


def test_the_therapist_reads_the_answer_and_the_manager_only_that_something_is_open(
    practice: SimpleNamespace,
) -> None:
    url = reverse("concern_page", kwargs={"key": open_concern(practice.teos).key})
    assert "More than half the days" in signed_in(practice.alba).get(url).content.decode()
    page = signed_in(practice.mara).get(url).content.decode()
    for told in ("More than half the days", "PHQ", "better off"):
        assert told not in page
    assert Entry.objects.filter(action="concern.read").count() == 1


def test_a_manager_closes_and_the_words_are_for_the_therapist(practice: SimpleNamespace) -> None:
    concern = open_concern(practice.teos)
    safety.close(actor=practice.mara, concern=concern, done="Called back.")
    url = reverse("concern_page", kwargs={"key": concern.key})
    assert signed_in(practice.mara).get(url).status_code == 404
    assert "Called back." in signed_in(practice.alba).get(url).content.decode()
    with pytest.raises(safety.AlreadyDone):
        safety.close(actor=practice.alba, concern=concern, done="Something else.")


def test_the_later_of_two_keeps_their_words(practice: SimpleNamespace) -> None:
    concern = open_concern(practice.teos)
    url = reverse("concern_page", kwargs={"key": concern.key})
    safety.close(actor=practice.mara, concern=concern, done="Called back.")
    response = signed_in(practice.alba).post(url, {"done": "I wrote a long text."})
    assert response.status_code == 422
    assert "I wrote a long text." in response.content.decode()


def test_another_therapist_neither_sees_nor_closes_it(practice: SimpleNamespace) -> None:
    concern = open_concern(practice.teos)
    with pytest.raises(PermissionDenied):
        safety.close(actor=practice.nell, concern=concern, done="Not mine.")


def test_the_list_asks_as_often_for_one_as_for_twenty(
    practice: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    for _ in range(20):
        open_concern(practice.teos)
    mara = signed_in(practice.mara)
    mara.get(reverse("concern_list"))
    with django_assert_max_num_queries(12):
        mara.get(reverse("concern_list"))


# -- help --------------------------------------------------------------------------------------------


def test_help_shows_the_practices_numbers_in_its_order_for_the_clients_language(
    practice: SimpleNamespace,
) -> None:
    helping.add_line(actor=practice.mara, name="Second", number="2")
    helping.add_line(actor=practice.mara, name="Spanish", number="3", language="es")
    helping.add_line(actor=practice.mara, name="First", number="1")
    helping.move_line(actor=practice.mara, line=HelpLine.objects.get(name="First"), up=True)
    helping.move_line(actor=practice.mara, line=HelpLine.objects.get(name="First"), up=True)
    names = [line.name for line in helping.help_for(practice.teos.client).lines]
    assert names == ["First", "Second"]
    practice.teos.client.language = "es"
    names = [line.name for line in helping.help_for(practice.teos.client).lines]
    assert names == ["First", "Second", "Spanish"]


def test_lines_in_other_languages_are_better_than_none(practice: SimpleNamespace) -> None:
    helping.add_line(actor=practice.mara, name="Spanish", number="3", language="es")
    assert [line.name for line in helping.help_for(practice.teos.client).lines] == ["Spanish"]


@pytest.mark.parametrize(
    ("zone", "number", "emergency"),
    [
        ("Europe/Madrid", "024", "112"),
        ("America/Chicago", "988", "911"),
        ("America/Indiana/Knox", "988", "911"),
        ("Europe/London", "116 123", "999"),
        ("Europe/Berlin", "0800 1110111", "112"),
        ("Australia/Perth", "13 11 14", "000"),
    ],
)
def test_until_the_practice_has_numbers_its_country_has(
    practice: SimpleNamespace, zone: str, number: str, emergency: str
) -> None:
    Practice.objects.update(time_zone=zone)
    help_ = helping.help_for(practice.teos.client)
    assert (help_.lines[0].number, help_.emergency, help_.own) == (number, emergency, False)
    page = signed_in(practice.mara).get(reverse("help_lines")).content.decode()
    assert "check them" in page


def test_where_nothing_is_known_the_emergency_number_and_the_practice_remain(
    practice: SimpleNamespace,
) -> None:
    Practice.objects.update(time_zone="Asia/Kathmandu", contact_phone="+977 (1) 23")
    page = signed_in(practice.teo).get(reverse("help_page")).content.decode()
    assert "Call your local emergency number" in page
    assert 'href="tel:+977123"' in page


def test_on_the_tablet_numbers_are_shown_and_nothing_leads_away(practice: SimpleNamespace) -> None:
    Practice.objects.update(time_zone="Europe/Madrid", contact_phone="123")
    about = {"help": helping.help_for(practice.teos.client), "told": True, "kiosk": True}
    page = render_to_string("feedback/help_now.html", about)
    for number in ("024", "717 003 717", "112"):
        assert f"<strong>{number}</strong>" in page
    assert "href" not in page
    assert "ask the people here" in page


def test_every_known_line_can_be_dialled_and_no_zone_is_two_countries() -> None:
    zones: list[str] = []
    for country in helping.suggestions().values():
        zones += country.zones
        for line in country.lines:
            assert line.dial.isdigit()
            assert line.address.startswith("https://")
    assert len(zones) == len(set(zones))


def test_a_manager_takes_known_numbers_over_once_and_edits_them(practice: SimpleNamespace) -> None:
    mara = signed_in(practice.mara)
    url = reverse("help_lines")
    for _ in range(2):
        assert mara.post(url, {"take": "1", "country": "ES"}).status_code == 302
    assert list(HelpLine.objects.values_list("number", flat=True)) == ["024", "717 003 717"]
    line = HelpLine.objects.get(number="024")
    edit = reverse("help_line", kwargs={"key": line.key})
    sent = {"name": "024", "number": "024", "hours": "always", "address": "", "language": ""}
    assert mara.post(edit, {**sent, "version": 1}).status_code == 302
    late = mara.post(edit, {**sent, "hours": "never", "version": 1})
    assert late.status_code == 422
    assert "Now it says: always" in late.content.decode()
    mara.post(reverse("help_line_remove", kwargs={"key": line.key}))
    assert Entry.objects.filter(action__startswith="help.").count() == 4


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"number": "", "address": ""},
        {"number": "call us"},
        {"address": "javascript:alert(1)"},
        {"language": "xx"},
        {"name": "x" * 121},
    ],
)
def test_a_wrong_line_is_not_kept(practice: SimpleNamespace, wrong: dict[str, str]) -> None:
    sent = {"add": "1", "name": "A line", "number": "123", "version": 0, **wrong}
    assert signed_in(practice.mara).post(reverse("help_lines"), sent).status_code == 422
    assert not HelpLine.objects.exists()


def test_a_manager_reads_that_letters_reach_nobody(practice: SimpleNamespace, settings: Any) -> None:
    mara = signed_in(practice.mara)
    assert "No mail server is set" not in mara.get("/").content.decode()
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert "No mail server is set" in mara.get("/").content.decode()

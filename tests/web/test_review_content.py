"""What people say lies sealed and goes with them; what is brought in does no harm.

A practice is filled through its pages with a marked sentence. Then everything that the server keeps
or sends is searched for it: every row of the database, the log, letters, addresses.
"""

from __future__ import annotations

import json
import logging
import zipfile
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.core import mail
from django.db import connection, models
from django.test import Client as Browser
from django.urls import reverse

from openrapport_web import crypto
from openrapport_web.audit.models import Entry
from openrapport_web.caseload.models import Client, Episode
from openrapport_web.erasure import empty_those_without_key, erase_client
from openrapport_web.feedback import safety
from openrapport_web.feedback.actions import make_link
from openrapport_web.feedback.models import Answer, Asking, AskLink, SafetyConcern
from openrapport_web.goals.models import AgendaPoint, Decision, Goal, Task
from openrapport_web.people.models import Practice
from openrapport_web.repairs.models import Alert, BringingUp, PrivateWord, Repair
from tests.web.answers import form_file, own_form
from tests.web.asked import asked, given, own_answer
from tests.web.conftest import signed_in
from tests.web.pulses import with_alert

MARK = "A heron walks over the grey lagoon"


def _send(browser: Browser, page: Any, **values: str) -> Any:
    sent = {"ticket": str(page.context["ticket"]), "submission": str(page.context["submission"])}
    return browser.post(reverse("answer_send"), sent | {f"a-{k}": v for k, v in values.items()})


class _Pages:
    """Presses the buttons of pages, and remembers every address that was asked for."""

    def __init__(self, user: Any) -> None:
        self.browser = signed_in(user)
        self.seen: list[str] = []

    def post(self, name: str, of: Any = None, /, **data: Any) -> Any:
        url = reverse(name, kwargs={"key": of} if of else {})
        answer = self.browser.post(url, data)
        assert answer.status_code == 302, (name, answer.status_code)
        self.seen += [url, answer.headers["Location"]]
        return self.browser.get(answer.headers["Location"])


def _answers(p: SimpleNamespace) -> None:
    """A pulse by link, a sheet of paper, a form about harm."""
    by_link = asked(p.teos)["pulse"]
    browser = Browser()
    page = browser.get(f"{reverse('link_open')}?link={make_link(asking=by_link)}", follow=True)
    assert _send(browser, page, bond="1", strain="2", differently=MARK).status_code == 200
    on_paper = asked(p.teos)
    own_answer(on_paper["pulse-therapist"])
    alba = signed_in(p.alba)
    page = alba.get(reverse("paper_enter", kwargs={"key": on_paper["pulse"].key}))
    assert _send(alba, page, differently=MARK).status_code == 200
    harm = asked(p.teos)["pulse"]
    Asking.objects.filter(pk=harm.pk).update(instrument="phq-9", instrument_version="1")
    given(Asking.objects.get(pk=harm.pk), q9=2)


def _fill(p: SimpleNamespace) -> list[str]:
    """Say the marked sentence wherever somebody can say something; give every address."""
    Practice.objects.update(named_contact=p.mara)
    _answers(p)
    teo, alba, mara = _Pages(p.teo), _Pages(p.alba), _Pages(p.mara)
    key, client = p.teos.episode.key, p.teos.client.key
    for to, reader in (("contact:" + str(p.mara.key), mara), (str(key), alba)):
        teo.post("word_new", to=to, text=MARK, wants_answer="on", key=str(uuid4()), send="1")
        word = PrivateWord.objects.latest("made_at")
        reader.post("word_open", word.key)
        reader.post("word_answer", word.key, done=MARK)
    for sending in (True, False):
        teo.post("bringing_new", own=MARK, how="send")
        if sending:
            teo.post("bringing_send", BringingUp.objects.get().key)
    alba.post("brought_open", BringingUp.objects.get(sent_at__isnull=False).key)
    teo.post("goal_new", key, text=MARK, version=0)
    teo.post("point_new", key, text=MARK, version=0)
    teo.post("task_new", key, text=MARK, version=0)
    teo.post("task_state", Task.objects.get().key, state="done", how=MARK, version=1)
    teo.post("decision_new", key, text=MARK, version=0)
    alba.post("decision_agree", Decision.objects.get().key)
    alert = Alert.objects.filter(client=client).latest("made_at")
    alba.post("alert_aside", alert.key, useful="no", why="usual", said=MARK, version=1)
    alba.post("repair_new", key, noticed="unsure", seen=MARK)
    repair = Repair.objects.get()
    alba.post("repair_edit", repair.key, noticed="unsure", seen=MARK, plan=MARK, spoken=MARK, version=1)
    alba.post("repair_close", repair.key, outcome="repaired", learned=MARK, version=2)
    alba.post("concern_page", SafetyConcern.objects.get().key, done=MARK)
    for name in ("client_course", "client_goals", "client_agenda", "client_repairs"):
        alba.browser.get(reverse(name, kwargs={"key": client}))
    return teo.seen + alba.seen + mara.seen


def _database() -> str:
    """Every row of every table, what is sealed as hexadecimal digits."""
    return "\n".join(connection.connection.iterdump())


def test_what_people_say_lies_open_nowhere(
    practice: SimpleNamespace,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with caplog.at_level(logging.DEBUG), django_capture_on_commit_callbacks(execute=True):
        addresses = _fill(practice)
    safety.send_letters()
    kept = _database()
    letters = "\n".join(f"{m.subject} {m.body} {m.extra_headers}" for m in mail.outbox)
    assert len(Answer.objects.exclude(sealed_values=b"")) == 4
    assert len(mail.outbox) > 2
    for form in (MARK, MARK.replace(" ", "+"), MARK.replace(" ", "%20"), "heron"):
        assert form not in letters
        assert form not in caplog.text
        assert form not in "\n".join(addresses)
        for where in (kept, kept.lower()):
            assert form not in where
            assert form.encode().hex() not in where
    # The search would find it: names lie open, as the documentation says.
    assert practice.teos.client.name in kept


# What is no choice of ours and lies open in the tables of these three parts. A column that is added
# here has to say what it holds, and that it is nothing that a client said.
OPEN = {
    "feedback.Asking": {"instrument", "instrument_version"},
    "feedback.AskLink": {"token_hash"},
    "feedback.ConcernLetter": {"address", "language"},
    "feedback.HelpLine": {"name", "number", "address", "hours", "language"},
    "feedback.OwnInstrument": {"name", "definition", "attestation"},
    "feedback.OwnReliability": {"instrument", "numbers"},
    "feedback.Plan": {"instrument"},
    "feedback.ReminderChoice": {"stop_hash"},
    "feedback.SafetyConcern": {"item"},
    "repairs.Alert": {"rule", "status", "why"},
    "repairs.StoredPriors": {"instrument", "numbers"},
}


def test_no_column_that_lies_open_can_hold_what_somebody_said() -> None:
    found: dict[str, set[str]] = {}
    for app in ("feedback", "repairs", "goals"):
        for model in apps.get_app_config(app).get_models():
            names = {
                field.name
                for field in model._meta.fields
                if isinstance(field, (models.CharField, models.TextField, models.JSONField))
                and not field.choices
            }
            if names:
                found[model._meta.label] = names
    assert found == OPEN


# -- erasing -------------------------------------------------------------------------------------------

# That somebody was here, when they met and what they agreed to; nothing that was asked or said.
STAYS = {
    "caseload.Episode", "caseload.Meeting", "caseload.Consent", "caseload.DeletionRequest",
}  # fmt: skip


def _rows_about(client: Client, episode: Episode) -> dict[str, int]:
    found: dict[str, int] = {}
    wanted: dict[Any, Any] = {Client: client, Episode: episode}
    for model in apps.get_models():
        for field in model._meta.fields:
            about = wanted.get(getattr(field, "related_model", None))
            if about is not None:
                n = model._default_manager.filter(**{field.name: about}).count()
                found[model._meta.label] = max(n, found.get(model._meta.label, 0))
    return {label: n for label, n in found.items() if n}


def test_after_erasing_no_table_knows_anything(practice: SimpleNamespace) -> None:
    _fill(practice)
    client, episode = practice.teos.client, practice.teos.episode
    before = _rows_about(client, episode)
    new = {"feedback.Answer", "repairs.PrivateWord", "goals.Goal", "feedback.SafetyConcern"}
    assert new <= before.keys()
    n_others = Entry.objects.count()
    erase_client(actor=practice.mara, client=client)
    assert _rows_about(client, episode).keys() <= STAYS
    assert not AskLink.objects.exists()
    assert not AgendaPoint.objects.exists()
    assert not Goal.objects.exists()
    assert Entry.objects.count() == n_others + 1


def test_an_old_copy_brings_nothing_back_of_somebody_whose_key_is_gone(
    practice: SimpleNamespace,
) -> None:
    """The rows as they were in a backup from before, and the keys as they are now."""
    _fill(practice)
    client, episode = practice.teos.client, practice.teos.episode
    crypto.keyring().delete(client.key)
    with pytest.raises(crypto.KeyDeleted):
        _ = Answer.objects.filter(client=client)[0].values
    assert empty_those_without_key() == 1
    assert _rows_about(client, episode).keys() <= STAYS
    assert empty_those_without_key() == 0


# -- what is brought in --------------------------------------------------------------------------------

SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7|add:7 }}"


def _hostile() -> dict[str, Any]:
    document = form_file()
    texts = json.loads(json.dumps(document["texts"]))

    def poison(thing: Any) -> Any:
        if isinstance(thing, dict):
            return {key: poison(value) for key, value in thing.items()}
        return SCRIPT + thing if isinstance(thing, str) and " " in thing else thing

    for language, words in texts.items():
        texts[language] = poison(words) | {
            "title": SCRIPT + "T",
            "instructions": SCRIPT,
            "stem": SCRIPT,
        }
    return document | {
        "texts": texts,
        "licence": {"name": SCRIPT, "note": SCRIPT, "attribution": SCRIPT},
        "sources": [SCRIPT],
    }


def test_words_of_a_form_that_is_brought_in_are_words_on_every_page(practice: SimpleNamespace) -> None:
    own = own_form(practice.mara, _hostile())
    form = asked(practice.teos)["pulse"]
    Asking.objects.filter(pk=form.pk).update(instrument=own.name, instrument_version="1")
    form.refresh_from_db()
    client = practice.teos.client.key
    pages = {
        "mara": [
            reverse("library_page"), reverse("library_form", kwargs={"name": own.name}),
            reverse("plan_page"), reverse("plan_edit", kwargs={"name": own.name}),
        ],
        "teo": [reverse("my_questions"), reverse("my_question", kwargs={"key": form.key})],
        "alba": [
            reverse("paper_sheet", kwargs={"key": form.key}),
            reverse("meeting_page", kwargs={"key": form.meeting_id}),
            reverse("episode_plan", kwargs={"key": practice.teos.episode.key}),
        ],
    }  # fmt: skip
    _all_harmless(practice, pages)
    Asking.objects.filter(rater="therapist").delete()
    answer = given(form, q1=1, q2=0)
    pages = {
        "teo": [
            reverse("my_answer", kwargs={"key": answer.key}),
            reverse("my_course"),
            reverse("my_questions"),
        ],
        "alba": [
            reverse("measure_list", kwargs={"key": client}),
            reverse("measure_page", kwargs={"key": client, "name": own.name}),
            reverse("client_course", kwargs={"key": client}),
            reverse("review_page", kwargs={"key": practice.teos.episode.key}),
        ],
    }
    _all_harmless(practice, pages)


def _all_harmless(practice: SimpleNamespace, pages: dict[str, list[str]]) -> None:
    n = 0
    for who, urls in pages.items():
        for url in urls:
            answer = signed_in(getattr(practice, who)).get(url)
            text = answer.content.decode()
            assert answer.status_code == 200, url
            assert "<script>alert" not in text, url
            assert "<img src=x" not in text, url
            assert "14<" not in text, url
            n += "&lt;script&gt;" in text
    assert n > 3, "the words were there at all"


def test_before_it_is_taken_it_is_shown_as_words_too(practice: SimpleNamespace) -> None:
    with_alert(practice.teos)
    sent = {"document": json.dumps(_hostile())}
    page = signed_in(practice.mara).post(reverse("library_take"), sent)
    assert page.status_code == 422
    text = page.content.decode()
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "&lt;script&gt;" in text


def test_cells_of_the_clients_copy_start_no_formula(practice: SimpleNamespace) -> None:
    for start in "=+-@":
        given(asked(practice.teos)["pulse"], differently=f"{start}cmd|' /C calc'!A0", bond=5)
    copy = signed_in(practice.teo).post(reverse("my_data"))
    with zipfile.ZipFile(BytesIO(copy.content)) as archive:
        table = archive.read("answers.csv").decode()
    assert table.count("calc") == 4
    cells = [cell.strip('"') for line in table.splitlines() for cell in line.split(",")]
    assert not [cell for cell in cells if cell[:1] in "=+-@" and "calc" in cell]

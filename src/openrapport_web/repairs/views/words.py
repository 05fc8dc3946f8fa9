"""Private words: written by clients, read by their therapist or by the practice's contact alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from openrapport_web import access
from openrapport_web.caseload.models import Client, Episode
from openrapport_web.feedback.help import help_for
from openrapport_web.repairs.actions import words as actions
from openrapport_web.repairs.actions.words import NotPossible
from openrapport_web.repairs.contact import Contact, contact_for
from openrapport_web.repairs.forms import AnswerForm, WordForm
from openrapport_web.repairs.models import PrivateWord, To

__all__ = [
    "episodes_to_write_in",
    "my_words",
    "word_answer",
    "word_back",
    "word_new",
    "word_open",
    "word_page",
]

_TO_CONTACT = "contact"


def episodes_to_write_in(client: Client) -> list[Episode]:
    """Give the episodes that are open now, the newest first; where none is, the last one."""
    held = client.episodes.select_related("therapist", "client").order_by("-starts_on", "-made_at")
    return list(held.filter(ends_on=None)) or list(held[:1])


# -- the client ------------------------------------------------------------------------------------


@login_required
def word_new(request: HttpRequest) -> HttpResponse:
    """Say what happens with a private word, let it be written, shown once more, and sent."""
    client = access.own_client(request.user)
    episodes, contact = episodes_to_write_in(client), contact_for(client)
    readers = [(str(e.key), _("My therapist, %(name)s") % {"name": e.therapist.name}) for e in episodes]
    if contact.person and episodes:
        only = _("Only %(name)s, not my therapist") % {"name": contact.person.name}
        readers.append((f"{_TO_CONTACT}:{contact.person.key}", only))
    form = WordForm(request.POST or None, readers=readers, initial={"key": uuid4()})
    values: dict[str, Any] = {
        "form": form,
        "episodes": episodes,
        "contact": contact,
        "help": help_for(client),
    }
    if request.method != "POST" or not form.is_valid() or "change" in request.POST:
        status = 422 if form.is_bound and form.errors else 200
        return render(request, "repairs/word_new.html", values, status=status)
    to_contact = form.cleaned_data["to"].startswith(_TO_CONTACT)
    if "send" not in request.POST:
        values |= {"text": form.cleaned_data["text"], "to_contact": to_contact}
        values["episode"] = next((e for e in episodes if str(e.key) == form.cleaned_data["to"]), None)
        return render(request, "repairs/word_look.html", values)
    return _send(request, client, form, episodes, contact if to_contact else None)


def _send(
    request: HttpRequest,
    client: Client,
    form: WordForm,
    episodes: list[Episode],
    contact: Contact | None,
) -> HttpResponse:
    given = form.cleaned_data
    chosen = next((e for e in episodes if str(e.key) == given["to"]), episodes[0])
    try:
        word = actions.send_word(
            actor=request.user,
            client=client,
            episode=chosen,
            contact=contact.person if contact else None,
            text=given["text"],
            wants_answer=given["wants_answer"],
            key=given["key"],
        )
    except NotPossible:
        form.add_error(None, _("The practice's contact has just changed. Look at who reads it now."))
        return render(
            request,
            "repairs/word_new.html",
            {"form": form, "episodes": episodes, "contact": contact_for(client)},
            status=409,
        )
    reader = word.contact or word.episode.therapist
    messages.success(
        request, _("Sent to %(name)s. You see here when it was read.") % {"name": reader.name}
    )
    return redirect("my_words")


@require_safe
@login_required
def my_words(request: HttpRequest) -> HttpResponse:
    """Show a client what they wrote, whether it was read, and what was answered."""
    held = access.own_words(request.user).select_related("contact", "episode__therapist", "read_by")
    client = access.own_client(request.user)
    values = {"words": held.order_by("-made_at"), "contact": contact_for(client)}
    return render(request, "repairs/my_words.html", values)


@require_POST
@login_required
def word_back(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take a word back that nobody has read."""
    word = access.found(access.own_words(request.user).select_related("client"), key)
    try:
        actions.take_word_back(actor=request.user, word=word)
    except NotPossible:
        messages.warning(request, _("It was read just now, so it cannot be taken back any more."))
    else:
        messages.success(request, _("Taken back and deleted. Nobody has read it."))
    return redirect("my_words")


# -- who reads it ----------------------------------------------------------------------------------


def _sent_to_me(request: HttpRequest) -> QuerySet[PrivateWord]:
    mine = access.words(request.user) | access.contact_words(request.user)
    return mine.select_related("client", "episode")


@require_safe
@login_required
def word_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show a word; before it is opened, only that there is one."""
    word = access.found(_sent_to_me(request), key)
    return _page(request, word, AnswerForm())


def _page(request: HttpRequest, word: PrivateWord, form: AnswerForm, status: int = 200) -> HttpResponse:
    values = {
        "word": word,
        "form": form,
        "to_contact": word.to == To.CONTACT,
        "repair": access.repairs(request.user).filter(word=word).first(),
    }
    if word.read_at is not None:
        actions.note_in_log(request.user, word, "read")
    return render(request, "repairs/word_page.html", values, status=status)


@require_POST
@login_required
def word_open(request: HttpRequest, key: UUID) -> HttpResponse:
    """Open it; the client sees that it was read."""
    word = access.found(_sent_to_me(request), key)
    actions.read_word(actor=request.user, word=word)
    return redirect("word_page", key=word.key)


@require_POST
@login_required
def word_answer(request: HttpRequest, key: UUID) -> HttpResponse:
    """Answer it, which closes it."""
    word = access.found(_sent_to_me(request), key)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, word, form, status=422)
    try:
        actions.answer_word(actor=request.user, word=word, **form.cleaned_data)
    except NotPossible:
        messages.warning(
            request, _("It was answered already, or not opened yet. Here is how it stands.")
        )
    else:
        name = {"name": word.client.name}
        messages.success(request, _("Your answer stands in %(name)s's place.") % name)
    return redirect("word_page", key=word.key)

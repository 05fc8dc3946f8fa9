"""One page for every questionnaire, whichever way somebody came to it."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation

from openrapport.measures.instrument import Instrument
from openrapport_web.feedback.forms import AnswerForm
from openrapport_web.feedback.instruments import instrument, items_asked
from openrapport_web.feedback.models import Asking, Rater, Way
from openrapport_web.feedback.tickets import Ticket
from openrapport_web.people.models import User

__all__ = ["form_of", "language_of", "show_form", "show_thanks", "show_words"]

_LANGUAGES = dict(settings.LANGUAGES)


def language_of(asking: Asking, user: Any) -> str:
    """In which language a form is shown first: the reader's own."""
    if isinstance(user, User) and (asking.rater == Rater.THERAPIST or user.is_client):
        return user.language
    return asking.client.language if asking.client.language in _LANGUAGES else settings.LANGUAGE_CODE


def form_of(
    asking: Asking, language: str, data: Any = None, *, judged: bool = True
) -> tuple[AnswerForm, Instrument]:
    """Make the form of a questionnaire in a language, as somebody filled it in so far.

    Parameters
    ----------
    asking : Asking
        With its meeting.
    language : str
        Of the words.
    data : QueryDict, optional
        What was filled in.
    judged : bool
        Whether that is to be checked, or only to be shown again.
    """
    questionnaire = instrument(asking.instrument)
    items, texts = items_asked(questionnaire, asking), questionnaire.texts(language)
    if data is None or judged:
        return AnswerForm(data, items=items, texts=texts), questionnaire
    said = {item.key: data.get(f"a-{item.key}", "") for item in items}
    return AnswerForm(initial=said, items=items, texts=texts), questionnaire


def show_form(
    request: HttpRequest,
    asking: Asking,
    ticket: Ticket,
    *,
    language: str,
    data: Any = None,
    submission: UUID | None = None,
    notice: str = "",
    checked: bool = False,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """Show a form.

    Parameters
    ----------
    request : HttpRequest
        What is answered.
    asking : Asking
        With its client, meeting and episode's therapist.
    ticket : Ticket
        What lets the page send its answer.
    language : str
        Of the page and, where they are there in it, of the questions.
    data : QueryDict, optional
        What was filled in so far.
    submission : UUID, optional
        Of the page that is shown again.
    notice : str
        What to look at again.
    checked : bool
        Whether to say what is wrong with what was filled in.
    status : int
        Of the answer.
    **more
        For the page, as it is.
    """
    with translation.override(language):
        form, questionnaire = form_of(asking, language, data, judged=checked)
        texts = questionnaire.texts(language)
        said = {
            "asking": asking,
            "ticket": ticket,
            "form": form,
            "questions": list(form.questions()),
            "instrument": questionnaire,
            "texts": texts,
            "language": language,
            "languages": _offered(questionnaire, language),
            "submission": submission or uuid4(),
            "notice": notice,
            "sent_to": reverse("answer_send"),
            **more,
        }
        return render(
            request, "feedback/form.html", _around(request, asking, ticket, said), status=status
        )


def _offered(questionnaire: Instrument, now: str) -> list[tuple[str, str]]:
    """Other languages in which both the page and the questions are there."""
    return [
        (code, name)
        for code, name in settings.LANGUAGES
        if code != now and code in questionnaire.languages
    ]


def show_thanks(
    request: HttpRequest, asking: Asking, ticket: Ticket, *, language: str, **said: Any
) -> HttpResponse:
    """Say thank you, who will read it, and what happens next."""
    with translation.override(language):
        return render(
            request,
            "feedback/thanks.html",
            _around(request, asking, ticket, {"language": language, **said}),
        )


def show_words(
    request: HttpRequest,
    asking: Asking | None,
    ticket: Ticket | None,
    *,
    language: str,
    status: int,
    **said: Any,
) -> HttpResponse:
    """Say kindly why a form cannot be answered now, and what to do."""
    with translation.override(language):
        around = _around(request, asking, ticket, said)
        return render(request, "feedback/not_now.html", around, status=status)


def _around(
    request: HttpRequest, asking: Asking | None, ticket: Ticket | None, said: dict[str, Any]
) -> dict[str, Any]:
    """What the frame of the page depends on: who may see names, and where to go on."""
    way = ticket.way if ticket is not None else None
    signed_in = way in (Way.PLACE, Way.PAPER) and request.user.is_authenticated
    return {
        "way": way,
        "signed_in": signed_in,
        "alone": not signed_in and way is not None,
        "kiosk": way == Way.KIOSK,
        "asking": asking,
        **said,
    }

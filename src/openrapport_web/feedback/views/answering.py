"""Opening a form by each way, and sending it."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from openrapport.errors import BadInput
from openrapport_web import access
from openrapport_web.audit.chain import record
from openrapport_web.feedback import actions, kiosk, safety
from openrapport_web.feedback.forms import AnswerForm, moment_of, noon_of
from openrapport_web.feedback.help import help_for
from openrapport_web.feedback.instruments import NoSuchInstrument, title_of
from openrapport_web.feedback.models import Answer, Asking, AskLink, Rater, Way
from openrapport_web.feedback.pages import (
    form_of,
    language_of,
    show_form,
    show_thanks,
    show_words,
)
from openrapport_web.feedback.reading import said_in_words
from openrapport_web.feedback.tickets import Ticket
from openrapport_web.people.models import User

__all__ = [
    "answer_send",
    "link_form",
    "link_open",
    "my_answer",
    "my_question",
    "my_questions",
    "open_forms",
    "open_now",
    "pulse_own",
    "pulse_skip",
]

_COOKIE, _COOKIE_S, PAGE = "asking", 3 * 3600, 20


# -- signed in ---------------------------------------------------------------------------------------


@require_safe
@login_required
def my_questions(request: HttpRequest) -> HttpResponse:
    """List a client's open forms, and what they answered."""
    client, language = access.own_client(request.user), access.me(request).language
    # A therapist can be somebody else's client: what their own clients answered is not theirs.
    own = access.answers(request.user).filter(client=client, asking__rater=Rater.CLIENT)
    given = own.select_related("asking").order_by("-given_at")
    page = Paginator(given, PAGE).get_page(request.GET.get("page"))
    about = {
        "signed_in": True,
        "open": open_forms(access.me(request)),
        "given": [(a, title_of(a.asking.instrument, language)) for a in page],
        "page": page,
    }
    return render(request, "feedback/my_questions.html", about)


def open_forms(user: User) -> list[tuple[Asking, str]]:
    """A client's forms that wait for an answer, with what each is called."""
    askings = open_now(access.askings(user).filter(client__user=user, rater=Rater.CLIENT))
    held = askings.select_related("meeting").order_by("opens_at")
    return [(asking, title_of(asking.instrument, user.language)) for asking in held]


def open_now(askings: Any) -> Any:
    """Those that can be answered."""
    return askings.filter(answered_at=None, withdrawn_at=None, expires_at__gt=timezone.now())


@require_safe
@login_required
def my_question(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show one open form to the client whose it is."""
    client = access.own_client(request.user)
    held = access.askings(request.user).filter(client=client, rater=Rater.CLIENT)
    asking = access.found(_whole(held), key)
    return _show(request, asking, Ticket(asking.key, Way.PLACE, access.me(request).pk))


@require_safe
@login_required
def my_answer(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show a client what they answered."""
    client = access.own_client(request.user)
    held = access.answers(request.user).filter(client=client, asking__rater=Rater.CLIENT)
    answer = access.found(held.select_related("asking__meeting"), key)
    record(request.user, "answer.read", answer, client=answer.client_id)
    language = access.me(request).language
    said = {
        "signed_in": True,
        "answer": answer,
        "title": title_of(answer.asking.instrument, language),
        "rows": said_in_words(answer, language),
    }
    return render(request, "feedback/my_answer.html", said)


@require_safe
@login_required
def pulse_own(request: HttpRequest, key: UUID) -> HttpResponse:
    """Show a therapist their own form after a meeting, with the guess of the client's."""
    meeting = access.found(access.meetings_in_care(request.user), key)
    own = _whole(access.askings(request.user)).filter(meeting=meeting, rater=Rater.THERAPIST)
    asking = own.first()
    if asking is None:
        words = [_("After this meeting no form was asked, or it is not held yet.")]
        return show_words(
            request,
            None,
            None,
            language=access.me(request).language,
            status=404,
            title=_("Nothing is asked here"),
            lines=words,
        )
    return _show(request, asking, Ticket(asking.key, Way.PLACE, access.me(request).pk))


@require_POST
@login_required
def pulse_skip(request: HttpRequest, key: UUID) -> HttpResponse:
    """Leave one's own form out; the client's answers appear without a guess."""
    meeting = access.found(access.meetings_in_care(request.user), key)
    own = access.askings(request.user).filter(meeting=meeting, rater=Rater.THERAPIST)
    for asking in own.select_related("episode"):
        actions.skip(actor=request.user, asking=asking)
    return redirect("meeting_page", key=meeting.key)


# -- by link -----------------------------------------------------------------------------------------


@require_safe
def link_open(request: HttpRequest) -> HttpResponse:
    """Public with a link: take the secret out of the address, and go on to the form."""
    link = actions.link_of(request.GET.get("link", "")[:200], Way.LINK)
    if link is None:
        return _no_link(request)
    response = redirect("link_form")
    # The address with the secret stays in no history and is told to nobody. What it led to stands
    # in a signed cookie, so that loading the page again works.
    response.headers["Referrer-Policy"] = "no-referrer"
    response.set_signed_cookie(
        _cookie_name(request),
        link.key.hex,
        max_age=_COOKIE_S,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response


@require_safe
def link_form(request: HttpRequest) -> HttpResponse:
    """Public with a link that was opened: its form."""
    key = request.get_signed_cookie(_cookie_name(request), default="", max_age=_COOKIE_S)
    held = AskLink.objects.filter(way=Way.LINK).select_related(
        "asking__client", "asking__meeting", "asking__episode__therapist"
    )
    link = held.filter(pk=UUID(key)).first() if key else None
    if link is None:
        return _no_link(request)
    return _show(request, link.asking, Ticket(link.asking_id, Way.LINK))


def _cookie_name(request: HttpRequest) -> str:
    return f"__Host-{_COOKIE}" if request.is_secure() else _COOKIE


def _no_link(request: HttpRequest) -> HttpResponse:
    return show_words(
        request,
        None,
        Ticket(UUID(int=0), Way.LINK),
        language=translation.get_language() or "en",
        status=404,
        title=_("Please open the link once more"),
        lines=[
            _("Open it from your letter again; perhaps a part of it was missing."),
            _("If it still does not work, sign in, or simply tell your therapist next time."),
        ],
    )


# -- the form ----------------------------------------------------------------------------------------


def _whole(askings: Any) -> Any:
    return askings.select_related("client", "meeting", "episode__therapist")


def _show(request: HttpRequest, asking: Asking, ticket: Ticket) -> HttpResponse:
    """Show a form that can be answered, or say kindly why it cannot."""
    language = language_of(asking, request.user)
    try:
        actions.require_open(asking)
        return show_form(request, asking, ticket, language=language)
    except (actions.NotPossible, NoSuchInstrument) as error:
        return _refused(request, asking, ticket, language, error)


@csrf_exempt  # the ticket in the page is what proves that somebody opened this very form
@sensitive_post_parameters()
@require_POST
def answer_send(request: HttpRequest) -> HttpResponse:
    """Public with the ticket of a form: keep its answer, exactly once."""
    ticket = Ticket.read(request.POST.get("ticket", "")[:1_000])
    asking = _whole(Asking.objects.filter(pk=ticket.asking)).first() if ticket else None
    if ticket is None or asking is None:
        response = _no_link(request)
    else:
        language = request.POST.get("language") or request.POST.get("shown_in") or ""
        if language not in dict(settings.LANGUAGES):
            language = language_of(asking, request.user)
        with translation.override(language):
            response = _answered(request, asking, ticket, language)
    # A page that sends what it kept without a connection tells our answer from a stranger's by this.
    response.headers["X-Asking"] = "1"
    return response


def _answered(request: HttpRequest, asking: Asking, ticket: Ticket, language: str) -> HttpResponse:
    sent, submission = request.POST, _uuid(request.POST.get("submission", ""))
    show = partial(show_form, request, asking, ticket, language=language)
    again = partial(show, data=sent, submission=submission)
    if "open" in sent:
        return _show(request, asking, ticket)
    if "language" in sent:
        return again()
    form = None
    try:
        form, _instrument = form_of(asking, language, sent)
        if not form.is_valid():
            return again(notice=_("Please look at this again"), checked=True, status=422)
        answer = _kept(sent, asking, ticket, submission, form.answers)
    except (actions.Empty, actions.OtherVersion) as error:
        return again(notice=str(error), status=422)
    except BadInput:
        notice = _("Something on this page does not fit. Please look at it again.")
        return again(notice=notice, status=422)
    except PermissionDenied:
        return _refused(request, asking, ticket, language, None, form)
    except (actions.NotPossible, NoSuchInstrument) as error:
        return _refused(request, asking, ticket, language, error, form)
    return _thanks(request, answer, ticket, language)


def _kept(
    sent: QueryDict, asking: Asking, ticket: Ticket, submission: UUID, values: dict[str, Any]
) -> Answer:
    person = User.objects.filter(pk=ticket.person).first() if ticket.person else None
    if ticket.person and not access.is_here(person):
        raise PermissionDenied
    about: dict[str, Any] = {"actor": person, "given_at": moment_of(sent.get("given_at", ""))}
    if ticket.way == Way.PAPER:
        day = noon_of(sent.get("given_on", ""))
        about = {"actor": None, "entered_by": person, "given_at": day}
    return actions.keep_answer(
        asking=asking,
        values=values,
        submission=submission,
        way=ticket.way,
        version=sent.get("version"),
        **about,
    )


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def _thanks(request: HttpRequest, answer: Answer, ticket: Ticket, language: str) -> HttpResponse:
    """Say thank you, and lead on to another form of the same meeting where there is one."""
    asking = answer.asking
    same = Asking.objects.filter(client=asking.client_id, rater=asking.rater, meeting=asking.meeting_id)
    more = None
    if asking.rater == Rater.CLIENT and ticket.way != Way.PAPER:
        more = open_now(same).order_by("made_at").first()
    if ticket.way == Way.KIOSK:
        kiosk.answered(request, more)
    both = not open_now(
        Asking.objects.filter(meeting=asking.meeting_id, rater=Rater.CLIENT, instrument="pulse")
    ).exists()
    return show_thanks(
        request,
        asking,
        ticket,
        language=language,
        both_in=both,
        more=Ticket(more.key, ticket.way, ticket.person) if more else None,
        more_title=title_of(more.instrument, language) if more else "",
        urgent=(urgent := safety.needs_help(answer)),
        help=help_for(asking.client) if urgent else None,
    )


def _refused(
    request: HttpRequest,
    asking: Asking,
    ticket: Ticket,
    language: str,
    error: Exception | None,
    form: AnswerForm | None = None,
) -> HttpResponse:
    """Say why it cannot be answered now, with what was chosen, so that it is not lost."""
    answered = isinstance(error, actions.AlreadyAnswered)
    with translation.override(language):
        title = _("This form was answered already") if answered else _("This form is closed")
        lines = [str(error)] if isinstance(error, actions.NotPossible) else []
        if ticket.way == Way.PAPER:
            lines.append(_("Please put the sheet into the client's file, or ask the therapist."))
        elif asking.rater == Rater.CLIENT:
            lines.append(
                _("If something is different for you now, tell your therapist; it is always welcome.")
            )
        return show_words(
            request,
            asking,
            ticket,
            language=language,
            status=409 if answered else 410,
            title=title,
            lines=lines,
            kept_words=_words_of(form) if form is not None and ticket.way != Way.KIOSK else [],
        )


def _words_of(form: AnswerForm) -> list[tuple[str, str]]:
    said = [(str(form[key].label), value) for key, value in form.answers.items() if value is not None]
    return [(label, value if isinstance(value, str) else f"{value:g}") for label, value in said]

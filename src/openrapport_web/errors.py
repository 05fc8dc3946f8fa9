"""Pages for what went wrong. They say what to do next and repeat nothing of the request."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

_log = logging.getLogger(__name__)

__all__ = ["bad_request", "csrf_failure", "not_allowed", "not_found", "our_fault"]


def _page(request: HttpRequest, status: int, title: str, words: str) -> HttpResponse:
    if request.path.startswith("/api/"):  # a program reads this
        return JsonResponse({"detail": f"{title}. {words}", "where": ""}, status=status)
    return render(request, "error.html", {"title": title, "words": words}, status=status)


def _log_refusal(request: HttpRequest, status: int) -> None:
    """Say who asked for what was not theirs: the name of the address and two keys, no content."""
    match, user = request.resolver_match, getattr(request, "user", None)
    if match is not None and user is not None and user.is_authenticated:
        key = match.kwargs.get("key", "nothing")
        _log.warning("refused with %s: %s of %s, asked by %s", status, match.url_name, key, user.pk)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    del exception
    return _page(
        request, 400, "That could not be read", "Go back and try it once more. Nothing was changed."
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    del reason
    return _page(
        request,
        403,
        "This page was open for too long",
        "For your safety it was not sent. Go back, load the page again and send it once more.",
    )


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    del exception
    _log_refusal(request, 403)
    return _page(
        request,
        403,
        "This is not for your role",
        "If you think it should be, ask the practice's manager.",
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    del exception
    _log_refusal(request, 404)
    return _page(
        request,
        404,
        "There is nothing here for you",
        "The address may be wrong, or what was here is deleted or no longer shared with you.",
    )


def our_fault(request: HttpRequest) -> HttpResponse:
    del request  # nothing of it is touched, and no database: either may be what is broken
    said = {
        "title": "Something on our side went wrong",
        "words": "Nothing was half-saved. Try again in a moment.",
    }
    return HttpResponse(render_to_string("error.html", said), status=500)

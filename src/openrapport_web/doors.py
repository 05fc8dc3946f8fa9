"""Ways into a fictional practice without a password. They exist in a demonstration alone."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_protect

from openrapport_web.audit.chain import record
from openrapport_web.people.models import Practice, Role, User
from openrapport_web.people.signing_in import SECOND_FACTOR

__all__ = ["demo_doors"]

_LOOPBACK = ("127.0.0.1", "::1")
_WORDS = {
    Role.CLIENT: "sees what is held, who looked, and what was shared; agrees and takes back",
    Role.THERAPIST: "has clients, meetings and notes, brings in sessions and reads reports",
    Role.SUPERVISOR: "reads what therapists share, while the client agrees",
    Role.MANAGER: "invites people, sees who did what, deletes for good",
    Role.RESEARCHER: "sees nothing that names anybody",
}


@csrf_protect
def demo_doors(request: HttpRequest) -> HttpResponse:
    """Let a visitor on this machine become one of the fictional people."""
    practice = Practice.get()
    if not (
        settings.DEMO and practice and practice.fictional and request.META["REMOTE_ADDR"] in _LOOPBACK
    ):
        raise Http404
    people = {role: _somebody(role) for role in Role}
    chosen = request.POST.get("role") if request.method == "POST" else None
    user = people.get(Role(chosen)) if chosen in set(Role) else None
    if user is None:
        rows = [(role, user, _WORDS[role]) for role, user in people.items() if user]
        return render(request, "demo_doors.html", {"rows": rows})
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[1])
    request.session[SECOND_FACTOR] = True
    record(user, "demo.entered", user)
    return redirect("home")


def _somebody(role: Role) -> User | None:
    with_sessions = User.objects.here(role).order_by("made_at")
    return with_sessions.first()

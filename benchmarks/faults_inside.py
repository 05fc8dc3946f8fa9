"""What the fault test does inside the practice: make it, and say what is in it at the end."""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta
from importlib import import_module
from typing import Any

_PATIENCE_S = 240


def make() -> dict[str, Any]:
    """Make a therapist, a client, 4,000 meetings, and a sign-in for each of the two."""
    from django.utils import timezone

    from openrapport_web import crypto
    from openrapport_web.caseload.models import Client, Consent, Episode, Meeting, Purpose
    from openrapport_web.caseload.wordings import wording_of
    from openrapport_web.people.models import Practice, Role, User
    from openrapport_web.verbs import migrate

    migrate()
    now = timezone.now()
    Practice(name="A practice for the fault test", fictional=True).save()
    therapist = User.objects.create_user("t@example.org", "Therapist", {Role.THERAPIST})
    account = User.objects.create_user("c@example.org", "Client", {Role.CLIENT})
    client = Client(name="Client", user=account)
    crypto.keyring().make(client.key)
    client.save()
    for purpose in set(Purpose) - {Purpose.RESEARCH}:
        wording = wording_of(purpose, "en")
        Consent.objects.create(client=client, purpose=purpose, wording=wording, given_at=now)
    start = now.date() - timedelta(days=4_001)
    episode = Episode.objects.create(client=client, therapist=therapist, starts_on=start)
    people = {"client": client, "therapist": therapist}
    days = (now - timedelta(days=n + 1) for n in range(4_000))
    meetings = [Meeting(episode=episode, starts_at=day, state="held", **people) for day in days]
    Meeting.objects.bulk_create(meetings)
    return {
        "therapist": _signed_in(therapist),
        "client": _signed_in(account),
        "episode": str(episode.key),
        "meetings": [str(m.key) for m in meetings],
        "wording": str(wording_of(Purpose.RESEARCH, "en").key),
    }


def _signed_in(user: Any) -> dict[str, str]:
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.middleware.csrf import _get_new_csrf_string

    from openrapport_web.people.signing_in import SECOND_FACTOR

    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session[SECOND_FACTOR] = True
    session.save()
    token = _get_new_csrf_string()
    cookies = {settings.SESSION_COOKIE_NAME: session.session_key, settings.CSRF_COOKIE_NAME: token}
    return {
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "X-CSRFToken": token,
        "Origin": settings.ORIGIN,
    }


def found() -> dict[str, Any]:
    """Wait until all work is done, what a rescue has to find included; then say what there is."""
    from django.db.models import F

    from openrapport_web.audit.chain import verify
    from openrapport_web.caseload.models import Consent, NoteVersion, Purpose
    from openrapport_web.recordings.models import (
        Analysis,
        StoredFile,
        StoredReport,
        TranscriptVersion,
        Upload,
    )

    until = time.monotonic() + _PATIENCE_S
    under_way = Analysis.objects.filter(state__in=["queued", "running"])
    whole = Upload.objects.filter(finished_at=None, offset=F("size_bytes"))
    while (whole.exists() or under_way.exists()) and time.monotonic() < until:
        time.sleep(0.5)

    def meetings_of(model: Any) -> list[str]:
        return [str(key) for key in model.objects.values_list("session__meeting", flat=True)]

    return {
        "broken": [f"{b.number}: {b.why}" for b in verify()],
        "notes": [version.text for version in NoteVersion.objects.all()],
        "research": Consent.objects.filter(purpose=Purpose.RESEARCH, withdrawn_at=None).count(),
        "files": meetings_of(StoredFile),
        "n_missing": sum(not file.path.is_file() for file in StoredFile.objects.all()),
        "versions": meetings_of(TranscriptVersion),
        "reports": meetings_of(StoredReport),
        "analyses": [
            [str(a.session.meeting_id), a.state, a.problem]
            for a in Analysis.objects.select_related("session")
        ],
    }


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps({"make": make, "found": found}[sys.argv[1]]()))

"""Sessions for tests of the web: brought in and analysed as people do it, only faster."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from openrapport_web.caseload.models import Meeting, Purpose
from openrapport_web.people.models import User
from openrapport_web.recordings import analysis, uploads
from openrapport_web.recordings.actions import share
from openrapport_web.recordings.models import Analysis, Audience, SessionRecord
from tests.web.conftest import InCare, give_consent

__all__ = [
    "SMALL",
    "another_session",
    "bring",
    "bring_and_analyse",
    "shared_with",
    "two_sessions",
    "with_recording",
    "with_session",
]

# Long enough for counts, short enough to read: a question, a reflection, advice, short replies.
SMALL = """\
Therapist: How was your week, what happened since we talked?
Client: I slept badly, and I keep thinking about the thing at work.
Therapist: It sounds like it follows you into the night.
Client: Yes, it does. I lie there and I count what I did wrong.
Therapist: You should try to write it down before you go to bed.
Client: Okay.
Therapist: And what would you like to do with it?
Client: I would like to talk to my sister, because she knows how it was.
Therapist: She was there when it began.
Client: She was, and she never told anybody about it.
Therapist: What do you think she would say to you now?
Client: That I should stop counting, and that I did what I could.
Therapist: So a part of you knows that already.
Client: A small part, yes. The other one is louder at night.
Therapist: How would it be to let the small one speak here?
Client: Strange. But I could try it next time.
Therapist: Then we begin with that.
Client: Good. I will tell you on Monday how the night was.
Therapist: And how was it for you here today?
Client: It was good to say it out loud for once.
Therapist: Thank you for telling me.
Client: See you on Monday, then.
"""
ANALYSE = (Purpose.TRANSCRIBE, Purpose.ANALYSE)
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(range(256)) * 8


def agreed(care: InCare, *purposes: Purpose) -> None:
    """Give the consents that are not given yet."""
    held = set(care.client.consents.filter(withdrawn_at=None).values_list("purpose", flat=True))
    give_consent(care.client, *(p for p in purposes if p not in held))


def bring(care: InCare, data: bytes | str = SMALL, name: str = "session.txt") -> Any:
    """Upload a file as the therapist; the analysis waits."""
    data = data.encode() if isinstance(data, str) else data
    upload = uploads.begin(
        actor=care.meeting.therapist, meeting=care.meeting, name=name, size=len(data)
    )
    rest = [data]
    uploads.receive(upload, lambda _size: rest.pop() if rest else b"")
    return upload


def bring_and_analyse(
    care: InCare, data: bytes | str = SMALL, name: str = "session.txt"
) -> SessionRecord:
    """Upload a transcript and do what the worker would."""
    agreed(care, *ANALYSE)
    bring(care, data, name)
    session = SessionRecord.objects.get(meeting=care.meeting)
    analysis.work(Analysis.objects.get(session=session, state="queued").key)
    return session


def with_session(p: SimpleNamespace, whose: str) -> SessionRecord:
    """The session of Teo or of Cleo, made when it is first asked for."""
    care: InCare = getattr(p, whose)
    held = SessionRecord.objects.filter(meeting=care.meeting, reports__isnull=False).first()
    return held or bring_and_analyse(care)


def another_session(care: InCare, days: int = 7) -> SessionRecord:
    """One more meeting of the same two, analysed."""
    meeting = Meeting.objects.create(
        episode=care.episode,
        client=care.client,
        therapist=care.meeting.therapist,
        starts_at=care.meeting.starts_at + timedelta(days=days),
    )
    return bring_and_analyse(replace(care, meeting=meeting), SMALL.replace("I ", "well, I "))


def two_sessions(p: SimpleNamespace, whose: str) -> dict[str, Any]:
    """Two sessions of Teo or of Cleo, by the names of the address that compares them."""
    first = with_session(p, whose)
    return {"key": first.key, "other": another_session(getattr(p, whose)).key}


def with_recording(p: SimpleNamespace, whose: str) -> Any:
    """A recording of Teo or of Cleo."""
    care: InCare = getattr(p, whose)
    agreed(care, Purpose.RECORD)
    bring(care, WAV, "session.wav")
    return SessionRecord.objects.get(meeting=care.meeting).files.filter(kind="recording").first()


def shared_with(session: SessionRecord, person: User, audience: Audience) -> Any:
    """Share a session as its therapist."""
    if audience == Audience.SUPERVISOR:
        held = session.client.consents.filter(purpose=Purpose.SUPERVISION, withdrawn_at=None)
        if not held.exists():
            give_consent(session.client, Purpose.SUPERVISION)
    return share(actor=session.therapist, session=session, audience=audience, person=person)

"""The shapes of sessions, transcripts and analyses."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from openrapport_web.api.v1.caseload import Person
from openrapport_web.api.v1.paging import Paging
from openrapport_web.api.v1.values import Given, Key, Version
from openrapport_web.recordings.models import AnalysisState, Audience, Kind

Speaker = Annotated[str, Field(min_length=1, max_length=200)]


class ClientName(BaseModel):
    """Whose session it is."""

    key: UUID
    name: str


class SessionOut(BaseModel):
    """What is held of a meeting, in short."""

    key: UUID
    meeting: UUID
    client: ClientName
    therapist: Person
    starts_at: datetime
    has_report: bool


class SessionPage(BaseModel):
    """Some of the sessions, and how many there are."""

    items: list[SessionOut]
    count: int


class VersionOut(BaseModel):
    """A version of a transcript."""

    number: int
    what: str
    by: Person | None
    made_at: datetime
    n_utterances: int
    has_report: bool


class FileOut(BaseModel):
    """A file as it was brought in."""

    key: UUID
    kind: Kind
    name: str
    size_bytes: int
    made_at: datetime


class Question(BaseModel):
    """Who is the therapist, and who the client? With what the machine takes them for, and why."""

    speakers: list[str]
    therapist: str
    client: str
    evidence: list[Any]


class AnalysisOut(BaseModel):
    """Where an analysis is. A worker does it, so ask again until it is over."""

    key: UUID
    session: UUID
    state: AnalysisState
    stage: str
    percent: int
    problem: str
    question: Question | None
    made_at: datetime
    finished_at: datetime | None


class ShareOut(BaseModel):
    """Somebody who may see a session."""

    key: UUID
    audience: Audience
    person: Person


class MayShareOut(BaseModel):
    """Somebody with whom a session could be shared."""

    audience: Audience
    person: Person


class CareOut(BaseModel):
    """What the therapist of a session sees of it beside its transcripts and reports."""

    files: list[FileOut]
    analysis: AnalysisOut | None
    shares: list[ShareOut]
    may_share_with: list[MayShareOut]


class SessionDetail(SessionOut):
    """What is held of a meeting. ``care`` is null for everybody but its therapist."""

    versions: list[VersionOut]
    care: CareOut | None


class PartyOut(BaseModel):
    """Somebody who speaks."""

    name: str
    role: str


class UtteranceOut(BaseModel):
    """One stretch of speech. ``party`` is a place in ``parties``, from 0."""

    number: int
    party: int
    start_ms: int | None
    end_ms: int | None
    text: str


class TranscriptOut(BaseModel):
    """What was said."""

    number: int
    parties: list[PartyOut]
    utterances: list[UtteranceOut]


class ReportOut(BaseModel):
    """A report as ``openrapport analyze --json`` writes it; the documentation describes its parts."""

    version: str
    session: str
    sources: list[dict[str, Any]]
    parties: list[PartyOut]
    steps: list[str]
    findings: list[dict[str, Any]]
    not_measured: list[dict[str, Any]]
    moments: list[dict[str, Any]]


class SessionsAsked(Paging):
    """Which sessions a list shows."""

    client: Key | None = None


class AnalysisIn(Given):
    """What shall be analysed: a transcript file, or a version of the transcript."""

    file: Key | None = None
    version: Version | None = None


class AnswerIn(Given):
    """Who of the speakers is who."""

    therapist: Speaker
    client: Speaker


class CorrectionIn(Given):
    """What was said at one place of the version that you saw, and by which of its parties."""

    version: Version
    number: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
    text: str = Field(min_length=1, max_length=20_000)
    party: Annotated[int, Field(strict=True, ge=0, le=100)]


class SwapIn(Given):
    """The version that you saw."""

    version: Version

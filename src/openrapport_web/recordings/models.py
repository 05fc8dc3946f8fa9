"""What was brought in from a meeting, what was made of it, and who may see it."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q

from openrapport_web.records import Record, Words

__all__ = [
    "Analysis",
    "AnalysisState",
    "Audience",
    "Kind",
    "Mark",
    "SessionRecord",
    "Share",
    "StoredFile",
    "StoredReport",
    "TranscriptVersion",
    "Upload",
    "Verdict",
]


class AnalysisState(models.TextChoices):
    """Where an analysis is."""

    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Working"
    ASKING = "asking", "Needs an answer"
    DONE = "done", "Done"
    FAILED = "failed", "Could not be done"
    CANCELLED = "cancelled", "Cancelled"


class Kind(models.TextChoices):
    """What a file is. Each rests on a consent of its own."""

    RECORDING = "recording", "Recording"
    TRANSCRIPT = "transcript", "Transcript"


class Audience(models.TextChoices):
    """With whom a therapist shares a session."""

    CLIENT = "client", "The client"
    SUPERVISOR = "supervisor", "A supervisor"


class Verdict(models.TextChoices):
    """What a person says of a mark of the machine."""

    CONFIRMED = "confirmed", "Fits"
    DISMISSED = "dismissed", "Does not fit"
    NOTED = "noted", "Noted"


class OnDisk(Record):
    """Something whose content is a sealed file. The row and the file have the same key."""

    class Meta:
        abstract = True

    @property
    def path(self) -> Path:
        """Where the sealed file lies."""
        return Path(settings.FILES_DIR) / self.sealed_for.hex / f"{self.key}.sealed"

    @property
    def context(self) -> str:
        """What the sealed file is bound to."""
        return f"{self._meta.model_name}:{self.key}"


class SessionRecord(Record):
    """What is held of one meeting: its files, transcripts and reports."""

    meeting = models.OneToOneField("caseload.Meeting", models.CASCADE, related_name="session")
    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="session_records")
    therapist = models.ForeignKey("people.User", models.PROTECT, related_name="session_records")

    class Meta:
        indexes = (
            models.Index(fields=["client", "-made_at"], name="session_client"),
            models.Index(fields=["therapist", "-made_at"], name="session_therapist"),
        )


class Upload(Record):
    """A file on its way (tus): what has arrived lies sealed on disk, up to ``offset``."""

    meeting = models.ForeignKey("caseload.Meeting", models.CASCADE, related_name="uploads")
    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="uploads")
    by = models.ForeignKey("people.User", models.PROTECT, related_name="+")
    sealed_name = models.BinaryField(default=bytes)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.TRANSCRIPT)
    size_bytes = models.PositiveBigIntegerField()
    offset = models.PositiveBigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    problem = models.TextField(blank=True)  # why the finished file was refused; no content

    name = Words("sealed_name")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(offset__lte=models.F("size_bytes")), name="no_more_than_announced"
            ),
        )


class StoredFile(OnDisk):
    """A recording or a transcript as it was brought in."""

    session = models.ForeignKey("recordings.SessionRecord", models.CASCADE, related_name="files")
    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="+")
    # The upload it came from: the same upload finished twice makes one file.
    upload = models.OneToOneField("recordings.Upload", models.SET_NULL, null=True, related_name="file")
    kind = models.CharField(max_length=12, choices=Kind)
    content_type = models.CharField(max_length=80)
    size_bytes = models.PositiveBigIntegerField()
    sealed_name = models.BinaryField(default=bytes)
    by = models.ForeignKey("people.User", models.PROTECT, related_name="+")
    deleted_at = models.DateTimeField(null=True, blank=True)

    name = Words("sealed_name")

    @property
    def is_video(self) -> bool:
        """Whether there is something to see in it."""
        return self.content_type.startswith("video/")


class TranscriptVersion(OnDisk):
    """A session as the core reads it, in a bundle. A correction is a new version."""

    session = models.ForeignKey("recordings.SessionRecord", models.CASCADE, related_name="versions")
    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    by = models.ForeignKey("people.User", models.PROTECT, null=True, related_name="+")
    what = models.CharField(max_length=40)  # "as read", "word corrected", "speakers swapped"
    sealed_why = models.BinaryField(default=bytes, blank=True)
    n_utterances = models.PositiveIntegerField(default=0)
    deleted_at = models.DateTimeField(null=True, blank=True)

    why = Words("sealed_why")

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=["session", "number"], name="one_transcript_a_number"),
        )


class Analysis(Record):
    """The work of reading or measuring one transcript, so that it happens once and is seen to happen."""

    session = models.ForeignKey("recordings.SessionRecord", models.CASCADE, related_name="analyses")
    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="+")
    file = models.ForeignKey("recordings.StoredFile", models.CASCADE, null=True, related_name="+")
    version = models.ForeignKey(
        "recordings.TranscriptVersion", models.CASCADE, null=True, related_name="analyses"
    )
    asked_by = models.ForeignKey("people.User", models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=12, choices=AnalysisState, default=AnalysisState.QUEUED)
    stage = models.CharField(max_length=60, blank=True)
    percent = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    # A worker that dies lets its lease run out, and the work is given to another one.
    leased_until = models.DateTimeField(null=True, blank=True)
    lease = models.UUIDField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)  # what went wrong and what to do; no content
    # Who is the therapist? Labels of a transcript are often names, so both lie sealed.
    sealed_question = models.BinaryField(default=bytes, blank=True)
    sealed_answer = models.BinaryField(default=bytes, blank=True)

    question = Words("sealed_question")
    answer = Words("sealed_answer")

    class Meta:
        indexes = (models.Index(fields=["state", "leased_until"], name="analysis_waiting"),)
        constraints = (
            models.UniqueConstraint(
                fields=["session"],
                condition=Q(state__in=["queued", "running", "asking"]),
                name="one_analysis_at_a_time",
            ),
        )


class StoredReport(OnDisk):
    """A report of the core, as JSON. Stored and shown, never computed anew.

    Its file holds the session with the machine's codes, apart from the transcript: whoever takes
    the consent to the analysis back takes the codes away, and the words stay.
    """

    session = models.ForeignKey("recordings.SessionRecord", models.CASCADE, related_name="reports")
    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="+")
    version = models.OneToOneField(
        "recordings.TranscriptVersion", models.CASCADE, related_name="report"
    )
    engine = models.CharField(max_length=40)
    n_moments = models.PositiveSmallIntegerField(default=0)
    sealed_json = models.BinaryField(default=bytes)

    json = Words("sealed_json")

    @property
    def page_path(self) -> Path:
        """Where the parts of its page lie, written when it was made."""
        return self.path.with_name(f"{self.key}.page.sealed")

    def unlink(self) -> None:
        """Take its files off the disk."""
        self.path.unlink(missing_ok=True)
        self.page_path.unlink(missing_ok=True)


class Mark(Record):
    """What one person says of one moment or code: it fits, it does not, or a note."""

    session = models.ForeignKey("recordings.SessionRecord", models.CASCADE, related_name="marks")
    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="+")
    version = models.ForeignKey("recordings.TranscriptVersion", models.CASCADE, related_name="marks")
    # "moment:repair:u17" or "code:strategy:open_question:u17"; u17 is the 17th utterance
    target = models.CharField(max_length=120)
    by = models.ForeignKey("people.User", models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=12, choices=Verdict)
    sealed_note = models.BinaryField(default=bytes, blank=True)
    revision = models.PositiveIntegerField(default=1)

    note = Words("sealed_note")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["version", "target", "by"], name="one_mark_a_person"),
        )


class Share(Record):
    """A therapist lets the client, or one supervisor, see a session."""

    session = models.ForeignKey("recordings.SessionRecord", models.CASCADE, related_name="shares")
    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="+")
    audience = models.CharField(max_length=12, choices=Audience)
    person = models.ForeignKey("people.User", models.CASCADE, related_name="shared_with_me")
    by = models.ForeignKey("people.User", models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["session", "audience", "person"],
                condition=Q(ended_at=None),
                name="shared_once",
            ),
        )

"""Who is in care with whom, since when, what was agreed to, and what was noted."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from openrapport_web.records import Record, Words

__all__ = [
    "CalendarFeed",
    "Client",
    "Consent",
    "ConsentWording",
    "DeletionRequest",
    "Ending",
    "Episode",
    "Format",
    "Meeting",
    "MeetingState",
    "Mode",
    "Note",
    "NoteVersion",
    "Purpose",
]


class Purpose(models.TextChoices):
    """What a client is asked about, each on its own."""

    RECORD = "record", _("Record our meetings")
    TRANSCRIBE = "transcribe", _("Write down what was said")
    ANALYSE = "analyse", _("Look at how we talk with each other")
    SUPERVISION = "supervision", _("Share with my therapist's supervisor")
    RESEARCH = "research", _("Use for research without my name")


class Format(models.TextChoices):
    """Who takes part in an episode."""

    INDIVIDUAL = "individual", _("One to one")
    COUPLE = "couple", _("Couple")
    FAMILY = "family", _("Family")
    GROUP = "group", _("Group")


class Ending(models.TextChoices):
    """How an episode ended."""

    PLANNED = "planned", _("Planned")
    UNPLANNED = "unplanned", _("Unplanned")
    TRANSFER = "transfer", _("Went on with somebody else")


class MeetingState(models.TextChoices):
    """What became of a meeting."""

    PLANNED = "planned", _("Planned")
    HELD = "held", _("Held")
    MISSED = "missed", _("Missed")
    CANCELLED = "cancelled", _("Cancelled")


class Mode(models.TextChoices):
    """How people met."""

    IN_PERSON = "in_person", _("In person")
    VIDEO = "video", _("Video")
    TELEPHONE = "telephone", _("Telephone")


class Client(Record):
    """Somebody in care. Their key is also the name of their data key."""

    user = models.OneToOneField(
        "people.User", models.SET_NULL, null=True, blank=True, related_name="client"
    )
    name = models.CharField(max_length=120)
    email = models.EmailField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=8, default="en")
    erased_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = (models.Index(fields=["name"], name="client_name"),)


class Episode(Record):
    """One course of care with one therapist."""

    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="episodes")
    therapist = models.ForeignKey("people.User", models.PROTECT, related_name="episodes")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    format = models.CharField(max_length=12, choices=Format, default=Format.INDIVIDUAL)
    ending = models.CharField(max_length=12, choices=Ending, blank=True)
    sealed_referral = models.BinaryField(default=bytes, blank=True)
    sealed_reason = models.BinaryField(default=bytes, blank=True)
    version = models.PositiveIntegerField(default=1)

    referral = Words("sealed_referral")
    reason = Words("sealed_reason")

    class Meta:
        indexes = (
            models.Index(fields=["therapist", "ends_on", "client"], name="episode_caseload"),
            models.Index(fields=["client", "-starts_on"], name="episode_client"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="episode_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None, ending="") | (Q(ends_on__isnull=False) & ~Q(ending="")),
                name="an_ended_episode_says_how",
            ),
        )


class Meeting(Record):
    """An appointment, and what became of it."""

    episode = models.ForeignKey("caseload.Episode", models.CASCADE, related_name="meetings")
    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="meetings")
    therapist = models.ForeignKey("people.User", models.PROTECT, related_name="meetings")
    starts_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField(default=50)
    mode = models.CharField(max_length=12, choices=Mode, default=Mode.IN_PERSON)
    state = models.CharField(max_length=12, choices=MeetingState, default=MeetingState.PLANNED)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = (
            models.Index(fields=["therapist", "starts_at"], name="meeting_calendar"),
            models.Index(fields=["client", "-starts_at"], name="meeting_client"),
            models.Index(fields=["episode", "-starts_at"], name="meeting_episode"),
        )


class Note(Record):
    """A therapist's note on an episode or a meeting; its text lies in its versions."""

    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="notes")
    episode = models.ForeignKey("caseload.Episode", models.CASCADE, related_name="notes")
    meeting = models.ForeignKey(
        "caseload.Meeting", models.SET_NULL, null=True, blank=True, related_name="notes"
    )
    author = models.ForeignKey("people.User", models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=0)  # number of the newest version

    class Meta:
        indexes = (models.Index(fields=["episode", "-made_at"], name="note_episode"),)


class NoteVersion(Record):
    """What a note said at some time. Versions are added, never changed."""

    note = models.ForeignKey("caseload.Note", models.CASCADE, related_name="versions")
    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    by = models.ForeignKey("people.User", models.PROTECT, related_name="+")
    sealed_text = models.BinaryField(default=bytes)

    text = Words("sealed_text")

    class Meta:
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=["note", "number"], name="one_version_a_number"),)


class ConsentWording(Record):
    """What a client was shown. A new wording is a new row; the old ones stay."""

    purpose = models.CharField(max_length=12, choices=Purpose)
    number = models.PositiveIntegerField()
    language = models.CharField(max_length=8, default="en")
    text = models.TextField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["purpose", "number", "language"], name="one_wording_a_number"
            ),
        )


class Consent(Record):
    """A client's yes to one purpose, from the moment it was given until it was withdrawn."""

    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=12, choices=Purpose)
    wording = models.ForeignKey("caseload.ConsentWording", models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("given_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["client", "purpose"],
                condition=Q(withdrawn_at=None),
                name="one_consent_a_purpose",
            ),
        )


class DeletionRequest(Record):
    """A client asked for everything to be deleted."""

    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="deletion_requests")
    asked_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)


class CalendarFeed(Record):
    """The address under which a therapist's calendar program reads their meetings."""

    user = models.OneToOneField("people.User", models.CASCADE, related_name="calendar_feed")
    token_hash = models.CharField(max_length=64, unique=True)

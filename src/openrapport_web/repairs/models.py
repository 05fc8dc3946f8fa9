"""What was noticed between the two, and what became of it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from openrapport_web.records import Record, Words

__all__ = [
    "Alert",
    "AlertKind",
    "AlertState",
    "BringingUp",
    "How",
    "Noticed",
    "Origin",
    "Outcome",
    "PrivateWord",
    "Repair",
    "StoredPriors",
    "To",
]


class AlertKind(models.TextChoices):
    """What an alert rests on."""

    COURSE = "course", _("Lower than this client's own course")
    STRAIN = "strain", _("The client said that something felt off")
    DETERIORATION = "deterioration", _("Reliably worse than at the start")


class AlertState(models.TextChoices):
    """What became of an alert."""

    OPEN = "open", _("Open")
    SEEN = "seen", _("Seen")
    ACTED = "acted", _("Acted on")
    DISMISSED = "dismissed", _("Set aside")


class Alert(Record):
    """Something about a client's course that is worth a look."""

    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="alerts")
    episode = models.ForeignKey("caseload.Episode", models.CASCADE, related_name="alerts")
    answer = models.ForeignKey("feedback.Answer", models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=16, choices=AlertKind)
    rule = models.CharField(max_length=40)
    status = models.CharField(max_length=8)  # watch or talk
    # The numbers that it rests on; they say how somebody answered, so they are sealed.
    sealed_basis = models.BinaryField(default=bytes)
    state = models.CharField(max_length=12, choices=AlertState, default=AlertState.OPEN)
    useful = models.BooleanField(null=True, blank=True)  # what the therapist made of it
    why = models.CharField(max_length=24, blank=True)  # of a short list, for setting it aside
    sealed_said = models.BinaryField(default=bytes, blank=True)
    handled_by = models.ForeignKey("people.User", models.PROTECT, null=True, related_name="+")
    handled_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    basis = Words("sealed_basis")  # JSON
    said = Words("sealed_said")

    class Meta:
        indexes = (
            models.Index(fields=["episode", "state"], name="alert_open"),
            models.Index(fields=["rule", "useful"], name="alert_precision"),
        )
        constraints = (models.UniqueConstraint(fields=["answer", "kind"], name="one_alert_an_answer"),)


class StoredPriors(Record):
    """What the practice's own answers say about how ratings vary; the newest one holds."""

    instrument = models.CharField(max_length=60)
    numbers = models.JSONField()
    n_clients = models.PositiveIntegerField()
    n_answers = models.PositiveIntegerField()

    class Meta:
        ordering = ("-made_at",)


class To(models.TextChoices):
    """Who reads a private word."""

    THERAPIST = "therapist", _("My therapist")
    CONTACT = "contact", _("Only the practice's contact")


class PrivateWord(Record):
    """A client said that something felt off."""

    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="private_words")
    episode = models.ForeignKey("caseload.Episode", models.CASCADE, related_name="private_words")
    to = models.CharField(max_length=12, choices=To)
    # The person who was named before it was sent: nobody who has their place later reads it.
    contact = models.ForeignKey("people.User", models.PROTECT, null=True, blank=True, related_name="+")
    sealed_text = models.BinaryField(default=bytes)
    wants_answer = models.BooleanField(default=False)
    read_at = models.DateTimeField(null=True, blank=True)
    read_by = models.ForeignKey("people.User", models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    sealed_done = models.BinaryField(default=bytes, blank=True)

    text = Words("sealed_text")
    done = Words("sealed_done")

    class Meta:
        indexes = (
            models.Index(fields=["episode", "to", "closed_at"], name="word_open"),
            models.Index(fields=["contact", "closed_at"], name="word_contact"),
        )


class How(models.TextChoices):
    """How a client wants to bring something up."""

    SAY = "say", _("I will say it myself next time")
    SHOW = "show", _("I will show this on my phone next time")
    SEND = "send", _("Send it to my therapist before we meet")


class BringingUp(Record):
    """Words that a client prepared for saying something difficult; theirs until they send them."""

    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="bringing_up")
    episode = models.ForeignKey("caseload.Episode", models.CASCADE, related_name="bringing_up")
    how = models.CharField(max_length=8, choices=How)
    sealed_text = models.BinaryField(default=bytes)
    sent_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)  # by the therapist
    talked_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    text = Words("sealed_text")


class Noticed(models.TextChoices):
    """How a strain showed."""

    WITHDRAWAL = "withdrawal", _("Moving away: quieter, agreeing too quickly, changing the subject")
    CONFRONTATION = "confrontation", _("Moving against: complaint, refusal, sharper words")
    UNSURE = "unsure", _("Not sure")


class Origin(models.TextChoices):
    """What opened a repair."""

    ALERT = "alert", _("An alert")
    WORD = "word", _("The client's own word")
    SENSE = "sense", _("The therapist's own sense")
    SESSION = "session", _("A moment in a session")


class Outcome(models.TextChoices):
    """How a repair ended."""

    REPAIRED = "repaired", _("Repaired")
    OPEN = "open", _("Still open; we leave it for now")
    ENDED = "ended", _("The work together ended")


class Repair(Record):
    """From noticing a strain through talking about it to what was learned."""

    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="repairs")
    episode = models.ForeignKey("caseload.Episode", models.CASCADE, related_name="repairs")
    therapist = models.ForeignKey("people.User", models.PROTECT, related_name="+")
    origin = models.CharField(max_length=12, choices=Origin)
    alert = models.ForeignKey(
        "repairs.Alert", models.SET_NULL, null=True, blank=True, related_name="repairs"
    )
    word = models.ForeignKey(
        "repairs.PrivateWord", models.SET_NULL, null=True, blank=True, related_name="repairs"
    )
    mark = models.ForeignKey(
        "recordings.Mark", models.SET_NULL, null=True, blank=True, related_name="repairs"
    )
    noticed = models.CharField(max_length=16, choices=Noticed, default=Noticed.UNSURE)
    sealed_seen = models.BinaryField(default=bytes, blank=True)
    next_meeting = models.ForeignKey(
        "caseload.Meeting", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    sealed_plan = models.BinaryField(default=bytes, blank=True)
    sealed_spoken = models.BinaryField(default=bytes, blank=True)
    spoken_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    sealed_learned = models.BinaryField(default=bytes, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    seen = Words("sealed_seen")
    plan = Words("sealed_plan")
    spoken = Words("sealed_spoken")
    learned = Words("sealed_learned")

    class Meta:
        indexes = (
            models.Index(fields=["therapist", "closed_at"], name="repair_open"),
            models.Index(fields=["episode", "-made_at"], name="repair_course"),
        )

"""What was asked of whom, what they answered, and what an answer about safety set off."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from openrapport_web.records import Record, Words

__all__ = [
    "Answer",
    "AskLink",
    "Asking",
    "ConcernLetter",
    "HelpLine",
    "LetterTimes",
    "OwnInstrument",
    "OwnReliability",
    "Plan",
    "Rater",
    "ReminderChoice",
    "SafetyConcern",
    "Way",
]


class Rater(models.TextChoices):
    """Whose view an answer gives."""

    CLIENT = "client", _("Client")
    THERAPIST = "therapist", _("Therapist")


class Way(models.TextChoices):
    """How an answer came in."""

    PLACE = "place", _("Signed in")
    LINK = "link", _("By link")
    KIOSK = "kiosk", _("On the practice's tablet")
    PAPER = "paper", _("On paper, entered later")


class OwnInstrument(Record):
    """A questionnaire that the practice brought in, with who said that it may be used."""

    name = models.CharField(max_length=60)  # the instrument's key
    number = models.PositiveIntegerField(default=1)
    definition = models.JSONField()
    attested_by = models.ForeignKey("people.User", models.PROTECT, related_name="+")
    attestation = models.TextField()  # the sentence that was agreed to, as it was shown
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["name", "number"], name="one_text_a_number"),)


class OwnReliability(Record):
    """How reliable a questionnaire is in the practice's own answers; the newest one holds."""

    instrument = models.CharField(max_length=60)
    numbers = models.JSONField()  # by scale and name: value, interval, n
    n_answers = models.PositiveIntegerField()

    class Meta:
        ordering = ("-made_at",)


class Plan(Record):
    """How often a questionnaire is asked: in the whole practice, or otherwise in one episode."""

    episode = models.ForeignKey(
        "caseload.Episode", models.CASCADE, null=True, blank=True, related_name="plans"
    )
    instrument = models.CharField(max_length=60)
    every = models.PositiveSmallIntegerField(default=1)  # meetings; 0: not asked
    by_letter = models.BooleanField(default=True)  # a link by e-mail after the meeting
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["episode", "instrument"], name="one_plan_an_episode"),
            models.UniqueConstraint(
                fields=["instrument"], condition=Q(episode=None), name="one_plan_for_everybody"
            ),
        )


class ReminderChoice(Record):
    """Whether a client wants letters that remind them."""

    client = models.OneToOneField("caseload.Client", models.CASCADE, related_name="reminder_choice")
    stop_hash = models.CharField(max_length=64, unique=True)  # of the token in the letters
    stopped_at = models.DateTimeField(null=True, blank=True)


class Asking(Record):
    """One form for one person, after one meeting or between meetings."""

    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="askings")
    episode = models.ForeignKey("caseload.Episode", models.CASCADE, related_name="askings")
    meeting = models.ForeignKey(
        "caseload.Meeting", models.CASCADE, null=True, blank=True, related_name="askings"
    )
    instrument = models.CharField(max_length=60)
    instrument_version = models.CharField(max_length=20)
    rater = models.CharField(max_length=12, choices=Rater)
    opens_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    letters = models.PositiveSmallIntegerField(default=0)
    last_letter_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["episode", "instrument", "opens_at"], name="asking_course"),
            models.Index(fields=["client", "answered_at", "expires_at"], name="asking_open"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["meeting", "instrument", "rater"], name="one_asking_a_meeting"
            ),
        )


class AskLink(Record):
    """An address that opens one form without sign-in, once. Only a hash of its token is kept."""

    asking = models.ForeignKey("feedback.Asking", models.CASCADE, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True)
    way = models.CharField(max_length=12, choices=Way, default=Way.LINK)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)


class Answer(Record):
    """What somebody answered. It stays as it was given."""

    asking = models.OneToOneField("feedback.Asking", models.CASCADE, related_name="answer")
    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="answers")
    # Made by the page before it sends: the same answer sent again is the same answer.
    submission = models.UUIDField(unique=True)
    way = models.CharField(max_length=12, choices=Way)
    given_at = models.DateTimeField()  # as the device said, within what is possible
    entered_by = models.ForeignKey(
        "people.User", models.PROTECT, null=True, blank=True, related_name="+"
    )
    sealed_values = models.BinaryField(default=bytes)

    values = Words("sealed_values")  # JSON: item to value

    class Meta:
        indexes = (models.Index(fields=["client", "given_at"], name="answer_client"),)


class HelpLine(Record):
    """Whom to call in need; the practice edits what a client is shown."""

    name = models.CharField(max_length=120)
    number = models.CharField(max_length=60, blank=True)
    address = models.URLField(max_length=200, blank=True)
    hours = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=8, blank=True)  # empty: for everybody
    position = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ("position", "name")


class SafetyConcern(Record):
    """An answer about harming oneself. Open until somebody says what was done."""

    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="concerns")
    episode = models.ForeignKey("caseload.Episode", models.CASCADE, related_name="concerns")
    answer = models.ForeignKey("feedback.Answer", models.CASCADE, related_name="concerns")
    item = models.CharField(max_length=60)
    letters_sent_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey("people.User", models.PROTECT, null=True, related_name="+")
    sealed_done = models.BinaryField(default=bytes, blank=True)

    done = Words("sealed_done")

    class Meta:
        indexes = (models.Index(fields=["episode", "done_at"], name="concern_open"),)
        constraints = (
            models.UniqueConstraint(fields=["answer", "item"], name="one_concern_an_answer"),
        )


class ConcernLetter(Record):
    """A letter that says that something is open, without what it is. It is sent until it went out."""

    concern = models.ForeignKey("feedback.SafetyConcern", models.CASCADE, related_name="letters")
    address = models.EmailField(max_length=254)
    language = models.CharField(max_length=8, default="en")
    tries = models.PositiveIntegerField(default=0)
    tried_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["sent_at", "made_at"], name="letter_waiting"),)
        constraints = (
            models.UniqueConstraint(fields=["concern", "address"], name="one_letter_an_address"),
        )


class LetterTimes(models.Model):
    """When letters with links go out. One row for the practice; without it, its defaults hold."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at_once = models.BooleanField(default=True)  # after the meeting
    first_after_days = models.PositiveSmallIntegerField(default=1)  # 0: no reminder
    second_after_days = models.PositiveSmallIntegerField(default=3)  # 0: no second reminder
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(id=1), name="one_row_of_letter_times"),)

    def __str__(self) -> str:
        return "letter times"

"""Goals in the client's words, what is on the agenda, what is tried out between meetings, what was decided."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from openrapport_web.records import Record, Words

__all__ = ["AgendaPoint", "By", "Decision", "Goal", "GoalRating", "GoalState", "Task", "TaskState"]


class By(models.TextChoices):
    """Which of the two."""

    CLIENT = "client", _("Client")
    THERAPIST = "therapist", _("Therapist")


class GoalState(models.TextChoices):
    """What became of a goal."""

    OPEN = "open", _("Working on it")
    REACHED = "reached", _("Reached")
    LET_GO = "let_go", _("Let go")


class Goal(Record):
    """Something that a client wants from the work, in their words."""

    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="goals")
    episode = models.ForeignKey("caseload.Episode", models.CASCADE, related_name="goals")
    proposed_by = models.CharField(max_length=12, choices=By)
    sealed_text = models.BinaryField(default=bytes)
    client_agreed_at = models.DateTimeField(null=True, blank=True)
    therapist_agreed_at = models.DateTimeField(null=True, blank=True)
    by_word = models.BooleanField(default=False)  # the client, who has no account, agreed in a meeting
    state = models.CharField(max_length=12, choices=GoalState, default=GoalState.OPEN)
    position = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)

    text = Words("sealed_text")

    class Meta:
        indexes = (models.Index(fields=["episode", "state"], name="goal_open"),)


class GoalRating(Record):
    """How far along somebody sees a goal, from 0 to 10."""

    goal = models.ForeignKey("goals.Goal", models.CASCADE, related_name="ratings")
    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="goal_ratings")
    meeting = models.ForeignKey(
        "caseload.Meeting", models.SET_NULL, null=True, blank=True, related_name="goal_ratings"
    )
    by = models.CharField(max_length=12, choices=By)
    given_at = models.DateTimeField()
    # Who typed in what a client without an account said.
    entered_by = models.ForeignKey(
        "people.User", models.PROTECT, null=True, blank=True, related_name="+"
    )
    sealed_value = models.BinaryField(default=bytes)

    value = Words("sealed_value")

    class Meta:
        indexes = (models.Index(fields=["goal", "given_at"], name="goal_rating_course"),)


class AgendaPoint(Record):
    """Something to talk about at the next meeting."""

    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="agenda")
    episode = models.ForeignKey("caseload.Episode", models.CASCADE, related_name="agenda")
    by = models.CharField(max_length=12, choices=By)
    sealed_text = models.BinaryField(default=bytes)
    talked_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    text = Words("sealed_text")

    class Meta:
        indexes = (models.Index(fields=["episode", "talked_at"], name="agenda_open"),)


class TaskState(models.TextChoices):
    """What became of a task."""

    OPEN = "open", _("Not yet")
    TRIED = "tried", _("Tried")
    DONE = "done", _("Done")
    LEFT = "left", _("Left")


class Task(Record):
    """Something that the client tries out between meetings."""

    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="tasks")
    episode = models.ForeignKey("caseload.Episode", models.CASCADE, related_name="tasks")
    proposed_by = models.CharField(max_length=12, choices=By)
    sealed_text = models.BinaryField(default=bytes)
    state = models.CharField(max_length=8, choices=TaskState, default=TaskState.OPEN)
    sealed_how = models.BinaryField(default=bytes, blank=True)  # how it went, in the client's words
    until = models.DateField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    text = Words("sealed_text")
    how = Words("sealed_how")

    class Meta:
        indexes = (models.Index(fields=["episode", "state"], name="task_open"),)


class Decision(Record):
    """Something that the two decided together."""

    client = models.ForeignKey("caseload.Client", models.CASCADE, related_name="decisions")
    episode = models.ForeignKey("caseload.Episode", models.CASCADE, related_name="decisions")
    meeting = models.ForeignKey(
        "caseload.Meeting", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    written_by = models.CharField(max_length=12, choices=By)
    sealed_text = models.BinaryField(default=bytes)
    client_agreed_at = models.DateTimeField(null=True, blank=True)
    therapist_agreed_at = models.DateTimeField(null=True, blank=True)
    by_word = models.BooleanField(default=False)  # as with a goal

    text = Words("sealed_text")

    class Meta:
        indexes = (models.Index(fields=["episode", "-made_at"], name="decision_course"),)

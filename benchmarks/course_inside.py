"""What the course's benchmark does inside the practice: one long course, and two who look at it."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any
from uuid import uuid4

from benchmarks.faults_inside import _signed_in as signed_in

_GOALS = 5


def fill(n: int) -> list[dict[str, Any]]:
    """Let two people meet weekly, say how it was each time, and rate five goals every second time."""
    from django.urls import reverse
    from django.utils import timezone

    from openrapport_web import crypto
    from openrapport_web.caseload.models import Client, Episode, Meeting
    from openrapport_web.people.models import Practice, Role, User
    from openrapport_web.verbs import migrate

    migrate()
    now = timezone.now()
    Practice(name="A practice for a benchmark", fictional=True).save()
    therapist = User.objects.create_user("t@example.org", "Therapist", {Role.THERAPIST})
    account = User.objects.create_user("c@example.org", "Client", {Role.CLIENT})
    client = Client(name="Client", user=account)
    crypto.keyring().make(client.key)
    client.save()
    start = now - timedelta(weeks=n)
    episode = Episode.objects.create(client=client, therapist=therapist, starts_on=start.date())
    people = {"client": client, "therapist": therapist, "episode": episode}
    times = [start + timedelta(weeks=week, hours=2) for week in range(n)]
    meetings = [Meeting(starts_at=at, state="held", **people) for at in times]
    Meeting.objects.bulk_create(meetings)
    _answers(meetings)
    _goals(meetings)
    own, of_client = signed_in(account), signed_in(therapist)
    key, about = {"key": client.key}, {"key": episode.key}
    return [
        _look("a client's own course", reverse("my_course"), own),
        _look("the therapist's view of it", reverse("client_course", kwargs=key), of_client),
        _look("the page for a review", reverse("review_page", kwargs=about), of_client),
    ]


def _look(what: str, url: str, headers: dict[str, str]) -> dict[str, Any]:
    return {"what": what, "url": url, "headers": headers, "says": "course-svg"}


def _answers(meetings: list[Any]) -> None:
    from openrapport_web.feedback.models import Answer, Asking, Rater, Way

    askings, answers = [], []
    for week, meeting in enumerate(meetings):
        said = dict.fromkeys(("bond", "goal", "task", "voice"), 6 + week % 4) | {"strain": 0}
        own = dict.fromkeys(("bond", "goal", "task"), 7)
        phq = {f"q{item}": week % 2 for item in range(1, 10)}
        forms = [("pulse", Rater.CLIENT, said), ("pulse-therapist", Rater.THERAPIST, own)]
        for key, rater, values in [*forms, *([("phq-9", Rater.CLIENT, phq)] if week % 4 == 0 else [])]:
            at = meeting.starts_at
            asking = Asking(
                client=meeting.client,
                episode=meeting.episode,
                meeting=meeting,
                instrument=key,
                instrument_version="1",
                rater=rater,
                opens_at=at,
                expires_at=at + timedelta(days=7),
                answered_at=at,
            )
            answer = Answer(
                asking=asking, client=meeting.client, submission=uuid4(), way=Way.PLACE, given_at=at
            )
            answer.values = json.dumps(values)
            askings.append(asking)
            answers.append(answer)
    Asking.objects.bulk_create(askings)
    Answer.objects.bulk_create(answers)


def _goals(meetings: list[Any]) -> None:
    from openrapport_web.goals.models import By, Goal, GoalRating

    ratings = []
    for number in range(_GOALS):
        first = meetings[0]
        goal = Goal(client=first.client, episode=first.episode, proposed_by=By.CLIENT, position=number)
        goal.text = f"A goal with the number {number + 1}"
        goal.client_agreed_at = goal.therapist_agreed_at = first.starts_at
        goal.save(force_insert=True)
        for week, meeting in enumerate(meetings[::2]):
            for by in (By.CLIENT, By.THERAPIST):
                rating = GoalRating(
                    goal=goal, client=meeting.client, meeting=meeting, by=by, given_at=meeting.starts_at
                )
                rating.value = str(min(10, week // 6))
                ratings.append(rating)
    GoalRating.objects.bulk_create(ratings)


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(fill(int(sys.argv[1]))))

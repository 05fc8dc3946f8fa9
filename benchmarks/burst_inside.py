"""What the burst test does inside the practice: fill it, hand out links, and count at the end."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any

__all__ = ["count", "hand_out"]


def hand_out(people: int) -> list[str]:
    """Fill a practice, let so many clients have met somebody just now, and give each a link.

    They have some months of meetings behind them, so that each answer is looked at against a course.
    """
    from django.utils import timezone

    from openrapport.simulation import PracticeParameters
    from openrapport_web.caseload.models import Episode, Meeting, MeetingState
    from openrapport_web.demo import fill
    from openrapport_web.feedback.actions import ask, make_link
    from openrapport_web.verbs import migrate

    migrate()
    now = timezone.now()
    # Not everybody has begun: some still wait, and have no episode.
    size = PracticeParameters(therapists=max(2, people // 6), clients=people * 3 // 2, months=8)
    fill(size, seed=1, today=now.date())
    held = Episode.objects.select_related("client").order_by("client", "starts_on")
    episodes = list({episode.client_id: episode for episode in held}.values())[:people]
    if len(episodes) < people:
        raise RuntimeError(f"only {len(episodes)} of {people} clients have begun")
    tokens = []
    for episode in episodes:
        meeting = Meeting.objects.create(
            episode=episode,
            client=episode.client,
            therapist_id=episode.therapist_id,
            starts_at=now - timedelta(minutes=51),
            state=MeetingState.HELD,
        )
        asking = ask(actor=None, episode=episode, instrument_key="pulse", meeting=meeting)
        tokens.append(make_link(asking=asking))
    return tokens


def count() -> dict[str, Any]:
    """Say what was kept: for each link what its answer says, and whether the log holds."""
    from openrapport_web.audit.chain import verify
    from openrapport_web.feedback.models import Answer, AskLink, Way

    by_asking = {link.asking_id: link.token_hash for link in AskLink.objects.filter(way=Way.LINK)}
    kept = Answer.objects.filter(asking__in=by_asking)
    return {
        "kept": {by_asking[a.asking_id]: json.loads(a.values) for a in kept},
        "breaks": [str(broken) for broken in verify()],
    }


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(count() if sys.argv[1] == "count" else hand_out(int(sys.argv[1]))))

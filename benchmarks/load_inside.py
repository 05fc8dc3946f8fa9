"""What the load test does inside the practice: fill it, and sign twenty therapists in."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from itertools import islice
from typing import Any

from benchmarks.faults_inside import _signed_in as signed_in

PEOPLE, READ_BY_EACH = 20, 5


def fill_large(clients: int, reports: int) -> dict[str, Any]:
    """Fill the practice; every therapist of the twenty has five sessions that can be opened.

    The other reports are rows with a short sealed text: a page opens one report at a time, and what
    the number of rows costs is found in the indexes.
    """
    from datetime import date

    from openrapport.simulation import PracticeParameters
    from openrapport_web.demo import fill
    from openrapport_web.verbs import migrate

    migrate()
    parameters = PracticeParameters(therapists=max(PEOPLE, clients // 33), clients=clients, months=30)
    filled = fill(parameters, seed=1, today=date(2026, 11, 25))
    readable = _sessions(reports)
    busiest = sorted(filled.therapists, key=lambda t: -len(readable[t.pk]))[:PEOPLE]
    ways = [
        {
            "name": therapist.email,
            "headers": signed_in(therapist),
            "clients": _clients_of(therapist),
            "sessions": readable[therapist.pk],
        }
        for therapist in busiest
    ]
    return {"therapists": ways, "counts": _counts()}


def _clients_of(therapist: Any) -> list[str]:
    from openrapport_web.caseload.models import Episode

    return [
        str(key) for key in Episode.objects.filter(therapist=therapist).values_list("client", flat=True)
    ]


def _sessions(reports: int) -> dict[Any, list[str]]:
    """Make sessions for held meetings, the newest first, and content for a few of each therapist."""
    from openrapport import read_session
    from openrapport.demo import demo_path
    from openrapport.pipeline import measure, prepare
    from openrapport_web.caseload.models import Meeting, MeetingState
    from openrapport_web.recordings import bundles, pages
    from openrapport_web.recordings.models import SessionRecord, StoredReport, TranscriptVersion

    with demo_path() as path:
        spoken = read_session(path)
    prepared = prepare(spoken)
    found = measure(prepared)
    whole = bundles.report_text(found)
    readable: dict[Any, list[str]] = defaultdict(list)
    held = Meeting.objects.filter(state=MeetingState.HELD).order_by("-starts_at")[:reports]
    left = iter(held.iterator(chunk_size=2_000))
    while batch := list(islice(left, 2_000)):
        sessions, versions, stored = [], [], []
        for meeting in batch:
            about = {"client_id": meeting.client_id}
            session = SessionRecord(meeting=meeting, therapist_id=meeting.therapist_id, **about)
            version = TranscriptVersion(
                session=session, number=1, what="as read", n_utterances=len(spoken.utterances), **about
            )
            report = StoredReport(session=session, version=version, engine="load", n_moments=7, **about)
            mine = readable[meeting.therapist_id]
            if len(mine) < READ_BY_EACH:
                mine.append(str(session.key))
                report.json = whole
                bundles.store(report, prepared)
                pages.store(report, found, prepared)
            else:
                report.json = "{}"
            sessions.append(session)
            versions.append(version)
            stored.append(report)
        for model, rows in (
            (SessionRecord, sessions),
            (TranscriptVersion, versions),
            (StoredReport, stored),
        ):
            model._default_manager.bulk_create(rows)  # type: ignore[attr-defined]
    return readable


def _counts() -> dict[str, int]:
    from openrapport_web.caseload.models import Client, Meeting
    from openrapport_web.recordings.models import StoredReport

    return {m.__name__: m._default_manager.count() for m in (Client, Meeting, StoredReport)}


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(fill_large(int(sys.argv[1]), int(sys.argv[2]))))

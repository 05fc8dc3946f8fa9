"""A fictional practice in the database: for walking around in it, and for measuring under load.

All of it comes from :mod:`openrapport.simulation` and the fictional transcripts; the practice is
marked as fictional, which every page then says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.db import transaction
from django.utils import timezone

from openrapport import simulation
from openrapport.demo import transcript_path
from openrapport.simulation import PracticeParameters, simulate_practice
from openrapport.simulation.names import fictional_names
from openrapport_web import crypto
from openrapport_web.audit.chain import record
from openrapport_web.caseload.actions import write_note
from openrapport_web.caseload.models import (
    Client,
    Consent,
    Episode,
    Format,
    Meeting,
    MeetingState,
    Mode,
    Purpose,
)
from openrapport_web.caseload.wordings import wording_of
from openrapport_web.feedback.fill import fill_answers
from openrapport_web.goals.fill import fill_goals
from openrapport_web.people.models import Practice, Role, SupervisionLink, User
from openrapport_web.recordings import uploads
from openrapport_web.recordings.actions import share
from openrapport_web.recordings.analysis import work
from openrapport_web.recordings.models import Analysis, Audience
from openrapport_web.repairs.fill import fill_repairs, fill_words

__all__ = ["Filled", "fill", "fill_demo"]

M = TypeVar("M")
_BATCH = 2_000
SEED = 14
_OTHERS = (Role.SUPERVISOR, Role.MANAGER, Role.RESEARCHER)
_NOTES = (
    "(Fictional.) First meeting. Wants to sleep again and to be less short with the children. We agreed "
    "on ten meetings and a look back after the fifth.",
    "(Fictional.) The evenings are the hardest. Tried to name what happens just before the quarrels. "
    "To do: ask next time how it was to talk about it here.",
    "(Fictional.) Quieter than usual. I gave too much advice and noticed it late.",
)
_MODES = dict(zip(simulation.Modality, Mode, strict=True))


@dataclass(frozen=True, slots=True)
class Filled:
    """Who came to be: one person a role whom a visitor may become, and everybody's keys."""

    therapists: tuple[User, ...]
    clients: tuple[UUID, ...]
    one_of_each: dict[Role, User]


def fill(
    parameters: PracticeParameters,
    *,
    seed: int,
    today: date,
    zone: str = "UTC",
    noticing: bool = False,
) -> Filled:
    """Put a simulated practice into an empty database.

    Parameters
    ----------
    parameters : PracticeParameters
        How large, how long, how strained.
    seed : int
        The same seed gives the same people and dates.
    today : date
        Where past and future meet.
    zone : str
        The practice's time zone.
    noticing : bool
        Look at every answer for what it gives to notice; some milliseconds each.

    Returns
    -------
    filled : Filled
        One client of the busiest therapist has an account.
    """
    made = simulate_practice(parameters, rng=np.random.default_rng(seed), end=today)
    with transaction.atomic():
        Practice(
            name="The Fictional Practice",
            fictional=True,
            contact_name="The office",
            contact_email="office@example.org",
            time_zone=zone,
        ).save()
        therapists = _therapists(made)
        taken = {*made.therapists.name, *made.clients.name}
        others = _others(np.random.default_rng([seed, 1]), taken)
        for therapist in therapists:
            SupervisionLink.objects.create(
                supervisor=others[Role.SUPERVISOR],
                therapist=therapist,
                starts_on=today - timedelta(days=300),
            )
        clients = _clients(made)
        episodes = _episodes(made, clients, therapists)
        meetings = _meetings(made, episodes, ZoneInfo(zone))
        busiest = min(therapists, key=lambda user: user.made_at)
        first = _with_account(made, clients, episodes, busiest)
        _agree(clients, episodes)
        fill_answers(
            made,
            meetings=meetings,
            episodes=episodes,
            zone=ZoneInfo(zone),
            rng=np.random.default_rng([seed, 2]),
            still_open=first.client.key,
        )
        fill_goals(
            made,
            meetings=meetings,
            episodes=episodes,
            zone=ZoneInfo(zone),
            rng=np.random.default_rng([seed, 3]),
        )
        if noticing:
            fill_repairs(made, meetings=meetings, therapist=busiest, visitor=first.client)
            fill_words(client=first.client, contact=others[Role.MANAGER])
        record(None, "practice.filled", fictional=True, clients=len(clients))
    return Filled(
        tuple(therapists),
        tuple(client.key for client in clients),
        {Role.CLIENT: first, Role.THERAPIST: busiest, **others},
    )


def _therapists(made: simulation.Practice) -> list[User]:
    """Accounts in the simulation's order; the busiest one is made first, and shown to visitors."""
    rows = list(made.therapists.rows())
    meetings = np.bincount(made.episodes.therapist[made.meetings.episode], minlength=len(rows))
    accounts: dict[int, User] = {}
    for place in np.argsort(-meetings, kind="stable").tolist():
        row = rows[place]
        accounts[place] = User.objects.create_user(row["email"], row["name"], {Role.THERAPIST})
    return [accounts[place] for place in range(len(rows))]


def _others(rng: np.random.Generator, taken: set[str]) -> dict[Role, User]:
    names = [name for name in fictional_names(len(taken) + len(_OTHERS), rng=rng) if name not in taken]
    return {
        role: User.objects.create_user(f"{role}@example.org", name, {role})
        for role, name in zip(_OTHERS, names, strict=False)
    }


def _in_batches(model: Any, rows: Iterable[M]) -> list[M]:
    made: list[M] = []
    for batch in _batched(rows):
        model.objects.bulk_create(batch)
        made += batch
    return made


def _batched(rows: Iterable[M]) -> Iterable[list[M]]:
    left = iter(rows)
    while batch := list(islice(left, _BATCH)):
        yield batch


def _clients(made: simulation.Practice) -> list[Client]:
    ring = crypto.keyring()
    clients = [Client(name=row["name"], email=row["email"]) for row in made.clients.rows()]
    for client in clients:
        ring.make(client.key)
    return _in_batches(Client, clients)


def _episodes(
    made: simulation.Practice, clients: Sequence[Client], therapists: Sequence[User]
) -> list[Episode]:
    referrals = [row["referral"] for row in made.clients.rows()]

    def rows() -> Iterable[Episode]:
        for row in made.episodes.rows():
            episode = Episode(
                client=clients[row["client"]],
                therapist=therapists[row["therapist"]],
                starts_on=row["start"],
                ends_on=row["end"],
                format=Format.INDIVIDUAL,
                ending=str(row["ending"] or ""),
            )
            episode.referral = str(referrals[row["client"]])
            episode.reason = str(row["reason"] or "")
            yield episode

    return _in_batches(Episode, rows())


def _meetings(made: simulation.Practice, episodes: Sequence[Episode], zone: ZoneInfo) -> list[UUID]:
    """Store the meetings; gives their keys in the simulation's order."""

    def rows() -> Iterable[Meeting]:
        for row in made.meetings.rows():
            episode = episodes[row["episode"]]
            yield Meeting(
                episode=episode,
                client_id=episode.client_id,
                therapist_id=episode.therapist_id,
                starts_at=row["starts_at"].replace(tzinfo=zone).astimezone(UTC),
                minutes=row["minutes"],
                mode=_MODES[row["modality"]],
                state=str(row["status"]),
            )

    keys = []
    for batch in _batched(rows()):
        Meeting.objects.bulk_create(batch)
        keys += [meeting.key for meeting in batch]
    return keys


def _with_account(
    made: simulation.Practice,
    clients: Sequence[Client],
    episodes: Sequence[Episode],
    therapist: User,
) -> User:
    """Give an account to the client who told a therapist most, of those whom they still see."""
    by_client = made.ratings.rater == list(simulation.Rater).index(simulation.Rater.CLIENT)
    of_episode = made.meetings.episode[made.ratings.meeting[by_client]]
    told = np.bincount(of_episode, minlength=len(episodes)).tolist()
    open_ones = [
        n for n, e in enumerate(episodes) if e.therapist_id == therapist.pk and e.ends_on is None
    ]
    chosen = episodes[max(open_ones or range(len(episodes)), key=lambda n: told[n])]
    client = next(c for c in clients if c.key == chosen.client_id)
    client.user = User.objects.create_user(client.email, client.name, {Role.CLIENT})
    client.save()
    return client.user


def _agree(clients: Sequence[Client], episodes: Sequence[Episode]) -> None:
    """Everybody with an account, and two of three others, agreed to all but research as they began."""
    began: dict[UUID, date] = {}
    for episode in episodes:
        began.setdefault(episode.client_id, episode.starts_on)
    _in_batches(
        Consent,
        (
            Consent(
                client=client,
                purpose=purpose,
                wording=wording_of(purpose, "en"),
                given_at=timezone.make_aware(datetime.combine(began[client.key], time(8))),
            )
            for number, client in enumerate(clients)
            if client.key in began and (client.user_id or number % 3)
            for purpose in Purpose
            if purpose != Purpose.RESEARCH
        ),
    )


def fill_demo() -> Filled:
    """Fill the practice of the demonstration: 4 therapists, 30 clients, ten months, four sessions."""
    today = timezone.localdate()
    parameters = PracticeParameters(therapists=4, clients=30, months=10)
    filled = fill(parameters, seed=SEED, today=today, noticing=True)
    _bring_in_sessions(filled)
    _write_notes(filled)
    return filled


def _write_notes(filled: Filled) -> None:
    """A few notes of the therapist's, as fictional as everything else."""
    therapist = filled.one_of_each[Role.THERAPIST]
    meetings = Meeting.objects.filter(
        client=filled.one_of_each[Role.CLIENT].client, therapist=therapist
    )
    held = meetings.filter(state=MeetingState.HELD).select_related("episode").order_by("starts_at")
    for meeting, text in zip(held, _NOTES, strict=False):
        write_note(actor=therapist, episode=meeting.episode, meeting=meeting, text=text, version=0)


def _bring_in_sessions(filled: Filled) -> None:
    """Bring the fictional transcripts in as a therapist would, and share the first two."""
    therapist = filled.one_of_each[Role.THERAPIST]
    own = filled.one_of_each[Role.CLIENT].client
    held = Meeting.objects.filter(client=own, therapist=therapist, state=MeetingState.HELD)
    meetings = list(held.order_by("starts_at"))
    other = (
        Meeting.objects.filter(therapist=therapist, state=MeetingState.HELD, mode=Mode.VIDEO)
        .exclude(client=own)
        .filter(client__consents__purpose=Purpose.ANALYSE)
        .order_by("-starts_at")
        .first()
    )
    places = {
        "fictional-first-meeting": meetings[0],
        "fictional-session": meetings[min(5, len(meetings) - 1)],
        "fictional-video-session": other,
    }
    for name, meeting in places.items():
        if meeting is not None:
            _bring_in(name, meeting, therapist)
    session = meetings[min(5, len(meetings) - 1)].session
    for audience, role in ((Audience.CLIENT, Role.CLIENT), (Audience.SUPERVISOR, Role.SUPERVISOR)):
        share(actor=therapist, session=session, audience=audience, person=filled.one_of_each[role])


def _bring_in(name: str, meeting: Meeting, therapist: User) -> None:
    with transcript_path(name) as path:
        data = path.read_bytes()
    upload = uploads.begin(actor=therapist, meeting=meeting, name=f"{name}.vtt", size=len(data))
    uploads.add_piece(upload, data)
    uploads.finish(upload.key)
    work(Analysis.objects.get(session__meeting=meeting).key)

"""Strain by turn: where the client moved away or against, and how each run of it ended (``strain.v1``).

A mark says that an utterance reads like a move away from the therapist or the work (withdrawal) or
against them (confrontation). Marks that follow each other closely are one run. How a run ended is
seen in two things: what the therapist did next, and whether the client came back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openrapport.codes import Codes, MeasuredError
from openrapport.coding.counts import wilson_interval
from openrapport.finding import Finding, Gives, NotMeasured, Result
from openrapport.resampling import rate_interval
from openrapport.session import Role, Session

__all__ = ["ANSWERS", "GIVES", "STEP", "Strain", "answers", "findings", "marks", "runs"]

STEP = "strain.v1"

KINDS = ("withdrawal", "confrontation")
ANSWERS: dict[str, tuple[str, ...]] = {
    "received": (
        "simple_reflection",
        "complex_reflection",
        "summary",
        "validation",
        "affirmation",
    ),
    "asked": ("open_question", "collaboration", "feedback_seeking", "genuineness"),
    "pressed": ("advice", "information", "confrontation", "insight", "advice_with_leave"),
}
"""What a therapist may do with strain; an utterance may do several."""

_MAINLY = {"received": "reflection", "pressed": "therapist_input"}

GIVES = (
    Gives("strain_rate", (Role.CLIENT,), KINDS),
    Gives("strain_run_rate", (Role.CLIENT,)),
    Gives("strain_return_share", (Role.CLIENT,)),
    *(Gives("strain_answer_share", (Role.THERAPIST,), (answer,)) for answer in ANSWERS),
)

# Two of the client's utterances without a mark do not yet end what goes on.
_GAP = 2
# What the client says in the next three utterances shows whether they came back.
_AFTER = 3
_OWN_SHARE = 1.0  # at least one of the three is as long as what this client usually says
_MIN_UTTERANCES = 20
_MIN_RUNS = 3
_NO_CODER = "no coder here marks moves away and against well enough to show them"


@dataclass(frozen=True, slots=True)
class Strain:
    """A run of strain.

    Parameters
    ----------
    kind : str
        ``"withdrawal"``, ``"confrontation"`` or ``"both"``.
    marked : tuple of int
        The client's marked utterances, in order.
    answer : int
        The therapist's first utterance with words after the last mark; -1 where there is none.
    after : tuple of int
        The client's next utterances with words after the answer, at most three.
    came_back : bool or None
        Whether none of them is marked and one is at least as long as this client's median; None
        where the session ended before it could show.
    """

    kind: str
    marked: tuple[int, ...]
    answer: int
    after: tuple[int, ...]
    came_back: bool | None


def marks(session: Session) -> dict[str, NDArray[np.int64]]:
    """Utterances that are marked, for each kind of strain that was coded.

    Parameters
    ----------
    session : Session
        With codes.

    Returns
    -------
    marks : dict of str to ndarray of int64
        Indices of utterances, in order, each once. A kind that no coder looked for is missing; a
        coder who knows minimal responses alone does not look for withdrawal as a whole.
    """
    found = {kind: session.coded(kind) for kind in KINDS}
    return {
        kind: np.unique(codes.utterance)
        for kind, codes in found.items()
        if codes is not None and len(codes.labels) > 1
    }


def runs(session: Session) -> list[Strain]:
    """Join marks into runs, and see how each ended.

    Parameters
    ----------
    session : Session
        With codes of ``withdrawal`` or ``confrontation``.

    Returns
    -------
    runs : list of Strain
        In the session's order.
    """
    of_kind = marks(session)
    marked = np.unique(np.concatenate([*of_kind.values(), np.empty(0, np.int64)]))
    client = _with_words(session, Role.CLIENT)
    therapist = _with_words(session, Role.THERAPIST)
    place = np.searchsorted(client, marked)
    starts = np.flatnonzero(np.diff(place, prepend=-np.inf) > _GAP + 1)
    return [
        _run(session, run, of_kind, client, therapist)
        for run in np.split(marked, starts[1:])
        if len(run)
    ]


def _run(
    session: Session,
    run: NDArray[np.int64],
    of_kind: dict[str, NDArray[np.int64]],
    client: NDArray[np.int64],
    therapist: NDArray[np.int64],
) -> Strain:
    kinds = [kind for kind, marked in of_kind.items() if np.isin(run, marked).any()]
    later = therapist[therapist > run[-1]]
    answer = int(later[0]) if len(later) else -1
    after = client[client > answer][:_AFTER] if answer >= 0 else client[:0]
    came_back: bool | None = None
    # A run ends where no mark comes within reach, so what was said after it is unmarked by then.
    if len(after) == _AFTER:
        words = session.utterances.n_words
        usual = float(np.median(words[client]))
        unmarked = not any(np.isin(after, marked).any() for marked in of_kind.values())
        came_back = unmarked and bool(words[after].max() >= _OWN_SHARE * usual)
    return Strain(
        kind=kinds[0] if len(kinds) == 1 else "both",
        marked=tuple(run.tolist()),
        answer=answer,
        after=tuple(after.tolist()),
        came_back=came_back,
    )


def findings(session: Session, rng: np.random.Generator) -> list[Result]:
    """Count marks of strain, runs of them, answers to them, and how often the client came back.

    Parameters
    ----------
    session : Session
        With codes of ``withdrawal`` and ``confrontation``; of ``strategy`` for the answers.
    rng : numpy.random.Generator
        For the intervals.

    Returns
    -------
    results : list of Finding or NotMeasured
        ``strain_rate`` for each kind, ``strain_run_rate``, ``strain_return_share``, and
        ``strain_answer_share`` for each of :data:`ANSWERS`.

    References
    ----------
    EubanksEtAl2018
    """
    client = _with_words(session, Role.CLIENT)
    if len(client) < _MIN_UTTERANCES:
        reason = f"needs at least {_MIN_UTTERANCES} client utterances; this session has {len(client)}"
        return [NotMeasured(STEP, reason)]
    of_kind = marks(session)
    if not of_kind:
        return [
            NotMeasured(STEP, _NO_CODER, gives.name, party)
            for gives in GIVES
            for party in gives.parties
        ]
    found = runs(session)
    return [
        *_rates(session, client, of_kind, rng),
        _run_rate(session, client, found, rng),
        _returns(session, found),
        *_answers(session, found),
    ]


def _rates(
    session: Session,
    client: NDArray[np.int64],
    of_kind: dict[str, NDArray[np.int64]],
    rng: np.random.Generator,
) -> Iterator[Result]:
    for kind in KINDS:
        if kind not in of_kind:
            yield NotMeasured(STEP, _NO_CODER, "strain_rate", Role.CLIENT, kind)
            continue
        yield _per_hundred(
            session, client, of_kind[kind], rng, name="strain_rate", aspect=kind, schemes=(kind,)
        )


def _run_rate(
    session: Session, client: NDArray[np.int64], found: list[Strain], rng: np.random.Generator
) -> Finding:
    firsts = np.array([run.marked[0] for run in found], dtype=np.int64)
    return _per_hundred(
        session, client, firsts, rng, name="strain_run_rate", aspect=None, schemes=KINDS
    )


def _per_hundred(
    session: Session,
    client: NDArray[np.int64],
    hits: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    name: str,
    aspect: str | None,
    schemes: tuple[str, ...],
) -> Finding:
    has_one = np.isin(client, hits)
    low, high = rate_interval(has_one, np.ones(len(client)), rng=rng)
    return Finding(
        name=name,
        aspect=aspect,
        party=Role.CLIENT,
        value=100 * float(has_one.mean()),
        unit="per 100 client utterances",
        n=len(client),
        counted="utterances",
        step=STEP,
        interval=(100 * low, min(100.0, 100 * high)),
        evidence=session.utterances.ids_of(client[has_one]),
        measured=worth(session, *schemes),
    )


def _returns(session: Session, found: list[Strain]) -> Result:
    name = "strain_return_share"
    ended = [run for run in found if run.came_back is not None]
    if len(ended) < _MIN_RUNS:
        reason = f"needs at least {_MIN_RUNS} runs of strain with an end; this session has {len(ended)}"
        return NotMeasured(STEP, reason, name, Role.CLIENT)
    back = sum(run.came_back is True for run in ended)
    rows = np.array(sorted({i for run in ended for i in (*run.marked, *run.after)}), dtype=np.int64)
    return Finding(
        name=name,
        party=Role.CLIENT,
        value=back / len(ended),
        unit="share",
        n=len(ended),
        counted="runs of strain",
        step=STEP,
        interval=wilson_interval(back, len(ended)),
        evidence=session.utterances.ids_of(rows),
        measured=worth(session, *KINDS),
    )


def _answers(session: Session, found: list[Strain]) -> Iterator[Result]:
    name = "strain_answer_share"
    answered = np.array([run.answer for run in found if run.answer >= 0], dtype=np.int64)
    for answer in ANSWERS:
        did, reason = answers(session, answer), None
        if did is None:
            reason = "needs a coder who looks for what the therapist does"
        elif len(answered) < _MIN_RUNS:
            reason = f"needs at least {_MIN_RUNS} answers to strain; this session has {len(answered)}"
        if did is None or reason is not None:
            yield NotMeasured(STEP, reason or _NO_CODER, name, Role.THERAPIST, answer)
            continue
        hit = np.isin(answered, did)
        yield Finding(
            name=name,
            aspect=answer,
            party=Role.THERAPIST,
            value=float(hit.mean()),
            unit="share",
            n=len(hit),
            counted="answers",
            step=STEP,
            interval=wilson_interval(int(hit.sum()), len(hit)),
            evidence=session.utterances.ids_of(np.unique(answered[hit])),
            measured=worth(session, *KINDS),
        )


def answers(session: Session, answer: str) -> NDArray[np.int64] | None:
    """Utterances with which the therapist receives, asks or presses on.

    Parameters
    ----------
    session : Session
        With codes of ``strategy``, ``behaviour`` or both.
    answer : str
        One of :data:`ANSWERS`.

    Returns
    -------
    utterance : ndarray of int64 or None
        In order; None where no coder looked for any of it.
    """
    strategy, behaviour = session.coded("strategy"), session.coded("behaviour")
    found = []
    if strategy is not None and set(ANSWERS[answer]) & set(strategy.labels):
        found.append(with_any(strategy, ANSWERS[answer]))
    mainly = _MAINLY.get(answer)
    if behaviour is not None and mainly in behaviour.labels:
        found.append(behaviour.with_label(mainly))
    return np.unique(np.concatenate(found)) if found else None


def with_any(codes: Codes, labels: tuple[str, ...]) -> NDArray[np.int64]:
    """Utterances that have any of some codes.

    Parameters
    ----------
    codes : Codes
        Of one scheme.
    labels : tuple of str
        Those its coder cannot give are passed over.

    Returns
    -------
    utterance : ndarray of int64, shape (n,)
        Their indices, in order.
    """
    wanted = [i for i, label in enumerate(codes.labels) if label in labels]
    coded: NDArray[np.int64] = np.unique(codes.utterance[np.isin(codes.label, wanted)])
    return coded


def worth(session: Session, *schemes: str) -> tuple[MeasuredError, ...]:
    """Say how often marks of some schemes are right: the precision of the coder's mark of any kind.

    Parameters
    ----------
    session : Session
        With codes.
    *schemes : str
        Which.

    Returns
    -------
    measured : tuple of MeasuredError
        Empty where nobody measured.
    """
    found = [session.coded(scheme) for scheme in schemes]
    return tuple(
        m
        for codes in found
        if codes is not None
        for m in codes.measured
        if m.metric == "precision" and m.code in (*schemes, "unspecified")
    )


def _with_words(session: Session, role: Role) -> NDArray[np.int64]:
    return np.flatnonzero(session.spoken_by(role) & (session.utterances.n_words > 0))

"""How far the machine's codes agree with those of a person, and what may go to research of it.

An utterance counts as looked at, in one scheme, where the person confirmed, dismissed or gave a code
of it. A code of the machine on which they said nothing is neither agreed to nor contradicted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import SystemRandom
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from openrapport.coding.agreement import Agreement, cohen_kappa, measured_agreement
from openrapport.coding.counts import wilson_interval
from openrapport.coding.schemes import SCHEMES
from openrapport.session import Session
from openrapport_web.recordings import bundles
from openrapport_web.recordings.marks import code_places
from openrapport_web.recordings.models import Mark, StoredReport, Verdict

__all__ = ["COLUMNS", "Compared", "Judgement", "agreements", "judgements", "numbers"]

_FEWEST = 10  # below, a kappa says nothing
_SEED = 1  # the same marks give the same interval


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a person and the machine said of one code of one utterance."""

    session: UUID
    person: UUID
    utterance: int
    scheme: str
    code: str
    by_person: bool
    by_machine: bool
    looked_for: bool
    probability: float | None
    coder: str


def judgements(marks: Iterable[Mark]) -> Iterator[Judgement]:
    """Put marks of codes beside what the machine said.

    Parameters
    ----------
    marks : iterable of Mark
        Of people who may be compared; only the newest transcript of a session that was looked at counts.

    Yields
    ------
    judgement : Judgement
        For each code that a person confirmed, dismissed or gave; and for each other code of the
        scheme that the machine looks for and neither of the two gave the utterance.
    """
    of_session: dict[UUID, list[Mark]] = defaultdict(list)
    for mark in marks:
        if mark.target.startswith("code:") and mark.verdict != Verdict.NOTED:
            of_session[mark.session_id].append(mark)
    for session, some in of_session.items():
        stored = (
            StoredReport.objects.filter(version__in={m.version_id for m in some})
            .order_by("-version__number")
            .first()
        )
        if stored is not None:
            newest = [m for m in some if m.version_id == stored.version_id]
            yield from _of_session(session, newest, bundles.load(stored))


def _of_session(key: UUID, marks: list[Mark], session: Session) -> Iterator[Judgement]:
    machine = {place: p for rows in code_places(session).values() for place, p in rows}
    coders = {codes.scheme: codes.coder for codes in session.codes}
    known = {codes.scheme: codes.labels for codes in session.codes}
    said: dict[tuple[UUID, str, int], dict[str, bool]] = defaultdict(dict)
    for mark in marks:
        _, scheme, code, place = mark.target.split(":")
        said[mark.by_id, scheme, int(place[1:])][code] = mark.verdict == Verdict.CONFIRMED
    for (person, scheme, utterance), codes in sorted(said.items(), key=lambda item: item[0][2]):
        for code in SCHEMES.get(scheme, ()):
            given = machine.get(f"code:{scheme}:{code}:u{utterance}")
            looked_for = code in known.get(scheme, ())
            if code not in codes and (given is not None or not looked_for):
                continue
            yield Judgement(
                session=key,
                person=person,
                utterance=utterance,
                scheme=scheme,
                code=code,
                by_person=codes.get(code, False),
                by_machine=given is not None,
                looked_for=looked_for,
                probability=given,
                coder=coders.get(scheme, ""),
            )


@dataclass(frozen=True, slots=True)
class Compared:
    """One code: how often each gave it, and how far they agree; nothing where there is too little."""

    scheme: str
    code: str
    n: int
    by_person: int
    by_machine: int
    both: int
    same: int
    kappa: Agreement | None

    @property
    def same_in_words(self) -> str:
        """On how many utterances the two said the same; a dash where there are too few to say."""
        if self.n < _FEWEST:
            return "–"
        low, high = wilson_interval(self.same, self.n)
        return f"{self.same / self.n:.0%} ({low:.0%} to {high:.0%})"

    @property
    def kappa_in_words(self) -> str:
        """Kappa with its interval, which resampling cannot tell where the two never differed."""
        if self.kappa is None or not np.isfinite(self.kappa.value):
            return "–"
        low, high = self.kappa.interval
        whole = f"{self.kappa.value:.2f}"
        return (
            f"{whole} ({low:.2f} to {high:.2f})" if self.same < self.n and np.isfinite(low) else whole
        )


def agreements(marks: Iterable[Mark]) -> list[Compared]:
    """Compare a person with the machine, code by code.

    Parameters
    ----------
    marks : iterable of Mark
        Of one person, on sessions that may be read now.

    Returns
    -------
    compared : list of Compared
        Codes that one of the two gave, in the codebook's order. Kappa and the plain share stand where
        ten utterances or more were looked at.
    """
    of_code: dict[tuple[str, str], list[tuple[bool, bool]]] = defaultdict(list)
    for one in judgements(marks):
        if one.looked_for:
            of_code[one.scheme, one.code].append((one.by_person, one.by_machine))
    rng = np.random.default_rng(_SEED)
    return [
        _compared(scheme, code, np.array(of_code[scheme, code]).T, rng)
        for scheme, codes in SCHEMES.items()
        for code in codes
        if any(map(any, of_code.get((scheme, code), ())))
    ]


def _compared(scheme: str, code: str, table: NDArray[np.bool_], rng: np.random.Generator) -> Compared:
    n, kappa = table.shape[1], None
    if n >= _FEWEST:
        kappa = measured_agreement("kappa", _kappa, table.astype(float), code=code, rng=rng)
    mine, machines = (int(row.sum()) for row in table)
    both, same = int(table.all(axis=0).sum()), int((table[0] == table[1]).sum())
    return Compared(scheme, code, n, mine, machines, both, same, kappa)


def _kappa(table: NDArray[np.float64]) -> float:
    return cohen_kappa(table[0], table[1], weights="none")


# -- for research ----------------------------------------------------------------------------------

COLUMNS = (
    "session",
    "person",
    "utterance",
    "coder",
    "scheme",
    "code",
    "by_person",
    "by_machine",
    "probability",
)


def numbers(marks: Iterable[Mark]) -> list[tuple[str | int | float, ...]]:
    """Rows for research and training: no word that was said, no name, no day.

    Parameters
    ----------
    marks : iterable of Mark
        On sessions of clients who agreed.

    Returns
    -------
    rows : list of tuple
        By ``COLUMNS``. Sessions and people are numbered by chance and anew each time, so that two
        files cannot be laid together. Utterances are numbered within their session.
    """
    found = list(judgements(marks))
    sessions, people = (_numbered({getattr(j, name) for j in found}) for name in ("session", "person"))
    return sorted(
        (
            sessions[j.session],
            people[j.person],
            j.utterance,
            j.coder,
            j.scheme,
            j.code,
            int(j.by_person),
            int(j.by_machine),
            "" if j.probability is None else round(j.probability, 4),
        )
        for j in found
    )


def _numbered(keys: set[UUID]) -> dict[UUID, int]:
    return {key: number for number, key in enumerate(SystemRandom().sample(sorted(keys), len(keys)), 1)}

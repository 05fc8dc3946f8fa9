"""What a step found, what it could not measure, and what is worth talking about.

No number travels alone: a :class:`Finding` refuses to be made without its sample size and either
an interval or what chance alone would give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from openrapport.codes import MeasuredError
from openrapport.errors import BadInput
from openrapport.session import Party, Role, Source
from openrapport.span import Span

__all__ = ["Evidence", "Finding", "Gives", "Moment", "NotMeasured", "Null", "Report", "Result"]

Evidence = str | Span
"""The id of an utterance, or a stretch of time."""


@dataclass(frozen=True, slots=True)
class Null:
    """What the same statistic gives where only chance is at work.

    Parameters
    ----------
    kind : str
        How chance was made: ``"segment_shuffle"``, ``"pseudo_dyad"``.
    mean, sd : float
        Mean and standard deviation over the draws.
    low, high : float
        The middle 95 % of the draws: a value inside it is what chance would give.
    draws : int
        How many surrogates were drawn.
    """

    kind: str
    mean: float
    sd: float
    low: float
    high: float
    draws: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A number with all that is needed to read it.

    Parameters
    ----------
    name : str
        What was measured: ``"talk_share"``.
    value : float
        In ``unit``; finite.
    unit : str
        ``"share"``, ``"ms"``, ``"words"``, ``"per hour"``.
    n : int
        Sample size, >= 1.
    counted : str
        What ``n`` counts: ``"turns"``, ``"utterances"``, ``"windows"``.
    step : str
        Name and version of the step that made it.
    party : Role, optional
        Whom it is about; None where it is about both.
    aspect : str, optional
        Which of several of the same name: a word class, a code.
    interval : tuple of float, optional
        95 % interval, (low, high), in ``unit``.
    null : Null, optional
        What chance alone would give.
    evidence : tuple of str or Span
        What it rests on, in the session's order.
    measured : tuple of MeasuredError
        How often the coder behind it is right, where a coder is behind it.

    Raises
    ------
    BadInput
        If the value is not finite, n is below 1, or there is neither interval nor null.
    """

    name: str
    value: float
    unit: str
    n: int
    counted: str
    step: str
    party: Role | None = None
    aspect: str | None = None
    interval: tuple[float, float] | None = None
    null: Null | None = None
    evidence: tuple[Evidence, ...] = ()
    measured: tuple[MeasuredError, ...] = ()

    def __post_init__(self) -> None:
        if not isfinite(self.value):
            raise BadInput(f"finding {self.name} is not finite; give a NotMeasured with the reason")
        if self.n < 1:
            raise BadInput(f"finding {self.name} rests on n = {self.n}; expected at least 1")
        if self.interval is None and self.null is None:
            raise BadInput(f"finding {self.name} has neither interval nor null; expected one of them")
        if self.interval is not None and not self.interval[0] <= self.interval[1]:
            raise BadInput(f"finding {self.name} has an interval whose ends are in the wrong order")


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """What a step could not measure, and why: a result, not a crash, and never 0.

    Parameters
    ----------
    step : str
        Name and version of the step.
    reason : str
        In words a therapist reads: ``"needs times, and this transcript has none"``.
    name : str, optional
        The finding that is missing; None where the whole step is.
    party : Role, optional
        Whom it would have been about; None where it is missing for both.
    aspect : str, optional
        Which of several of the same name; None where all of them are missing, or their mean.
    """

    step: str
    reason: str
    name: str | None = None
    party: Role | None = None
    aspect: str | None = None


@dataclass(frozen=True, slots=True)
class Gives:
    """What a step promises: each of these is measured, or it is said why not.

    Parameters
    ----------
    name : str
        As in :class:`Finding`.
    parties : tuple of Role or None
        Whom it is about, one finding for each; None stands for both together.
    aspects : tuple of str or None
        One finding for each; None stands for all together.
    """

    name: str
    parties: tuple[Role | None, ...] = (None,)
    aspects: tuple[str | None, ...] = (None,)


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of the session that may be worth talking about.

    Parameters
    ----------
    kind : str
        What made it stand out: ``"silence_after_question"``.
    favourable : bool
        True for a moment that seems to have gone well.
    title : str
        A few plain words.
    reason : str
        One or two sentences: what was seen, with its numbers.
    utterances : tuple of str
        Ids of the stretch, in order.
    evidence : tuple of str or Span
        The utterances (or the silence) that made it stand out.
    weight : float
        For the order among moments only, in [0, 1]; it is not shown.
    step : str
        Name and version of the step.
    measured : tuple of MeasuredError
        How often the codes behind it are right.
    """

    kind: str
    favourable: bool
    title: str
    reason: str
    utterances: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    weight: float
    step: str
    measured: tuple[MeasuredError, ...] = ()


Result = Finding | NotMeasured | Moment
"""What a step may give."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found in one session: the same report feeds page, PDF, JSON and terminal.

    Parameters
    ----------
    version : str
        Version of OpenRapport that made it.
    session : str
        Name of the session.
    parties : tuple of Party
        Who took part.
    sources : tuple of Source
        The files it came from, with their hashes.
    steps : tuple of str
        Names and versions of the steps that ran.
    findings : tuple of Finding
        What was measured.
    not_measured : tuple of NotMeasured
        What was not, and why.
    moments : tuple of Moment
        The stretches worth talking about, the most so first.
    """

    version: str
    session: str
    parties: tuple[Party, ...]
    sources: tuple[Source, ...]
    steps: tuple[str, ...]
    findings: tuple[Finding, ...]
    not_measured: tuple[NotMeasured, ...]
    moments: tuple[Moment, ...]

    def find(self, name: str, party: Role | None = None, aspect: str | None = None) -> Finding | None:
        """Look a finding up.

        Parameters
        ----------
        name : str
            What was measured.
        party : Role, optional
            Whom it is about.
        aspect : str, optional
            Which of several of the same name.

        Returns
        -------
        finding : Finding or None
            None where it was not measured.
        """
        key = (name, party, aspect)
        return next((f for f in self.findings if (f.name, f.party, f.aspect) == key), None)

    def to_json(self) -> dict[str, Any]:
        """Give the report as plain values for one JSON document, without a word of the transcript.

        Returns
        -------
        document : dict
            Keys ``version, session, sources, parties, steps, findings, not_measured, moments``.
        """
        return {
            "version": self.version,
            "session": self.session,
            "sources": [{"name": s.name, "sha256": s.sha256} for s in self.sources],
            "parties": [{"name": p.name, "role": str(p.role)} for p in self.parties],
            "steps": list(self.steps),
            "findings": [_finding_json(f) for f in self.findings],
            "not_measured": [
                {
                    "name": m.name,
                    "party": m.party and str(m.party),
                    "aspect": m.aspect,
                    "reason": m.reason,
                    "step": m.step,
                }
                for m in self.not_measured
            ],
            "moments": [_moment_json(m) for m in self.moments],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Report:
        """Read a report back from what :meth:`to_json` gave.

        Parameters
        ----------
        document : dict
            As it was given. Moments keep their order; their weights are not in it, and are 0.

        Returns
        -------
        report : Report
            Which gives the same document again.

        Raises
        ------
        BadInput
            If it is no such document.
        """
        try:
            return cls(
                version=document["version"],
                session=document["session"],
                parties=tuple(Party(p["name"], Role(p["role"])) for p in document["parties"]),
                sources=tuple(Source(s["name"], s["sha256"]) for s in document["sources"]),
                steps=tuple(document["steps"]),
                findings=tuple(_finding_from(f) for f in document["findings"]),
                not_measured=tuple(_not_measured_from(m) for m in document["not_measured"]),
                moments=tuple(_moment_from(m) for m in document["moments"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInput(
                f"this is no report of OpenRapport ({type(error).__name__}); analyse the session again"
            ) from None


def _evidence_json(evidence: tuple[Evidence, ...]) -> list[str | list[int]]:
    return [[e.start_ms, e.end_ms] if isinstance(e, Span) else e for e in evidence]


def _measured_json(measured: tuple[MeasuredError, ...]) -> list[dict[str, Any]]:
    return [
        {
            "code": m.code,
            "metric": m.metric,
            "value": m.value,
            "interval": list(m.interval),
            "n": m.n,
            "on": m.on,
        }
        for m in measured
    ]


def _finding_json(finding: Finding) -> dict[str, Any]:
    null = finding.null
    return {
        "name": finding.name,
        "party": finding.party and str(finding.party),
        "aspect": finding.aspect,
        "value": finding.value,
        "unit": finding.unit,
        "n": finding.n,
        "counted": finding.counted,
        "interval": finding.interval and list(finding.interval),
        "null": null
        and {
            "kind": null.kind,
            "mean": null.mean,
            "sd": null.sd,
            "low": null.low,
            "high": null.high,
            "draws": null.draws,
        },
        "step": finding.step,
        "evidence": _evidence_json(finding.evidence),
        "measured": _measured_json(finding.measured),
    }


def _moment_json(moment: Moment) -> dict[str, Any]:
    return {
        "kind": moment.kind,
        "favourable": moment.favourable,
        "title": moment.title,
        "reason": moment.reason,
        "utterances": list(moment.utterances),
        "evidence": _evidence_json(moment.evidence),
        "step": moment.step,
        "measured": _measured_json(moment.measured),
    }


def _finding_from(row: Mapping[str, Any]) -> Finding:
    null = row["null"]
    return Finding(
        name=row["name"],
        value=row["value"],
        unit=row["unit"],
        n=row["n"],
        counted=row["counted"],
        step=row["step"],
        party=_role_from(row["party"]),
        aspect=row["aspect"],
        interval=_pair(row["interval"]) if row["interval"] else None,
        null=null and Null(**{name: null[name] for name in Null.__dataclass_fields__}),
        evidence=_evidence_from(row["evidence"]),
        measured=_measured_from(row["measured"]),
    )


def _not_measured_from(row: Mapping[str, Any]) -> NotMeasured:
    return NotMeasured(
        step=row["step"],
        reason=row["reason"],
        name=row["name"],
        party=_role_from(row["party"]),
        aspect=row["aspect"],
    )


def _moment_from(row: Mapping[str, Any]) -> Moment:
    return Moment(
        kind=row["kind"],
        favourable=row["favourable"],
        title=row["title"],
        reason=row["reason"],
        utterances=tuple(row["utterances"]),
        evidence=_evidence_from(row["evidence"]),
        weight=0.0,
        step=row["step"],
        measured=_measured_from(row["measured"]),
    )


def _role_from(value: str | None) -> Role | None:
    return None if value is None else Role(value)


def _pair(values: Sequence[float]) -> tuple[float, float]:
    low, high = values
    return low, high


def _evidence_from(values: Sequence[str | Sequence[int]]) -> tuple[Evidence, ...]:
    return tuple(e if isinstance(e, str) else Span(*e) for e in values)


def _measured_from(rows: Sequence[Mapping[str, Any]]) -> tuple[MeasuredError, ...]:
    return tuple(
        MeasuredError(
            code=row["code"],
            metric=row["metric"],
            value=row["value"],
            interval=_pair(row["interval"]),
            n=row["n"],
            on=row["on"],
        )
        for row in rows
    )

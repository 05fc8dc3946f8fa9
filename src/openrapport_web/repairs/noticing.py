"""What an answer gives to notice: one client against their own course, and what they say themselves.

An alert is a prompt to talk, not a finding about anybody. It comes from three sources: the client
said that something felt off; their rating lies below what their own course lets one expect; an
outcome measure is reliably worse than at the start. One answer makes one alert, the weightier one:
somebody who says that something felt off mostly rates lower, too, and that is one thing to talk about.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from openrapport.measures.alerts import STATED_PRIORS, Look, Priors, Rule, Status, look_at_one
from openrapport.measures.change import Change, ScaleChange, read_change
from openrapport.measures.instrument import Instrument, Scale
from openrapport_web.audit.chain import record
from openrapport_web.feedback.instruments import PULSE, NoSuchInstrument, instrument
from openrapport_web.feedback.models import Answer, Asking, Rater
from openrapport_web.repairs import courses
from openrapport_web.repairs.courses import Occasion
from openrapport_web.repairs.models import Alert, AlertKind, StoredPriors

__all__ = ["Seen", "after_answer", "current_priors", "flat_rule", "look_back"]

_KEPT = 60  # occasions in the basis of an alert: more than a year of weekly meetings
_FLAT = (Rule.ALWAYS_TOP, Rule.NEVER_VARIES)
_A_LITTLE, _CLEARLY = 1, 2
_WEIGHT = {Status.WATCH: 1, Status.TALK: 2}


@dataclass(frozen=True, slots=True)
class Seen:
    """Something worth an alert."""

    kind: AlertKind
    status: Status
    rule: Rule
    basis: dict[str, Any] = field(default_factory=dict)


def after_answer(answer: Answer) -> list[Alert]:
    """Look at one new answer of a client, inside the transaction that keeps it.

    Parameters
    ----------
    answer : Answer
        As kept, with its asking.

    Returns
    -------
    alerts : list of Alert
        None or one. The same answer looked at again makes no second one.
    """
    asking = answer.asking
    if asking.rater != Rater.CLIENT:
        return []
    seen = _in_pulse(answer, asking) if asking.instrument == PULSE else _in_outcome(asking)
    if seen is None:
        return []
    alert = Alert(
        client_id=answer.client_id,
        episode_id=asking.episode_id,
        answer=answer,
        kind=seen.kind,
        rule=str(seen.rule),
        status=str(seen.status),
    )
    if Alert.objects.filter(answer=answer, kind=seen.kind).exists():
        return []
    alert.basis = json.dumps(seen.basis, ensure_ascii=False)
    alert.save(force_insert=True)
    # Not what it says: clients read this log, and hear of a strain from a person.
    record(None, "alert.raised", alert, client=alert.client_id)
    return [alert]


def current_priors() -> Priors:
    """Give the newest priors estimated from the practice's answers, or the stated ones."""
    held = StoredPriors.objects.filter(instrument=PULSE).first()
    return Priors.from_json(held.numbers) if held else STATED_PRIORS


def look_back(occasions: Sequence[Occasion]) -> tuple[Look, ...]:
    """Look at a whole course with the priors of now.

    Returns
    -------
    looks : tuple of Look
        One for each occasion.
    """
    return look_at_one(courses.ratings(occasions), current_priors())


def flat_rule(looks: Sequence[Look]) -> Rule | None:
    """Name a course that cannot show a change: always at the top, or always the same. No alert."""
    rated = [look for look in looks if look.rating is not None]
    return rated[-1].rule if rated and rated[-1].rule in _FLAT else None


# -- the pulse -------------------------------------------------------------------------------------


def _in_pulse(answer: Answer, asking: Asking) -> Seen | None:
    occasions = courses.asked(asking.episode_id, until=asking)
    looks = look_back(occasions)
    at = next(i for i, occasion in enumerate(occasions) if occasion.answer == answer.key)
    look, strain = looks[at], occasions[at].values.get("strain")
    basis = _basis(occasions, look, strain)
    found = [seen for seen in (_said(strain, basis), _low(look, basis)) if seen]
    return max(found, key=lambda seen: _WEIGHT[seen.status], default=None)


def _said(strain: Any, basis: dict[str, Any]) -> Seen | None:
    """The client's own word first: where both weigh the same, this one is kept."""
    if strain not in (_A_LITTLE, _CLEARLY):
        return None
    status = Status.TALK if strain == _CLEARLY else Status.WATCH
    return Seen(AlertKind.STRAIN, status, Rule.FELT_OFF, basis)


def _low(look: Look, basis: dict[str, Any]) -> Seen | None:
    if look.status not in _WEIGHT:
        return None
    return Seen(AlertKind.COURSE, look.status, look.rule, basis)


def _basis(occasions: Sequence[Occasion], look: Look, strain: Any) -> dict[str, Any]:
    course = [{"at": o.at.isoformat(), "rating": o.rating} for o in occasions[-_KEPT:]]
    return {"instrument": PULSE, "look": look.to_json(), "strain": strain, "course": course}


# -- outcome measures ------------------------------------------------------------------------------


def _in_outcome(asking: Asking) -> Seen | None:
    """Compare the newest score with the first one. Said when it becomes worse, not each time anew."""
    try:
        form = instrument(asking.instrument, asking.instrument_version)
    except NoSuchInstrument:
        return None
    occasions = courses.asked(asking.episode_id, until=asking, key=asking.instrument)
    given = [occasion.values for occasion in occasions if occasion.answer is not None]
    for scale in form.scales:
        scores = [courses.score_of(form, scale.key, values) for values in given]
        first = next((value for value in scores if value is not None), None)
        changes = [None if s is None or first is None else read_change(scale, first, s) for s in scores]
        was, now = ([None, *(c is not None and c.verdict is Change.WORSE for c in changes)])[-2:]
        if now and not was and changes[-1] is not None:
            return Seen(
                AlertKind.DETERIORATION,
                Status.TALK,
                Rule.WORSE,
                _worse(form, scale, first, scores[-1], changes[-1]),
            )
    return None


def _worse(
    form: Instrument, scale: Scale, before: float | None, after: float | None, change: ScaleChange
) -> dict[str, Any]:
    worse = {
        "title": form.texts("en").title,
        "scale": scale.key,
        "before": before,
        "after": after,
        "threshold": change.threshold,
        "source": change.source,
    }
    return {"instrument": form.key, "worse": worse}

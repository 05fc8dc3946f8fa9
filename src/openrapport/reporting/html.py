"""The report as one self-contained page, and an index that compares many.

The page makes no request, runs no script and works without style. A report holds no word of the
transcript, so the page takes the session beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from openrapport.codes import Codes
from openrapport.finding import Evidence, Finding, Moment, NotMeasured, Report
from openrapport.reporting import charts, wording
from openrapport.reporting.explanations import COMPARED, GROUPS, explain
from openrapport.session import Session
from openrapport.span import Span
from openrapport.speech.latency import silences

__all__ = ["IndexRow", "render", "render_index"]

FIRST_MOMENTS = 3
_QUOTES = 4
_QUOTE_LENGTH = 240
_LINKS = 60
_SILENCE_SHOWN_MS = 3_000


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One session in the index.

    Parameters
    ----------
    href : str
        Address of its page, seen from the index.
    report : Report
        Its report.
    """

    href: str
    report: Report


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("openrapport.reporting"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clock"] = wording.clock
    return environment


def render(report: Report, session: Session) -> str:
    """Write the page of one session.

    Parameters
    ----------
    report : Report
        What was found.
    session : Session
        Prepared (:func:`openrapport.pipeline.prepare`), the one that the report speaks of.

    Returns
    -------
    html : str
        A whole document that needs nothing else.
    """
    index = {key: i for i, key in enumerate(session.utterances.ids)}
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            length=_length(session),
            n_utterances=len(session.utterances),
            moments=[
                _moment_view(m, number, session, index) for number, m in enumerate(report.moments, 1)
            ],
            first_moments=FIRST_MOMENTS,
            why_no_moments=[m.reason for m in report.not_measured if m.step.startswith("moments")],
            timeline=charts.timeline(session, report.moments),
            has_codes=session.coded("behaviour") is not None,
            groups=_groups(report, session, index),
            transcript=_transcript(report, session, index),
            coders=sorted(
                {codes.coder for codes in session.codes} | {r.rater for r in session.ratings}
            ),
        )
    )


def render_index(rows: Sequence[IndexRow]) -> str:
    """Write a page that compares many sessions and leads to each.

    Parameters
    ----------
    rows : sequence of IndexRow
        In the order in which they are shown.

    Returns
    -------
    html : str
        A whole document that needs nothing else.
    """
    columns = []
    for name, party, aspect in COMPARED:
        found = [(row, row.report.find(name, party, aspect)) for row in rows]
        if not any(finding for _, finding in found):
            continue
        present = tuple(finding for _, finding in found if finding)
        plots = dict(zip(map(id, present), charts.interval_plot(present), strict=True))
        columns.append(
            (
                explain(name).column(party, aspect),
                [finding and _cell(finding, plots[id(finding)]) for _, finding in found],
            )
        )
    return (
        _environment()
        .get_template("index.html.j2")
        .render(
            titles=[title for title, _ in columns],
            rows=[(row, [cells[i] for _, cells in columns]) for i, row in enumerate(rows)],
        )
    )


def _cell(finding: Finding, plot: dict[str, float | None]) -> dict[str, Any]:
    return {
        "value": wording.amount(finding.value, finding.unit),
        "interval": wording.interval(finding),
        "n": f"n = {finding.n:,} {finding.counted}",
        "plot": plot,
    }


def _length(session: Session) -> str:
    spoken = session.utterances
    if session.duration_ms is not None:
        return f"{session.duration_ms / 60_000:.0f} minutes"
    if spoken.has_times.any():
        return f"{spoken.end_ms.max() / 60_000:.0f} minutes"
    return f"{spoken.n_words.sum():,} words"


def _link(evidence: Evidence, session: Session, index: dict[str, int]) -> dict[str, str]:
    if isinstance(evidence, Span):
        # The utterance that follows the stretch of time, or the last one.
        after = min(int((session.utterances.start_ms < evidence.end_ms).sum()), len(index) - 1)
        return {"href": f"#u{after + 1}", "label": wording.clock(evidence.start_ms)}
    i = index[evidence]
    start = int(session.utterances.start_ms[i])
    return {"href": f"#u{i + 1}", "label": wording.clock(start) if start >= 0 else str(i + 1)}


def _moment_view(
    moment: Moment, number: int, session: Session, index: dict[str, int]
) -> dict[str, Any]:
    places = [index[key] for key in moment.utterances]
    first, last = session.utterances[places[0]], session.utterances[places[-1]]
    when = f"utterances {first.index + 1} to {last.index + 1}"
    if first.start_ms is not None:
        ends = last.end_ms if last.end_ms is not None else last.start_ms
        when = wording.clock(first.start_ms) + (
            f" to {wording.clock(ends)}" if ends is not None else ""
        )
    seen = sorted({index[e] for e in moment.evidence if isinstance(e, str)}) or places
    return {
        "moment": moment,
        "number": number,
        "when": when,
        "href": f"#u{first.index + 1}",
        "quotes": [_quote(session, i) for i in seen[:_QUOTES]],
        "more": max(0, len(seen) - _QUOTES),
        "measured": [wording.right_of_ten(m) for m in moment.measured if m.metric == "precision"],
    }


def _quote(session: Session, i: int) -> dict[str, str]:
    row = session.utterances[i]
    text = " ".join(row.text.split())
    short = text if len(text) <= _QUOTE_LENGTH else text[:_QUOTE_LENGTH].rsplit(" ", 1)[0] + " …"
    return {"href": f"#u{i + 1}", "role": str(session.role_of(row.party)), "text": short}


def _groups(report: Report, session: Session, index: dict[str, int]) -> list[dict[str, Any]]:
    groups = []
    for prefix, title, lead in GROUPS:
        findings = [f for f in report.findings if f.step.startswith(f"{prefix}.")]
        missing = [m for m in report.not_measured if m.step.startswith(f"{prefix}.")]
        if not findings and not missing:
            continue
        by_name = groupby(sorted(findings, key=_order_of(findings)), key=lambda f: f.name)
        groups.append(
            {
                "id": prefix,
                "title": title,
                "lead": lead,
                "blocks": [_block(name, tuple(rows), session, index) for name, rows in by_name],
                "missing": _missing(missing),
            }
        )
    return groups


def _order_of(findings: Iterable[Finding]) -> Any:
    """Keep the order of the step, with findings of one name side by side."""
    place: dict[str, int] = {}
    for finding in findings:
        place.setdefault(finding.name, len(place))
    return lambda finding: place[finding.name]


def _missing(missing: Iterable[NotMeasured]) -> list[str]:
    """One line for a reason, however many findings it keeps from being measured."""
    by_reason: dict[str, list[str]] = {}
    for m in missing:
        name = explain(m.name).title if m.name else ""
        whom = f" ({m.party})" if m.party and name else ""
        by_reason.setdefault(m.reason, []).append(f"{name}{whom}" if name else "")
    lines = []
    for reason, names in by_reason.items():
        named = ", ".join(dict.fromkeys(filter(None, names)))
        lines.append(f"{named}: {reason}" if named else reason)
    return lines


def _block(
    name: str, findings: tuple[Finding, ...], session: Session, index: dict[str, int]
) -> dict[str, Any]:
    explanation = explain(name)
    plots = charts.interval_plot(findings)
    return {
        "id": name,
        "explanation": explanation,
        "rows": [
            {
                "id": "-".join(filter(None, (name, f.party and str(f.party), f.aspect))),
                "sentence": explanation.say(f),
                "plot": plot,
                "party": str(f.party) if f.party else "both",
                "n": f"n = {f.n:,} {f.counted}",
                "interval": wording.interval(f),
                "chance": wording.chance(f),
                "rests_on": wording.rests_on(f),
                "sure": wording.how_sure(f),
                **_evidence(f, session, index),
            }
            for f, plot in zip(findings, plots, strict=True)
        ],
    }


def _evidence(finding: Finding, session: Session, index: dict[str, int]) -> dict[str, Any]:
    """Link to what a finding rests on; where that is most of a session, to a spread of it."""
    every = finding.evidence
    step = max(1, -(-len(every) // _LINKS))
    return {
        "links": [_link(e, session, index) for e in every[::step]],
        "n_evidence": len(every),
        "spread": step > 1,
    }


def _transcript(report: Report, session: Session, index: dict[str, int]) -> list[dict[str, Any]]:
    chips = _chips(report, session)
    in_moments: dict[int, list[int]] = {}
    for number, moment in enumerate(report.moments, 1):
        for evidence in moment.evidence:
            if isinstance(evidence, str):
                in_moments.setdefault(index[evidence], []).append(number)
    quiet = {}
    if session.utterances.has_times.any():
        found = silences(session, min_ms=_SILENCE_SHOWN_MS)
        lengths = found.end_ms - found.start_ms
        quiet = dict(zip(found.after.tolist(), lengths.tolist(), strict=True))
    backchannel = session.utterances.is_backchannel
    return [
        {
            "row": row,
            "party": session.parties[row.party],
            "chips": chips.get(row.index, []),
            "moments": in_moments.get(row.index, []),
            "silence": wording.amount(quiet[row.index], "ms") if row.index in quiet else "",
            "backchannel": bool(backchannel[row.index]),
        }
        for row in session.utterances
    ]


def _chips(report: Report, session: Session) -> dict[int, list[dict[str, str]]]:
    """Codes beside each utterance, each leading to the finding that counts it."""
    counted = {f.aspect: f for f in report.findings if f.step.startswith("codes.") and f.aspect}
    chips: dict[int, list[dict[str, str]]] = {}
    for codes in _shown(session):
        for utterance, label, probability in zip(
            codes.utterance.tolist(), codes.label.tolist(), codes.probability.tolist(), strict=True
        ):
            name = codes.labels[label]
            finding = counted.get(name)
            target = "-".join(filter(None, (finding.name, finding.party, name))) if finding else ""
            chips.setdefault(utterance, []).append(
                {
                    "href": f"#finding-{target}" if target else "#group-codes",
                    "name": wording.plain_name(name),
                    "sure": f"{100 * probability:.0f}%",
                }
            )
    return chips


def _shown(session: Session) -> list[Codes]:
    """Schemes that say something of their own: main behaviours repeat what strategies say."""
    schemes = {codes.scheme for codes in session.codes}
    hidden = {"behaviour"} if "strategy" in schemes else set()
    return [c for s in sorted(schemes - hidden) if (c := session.coded(s)) is not None]

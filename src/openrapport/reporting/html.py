"""The report as one self-contained page.

It makes no request, runs no script and works without style. A report holds no word of the
transcript, so the page takes the session beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import cache
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from openrapport.codes import Codes
from openrapport.coding.schemes import SCHEMES
from openrapport.demo import is_fictional
from openrapport.finding import Evidence, Finding, Moment, NotMeasured, Report
from openrapport.reporting import charts, wording
from openrapport.reporting.explanations import GROUPS, explain
from openrapport.session import Session
from openrapport.span import Span
from openrapport.speech.gaps import silences

__all__ = ["Beside", "environment", "moment_place", "page_values", "render"]

Beside = Callable[[str], str]
"""Gives HTML to stand beside a place of the page."""

FIRST_MOMENTS = 3
_QUOTES = 4
_QUOTE_LENGTH = 240
_LISTED = 60
_SPREAD = 24
_FEW = 40
_SILENCE_SHOWN_MS = 3_000
_NO_MARKS = ("codes.", "course.", "coordination.")


@cache
def environment() -> Environment:
    """Find the templates of reports.

    Returns
    -------
    environment : jinja2.Environment
        One for the whole process.
    """
    environment = Environment(
        loader=PackageLoader("openrapport.reporting"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clock"] = wording.clock
    return environment


def render(report: Report, session: Session, *, paper: bool = False) -> str:
    """Write the page of one session.

    Parameters
    ----------
    report : Report
        What was found.
    session : Session
        Prepared (:func:`openrapport.pipeline.prepare`), the one that the report speaks of.
    paper : bool
        Leave out what only a screen can use: a link on every bar of the timeline, and samples of
        very many places. For :func:`openrapport.reporting.pdf.write_pdf`.

    Returns
    -------
    html : str
        A whole document that needs nothing else.
    """
    template = environment().get_template("report.html.j2")
    return template.render(paper=paper, **page_values(report, session))


def page_values(report: Report, session: Session, beside: Beside | None = None) -> dict[str, Any]:
    """Compute what the page's template fills in.

    Parameters
    ----------
    report : Report
        What was found.
    session : Session
        Prepared, the one that the report speaks of.
    beside : callable, optional
        Gives HTML to stand beside a moment (``"moment:repair:u17"``) or an utterance (``"u17"``).

    Returns
    -------
    values : dict
        By the names that the template knows.
    """
    index = {key: i for i, key in enumerate(session.utterances.ids)}
    beside = beside or _nothing
    transcript = _transcript(report, session, index)
    for row in transcript:
        row["beside"] = Markup(beside(f"u{row['row'].index + 1}"))  # noqa: S704 - the caller's own HTML
    moments = [_moment_view(m, number, session, index) for number, m in enumerate(report.moments, 1)]
    for view in moments:
        view["beside"] = Markup(beside(moment_place(view["moment"], session)))  # noqa: S704 - as above
    return {
        "report": report,
        "fictional": is_fictional(report.sources),
        "length": _length(session),
        "n_utterances": len(session.utterances),
        "moments": moments,
        "first_moments": FIRST_MOMENTS,
        "why_no_moments": [m.reason for m in report.not_measured if m.step.startswith("moments")],
        "timeline": charts.timeline(session, report.moments),
        "has_codes": session.coded("behaviour") is not None,
        "groups": _groups(report, session, index),
        "transcript": transcript,
        "coders": sorted({codes.coder for codes in session.codes} | {r.rater for r in session.ratings}),
    }


def moment_place(moment: Moment, session: Session) -> str:
    """Name a moment so that it is found again after a correction.

    Parameters
    ----------
    moment : Moment
        Of a report.
    session : Session
        The one that the report speaks of.

    Returns
    -------
    place : str
        Its kind and its first utterance, counted from 1: ``"moment:repair:u17"``.
    """
    return f"moment:{moment.kind}:u{session.utterances.ids.index(moment.utterances[0]) + 1}"


def _nothing(_place: str) -> str:
    return ""


def _length(session: Session) -> str:
    spoken = session.utterances
    if session.duration_ms is not None:
        return f"{session.duration_ms / 60_000:.0f} minutes"
    if spoken.has_times.any():
        return f"{spoken.end_ms.max() / 60_000:.0f} minutes"
    return f"{spoken.n_words.sum():,} words"


def _place(evidence: Evidence, session: Session, index: dict[str, int]) -> int:
    if isinstance(evidence, Span):
        # The utterance that follows the stretch of time, or the last one.
        return min(int((session.utterances.start_ms < evidence.end_ms).sum()), len(index) - 1)
    return index[evidence]


def _link(evidence: Evidence, session: Session, index: dict[str, int]) -> dict[str, str]:
    i = _place(evidence, session, index)
    start = evidence.start_ms if isinstance(evidence, Span) else int(session.utterances.start_ms[i])
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
    """One line for a reason, however many findings and kinds it keeps from being measured."""
    by_reason: dict[str, dict[str, list[str]]] = {}
    for m in missing:
        whom = f" ({m.party})" if m.party and m.name else ""
        title = f"{explain(m.name).title}{whom}" if m.name else ""
        kinds = by_reason.setdefault(m.reason, {}).setdefault(title, [])
        if m.aspect:
            kinds.append(wording.plain_name(m.aspect))
    return [
        f"{'; '.join(filter(None, map(_kinds_of, names.items()))) or 'All of it'}: {reason}"
        for reason, names in by_reason.items()
    ]


def _kinds_of(named: tuple[str, list[str]]) -> str:
    title, kinds = named
    return f"{title}, {', '.join(kinds)}" if kinds else title


def _block(
    name: str, findings: tuple[Finding, ...], session: Session, index: dict[str, int]
) -> dict[str, Any]:
    explanation = explain(name)
    # Where there is one number for all kinds together, each kind waits behind it.
    whole = [f for f in findings if f.aspect is None]
    kinds = [f for f in findings if f.aspect is not None] if whole else []
    views = {
        f: _row(f, plot, session, index)
        for f, plot in zip(findings, charts.interval_plot(findings), strict=True)
    }
    return {
        "id": name,
        "explanation": explanation,
        "rows": [views[f] for f in whole or findings],
        "kinds": [views[f] for f in kinds],
        "rests_on": "; ".join(dict.fromkeys(wording.rests_on(f) for f in findings)),
        "sure": wording.how_sure(findings),
    }


def _row(
    finding: Finding, plot: dict[str, float | None], session: Session, index: dict[str, int]
) -> dict[str, Any]:
    """One sentence, what it rests on, and links to it: all of them, or a spread of very many."""
    every = finding.evidence
    step = 1 if len(every) <= _LISTED else -(-len(every) // _SPREAD)
    return {
        "id": _finding_id(finding),
        "sentence": explain(finding.name).say(finding),
        "plot": plot,
        "party": str(finding.party) if finding.party else "both",
        "n": f"n = {finding.n:,} {finding.counted}",
        "interval": wording.interval(finding),
        "chance": wording.chance(finding),
        "right": wording.right_in_short(finding),
        "links": [_link(e, session, index) for e in every[::step]],
        "n_evidence": len(every),
        "spread": step > 1,
    }


def _finding_id(finding: Finding) -> str:
    return "-".join(filter(None, (finding.name, finding.party and str(finding.party), finding.aspect)))


def _transcript(report: Report, session: Session, index: dict[str, int]) -> list[dict[str, Any]]:
    chips = _chips(report, session)
    marks = _marks(report, session, index)
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
            "marks": marks.get(row.index, {}),
            "moments": in_moments.get(row.index, []),
            "silence": wording.amount(quiet[row.index], "ms") if row.index in quiet else "",
            "backchannel": bool(backchannel[row.index]),
        }
        for row in session.utterances
    ]


def _chips(report: Report, session: Session) -> dict[int, list[dict[str, str]]]:
    """Codes beside each utterance, each leading to the finding that counts it."""
    counted = {f.aspect: f for f in report.findings if f.step.startswith("codes.") and f.aspect}
    groups = {
        "behaviour": "course",
        "disclosure": "course",
        "withdrawal": "strain",
        "confrontation": "strain",
    }
    chips: dict[int, list[dict[str, str]]] = {}
    for codes in _shown(session):
        silent = _silent(codes.scheme, session)
        for utterance, label, probability in zip(
            codes.utterance.tolist(), codes.label.tolist(), codes.probability.tolist(), strict=True
        ):
            name = codes.labels[label]
            here = chips.setdefault(utterance, [])
            # A main behaviour stands only where no finer code says the same more exactly.
            if name in silent or (codes.scheme == "behaviour" and here):
                continue
            finding = counted.get(name) if codes.scheme == "strategy" else None
            group = groups.get(codes.scheme, "codes")
            here.append(
                {
                    "href": f"#finding-{_finding_id(finding)}" if finding else f"#group-{group}",
                    "name": wording.code_name(codes.scheme, name),
                    "sure": f"{100 * probability:.0f}%",
                }
            )
    return chips


def _silent(scheme: str, session: Session) -> Collection[str]:
    """Codes that say only that there is nothing to say; change talk belongs to one approach."""
    if scheme == "talk" and session.approach != "motivational_interviewing":
        return SCHEMES["talk"]
    return {"behaviour": ("other",), "talk": ("neutral",), "disclosure": ("0", "1")}.get(scheme, ())


def _marks(report: Report, session: Session, index: dict[str, int]) -> dict[int, dict[str, str]]:
    """Titles and addresses of the findings that have an utterance among their few places.

    Codes have marks of their own, and their mix or the kinds of small words would stand beside every line.
    """
    marks: dict[int, dict[str, str]] = {}
    few = min(_FEW, len(index) // 4)
    for finding in report.findings:
        if finding.step.startswith(_NO_MARKS) or len(finding.evidence) > few:
            continue
        for evidence in finding.evidence:
            here = marks.setdefault(_place(evidence, session, index), {})
            here.setdefault(explain(finding.name).title, f"#finding-{_finding_id(finding)}")
    return marks


def _shown(session: Session) -> list[Codes]:
    """What coders gave, the fine before the coarse."""
    schemes = {codes.scheme for codes in session.codes}
    order = sorted(schemes, key=lambda scheme: (scheme == "behaviour", scheme))
    return [c for s in order if (c := session.coded(s)) is not None]

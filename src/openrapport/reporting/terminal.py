"""The report in a few lines, for a terminal."""

from __future__ import annotations

from openrapport.finding import Finding, Report
from openrapport.reporting import wording
from openrapport.reporting.explanations import COMPARED, explain
from openrapport.session import Session

__all__ = ["summary_lines"]

_MOMENTS = 3


def summary_lines(report: Report, session: Session) -> list[str]:
    """Say the most important of a report in a few lines, without a word of the transcript.

    Parameters
    ----------
    report : Report
        What was found.
    session : Session
        The session that it speaks of.

    Returns
    -------
    lines : list of str
        Plain text.
    """
    places = {key: i for i, key in enumerate(session.utterances.ids)}
    lines = [f"{report.session}: {len(session.utterances)} utterances"]
    if report.moments:
        lines.append("Worth talking about:")
    for number, moment in enumerate(report.moments[:_MOMENTS], 1):
        first = session.utterances[places[moment.utterances[0]]]
        when = (
            f"utterance {first.index + 1}" if first.start_ms is None else wording.clock(first.start_ms)
        )
        lines.append(f"  {number}. {when}  {moment.title}. {moment.reason}")
    lines.append("Findings:")
    for name, party, aspect in COMPARED:
        finding = report.find(name, party, aspect)
        if finding is not None:
            lines.append(f"  {explain(name).say(finding)} ({_sureness(finding)})")
    if report.not_measured:
        lines.append(f"Not measured: {len(report.not_measured)}; the report says why.")
    return lines


def _sureness(finding: Finding) -> str:
    parts = [f"n = {finding.n:,} {finding.counted}"]
    if finding.interval is not None:
        parts.append(f"95% interval {wording.interval(finding)}")
    if finding.null is not None:
        low, high = (
            wording.bare(finding.null.low, finding.unit),
            wording.bare(finding.null.high, finding.unit),
        )
        parts.append(f"chance {low} to {high}")
    return ", ".join(parts)

"""The parts of a report's page, for a page that is somebody else's."""

from __future__ import annotations

from dataclasses import dataclass

from openrapport.finding import Report
from openrapport.reporting.html import Beside, environment, page_values
from openrapport.session import Session

__all__ = ["Fragments", "fragments"]


@dataclass(frozen=True, slots=True)
class Fragments:
    """HTML of the parts, each one a section with a heading of its own.

    Parameters
    ----------
    moments, timeline, findings, transcript : str
        What the page shows, in this order.
    length : str
        How long the session is, in words.
    """

    moments: str
    timeline: str
    findings: str
    transcript: str
    length: str


def fragments(report: Report, session: Session, *, beside: Beside | None = None) -> Fragments:
    """Write the parts of the page of one session.

    They need the classes of the report's style sheet, and no style of their own.

    Parameters
    ----------
    report : Report
        What was found.
    session : Session
        Prepared (:func:`openrapport.pipeline.prepare`), the one that the report speaks of.
    beside : callable, optional
        Gives HTML to stand beside a moment (``"moment:repair:u17"``,
        :func:`openrapport.reporting.html.moment_place`) or an utterance (``"u17"``).

    Returns
    -------
    parts : Fragments
        To be put into a page.
    """
    template = environment().get_template("report.html.j2")
    values = page_values(report, session, beside)
    macros = environment().get_template("parts.html.j2").module
    names = {name: getattr(macros, name) for name in dir(macros) if not name.startswith("_")}
    context = template.new_context({**names, **values, "paper": False})
    parts = ("moments", "timeline", "findings", "transcript")
    written = {part: "".join(template.blocks[f"part_{part}"](context)) for part in parts}
    return Fragments(**written, length=values["length"])

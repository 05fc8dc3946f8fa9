"""A report that goes through JSON and comes back, and the parts of its page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from openrapport.demo import demo_path
from openrapport.errors import BadInput
from openrapport.finding import Finding, Report
from openrapport.io.files import read_session, speakers
from openrapport.pipeline import STEPS, measure, prepare
from openrapport.reporting.fragments import fragments
from openrapport.reporting.html import moment_place, render
from openrapport.reporting.index import side_by_side
from openrapport.session import Role, Session


@pytest.fixture(scope="module")
def session() -> Session:
    with demo_path() as path:
        return prepare(read_session(path))


@pytest.fixture(scope="module")
def report(session: Session) -> Report:
    return measure(session)


def test_a_report_comes_back_from_json_as_it_was(report: Report) -> None:
    document = json.loads(json.dumps(report.to_json()))
    back = Report.from_json(document)
    assert back.to_json() == report.to_json()
    assert (back.findings, back.not_measured) == (report.findings, report.not_measured)
    assert [m.reason for m in back.moments] == [m.reason for m in report.moments]


@pytest.mark.parametrize(
    "change", [{"findings": None}, {"parties": [{"name": "x", "role": "king"}]}, {"moments": [{}]}]
)
def test_what_is_no_report_is_refused_without_being_quoted(report: Report, change: dict) -> None:
    with pytest.raises(BadInput, match="no report of OpenRapport") as caught:
        Report.from_json({**report.to_json(), **change})
    assert "king" not in str(caught.value)


def test_the_parts_are_those_of_the_page_with_a_place_beside_each_moment(
    session: Session, report: Report
) -> None:
    parts = fragments(report, session)
    page = render(report, session)
    for part in (parts.moments, parts.findings, parts.transcript):
        assert part.strip() in page
    marked = fragments(report, session, beside=lambda place: f"<i>{place}</i>")
    for moment in report.moments:
        assert f"<i>{moment_place(moment, session)}</i>" in marked.moments
    assert f"<i>u{len(session.utterances)}</i>" in marked.transcript


def test_whoever_shows_progress_is_told_of_each_step_and_may_stop_it(session: Session) -> None:
    told: list[str] = []

    def stop(name: str) -> None:
        told.append(name)
        if len(told) == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        measure(session, before=stop)
    assert told == [step.name for step in STEPS[:3]]


def test_speakers_are_named_as_the_file_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "three.txt"
    path.write_text("Ana: Hello.\nBo: Hi.\nana: So.\nCy: I am here, too.\n")
    assert speakers(path) == ("Ana", "Bo", "Cy")


def test_two_reports_side_by_side_say_where_intervals_lie_apart(report: Report) -> None:
    def with_share(low: float, high: float) -> Report:
        share = Finding(
            name="talk_share",
            value=(low + high) / 2,
            unit="share",
            n=40,
            counted="turns",
            step="floor.v1",
            party=Role.CLIENT,
            interval=(low, high),
        )
        return replace(report, findings=(share,), moments=())

    apart = side_by_side([with_share(0.2, 0.3), with_share(0.4, 0.5)], ["first", "second"])
    assert "the intervals lie apart" in apart
    overlap = side_by_side([with_share(0.2, 0.4), with_share(0.3, 0.5)], ["first", "<b>"])
    assert "the intervals overlap: it may be chance" in overlap
    assert "<b>" not in overlap
    missing = side_by_side([with_share(0.2, 0.4), replace(report, findings=())], ["first", "second"])
    assert "in one of the two alone" in missing
    assert "the intervals" not in missing

"""The report on paper: whole, tagged and in an order that a screen reader can follow."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from openrapport.demo import demo_path
from openrapport.errors import BadInput
from openrapport.finding import Report
from openrapport.io.files import read_session
from openrapport.pipeline import measure, prepare
from openrapport.reporting.explanations import explain
from openrapport.reporting.html import render
from openrapport.reporting.pdf import write_pdf
from openrapport.session import Session
from tests.sessions import session

LINES = [
    "T 0-2000 What would you like to talk about today?",
    "C 9000-14000 About Sunday. It was horrible, and I am still angry with him.",
    "T 15000-18000 You're angry, and something about it still hurts.",
    "C 19000-26000 Yes. It hurts that he did not even ask.",
] * 12


def spoken() -> Session:
    """Forty-eight utterances, one after another."""
    lines = []
    for i, line in enumerate(LINES):
        who, times, text = line.split(" ", 2)
        start, end = (int(t) + 27_000 * (i // 4) for t in times.split("-"))
        lines.append(f"{who} {start}-{end} {text}")
    return prepare(session(*lines, name="On paper"))


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> tuple[PdfReader, Session, Report]:
    talk = spoken()
    report = measure(talk)
    path = tmp_path_factory.mktemp("pdf") / "report.pdf"
    write_pdf(render(report, talk, paper=True), path)
    return PdfReader(path), talk, report


def words_of(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def test_it_holds_every_utterance_finding_and_moment(
    paper: tuple[PdfReader, Session, Report],
) -> None:
    reader, talk, report = paper
    words = words_of(reader)
    for line in {u.text for u in talk.utterances}:
        assert words.count(line) >= len(LINES) // 4
    assert [f.name for f in report.findings if explain(f.name).say(f) not in words] == []
    assert [f.name for f in report.findings if explain(f.name).not_mean not in words] == []
    assert [m.title for m in report.moments if m.title not in words] == []
    assert [m.reason for m in report.not_measured if m.reason not in words] == []


def test_its_parts_stand_in_the_order_of_the_page(paper: tuple[PdfReader, Session, Report]) -> None:
    words = words_of(paper[0])
    parts = ("worth talking about", "The session at a glance", "Findings in plain words", "Transcript")
    places = [words.index(part) for part in parts]
    assert places == sorted(places)


def test_it_is_tagged_titled_and_says_its_language(paper: tuple[PdfReader, Session, Report]) -> None:
    reader = paper[0]
    root = reader.trailer["/Root"]
    assert bool(root["/MarkInfo"]["/Marked"])
    assert root["/Lang"] == "en"
    assert reader.metadata is not None
    assert reader.metadata.title == "On paper: session report"
    kinds = _kinds(root["/StructTreeRoot"].get_object())
    assert {"/H1", "/H2", "/H3", "/P", "/Table", "/Link"} <= kinds


def test_a_moment_leads_to_its_words_on_paper_too(paper: tuple[PdfReader, Session, Report]) -> None:
    links = [
        a.get_object()
        for page in paper[0].pages
        for a in page.get("/Annots", [])
        if a.get_object()["/Subtype"] == "/Link"
    ]
    named = set(paper[0].named_destinations)
    targets = {str(link["/Dest"]) for link in links if "/Dest" in link}
    assert targets
    assert targets <= named


def test_a_sample_of_very_many_places_stays_on_the_screen() -> None:
    with demo_path() as path:
        talk = prepare(read_session(path))
    report = measure(talk)
    assert "Some of its" in render(report, talk)
    assert "Some of its" not in render(report, talk, paper=True)


def test_a_page_that_asks_for_something_elsewhere_gets_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    asked = '<html lang="en"><title>x</title><img alt="" src="http://127.0.0.1:9/x.png"><p>Words'
    write_pdf(asked, tmp_path / "x.pdf")
    assert "disallowed protocol" in caplog.text


def test_a_machine_without_pango_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import builtins

    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name == "weasyprint":
            raise OSError("cannot load library")
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(BadInput, match="apt install libpango"):
        write_pdf("<p>Words", tmp_path / "x.pdf")
    assert not (tmp_path / "x.pdf").exists()


def _kinds(element: DictionaryObject) -> set[str]:
    found, waiting = set(), [element]
    while waiting:
        here = waiting.pop()
        found.add(str(here.get("/S")))
        children = here.get("/K", [])
        for child in children if isinstance(children, list) else [children]:
            child = child.get_object()
            if isinstance(child, DictionaryObject):
                waiting.append(child)
    return found

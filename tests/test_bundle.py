"""Bundles, annotation files and Word files: what goes in comes out, and nothing hostile gets in."""

from __future__ import annotations

import contextlib
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openrapport.codes import MeasuredError
from openrapport.errors import BadAnnotation, BadBundle, BadInput, BadTranscript, OpenRapportError
from openrapport.io import bundle, word
from openrapport.io.annotations import read_eaf, read_textgrid, write_eaf, write_textgrid
from openrapport.io.files import read_session
from openrapport.pipeline import prepare
from openrapport.session import Session
from openrapport.signal import Signal
from tests.sessions import session

QUIET = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
LINES = (
    "T 0-1000 What brings you here?",
    "C 800-2000 I do not know\nwhere to start.",
    "T 2000-2600 Mm-hm.",
)
ENTITY_BOMB = (
    '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    "<ANNOTATION_DOCUMENT>&b;</ANNOTATION_DOCUMENT>"
)


def full_session() -> Session:
    prepared = prepare(session(*LINES))
    return prepared.with_signal(
        "motion_energy:client", Signal([1.0, 2.0], [True, False], 25.0, "px/frame")
    )


def test_a_bundle_keeps_everything(tmp_path: Path) -> None:
    before = full_session()
    assert any(isinstance(m, MeasuredError) for codes in before.codes for m in codes.measured)
    assert bundle.write_bundle(before, tmp_path / "s.zip") == ()
    assert bundle.read_bundle(tmp_path / "s.zip") == before


def test_the_same_session_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        bundle.write_bundle(full_session(), tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@QUIET
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=4))
def test_any_words_come_back_from_a_bundle(tmp_path: Path, texts: list[str]) -> None:
    before = session(*(f"T {text}" for text in texts))
    bundle.write_bundle(before, tmp_path / "s.zip")
    assert bundle.read_bundle(tmp_path / "s.zip") == before


@QUIET
@given(data=st.binary(max_size=300), cut=st.integers(0, 4000))
def test_no_bytes_raise_anything_but_our_own_error(tmp_path: Path, data: bytes, cut: int) -> None:
    bundle.write_bundle(session(*LINES), tmp_path / "whole.zip")
    damaged = (tmp_path / "whole.zip").read_bytes()[:cut] + data
    for ending, read in {
        ".zip": bundle.read_bundle,
        ".eaf": read_eaf,
        ".TextGrid": read_textgrid,
        ".docx": word.read_docx_lines,
    }.items():
        for content in (data, damaged):
            path = tmp_path / f"x{ending}"
            path.write_bytes(content)
            # A file that happens to be whole is fine; anything else must be our own error.
            with contextlib.suppress(OpenRapportError):
                read(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", "0" * 2_000_000)
    monkeypatch.setattr(bundle, "MAX_UNPACKED_BYTES", 1_000_000)
    monkeypatch.setattr(word, "MAX_UNPACKED_BYTES", 1_000_000)
    with pytest.raises(BadBundle, match=r"b\.zip: unpacks to more than"):
        bundle.read_bundle(tmp_path / "b.zip")
    with pytest.raises(BadTranscript, match=r"b\.zip: unpacks to more than"):
        word.read_docx_lines(tmp_path / "b.zip")


def test_a_changed_member_is_found(tmp_path: Path) -> None:
    bundle.write_bundle(session(*LINES), tmp_path / "s.zip")
    with (
        zipfile.ZipFile(tmp_path / "s.zip") as whole,
        zipfile.ZipFile(tmp_path / "t.zip", "w") as other,
    ):
        for name in whole.namelist():
            extra = b"" if name == "manifest.json" else b"x"
            other.writestr(name, whole.read(name) + extra)
    with pytest.raises(BadBundle, match="changed or damaged"):
        bundle.read_bundle(tmp_path / "t.zip")


@pytest.mark.parametrize("ending", [".eaf", ".TextGrid"])
def test_words_times_and_speakers_come_back_from_annotations(tmp_path: Path, ending: str) -> None:
    write, read = {".eaf": (write_eaf, read_eaf), ".TextGrid": (write_textgrid, read_textgrid)}[ending]
    before = session(*LINES)
    dropped = write(before, tmp_path / f"s{ending}")
    assert any("ids: 3 left out" in line for line in dropped)
    rows = read(tmp_path / f"s{ending}").utterances
    assert [(r.speaker, r.start_ms, r.end_ms) for r in rows] == [
        ("Therapist", 0, 1000),
        ("Client", 800, 2000),
        ("Therapist", 2000, 2600),
    ]
    assert [r.text.split() for r in rows] == [text.split() for text in before.utterances.text]
    assert read_session(tmp_path / f"s{ending}").parties == before.parties


def test_annotations_without_times_are_refused_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="1 of 1 have none"):
        write_eaf(session("T hello"), tmp_path / "s.eaf")
    with pytest.raises(BadInput, match="overlaps with itself"):
        write_textgrid(session("T 0-1000 a", "T 500-2000 b"), tmp_path / "s.TextGrid")


def test_an_elan_file_with_entities_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bomb.eaf").write_text(ENTITY_BOMB)
    with pytest.raises(BadAnnotation, match=r"bomb\.eaf: defines entities"):
        read_eaf(tmp_path / "bomb.eaf")


def test_a_word_file_is_read_by_paragraph_and_row(tmp_path: Path) -> None:
    import docx

    document = docx.Document()
    document.add_paragraph("Therapist: Hello.")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Client:", "Hi there."
    document.save(str(tmp_path / "s.docx"))
    assert word.read_docx_lines(tmp_path / "s.docx") == "Therapist: Hello.\nClient: Hi there."
    assert read_session(tmp_path / "s.docx").utterances.text == ("Hello.", "Hi there.")

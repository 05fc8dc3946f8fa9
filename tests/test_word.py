"""Word files: every word that somebody reads in Word, and nothing that hides beside it."""

from __future__ import annotations

import contextlib
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openrapport.errors import BadTranscript, OpenRapportError
from openrapport.io import word
from openrapport.io.files import read_session
from openrapport.io.word import read_docx_lines

QUIET = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
TRANSITIONAL = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"


def docx(
    path: Path, body: str, *, namespace: str = TRANSITIONAL, part: str = "word/document.xml"
) -> Path:
    """The least that is a Word file."""
    relation = f'<Relationship Id="r1" Type="http://x/officeDocument" Target="/{part}"/>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_rels/.rels", f'<Relationships xmlns="http://x">{relation}</Relationships>')
        archive.writestr(
            part, f'<w:document xmlns:w="{namespace}"><w:body>{body}</w:body></w:document>'
        )
    return path


def p(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def table(*rows: tuple[str, ...]) -> str:
    cells = ["".join(f"<w:tc>{p(cell)}</w:tc>" for cell in row) for row in rows]
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


@pytest.mark.parametrize("namespace", [TRANSITIONAL, STRICT])
def test_paragraphs_tables_and_line_breaks_are_lines_in_order(tmp_path: Path, namespace: str) -> None:
    broken = (
        "<w:p><w:r><w:t>Therapist: One</w:t><w:br/><w:t>two</w:t><w:tab/><w:t>three</w:t></w:r></w:p>"
    )
    body = broken + table(("Client:", "Hi &amp; bye."), ("", "More.")) + "<w:p/>" + p("Therapist: So?")
    path = docx(tmp_path / "s.docx", body, namespace=namespace)
    assert read_docx_lines(path).split("\n") == [
        "Therapist: One",
        "two\tthree",
        "Client: Hi & bye.",
        "More.",
        "",
        "Therapist: So?",
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [("00:00:01", "Therapist:", "Well?"), ("00:00:04", "Client", "Yes.")],
        [("Therapist", "0:01", "Well?"), ("Client", "0:04", "Yes.")],
        [("1.", "Therapist", "Well?"), ("2.", "Client", "Yes.")],
    ],
)
def test_a_column_of_times_or_numbers_is_no_speaker(
    tmp_path: Path, rows: list[tuple[str, ...]]
) -> None:
    spoken = read_session(docx(tmp_path / "s.docx", table(*rows))).utterances
    assert spoken.text == ("Well?", "Yes.")
    assert spoken.start_ms.tolist() == ([-1, -1] if rows[0][0] == "1." else [1000, 4000])


def test_tables_of_other_columns_keep_tabs_and_cells_keep_their_tables(tmp_path: Path) -> None:
    nested = f"<w:tbl><w:tr><w:tc>{table(('Client', 'in'))}</w:tc></w:tr></w:tbl>"
    path = docx(tmp_path / "s.docx", table(("a", "Client", "Hello")) + nested)
    assert read_docx_lines(path).split("\n") == ["a\tClient\tHello", "Client: in"]


def test_tracked_changes_read_as_word_shows_them_at_last(tmp_path: Path) -> None:
    body = (
        "<w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr><w:r><w:t>Client: I </w:t></w:r>"
        "<w:del><w:r><w:t>never</w:t><w:delText>never</w:delText></w:r></w:del>"
        "<w:moveFrom><w:r><w:t>ever</w:t></w:r></w:moveFrom>"
        "<w:ins><w:r><w:t>always</w:t></w:r></w:ins>"
        "<w:sdt><w:sdtContent><w:r><w:t> try.</w:t></w:r></w:sdtContent></w:sdt></w:p>"
    )
    assert read_docx_lines(docx(tmp_path / "s.docx", body)) == "Client: I always try."


def test_a_text_box_is_read_once(tmp_path: Path) -> None:
    box = f"<w:txbxContent>{p('Client: In a box.')}</w:txbxContent>"
    choice = f'<m:AlternateContent xmlns:m="http://m"><m:Choice>{box}</m:Choice><m:Fallback>{box}</m:Fallback>'
    path = docx(tmp_path / "s.docx", f"<w:p><w:r>{choice}</m:AlternateContent></w:r></w:p>")
    assert read_docx_lines(path).strip() == "Client: In a box."


def test_the_main_part_may_have_another_name(tmp_path: Path) -> None:
    assert read_docx_lines(docx(tmp_path / "s.docx", p("Client: Hi."), part="word/document2.xml")) == (
        "Client: Hi."
    )


def test_what_python_docx_writes_becomes_a_session(tmp_path: Path) -> None:
    writer = pytest.importorskip("docx")
    document = writer.Document()
    document.add_paragraph("Therapist: Hello.")
    cells = document.add_table(rows=1, cols=2).rows[0].cells
    cells[0].text, cells[1].text = "Client:", "Hi there."
    document.save(str(tmp_path / "s.docx"))
    assert read_docx_lines(tmp_path / "s.docx") == "Therapist: Hello.\nClient: Hi there."
    assert read_session(tmp_path / "s.docx").utterances.text == ("Hello.", "Hi there.")


def test_a_picture_bomb_is_never_unpacked_and_a_text_bomb_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word, "MAX_UNPACKED_BYTES", 100_000)
    path = docx(tmp_path / "s.docx", p("Client: Hi."))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/image1.png", bytes(10_000_000))
    assert read_docx_lines(path) == "Client: Hi."
    with pytest.raises(BadTranscript, match=r"^b\.docx: unpacks to more than"):
        read_docx_lines(docx(tmp_path / "b.docx", p("ha" * 100_000)))


def test_entities_are_refused_and_no_other_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("do not read")
    for entity in ('"ha"', f'SYSTEM "{(tmp_path / "secret.txt").as_uri()}"'):
        with zipfile.ZipFile(tmp_path / "s.docx", "w") as archive:
            xml = (
                f'<!DOCTYPE w:document [<!ENTITY a {entity}>]><w:document xmlns:w="{TRANSITIONAL}">&a;'
            )
            archive.writestr("word/document.xml", xml + "</w:document>")
        with pytest.raises(BadTranscript, match=r"^s\.docx: defines a document type or ent") as caught:
            read_docx_lines(tmp_path / "s.docx")
        assert "do not" not in str(caught.value)


def test_what_is_no_word_file_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "s.docx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
    with pytest.raises(BadTranscript, match=r"^s\.docx: an old \(\.doc\) or encrypted"):
        read_docx_lines(path)
    for content in (b"", b"Client: Hello", docx(path, p("x")).read_bytes()[:-30]):
        path.write_bytes(content)
        with pytest.raises(BadTranscript, match=r"^s\.docx: not a zip file, or not complete"):
            read_docx_lines(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(BadTranscript, match=r"^s\.docx: not a Word file"):
        read_docx_lines(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<workbook/>")
    with pytest.raises(BadTranscript, match=r"^s\.docx: not a Word file"):
        read_docx_lines(path)
    with pytest.raises(BadTranscript, match=r"^no\.docx: the file cannot be read"):
        read_docx_lines(tmp_path / "no.docx")


@QUIET
@given(noise=st.binary(max_size=40), at=st.integers(0, 700), dropped=st.integers(0, 60))
def test_damage_never_raises_anything_but_our_own_error(
    tmp_path: Path, noise: bytes, at: int, dropped: int
) -> None:
    whole = docx(tmp_path / "whole.docx", p("Client: Hi.") + table(("a", "b"))).read_bytes()
    for content in (noise, whole[:at] + noise + whole[at + dropped :]):
        (tmp_path / "f.docx").write_bytes(content)
        with contextlib.suppress(OpenRapportError):
            read_docx_lines(tmp_path / "f.docx")

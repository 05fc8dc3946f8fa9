"""Word files as lines of text."""

from __future__ import annotations

import zipfile
from pathlib import Path

from openrapport.errors import BadTranscript

__all__ = ["MAX_UNPACKED_BYTES", "read_docx_lines"]

MAX_UNPACKED_BYTES = 256 * 1024 * 1024
"""What a Word file may unpack to: a zip bomb is refused before it is unpacked."""


def read_docx_lines(path: Path) -> str:
    """Read the text of a Word file.

    Parameters
    ----------
    path : pathlib.Path
        A ``.docx`` file.

    Returns
    -------
    text : str
        One line for each paragraph and each row of a table, in order.

    Raises
    ------
    BadTranscript
        If it is no Word file, is damaged or encrypted, defines entities, or unpacks to too much.
    """
    _check(path)
    import docx  # heavy, and only Word files need it
    from docx.table import Table

    lines: list[str] = []
    # python-docx, lxml and zipfile each have errors of their own, and may quote the content.
    try:
        for block in docx.Document(str(path)).iter_inner_content():
            if isinstance(block, Table):
                lines += [_row([cell.text for cell in row.cells]) for row in block.rows]
            else:
                lines.append(block.text)
    except Exception as error:
        reason = f"damaged, or no Word file ({type(error).__name__}); save it again as .docx or .txt"
        raise BadTranscript(reason, source=path.name) from None
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    texts = [" ".join(cell.split()) for cell in cells]
    return f"{texts[0].rstrip(':')}: {texts[1]}" if len(texts) == 2 else "\t".join(texts)


def _check(path: Path) -> None:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > MAX_UNPACKED_BYTES:
                limit = MAX_UNPACKED_BYTES // 2**20
                raise BadTranscript(
                    f"unpacks to more than {limit} MiB; expected less", source=path.name
                )
            for name in archive.namelist():
                if name.endswith((".xml", ".rels")):
                    fromstring(archive.read(name), forbid_dtd=True)
    except DefusedXmlException:
        reason = "defines entities, which no Word file needs; save it again as .docx or .txt"
        raise BadTranscript(reason, source=path.name) from None
    except BadTranscript:
        raise
    except Exception as error:
        kind = type(error).__name__
        reason = f"not a Word file, or a damaged or encrypted one ({kind}); save it as .docx or .txt"
        raise BadTranscript(reason, source=path.name) from None

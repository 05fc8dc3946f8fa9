"""The pages say what the code says."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import click
import numpy as np
import pytest

from openrapport import read_session, run
from openrapport.demo import demo_path
from openrapport.io.files import READABLE
from openrapport.measures.instrument import library, read_instrument
from openrapport.reporting.explanations import EXPLANATIONS
from openrapport.simulation import PracticeParameters, simulate_practice, sources
from openrapport.simulation.layout import laid_out
from openrapport_cli.main import cli

DOCS = Path(__file__).parent.parent / "docs"


_CONTEXT = click.Context(cli)


@pytest.mark.parametrize("verb", cli.list_commands(_CONTEXT))
def test_every_verb_and_option_stands_on_its_page(verb: str) -> None:
    page = (DOCS / "command-line.md").read_text("utf-8")
    assert f"## `openrapport {verb}" in page
    command = cli.get_command(_CONTEXT, verb)
    assert command is not None
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            for name in parameter.opts:
                assert f"`{name}" in page, name


def test_every_setting_stands_on_its_page() -> None:
    source = (DOCS.parent / "src/openrapport_web/settings.py").read_text("utf-8")
    read = set(re.findall(r"env\.(?:text|flag|number|names|folder)\(\s*\"([A-Z_]+)\"", source))
    written = set(re.findall(r"`OPENRAPPORT_([A-Z_]+)`", (DOCS / "settings.md").read_text("utf-8")))
    assert read == written
    assert len(read) > 15


def test_every_ending_stands_in_the_table_of_formats() -> None:
    page = (DOCS / "formats.md").read_text("utf-8")
    assert [ending for ending in READABLE if f"`{ending}`" not in page] == []


def test_every_finding_of_the_fictional_session_is_explained() -> None:
    # The page of findings is built from this table (docs/conf.py).
    with demo_path() as path:
        report = run(read_session(path))
    assert {finding.name for finding in report.findings} - set(EXPLANATIONS) == set()


def test_every_parameter_of_a_fictional_practice_stands_on_its_page_with_its_source() -> None:
    page = (DOCS / "guide" / "fictional-practice.md").read_text("utf-8")
    parameters = PracticeParameters()
    for name, source in sources().items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        assert row.endswith(f"| {getattr(parameters, name)} | {source} |")


def test_every_source_of_a_fictional_practice_is_a_reference() -> None:
    page = (DOCS / "references.md").read_text("utf-8").splitlines()
    keys = {key for source in sources().values() for key in re.findall(r"[A-Z]\w+\d{4}", source)}
    assert len(keys) >= 10
    assert keys <= set(page)


def test_every_file_of_a_fictional_practice_stands_on_its_page_with_its_columns() -> None:
    page = (DOCS / "guide" / "fictional-practice.md").read_text("utf-8")
    practice = simulate_practice(
        PracticeParameters(clients=3), rng=np.random.default_rng(1), end=date(2025, 6, 18)
    )
    for name, columns in laid_out(practice).items():
        assert f"| `{name}` | `{','.join(columns)}`" in page


@pytest.mark.parametrize("key", library())
def test_every_questionnaire_stands_on_its_page_with_licence_and_sources(key: str) -> None:
    page = (DOCS / "measures.md").read_text("utf-8").splitlines()
    listed, rested = [line for line in page if line.startswith(f"| `{key}` |")]
    assert listed.endswith(f"| {library()[key].licence.name} |")
    for scale in library()[key].scales:
        assert f"`{scale.key}`" in rested or len(library()[key].scales) > 3
    languages = ", ".join(library()[key].languages)
    assert languages in listed


def test_the_questionnaire_on_the_page_can_be_read() -> None:
    page = (DOCS / "measures.md").read_text("utf-8")
    document = page.split("```json\n")[1].split("```")[0]
    assert [scale.key for scale in read_instrument(document).scales] == ["waking"]

"""The pages say what the code says."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from openrapport import read_session, run
from openrapport.demo import demo_path
from openrapport.io.files import READABLE
from openrapport.reporting.explanations import EXPLANATIONS
from openrapport_cli.main import cli

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("verb", sorted(cli.commands))
def test_every_verb_and_option_stands_on_its_page(verb: str) -> None:
    page = (DOCS / "command-line.md").read_text("utf-8")
    assert f"## `openrapport {verb}" in page
    for parameter in cli.commands[verb].params:
        if isinstance(parameter, click.Option):
            for name in parameter.opts:
                assert f"`{name}" in page, name


def test_every_ending_stands_in_the_table_of_formats() -> None:
    page = (DOCS / "formats.md").read_text("utf-8")
    assert [ending for ending in READABLE if f"`{ending}`" not in page] == []


def test_every_finding_of_the_fictional_session_is_explained() -> None:
    # The page of findings is built from this table (docs/conf.py).
    with demo_path() as path:
        report = run(read_session(path))
    assert {finding.name for finding in report.findings} - set(EXPLANATIONS) == set()

"""How the documentation is built: ``make docs``, without any network and without a warning."""

from __future__ import annotations

from typing import Any

import openrapport

project = "OpenRapport"
author = "the OpenRapport contributors"
copyright = "the OpenRapport contributors"  # noqa: A001  # the name that Sphinx reads
release = openrapport.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "examples", "pictures"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "OpenRapport"
html_static_path: list[str] = []
html_show_sourcelink = False
html_copy_source = False

autodoc_typehints = "none"  # types stand in the docstrings
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_validation_checks: set[str] = set()

sphinx_gallery_conf = {
    "examples_dirs": ["examples"],
    "gallery_dirs": ["gallery"],
    "image_scrapers": (),
    "reset_modules": (),
    "download_all_examples": False,
    "show_signature": False,
    "min_reported_time": 0,
    "abort_on_example_error": True,
}


def _findings() -> str:
    """Write what each finding is from the table that feeds the report."""
    from openrapport.reporting.explanations import EXPLANATIONS

    parts = []
    for name, explanation in sorted(EXPLANATIONS.items()):
        parts.append(
            f"## `{name}`\n\n**{explanation.title}.** {explanation.what}\n\n"
            f"*What it does not mean:* {explanation.not_mean}\n"
        )
    return "\n".join(parts)


def add_generated(_app: Any, page: str, source: list[str]) -> None:
    """Complete the pages that repeat what the code says."""
    if page == "findings":
        source[0] += "\n" + _findings()


def setup(app: Any) -> None:
    """Register the hook."""
    app.connect("source-read", add_generated)

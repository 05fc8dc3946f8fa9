"""Spanish says all that English says, and says it of the strings that are there now."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest

import openrapport_web

WEB = Path(openrapport_web.__file__).parent
CATALOGUE = WEB / "locale" / "es" / "LC_MESSAGES" / "django.po"
PLACE = re.compile(r"%\((\w+)\)|\{(\w*)\}")


def entries() -> list[polib.POEntry]:
    return [entry for entry in polib.pofile(str(CATALOGUE)) if not entry.obsolete]


def test_every_string_is_translated():
    missing = [e.msgid for e in entries() if not e.translated() or e.fuzzy]
    assert not missing, f"{len(missing)} without Spanish, first of all: {missing[:5]}"


def test_a_translation_names_the_same_places():
    def places(text: str) -> set[str]:
        return {a or b for a, b in PLACE.findall(text)}

    wrong = [
        e.msgid
        for e in entries()
        for said in (list(e.msgstr_plural.values()) or [e.msgstr])
        # A singular may leave its number out ("one meeting"); it names nothing else.
        if not places(said) <= places(e.msgid) | places(e.msgid_plural)
        or (not e.msgid_plural and places(said) != places(e.msgid))
    ]
    assert not wrong


def test_what_runs_is_what_was_translated():
    made = polib.mofile(str(CATALOGUE.with_suffix(".mo")))
    told = {(e.msgctxt, e.msgid): e.msgstr or e.msgstr_plural for e in made}
    written = {(e.msgctxt, e.msgid): e.msgstr or e.msgstr_plural for e in entries()}
    assert told == written, "run 'make messages'"


def test_the_catalogue_holds_the_strings_that_are_there(tmp_path: Path):
    copy = tmp_path / "openrapport_web"
    shutil.copytree(WEB, copy, ignore=shutil.ignore_patterns("vendor", "__pycache__", "*.mo"))
    command = [sys.executable, "-m", "django", "makemessages", "-l", "es", "--no-location", "--no-wrap"]
    plain = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(command, cwd=copy, env=plain, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"strings could not be collected (Debian package gettext): {done.stderr[-500:]}")
    now = polib.pofile(str(copy / "locale" / "es" / "LC_MESSAGES" / "django.po"))
    found = {(e.msgctxt, e.msgid, e.msgid_plural) for e in now if not e.obsolete}
    held = {(e.msgctxt, e.msgid, e.msgid_plural) for e in entries()}
    assert found == held, "run 'make messages' and translate what is new"

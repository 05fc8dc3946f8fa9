"""What the command line asks, and what it takes from standard input."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from openrapport.errors import BadInput
from openrapport_cli import inputs, progress
from openrapport_cli.inputs import STANDARD, spooled
from openrapport_cli.progress import Waiting

UNSURE = "Jo: Well.\nSam: Well.\nJo: Yes.\nSam: Yes.\n"


def on_a_terminal(answer: bytes, *arguments: str, folder: Path) -> tuple[int, str]:
    """Run a command whose standard input and error are a terminal, where somebody types."""
    ours, theirs = pty.openpty()
    os.write(ours, answer)
    command = [sys.executable, "-m", "openrapport_cli", *arguments]
    with subprocess.Popen(
        command, stdin=theirs, stderr=theirs, stdout=subprocess.DEVNULL, cwd=folder
    ) as run:
        os.close(theirs)
        said = b""
        try:
            while part := os.read(ours, 65_536):
                said += part
        except OSError:  # how Linux says that nobody has the terminal open any more
            pass
    os.close(ours)
    return run.returncode, said.decode()


@pytest.mark.parametrize(
    ("answer", "status"), [(b"y\n", 0), (b"n\n", 2), (b"hm\ny\n", 0), (b"\x04", 130)]
)
def test_an_unsure_guess_is_asked_about_on_a_terminal(
    tmp_path: Path, answer: bytes, status: int
) -> None:
    (tmp_path / "a.txt").write_text(UNSURE)
    got, said = on_a_terminal(answer, "convert", "a.txt", "a.csv", folder=tmp_path)
    assert got == status
    assert "a: the labels do not say who is who." in said
    assert "“Jo” is taken for the therapist and “Sam” for the client" in said
    assert "This is not sure. Is it right? [y/N]" in said
    assert (tmp_path / "a.csv").exists() == (status == 0)


def test_stopping_at_a_question_stops_all_files(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(UNSURE)
    got, said = on_a_terminal(b"\x04", "analyze", "a.txt", "b.txt", folder=tmp_path)
    assert got == 130
    assert said.count("Is it right?") == 1
    assert said.rstrip().endswith("openrapport: stopped")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_out_of_the_way_of_a_question_and_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "_PATIENCE_S", 0.0)
    with Waiting("Waiting", counts=False) as waiting:
        for _ in range(2):
            assert waiting._timer is not None
            waiting._timer.join()
            assert waiting._progress is not None
            with waiting.hidden():
                assert (waiting._timer, waiting._progress) == (None, None)
    assert (waiting._timer, waiting._progress) == (None, None)


def test_standard_input_that_does_not_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless:
        class buffer:  # noqa: N801 as sys.stdin has it
            @staticmethod
            def read(size: int) -> bytes:
                return bytes(size)

    monkeypatch.setattr(sys, "stdin", Endless)
    monkeypatch.setattr(inputs, "_MAX_INPUT_BYTES", 3 << 20)
    with pytest.raises(BadInput, match="standard input is larger than 3 MiB"), spooled(STANDARD, "vtt"):
        pytest.fail("was read")
    with (
        pytest.raises(BadInput, match=r"--from is not an ending that is known"),
        spooled(STANDARD, "a/b"),
    ):
        pytest.fail("was read")

"""The door of the command line: its verbs, and what a fault looks like from outside.

Only click is imported here: what a verb needs is imported when the verb runs, so that
``openrapport --version`` does not wait for numpy.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib.metadata import EntryPoints, entry_points
from types import FrameType
from typing import NoReturn

import click

import openrapport
from openrapport.errors import OpenRapportError
from openrapport_cli.alerts import alerts
from openrapport_cli.analyze import analyze
from openrapport_cli.code import code
from openrapport_cli.convert import convert
from openrapport_cli.match import match
from openrapport_cli.messages import complain, fault_of, os_error_text
from openrapport_cli.score import score
from openrapport_cli.simulate import simulate

__all__ = ["cli", "main"]

DONE, OUR_FAULT, WRONG_INPUT, STOPPED = 0, 1, 2, 130


class _Verbs(click.Group):
    """Our verbs, and those that other packages offer: looked up by name, imported when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *(entry.name for entry in _offered())})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for entry in _offered(name=cmd_name):
            command = entry.load()
            if isinstance(command, click.Command):
                return command
        return super().get_command(ctx, cmd_name)


def _offered(name: str | None = None) -> EntryPoints:
    offered = entry_points(group="openrapport.verbs")
    return offered if name is None else offered.select(name=name)


@click.group(
    cls=_Verbs,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
)
@click.version_option(openrapport.__version__, prog_name="openrapport")
@click.pass_context
def cli(context: click.Context) -> None:
    """From a session's transcript to a report that shows its evidence.

    Nothing leaves this machine. Every command has an example: openrapport analyze --help
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for verb in (alerts, analyze, code, convert, score, match, simulate):
    cli.add_command(verb)


def main() -> NoReturn:
    """Run a verb and end the process with its exit status.

    0 is done, 2 means that the input or the arguments are wrong, 1 is a fault of ours, and 130
    that somebody stopped it. A fault is one line on standard error.
    """
    signal.signal(signal.SIGTERM, _stop)
    sys.exit(_status())


def _stop(_signum: int, _frame: FrameType | None) -> NoReturn:
    # As Ctrl-C: what is half-written is removed on the way out.
    raise KeyboardInterrupt


def _status() -> int:
    try:
        return int(cli.main(prog_name="openrapport", standalone_mode=False) or DONE)
    except (KeyboardInterrupt, click.Abort):
        complain("stopped")
        return STOPPED
    except click.ClickException as error:
        complain(error.format_message())
        return WRONG_INPUT
    except OpenRapportError as error:
        complain(str(error))
        return WRONG_INPUT
    except BrokenPipeError:
        # Whoever read our output has enough. Python would complain once more when it closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as error:
        complain(os_error_text(error))
        return WRONG_INPUT
    except Exception as error:
        complain(fault_of(error))
        return OUR_FAULT

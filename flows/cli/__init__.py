"""The command `firsthand`: parse, call, print. Errors of ours end it with one message and the code of their family.

The commands of a partner are loaded alone: they must work where neither Prefect nor a database is installed.
"""

import importlib
import logging
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Final

import typer
from typer.exceptions import TyperException

from flows.cli.exits import INTERRUPTED, exit_code
from flows.cli.output import err
from pipeline.errors import FirsthandError
from pipeline.logs import configure_logs

PARTNER: Final = "partner"
COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "stack": ("up", "status", "down", "reset"),
    "exercise": ("exercise",),
    "upload": ("upload",),
    "dock": ("dock",),
    "route": ("ingest", "audit", "release"),
    "align": ("align", "timeline"),
    "annotate": ("annotate",),
    "annotators": ("annotators",),
    "taxonomy": ("taxonomy",),
    "looking": (
        "exercises",
        "waiting",
        "recordings",
        "companions",
        "clips",
        "hints",
        "releases",
        "audits",
        "show",
        "get",
    ),
    "quarantine": ("quarantine",),
    "duplicates": ("duplicates",),
    PARTNER: ("pull", "verify"),
    "migrate": ("migrate",),
    "demo": ("demo",),
}
"""Modules and their commands, in the order in which `--help` lists them.

A command loads its own module alone: all of them take two seconds to load, and a dock that serves for months on end
should not carry what it does not need in memory.
"""


def build(parts: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command line, with the commands of these modules."""
    app = typer.Typer(
        name="firsthand",
        help="From the camera dock to a dataset that a partner has pulled and verified.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )

    @app.callback()
    def keep_a_group() -> None:
        """From the camera dock to a dataset that a partner has pulled and verified."""

    for name in parts:
        try:
            part: typer.Typer = importlib.import_module(f"flows.cli.{name}").app
        except ModuleNotFoundError as exc:
            if name == PARTNER or (exc.name or "").partition(".")[0] in {"flows", "infra", "pipeline"}:
                raise
            continue  # a partner's installation: only what a partner needs is there
        app.registered_commands += part.registered_commands
        app.registered_groups += part.registered_groups
    return app


def main() -> None:
    """Run the command line; see `flows.cli.exits` for the exit codes."""
    configure_logs(level=logging.WARNING)
    try:
        app = build(_parts_for(sys.argv[1] if sys.argv[1:] else ""))
        code = app(standalone_mode=False)
    except FirsthandError as exc:
        err().print(f"[bold red]{type(exc).__name__.removesuffix('Error')}[/bold red]: ", end="")
        err().print(str(exc), markup=False)
        sys.exit(exit_code(exc))
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except TyperException as exc:  # a wrong option or argument
        err().print(f"{exc.format_message()} `firsthand --help` and `firsthand COMMAND --help` explain.", markup=False)
        sys.exit(exc.exit_code)
    if code == INTERRUPTED:  # Typer makes it of Ctrl-C
        err().print("interrupted: run the same command again, it goes on where it was")
    _say_the_rest()
    sys.exit(code if isinstance(code, int) else 0)


def _parts_for(word: str) -> Iterable[str]:
    """The modules that are needed when this is the first word given: one, or all when it is no command."""
    return [part for part, commands in COMMANDS.items() if word in commands] or COMMANDS


def _say_the_rest() -> None:
    """Write out what is buffered; when nobody reads any more (`| head -1`), Python would complain on its way out."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

"""The command line: thin. Each command is a small file: read, ask, print, exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from importlib import import_module

import typer

from detente.errors import CaseError, CostError, DetenteError

COMMANDS = (
    "check",
    "agreement",
    "standoff",
    "roadmap",
    "table",
    "tournament",
    "forecast",
    "confidence",
    "compare",
    "elicit",
    "report",
    "convert",
    "examples",
    "init",
    "schema",
    "serve",
)
"""The commands in the order of the help, a module of this package each."""

BAD_INPUT, TOO_COSTLY = 2, 3


def build(commands: Iterable[str] = COMMANDS) -> typer.Typer:
    """The application with some of the commands: whoever asks for one need not wait for the others."""
    app = typer.Typer(
        name="detente",
        help="Turns a negotiation into a case file, and says whether a deal exists, why the parties are stuck, and which steps hold.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(_root)
    for command in commands:
        import_module(f"{__name__}.{command}").register(app)
    return app


def _root(version: bool = typer.Option(False, "--version", help="Print the version and leave.")) -> None:
    if version:
        import detente

        typer.echo(f"detente {detente.__version__}")
        raise typer.Exit


def main() -> None:
    """Runs the command line; bad input ends with code 2, a question refused for its cost with 3."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    app = build((asked,) if asked in COMMANDS else COMMANDS)
    try:
        app()
    except CaseError as error:
        _leave(error.lines(), BAD_INPUT)
    except CostError as error:
        _leave([str(error)], TOO_COSTLY)
    except DetenteError as error:
        _leave([str(error)], BAD_INPUT)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


def _leave(lines: list[str], code: int) -> None:
    for line in lines:
        print(line, file=sys.stderr)
    sys.exit(code)

"""The command line: thin. Each command is a small file: read, ask, print, exit code."""

from __future__ import annotations

import sys

import typer

from detente.cli import agreement, check, examples, init, report, schema, standoff
from detente.errors import CaseError, CostError, DetenteError

app = typer.Typer(
    name="detente",
    help="Turns a negotiation into a case file, and says whether a deal exists, why the parties are stuck, and which steps hold.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for module in (check, agreement, standoff, report, examples, init, schema):
    module.register(app)

BAD_INPUT, TOO_COSTLY = 2, 3


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Print the version and leave.")) -> None:
    if version:
        import detente

        typer.echo(f"detente {detente.__version__}")
        raise typer.Exit


def main() -> None:
    """Runs the command line; bad input ends with code 2, a question refused for its cost with 3."""
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

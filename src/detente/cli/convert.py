"""`detente convert`: a case from one format to another."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from detente.cli.common import CaseArgument, ReadingOption, VariantOption


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("convert")(convert)


def convert(
    case: CaseArgument,
    output: Annotated[
        Path, typer.Argument(metavar="OUT", help="The file, or for a scenario the new folder, to write.")
    ],
    form: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="FORMAT",
            help="case, negmas, genius, geniusweb, negolog, gmcr, sheet, ktab, nfg or efg; told from OUT's name without.",
        ),
    ] = None,
    variant: VariantOption = None,
    reading: ReadingOption = None,
) -> None:
    """Convert a case, or another tool's file or folder; what the new format cannot hold is listed item by item."""
    from detente.loading import convert as change

    losses = change(case, output, form, variant=variant, reading=reading)
    for loss in losses:
        print(f"warning: {loss}", file=sys.stderr)
    typer.echo(f"Wrote {output}" + (f"; {len(losses)} things are not held by it." if losses else "."))

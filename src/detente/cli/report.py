"""`detente report`: the page one would hand to a minister, and what stands behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from detente.cli.common import CaseArgument, ReadingOption, VariantOption
from detente.cli.kept import kept


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("report")(report)


def report(
    case: CaseArgument,
    variant: VariantOption = None,
    reading: ReadingOption = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where to write it; stdout without.")
    ] = None,
    form: Annotated[
        str | None, typer.Option("--format", help="html, md or json; told from the file's name without.")
    ] = None,
    audience: Annotated[
        str, typer.Option("--audience", help="principal, analyst, or party:ID (hides what is confidential).")
    ] = "analyst",
) -> None:
    """Write the report on a case: the page, the funnel, packages, roadmap, what would change the answer."""
    from detente.errors import NeedsError
    from detente.loading import load
    from detente.report import render

    kind = form or (output.suffix.lstrip(".").lower() if output is not None else "md")
    text = render(
        load(case, variant, reading=reading),
        form={"htm": "html", "markdown": "md"}.get(kind, kind),
        audience=audience,
        name=case,
        variant=variant,
        keep=kept(),
    )
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise NeedsError(f"cannot write '{output}': {error.strerror}") from error

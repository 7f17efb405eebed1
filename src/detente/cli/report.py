"""`detente report`: the page one would hand to a minister, and what stands behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from detente.cli.common import CaseArgument, ReadingOption, VariantOption
from detente.errors import NeedsError


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
        str | None,
        typer.Option("--format", help="html, md, json, pdf or docx; told from the file's name without."),
    ] = None,
    audience: Annotated[
        str, typer.Option("--audience", help="principal, analyst, or party:ID (hides what is confidential).")
    ] = "analyst",
    figures: Annotated[
        Path | None,
        typer.Option("--figures", metavar="FOLDER", help="Write the figures there instead, a file each."),
    ] = None,
    picture: Annotated[str, typer.Option("--figure-format", help="Figures as svg, png or pdf.")] = "svg",
) -> None:
    """Write the report on a case: the page, the funnel, packages, roadmap, what would change the answer."""
    from detente.loading import load
    from detente.report import build, export, pictures
    from detente.report.kept import kept
    from detente.workers import cores

    loaded = load(case, variant, reading=reading)
    if figures is not None:
        made = build(loaded, audience=audience, name=case, variant=variant, keep=kept(), workers=cores())
        for name, data in pictures(made, picture).items():
            _write(figures / f"{name}.{picture}", data)
            typer.echo(figures / f"{name}.{picture}")
        return
    kind = form or (output.suffix.lstrip(".").lower() if output is not None else "md")
    kind = {"htm": "html", "markdown": "md"}.get(kind, kind)
    if output is None and kind in ("pdf", "docx"):
        raise NeedsError(f"a report as {kind} goes into a file: add -o FILE.{kind}")
    data = export(
        loaded, form=kind, audience=audience, name=case, variant=variant, keep=kept(), workers=cores()
    )
    if output is None:
        typer.echo(data.decode(), nl=False)
    else:
        _write(output, data)


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise NeedsError(f"cannot write '{path}': {error.strerror}") from error

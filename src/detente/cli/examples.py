"""`detente examples`: the catalogue."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from detente.cli.common import JsonOption


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("examples")(examples)


def examples(
    name: Annotated[
        str | None, typer.Argument(help="Print this case's file instead.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the cases of the catalogue, or print the file of one."""
    from detente import catalog
    from detente.case.structure import did_you_mean
    from detente.errors import NeedsError
    from detente.loading import load

    if name is not None:
        path = catalog.find(name)
        if path is None:
            raise NeedsError(
                f"no catalogue case is called '{name}'. {did_you_mean(name, catalog.names())}".strip()
            )
        typer.echo(path.read_text(encoding="utf-8"), nl=False)
        return
    rows = [(name, load(name).title) for name in catalog.names()]
    if as_json:
        typer.echo(json.dumps([{"name": name, "title": title} for name, title in rows], ensure_ascii=False))
        return
    width = max(len(name) for name, _ in rows)
    for name, title in rows:
        typer.echo(f"{name.ljust(width)}  {title}")

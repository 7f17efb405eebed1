"""`detente schema`: the JSON Schema of the case format, for editors."""

from __future__ import annotations

import json

import typer


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("schema")(schema)


def schema() -> None:
    """Print the JSON Schema of the case format; an editor that knows it completes and checks case files."""
    from detente.case.schema import schema as case_schema

    typer.echo(json.dumps(case_schema(), indent=2, ensure_ascii=False))

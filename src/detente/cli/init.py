"""`detente init`: a case file to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from detente.errors import NeedsError

STARTER = """\
detente: 1
id: {id}
title: {title}

parties:
  buyer: {{label: Buyer, patience: 0.9}}        # worth today of 1 a year from now
  seller: {{label: Seller, patience: 0.9}}

issues:
  price:
    levels: {{from: 90, to: 110, step: 5, unit: EUR}}
  delivery:
    by: seller                                # who carries it out; leave out for a term of the contract
    levels: [eight weeks, four weeks, two weeks]

impossible:
  - when: delivery == "two weeks" and price == 90
    why: the seller cannot rush at that price

no_deal: {{buyer: 2, seller: 3}}                # what each has without agreement

preferences:
  buyer:
    values:
      price: {{90: 10, 110: 0}}                 # linear between the levels given
      delivery: {{eight weeks: 0, four weeks: 3, two weeks: [3, 4, 6]}}   # a range: low, most likely, high
  seller:
    values:
      price: {{90: 0, 110: 10}}
      delivery: {{eight weeks: 2, four weeks: 1, two weeks: 0}}
"""


SCHEMA_FILE = "detente.schema.json"


def _write_schema(path: Path) -> None:
    import json

    from detente.case.schema import schema
    from detente.case.write import write_text

    try:
        write_text(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n", path)
    except OSError as error:
        raise NeedsError(f"cannot write '{path}': {error.strerror}") from error


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("init")(init)


def init(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = Path("case.yaml"),
    title: Annotated[
        str, typer.Option("--title", help="What the negotiation is about.")
    ] = "A sale with two issues",
    schema: Annotated[
        bool,
        typer.Option("--schema", help=f"Also write {SCHEMA_FILE}, with which editors help while you type."),
    ] = False,
) -> None:
    """Write a small case file to start from."""
    import json

    from detente.case import loads

    name = "-".join(path.stem.lower().split()) or "case"
    text = STARTER.format(
        id=json.dumps(name, ensure_ascii=False), title=json.dumps(title, ensure_ascii=False)
    )
    loads(text, str(path))
    if schema:
        text = f"# yaml-language-server: $schema={SCHEMA_FILE}\n{text}"
        _write_schema(path.with_name(SCHEMA_FILE))
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise NeedsError(f"'{path}' exists already; choose another name") from None
    except OSError as error:
        raise NeedsError(f"cannot write '{path}': {error.strerror}") from error
    typer.echo(f"Wrote {path}. Next: detente check {path}; detente agreement {path}")

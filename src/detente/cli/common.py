"""What the commands share: arguments, reading a case, printing a result."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from detente.errors import NeedsError

if TYPE_CHECKING:
    import polars

    from detente.analysis.result import Result

CaseArgument = Annotated[
    str,
    typer.Argument(
        metavar="CASE",
        help="A case file, another tool's file or folder, or the name of a catalogue case.",
        show_default=False,
    ),
]
VariantOption = Annotated[
    str | None, typer.Option("--variant", metavar="NAME", help="Use a variant of the case.")
]
ReadingOption = Annotated[
    Literal["genius", "negmas"] | None,
    typer.Option(
        "--reading",
        help="How evaluations of a Genius or NegMAS scenario are meant: divided by the issue's largest, or as written. Without it, as the format means them.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", metavar="FILE", help="Also write the main table: .parquet, .csv or .json."
    ),
]


def emit(
    result: Result, as_json: bool, output: Path | None = None, extra: dict[str, Any] | None = None
) -> None:
    """Prints a result, as words and tables or as the JSON contract, and writes its main table where asked."""
    if output is not None:
        write_table(result, output)
    if as_json:
        document = {**result.to_dict(), **(extra or {})}
        typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False))
        return
    typer.echo(result.explain())
    for name, rows in result.tables().items():
        if rows:
            typer.echo(f"\n{name}\n{text_table(rows)}")


def counter(what: str) -> Callable[[int, int], None] | None:
    """What is told how many of how many are done, and says so on one line of stderr; None where that is no terminal."""
    if not sys.stderr.isatty():
        return None

    def tell(done: int, total: int) -> None:
        end = "\n" if done == total else ""
        print(f"\r{done:,} of {total:,} {what}", end=end, file=sys.stderr, flush=True)

    return tell


def write_table(result: Result, path: Path) -> None:
    """Writes the largest table of a result in the format that the file's name says."""
    name = max(result.tables().items(), key=lambda item: len(item[1]))[0]
    write_frame(result.to_polars(name), path)


def write_frame(frame: polars.DataFrame, path: Path) -> None:
    """Writes a table in the format that the file's name says."""
    writers: dict[str, Callable[[Path], object]] = {
        ".parquet": frame.write_parquet,
        ".csv": frame.write_csv,
        ".json": frame.write_json,
    }
    if path.suffix not in writers:
        raise NeedsError(f"cannot write '{path.name}': the name ends in .parquet, .csv or .json")
    try:
        writers[path.suffix](path)
    except OSError as error:
        raise NeedsError(f"cannot write '{path}': {error.strerror or error}") from error


def text_table(rows: list[Any], most: int = 20) -> str:
    """Rows as aligned text; says how many are left out."""
    from detente.analysis.result import show

    columns = list(rows[0])
    cells = [[str(c) for c in columns]] + [[show(row.get(c)) for c in columns] for row in rows[:most]]
    widths = [min(max(len(row[i]) for row in cells), 40) for i in range(len(columns))]
    lines = [
        "  ".join(cell[:40].ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    if len(rows) > most:
        lines.append(f"... {len(rows) - most:,} more rows (--json or -o FILE has them all)")
    return "\n".join("  " + line for line in lines)


def pairs(text: str, what: str) -> dict[str, str]:
    """``a=b,c=d`` as a mapping; a comma or an equals sign inside quotes belongs to the name."""
    import re

    found = {}
    for part in filter(None, (p.strip() for p in re.split(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", text))):
        name, sign, value = part.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise NeedsError(f"{what}: '{part}' is not of the form name=value")
        found[name.strip().strip('"')] = value.strip().strip('"')
    return found

"""`detente tournament`: which strategies do well against which?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from detente.cli.common import JsonOption, counter, emit

if TYPE_CHECKING:
    from detente.analysis.table.tournament import TournamentResult


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("tournament")(tournament)


def tournament(
    cases: Annotated[
        list[str], typer.Argument(metavar="CASE...", help="Case files, or names of catalogue cases.")
    ],
    strategies: Annotated[
        str | None,
        typer.Option(
            "--strategies",
            metavar="NAME,...",
            help="Names, or file.py:Class for one of your own; twenty built-in ones without.",
        ),
    ] = None,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Rounds until the deadline.")] = 100,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="How often each pairing meets.")] = 1,
    seed: Annotated[int, typer.Option("--seed", help="What the random numbers begin from.")] = 0,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FOLDER",
            help="Write tables (Parquet), the league as a page, and finished parts, so that a stopped tournament goes on.",
        ),
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes.")] = 1,
    engine: Annotated[
        Literal["processes", "ray"], typer.Option("--engine", help="processes, or ray for a cluster.")
    ] = "processes",
    as_json: JsonOption = False,
) -> None:
    """Which strategies do well against which? Every pair in both roles, over all cases named."""
    from detente.analysis.table.tournament import BUILT_IN
    from detente.analysis.table.tournament import tournament as hold
    from detente.loading import load

    names = BUILT_IN if strategies is None else [name.strip() for name in strategies.split(",")]
    result = hold(
        [load(case) for case in cases],
        names,
        rounds=rounds,
        repeats=repeats,
        seed=seed,
        workers=workers,
        engine=engine,
        folder=None if output is None else output / "parts",
        report=counter("cases"),
    )
    if output is not None:
        _write(result, output)
    emit(result, as_json)


def _write(result: TournamentResult, folder: Path) -> None:
    from detente.errors import NeedsError
    from detente.report.tournament import page

    result.write(folder)
    try:
        (folder / "index.html").write_text(page(result), encoding="utf-8")
    except OSError as error:
        raise NeedsError(f"cannot write into '{folder}': {error.strerror or error}") from error

"""`detente roadmap`: which steps get there, and hold?"""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from detente.cli.common import CaseArgument, JsonOption, OutputOption, VariantOption, emit


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("roadmap")(roadmap)


def roadmap(
    case: CaseArgument,
    variant: VariantOption = None,
    as_json: JsonOption = False,
    output: OutputOption = None,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="TARGET",
            help="The end state: issue=level,... (the others as today), a target of the case, or best: all that everyone accepts and that hold.",
        ),
    ] = "best",
    order: Annotated[
        Literal["any", "single", "at-once"] | None,
        typer.Option(
            "--order",
            help="any: whoever is ready moves; single: one party per step; at-once: one step. Default: the target's own, else any.",
        ),
    ] = None,
    threat: Annotated[
        str,
        typer.Option(
            "--threat",
            metavar="THREAT",
            help="What follows a breach: markov (each does what is then best), minmax (the harshest), stop, revert, or pause:K (K periods).",
        ),
    ] = "markov",
    gap: Annotated[
        Literal["share", "raw"],
        typer.Option(
            "--gap",
            help="Trust gaps as shares of a party's own gain from the deal over breakdown, or in its own points.",
        ),
    ] = "share",
    best: Annotated[
        int, typer.Option("--best", metavar="K", min=1, max=100, help="How many roadmaps, distinct.")
    ] = 1,
    no_deal: Annotated[
        Literal["now", "deadline", "breakdown"],
        typer.Option(
            "--no-deal",
            help="With --to best: which no deal an end state must be worth at least. Steps are always held against breakdown.",
        ),
    ] = "now",
    formula: Annotated[
        list[str] | None,
        typer.Option("--formula", metavar="VARIANT", help="Answer a variant beside it; may be repeated."),
    ] = None,
    patience: Annotated[
        bool, typer.Option("--patience/--no-patience", help="Also the least patience that would do.")
    ] = True,
    remedies: Annotated[
        bool, typer.Option("--remedies/--no-remedies", help="Also what would help where nothing holds.")
    ] = True,
) -> None:
    """Which steps get there, and hold? Steps from today to a target that nobody has reason to break off, or what is missing."""
    from detente.analysis.roadmap import roadmap as analyse
    from detente.loading import load

    result = analyse(
        load(case, variant), to, order=order, threat=threat, gap=gap, best=best, no_deal=no_deal,
        formulas=formula or (), patience=patience, remedies=remedies,
    )  # fmt: skip
    emit(result, as_json, output)

"""`detente table`: what happens at the table?"""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from detente.cli.common import CaseArgument, JsonOption, OutputOption, VariantOption, emit, pairs

StrategyOption = Annotated[
    str,
    typer.Option(
        "--strategies",
        metavar="NAME or PARTY=NAME,...",
        help="Whose strategy is what: a name (--list shows them), time:EXPONENT, several with | between, or varied.",
    ),
]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("table")(table)


def table(
    case: CaseArgument,
    variant: VariantOption = None,
    as_json: JsonOption = False,
    output: OutputOption = None,
    strategies: StrategyOption = "varied",
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Rounds until the deadline.")] = 100,
    runs: Annotated[int, typer.Option("--runs", min=1, help="How many negotiations are simulated.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="What the random numbers begin from.")] = 0,
    no_deal: Annotated[
        Literal["now", "deadline", "breakdown"],
        typer.Option("--no-deal", help="Which no deal: now, deadline or breakdown."),
    ] = "now",
    breakdown: Annotated[
        float,
        typer.Option("--breakdown", min=0, max=1, help="Chance that talks break down after a round."),
    ] = 0.0,
    opener: Annotated[
        str | None, typer.Option("--opener", metavar="PARTY", help="Who opens; drawn without.")
    ] = None,
    draws: Annotated[
        int, typer.Option("--draws", min=0, help="Draws of the uncertain numbers to spread the runs over.")
    ] = 0,
) -> None:
    """What happens at the table? Simulated negotiations: who concedes when, whether a deal comes, and which."""
    from detente.analysis.table import table as analyse
    from detente.loading import load

    result = analyse(
        load(case, variant),
        strategies=pairs(strategies, "--strategies") if "=" in strategies else strategies,
        rounds=rounds,
        runs=runs,
        seed=seed,
        no_deal=no_deal,
        breakdown=breakdown,
        opener=opener,
        draws=draws,
    )
    emit(result, as_json, output)

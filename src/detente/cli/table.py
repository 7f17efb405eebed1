"""`detente table`: what happens at the table?"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import typer

from detente.cli.common import CaseArgument, JsonOption, OutputOption, VariantOption, emit, pairs, text_table

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
    protocol: Annotated[
        Literal["alternating", "issue-by-issue", "simultaneous", "demand", "text", "rubinstein"],
        typer.Option(
            "--protocol",
            help="Offers in turn, of packages or issue by issue; at once; demands made once; a mediator's single text; offers with foresight.",
        ),
    ] = "alternating",
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
    meetings: Annotated[
        int, typer.Option("--meetings", min=1, help="Meetings that the rounds are divided into.")
    ] = 1,
    returns: Annotated[
        float, typer.Option("--returns", min=0, max=1, help="Chance that all come back after a meeting.")
    ] = 1.0,
    heat: Annotated[
        float,
        typer.Option("--heat", min=0, help="How readily parties vote for a worse text (protocol text)."),
    ] = 0.0,
    agenda: Annotated[
        str | None,
        typer.Option(
            "--agenda", metavar="ISSUE,...", help="The order of the talks (protocol issue-by-issue)."
        ),
    ] = None,
    effects: Annotated[
        bool,
        typer.Option(
            "--effects", help="What deadline, holding out, a mediator, one more round and breakdowns change."
        ),
    ] = False,
    against: Annotated[
        str | None,
        typer.Option(
            "--against", metavar="VARIANT", help="Compare with a variant, run by run; 'base' is the case."
        ),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the strategies, and do nothing else.")] = False,
    draws: Annotated[
        int, typer.Option("--draws", min=0, help="Draws of the uncertain numbers to spread the runs over.")
    ] = 0,
) -> None:
    """What happens at the table? Simulated negotiations: who concedes when, whether a deal comes, and which."""
    from detente.analysis.table import table as analyse
    from detente.loading import load

    if listed:
        _list(as_json)
        return
    options: dict[str, Any] = {
        "strategies": pairs(strategies, "--strategies") if "=" in strategies else strategies,
        "rounds": rounds, "runs": runs, "seed": seed, "no_deal": no_deal, "breakdown": breakdown, "opener": opener,
        "draws": draws, "protocol": protocol, "meetings": meetings, "returns": returns, "heat": heat,
        "agenda": [name.strip() for name in agenda.split(",") if name.strip()] if agenda else [],
    }  # fmt: skip
    loaded = load(case, variant)
    result = analyse(loaded, **options)
    found = []
    if effects:
        from detente.analysis.table import effects as changes

        found += changes(loaded, **options)
    if against is not None:
        from detente.analysis.table import compare

        other = load(case, None if against == "base" else against)
        found.append(compare(result, analyse(other, **options), f"variant {against}"))
    emit(result, as_json, output, {"comparisons": [c.to_data() for c in found]} if found else None)
    if found and not as_json:
        from detente.analysis.table.compare import rows

        typer.echo(f"\nwhat changes\n{text_table(rows(found))}")


def _list(as_json: bool) -> None:
    from detente.analysis.table import strategies

    known = {name: one.about for name, one in strategies().items()}
    if as_json:
        typer.echo(json.dumps(known, ensure_ascii=False))
        return
    width = max(map(len, known))
    for name, about in known.items():
        typer.echo(f"{name.ljust(width)}  {about}")

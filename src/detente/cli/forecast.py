"""`detente forecast`: where will it drift?"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from detente.cli.common import CaseArgument, JsonOption, OutputOption, VariantOption, emit


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("forecast")(forecast)


def _rule(flag: str, default: str, allowed: str) -> Any:
    return typer.Option(default, flag, metavar="RULE", help=f"{allowed}.", rich_help_panel="Spatial model")


def forecast(
    case: CaseArgument,
    variant: VariantOption = None,
    as_json: JsonOption = False,
    output: OutputOption = None,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            help="smp (spatial model of politics), eum (expected utility, all readings) or baselines.",
        ),
    ] = "smp",
    turns: Annotated[
        int | None,
        typer.Option("--turns", metavar="N", help="Exactly so many turns (default: until it comes to rest)."),
    ] = None,
    levers: Annotated[
        bool, typer.Option("--levers", help="Whose change of position would move the result most.")
    ] = False,
    shift: Annotated[
        float, typer.Option("--shift", help="For --levers: the change, as a share of the scale.")
    ] = 0.1,
    only: Annotated[
        str | None,
        typer.Option("--only", metavar="READING", help="Of eum: one reading by name, to compare with a replication."),
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option("--draws", metavar="N", min=1, help="Draw the uncertain inputs so often: ranges, and a histogram of end positions."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of --draws and --transition random.", min=0)] = 0,
    vote: str = _rule("--vote", "proportional", "proportional, binary, proportional-binary, cubic, proportional-cubic or prospect"),
    victory: str = _rule("--victory", "linear", "linear, square, quartic, octic or binary"),
    election: str = _rule("--election", "conditional", "conditional, markov-uniform or markov-incentive"),
    risk_range: str = _rule("--risk-range", "mid", "Least attitude to risk: min (0), mid (-1/2) or max (-1)"),
    risk_adjust: str = _rule("--risk-adjust", "third", "How far others' attitude is seen: none, third, half, two-thirds or full"),
    commitment: str = _rule("--commitment", "semi", "Of third parties: none, semi or full"),
    interpolation: str = _rule("--interpolation", "s2p2", "Of bargains: s1p1, s2p2 or s2pmax"),
    bargain: str = _rule("--bargain", "initiator", "In whose eyes: initiator, both or compromise"),
    transition: str = _rule("--transition", "deterministic", "deterministic or random"),
    stop_share: Annotated[float, typer.Option("--stop-share", help="Stop once a turn moves less than this share of the first.", rich_help_panel="Spatial model")] = 0.02,
    stop_least: Annotated[int, typer.Option("--stop-least", help="But not before so many turns.", rich_help_panel="Spatial model")] = 2,
    stop_most: Annotated[int, typer.Option("--stop-most", help="And no later than after so many.", rich_help_panel="Spatial model")] = 100,
) -> None:  # fmt: skip
    """Where will it drift? Baselines first, then positions of actors over turns by an influence model."""
    from detente.analysis.confidence import drawn_inputs
    from detente.analysis.forecast import Stop
    from detente.analysis.forecast import forecast as analyse
    from detente.analysis.forecast.words import lever_rows, levers_text
    from detente.analysis.result import to_plain
    from detente.cli.common import text_table
    from detente.loading import load

    read = load(case, variant)
    result = analyse(
        read, model=model, turns=turns, only=only, seed=seed, draws=drawn_inputs(read, draws, seed) if draws else None,  # type: ignore[arg-type]
        vote=vote, victory=victory, election=election, risk_range=risk_range, risk_adjust=risk_adjust,
        commitment=commitment, interpolation=interpolation, bargain=bargain, transition=transition, stop=Stop(stop_least, stop_most, stop_share),
    )  # fmt: skip
    found = result.levers(shift) if levers else []
    emit(result, as_json, output, {"levers": to_plain([f.to_data() for f in found])} if levers else None)
    if levers and not as_json:
        typer.echo("\n" + levers_text(result, found))
        if rows := lever_rows(result, found):
            typer.echo(f"\nlevers\n{text_table(rows)}")

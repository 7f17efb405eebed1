"""`detente standoff`: why are we stuck?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from detente.cli.common import CaseArgument, JsonOption, VariantOption, emit, pairs, write_frame

if TYPE_CHECKING:
    from detente.analysis.standoff.result import StandoffResult


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("standoff")(standoff)


def standoff(
    case: CaseArgument,
    variant: VariantOption = None,
    as_json: JsonOption = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Also write every outcome with its verdicts: .parquet, .csv or .json.",
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="ISSUE=LEVEL,...",
            help="The outcome that --why, --unlock and --coalitions ask about (default: the status quo).",
        ),
    ] = None,
    why: Annotated[
        bool, typer.Option("--why", help="Why that outcome holds, or does not, for each party.")
    ] = False,
    concept: Annotated[
        str, typer.Option("--concept", help="For --why and --unlock: nash, gmr, smr, seq or sseq.")
    ] = "seq",
    unlock: Annotated[
        bool, typer.Option("--unlock", help="What would make that outcome an equilibrium.")
    ] = False,
    coalitions: Annotated[
        bool, typer.Option("--coalitions", help="Which groups could leave that outcome together.")
    ] = False,
    foresight: Annotated[
        int | None,
        typer.Option(
            "--foresight",
            metavar="H",
            min=1,
            max=100,
            help="Limited-move stability up to H moves, and non-myopic stability.",
        ),
    ] = None,
    simultaneous: Annotated[
        bool, typer.Option("--simultaneous", help="Stability against answers given at the same time.")
    ] = False,
    relations: Annotated[
        bool,
        typer.Option(
            "--relations",
            help="With strength of preference, unknown preferences, attitudes and views, where the case states them.",
        ),
    ] = False,
    memory: Annotated[
        float, typer.Option("--memory", metavar="GB", help="Memory that the analysis may take.")
    ] = 4.0,
) -> None:
    """Why are we stuck? Which outcomes nobody can leave with profit, what deters whom, what would unlock it."""
    from detente.analysis.standoff import standoff as analyse
    from detente.loading import load

    result = analyse(load(case, variant), memory=memory)
    outcome = None if at is None else pairs(at, "--at") if "=" in at else at
    extra: dict[str, Any] = {}
    texts: list[str] = []
    for key, (data, text) in _answers(
        result, outcome, concept, why=why, unlock=unlock, coalitions=coalitions, foresight=foresight,
        simultaneous=simultaneous, relations=relations,
    ).items():  # fmt: skip
        extra[key] = data
        texts.append(text)
    if output is not None:
        write_frame(result.outcomes(), output)
    emit(result, as_json, None, extra)
    if not as_json:
        for text in texts:
            typer.echo("\n" + text)


def _answers(
    result: StandoffResult, outcome: Any, concept: str, *, why: bool, unlock: bool, coalitions: bool,
    foresight: int | None, simultaneous: bool, relations: bool,
) -> dict[str, tuple[Any, str]]:  # fmt: skip
    """Each further answer that was asked for, as data and as text."""
    from detente.analysis.result import to_plain

    found: dict[str, tuple[Any, str]] = {}
    if why:
        reasons = [result.why(party, outcome, concept) for party in result.conflict.parties]
        data = [result.why_data(reason) for reason in reasons]
        found["why"] = (to_plain(data), "\n".join(str(item["sentence"]) for item in data))
    parts: dict[str, Any] = {}
    if unlock:
        parts["unlock"] = result.unlock(outcome, concept)
    if coalitions:
        parts["coalitions"] = result.coalitions(outcome)
    if foresight is not None:
        parts["foresight"] = result.foresight(foresight)
    if simultaneous:
        parts["simultaneous"] = result.simultaneous()
    if relations:
        parts["relations"] = result.relations()
    for key, part in parts.items():
        found[key] = (to_plain(part.to_data()), part.explain())
    return found

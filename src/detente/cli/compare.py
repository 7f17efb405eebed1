"""`detente compare`: variants side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from detente.cli.common import CaseArgument, JsonOption, OutputOption, emit
from detente.cli.confidence import (
    ConceptOption,
    DrawsOption,
    EngineOption,
    FolderOption,
    ModelOption,
    NoDealOption,
    OfOption,
    OrderOption,
    RulesOption,
    SamplingOption,
    SeedOption,
    ThreatOption,
    ToOption,
    TurnsOption,
    WorkersOption,
    means,
    options,
    sample,
)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("compare")(compare)


def compare(
    case: CaseArgument,
    variant: Annotated[
        list[str] | None, typer.Option("--variant", metavar="NAME", help="A variant; may be repeated (default: all of them).")
    ] = None,
    of: OfOption = "agreement", as_json: JsonOption = False, output: OutputOption = None, draws: DrawsOption = None,
    seed: SeedOption = 0, sampling: SamplingOption = "latin", workers: WorkersOption = None,
    engine: EngineOption = "processes", keep: FolderOption = None, no_deal: NoDealOption = None,
    concept: ConceptOption = None, to: ToOption = None, order: OrderOption = None, threat: ThreatOption = None,
    model: ModelOption = None, turns: TurnsOption = None, rules: RulesOption = None,
) -> None:  # fmt: skip
    """Variants side by side with the case as it stands, on the same draws."""
    from detente.analysis.confidence import compare as analyse
    from detente.cli.progress import Progress
    from detente.loading import load

    loaded = load(case)
    progress = Progress(of)
    result = analyse(
        loaded,
        variant or list(loaded.variants),
        of,
        sample=sample(draws, seed, sampling, None),
        means=means(of, workers, engine, keep, progress),
        **options(
            no_deal=no_deal,
            concept=concept,
            to=to,
            order=order,
            threat=threat,
            model=model,
            turns=turns,
            rules=rules,
        ),
    )
    progress.clear()
    emit(result, as_json, output)

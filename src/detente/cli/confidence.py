"""`detente confidence`: how sure are we, and what would change the answer?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from detente.cli.common import CaseArgument, JsonOption, OutputOption, VariantOption, emit, pairs

if TYPE_CHECKING:
    from detente.analysis.confidence import Means, Sample

OfOption = Annotated[
    Literal["agreement", "standoff", "roadmap", "forecast"],
    typer.Option("--of", help="Which analysis: agreement, standoff, roadmap or forecast."),
]
DrawsOption = Annotated[
    int | None,
    typer.Option(
        "--draws", min=1, help="How many draws (default 10,000; fewer where each is a run of its own)."
    ),
]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Seed of the draws.")]
SamplingOption = Annotated[
    Literal["latin", "sobol", "random"],
    typer.Option("--sampling", help="Latin hypercubes, scrambled Sobol points, or independent draws."),
]
ErrorOption = Annotated[
    float | None,
    typer.Option(
        "--error", help="Stop once the share of the main answer is known to this much on each side."
    ),
]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, help="Processes (default: one, or all cores for long work).")
]
EngineOption = Annotated[
    Literal["processes", "ray"], typer.Option("--engine", help="Processes of this machine, or a Ray cluster.")
]
FolderOption = Annotated[
    Path | None,
    typer.Option("--keep", metavar="FOLDER", help="Keep finished chunks there, and go on from them."),
]
NoDealOption = Annotated[
    Literal["now", "deadline"] | None, typer.Option("--no-deal", help="Agreement: now or deadline.")
]
ConceptOption = Annotated[
    str | None, typer.Option("--concept", help="Standoff: nash, gmr, smr, seq or sseq (default seq).")
]
ToOption = Annotated[
    str | None,
    typer.Option("--to", metavar="TARGET", help="Roadmap: a target of the case, or issue=level,..."),
]
OrderOption = Annotated[str | None, typer.Option("--order", help="Roadmap: any, single or at-once.")]
ThreatOption = Annotated[
    str | None, typer.Option("--threat", help="Roadmap: markov, minmax, stop, revert or pause:K.")
]


ModelOption = Annotated[
    Literal["smp", "eum", "baselines"] | None,
    typer.Option("--model", help="Forecast: smp, eum or baselines (default smp)."),
]
TurnsOption = Annotated[
    int | None, typer.Option("--turns", metavar="N", min=0, help="Forecast: exactly so many turns.")
]
RulesOption = Annotated[
    str | None,
    typer.Option("--rules", metavar="NAME=RULE,...", help="Forecast: settings of smp, such as vote=cubic."),
]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("confidence")(confidence)


def confidence(
    case: CaseArgument, of: OfOption = "agreement", variant: VariantOption = None, as_json: JsonOption = False,
    output: OutputOption = None, draws: DrawsOption = None, seed: SeedOption = 0, sampling: SamplingOption = "latin",
    error: ErrorOption = None,
    answer: Annotated[
        str | None,
        typer.Option("--answer", metavar="NAME", help="The answer that drivers and levers are about, such as nash:price=40."),
    ] = None,
    switch: Annotated[
        list[str] | None,
        typer.Option("--switch", metavar="NAME,NAME,...", help="Draw between the case as it is and these variants; may be repeated."),
    ] = None,
    levers: Annotated[
        bool | None,
        typer.Option("--levers/--no-levers", help="Look for the cheapest changes that flip the answer (default: yes, but for roadmap).", show_default=False),
    ] = None,
    sobol: Annotated[
        int | None, typer.Option("--sobol", metavar="N", min=2, help="Sobol indices, by N draws times the number of inputs.")
    ] = None,
    workers: WorkersOption = None, engine: EngineOption = "processes", keep: FolderOption = None,
    no_deal: NoDealOption = None, concept: ConceptOption = None, to: ToOption = None, order: OrderOption = None,
    threat: ThreatOption = None, model: ModelOption = None, turns: TurnsOption = None, rules: RulesOption = None,
) -> None:  # fmt: skip
    """How sure are we? Ranges and doubts carried through an analysis, what drives the answer, what would flip it."""
    from detente.analysis.confidence import confidence as analyse
    from detente.cli.progress import Progress
    from detente.loading import load

    progress = Progress(of)
    result = analyse(
        load(case, variant),
        of,
        sample=sample(draws, seed, sampling, error),
        answer=answer,
        switches=[[name.strip() for name in names.split(",") if name.strip()] for names in switch or ()],
        levers=levers,
        sobol=sobol,
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


def sample(draws: int | None, seed: int, sampling: Any, error: float | None) -> Sample:
    """What is drawn."""
    from detente.analysis.confidence import Sample

    return Sample(draws, seed, sampling, error)


def means(of: str, workers: int | None, engine: Any, folder: Path | None, report: Any) -> Means:
    """How it is computed: on all cores where a draw is costly."""
    from detente.analysis.confidence import Means
    from detente.workers import cores

    usual = cores() if of in ("roadmap", "forecast") else 1
    return Means(workers or usual, engine, folder, report)


def options(**stated: Any) -> Any:
    """The options that were given; rules of a forecast as pairs."""
    given = {name: value for name, value in stated.items() if value is not None}
    if "rules" in given:
        given["rules"] = pairs(given["rules"], "--rules")
    return given

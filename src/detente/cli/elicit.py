"""`detente elicit`: from judgements to preferences, by asking or from a file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from detente.cli.common import CaseArgument, JsonOption, OutputOption, VariantOption, emit
from detente.errors import NeedsError

if TYPE_CHECKING:
    from detente.analysis.confidence import Elicitation, Judgement
    from detente.case import Case

NUMBERS = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:(?:-|to|\.\.)\s*(\d+(?:\.\d+)?)\s*)?\Z")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("elicit")(elicit)


def elicit(
    case: CaseArgument,
    party: Annotated[
        str, typer.Argument(metavar="PARTY", help="Whose preference it is.", show_default=False)
    ],
    variant: VariantOption = None,
    judgements: Annotated[
        Path | None,
        typer.Option("--judgements", metavar="FILE", help="Take them from a YAML file instead of asking."),
    ] = None,
    pairs: Annotated[
        int, typer.Option("--pairs", min=0, max=50, help="How many pairs of packages to ask about.")
    ] = 3,
    save: Annotated[
        Path | None,
        typer.Option("--save", metavar="FILE", help="Write a case file with the preference in it."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the sampled preferences.")] = 0,
    as_json: JsonOption = False,
    output: OutputOption = None,
) -> None:
    """Which values and weights agree with what a person says? Asks, or reads judgements from a file."""
    from detente.analysis.confidence import elicit as analyse
    from detente.analysis.confidence import read_judgements
    from detente.case import save as save_case
    from detente.case.tree import parse, read_text
    from detente.loading import load

    loaded = load(case, variant)
    if judgements is not None:
        data = parse(read_text(judgements), str(judgements))
        result = analyse(loaded, party, read_judgements(data, str(judgements)), seed=seed)
    else:
        result = interview(loaded, party, pairs, seed)
    if save is not None:
        try:
            save_case(result.applied(), save)
        except OSError as error:
            raise NeedsError(f"cannot write '{save}': {error.strerror or error}") from error
    emit(result, as_json, output)


def interview(case: Case, party: str, pairs: int, seed: int) -> Elicitation:
    """Asks on the terminal: best and worst levels, swings, levels in between, pairs of packages. Empty answers skip."""
    import numpy as np

    from detente.analysis.confidence import elicit as analyse

    if party not in case.parties:
        raise NeedsError(f"unknown party '{party}'; the parties are {', '.join(case.parties)}")
    found: list[Judgement] = []
    for name in case.issues:
        found += _ends(case, name)
    found += _swings(case)
    for name in case.issues:
        found += _levels(case, name, found)
    result = analyse(case, party, found, seed=seed)
    random = np.random.default_rng(seed)
    for _ in range(pairs):
        pair = result.question(random)
        if pair is None:
            break
        found += _pair(*pair)
        result = analyse(case, party, found, seed=seed)
        if result.conflicts:
            _say(
                "That contradicts something said before: "
                + "; ".join(str(result.judgements[j]) for j in result.withdrawn)
            )
    return result


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _ask(text: str) -> str:
    answer: str = typer.prompt(text, default="", show_default=False, err=True)
    return answer.strip()


def _ends(case: Case, name: str) -> list[Judgement]:
    from detente.analysis.confidence import Judgement

    levels = case.issues[name].names
    if len(levels) < 2:
        return [Judgement("best", name, levels[0]), Judgement("worst", name, levels[0])] if levels else []
    _say(f"\n{case.label(name)}: {', '.join(levels[:20])}{' ...' if len(levels) > 20 else ''}")
    chosen: list[Judgement] = []
    for kind, usual in (("best", levels[-1]), ("worst", levels[0])):
        while True:
            answer = _ask(f"  {kind} level for this party [{usual}]") or usual
            if answer in levels and all(answer != j.level for j in chosen):
                chosen.append(Judgement(kind, name, answer))  # type: ignore[arg-type]
                break
            _say(f"  one of {', '.join(levels[:20])}, and not the same twice")
    return chosen


def _points(text: str) -> tuple[float, float] | None:
    """``60`` or ``50-70`` as points; None for an empty answer."""
    while True:
        answer = _ask(text)
        if not answer:
            return None
        match = NUMBERS.match(answer)
        if match is not None:
            low, high = float(match[1]), float(match[2] or match[1])
            if 0 <= low <= high <= 100:
                return low, high
        _say("  a number from 0 to 100, or a range such as 50-70")


def _swings(case: Case) -> list[Judgement]:
    from detente.analysis.confidence import Judgement

    _say("\nImagine everything at its worst. The swing from worst to best that matters most gets 100 points.")
    found = []
    for name in case.issues:
        points = _points(f"  points for the swing of {case.label(name)} (a number or 50-70)")
        if points is not None:
            found.append(Judgement("swing", name, points=points))
    return found


def _levels(case: Case, name: str, found: list[Judgement]) -> list[Judgement]:
    from detente.analysis.confidence import Judgement

    levels = case.issues[name].names
    ends = {j.level for j in found if j.issue == name and j.kind in ("best", "worst")}
    between = [level for level in levels if level not in ends]
    if not between or len(levels) > 12:
        return []
    _say(f"\n{case.label(name)}, from 0 (worst level) to 100 (best level):")
    asked = [(level, _points(f"  {level}")) for level in between]
    return [Judgement("level", name, level, points=points) for level, points in asked if points is not None]


def _pair(first: dict[str, Any], second: dict[str, Any]) -> list[Judgement]:
    from detente.analysis.confidence import Judgement

    apart = [issue for issue in first if first[issue] != second[issue]]
    for letter, package in (("A", first), ("B", second)):
        _say(f"  {letter}: " + ", ".join(f"{issue} {package[issue]}" for issue in apart))
    while True:
        answer = _ask("Which is better, all else the same? A, B, = or empty").upper()
        if not answer:
            return []
        if answer in ("A", "B", "="):
            kind = "same" if answer == "=" else "prefer"
            pair = (second, first) if answer == "B" else (first, second)
            return [Judgement(kind, outcomes=pair)]  # type: ignore[arg-type]
        _say("  A, B, = or nothing")

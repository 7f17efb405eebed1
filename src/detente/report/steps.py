"""Asks the roadmap analysis what a report needs: each target, the funnel, and the leading target under each variant."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from detente.analysis.confidence import Means, Sample
from detente.analysis.confidence.ask_roadmap import AskRoadmap, steps_text
from detente.analysis.confidence.run import run
from detente.analysis.confidence.worlds import plan_of
from detente.analysis.roadmap import Ends, RoadmapResult, funnel, holds, roadmap, with_patience
from detente.errors import CostError, NeedsError
from detente.space import Space

LARGEST = 5_000
"""Outcomes up to which a report looks for steps."""
LARGEST_DRAWN = 3_000
"""States up to which a report asks how the leading steps stand over the ranges."""
DRAWS = Sample(200, 0)
MOST_TARGETS = 6


@dataclass(frozen=True)
class Standing:
    """How the steps to the leading target stand over the ranges: in how many of the draws any that hold exist (``exists``),
    all at once among them (``at_once``), in how many that was not decided, and in how many the steps shown hold (None
    where they are not among those counted).
    """

    draws: int
    exists: int
    undecided: int
    at_once: int
    shown: int | None


@dataclass(frozen=True)
class Steps:
    """Roadmaps to the targets of a case (or to the best end state where it names none).

    ``leading`` is the first target that steps which hold lead to, else the first. ``variants`` says of each variant
    whether such steps to the leading target exist: None where that was not decided or cannot be asked.
    ``whole`` is whether every issue has an owner, so that the funnel counts all outcomes. ``standing`` is None where
    nothing is uncertain, or where draws would take too long.
    """

    targets: Mapping[str, RoadmapResult]
    leading: str
    ends: Ends | None
    variants: Mapping[str, bool | None]
    whole: bool
    standing: Standing | None = None

    @property
    def lead(self) -> RoadmapResult:
        """The result for the leading target."""
        return self.targets[self.leading]


def look(
    space: Space, variants: Mapping[str, Space], keep: Path | None = None
) -> tuple[Steps | None, tuple[str, ...]]:
    """The steps of a case and of its variants, or why they were not looked for; neither where no issue has an owner.

    What is drawn is kept in the folder ``keep``, if there is one, and serves the next report on the same case.
    """
    case = space.case
    if case.graph_form or not any(issue.by for issue in case.issues.values()):
        return None, ()
    if space.size > LARGEST:
        size = f"{space.size:,} outcomes are more than a report goes through ({LARGEST:,})"
        return None, (f"Steps were not looked for: {size}; `detente roadmap` takes more.",)
    try:
        return _look(space, variants, keep), ()
    except (NeedsError, CostError) as error:
        return None, (f"Steps were not looked for: {error}.",)


def _look(space: Space, variants: Mapping[str, Space], keep: Path | None) -> Steps:
    names = list(space.case.targets)[:MOST_TARGETS] or ["best"]
    found = {name: roadmap(space, name, patience=False) for name in names}
    leading = next((name for name, result in found.items() if result.exists), names[0])
    found[leading] = with_patience(found[leading])
    whole = all(issue.by for issue in space.case.issues.values())
    try:
        ends = found[leading].ends or funnel(space)
    except CostError:
        ends = None
    asked = {}
    if leading != "best":
        asked = {n: _under(variants[n], leading) if n in variants else None for n in space.case.variants}
    return Steps(found, leading, ends, asked, whole, _standing(found[leading], leading, keep))


def _standing(result: RoadmapResult, target: str, keep: Path | None) -> Standing | None:
    case, order, shown = result.space.case, result.main.answer.order, result.main.answer.shown
    if target == "best" or result.problem.model.size > LARGEST_DRAWN or shown is None:
        return None
    question = AskRoadmap(target)
    plan = plan_of(case, question.relevant)
    if not plan.inputs:
        return None
    question.prepare(plan.worlds)
    name = hashlib.sha256(repr((case.hash, order, target)).encode()).hexdigest()[:24]
    folder = None if keep is None else keep / name
    counts = run(plan, question, DRAWS, Means(folder=folder))
    number = {name: int(counts.truth(name).sum()) for name in question.yes}
    undecided = int(counts.numbers[:, question.numbers.index("undecided")].sum())
    by_shown = number.get(f"holds:{steps_text(result.problem.model, shown.states)}")
    return Standing(counts.draws, number["roadmap_exists"], undecided, number["at_once_exists"], by_shown)


def _under(variant: Space, target: str) -> bool | None:
    try:
        return holds(variant, target)
    except (NeedsError, CostError):
        return None

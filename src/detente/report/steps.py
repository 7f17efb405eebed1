"""Asks the roadmap analysis what a report needs: each target, the funnel, and the leading target under each variant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from detente.analysis.roadmap import Ends, RoadmapResult, funnel, holds, roadmap, with_patience
from detente.errors import CostError, NeedsError
from detente.space import Space

LARGEST = 5_000
"""States up to which a report looks for steps."""
MOST_TARGETS = 6


@dataclass(frozen=True)
class Steps:
    """Roadmaps to the targets of a case (or to the best end state where it names none).

    ``leading`` is the first target that steps which hold lead to, else the first. ``variants`` says of each variant
    whether such steps to the leading target exist: None where that was not decided or cannot be asked.
    ``whole`` is whether every issue has an owner, so that the funnel counts all outcomes.
    """

    targets: Mapping[str, RoadmapResult]
    leading: str
    ends: Ends | None
    variants: Mapping[str, bool | None]
    whole: bool

    @property
    def lead(self) -> RoadmapResult:
        """The result for the leading target."""
        return self.targets[self.leading]


def look(space: Space, variants: Mapping[str, Space]) -> tuple[Steps | None, tuple[str, ...]]:
    """The steps of a case and of its variants, or why they were not looked for; neither where no issue has an owner."""
    case = space.case
    if case.graph_form or not any(issue.by for issue in case.issues.values()):
        return None, ()
    if space.size > LARGEST:
        size = f"{space.size:,} outcomes are more than a report goes through ({LARGEST:,})"
        return None, (f"Steps were not looked for: {size}; `detente roadmap` takes more.",)
    try:
        return _look(space, variants), ()
    except (NeedsError, CostError) as error:
        return None, (f"Steps were not looked for: {error}.",)


def _look(space: Space, variants: Mapping[str, Space]) -> Steps:
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
    return Steps(found, leading, ends, asked, whole)


def _under(variant: Space, target: str) -> bool | None:
    try:
        return holds(variant, target)
    except (NeedsError, CostError):
        return None

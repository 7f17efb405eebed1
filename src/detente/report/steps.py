"""Asks the roadmap analysis what a report needs: each target, the funnel, and how its findings stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from detente.analysis.confidence import Means
from detente.analysis.roadmap import Ends, RoadmapResult, funnel, roadmap, with_patience
from detente.errors import CostError, NeedsError
from detente.report.standing import Standing, standing
from detente.space import Space

LARGEST = 5_000
"""Outcomes up to which a report looks for steps."""
MOST_TARGETS = 6


@dataclass(frozen=True)
class Steps:
    """Roadmaps to the targets of a case (or to the best end state where it names none).

    ``leading`` is the first target that steps which hold lead to, else the first. ``whole`` is whether every issue
    has an owner, so that the funnel counts all outcomes. ``standing`` is None where the case names no target.
    """

    targets: Mapping[str, RoadmapResult]
    leading: str
    ends: Ends | None
    whole: bool
    standing: Standing | None = None

    @property
    def lead(self) -> RoadmapResult:
        """The result for the leading target."""
        return self.targets[self.leading]


def look(space: Space, means: Means | None = None) -> tuple[Steps | None, tuple[str, ...]]:
    """The steps of a case, or why they were not looked for; neither where no issue has an owner.

    ``means`` says how draws and variants are computed, and where they are kept for the next report on the same case.
    """
    case = space.case
    if case.graph_form or not any(issue.by for issue in case.issues.values()):
        return None, ()
    if space.size > LARGEST:
        size = f"{space.size:,} outcomes are more than a report goes through ({LARGEST:,})"
        return None, (f"Steps were not looked for: {size}; `detente roadmap` takes more.",)
    try:
        return _look(space, means or Means()), ()
    except (NeedsError, CostError) as error:
        return None, (f"Steps were not looked for: {error}.",)


def _look(space: Space, means: Means) -> Steps:
    names = list(space.case.targets)[:MOST_TARGETS] or ["best"]
    found = {name: roadmap(space, name, patience=False) for name in names}
    leading = next((name for name, result in found.items() if result.exists), names[0])
    found[leading] = with_patience(found[leading])
    whole = all(issue.by for issue in space.case.issues.values())
    try:
        ends = found[leading].ends or funnel(space)
    except CostError:
        ends = None
    return Steps(found, leading, ends, whole, standing(found, leading, means) if leading != "best" else None)

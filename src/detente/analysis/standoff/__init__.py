"""Why are we stuck? The Graph Model for Conflict Resolution.

The theory page on the standoff has the definitions; `standoff` is the entry.
"""

from __future__ import annotations

from detente.analysis.result import provenance, space_of
from detente.analysis.standoff.model import GIGABYTES, Conflict, bytes_per_outcome, conflict_of
from detente.analysis.standoff.result import StandoffResult
from detente.analysis.standoff.witness import Reply, Why
from detente.case import Case
from detente.errors import NeedsError
from detente.space import Space

__all__ = ["Conflict", "Reply", "StandoffResult", "Why", "bytes_per_outcome", "standoff"]


def standoff(case: Case | Space, *, memory: float = GIGABYTES, workers: int = 2) -> StandoffResult:
    """Why are we stuck? Which outcomes no party can leave with profit, under which foresight.

    Parameters
    ----------
    case
        A case, or a space compiled from one. It needs preferences, and moves: issues with owners, or listed moves.
    memory
        Gigabytes that the analysis may take.
    workers
        Threads; the answer does not depend on it.

    Every possible outcome is judged for every party with preferences under five concepts: Nash, general and
    symmetric metarationality, sequential and symmetric sequential stability. Opponents answer by legal sequences:
    nobody moves twice in a row, and anybody may move again after another. How groups, owners without preferences
    and terms are treated is said in `detente.analysis.standoff.model`. The result answers further questions when
    asked: why, what can come about, what would unlock an outcome, coalitions, more foresight.

    Raises
    ------
    NeedsError
        Without preferences, moves, or possible outcomes.
    CostError
        Where the outcomes (`bytes_per_outcome` each) or moves would take more memory than allowed.

    Cost: a few passes over the outcomes for each party where all moves are transitive (product form); else linear
    in the moves listed. Outcomes cannot be numbered beyond 2^31.

    Sources: Kilgour, Hipel and Fang (1987); Fang, Hipel and Kilgour (1993); Rego and Vieira (2017).
    """
    if memory <= 0 or workers < 1:
        raise NeedsError("memory is a number of gigabytes above 0, and workers a count from 1")
    space = space_of(case)
    if space.draws is not None:
        raise NeedsError("a standoff is one case at a time; a space with draws holds many")
    conflict = conflict_of(space, memory)
    flags = conflict.verdicts(workers, memory)
    return StandoffResult(
        source=provenance(space, {"memory": memory, "workers": workers}, _warnings(conflict)),
        method="thresholds by passes along issues"
        if conflict.separable
        else "thresholds by a sweep over moves",
        conflict=conflict,
        flags=flags,
    )


def _warnings(conflict: Conflict) -> list[str]:
    case, found = conflict.space.case, []
    for mover in conflict.movers:
        if len(mover) > 1:
            names = " and ".join(case.label(p) for p in mover)
            found.append(
                f"{names} move some issues only together: no single party can leave an outcome that way"
            )
    silent = [
        case.label(p)
        for p in dict.fromkeys(p for m in conflict.movers for p in m)
        if p not in conflict.parties
    ]
    if silent:
        found.append(
            f"{', '.join(silent)} can move but has no preferences: its moves deter, and it never has reason to move"
        )
    if not conflict.space.case.graph_form:
        terms = [name for name, issue in case.issues.items() if issue.by is None]
        if terms:
            found.append(f"{', '.join(terms)}: terms without an owner, which nobody moves alone")
    if not conflict.possible[conflict.space.number(conflict.space.start)]:
        found.append("the status quo is an impossible outcome")
    return found

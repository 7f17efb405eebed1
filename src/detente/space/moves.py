"""Who can move what to where.

One class for both forms of a case. In product form a mover changes its own issues, several at once: each
issue has a relation (from level, to level) that retreat floors and ``up: 0`` / ``down: 0`` leave, and
prerequisites tie a level to the levels of other issues. In graph form the moves are listed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from detente.case.model import Case, Issue
from detente.space.tables import Array, Factor, truth


@dataclass(frozen=True, eq=False)
class Prerequisite:
    """To rise to ``level`` of ``issue`` or above, ``when`` must hold: before the move, or after it."""

    issue: int
    level: int
    when: Factor
    together: bool


@dataclass(frozen=True, eq=False)
class Moves:
    """The moves of one mover (a party, or several that act together).

    ``issues`` are the mover's own; ``relations[k][a, b]`` says whether issue ``issues[k]`` may go from level
    a to level b (a to a always). ``arcs`` (start, end) take their place in graph form: int64 arrays, sorted
    by start, then end.
    """

    sizes: tuple[int, ...]
    issues: tuple[int, ...] = ()
    relations: tuple[Array, ...] = ()
    prerequisites: tuple[Prerequisite, ...] = ()
    arcs: tuple[Array, Array] | None = None
    _feasible: Callable[[int], bool] = field(default=lambda _: True, repr=False)

    def targets(self, number: int) -> list[int]:
        """Numbers of the outcomes that the mover can reach in one move, ascending; never ``number``."""
        if self.arcs is not None:
            starts, ends = self.arcs
            low, high = np.searchsorted(starts, [number, number + 1])
            return sorted({int(end) for end in ends[low:high]})
        here = list(np.unravel_index(number, self.sizes)) if self.sizes else []
        choices = [np.flatnonzero(r[here[i]]) for i, r in zip(self.issues, self.relations, strict=True)]
        found = []
        for levels in itertools.product(*choices):
            there = list(here)
            for issue, level in zip(self.issues, levels, strict=True):
                there[issue] = level
            if there != here and self._allowed(here, there):
                target = int(np.ravel_multi_index(there, self.sizes))
                if self._feasible(target):
                    found.append(target)
        return sorted(found)

    def _allowed(self, here: Sequence[int], there: Sequence[int]) -> bool:
        """Whether every prerequisite of every level that the move rises past holds."""
        return all(
            bool(p.when.take(there if p.together else here))
            for p in self.prerequisites
            if here[p.issue] < p.level <= there[p.issue]
        )


def owners(case: Case) -> list[tuple[str, ...]]:
    """Everyone who can move something: parties alone and groups that act together, in file order."""
    if case.graph_form:
        return [(party,) for party in case.parties if party in case.moves]
    groups = dict.fromkeys(issue.by for issue in case.issues.values() if issue.by is not None)
    return sorted(groups, key=lambda group: (len(group), [list(case.parties).index(p) for p in group]))


def moves_of(
    case: Case, mover: tuple[str, ...], issues: dict[str, Issue], feasible: Callable[[int], bool]
) -> Moves:
    """The moves of one mover of a case."""
    if case.graph_form:
        return _listed(case, mover)
    sizes = tuple(len(issue.names) for issue in issues.values())
    own = [(i, issue) for i, issue in enumerate(issues.values()) if issue.by is not None and set(issue.by) == set(mover)]
    return Moves(
        sizes,
        tuple(i for i, _ in own),
        tuple(relation(issue) for _, issue in own),
        tuple(
            Prerequisite(i, issue.position(level), truth(need.when, issues), need.timing == "together")
            for i, issue in own
            for level, need in issue.requires.items()
        ),
        _feasible=feasible,
    )


def relation(issue: Issue) -> Array:
    """Which levels an issue can be taken to from which, in one move: bool, (levels, levels)."""
    count = len(issue.names)
    allowed = np.ones((count, count), dtype=bool)
    if issue.pace.up == 0:
        allowed &= ~np.triu(np.ones_like(allowed), 1)
    if issue.pace.down == 0:
        allowed &= ~np.tril(np.ones_like(allowed), -1)
    for level, floor in issue.retreat.items():
        allowed[issue.position(level), : issue.position(floor)] = False
    return allowed


def _listed(case: Case, mover: tuple[str, ...]) -> Moves:
    names = {name: i for i, name in enumerate(case.outcomes)}
    pairs = sorted({(names[a], names[b]) for party in mover for a, b in case.moves.get(party, ())})
    starts = np.array([a for a, _ in pairs], dtype=np.int64)
    ends = np.array([b for _, b in pairs], dtype=np.int64)
    return Moves((len(names),), arcs=(starts, ends))

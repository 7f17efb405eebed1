"""Who can move what to where.

One class for both forms of a case. In product form a mover changes its own issues, several at once: each
issue has a relation (from level, to level) that retreat floors and ``up: 0`` / ``down: 0`` leave, and
prerequisites tie a level to the levels of other issues. In graph form the moves are listed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from detente.case.model import Case, Issue
from detente.errors import CostError
from detente.space.tables import Array, Factor, truth

LARGEST_RELATION = 20_000
"""Levels of an issue with floors, ``up: 0`` or ``down: 0`` whose moves are kept as a table of pairs."""
LARGEST_CHOICE = 10_000_000
"""Combinations of levels that the moves from one outcome may come to."""


@dataclass(frozen=True, eq=False)
class Prerequisite:
    """To rise to ``level`` of ``issue`` or past it, ``when`` must hold: before the move, or after it."""

    issue: int
    level: int
    when: Factor
    together: bool


@dataclass(frozen=True, eq=False)
class Moves:
    """The moves of one mover (a party, or several that act together).

    ``issues`` are the mover's own, ascending; ``relations[k][a, b]`` says whether issue ``issues[k]`` may go
    from level a to level b (a to a always): bool, not to be written to. No move leads to an outcome that a
    table of ``forbidden`` calls impossible. ``arcs`` (start, end) take the place of all this in graph form:
    int64 arrays, sorted by start, then end, each pair once.
    """

    sizes: tuple[int, ...]
    issues: tuple[int, ...] = ()
    relations: tuple[Array, ...] = ()
    prerequisites: tuple[Prerequisite, ...] = ()
    arcs: tuple[Array, Array] | None = None
    forbidden: tuple[Factor, ...] = ()

    def targets(self, number: int) -> list[int]:
        """Numbers of the outcomes that the mover can reach in one move, ascending; never ``number``.

        Raises `CostError` where the mover's own issues leave more than `LARGEST_CHOICE` combinations.
        """
        number = int(number)
        if self.arcs is not None:
            starts, ends = self.arcs
            low, high = np.searchsorted(starts, [number, number + 1])
            return [int(end) for end in ends[low:high]]
        here = _digits(number, self.sizes)
        choices = {
            issue: np.flatnonzero(relation[here[issue]])
            for issue, relation in zip(self.issues, self.relations, strict=True)
        }
        choices = {issue: levels for issue, levels in choices.items() if len(levels) > 1}
        shape = tuple(len(levels) for levels in choices.values())
        if math.prod(shape) > LARGEST_CHOICE:
            raise CostError(
                "listing the moves from one outcome",
                f"{math.prod(shape):,} combinations of levels",
                "give the issues fewer levels, or to several owners",
            )
        good = np.ones(shape, dtype=bool)
        for factor in self.forbidden:
            good &= ~_seen(factor, here, choices)
        for need in self.prerequisites:
            if here[need.issue] < need.level and need.issue in choices:
                rises = choices[need.issue] >= need.level
                passed = rises.reshape([-1 if issue == need.issue else 1 for issue in choices])
                good &= ~passed | _seen(need.when, here, choices if need.together else {})
        shift = sum(
            (_along(axis, levels - here[issue], self.sizes, issue, len(shape))
             for axis, (issue, levels) in enumerate(choices.items())),
            start=np.zeros((), dtype=np.int64),
        )  # fmt: skip
        return [number + int(by) for by in np.broadcast_to(shift, shape)[good] if by]


def _along(axis: int, steps: Array, sizes: Sequence[int], issue: int, axes: int) -> Array:
    """What steps of an issue add to an outcome's number, along an axis; Python integers where huge."""
    stride = math.prod(sizes[issue + 1 :])
    kind = np.int64 if math.prod(sizes) < 1 << 62 else object
    return (steps.astype(kind) * stride).reshape([-1 if k == axis else 1 for k in range(axes)])


def _digits(number: int, sizes: Sequence[int]) -> list[int]:
    levels = []
    for size in reversed(sizes):
        number, level = divmod(number, size)
        levels.append(level)
    return levels[::-1]


def _seen(factor: Factor, here: Sequence[int], choices: Mapping[int, Array]) -> Array:
    """A table where some issues range over choices and the others stay, shaped to broadcast over choices."""
    index = [choices.get(issue, np.array(here[issue : issue + 1])) for issue in factor.issues]
    table = factor.table[np.ix_(*index)] if index else factor.table
    return np.asarray(table).reshape(
        [len(c) if issue in factor.issues else 1 for issue, c in choices.items()]
    )


def owners(case: Case) -> list[tuple[str, ...]]:
    """Everyone who can move something: parties alone, then groups that act together, each in file order."""
    order = {party: i for i, party in enumerate(case.parties)}
    if case.graph_form:
        return [(party,) for party in case.parties if party in case.moves]
    groups = {tuple(sorted(issue.by, key=order.__getitem__)) for issue in case.issues.values() if issue.by}
    return sorted(groups, key=lambda group: (len(group), [order[party] for party in group]))


def moves_of(
    case: Case, mover: tuple[str, ...], issues: dict[str, Issue], forbidden: tuple[Factor, ...]
) -> Moves:
    """The moves of one mover of a case; none where it owns nothing."""
    if case.graph_form:
        return _listed(case, mover)
    sizes = tuple(len(issue.names) for issue in issues.values())
    group = set(mover)
    own = [(i, issue) for i, issue in enumerate(issues.values()) if issue.by and set(issue.by) == group]
    return Moves(
        sizes,
        tuple(i for i, _ in own),
        tuple(relation(issue) for _, issue in own),
        tuple(
            Prerequisite(i, issue.position(level), truth(need.when, issues), need.timing == "together")
            for i, issue in own
            for level, need in issue.requires.items()
        ),
        forbidden=forbidden,
    )


def relation(issue: Issue) -> Array:
    """Which levels an issue can be taken to from which, in one move: bool, (levels, levels), read only.

    Raises `CostError` where a restricted issue has more than `LARGEST_RELATION` levels; an unrestricted one
    takes no memory.
    """
    count = len(issue.names)
    if not issue.retreat and issue.pace.up != 0 and issue.pace.down != 0:
        return np.broadcast_to(np.True_, (count, count))
    if count > LARGEST_RELATION:
        raise CostError(
            f"the moves of an issue with floors or a pace of 0 ('{issue.names[0]}' to '{issue.names[-1]}')",
            f"{count:,} levels, {count**2 / 1e9:,.1f} GB",
            "coarsen its levels",
        )
    old, new = np.ix_(np.arange(count), np.arange(count))
    floor = np.zeros(count, dtype=np.int64)
    for level, lowest in issue.retreat.items():
        floor[issue.position(level)] = issue.position(lowest)
    allowed = new >= floor[:, None]
    if issue.pace.up == 0:
        allowed &= new <= old
    if issue.pace.down == 0:
        allowed &= new >= old
    allowed.flags.writeable = False
    return np.asarray(allowed)


def _listed(case: Case, mover: tuple[str, ...]) -> Moves:
    names = {name: i for i, name in enumerate(case.outcomes)}
    pairs = chain.from_iterable(case.moves.get(party, ()) for party in mover)
    flat = np.fromiter(map(names.__getitem__, chain.from_iterable(pairs)), dtype=np.int64).reshape(-1, 2)
    flat = flat[flat[:, 0] != flat[:, 1]]
    keys = np.sort(flat[:, 0] * len(names) + flat[:, 1])
    starts, ends = np.divmod(keys[np.diff(keys, prepend=-1) > 0], len(names))
    return Moves((len(names),), arcs=(starts, ends))

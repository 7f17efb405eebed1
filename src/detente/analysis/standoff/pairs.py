"""Pairs of outcomes between which a preference is strong, or not known: from the case, and from ranges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from detente.analysis.standoff.model import Conflict
from detente.analysis.standoff.sets import SetConflict, Sets, bits
from detente.case.uncertain import Number, bounds
from detente.errors import NeedsError
from detente.space import SNAP, Space, compile_case
from detente.space.tables import Array


def number_of(space: Space, outcome: Any) -> int:
    """The number of an outcome in any of the forms that a case file takes."""
    if isinstance(outcome, list | tuple):
        outcome = dict(zip(space.issues, outcome, strict=True))
    return space.number(space.positions(outcome))


def stated(conflict: Conflict, pairs: Mapping[str, Sequence[Sequence[Any]]], both: bool) -> list[Sets]:
    """``[i][s]``: states that stand second in a pair with s first; with ``both``, in either order."""
    found = [[0] * conflict.size for _ in conflict.parties]
    for i, party in enumerate(conflict.parties):
        for first, second in pairs.get(party, ()):
            a, b = number_of(conflict.space, first), number_of(conflict.space, second)
            found[i][a] |= 1 << b
            if both:
                found[i][b] |= 1 << a
    return found


def check_strength(sets: SetConflict, greatly: Sequence[Sets]) -> None:
    """A strong preference has to agree with the plain one."""
    for i, party in enumerate(sets.conflict.parties):
        for s, worse in enumerate(greatly[i]):
            wrong = worse & ~sets.worse[i][s]
            if wrong:
                raise NeedsError(
                    f"strength: {party} does not prefer outcome {s} to outcome {next(bits(wrong))} at all"
                )


def ranged(space: Space) -> dict[str, Array]:
    """For each party with uncertain numbers, the most by which outcome a can exceed outcome b: (S, S).

    Ends of ranges; a level or bonus that two outcomes share cancels. Weighted values are scaled in each draw, so
    they are left out.
    """
    low, high = (
        _reading(space, lambda number: bounds(number)[0]),
        _reading(space, lambda number: bounds(number)[1]),
    )
    found = {}
    for p, party in enumerate(space.parties):
        least, most = low.factors[p], high.factors[p]
        if least is None or most is None or space.case.preferences[party].weights is not None:
            continue
        if all(np.array_equal(a.table, b.table) for a, b in zip(least, most, strict=True)):
            continue
        total = np.zeros((space.size, space.size))
        levels = np.array(np.unravel_index(np.arange(space.size), space.sizes)).T
        for a, b in zip(least, most, strict=True):
            cell = (
                np.ravel_multi_index(tuple(levels[:, i] for i in a.issues), a.table.shape)
                if a.issues
                else np.zeros(space.size, dtype=int)
            )
            top, bottom = b.table.reshape(-1)[cell], a.table.reshape(-1)[cell]
            total += np.where(cell[:, None] == cell[None, :], 0.0, top[:, None] - bottom[None, :])
        found[party] = total
    return found


def _reading(space: Space, read: Callable[[Number], float]) -> Space:
    return compile_case(space.case, dict(space.types) or None, read)


def either_way(conflict: Conflict, ranges: Mapping[str, Array]) -> list[Sets]:
    """``[i][s]``: states that a party's ranges can put above s as well as below it."""
    found = [[0] * conflict.size for _ in conflict.parties]
    for i, party in enumerate(conflict.parties):
        if party in ranges:
            open_ = (ranges[party] > SNAP) & (ranges[party].T > SNAP)
            found[i] = [sum(1 << int(t) for t in np.flatnonzero(row)) for row in open_]
    return found


def by_gap(conflict: Conflict, gaps: Mapping[str, float]) -> list[Sets]:
    """``[i][s]``: states that are worse than s by more than the party's gap, in its utility, over all its ranges."""
    space, ranges = conflict.space, ranged(conflict.space)
    utilities = space.utilities()
    found = [[0] * conflict.size for _ in conflict.parties]
    for party, gap in gaps.items():
        if party not in conflict.parties or space.scale[party] != "cardinal" or not gap > 0:
            raise NeedsError(
                f"strong: a gap above 0 in the utility of a party with values or a table; got {party}: {gap}"
            )
        i = conflict.parties.index(party)
        least = -ranges[party].T if party in ranges else utilities[i][:, None] - utilities[i][None, :]
        worse = (least > gap) & conflict.possible[None, :] & conflict.possible[:, None]
        found[i] = [sum(1 << int(t) for t in np.flatnonzero(row)) for row in worse]
    return found

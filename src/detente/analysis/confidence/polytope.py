"""Sets of numbers given by linear inequalities: ends, centre, least withdrawals, and even sampling by hit and run.

A polytope is {x: A x <= b, E x = e}. Sampling moves along random directions within the equalities, from the centre of
the largest ball that fits; every step is uniform on the chord.

Sources: Smith (1984), Operations Research 32 (hit and run); Tervonen, van Valkenhoef, Basturk and Postmus (2013),
European Journal of Operational Research 224 (for preferences).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
FEASIBLE = 1e-9
WIDE = 10.0
"""How far a withdrawn inequality may be violated: variables lie between 0 and 1, and so do the sides."""


@dataclass(frozen=True, eq=False)
class Polytope:
    """{x: ``a`` x <= ``b``, ``e`` x = ``f``}, bounded."""

    a: Array
    b: Array
    e: Array
    f: Array

    def extreme(self, cost: Array) -> float | None:
        """The least of ``cost`` x; None where the set is empty."""
        from scipy.optimize import linprog

        solved = linprog(
            cost, A_ub=self.a, b_ub=self.b, A_eq=self.e, b_eq=self.f, bounds=(None, None), method="highs"
        )
        return float(solved.fun) if solved.status == 0 else None

    def ends(self, row: Array) -> tuple[float, float]:
        """Least and greatest value of ``row`` x over a set that is not empty."""
        low, high = self.extreme(row), self.extreme(-row)
        assert low is not None
        assert high is not None
        return low, -high

    @cached_property
    def empty(self) -> bool:
        return self.extreme(np.zeros(self.a.shape[1])) is None

    @cached_property
    def directions(self) -> Array:
        """A basis of the directions that the equalities leave, inequalities that are equalities in fact included."""
        from scipy.linalg import null_space

        rows = [self.e]
        for row, side in zip(self.a, self.b, strict=True):
            least = self.extreme(row)
            if least is not None and least >= side - FEASIBLE:
                rows.append(row[None])
        return np.asarray(null_space(np.concatenate(rows)))

    @cached_property
    def centre(self) -> Array:
        """The centre of the largest ball within the set (within its equalities)."""
        from scipy.optimize import linprog

        basis = self.directions
        reach = np.linalg.norm(self.a @ basis, axis=1) if basis.size else np.zeros(len(self.a))
        reach = np.where(reach > 1e-12, reach, 0.0)
        size = self.a.shape[1]
        cost = np.zeros(size + 1)
        cost[-1] = -1.0
        solved = linprog(
            cost,
            A_ub=np.column_stack([self.a, reach]),
            b_ub=self.b,
            A_eq=np.column_stack([self.e, np.zeros(len(self.e))]),
            b_eq=self.f,
            bounds=[(None, None)] * size + [(0, 1)],
            method="highs",
        )
        return np.asarray(solved.x[:-1])

    def sample(self, count: int, random: np.random.Generator, thin: int | None = None) -> Array:
        """Points of the set by hit and run: (count, variables). ``thin``: steps between points, 10 each direction."""
        basis, x = self.directions, self.centre.copy()
        if not basis.size:
            return np.repeat(x[None], count, axis=0)
        steps = thin or max(20, 10 * basis.shape[1])
        out = np.empty((count, len(x)))
        slack = self.b - self.a @ x
        for row in range(count):
            along = random.standard_normal((steps, basis.shape[1])) @ basis.T
            moves, shares = along @ self.a.T, random.random(steps)
            for way, rise, share in zip(along, moves, shares, strict=True):
                room = np.maximum(slack, 0.0)
                up, down = rise > 1e-13, rise < -1e-13
                high = float((room[up] / rise[up]).min(initial=np.inf))
                low = float((room[down] / rise[down]).max(initial=-np.inf))
                if np.isfinite(low) and np.isfinite(high):
                    t = low + share * (high - low)
                    x = x + t * way
                    slack = slack - t * rise
            slack = self.b - self.a @ x
            out[row] = x
        return out


def withdrawals(polytope: Polytope, owner: Sequence[int], most: int) -> list[tuple[int, ...]]:
    """The smallest sets of owners whose inequalities have to go so that the others agree; several if there are.

    ``owner`` (rows): who each inequality belongs to, -1 for those that stay. An empty list where nothing has to go, or
    where nothing helps. Solved exactly as a mixed-integer program by HiGHS.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    names = sorted({o for o in owner if o >= 0})
    size = polytope.a.shape[1]
    relax = np.zeros((len(owner), len(names)))
    for row, o in enumerate(owner):
        if o >= 0:
            relax[row, names.index(o)] = -WIDE
    rules = [
        LinearConstraint(np.hstack([polytope.a, relax]), -np.inf, polytope.b),
        LinearConstraint(
            np.hstack([polytope.e, np.zeros((len(polytope.e), len(names)))]), polytope.f, polytope.f
        ),
    ]
    cost = np.concatenate([np.zeros(size), np.ones(len(names))])
    kinds = np.concatenate([np.zeros(size), np.ones(len(names))])
    limits = Bounds(
        np.concatenate([np.full(size, -np.inf), np.zeros(len(names))]),
        np.concatenate([np.full(size, np.inf), np.ones(len(names))]),
    )
    found: list[tuple[int, ...]] = []
    while len(found) < most:
        solved = milp(cost, integrality=kinds, bounds=limits, constraints=rules)
        if solved.x is None:
            break
        gone = np.flatnonzero(solved.x[size:] > 0.5)
        if not len(gone) or (found and len(gone) > len(found[0])):
            break
        found.append(tuple(names[g] for g in gone))
        cut = np.zeros(size + len(names))
        cut[size + gone] = 1.0
        rules.append(LinearConstraint(cut, -np.inf, len(gone) - 1))
    return found

"""The least change of all parties' rankings together that makes an outcome an equilibrium, where others' reasons to
answer change too (sequential and symmetric sequential stability).

A mixed-integer program over strict preference. o_p(a, b) is 1 where party p prefers a to b: asymmetric, and negatively
transitive (o(a, c) <= o(a, b) + o(b, c)), so a weak order; ties may be broken, none is made. For each party i and each
move of its own from the target to x, o_i(x, target) units leave x along a legal sequence of the others' moves: over moves
that every mover prefers, or over any where a concept does not ask for that. They end where the outcome (and, for the
symmetric concepts, each reply of i) is not preferred to the target.
Least is either the number of outcomes that change their place (the target keeps its own: others move around it), or the
number of pairs whose order changes, a tie broken counting a half (Kendall distance). Solved by HiGHS.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from detente.analysis.standoff.model import Conflict
from detente.space.tables import Array

MOST_JOINT = 24
"""Possible outcomes up to which the program is asked."""
SECONDS = 20.0
"""After this long an unproved answer is given up."""
TIE_BREAK = 0.5
"""What all pairs together weigh at most beside one outcome that changes its place: of the fewest, those of fewest pairs."""


@dataclass(frozen=True)
class Reranking:
    """One party's new ranking: tie groups of outcomes, best first; which outcomes changed place, and in how many pairs."""

    outcomes: tuple[int, ...]
    pairs: float
    ranking: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Joint:
    """The least changes of all parties together: of the fewest outcomes, and of the fewest pairs; by party that changes."""

    fewest: Mapping[str, Reranking]
    nearest: Mapping[str, Reranking]

    def to_data(self) -> dict[str, Any]:
        """As plain data."""
        return {
            name: {
                party: {"outcomes": r.outcomes, "pairs": r.pairs, "ranking": r.ranking}
                for party, r in changes.items()
            }
            for name, changes in (("fewest", self.fewest), ("nearest", self.nearest))
        }


def joint(conflict: Conflict, target: int, concept: str) -> Joint | None:
    """The least joint changes for a concept; None where there are too many outcomes, or no proof in time."""
    states = np.flatnonzero(conflict.possible)
    if len(states) > MOST_JOINT:
        return None
    if len(states) == 1:
        return Joint({}, {})  # nothing to leave it for
    found = []
    for pairwise in (False, True):
        program = _Program(conflict, states, target, concept)
        orders = program.solve(pairwise)
        if orders is None:
            return None
        found.append(program.changes(orders))
    return Joint(*found)


class _Program:
    """The program, built row by row. Outcomes are places in ``states``."""

    def __init__(self, conflict: Conflict, states: Array, target: int, concept: str) -> None:
        self.conflict, self.states, self.concept = conflict, states, concept
        self.place = {int(s): a for a, s in enumerate(states)}
        self.target = self.place[target]
        self.n, self.m = len(conflict.parties), len(states)
        self.score = conflict.scores[:, states].astype(np.int64)
        self.upper: list[float] = [1.0] * (self.n * self.m * self.m)
        self.rows: list[tuple[dict[int, float], float, float]] = []
        self._weak_orders()
        for i in range(self.n):
            for x in self._targets(conflict.own[i], self.target):
                self._deterred(i, x)

    def prefers(self, p: int, a: int, b: int) -> int:
        """The column of o_p(a, b)."""
        return (p * self.m + a) * self.m + b

    def _targets(self, k: int, a: int) -> list[int]:
        return [] if k < 0 else [self.place[int(t)] for t in self.conflict.targets(k, int(self.states[a]))]

    def _column(self) -> int:
        self.upper.append(1.0)
        return len(self.upper) - 1

    def _row(self, terms: Mapping[int, float], low: float, high: float) -> None:
        self.rows.append((dict(terms), low, high))

    def _weak_orders(self) -> None:
        for p in range(self.n):
            for a in range(self.m):
                self.upper[self.prefers(p, a, a)] = 0.0
            for a, b in itertools.combinations(range(self.m), 2):
                tied = self.score[p, a] == self.score[p, b]
                self._row({self.prefers(p, a, b): 1, self.prefers(p, b, a): 1}, 0 if tied else 1, 1)
            for a, b, c in itertools.permutations(range(self.m), 3):
                terms = {self.prefers(p, a, c): 1, self.prefers(p, a, b): -1, self.prefers(p, b, c): -1}
                self._row(terms, -np.inf, 0)

    def _deterred(self, i: int, x: int) -> None:
        """A unit flows from x if x is preferred to the target: (outcome, who moved last) to where i is no better off."""
        improving, replies = self.concept in ("seq", "sseq"), self.concept in ("smr", "sseq")
        opponents = [] if self.concept == "nash" else list(self.conflict.opponents(i))
        if improving:
            opponents = [k for k in opponents if self.conflict.members[k]]
        balance: dict[tuple[int, int], dict[int, float]] = defaultdict(dict)
        start: dict[int, float] = {self.prefers(i, x, self.target): -1.0}
        seen, todo = {(x, -1)}, [(x, -1)]
        while todo:
            here = todo.pop()
            for k in opponents:
                if k == here[1]:
                    continue
                for y in self._targets(k, here[0]):
                    arc = self._column()
                    for member in self.conflict.members[k] if improving else ():
                        self._row({arc: 1, self.prefers(member, y, here[0]): -1}, -np.inf, 0)
                    (start if here[1] < 0 else balance[here])[arc] = 1.0
                    balance[y, k][arc] = -1.0
                    if (y, k) not in seen:
                        seen.add((y, k))
                        todo.append((y, k))
        ends: dict[int, int] = {}
        for (y, _), terms in balance.items():
            if y not in ends:
                ends[y] = self._column()
                worse = [y, *(self._targets(self.conflict.own[i], y) if replies else [])]
                for z in worse:
                    if z != self.target:
                        self._row({ends[y]: 1, self.prefers(i, z, self.target): 1}, -np.inf, 1)
            out = self._column()
            terms[out] = 1.0
            self._row({out: 1, ends[y]: -1}, -np.inf, 0)
        self._row(start, 0, 0)
        for terms in balance.values():
            self._row(terms, 0, 0)

    def solve(self, pairwise: bool) -> Array | None:
        """Strict preferences bool (n, m, m) of the least change; None without a proof."""
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        cost = dict.fromkeys(range(len(self.upper)), 0.0)
        weight = 1.0 if pairwise else TIE_BREAK / (self.n * self.m**2)
        for p in range(self.n):
            for a, b in itertools.combinations(range(self.m), 2):
                old = int(np.sign(self.score[p, a] - self.score[p, b]))
                ab, ba = self.prefers(p, a, b), self.prefers(p, b, a)
                cost[ab] += weight * (-0.5 if old > 0 else 0.5)
                cost[ba] += weight * (-0.5 if old < 0 else 0.5)
        if not pairwise:
            self._places(cost)
        flat = [(r, c, v) for r, (terms, _, _) in enumerate(self.rows) for c, v in terms.items()]
        r, c, v = (np.array(part) for part in zip(*flat, strict=True))
        matrix = csr_array((v, (r, c)), shape=(len(self.rows), len(self.upper)))
        low, high = (np.array([row[side] for row in self.rows]) for side in (1, 2))
        whole = np.zeros(len(self.upper))
        whole[: self.n * self.m * self.m] = 1
        solved = milp(
            [cost[column] for column in range(len(self.upper))],
            integrality=whole,
            bounds=Bounds(0, self.upper),
            constraints=LinearConstraint(matrix, low, high),
            options={"time_limit": SECONDS, "mip_rel_gap": 0.0},
        )
        if solved.status != 0:
            return None
        return solved.x[: self.n * self.m * self.m].reshape(self.n, self.m, self.m) > 0.5  # type: ignore[no-any-return]

    def _places(self, cost: dict[int, float]) -> None:
        """Outcomes that change their place: an order of two stays as it was unless one of them does."""
        for p in range(self.n):
            moved = [self._column() for _ in range(self.m)]
            self.upper[moved[self.target]] = 0.0
            cost.update(dict.fromkeys(moved, 1.0))
            for a, b in itertools.permutations(range(self.m), 2):
                ab = self.prefers(p, a, b)
                if self.score[p, a] > self.score[p, b]:
                    self._row({ab: 1, moved[a]: 1, moved[b]: 1}, 1, np.inf)
                else:
                    self._row({ab: 1, moved[a]: -1, moved[b]: -1}, -np.inf, 0)

    def changes(self, orders: Array) -> dict[str, Reranking]:
        """By party, what changed."""
        found = {}
        for p, party in enumerate(self.conflict.parties):
            old = np.sign(self.score[p][:, None] - self.score[p][None, :])
            new = orders[p].astype(np.int64) - orders[p].T
            pairs = float(np.abs(new - old).sum()) / 4
            if pairs:
                better = orders[p].sum(axis=0)
                groups = [np.flatnonzero(better == count) for count in np.unique(better)]
                ranking = tuple(tuple(self.states[g].tolist()) for g in groups)
                moved = _cover(new != old, self.target)
                found[party] = Reranking(tuple(self.states[sorted(moved)].tolist()), pairs, ranking)
        return found


def _cover(changed: Array, fixed: int) -> set[int]:
    """The fewest outcomes, ``fixed`` not among them, that are in every pair whose order changed; by trying small sets first."""
    edges = [(a, b) for a, b in zip(*np.nonzero(changed), strict=True) if a < b]
    must = {b if a == fixed else a for a, b in edges if fixed in (a, b)}
    edges = [(a, b) for a, b in edges if a not in must and b not in must]
    others = sorted({v for edge in edges for v in edge})
    for size in range(len(others) + 1):
        for extra in itertools.combinations(others, size):
            if all(a in extra or b in extra for a, b in edges):
                return {int(v) for v in must} | {int(v) for v in extra}
    raise AssertionError("all outcomes together are in every pair")

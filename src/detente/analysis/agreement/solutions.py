"""Fair solutions: which acceptable outcome the well-known rules pick, and what each rule means here.

Definitions, sources and tie-breaks are those of the agreement theory page. A solution is read off the exact
front where there is one, else found by search with a certificate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict, Unpack

import numpy as np

from detente.analysis.agreement.front import ParetoFront
from detente.analysis.agreement.listing import possible
from detente.analysis.agreement.stages import Stages
from detente.analysis.agreement.zone import rational
from detente.errors import NeedsError
from detente.kernels import search
from detente.space import SNAP, Space
from detente.space.tables import Array

SOLUTIONS = ("nash", "kalai_smorodinsky", "egalitarian", "utilitarian")
Rules = Literal["detente", "genius", "negmas"]

DEFINITIONS = {
    "nash": "nash-1950/most-strict-gains-then-product",
    "weighted_nash": "nash-1950/weighted-product",
    "kalai_smorodinsky": "kalai-smorodinsky-1975/max-min-share-of-ideal-gain",
    "egalitarian": "kalai-1977/max-min-gain",
    "utilitarian": "harsanyi-1955/max-sum-of-gains",
}
INTERPERSONAL = frozenset({"egalitarian", "utilitarian"})
"""Rules that compare the parties' scales."""
TIME_LIMIT = 20.0
"""Seconds that a search for one solution may take before it reports its gap."""
NODES = 300_000
"""Partial outcomes that it may visit where the whole front is there to fall back on."""


@dataclass(frozen=True, eq=False)
class Solution:
    """One rule's outcome: ``levels``, ``utilities`` (n_parties,), and how sure it is (``gap`` 0 if exact)."""

    levels: tuple[int, ...]
    utilities: Array
    definition: str
    interpersonal: bool = False
    exact: bool = True
    gap: float = 0.0


def weight_row(space: Space, weights: Mapping[str, float]) -> Array:
    """Weights by party as a row; every party has one above 0."""
    unknown = [party for party in weights if party not in space.parties]
    if unknown:
        raise NeedsError(f"weights: unknown party '{unknown[0]}'; there are {', '.join(space.parties)}")
    row = np.array([weights.get(party, 1.0) for party in space.parties])
    if not (np.isfinite(row).all() and (row > 0).all()):
        raise NeedsError("weights are numbers above 0")
    return row


def solve(
    space: Space,
    front: ParetoFront,
    parts: Stages | None,
    reservation: Array,
    weights: Array | None = None,
) -> dict[str, Solution | None]:
    """The solutions by the definitions: from all outcomes where they are few, from the front, or by search.

    A front is enough where no utilities differ by less than 1e-9 without being equal; else sums of stages are
    searched, and where that is out of reach the lowest outcome of a point stands for all within 1e-9.
    """
    if space.size <= search.ENUMERABLE:
        return from_list(space, *possible(space), reservation, weights)
    full = front.exact and front.outcomes is None
    if parts is not None and not (full and front.alone):
        found = from_search(parts, reservation, weights, NODES if full else None)
        if not full or all(s is None or s.exact for s in found.values()):
            return found
    if not full:
        return dict.fromkeys(names(weights))
    order = np.lexsort(front.levels.T[::-1])
    return from_list(space, front.levels[order], front.utilities[order], reservation, weights)


def names(weights: Array | None) -> list[str]:
    """The solutions that are asked for."""
    return [*SOLUTIONS, *(["weighted_nash"] if weights is not None else [])]


def from_list(
    space: Space, outcomes: Array, utilities: Array, reservation: Array, weights: Array | None = None
) -> dict[str, Solution | None]:
    """The solutions among outcomes in ascending order, by number (N,) or by levels (N, issues)."""
    rows = np.flatnonzero(rational(utilities, reservation))
    if not len(rows) or not space.n_parties:
        return dict.fromkeys(names(weights))
    gains = utilities[rows] - reservation
    found: dict[str, Solution | None] = {}
    for name in names(weights):
        row = rows[_choose(name, gains, weights)]
        levels = space.levels(int(outcomes[row])) if outcomes.ndim == 1 else tuple(map(int, outcomes[row]))
        found[name] = Solution(levels, utilities[row], DEFINITIONS[name], name in INTERPERSONAL)
    return found


def _choose(name: str, gains: Array, weights: Array | None) -> int:
    """Row of the outcome that a rule picks among rational ones; ``gains`` in order of their numbers."""
    objective = {"kalai_smorodinsky": "maxmin", "egalitarian": "maxmin", "utilitarian": "sum"}.get(
        name, "nash"
    )
    scale = _scale(gains.max(axis=0)) if name == "kalai_smorodinsky" else None
    return search.choose(gains, objective, weights=weights if name == "weighted_nash" else None, scale=scale)  # type: ignore[arg-type]


def _scale(ideal: Array) -> Array:
    """Ideal gains as the scale of Kalai and Smorodinsky's rule; 0 leaves out whoever cannot gain."""
    return np.where(ideal > SNAP, ideal, 0.0)


def from_search(
    parts: Stages, reservation: Array, weights: Array | None = None, nodes: int | None = None
) -> dict[str, Solution | None]:
    """The solutions of a sum of stages, without its front: dual bound and bounded-loss search.

    ``nodes`` bounds the work of each; without it, the time does.
    """
    limits: _Limits = {"time_limit": TIME_LIMIT} if nodes is None else {"node_limit": nodes}
    ideal = ideal_gains(parts, reservation, **limits) if parts.possible else None
    if ideal is None:
        return dict.fromkeys(names(weights))
    found: dict[str, Solution | None] = {}
    for name in names(weights):
        answer = _search(name, parts, reservation, ideal, weights, limits)
        found[name] = solution(parts, answer, DEFINITIONS[name], name in INTERPERSONAL)
    return found


def _search(
    name: str, parts: Stages, reservation: Array, ideal: Array, weights: Array | None, limits: _Limits
) -> search.Found:
    if name == "utilitarian":
        return search.weighted_sum(parts.values, reservation, **limits)
    if name in ("egalitarian", "kalai_smorodinsky"):
        scale = _scale(ideal) if name == "kalai_smorodinsky" else None
        return search.maxmin(parts.values, reservation, scale=scale, **limits)
    chosen = weights if name == "weighted_nash" else None
    return search.nash(parts.values, reservation, weights=chosen, **limits)


class _Limits(TypedDict, total=False):
    time_limit: float
    node_limit: int


def ideal_gains(parts: Stages, reservation: Array, **limits: Unpack[_Limits]) -> Array | None:
    """Each party's largest gain over rational outcomes, (n_parties,); None where none is rational."""
    ideal = np.zeros(len(reservation))
    for p in range(len(reservation)):
        only = np.zeros(len(reservation))
        only[p] = 1.0
        answer = search.weighted_sum(parts.values, reservation, weights=only, ties=False, **limits)
        if answer.gains is None:
            return None
        ideal[p] = answer.gains[p]
    return ideal


def solution(
    parts: Stages, answer: search.Found, definition: str, interpersonal: bool = False
) -> Solution | None:
    """A search's answer as a solution."""
    if answer.choice is None:
        return None
    levels = tuple(map(int, parts.levels(np.asarray(answer.choice)[None, :])[0]))
    utilities = parts.space.utility(levels)
    return Solution(levels, utilities, definition, interpersonal, answer.exact, answer.gap)


# other tools' rules, for comparison --------------------------------------------------------------


def by_rules(
    rules: Rules, front: ParetoFront, reservation: Array, ranges: Array
) -> dict[str, Solution | None]:
    """The solutions as NegMAS 0.16 or Genius 10.4 define them, on the front; see the theory page."""
    table = _NEGMAS if rules == "negmas" else _GENIUS
    utilities = front.utilities
    if rules == "negmas":
        reservation = np.maximum(reservation, ranges[0])
        rows = np.flatnonzero((utilities >= reservation).all(axis=1))
    else:
        rows = np.arange(len(utilities))
    found: dict[str, Solution | None] = {}
    for name in SOLUTIONS:
        if not len(rows):
            found[name] = None
            continue
        score = table[name](utilities[rows], reservation, ranges)
        row = int(rows[int(np.argmax(score))])
        levels = tuple(map(int, front.levels[row]))
        found[name] = Solution(levels, utilities[row], f"{rules}/{name}", name in INTERPERSONAL)
    return found


_Score = Callable[[Array, Array, Array], Array]
_NEGMAS: dict[str, _Score] = {
    "nash": lambda u, r, _: (u - r).prod(axis=1),
    "kalai_smorodinsky": lambda u, r, ranges: (
        -np.ptp((u - r) / np.where(ranges[1] > r, ranges[1] - r, 1.0), axis=1)
    ),
    "egalitarian": lambda u, r, _: (u - r).min(axis=1),
    "utilitarian": lambda u, _r, _: u.sum(axis=1),
}
_GENIUS: dict[str, _Score] = {
    "nash": lambda u, r, _: np.where((u >= r).all(axis=1), (u - r).prod(axis=1), -1.0),
    "kalai_smorodinsky": lambda u, _r, _: -np.abs(u[:, :, None] - u[:, None, :]).sum(axis=(1, 2)),
    "egalitarian": lambda u, _r, _: u.min(axis=1),
    "utilitarian": lambda u, _r, _: u.sum(axis=1),
}

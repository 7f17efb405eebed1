"""Confidence from the definitions: one draw at a time, by the analyses themselves."""

from __future__ import annotations

import itertools

import numpy as np

from detente.analysis.agreement import agreement
from detente.analysis.confidence.ask_other import settled
from detente.analysis.standoff import standoff


def front(points):
    """Which points (F, k) nothing dominates."""
    return [
        not any(
            all(q >= p for p, q in zip(a, b, strict=True)) and any(q > p for p, q in zip(a, b, strict=True))
            for b in points
        )
        for a in points
    ]


def agreements(world, values, count):
    """For each draw: whether a deal exists, acceptable outcomes, front outcomes, outcome by rule."""
    found = []
    for d in range(count):
        result = agreement(settled(world, values, d))
        space = result.space
        numbers = [s for s in range(space.size) if space.feasible(s, s + 1)[0]]
        utilities = space.utilities()
        good = {
            space.levels(s)
            for s in numbers
            if all(utilities[p, s] >= result.reservation[p] - 1e-9 for p in range(space.n_parties))
        }
        points = [np.round(utilities[:, s], 7) for s in numbers]
        efficient = {space.levels(s) for s, kept in zip(numbers, front(points), strict=True) if kept}
        rules = {name: None if s is None else tuple(s.levels) for name, s in result.solutions.items()}
        found.append((result.zone.exists, good, efficient, rules))
    return found


def standoffs(world, values, count):
    """For each draw: the equilibria by concept."""
    found = []
    for d in range(count):
        result = standoff(settled(world, values, d))
        found.append({c: set(map(int, result.equilibria(c))) for c in ("nash", "gmr", "smr", "seq", "sseq")})
    return found


def orders(ranks, pairs):
    """All ways to share out the places of outcomes that unknown pairs tie, keeping every pair whose order is known."""
    names = sorted({s for pair in pairs for s in pair}, key=lambda s: (ranks[s], s))
    unknown = {frozenset(pair) for pair in pairs}
    places = [ranks[s] for s in names]
    found = []
    for given in set(itertools.permutations(places)):
        new = dict(zip(names, given, strict=True))
        if all(
            np.sign(new[a] - new[b]) == np.sign(ranks[a] - ranks[b])
            for a, b in itertools.combinations(names, 2)
            if frozenset((a, b)) not in unknown
        ):
            found.append(new)
    return found

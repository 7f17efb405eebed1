"""Preferences as scores: dense whole numbers, 1 is worst, 0 for an impossible outcome."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from detente.space import Space
from detente.space.space import BLOCK
from detente.space.tables import Array

TABLE = 1 << 27
"""Widest range of keys that is ranked by a table of what occurs, in place of a sort."""


def possible_outcomes(space: Space) -> Array:
    """Which outcomes are possible: bool, (S,)."""
    out = np.empty(space.size, dtype=bool)
    for start, stop in space.chunks():
        out[start:stop] = space.feasible(start, stop)
    return out


Allow = Callable[[float], None]
"""Is told the bytes that a sort would take, and raises where they are too many."""


def scores(space: Space, possible: Array, allow: Allow) -> Array:
    """Scores of every party: (n_parties, S), higher is better, uint16 where they fit, else int32.

    Small spaces use the ranks that the space keeps; large ones a table of the keys that occur, so that nothing
    is sorted unless the keys spread widely. Work space: 8 bytes an outcome, and three times that to sort.
    """
    out = np.empty((space.n_parties, space.size), dtype=np.uint16)
    for p in range(space.n_parties):
        row = _of_ranks(space, p, possible) if space.size <= BLOCK else _of_keys(space, p, possible, allow)
        if row.dtype != np.uint16 and out.dtype == np.uint16:
            out = out.astype(np.int32)
        out[p] = row
    return out


def _of_ranks(space: Space, party: int, possible: Array) -> Array:
    ranks = space.ranks(party)
    most = int(ranks[possible].max(initial=0))
    return np.where(possible, most + 1 - ranks, 0).astype(_kind(most))


def _of_keys(space: Space, party: int, possible: Array, allow: Allow) -> Array:
    """Scores of a large space: keys, then dense ranks of the keys that occur."""
    keys = np.empty(space.size, dtype=np.int64)
    for start, stop in space.chunks():
        keys[start:stop] = space.keys(party, start, stop)
    step = _step(keys)
    if step > 1:
        for start in range(0, len(keys), BLOCK):
            keys[start : start + BLOCK] //= step
    least = int(keys.min())
    if int(keys.max()) - least < TABLE:
        keys -= least
        occurs = np.zeros(int(keys.max()) + 1, dtype=bool)
        for start in range(0, len(keys), BLOCK):
            part = keys[start : start + BLOCK]
            occurs[part[possible[start : start + BLOCK]]] = True
        rank = np.cumsum(occurs, dtype=np.int32)
        most = int(rank[-1])
        return _fill(keys, possible, most, lambda part: rank[part])
    allow(space.size * (28.0 + 4 * space.n_parties))
    values = np.unique(keys[possible])
    return _fill(keys, possible, len(values), lambda part: np.searchsorted(values, part) + 1)


def _fill(keys: Array, possible: Array, most: int, rank: Callable[[Array], Array]) -> Array:
    out: Array = np.empty(len(keys), dtype=_kind(most))
    for start in range(0, len(keys), BLOCK):
        at = slice(start, start + BLOCK)
        out[at] = np.where(possible[at], most + 1 - rank(keys[at]), 0)
    return out


def _kind(most: int) -> type:
    return np.uint16 if most < np.iinfo(np.uint16).max else np.int32


def _step(keys: Array) -> int:
    """A whole number such that keys differ by multiples of it (and are multiples of it); 1 at worst."""
    step = int(np.gcd.reduce(keys[:BLOCK]))
    for start in range(0, len(keys), BLOCK):
        if step <= 1:
            return 1
        part = keys[start : start + BLOCK]
        if not np.array_equal(part // step * step, part):
            step = int(np.gcd(step, np.gcd.reduce(part)))
    return max(step, 1)

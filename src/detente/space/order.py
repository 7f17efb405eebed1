"""Orders as whole numbers: keys of outcomes, smaller is better, and the dense ranks that follow from them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from detente.space.tables import Array

SNAP = 1e-9
"""Utilities closer than this are the same; see `snap`."""
_OFFSET = 0.5 + 0.137
_LARGE = 1e15
"""Multiples of `SNAP` from which float64 has no digits to spare (utilities of a million and more)."""
_DIGITS = 14
PART = 1 << 15
"""Entries handled together, so that passes stay in the cache."""
TABLE = 1 << 16
"""Keys that spread over no more values than this, or twice as many as there are, are ranked by a table."""


def snap(utilities: Array) -> Array:
    """Utilities as whole multiples of `SNAP`, so that equality is transitive: float64 of the same shape.

    Cells begin at 0.363 of a multiple, so that decimals are far from their edges. Utilities of a million and
    more have no digits beyond `SNAP` to spare: the first 14 digits count.
    """
    whole = np.floor(utilities / SNAP + _OFFSET)
    large = np.abs(whole) >= _LARGE
    if not large.any():
        return np.asarray(whole)
    values = np.asarray(utilities, dtype=np.float64)[large] / SNAP
    unit = 10.0 ** (np.floor(np.log10(np.abs(values))) - (_DIGITS - 1))
    whole[large] = np.floor(values / unit + _OFFSET) * unit
    return np.asarray(whole)


def best_first(points: Array) -> Array:
    """The order of points (m, n) from the best for the first party down, ties by the next: the same on every machine."""
    return np.lexsort(-snap(points).T[::-1])


def whole_keys(utilities: Array, exact: bool) -> Array:
    """Keys of utilities, int64, smaller is better, equal where they snap to the same.

    ``exact`` says that all multiples of `SNAP` that occur fit into an int64; else keys are the order of the
    floating-point numbers, which has no gaps and no meaning beyond order.
    """
    snapped = snap(utilities)
    if exact:
        return -snapped.astype(np.int64)
    bits = (0.0 - snapped).view(np.int64)
    return np.where(bits < 0, np.int64(np.iinfo(np.int64).min) - bits, bits)


def dense_ranks(keys: Array, possible: Array | None = None) -> Array:
    """Ranks of keys, 1 for the smallest, ties share one, none left out: int32.

    ``keys`` int64 (n,), used as work space; ``possible`` bool (n,) or None for all: the others share the rank
    after the last. Memory besides the keys: 4 bytes an entry; up to 10 more for a table of the keys that occur,
    where they spread narrowly, and 20 more where they spread so widely that they are sorted in several rounds.
    """
    if not len(keys):
        return np.zeros(0, dtype=np.int32)
    if possible is not None and not possible.any():
        return np.ones(len(keys), dtype=np.int32)
    least, most, step = _span(keys, possible)
    count = (most - least) // step + 1
    offsets = keys.view(np.uint64)
    for part in _parts(len(keys)):
        here = offsets[part]
        here -= np.uint64(least % 2**64)
        if step > 1:
            here //= np.uint64(step)
        if possible is not None:
            here[~possible[part]] = count
    bits = count.bit_length() + (len(keys) - 1).bit_length()
    if count <= max(TABLE, 2 * len(keys)):
        return _by_table(keys, count)
    return _by_sort(offsets) if bits <= 64 else _by_rounds(offsets, count.bit_length())


def _parts(size: int) -> Iterator[slice]:
    return (slice(start, start + PART) for start in range(0, size, PART))


def _span(keys: Array, possible: Array | None) -> tuple[int, int, int]:
    """Least and greatest key of the possible entries, and a number that divides all their differences."""
    lows, highs = [], []
    for part in _parts(len(keys)):
        some = keys[part] if possible is None else keys[part][possible[part]]
        if len(some):
            lows.append(int(some.min()))
            highs.append(int(some.max()))
    least, most = min(lows), max(highs)
    step = most - least
    for part in _parts(len(keys)):
        if step <= 1:
            break
        some = keys[part] if possible is None else keys[part][possible[part]]
        away = some.view(np.uint64) - np.uint64(least % 2**64)
        if (away % np.uint64(step)).any():
            step = int(np.gcd(np.gcd.reduce(away), np.uint64(step)))
    return least, most, max(step, 1)


def _by_table(keys: Array, count: int) -> Array:
    """By a table of the keys that occur, which are from 0 to ``count``; the last is the impossible."""
    occurs = np.zeros(count + 1, dtype=bool)
    for part in _parts(len(keys)):
        occurs[keys[part]] = True
    rank = np.cumsum(occurs, dtype=np.int32)
    ranks = np.empty(len(keys), dtype=np.int32)
    for part in _parts(len(keys)):
        np.take(rank, keys[part], out=ranks[part], mode="clip")
    return ranks


def _by_sort(keys: Array) -> Array:
    """By sorting keys that carry their position in the low bits; in place."""
    width = np.uint64((len(keys) - 1).bit_length())
    for part in _parts(len(keys)):
        here = keys[part]
        here <<= width
        here |= np.arange(part.start, part.start + len(here), dtype=np.uint64)
    keys.sort()
    low = np.uint64((1 << int(width)) - 1)
    ranks = np.empty(len(keys), dtype=np.int32)
    rank, last = 0, None
    for part in _parts(len(keys)):
        values = keys[part] >> width
        new = np.ones(len(values), dtype=bool)
        np.not_equal(values[1:], values[:-1], out=new[1:])
        new[0] = last is None or values[0] != last
        found = rank + np.cumsum(new, dtype=np.int32)
        ranks[(keys[part] & low).astype(np.int64)] = found
        rank, last = int(found[-1]), values[-1]
    return ranks


def _by_rounds(keys: Array, bits: int) -> Array:
    """By sorting as many low bits at a time as fit beside a position, least significant first."""
    width = (len(keys) - 1).bit_length()
    low = np.uint64((1 << width) - 1)
    places = np.arange(len(keys), dtype=np.uint64)
    order = places.astype(np.int64)
    for shift in range(0, bits, 64 - width):
        packed = keys[order]
        packed >>= np.uint64(shift)
        packed <<= np.uint64(width)
        packed |= places
        packed.sort()
        packed &= low
        order = order[packed.astype(np.int64)]
    found = keys[order]
    new = np.ones(len(keys), dtype=bool)
    np.not_equal(found[1:], found[:-1], out=new[1:])
    ranks = np.empty(len(keys), dtype=np.int32)
    ranks[order] = np.cumsum(new, dtype=np.int32)
    return ranks

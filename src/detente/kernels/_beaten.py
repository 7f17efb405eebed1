"""Which points are beaten: sets of points or partial sums, and what is dropped from them.

Arrays have one column a state: ``u`` (k, F) utilities, ``words`` (B, F) numbers, ``counts`` (F,). ``keys`` are
utilities in whole units. One column beats another if it is at least as high everywhere and higher by ``slack``
somewhere; with slack 1 this is dominance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Counts = NDArray[Any]  # int64, or Python ints where 2**62 is not enough

SNAP = 1e-9  # utilities in one bin of this width are one point
OFFSET = 0.137
SMALL = 128  # columns up to which comparing all pairs is the quickest
PAIRS = 1 << 22  # comparisons made at a time
CELLS = 1 << 16  # of the grid that finds most beaten columns
FEW = 2_000  # columns up to which such a grid does not pay
GOLDEN = (5**0.5 - 1) / 2


class Status(IntEnum):
    DONE = 0
    LIMIT = 1  # more states than the limit allows; nothing else in the answer holds


@dataclass(frozen=True, slots=True)
class States:
    """A set of partial outcomes: sums ``u`` (k, F), numbers ``words`` (B, F), multiplicities ``counts`` (F,)."""

    u: Floats
    words: Ints
    counts: Counts

    def __len__(self) -> int:
        return self.u.shape[1]

    def take(self, rows: NDArray[np.intp]) -> States:
        return States(self.u.take(rows, axis=1), self.words.take(rows, axis=1), self.counts.take(rows))


@dataclass(frozen=True, slots=True)
class Rule:
    """When a sum is beaten: by one as high in all keys ``floor(u / unit + OFFSET)``, higher by ``slack`` in one.

    Sums of equal keys become one, their counts added (``add``) or not.
    """

    unit: float
    slack: float
    add: bool

    def keys(self, u: Floats) -> Floats:
        return np.floor(u * (1 / self.unit) + OFFSET)


def snap(u: Floats) -> Floats:
    """The point of each column of ``u``: the number of its bin in every coordinate."""
    return np.floor(u / SNAP + (0.5 + OFFSET))


def joined(parts: Sequence[States]) -> States:
    """All states of several sets."""
    return States(
        np.concatenate([part.u for part in parts], axis=1),
        np.concatenate([part.words for part in parts], axis=1),
        np.concatenate([part.counts for part in parts]),
    )


def shortlist(keys: Floats, slack: float, compiled: bool) -> tuple[NDArray[np.intp], bool]:
    """Columns of ``keys`` (k, n) that hold every one not beaten; and whether they hold nothing else, once each.

    One column beats another if it is at least as high everywhere and higher by ``slack`` somewhere. Whatever no
    column dominates, and whatever lies near below one of those, is listed.
    """
    if keys.shape[1] <= SMALL:
        return _unbeaten(keys, slack)
    rows = np.flatnonzero(~_below_best(keys, slack))
    keys = keys.take(rows, axis=1)
    if len(keys) > 2 and len(rows) > FEW:
        clear = np.flatnonzero(~_below_cells(keys, slack))
        rows, keys = rows.take(clear), keys.take(clear, axis=1)
    if len(rows) <= SMALL:
        listed, sure = _unbeaten(keys, slack)
        return rows[listed], sure
    if len(keys) <= 2:
        return rows, False
    best = _undominated(keys) if compiled else _undominated_plain(keys)
    near = _near(keys, best, slack)
    return rows[best | near], not near.any()


def beats(by: Floats, keys: Floats, slack: float) -> NDArray[np.bool_]:
    """Entry (.., i, j): column i of ``by`` (k, .., n) beats column j of ``keys`` (k, .., m)."""
    high = by[0][..., :, None] >= keys[0][..., None, :]
    far = by[0][..., :, None] >= keys[0][..., None, :] + slack
    for ours, theirs in zip(by[1:], keys[1:], strict=True):
        high &= ours[..., :, None] >= theirs[..., None, :]
        far |= ours[..., :, None] >= theirs[..., None, :] + slack
    return high & far


def _unbeaten(keys: Floats, slack: float) -> tuple[NDArray[np.intp], bool]:
    """The columns that none beats, by comparing all pairs; and whether no two of them are equal."""
    rows = np.flatnonzero(~beats(keys, keys, slack).any(axis=0))
    return rows, len({*map(tuple, keys.take(rows, axis=1).T.tolist())}) == len(rows)


def _below_best(keys: Floats, slack: float) -> NDArray[np.bool_]:
    """Columns lower by ``slack`` everywhere than the column with the best sum of keys, scaled to one range."""
    best = ((1 / np.maximum(np.ptp(keys, axis=1), 1)) @ keys).argmax()
    below = keys[0] <= keys[0, best] - slack
    for row in keys[1:]:
        below &= row <= row[best] - slack
    return below


def _below_cells(keys: Floats, slack: float) -> NDArray[np.bool_]:
    """Columns that a grid over all coordinates but the last shows to be beaten.

    Each cell holds the highest last key of the columns in cells above it in every coordinate.
    """
    n = int(CELLS ** (1 / (len(keys) - 1)))
    cells = np.zeros(keys.shape[1], dtype=np.intp)
    for row in keys[:-1]:
        low = row.min()
        scale = (n - 1) / max(row.max() - low, 1.0)
        cells = cells * n + ((row - low) * scale).astype(np.intp)
    best = np.full(n ** (len(keys) - 1), -np.inf)
    np.maximum.at(best, cells, keys[-1])
    above = np.full((n,) * (len(keys) - 1), -np.inf)
    inner = (slice(None, -1),) * above.ndim
    above[inner] = best.reshape(above.shape)[(slice(1, None),) * above.ndim]
    for axis in range(above.ndim):
        flipped = np.flip(above, axis)
        np.maximum.accumulate(flipped, axis=axis, out=flipped)
    return above.ravel().take(cells) >= keys[-1] + slack  # type: ignore[no-any-return]


def _undominated(keys: Floats) -> NDArray[np.bool_]:
    """The columns that no other one dominates, once each; compiled."""
    import moocore

    mask: NDArray[np.bool_] = moocore.is_nondominated(np.ascontiguousarray(keys.T), maximise=True)
    return mask


def _undominated_plain(keys: Floats) -> NDArray[np.bool_]:
    """As `_undominated`, in numpy: whatever dominates a column comes before it in descending order."""
    order, fresh = _descending(keys, np.empty((0, keys.shape[1]), dtype=np.int64))
    order = order[fresh]
    kept = order[:0]
    for at in range(0, len(order), SMALL):
        rows = order[at : at + SMALL]
        rows = rows[~beats(keys.take(kept, axis=1), keys.take(rows, axis=1), 1.0).any(axis=0)]
        within = keys.take(rows, axis=1)
        kept = np.append(kept, rows[~beats(within, within, 1.0).any(axis=0)])
    mask = np.zeros(keys.shape[1], dtype=np.bool_)
    mask[kept] = True
    return mask


def _near(keys: Floats, best: NDArray[np.bool_], slack: float) -> NDArray[np.bool_]:
    """The columns outside ``best`` that may lie within ``slack`` below one in it in every coordinate.

    Such two have nearby projections on any positive direction; of two that are not, few have.
    """
    weights = np.concatenate(([1.0], 0.1 + 0.2 * np.modf(np.arange(1, len(keys)) * GOLDEN)[0]))
    along = weights @ keys
    margin = 1 + 2.0**-48 * np.abs(along).max()
    front = np.sort(along[best])
    rest = np.flatnonzero(~best)
    low = along[rest] - margin
    at = np.searchsorted(front, low)
    inside = at < len(front)
    inside[inside] = front[at[inside]] <= low[inside] + (slack * weights.sum() + 2 * margin)
    near = np.zeros(len(best), dtype=np.bool_)
    near[rest[inside]] = True
    return near


def _descending(keys: Floats, words: Ints) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """The order of columns by key descending, equal ones by ``words``; and which differ in key from the one before.

    Sorted by the first key, then only the runs of ties in it by all the rest.
    """
    order = np.argsort(-keys[0])
    fresh = np.ones(len(order), dtype=np.bool_)
    fresh[1:] = _changes(keys[:1].take(order, axis=1))
    if fresh.all():
        return order, fresh
    tied = ~fresh
    tied[:-1] |= tied[1:]
    runs = order[tied]
    rest = (*words.take(runs, axis=1)[::-1], *-keys.take(runs, axis=1)[::-1])
    order[tied] = runs[np.lexsort(rest)]
    fresh[1:] = _changes(keys.take(order, axis=1))
    return order, fresh


def _changes(keys: Floats) -> NDArray[np.bool_]:
    """Which columns but the first differ from the one before."""
    changes = keys[0, 1:] != keys[0, :-1]
    for row in keys[1:]:
        changes |= row[1:] != row[:-1]
    return changes


def group(
    keys: Floats, states: States, slack: float, compiled: bool, add: bool = True
) -> tuple[NDArray[np.intp], Counts]:
    """The states that are not beaten, one for each key, by key descending; and their counts.

    Of equal keys the lowest number is kept, with the sum of the counts (``add``).
    """
    order, fresh = _descending(keys, states.words)
    starts = np.flatnonzero(fresh)
    rows = order[starts]
    spared = _spared(keys.take(rows, axis=1), slack, compiled)
    if add and len(rows) < len(order):
        return rows[spared], np.add.reduceat(states.counts.take(order), starts)[spared]
    return rows[spared], states.counts.take(rows[spared])


def _spared(keys: Floats, slack: float, compiled: bool) -> NDArray[np.bool_]:
    """The columns that none beats, among distinct ones in descending order."""
    if len(keys) == 1:
        return keys[0] > keys[0, 0] - slack
    if len(keys) == 2:
        best = np.maximum.accumulate(keys[1])
        ahead = np.searchsorted(-keys[0], -keys[0] - slack, side="right")
        best_ahead = np.append(best, -np.inf)[ahead - 1]
        return (keys[1] > best_ahead) & (keys[1] > best - slack)
    if keys.shape[1] <= SMALL:
        return ~beats(keys, keys, slack).any(axis=0)
    spared = _undominated(keys) if compiled else _undominated_plain(keys)
    if slack == 1.0:
        return spared
    front = keys.compress(spared, axis=1)
    rest = np.flatnonzero(~spared)
    step = max(PAIRS // front.shape[1], 1)
    for at in range(0, len(rest), step):
        rows = rest[at : at + step]
        spared[rows] = ~beats(front, keys.take(rows, axis=1), slack).any(axis=0)
    return spared

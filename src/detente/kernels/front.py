"""The exact Pareto front of a sum of independent stages, and of an explicit list of points.

An outcome chooses one option in each of n stages; its utility vector is the sum of its options' vectors, higher is
better. Two outcomes are the same point if their snapped vectors ``floor(u / 1e-9 + 0.5 + 0.137)`` are equal, and
dominance is between snapped vectors (pairwise nearness would not be transitive; the offset keeps decimal utilities
far from the edges of the bins).

The front grows stage by stage: a set of states, each a partial sum with the number of the lowest partial outcome
that reaches it and how many do. Two rules make the end agree with full enumeration:

- a partial sum is dropped only for one at least as high everywhere and higher by at least 1e-9 somewhere, for
  whatever follows, the two then end in different bins; among nearer ones either may win in the end;
- partial sums equal but for float noise (1/3 + 2/3 and 1) become one state, so that ties do not multiply.

Both read ``keys``, utilities in units of the noise. Numbers of outcomes are additive: a level has the bits of
its file position, spread over as many 62-bit words as it takes.

Inside, arrays have one column a state: ``u`` (k, F), ``words`` (B, F), ``counts`` (F,).
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detente.kernels._beaten import (
    OFFSET,
    PAIRS,
    SMALL,
    SNAP,
    Counts,
    Floats,
    Ints,
    Rule,
    States,
    Status,
    beats,
    group,
    joined,
    shortlist,
    snap,
)
from detente.kernels._constant import bound_distinct_sums, constant_sum, count_distinct_sums
from detente.kernels._listed import Listed, Stream, pareto

__all__ = [
    "Front",
    "Listed",
    "Status",
    "Stream",
    "bound_distinct_sums",
    "constant_sum",
    "count_distinct_sums",
    "front",
    "pareto",
]

NOISE = 1e-11  # partial sums closer than this are equal
NOISE_SHARE = 2.0**-43  # and closer than this share of the largest sum there could be
WORD_BITS = 62
SAFE = 1 << 62  # counts below this are int64
ENUMERATE = 20_000  # outcomes up to which nothing compiled is imported
PLAIN = 4_096  # candidates up to which numpy beats importing numba
BLOCK = 1 << 20  # candidates filtered at a time


@dataclass(frozen=True, slots=True)
class Front:
    """The points of a front, by snapped utility descending, first coordinate first.

    ``points`` (F, k) utilities of the outcomes reported; ``choices`` (F, n) option of each stage; ``counts`` (F,)
    how many outcomes share a point, int64, or Python ints where one exceeds 2**62; ``largest`` the most states
    kept at any stage; ``bound`` how far above its nearest point here, in every coordinate, a true point can lie
    (0: exact); ``alone``: surely no outcome lies within 1e-9 of a point without being equal to it.
    """

    points: Floats
    choices: NDArray[np.int32]
    counts: Counts
    status: Status
    largest: int
    bound: float
    alone: bool = False


def front(
    values: Sequence[ArrayLike],
    counts: Sequence[ArrayLike] | None = None,
    digits: Sequence[ArrayLike] | None = None,
    positions: Sequence[ArrayLike] | None = None,
    *,
    limit: int = 10_000_000,
    grid: float = 0.0,
    method: Literal["auto", "enumerate", "fold"] = "auto",
) -> Front:
    """The points that no outcome dominates, each with its lowest outcome and the number of outcomes that share it.

    ``values[i]`` (m_i, k): utilities of the options of stage i. ``counts[i]`` (m_i,): how many outcomes each option
    stands for (default 1). ``digits[i]`` (m_i, c_i): the levels it means, rows distinct; ``positions[i]`` (c_i,):
    the file positions of these issues, ascending (defaults: option j is level j of issue i). The lowest outcome is
    the lexicographically lowest in the levels by file position.

    ``limit`` bounds the states in memory; beyond it the status is LIMIT and the front empty. ``grid`` g > 1e-9
    thins partial sums to one in each cell of width g: attainable outcomes, at most ``bound`` = n * g below the true
    front in each coordinate; their counts are then lower bounds, and their outcomes need not be the lowest.

    ``enumerate`` lists all outcomes in numpy; ``fold`` goes stage by stage, compiled (numba for two parties,
    moocore's filter for more); ``auto`` chooses, and imports neither where there are up to 20,000 outcomes. Cost of
    a fold: sum over stages of the front so far times the options (times a logarithm; more above three parties).
    With real-valued utilities that are close to constant-sum every outcome is on the front: see `constant_sum`.

    Utilities should stay below 10^6, where a double still tells 1e-9 apart.

    Source: Nemhauser and Ullmann (1969), Management Science 15(9), for the fold; Kung, Luccio and Preparata (1975),
    Journal of the ACM 22(4), for the filter.
    """
    stages, places = _encode(values, counts, digits, positions)
    compiled = method == "fold" or (method == "auto" and math.prod(map(len, stages)) > ENUMERATE)
    if method == "enumerate":
        states, largest = _list_all(stages, limit)
    else:
        states, largest = _fold(stages, grid, limit, compiled, eager=method == "fold")
    if states is None:
        return _nothing(stages, largest)
    choices = _choices(states, places)
    points = _utilities(stages, choices)
    rows, shares = group(snap(points), states, 1.0, compiled)
    return Front(
        points=np.ascontiguousarray(points.take(rows, axis=1).T),
        choices=choices.take(rows, axis=1).T,
        counts=_narrowed(shares),
        status=Status.DONE,
        largest=largest,
        bound=grid * len(stages) if method != "enumerate" and grid > SNAP else 0.0,
        alone=method != "enumerate" and grid <= SNAP and len(rows) == len(states),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a stage's option is read from an outcome's number: its bits name a place in ``order``."""

    word: int
    shift: int
    mask: int
    order: NDArray[np.intp]

    def read(self, words: Ints) -> NDArray[np.intp]:
        return self.order.take((words[self.word] >> self.shift) & self.mask)


# ---- numbering -------------------------------------------------------------------------------------------------


def _encode(
    values: Sequence[ArrayLike],
    counts: Sequence[ArrayLike] | None,
    digits: Sequence[ArrayLike] | None,
    positions: Sequence[ArrayLike] | None,
) -> tuple[list[States], list[_Place]]:
    """Each stage's options as states, and where its choice is read from an outcome's number."""
    u = [np.asarray(v, dtype=np.float64).T for v in values]
    sizes = [a.shape[1] for a in u]
    columns, orders = _columns(sizes, digits, positions)
    n_words, packed = _pack([(radix - 1).bit_length() for _, _, radix, _ in columns])
    words = [np.zeros((n_words, m), dtype=np.int64) for m in sizes]
    places: list[_Place | None] = [None] * len(u)
    for (stage, levels, radix, reads), (word, shift) in zip(columns, packed, strict=True):
        words[stage][word] += levels << shift
        if reads:
            places[stage] = _Place(word, shift, (1 << (radix - 1).bit_length()) - 1, orders[stage])
    shares = _counts(sizes, counts)
    stages = [States(*parts) for parts in zip(u, words, shares, strict=True)]
    return stages, [place for place in places if place is not None]


def _columns(
    sizes: list[int], digits: Sequence[ArrayLike] | None, positions: Sequence[ArrayLike] | None
) -> tuple[list[tuple[int, Ints, int, bool]], list[NDArray[np.intp]]]:
    """The digits of an outcome's number, most significant first: stage, level by option, radix, is the choice.

    A stage whose positions no other stage's interrupt needs one digit, the rank of its options; ``orders`` are the
    options by rank. Another one has a digit for each issue, and its choice as a last digit.
    """
    orders = [np.arange(m) for m in sizes]
    if digits is None and positions is None:
        return [(i, order, len(order), True) for i, order in enumerate(orders)], orders
    tables = [
        np.reshape(d, (m, -1)) for d, m in zip(orders if digits is None else digits, sizes, strict=True)
    ]
    positions = [[i] for i in range(len(sizes))] if positions is None else positions
    owned = sorted((int(p), i, c) for i, at in enumerate(positions) for c, p in enumerate(np.ravel(at)))
    stages = [i for _, i, _ in owned]
    runs = Counter(i for i, before in zip(stages, [-1, *stages], strict=False) if i != before)
    columns = []
    for _, i, c in owned:
        levels = tables[i][:, c]
        if runs[i] > 1:
            columns.append((i, levels - levels.min(), int(np.ptp(levels)) + 1, False))
        elif c == 0:
            orders[i] = np.lexsort(tables[i].T[::-1])
            columns.append((i, np.argsort(orders[i]), sizes[i], True))
    return columns + [(i, orders[i], sizes[i], True) for i in range(len(sizes)) if runs[i] != 1], orders


def _pack(widths: list[int]) -> tuple[int, list[tuple[int, int]]]:
    """How many words hold digits of these widths in bits, and each digit's word and shift."""
    places, word, shift = [], 0, 0
    for width in reversed(widths):
        if shift + width > WORD_BITS:
            word, shift = word + 1, 0
        places.append((word, shift))
        shift += width
    return word + 1, [(word - w, shift) for w, shift in reversed(places)]


def _counts(sizes: list[int], counts: Sequence[ArrayLike] | None) -> list[Counts]:
    """Multiplicities by stage: int64 where no product can pass 2**62, else Python ints."""
    shares = [np.ones(m, np.int64) for m in sizes] if counts is None else [np.asarray(c) for c in counts]
    total = math.prod(float(share.sum(dtype=np.float64)) for share in shares)
    return [share.astype(np.int64 if total < SAFE / 2 else object) for share in shares]


def _narrowed(counts: Counts) -> Counts:
    """int64 where the counts fit."""
    return counts.astype(np.int64) if counts.dtype == object and max(counts) < SAFE else counts


def _choices(states: States, places: list[_Place]) -> NDArray[np.int32]:
    """The option of each stage, (n, F)."""
    choices = np.empty((len(places), len(states)), dtype=np.int32)
    for row, place in zip(choices, places, strict=True):
        row[:] = place.read(states.words)
    return choices


def _utilities(stages: list[States], choices: NDArray[np.int32]) -> Floats:
    """The utilities of outcomes, summed in the order of the stages, (k, F)."""
    u = stages[0].u.take(choices[0], axis=1)
    for stage, row in zip(stages[1:], choices[1:], strict=True):
        u += stage.u.take(row, axis=1)
    return u


def _nothing(stages: list[States], largest: int) -> Front:
    return Front(
        points=np.empty((0, len(stages[0].u))),
        choices=np.empty((0, len(stages)), dtype=np.int32),
        counts=np.empty(0, dtype=np.int64),
        status=Status.LIMIT,
        largest=largest,
        bound=0.0,
    )


# ---- sums of stages --------------------------------------------------------------------------------------------


def _pairs(a: States, b: States) -> States:
    """All sums of two sets, the first set's index slowest."""
    return States(
        (a.u[:, :, None] + b.u[:, None, :]).reshape(len(a.u), -1),
        (a.words[:, :, None] + b.words[:, None, :]).reshape(len(a.words), -1),
        (a.counts[:, None] * b.counts).ravel(),
    )


def _list_all(stages: list[States], limit: int) -> tuple[States | None, int]:
    """The outcomes on the front (None: beyond the limit), from the list of all, and how many there are."""
    size = math.prod(len(stage) for stage in stages)
    if size > limit:
        return None, size
    states = functools.reduce(_pairs, stages)
    rows, _ = shortlist(snap(states.u), 1.0, compiled=False)
    return states.take(rows), size


def _fold(
    stages: list[States], grid: float, limit: int, compiled: bool, eager: bool
) -> tuple[States | None, int]:
    """The states that may be on the front (None: beyond the limit) and the most states kept at any stage."""
    exact = _exact(stages)
    rule = exact if grid <= SNAP else Rule(grid, 1.0, add=False)
    plain = 0 if eager else PLAIN if compiled else math.inf
    stages = _trimmed(stages, exact, compiled)
    if math.prod(map(len, stages)) > SMALL:
        stages = _widest_first(stages)
    states, largest = stages[0], 1
    for i, stage in enumerate(stages[1:], 1):
        candidates = len(states) * len(stage)
        plain -= candidates
        if len(stage.u) == 2 and plain < 0:
            return _fold2(_thinned(states, exact, compiled=False), stages[i:], rule, limit, largest)
        if candidates <= min(SMALL, limit) and i < len(stages) - 1 and not eager:
            merged = _pairs(states, stage)
        else:
            merged = _merge(states, stage, rule, limit, compiled)
        if merged is None:
            return None, largest
        states, largest = merged, max(largest, len(merged))
    return states, largest


def _exact(stages: list[States]) -> Rule:
    """The rule that loses no point: sums apart by float noise only are equal, and 1e-9 more is surely better."""
    scale = len(stages) * np.abs(np.concatenate([stage.u for stage in stages], axis=1)).max()
    unit = min(NOISE, NOISE_SHARE * float(scale)) or NOISE
    return Rule(unit, math.ceil(SNAP / unit) + 1.0, add=True)


def _trimmed(stages: list[States], rule: Rule, compiled: bool) -> list[States]:
    """The stages without the options that another of the same stage beats; small ones all at once."""
    most = max(len(stage) for stage in stages)
    if len(stages) * most * most > PAIRS:
        return [_thinned(stage, rule, compiled) for stage in stages]
    u = np.full((len(stages[0].u), len(stages), most), -np.inf)
    for i, stage in enumerate(stages):
        u[:, i, : len(stage)] = stage.u
    keys = rule.keys(u)
    stays = ~beats(keys, keys, rule.slack).any(axis=1)
    return [stage.take(row[: len(stage)].nonzero()[0]) for stage, row in zip(stages, stays, strict=True)]


def _widest_first(stages: list[States]) -> list[States]:
    """The stages by how far apart their options lie, as a share of all: so the fronts between stay smallest."""
    spreads = np.array([np.ptp(stage.u, axis=1) for stage in stages])
    shares = spreads / np.maximum(spreads.sum(axis=0), SNAP)
    return [stages[i] for i in np.argsort(-shares.sum(axis=1), kind="stable")]


def _merge(a: States, b: States, rule: Rule, limit: int, compiled: bool) -> States | None:
    """The sums of two sets that are not beaten; None beyond the limit."""
    kept = a.take(np.arange(0))
    at = 0
    while at < len(b):
        room = limit - len(a) - len(kept)
        if room < len(a):
            return None
        step = min(room, max(BLOCK, len(a))) // len(a)
        part = _merged(
            a, b if step >= len(b) else b.take(np.arange(at, min(at + step, len(b)))), rule, compiled
        )
        kept = _thinned(joined((kept, part)), rule, compiled) if at else part
        at += step
    return kept


def _merged(a: States, b: States, rule: Rule, compiled: bool) -> States:
    """As `_merge`, all sums at a time; numbers and counts are made for the shortlist only."""
    u = (a.u[:, :, None] + b.u[:, None, :]).reshape(len(a.u), -1)
    rows, sure = shortlist(rule.keys(u), rule.slack, compiled)
    i, j = np.divmod(rows, len(b))
    states = States(
        u.take(rows, axis=1),
        a.words.take(i, axis=1) + b.words.take(j, axis=1),
        a.counts.take(i) * b.counts.take(j),
    )
    return states if sure else _grouped(states, rule, compiled)


def _thinned(states: States, rule: Rule, compiled: bool) -> States:
    """The states that are not beaten, one for each key."""
    rows, sure = shortlist(rule.keys(states.u), rule.slack, compiled)
    return states.take(rows) if sure else _grouped(states.take(rows), rule, compiled)


def _grouped(states: States, rule: Rule, compiled: bool) -> States:
    rows, counts = group(rule.keys(states.u), states, rule.slack, compiled, rule.add)
    return States(states.u.take(rows, axis=1), states.words.take(rows, axis=1), counts)


def _fold2(
    states: States, stages: list[States], rule: Rule, limit: int, largest: int
) -> tuple[States | None, int]:
    """As `_fold`, for two parties from ``states`` on, compiled."""
    from detente.kernels import _front2

    states = states.take(np.argsort(-states.u[0], kind="stable"))
    options = joined(stages)
    starts = np.cumsum([0, *(len(stage) for stage in stages)])
    bits = max(int(c).bit_length() for c in (states.counts.max(), options.counts.max()))
    limbs = max(-(-bits // _front2.LIMB_BITS), 1)
    while True:
        status, most, u, words, counts = _front2.fold(
            np.ascontiguousarray(states.u.T),
            np.ascontiguousarray(states.words.T),
            _limbs(states.counts, limbs, _front2.LIMB_BITS),
            np.ascontiguousarray(options.u.T),
            np.ascontiguousarray(options.words.T),
            _limbs(options.counts, limbs, _front2.LIMB_BITS),
            starts,
            1 / rule.unit,
            rule.slack,
            OFFSET,
            rule.add,
            limit,
        )
        if status != _front2.NARROW:
            break
        limbs *= 2
    most = max(largest, most)
    return (None if status else States(u.T, words.T, _whole(counts.T, _front2.LIMB_BITS))), most


def _limbs(counts: Counts, n: int, bits: int) -> Ints:
    """Counts in base 2**bits, least significant limb first, (F, n)."""
    return np.stack([(counts >> (bits * i)) & ((1 << bits) - 1) for i in range(n)], axis=1).astype(np.int64)


def _whole(limbs: Ints, bits: int) -> Counts:
    """The counts of these limbs."""
    parts = limbs if len(limbs) * bits <= 62 else limbs.astype(object)
    whole: Counts = sum(part << (bits * i) for i, part in enumerate(parts))
    return whole

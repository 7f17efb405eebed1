"""Stability of every state of a conflict under five concepts, from thresholds: product form and graph form.

Scores are whole numbers, higher is better: 1 for the worst state, 0 for an impossible one, shape (n, S) for n
players. Movers make the moves: each has its members (rows of ``scores``; several move only together, and improve
only where all of them gain; none: it moves but never improves). ``own[i]`` is the mover that is player i alone, or
-1; the opponents of i are the movers that do not contain i.

For player i and a concept let V be i's score (GMR, SEQ) or the best that i can make of a state in one move or by
staying (SMR, SSEQ); G(x) the least V at the end of a legal sequence of the opponents' moves (GMR, SMR) or
improvements (SEQ, SSEQ) from x, x included; and T(s) the largest min(score, G) over i's moves from s. Then s is
stable for i if and only if score(s) >= T(s); for Nash G plays no part. Legal: no mover moves twice in a row.

Two algorithms. In product form every mover has a transitive relation on an axis of its own, so the rule of
succession never binds and G is a closure by passes along axes. In graph form G comes from a sweep over states by
ascending V that tracks the first movers of sequences (linear in the arcs), or, for small graphs, by iteration.

Each has a NumPy path, which compiles nothing, and a compiled one in `detente.kernels._stability_loops`.

Sources: Kilgour, Hipel and Fang (1987), Automatica 23; Fang, Hipel and Kilgour (1993); Rego and Vieira (2017).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.kernels._targets import Arcs, Classes, Table, Uphill

Array = NDArray[Any]
Targets = Arcs | Table | Classes
CONCEPTS = ("nash", "gmr", "smr", "seq", "sseq")
NASH, GMR, SMR, SEQ, SSEQ = (1 << k for k in range(5))
ALL = NASH | GMR | SMR | SEQ | SSEQ
FAR = 1 << 30
"""Plus infinity of the NumPy paths; the compiled ones use the largest value of their type."""
PLAIN_CELLS, WARM_CELLS = 20_000, 512
"""Product states up to which NumPy beats importing numba, and beats the loops once they are there."""
PLAIN_ARCS, WARM_ARCS = 1_000_000, 2_000
"""The same for listed moves."""
LOOPS = "detente.kernels._stability_loops"
PLAIN_PAIRS = 4_000_000
"""Cells of a table of moves that the NumPy path makes."""
NARROW = 24
"""Settings of a mover up to which it makes one where sorting would do as well."""


@dataclass(frozen=True, eq=False)
class Axis:
    """Part of a mover's axis: ``size`` levels, seen as (outer, size, inner); ``relation`` None: all to all."""

    outer: int
    size: int
    inner: int
    relation: Array | None = None


@dataclass(frozen=True, eq=False)
class Mover:
    """A mover: its members among the players, and its moves in one of the two forms.

    ``axes`` (product form) are consecutive and together the axis (outer, width, inner); ``starts`` (S + 1,) and
    ``ends`` list the targets of each state (graph form); ``table`` says the same where moves change settings.
    """

    members: tuple[int, ...]
    axes: tuple[Axis, ...] = ()
    starts: Array | None = None
    ends: Array | None = None
    table: Table | Classes | None = None

    @property
    def outer(self) -> int:
        return self.axes[0].outer

    @property
    def inner(self) -> int:
        return self.axes[-1].inner

    @cached_property
    def width(self) -> int:
        return math.prod(axis.size for axis in self.axes)

    @cached_property
    def patterns(self) -> tuple[Array, Array]:
        """The restricted levels of each of the ``width`` settings as one number, and which may follow which."""
        pattern = np.zeros(1, dtype=np.int64)
        reach = np.ones((1, 1), dtype=bool)
        for axis in self.axes:
            here = np.zeros(axis.size, dtype=np.int64) if axis.relation is None else np.arange(axis.size)
            count = 1 if axis.relation is None else axis.size
            pattern = (pattern[:, None] * count + here[None, :]).reshape(-1)
            if axis.relation is not None:
                reach = np.kron(reach, axis.relation)
        return pattern, reach


def product_stability(
    scores: Array,
    movers: Sequence[Mover],
    own: Sequence[int],
    *,
    compiled: bool | None = None,
    workers: int = 2,
) -> Array:
    """Verdicts where every mover has an axis with a transitive relation: uint8 (n, S), a bit for each concept.

    0 at impossible states. Cost: passes over S, see the module.

    ``scores`` (n, S), any integer type; ``compiled`` None chooses by size. Memory of the compiled path in bytes a
    state: `product_bytes`.
    """
    if _compile_product(scores, movers) if compiled is None else compiled:
        from detente.kernels._stability_loops import product_flags

        return product_flags(scores, movers, own, workers)
    scores = scores.astype(np.int32)
    sweeps = {k: _improving_pass(scores, mover) for k, mover in enumerate(movers) if mover.members}
    flags = np.zeros(scores.shape, dtype=np.uint8)
    for i, score in enumerate(scores):
        worth = _plain_product(scores, movers, own, sweeps, i)
        if own[i] >= 0:
            worth = reach(worth, movers[own[i]], np.maximum)
        flags[i] = _flags(score, worth)
    return flags


def product_worth(
    scores: Array, movers: Sequence[Mover], own: Sequence[int], i: int, *, compiled: bool | None = None
) -> Array:
    """What each state is worth to player i when others may answer: int32 (5, S), 0 at impossible states.

    The least of its score and what the concept's sanctions lead to: min(score, G), for Nash the score alone.
    """
    if _compile_product(scores, movers) if compiled is None else compiled:
        from detente.kernels._stability_loops import product_rows

        return product_rows(scores, movers, own, i)
    scores = scores.astype(np.int32)
    sweeps = {k: _improving_pass(scores, m) for k, m in enumerate(movers) if m.members and i not in m.members}
    return _plain_product(scores, movers, own, sweeps, i)


def _compile_product(scores: Array, movers: Sequence[Mover]) -> bool:
    """Whether compiled loops pay: large spaces, and smaller ones once the loops are loaded."""
    size = scores.shape[1]
    if any(size * mover.width > PLAIN_PAIRS for mover in movers if len(mover.members) > 1):
        return True
    return size > (WARM_CELLS if LOOPS in sys.modules else PLAIN_CELLS)


def product_bytes(n_players: int, movers: int, item: int = 2, workers: int = 2) -> int:
    """Peak bytes a state of the compiled product path, scores of ``item`` bytes included.

    Scores and verdicts; with more than two players the order of each mover's lines; four rows and an order at work
    in each thread.
    """
    orders = 0 if n_players <= 2 else 2 * movers
    return n_players * (item + 1) + orders + workers * (4 * item + 2)


def graph_stability(
    scores: Array,
    movers: Sequence[Mover],
    own: Sequence[int],
    *,
    compiled: bool | None = None,
    workers: int = 2,
) -> Array:
    """Verdicts on any graph, as of `product_stability`. Cost: arcs times opponents times four concepts.

    ``compiled`` None chooses by size; movers with tables are never compiled.
    """
    if _compile_graph(movers) if compiled is None else compiled:
        from detente.kernels._stability_loops import graph_flags

        return graph_flags(scores, movers, own, workers)
    scores = _narrowed(scores)
    lists, better = _both_lists(scores, movers)
    flags = np.zeros(scores.shape, dtype=np.uint8)
    for i, score in enumerate(scores):
        worth = _plain_graph(scores, movers, own, lists, better, i)
        flags[i] = _flags(score, _own(lists, own[i]).most(worth))
    return flags


def graph_worth(
    scores: Array, movers: Sequence[Mover], own: Sequence[int], i: int, *, compiled: bool | None = None
) -> Array:
    """As `product_worth`, on any graph."""
    if _compile_graph(movers) if compiled is None else compiled:
        from detente.kernels._stability_loops import graph_rows

        return graph_rows(scores, movers, own, i)
    scores = _narrowed(scores)
    return _plain_graph(scores, movers, own, *_both_lists(scores, movers), i).astype(np.int32)


def _compile_graph(movers: Sequence[Mover]) -> bool:
    """Whether compiled loops pay for listed moves."""
    if any(mover.table is not None for mover in movers):
        return False
    arcs = sum(len(mover.ends) for mover in movers if mover.ends is not None)
    return arcs > (WARM_ARCS if LOOPS in sys.modules else PLAIN_ARCS)


def _narrowed(scores: Array) -> Array:
    """Scores in 16 bits where they fit below the largest such number, which stands for plus infinity."""
    return scores.astype(np.int16 if scores.max(initial=0) < np.iinfo(np.int16).max else np.int32)


def best_reply(score: Array, mover: Mover | None) -> Array:
    """The best score in one move of a mover, or by staying: int32 (S,)."""
    row = score.astype(np.int32)[None]
    if mover is None:
        return row[0]
    if mover.axes:
        return reach(row, mover, np.maximum)[0]
    return np.asarray(_targets(mover).most(row)[0])


def _targets(mover: Mover) -> Targets:
    """The moves of a mover in graph form."""
    if mover.table is not None:
        return mover.table
    assert mover.starts is not None
    assert mover.ends is not None
    return Arcs.listed(mover.starts, mover.ends)


def _both_lists(scores: Array, movers: Sequence[Mover]) -> tuple[list[Targets], list[Targets | Uphill]]:
    """The moves of each mover, and those that are improvements."""
    lists = [_targets(mover) for mover in movers]
    rows = [scores[list(mover.members)] for mover in movers]
    return lists, [moves.improving(better) for moves, better in zip(lists, rows, strict=True)]


def _own(lists: Sequence[Targets], k: int) -> Targets:
    return lists[k] if k >= 0 else Arcs.none()


def _flags(score: Array, thresholds: Array) -> Array:
    """One byte of verdicts a state: bit c where the score reaches the threshold T of concept c, rows of (5, S).

    A player without moves has thresholds no higher than its score, so all holds; 0 at impossible states.
    """
    bits = (score >= thresholds).astype(np.uint8) << np.arange(5, dtype=np.uint8)[:, None]
    flags: Array = np.bitwise_or.reduce(bits, axis=0)
    flags[score == 0] = 0
    return flags


# product form, NumPy ------------------------------------------------------------------------------


def reach(x: Array, mover: Mover, fold: Any) -> Array:
    """Largest or least (``fold``: np.maximum, np.minimum) of x over the mover's moves, staying included: (B, S)."""
    for axis in mover.axes:
        cube = x.reshape(-1, axis.size, axis.inner)
        if axis.relation is None:
            cube = np.broadcast_to(fold.reduce(cube, axis=1, keepdims=True), cube.shape)
        else:
            cube = np.stack([fold.reduce(cube[:, row], axis=1) for row in axis.relation], axis=1)
        x = cube.reshape(x.shape)
    return x


def _plain_product(
    scores: Array,
    movers: Sequence[Mover],
    own: Sequence[int],
    sweeps: dict[int, Callable[[Array], Array]],
    i: int,
) -> Array:
    """What each state is worth to player i under each concept, (5, S)."""
    score, possible = scores[i], scores[i] > 0
    best = score if own[i] < 0 else reach(score, movers[own[i]], np.maximum)
    values = np.where(possible, np.stack([score, best]), FAR)
    others = [k for k, mover in enumerate(movers) if i not in mover.members]
    any_move = [partial(_any_pass, mover=movers[k], possible=possible) for k in others]
    improving = [sweeps[k] for k in others if k in sweeps]
    ends = np.concatenate([_closure(values, any_move), _closure(values, improving)])
    return np.vstack([score, np.where(possible, np.minimum(score, ends), 0)])


def _any_pass(values: Array, mover: Mover, possible: Array) -> Array:
    """Values lowered to the least over a mover's moves; impossible states stay far."""
    return np.where(possible, reach(values, mover, np.minimum), FAR)


def _closure(values: Array, steps: Sequence[Callable[[Array], Array]]) -> Array:
    """Least value at the end of any sequence of steps: round and round until nothing changes."""
    quiet, k = 0, 0
    while quiet < len(steps):
        new = steps[k % len(steps)](values)
        quiet = quiet + 1 if np.array_equal(new, values) else 1
        values, k = new, k + 1
    return values


def _improving_pass(scores: Array, mover: Mover) -> Callable[[Array], Array]:
    """A function that lowers values (B, S) to the least over the mover's improvements, staying included."""
    if len(mover.members) > 1 or (mover.width <= NARROW and mover.width * scores.shape[1] <= PLAIN_PAIRS):
        return _table_pass(scores, mover)
    return _sorted_pass(scores[mover.members[0]], mover)


def _table_pass(scores: Array, mover: Mover) -> Callable[[Array], Array]:
    """By a table of what each setting would gain by each other: 0 where all members gain, else `FAR`."""
    pattern, follows = mover.patterns
    allowed = follows[pattern][:, pattern]
    rows = _settings_first(scores[list(mover.members)], mover)
    bars = []
    for to in range(mover.width):
        gains = allowed[:, to, None] & (rows[:, to, None, :] > rows).all(axis=0) & (rows[0] > 0)
        bars.append(np.where(gains, 0, FAR).astype(np.int32))

    def step(values: Array) -> Array:
        lines = _settings_first(values, mover)
        out, work = lines.copy(), np.empty_like(lines)
        for to, bar in enumerate(bars):
            np.maximum(lines[:, to, None, :], bar, out=work)
            np.minimum(out, work, out=out)
        shape = (len(values), mover.width, mover.outer, mover.inner)
        return out.reshape(shape).transpose(0, 2, 1, 3).reshape(values.shape)

    return step


def _settings_first(x: Array, mover: Mover) -> Array:
    """Rows over states (B, S) as (B, width, lines)."""
    cube = x.reshape(len(x), mover.outer, mover.width, mover.inner)
    return cube.transpose(0, 2, 1, 3).reshape(len(x), mover.width, -1)


def _sorted_pass(score: Array, mover: Mover) -> Callable[[Array], Array]:
    """By the least value so far along each line, its states by score descending; one run for each pattern."""
    width = mover.width
    cells = np.arange(score.size).reshape(mover.outer, width, mover.inner)
    cells = cells.transpose(0, 2, 1).reshape(-1, width)
    pattern, follows = mover.patterns
    parts = []
    for here in range(len(follows)):
        part = cells[:, follows[here][pattern]]
        rank = np.argsort(-score[part], axis=1, kind="stable")
        at = np.take_along_axis(part, rank, axis=1)
        ordered = score[at]
        new = np.ones(at.shape, dtype=bool)
        new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
        first = np.maximum.accumulate(np.where(new, np.arange(at.shape[1]), 0), axis=1)
        leaves = np.broadcast_to(pattern[follows[here][pattern]] == here, part.shape)
        leaves = np.take_along_axis(leaves, rank, axis=1) & (ordered > 0)
        parts.append((at, first, leaves))
    return lambda values: _apply(values, parts)


def _apply(values: Array, parts: Sequence[tuple[Array, Array, Array]]) -> Array:
    out = values.copy()
    for at, first, leaves in parts:
        line = values[:, at]
        before = np.full((*line.shape[:2], line.shape[2] + 1), FAR, dtype=line.dtype)
        np.minimum.accumulate(line, axis=2, out=before[:, :, 1:])
        least = np.take_along_axis(before, np.broadcast_to(first, line.shape), axis=2)
        out[:, at[leaves]] = np.minimum(line, least)[:, leaves]
    return out


# graph form, NumPy --------------------------------------------------------------------------------


def _plain_graph(
    scores: Array,
    movers: Sequence[Mover],
    own: Sequence[int],
    lists: Sequence[Targets],
    better: Sequence[Targets | Uphill],
    i: int,
) -> Array:
    """What each state is worth to player i under each concept, (5, S)."""
    score = scores[i]
    best = _own(lists, own[i]).most(score[None])[0]
    values = np.stack([score, best])
    others = [k for k, mover in enumerate(movers) if i not in mover.members]
    ends = np.concatenate([_sequences(values, [moves[k] for k in others]) for moves in (lists, better)])
    return np.vstack([score, np.minimum(score, ends)])


def _sequences(values: Array, moves: Sequence[Targets | Uphill]) -> Array:
    """Least value at the end of a legal sequence, the largest number of its type where there is none; (B, S).

    ``least[k]`` is over sequences that mover k begins: its move, then nothing or a sequence that another begins.
    """
    far = np.iinfo(values.dtype).max
    least = [np.full_like(values, far) for _ in moves]
    stale = [True] * len(moves)
    while any(stale):
        for k, mine in enumerate(moves):
            if not stale[k]:
                continue
            stale[k] = False
            onward = np.minimum.reduce([values, *(other for j, other in enumerate(least) if j != k)])
            new = mine.least(onward)
            if not np.array_equal(new, least[k]):
                least[k] = new
                stale = [stale[j] or j != k for j in range(len(moves))]
    return np.minimum.reduce(least) if least else np.full_like(values, far)


def in_threads(tasks: Sequence[Callable[[], Any]], workers: int) -> list[Any]:
    """The results of tasks that release the lock, in order."""
    if workers <= 1 or len(tasks) <= 1:
        return [task() for task in tasks]
    with ThreadPoolExecutor(min(workers, len(tasks))) as pool:
        return [future.result() for future in [pool.submit(task) for task in tasks]]

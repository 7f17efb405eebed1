"""The compiled loops of `detente.kernels.stability`; importing this imports numba. Words are as there.

Scores are uint16 or int32. In product form a mover's axis is the middle one of (outer, width, inner).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numba import njit

from detente.kernels import stability as plain
from detente.kernels.stability import Array, Axis, Mover

TILE = 1 << 16
"""Cells of a tile: with its copies it stays in the second-level cache."""
THREADED = 1 << 15
"""Entries of scores from which threads are worth starting."""
TURNS = 240
"""Turns after which the clock of changes, which counts in bytes, starts anew, and all lines are looked at again."""
SHORT = 48
"""Lines up to this length are sorted by insertion, longer ones by radix."""

compile_ = partial(njit, nogil=True, cache=True)


def product_flags(scores: Array, movers: Sequence[Mover], own: Sequence[int], workers: int) -> Array:
    """See `stability.product_stability`."""
    scores = _narrow(scores)
    workers = workers if scores.size >= THREADED else 1
    sharing = len(scores) > 2
    orders = _orders(scores, movers, workers) if sharing else {}
    out = np.zeros(scores.shape, dtype=np.uint8)
    tasks = [partial(_one, scores, movers, own, orders, i, out[i]) for i in range(len(scores))]
    plain.in_threads(tasks, workers)
    return out


def _narrow(scores: Array) -> Array:
    largest = int(scores.max(initial=0))
    kind = np.uint16 if largest < np.iinfo(np.uint16).max else np.int32
    return np.ascontiguousarray(scores, dtype=kind)


def _orders(scores: Array, movers: Sequence[Mover], workers: int) -> dict[int, Array]:
    single = [k for k, mover in enumerate(movers) if len(mover.members) == 1]
    tasks = [partial(_order, scores[movers[k].members[0]], movers[k]) for k in single]
    return dict(zip(single, plain.in_threads(tasks, workers), strict=True))


def _order(score: Array, mover: Mover) -> Array:
    kind = np.uint16 if mover.width <= 1 << 15 else np.uint32
    order = np.empty(score.size, dtype=kind)
    order_lines(score, order, mover.outer, mover.width, mover.inner, kind(1 << (8 * kind().itemsize - 1)))
    return order


def product_rows(scores: Array, movers: Sequence[Mover], own: Sequence[int], i: int) -> Array:
    """See `stability.product_worth`."""
    scores = _narrow(scores)
    rows = [row.astype(np.int32) for _, row in _worth(scores, movers, own, {}, i)]
    return np.array([scores[i].astype(np.int32), *rows])


def _one(
    scores: Array, movers: Sequence[Mover], own: Sequence[int], orders: dict[int, Array], i: int, out: Array
) -> None:
    """The verdicts of one player, written to ``out`` (S,)."""
    score = scores[i]
    if own[i] < 0:
        mark_all(score, out)
        return
    mine = movers[own[i]].axes
    best = score.copy()
    _reach(best, mine, least=False)
    mark_nash(score, best, out)
    del best
    for bit, row in _worth(scores, movers, own, orders, i):
        _reach(row, mine, least=False)
        mark(score, row, out, np.uint8(bit))


def _worth(
    scores: Array, movers: Sequence[Mover], own: Sequence[int], orders: dict[int, Array], i: int
) -> Iterator[tuple[int, Array]]:
    """For each concept but Nash, its bit and the least of a state's score and what sanctions lead to, (S,)."""
    score, far = scores[i], scores.dtype.type(np.iinfo(scores.dtype).max)
    best = score.copy()
    _reach(best, movers[own[i]].axes if own[i] >= 0 else (), least=False)
    others = [k for k, mover in enumerate(movers) if i not in mover.members]
    everywhere = bool(score.all())
    for row, bit in ((score, plain.GMR), (best, plain.SMR)):
        values = row.copy()
        _any_closure(values, score, far, [movers[k].axes for k in others], everywhere)
        cap(values, score)
        yield bit, values
        del values
    low, high = score.copy(), best
    hide(low, score, far)
    hide(high, score, far)
    _improving_closure(low, high, scores, movers, [k for k in others if movers[k].members], orders, far)
    for bit, values in ((plain.SEQ, low), (plain.SSEQ, high)):
        cap(values, score)
        yield bit, values


def _any_closure(
    values: Array, score: Array, far: Any, axes: Sequence[Sequence[Axis]], everywhere: bool
) -> None:
    hide(values, score, far)
    quiet, k = 0, 0
    while quiet < len(axes):
        before = None if everywhere else values.copy()
        _reach(values, axes[k % len(axes)], least=True)
        if before is not None:
            hide(values, score, far)
            quiet = quiet + 1 if np.array_equal(values, before) else 1
        else:
            quiet += 1
        k += 1


def _reach(x: Array, axes: Sequence[Axis], least: bool) -> None:
    """Largest or least over a mover's moves, staying included; in place."""
    for axis in axes:
        if axis.relation is None:
            fold_axis(x, axis.outer, axis.size, axis.inner, least)
        else:
            fold_related(x, axis.outer, axis.size, axis.inner, axis.relation, least)


def _improving_closure(
    low: Array, high: Array, scores: Array, movers: Sequence[Mover], others: Sequence[int],
    orders: dict[int, Array], far: Any,
) -> None:  # fmt: skip
    """Lowers both rows to the least at the end of any legal sequence of improvements; in place.

    Round robin until every mover has found nothing to change. ``when[s]`` is the turn in which a state last
    changed: a line none of whose states changed since its mover's last turn is passed over.
    """
    when = np.zeros(low.size if len(others) > 1 else 0, dtype=np.uint8)
    since = dict.fromkeys(others, 0)
    place = turn = quiet = 0
    while quiet < len(others):
        k = others[place]
        place = (place + 1) % len(others)
        turn += 1
        if turn > TURNS:
            when[:] = 0
            since, turn = dict.fromkeys(others, 0), 1
        changed = _improve(low, high, scores, movers[k], orders.get(k), far, when, since[k], turn)
        since[k] = turn
        quiet = 1 if changed else quiet + 1
        if len(others) == 1:
            break


def _improve(
    low: Array, high: Array, scores: Array, mover: Mover, order: Array | None, far: Any, when: Array, since: int, turn: int
) -> bool:  # fmt: skip
    pattern, follows = mover.patterns
    shape = (mover.outer, mover.width, mover.inner)
    if len(mover.members) > 1:
        allowed = follows[pattern][:, pattern]
        changed = improve_jointly(
            low, high, scores[np.array(mover.members)], *shape, allowed, when, np.uint8(turn)
        )
        return bool(changed)
    score = scores[mover.members[0]]
    if order is None:
        order = _order(score, mover)
    top = order.dtype.type(1 << (8 * order.itemsize - 1))
    clock = (when, np.uint8(since), np.uint8(turn))
    if len(follows) == 1:
        return bool(improve_lines(low, high, score, order, top, *shape, far, *clock))
    return bool(
        improve_patterned(low, high, score, order, top, *shape, pattern, follows.T.copy(), far, *clock)
    )


# whole rows ---------------------------------------------------------------------------------------


@compile_()
def hide(x: Array, score: Array, far: Any) -> None:
    """Puts ``far`` where a state is impossible; in place."""
    for s in range(x.size):
        x[s] = far if score[s] == 0 else x[s]


@compile_()
def cap(x: Array, score: Array) -> None:
    """The lesser of both; 0 at impossible states, where score is 0; in place."""
    for s in range(x.size):
        x[s] = min(x[s], score[s])


@compile_()
def mark(score: Array, threshold: Array, out: Array, bit: Any) -> None:
    """Sets a bit where a possible state's score reaches the threshold; in place."""
    for s in range(score.size):
        out[s] |= bit if (score[s] >= threshold[s] and score[s] > 0) else 0


@compile_()
def mark_nash(score: Array, best: Array, out: Array) -> None:
    """Where nothing better can be reached every concept holds; in place."""
    for s in range(score.size):
        out[s] |= 31 if (score[s] >= best[s] and score[s] > 0) else 0


@compile_()
def mark_all(score: Array, out: Array) -> None:
    """Every concept holds at every possible state; in place."""
    for s in range(score.size):
        out[s] = 31 if score[s] > 0 else 0


# axes ---------------------------------------------------------------------------------------------


@compile_()
def fold_axis(x: Array, outer: int, size: int, inner: int, least: bool) -> None:
    """Largest (or least) along the middle axis of (outer, size, inner), written back to all of it; in place."""
    block = min(inner, 4096)
    best = np.empty(block, dtype=x.dtype)
    for o in range(outer):
        base = o * size * inner
        if inner == 1:
            top = x[base]
            if least:
                for a in range(1, size):
                    top = min(top, x[base + a])
            else:
                for a in range(1, size):
                    top = max(top, x[base + a])
            for a in range(size):
                x[base + a] = top
            continue
        for first in range(0, inner, block):
            count = min(block, inner - first)
            for t in range(count):
                best[t] = x[base + first + t]
            for a in range(1, size):
                row = base + a * inner + first
                if least:
                    for t in range(count):
                        best[t] = min(best[t], x[row + t])
                else:
                    for t in range(count):
                        best[t] = max(best[t], x[row + t])
            for a in range(size):
                row = base + a * inner + first
                for t in range(count):
                    x[row + t] = best[t]


@compile_()
def fold_related(x: Array, outer: int, size: int, inner: int, relation: Array, least: bool) -> None:
    """The same where level a may go only to the levels b with relation[a, b], a among them; in place."""
    block = min(inner, max(16, 65536 // size))
    tile = np.empty((size, block), dtype=x.dtype)
    for o in range(outer):
        base = o * size * inner
        for first in range(0, inner, block):
            count = min(block, inner - first)
            for a in range(size):
                for t in range(count):
                    tile[a, t] = x[base + a * inner + first + t]
            for a in range(size):
                row = base + a * inner + first
                for b in range(size):
                    if relation[a, b] and b != a:
                        if least:
                            for t in range(count):
                                x[row + t] = min(x[row + t], tile[b, t])
                        else:
                            for t in range(count):
                                x[row + t] = max(x[row + t], tile[b, t])


# lines sorted by score ----------------------------------------------------------------------------


@compile_()
def order_lines(score: Array, order: Array, outer: int, width: int, inner: int, top: Any) -> None:
    """For each line, its positions by score descending; the top bit marks where a new score begins.

    ``order`` (outer * inner * width,) is filled line by line, a line being (o, x) for o < outer, x < inner.
    """
    tile = max(1, min(inner, TILE // width, 64))
    keys = np.empty((tile, width), dtype=score.dtype)
    here = np.empty(width, dtype=np.int32)
    spare = np.empty(width, dtype=np.int32)
    largest = np.int64(0)
    for s in range(score.size):
        largest = max(largest, np.int64(score[s]))
    for o in range(outer):
        for first in range(0, inner, tile):
            count = min(tile, inner - first)
            for a in range(width):
                row = (o * width + a) * inner + first
                for t in range(count):
                    keys[t, a] = score[row + t]
            for t in range(count):
                sort_line(keys[t], here, spare, largest)
                base = (o * inner + first + t) * width
                last = np.int64(-1)
                for r in range(width):
                    a = here[r]
                    value = np.int64(keys[t, a])
                    order[base + r] = (top | a) if value != last else a
                    last = value


@compile_()
def sort_line(keys: Array, here: Array, spare: Array, largest: int) -> None:
    """Positions of ``keys`` by key descending into ``here``; ``spare`` is work space of the same length."""
    width = keys.size
    if width <= SHORT:
        for a in range(width):
            value, r = keys[a], a
            while r > 0 and keys[here[r - 1]] < value:
                here[r] = here[r - 1]
                r -= 1
            here[r] = a
        return
    counts = np.zeros(257, dtype=np.int32)
    for a in range(width):
        here[a] = a
    shift = 0
    while largest >> shift > 0:
        counts[:] = 0
        for r in range(width):
            counts[256 - ((np.int64(keys[here[r]]) >> shift) & 255)] += 1
        for d in range(1, 257):
            counts[d] += counts[d - 1]
        for r in range(width):
            digit = 255 - ((np.int64(keys[here[r]]) >> shift) & 255)
            spare[counts[digit]] = here[r]
            counts[digit] += 1
        for r in range(width):
            here[r] = spare[r]
        shift += 8


@compile_()
def improve_lines(
    low: Array, high: Array, score: Array, order: Array, top: Any, outer: int, width: int, inner: int, far: Any,
    when: Array, since: Any, turn: Any,
) -> bool:  # fmt: skip
    """Lowers both rows to the least over the states of the same line with a higher score; in place.

    ``order`` is that of `order_lines`; ``when`` (S,) or empty: see `_improving_closure`. Says whether anything
    changed.
    """
    tile = max(1, min(inner, TILE // width, 64))
    one = np.empty((tile, width), dtype=low.dtype)
    two = np.empty((tile, width), dtype=low.dtype)
    fresh = np.ones(tile, dtype=np.uint8)
    mask = top - 1
    ever = False
    for o in range(outer):
        for first in range(0, inner, tile):
            count = min(tile, inner - first)
            if since > 0 and not stirred(when, o, first, count, width, inner, since, fresh):
                continue
            for a in range(width):
                row = (o * width + a) * inner + first
                for t in range(count):
                    one[t, a] = low[row + t]
                    two[t, a] = high[row + t]
            changed = False
            for t in range(count):
                base = (o * inner + first + t) * width
                if fresh[t] and improve_line(one[t], two[t], order[base : base + width], mask, far):
                    changed = True
            if changed:
                for a in range(width):
                    row = (o * width + a) * inner + first
                    for t in range(count):
                        s = row + t
                        if score[s] > 0 and (one[t, a] != low[s] or two[t, a] != high[s]):
                            low[s], high[s] = one[t, a], two[t, a]
                            ever = True
                            if when.size > 0:
                                when[s] = turn
    return ever


@compile_()
def stirred(
    when: Array, o: int, first: int, count: int, width: int, inner: int, since: Any, fresh: Array
) -> bool:
    """Which of some neighbouring lines hold a state that changed after a turn; in ``fresh``, and whether any."""
    fresh[:count] = 0
    for a in range(width):
        row = (o * width + a) * inner + first
        for t in range(count):
            fresh[t] |= when[row + t] > since
    found = False
    for t in range(count):
        found |= fresh[t] > 0
    return found


@compile_()
def improve_line(one: Array, two: Array, order: Array, mask: Any, far: Any) -> bool:
    """One line of `improve_lines`; without branches, which no processor could predict.

    Impossible states come last, as those of the lowest score; what is written there is dropped later.
    """
    best_one, best_two, next_one, next_two = far, far, far, far
    changed = False
    for r in range(order.size):
        code = order[r]
        a = np.int64(code & mask)
        best_one = next_one if code > mask else best_one
        best_two = next_two if code > mask else best_two
        was_one, was_two = one[a], two[a]
        new_one, new_two = min(was_one, best_one), min(was_two, best_two)
        one[a], two[a] = new_one, new_two
        changed |= (new_one != was_one) | (new_two != was_two)
        next_one, next_two = min(next_one, new_one), min(next_two, new_two)
    return changed


@compile_()
def improve_patterned(
    low: Array, high: Array, score: Array, order: Array, top: Any, outer: int, width: int, inner: int,
    pattern: Array, leads: Array, far: Any, when: Array, since: Any, turn: Any,
) -> bool:  # fmt: skip
    """`improve_lines` where a position of pattern p may be reached only from patterns q with leads[p, q]."""
    kinds = leads.shape[0]
    best = np.empty((2, kinds), dtype=low.dtype)
    fresh = np.ones(1, dtype=np.uint8)
    mask = top - 1
    ever = False
    for line in range(outer * inner):
        o, x = line // inner, line % inner
        if since > 0 and not stirred(when, o, x, 1, width, inner, since, fresh):
            continue
        best[:] = far
        base = line * width
        begin = 0
        while begin < width:
            end = begin + 1
            while end < width and not order[base + end] & top:
                end += 1
            for r in range(begin, end):
                a = np.int64(order[base + r] & mask)
                s = (o * width + a) * inner + x
                if score[s] > 0:
                    p = pattern[a]
                    if best[0, p] < low[s] or best[1, p] < high[s]:
                        low[s], high[s] = min(low[s], best[0, p]), min(high[s], best[1, p])
                        ever = True
                        if when.size > 0:
                            when[s] = turn
            for r in range(begin, end):
                a = np.int64(order[base + r] & mask)
                s = (o * width + a) * inner + x
                if score[s] > 0:
                    p = pattern[a]
                    for q in range(kinds):
                        if leads[p, q]:
                            best[0, q] = min(best[0, q], low[s])
                            best[1, q] = min(best[1, q], high[s])
            begin = end
    return ever


@compile_()
def improve_jointly(
    low: Array, high: Array, scores: Array, outer: int, width: int, inner: int, allowed: Array, when: Array, turn: Any
) -> bool:  # fmt: skip
    """`improve_lines` for a mover of several members, ``scores`` (members, S): all of them must gain."""
    ever = False
    new = np.empty((2, width), dtype=low.dtype)
    for line in range(outer * inner):
        o, x = line // inner, line % inner
        for a in range(width):
            s = (o * width + a) * inner + x
            new[0, a], new[1, a] = low[s], high[s]
            if scores[0, s] == 0:
                continue
            for b in range(width):
                if not allowed[a, b]:
                    continue
                t = (o * width + b) * inner + x
                gain = True
                for m in range(scores.shape[0]):
                    gain &= scores[m, t] > scores[m, s]
                if gain:
                    new[0, a], new[1, a] = min(new[0, a], low[t]), min(new[1, a], high[t])
        for a in range(width):
            s = (o * width + a) * inner + x
            if new[0, a] != low[s] or new[1, a] != high[s]:
                ever = True
                low[s], high[s] = new[0, a], new[1, a]
                if when.size > 0:
                    when[s] = turn
    return ever


# graph form ---------------------------------------------------------------------------------------


def graph_flags(scores: Array, movers: Sequence[Mover], own: Sequence[int], workers: int) -> Array:
    """See `stability.graph_stability`."""
    scores = np.ascontiguousarray(scores, dtype=np.int32)
    into = [_reversed(movers, None), _reversed(movers, scores)]
    out = np.zeros(scores.shape, dtype=np.uint8)
    tasks = [partial(_one_graph, scores, movers, own, into, i, out[i]) for i in range(len(scores))]
    plain.in_threads(tasks, workers)
    return out


def _reversed(movers: Sequence[Mover], scores: Array | None) -> list[tuple[Array, Array]]:
    """For each mover the sources of the arcs into each state, (S + 1,) and arcs; improving ones where scores say."""
    lists = []
    for mover in movers:
        starts, ends = _lists(mover)
        member = np.zeros((0, len(starts) - 1), dtype=np.int32)
        if scores is not None:
            member = scores[np.array(mover.members, dtype=np.int64)]
        keep = scores is None or bool(mover.members)
        lists.append(reverse(starts, ends, member, keep))
    return lists


def graph_rows(scores: Array, movers: Sequence[Mover], own: Sequence[int], i: int) -> Array:
    """See `stability.graph_worth`."""
    scores = np.ascontiguousarray(scores, dtype=np.int32)
    into = [_reversed(movers, None), _reversed(movers, scores)]
    return np.array(
        [scores[i], *(np.minimum(scores[i], least) for _, least in _least(scores, movers, own, into, i))]
    )


def _one_graph(
    scores: Array, movers: Sequence[Mover], own: Sequence[int], into: Sequence[Any], i: int, out: Array
) -> None:
    score = scores[i]
    if own[i] < 0:
        mark_all(score, out)
        return
    starts, ends = _lists(movers[own[i]])
    mark_nash(score, best_reply(score, starts, ends), out)
    for bit, least in _least(scores, movers, own, into, i):
        mark_left(score, least, starts, ends, out, np.uint8(bit))


def _lists(mover: Mover) -> tuple[Array, Array]:
    assert mover.starts is not None
    assert mover.ends is not None
    return mover.starts.astype(np.int64, copy=False), mover.ends.astype(np.int32, copy=False)


def _least(
    scores: Array, movers: Sequence[Mover], own: Sequence[int], into: Sequence[Any], i: int
) -> Iterator[tuple[int, Array]]:
    """For each concept but Nash, its bit and the least value that sanctions lead to from each state, (S,)."""
    score = scores[i]
    best = score if own[i] < 0 else best_reply(score, *_lists(movers[own[i]]))
    others = [k for k, mover in enumerate(movers) if i not in mover.members]
    order = [np.argsort(row, kind="stable").astype(np.int32) for row in (score, best)]
    for lists, bits in ((into[0], (plain.GMR, plain.SMR)), (into[1], (plain.SEQ, plain.SSEQ))):
        chosen = [lists[k] for k in others if len(lists[k][1])]
        firsts = np.array([first for first, _ in chosen], dtype=np.int64).reshape(len(chosen), score.size + 1)
        offsets = np.cumsum([0, *(len(sources) for _, sources in chosen[:-1])], dtype=np.int64)
        sources = np.concatenate([s for _, s in chosen]) if chosen else np.zeros(0, dtype=np.int32)
        for row, at, bit in zip((score, best), order, bits, strict=True):
            yield bit, sweep(row, at, firsts + offsets[: len(chosen), None], sources)


@compile_()
def reverse(starts: Array, ends: Array, member: Array, keep: bool) -> Any:
    """Arcs by their ends: offsets (S + 1,) int64 and sources int32; only those better for all of ``member``."""
    size = starts.size - 1
    first = np.zeros(size + 1, dtype=np.int64)
    for turn in range(2):
        if turn == 1:
            total = np.int64(0)
            for s in range(size + 1):
                count = first[s]
                first[s] = total
                total += count
            sources = np.empty(total, dtype=np.int32)
        if keep:
            for a in range(size):
                for e in range(starts[a], starts[a + 1]):
                    b = ends[e]
                    gain = True
                    for m in range(member.shape[0]):
                        gain &= member[m, b] > member[m, a]
                    if gain:
                        if turn == 1:
                            sources[first[b]] = a
                        first[b] += 1
    for s in range(size, 0, -1):
        first[s] = first[s - 1]
    first[0] = 0
    return first, sources


@compile_()
def best_reply(score: Array, starts: Array, ends: Array) -> Array:
    """The best score in one move or by staying."""
    best = score.copy()
    for s in range(score.size):
        for e in range(starts[s], starts[s + 1]):
            best[s] = max(best[s], score[ends[e]])
    return best


@compile_()
def sweep(values: Array, order: Array, firsts: Array, sources: Array) -> Array:
    """Least value at the end of a legal sequence from each state; the largest int32 where there is none.

    ``order`` lists the states by value ascending; ``firsts`` (movers, S + 1) are offsets into ``sources`` of the
    arcs of each mover into each state. States are taken up in that order, and arcs followed backwards: ``one`` and
    ``two`` are the first movers of the sequences known to end no higher from a state. A move into it by l may go
    before a sequence only if another mover than l begins that, so two different beginners free the state for all;
    ``done`` says for whom its incoming arcs have been followed (0 nobody, 1 all but ``held``, 2 all).
    """
    size, movers = values.size, firsts.shape[0]
    least = np.full(size, np.iinfo(np.int32).max, dtype=np.int32)
    one = np.full(size, -1, dtype=np.int32)
    two = np.full(size, -1, dtype=np.int32)
    done = np.zeros(size, dtype=np.uint8)
    held = np.zeros(size, dtype=np.int32)
    stack = np.empty((3 * size + 3, 2), dtype=np.int32)
    for q in order:
        value = values[q]
        stack[0, 0], stack[0, 1] = q, -1
        height = 1
        while height > 0:
            height -= 1
            p, by = stack[height, 0], stack[height, 1]
            if done[p] == 2 or (done[p] == 1 and by == held[p]):
                continue
            only, never = -1, -1
            if done[p] == 1:
                only = held[p]
                done[p] = 2
            elif by < 0:
                done[p] = 2
            else:
                never = by
                done[p], held[p] = 1, by
            for k in range(movers):
                if k == never or (only >= 0 and k != only):
                    continue
                for e in range(firsts[k, p], firsts[k, p + 1]):
                    a = sources[e]
                    if one[a] < 0:
                        least[a] = value
                        one[a] = k
                    elif one[a] != k and two[a] < 0:
                        two[a] = k
                    else:
                        continue
                    stack[height, 0], stack[height, 1] = a, k
                    height += 1
    return least


@compile_()
def mark_left(score: Array, least: Array, starts: Array, ends: Array, out: Array, bit: Any) -> None:
    """Sets a bit at the states that the player leaves only for what ends no better; in place."""
    for s in range(score.size):
        if score[s] == 0:
            continue
        stays = True
        for e in range(starts[s], starts[s + 1]):
            q = ends[e]
            stays &= min(score[q], least[q]) <= score[s]
        if stays:
            out[s] |= bit

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False
"""Compiled loops over a graph of steps: Pareto labels.

Graphs come sorted: every step leads from a node to one of a higher number, steps are sorted by source, and
``first[v]:first[v + 1]`` are the steps of node v. Importing this module compiles the loops, or loads them from
Numba's disk cache; `detente.kernels.roadmap` does so only for graphs that are too large for NumPy. The loops
share one file because that cache does not look into others.
"""

import numpy as np
from numba import njit

DONE, STORE_FULL, BUFFER_FULL, TOO_MUCH = 0, 1, 2, 3
GAP, COUNT = 1, 2
SLACK = 1e-9


@njit(cache=True, error_model="numpy")
def lengths(src, dst, start, fewest, most):
    """The fewest and most steps from the start to each node, in place: (nodes,) filled with -1."""
    fewest[start] = 0
    most[start] = 0
    for e in range(src.shape[0]):
        if fewest[src[e]] < 0:
            continue
        if fewest[dst[e]] < 0 or fewest[src[e]] + 1 < fewest[dst[e]]:
            fewest[dst[e]] = fewest[src[e]] + 1
        most[dst[e]] = max(most[dst[e]], most[src[e]] + 1)


@njit(cache=True, error_model="numpy")
def forward(src, dst, gain, weight, start, fewest, place, so_far):
    """The best weighted sum of gains on the ways from the start to each node, by number of steps, in place.

    ``gain`` (n, m), ``weight`` (n, H) with the discount of a step after h others. ``so_far``, of minus infinity, has
    the sum for node v after h steps at ``place[v] + h - fewest[v]``; ``place`` (nodes + 1,).
    """
    n = weight.shape[0]
    so_far[place[start]] = 0.0
    for e in range(src.shape[0]):
        v, y = src[e], dst[e]
        for h in range(fewest[v], fewest[v] + place[v + 1] - place[v]):
            now = so_far[place[v] + h - fewest[v]]
            for i in range(n):
                now += weight[i, h] * gain[i, e]
            at = place[y] + h + 1 - fewest[y]
            if now > so_far[at]:
                so_far[at] = now


@njit(cache=True, error_model="numpy")
def matters(row, way, least):
    """Whether, for each m, ``way[m, h]`` times the row is at least ``least[m, h]`` for some h."""
    for m in range(way.shape[0]):
        good = False
        for h in range(way.shape[1]):
            total = 0.0
            for i in range(way.shape[2]):
                total += way[m, h, i] * row[i]
            if total >= least[m, h]:
                good = True
                break
        if not good:
            return False
    return True


@njit(cache=True, error_model="numpy")
def extend(
    low, high, dst, gain, leave, keep, resume, out, allowed, scale, mode, adds, most,
    need, way, least, value, begin, count, rows, row_edge, row_link,
):  # fmt: skip
    """Candidate labels of a node from those of its successors; their number, or -1 where ``rows`` is too short.

    ``gain``, ``leave`` (m, n); ``keep``, ``resume``, ``out``, ``allowed``, ``scale``, ``need`` (n,); ``way`` (M, H, n) and
    ``least`` (M, H) as in `matters`; ``rows`` (b, D) with its step and label in ``row_edge`` and ``row_link`` (b,), all three modified in place.
    """
    n = keep.shape[0]
    made = 0
    for e in range(low, high):
        child = dst[e]
        for label in range(begin[child], begin[child] + count[child]):
            if made == rows.shape[0]:
                return -1
            worst = 0.0
            good = True
            for i in range(n):
                stay = gain[e, i] + keep[i] * value[label, i]
                away = leave[e, i] + resume[i] * stay
                if out[i] > away:
                    away = out[i]
                gap = away - stay
                if gap > allowed[i] + SLACK or stay < need[i]:
                    good = False
                    break
                if gap > worst * scale[i]:
                    worst = gap / scale[i]
                rows[made, i] = stay
            if not good or not matters(rows[made], way, least):
                continue
            if mode == GAP:
                rows[made, n] = min(value[label, n], -worst)
            elif mode == COUNT:
                rows[made, n] = value[label, n] - adds[e]
            if mode != 0 and -rows[made, n] > most:
                continue
            row_edge[made] = e
            row_link[made] = label
            made += 1
    return made


@njit(cache=True, error_model="numpy")
def front2(rows, made, order, merge, chosen):
    """Pareto-best rows of two columns; their positions go into ``chosen``, their number comes back."""
    kept = 0
    best = -np.inf
    r = 0
    while r < made:
        stop = r
        top = rows[order[r], 0]
        lead = order[r]
        while stop < made and rows[order[stop], 0] == top:
            if rows[order[stop], 1] > rows[lead, 1]:
                lead = order[stop]
            stop += 1
        if rows[lead, 1] > best + merge[1]:
            chosen[kept] = lead
            kept += 1
            best = rows[lead, 1]
        r = stop
    return kept


@njit(cache=True, error_model="numpy")
def front3(rows, made, order, merge, chosen, stair):
    """Pareto-best rows of three columns, by a staircase over the last two; ``stair`` is work space."""
    kept = 0
    size = 0
    for r in range(made):
        row = order[r]
        b, c = rows[row, 1], rows[row, 2]
        low, high = 0, size  # stairs stand by falling column 1, hence rising column 2
        while low < high:
            middle = (low + high) // 2
            if rows[stair[middle], 1] >= b - merge[1]:
                low = middle + 1
            else:
                high = middle
        if low > 0 and rows[stair[low - 1], 2] >= c - merge[2]:
            continue
        chosen[kept] = row
        kept += 1
        low, high = 0, size
        while low < high:
            middle = (low + high) // 2
            if rows[stair[middle], 1] > b:
                low = middle + 1
            else:
                high = middle
        last = low
        while last < size and rows[stair[last], 2] <= c:
            last += 1
        shift = 1 - (last - low)
        if shift == 1:
            for s in range(size, low, -1):
                stair[s] = stair[s - 1]
        elif shift < 0:
            for s in range(last, size):
                stair[s + shift] = stair[s]
        stair[low] = row
        size += shift
    return kept


@njit(cache=True, error_model="numpy")
def front_any(rows, made, order, merge, chosen):
    """Pareto-best rows of any number of columns, each compared with those already kept."""
    kept = 0
    for r in range(made):
        row = order[r]
        beaten = False
        for s in range(kept):
            beaten = True
            for c in range(rows.shape[1]):
                if rows[chosen[s], c] < rows[row, c] - merge[c]:
                    beaten = False
                    break
            if beaten:
                break
        if not beaten:
            chosen[kept] = row
            kept += 1
    return kept


@njit(cache=True, error_model="numpy")
def sort_rows(rows, made):
    """Positions of rows by falling first column (of the sum, beyond three), ties by the later columns falling."""
    columns = rows.shape[1]
    key = np.zeros(made)
    for r in range(made):
        key[r] = -rows[r, 0]
        if columns > 3:
            for c in range(1, columns):
                key[r] -= rows[r, c]
    order = np.argsort(key)
    if columns != 3:
        return order
    low = 0
    while low < made:  # within ties the later columns fall
        high = low + 1
        while high < made and key[order[high]] == key[order[low]]:
            high += 1
        if high - low > 1:
            part = order[low:high].copy()
            for c in (2, 1):
                tie = np.empty(high - low)
                for r in range(high - low):
                    tie[r] = -rows[part[r], c]
                part = part[np.argsort(tie, kind="mergesort")]
            order[low:high] = part
        low = high
    return order


@njit(cache=True, error_model="numpy")
def labels(
    node, first, dst, gain, leave, keep, resume, out, allowed, scale, mode, adds, most, merge, work, most_work,
    end_of, end_rows, end_good, need, way, least, value, edge, link, begin, count, used,
    rows, row_edge, row_link, chosen, stair,
):  # fmt: skip
    """Labels of all nodes from ``node`` downward; comes back with (next node, labels used, work, status).

    ``end_of`` (nodes,) is the place of a node among the ends, or -1; ``end_rows`` (ends, D), ``end_good``. The store
    ``value`` (L, D), ``edge``, ``link`` (L,), ``begin`` and ``count`` (nodes,) are filled in place; rows, row_edge,
    row_link, chosen, stair are work space of one length. Status: `DONE`; `STORE_FULL` or `BUFFER_FULL`, to be
    called again with more room from the node it names; `TOO_MUCH` beyond ``most_work`` candidates.
    """
    columns = value.shape[1]
    while node >= 0:
        begin[node] = used
        count[node] = 0
        place = end_of[node]
        if place >= 0:
            if end_good[place]:
                if used == value.shape[0]:
                    return node, used, work, STORE_FULL
                for c in range(columns):
                    value[used, c] = end_rows[place, c]
                edge[used] = -1
                link[used] = -1
                count[node] = 1
                used += 1
            node -= 1
            continue
        made = extend(
            first[node], first[node + 1], dst, gain, leave, keep, resume, out, allowed, scale, mode, adds, most[node],
            need[node], way, least[node], value, begin, count, rows, row_edge, row_link,
        )  # fmt: skip
        if made < 0:
            return node, used, work, BUFFER_FULL
        if made > 0:
            order = sort_rows(rows, made)
            if columns == 1:
                chosen[0] = order[0]
                kept = 1
            elif columns == 2:
                kept = front2(rows, made, order, merge, chosen)
            elif columns == 3:
                kept = front3(rows, made, order, merge, chosen, stair)
            else:
                kept = front_any(rows, made, order, merge, chosen)
            if used + kept > value.shape[0]:
                return node, used, work, STORE_FULL
            work += made
            if columns > 3:
                work += made * kept // 16
            for s in range(kept):
                for c in range(columns):
                    value[used, c] = rows[chosen[s], c]
                edge[used] = row_edge[chosen[s]]
                link[used] = row_link[chosen[s]]
                used += 1
            count[node] = kept
            if work > most_work:
                return node, used, work, TOO_MUCH
        node -= 1
    return node, used, work, DONE

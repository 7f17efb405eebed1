"""The front of a sum of stages for two parties, compiled.

A set of states is three arrays with one row a state: ``u`` (F, 2) the partial sums, by first coordinate descending;
``words`` (F, B) the numbers of the partial outcomes, most significant word first; ``limbs`` (F, L) how many partial
outcomes share a state, base 2**31, least significant limb first.

A merge makes the front of all sums a + b of two sets. Each b shifts the whole list of a; a heap over the heads of
these lists gives the candidates by first coordinate descending. A candidate whose second key is too low is beaten,
and the rest of its list up to the next one that is not is skipped by doubling steps. O(output * log m) in all.

Kernels that call each other share this file, because numba's disk cache does not notice changes elsewhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types

DONE, LIMIT, NARROW = 0, 1, 2  # the first two as in front.Status; NARROW: call again with more limbs
LIMB_BITS = 31
LIMB_MASK = (1 << LIMB_BITS) - 1


@njit(cache=True)
def _add_product(out: Any, t: int, a: Any, i: int, b: Any, j: int) -> bool:
    """Adds ``a[i] * b[j]`` to ``out[t]``, in place; False if the sum needs more limbs than there are."""
    n = out.shape[1]
    for x in range(n):
        if a[i, x] == 0:
            continue
        carry = 0
        for y in range(n - x):
            total = out[t, x + y] + a[i, x] * b[j, y] + carry
            out[t, x + y] = total & LIMB_MASK
            carry = total >> LIMB_BITS
        if carry != 0:
            return False
        for y in range(n - x, n):
            if b[j, y] != 0:
                return False
    return True


@njit(cache=True)
def _keep_lower(out: Any, t: int, a: Any, i: int, b: Any, j: int) -> None:
    """Puts the number ``a[i] + b[j]`` into ``out[t]``, in place, if it is the lower of the two."""
    for w in range(out.shape[1]):
        word = a[i, w] + b[j, w]
        if word == out[t, w]:
            continue
        if word < out[t, w]:
            for rest in range(w, out.shape[1]):
                out[t, rest] = a[i, rest] + b[j, rest]
        return


@njit(cache=True)
def _after_run(u: Any, i: int, shift: float, scale: float, slack: float, offset: float, level: float) -> int:
    """The first row after ``i`` whose shifted second key exceeds ``level``.

    Second keys ascend but for dips below ``slack``, so one at or below ``level - slack`` clears all before it.
    """
    size, step = len(u), 1
    while step > 0:
        if i + step < size and np.floor((u[i + step, 1] + shift) * scale + offset) <= level - slack:
            i += step
            step *= 2
        else:
            step //= 2
    i += 1
    while i < size and np.floor((u[i, 1] + shift) * scale + offset) <= level:
        i += 1
    return i


@njit(cache=True)
def _sift(heap: Any, head: Any, live: int, at: int) -> None:
    """Restores the heap of lists, largest ``head`` first, in place, after the one at ``at`` has fallen."""
    j = heap[at]
    while True:
        child = 2 * at + 1
        if child >= live:
            break
        if child + 1 < live and head[heap[child + 1]] > head[heap[child]]:
            child += 1
        if head[heap[child]] <= head[j]:
            break
        heap[at] = heap[child]
        at = child
    heap[at] = j


@njit(cache=True)
def _merge(
    u: Any,
    words: Any,
    limbs: Any,
    v: Any,
    vwords: Any,
    vlimbs: Any,
    scale: float,
    slack: float,
    offset: float,
    add: bool,
    limit: int,
) -> Any:
    """The front of the sums of two sets: status, u, words, limbs.

    Keys are ``floor(u * scale + offset)``. A sum is beaten by one at least as high in both keys and higher by
    ``slack`` in one. Of equal keys only the first is kept; with ``add`` it takes the lower number and all counts.
    """
    size, live = len(u), len(v)
    room = min(size * live, limit)
    key = np.empty((room, 2))
    out_u = np.empty((room, 2))
    out_words = np.empty((room, words.shape[1]), np.int64)
    out_limbs = np.empty((room, limbs.shape[1]), np.int64)
    at = np.zeros(live, np.int64)
    heap = np.empty(live, np.int64)
    head = np.empty(live)
    for j in range(live):
        heap[j], head[j] = j, u[0, 0] + v[j, 0]
    for t in range(live // 2 - 1, -1, -1):
        _sift(heap, head, live, t)
    n = far = 0
    best = best_far = -np.inf  # highest second key of all kept, and of those ahead by slack in the first
    status = DONE
    while live > 0:
        j = heap[0]
        i = at[j]
        x, y = head[j], u[i, 1] + v[j, 1]
        kx, ky = np.floor(x * scale + offset), np.floor(y * scale + offset)
        while far < n and key[far, 0] - kx >= slack:
            best_far = max(best_far, key[far, 1])
            far += 1
        level = max(best_far, best - slack)
        if ky <= level:
            i = _after_run(u, i, v[j, 1], scale, slack, offset, level)
        else:
            while n > far and key[n - 1, 0] == kx and key[n - 1, 1] <= ky - slack:
                n -= 1
            t = n - 1
            while t >= far and key[t, 0] == kx and key[t, 1] != ky:
                t -= 1
            if t >= far and key[t, 0] == kx:
                if add:
                    _keep_lower(out_words, t, words, i, vwords, j)
                    if not _add_product(out_limbs, t, limbs, i, vlimbs, j):
                        status = NARROW
                        break
            elif n == room:
                status = LIMIT
                break
            else:
                key[n, 0], key[n, 1] = kx, ky
                out_u[n, 0], out_u[n, 1] = x, y
                for w in range(words.shape[1]):
                    out_words[n, w] = words[i, w] + vwords[j, w]
                for w in range(limbs.shape[1]):
                    out_limbs[n, w] = 0
                if not _add_product(out_limbs, n, limbs, i, vlimbs, j):
                    status = NARROW
                    break
                best = max(best, ky)
                n += 1
            i += 1
        at[j] = i
        if i < size:
            head[j] = u[i, 0] + v[j, 0]
        else:
            live -= 1
            heap[0] = heap[live]
        _sift(heap, head, live, 0)
    return status, out_u[:n].copy(), out_words[:n].copy(), out_limbs[:n].copy()


_FLOATS, _INTS = types.float64[:, ::1], types.int64[:, ::1]


@njit(
    types.Tuple((types.int64, types.int64, _FLOATS, _INTS, _INTS))(
        _FLOATS,
        _INTS,
        _INTS,
        _FLOATS,
        _INTS,
        _INTS,
        types.int64[::1],
        types.float64,
        types.float64,
        types.float64,
        types.boolean,
        types.int64,
    ),
    cache=True,
)
def fold(
    u: Any,
    words: Any,
    limbs: Any,
    v: Any,
    vwords: Any,
    vlimbs: Any,
    starts: Any,
    scale: float,
    slack: float,
    offset: float,
    add: bool,
    limit: int,
) -> Any:
    """The front of a set plus one option of each stage: status, largest size, u, words, limbs.

    Stage s has the options ``starts[s]:starts[s + 1]`` of the rows of ``v``, ``vwords`` and ``vlimbs``, in any
    order. ``limit`` bounds the states of one set and the next together. See `_merge` for the other parameters.
    """
    largest, status = len(u), DONE
    for s in range(len(starts) - 1):
        lo, hi = starts[s], starts[s + 1]
        room = max(limit - len(u), 0)
        status, u, words, limbs = _merge(
            u, words, limbs, v[lo:hi], vwords[lo:hi], vlimbs[lo:hi], scale, slack, offset, add, room
        )
        largest = max(largest, len(u))
        if status != DONE:
            break
    return status, largest, u, words, limbs

"""The efficient options of issues that conditions tie together, without listing their combinations.

Issues are eliminated one by one in an order that keeps tables small; a message holds, for each combination of
the levels of the issues still tied to those eliminated, the front of what these can add (bucket elimination:
Dechter 1999, Artificial Intelligence 113; with sets of non-dominated vectors: Rollon and Larrosa 2006, Journal
of Heuristics 12). Utilities closer than 1e-9 within a group count as one from the first step on.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from detente.errors import CostError
from detente.kernels import front as kernel
from detente.space import Space
from detente.space.tables import Array, elimination_order, spread

MAX_CELLS = 200_000
"""Combinations of levels that one elimination step may go through."""
MAX_POINTS = 2_000_000


@dataclass(frozen=True, eq=False)
class Options:
    """Non-dominated partial outcomes: ``levels`` (F, issues eliminated), ``values`` (F, k), ``counts`` (F,)."""

    levels: Array
    values: Array
    counts: Array


@dataclass(frozen=True, eq=False)
class _Message:
    scope: tuple[int, ...]
    done: tuple[int, ...]
    cells: Mapping[tuple[int, ...], Options]


def efficient_options(space: Space, issues: Sequence[int], keep: int | None = None) -> dict[int, Options]:
    """The efficient options of a tied group of issues, for each level of ``keep`` (one entry, 0, without it).

    ``levels`` of the options are in ascending order of the issues, ``keep`` included. Raises `CostError`
    where even elimination has to go through more than 200,000 combinations at once.
    """
    tables = _tables(space, issues)
    blocked = [(f.issues, f.table) for f in space.forbidden if set(f.issues) <= set(issues)]
    messages: list[_Message] = []
    for issue in _order(space, issues, keep):
        messages = _eliminate(space, issue, tables, blocked, messages)
    if keep is None:
        return {0: _close(messages, (), issues, np.zeros(space.n_parties))}
    return {
        level: _closed_at(space, keep, level, tables, blocked, messages, issues)
        for level in range(space.sizes[keep])
    }


def _tables(space: Space, issues: Sequence[int]) -> list[tuple[tuple[int, ...], Array]]:
    """Tables of utility vectors over the scopes inside a group: (scope, (levels..., k))."""
    by_scope: dict[tuple[int, ...], Array] = {}
    for p, factors in enumerate(space.factors):
        for factor in factors or ():
            if set(factor.issues) <= set(issues):
                shape = (*factor.table.shape, space.n_parties)
                by_scope.setdefault(factor.issues, np.zeros(shape))[..., p] += factor.table
    return list(by_scope.items())


def _order(space: Space, issues: Sequence[int], keep: int | None) -> list[int]:
    scopes = [f.issues for factors in space.factors for f in factors or ()] + [
        f.issues for f in space.forbidden
    ]
    inside = [scope for scope in scopes if set(scope) <= set(issues)]
    return [i for i in elimination_order(inside, space.sizes) if i in set(issues) and i != keep]


def _eliminate(
    space: Space,
    issue: int,
    tables: list[tuple[tuple[int, ...], Array]],
    blocked: list[tuple[tuple[int, ...], Array]],
    messages: list[_Message],
) -> list[_Message]:
    """Takes one issue out: its tables and messages become one message over the issues around it.

    Tables and conditions used up are removed from the lists.
    """
    mine = [t for t in tables if issue in t[0]]
    stops = [b for b in blocked if issue in b[0]]
    heard = [m for m in messages if issue in m.scope]
    tables[:] = [t for t in tables if issue not in t[0]]
    blocked[:] = [b for b in blocked if issue not in b[0]]
    around = {
        i
        for scope in [*(t[0] for t in mine), *(b[0] for b in stops), *(m.scope for m in heard)]
        for i in scope
    }
    scope = tuple(sorted(around - {issue}))
    cells = math.prod(space.sizes[i] for i in scope) * space.sizes[issue]
    if cells > MAX_CELLS:
        raise CostError(
            f"conditions tie {len(scope) + 1} issues together at once",
            f"{cells:,} combinations of levels",
            "split conditions so that each ties fewer issues",
        )
    whole = tuple(sorted((*scope, issue)))
    value = sum((spread_vector(t, whole) for t in mine), np.zeros((*(1,) * len(whole), space.n_parties)))
    value = np.broadcast_to(value, (*(space.sizes[i] for i in whole), space.n_parties))
    stop = np.zeros(tuple(space.sizes[i] for i in whole), dtype=bool)
    for blocked_scope, table in stops:
        stop |= _spread(blocked_scope, table, whole)
    done = tuple(sorted({issue, *(i for m in heard for i in m.done)}))
    out = {}
    for here in itertools.product(*(range(space.sizes[i]) for i in scope)):
        at = dict(zip(scope, here, strict=True))
        out[here] = _thin(
            [
                _join(heard, {**at, issue: level}, issue, level, done, value[_index(whole, at, issue, level)])
                for level in range(space.sizes[issue])
                if not stop[_index(whole, at, issue, level)]
            ],
            done,
            space.n_parties,
        )
    return [*(m for m in messages if issue not in m.scope), _Message(scope, done, out)]


def _index(whole: Sequence[int], at: Mapping[int, int], issue: int, level: int) -> tuple[int, ...]:
    return tuple(level if i == issue else at[i] for i in whole)


def _spread(scope: tuple[int, ...], table: Array, onto: Sequence[int]) -> Array:
    from detente.space.tables import Factor

    return spread(Factor(scope, table), onto)


def spread_vector(entry: tuple[tuple[int, ...], Array], onto: Sequence[int]) -> Array:
    """A table of vectors shaped for broadcasting over the issues ``onto``."""
    return _spread(entry[0], entry[1], onto)


def _join(
    heard: Sequence[_Message],
    at: Mapping[int, int],
    issue: int,
    level: int,
    done: tuple[int, ...],
    value: Array,
) -> Options:
    """All sums of the messages at one combination of levels, with the eliminated issue at ``level``."""
    levels = np.zeros((1, len(done)), dtype=np.int64)
    levels[0, done.index(issue)] = level
    sums, counts = value[None, :], np.ones(1, dtype=object)
    for message in heard:
        part = message.cells[tuple(at[i] for i in message.scope)]
        columns = [done.index(i) for i in message.done]
        pairs = len(sums) * len(part.values)
        if pairs > MAX_POINTS:
            raise CostError(
                "the front of tied issues is too large", f"{pairs:,} points", "split the conditions"
            )
        levels = np.repeat(levels, len(part.values), axis=0)
        levels[:, columns] = np.tile(part.levels, (len(sums), 1))
        counts = (counts[:, None] * part.counts[None, :]).reshape(-1)
        sums = (sums[:, None, :] + part.values[None, :, :]).reshape(-1, value.size)
    return Options(levels, sums, counts)


def _thin(parts: list[Options], done: tuple[int, ...], k: int) -> Options:
    """The options that none of the others beats, one for each utility vector."""
    parts = [part for part in parts if len(part.values)]
    if not parts:
        return Options(np.zeros((0, len(done)), dtype=np.int64), np.zeros((0, k)), np.zeros(0, dtype=object))
    levels = np.concatenate([part.levels for part in parts])
    values = np.concatenate([part.values for part in parts])
    counts = np.concatenate([part.counts for part in parts])
    found = kernel.front([values], [counts], [levels], [done])
    rows = found.choices[:, 0]
    return Options(levels[rows], values[rows], np.asarray(found.counts, dtype=object))


def _close(messages: Sequence[_Message], at: tuple[int, ...], issues: Sequence[int], value: Array) -> Options:
    """The options of the whole group from what is left of it."""
    done = tuple(sorted(i for m in messages for i in m.done))
    levels, sums, counts = np.zeros((1, len(done)), dtype=np.int64), value[None, :], np.ones(1, dtype=object)
    for message in messages:
        part = message.cells[at if message.scope else ()]
        columns = [done.index(i) for i in message.done]
        size = len(sums)
        levels = np.repeat(levels, len(part.values), axis=0)
        levels[:, columns] = np.tile(part.levels, (size, 1))
        counts = (counts[:, None] * part.counts[None, :]).reshape(-1)
        sums = (sums[:, None, :] + part.values[None, :, :]).reshape(-1, value.size)
    return _thin([Options(levels, sums, counts)], done, value.size)


def _closed_at(
    space: Space,
    keep: int,
    level: int,
    tables: Sequence[tuple[tuple[int, ...], Array]],
    blocked: Sequence[tuple[tuple[int, ...], Array]],
    messages: Sequence[_Message],
    issues: Sequence[int],
) -> Options:
    """The options with the kept issue at one level."""
    value = sum((table[level] for scope, table in tables if scope == (keep,)), np.zeros(space.n_parties))
    rest = _close(messages, (level,), issues, value)
    if any(table[level] for scope, table in blocked if scope == (keep,)):
        rest = Options(rest.levels[:0], rest.values[:0], rest.counts[:0])
    column = sorted(issues).index(keep)
    return Options(np.insert(rest.levels, column, level, axis=1), rest.values, rest.counts)

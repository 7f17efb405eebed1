"""A case compiled to arrays: the only thing that analyses compute on.

Outcomes are numbered in mixed radix, issues in file order, the last one fastest, impossible ones included;
in graph form by their position in the list. Utilities stay factored (tables over one or few issues) and are
enumerated only on demand, in chunks. Labels outside, integers inside.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from detente.case.model import Case, Entry, Issue, Preference
from detente.case.uncertain import Number, mode
from detente.errors import CostError, NeedsError
from detente.space import moves as moves_
from detente.space.tables import Array, Factor, combine, greatest, spread, truth
from detente.space.utility import breakpoints, factors_of, ranking_ranks, statements

BLOCK = 1 << 17
"""Outcomes that are computed together: small enough for the cache, large enough for NumPy."""
LARGEST_RANKED = 200_000_000
MAX_BITS = 62
"""Priorities whose truth fits into one number."""
GRID = 101
"""Points at which a continuous issue is sampled, besides those that the case mentions."""
SNAP = 1e-9
"""Utilities closer than this are the same; see `snap`."""
_OFFSET = 0.5 + 0.137

NoDealName = Literal["now", "deadline", "breakdown"]


def snap(utilities: Array) -> Array:
    """Utilities as whole multiples of `SNAP`: equality that is transitive, with decimals far from the edges."""
    return np.floor(utilities / SNAP + _OFFSET)


@dataclass(frozen=True, eq=False)
class Ordinal:
    """An ordinal preference: priorities as truth tables, most important first, or ranks as listed."""

    statements: tuple[Factor, ...] = ()
    listed: Array | None = None


@dataclass(frozen=True, eq=False)
class Space:
    """A compiled case. Build one with `compile_case`.

    ``parties`` are those with preferences, in file order: the rows of every utility array. ``factors[p]``
    sums to the utility of party p (None for an ordinal one, which has ``ordinal[p]``); ``forbidden`` are
    boolean tables, an outcome being impossible where any holds. With ``draws`` set, tables have a further
    last axis of that length, and so have utilities.
    """

    case: Case
    parties: tuple[str, ...]
    issues: tuple[str, ...]
    sizes: tuple[int, ...]
    level_names: tuple[tuple[str, ...], ...]
    factors: tuple[tuple[Factor, ...] | None, ...]
    ordinal: tuple[Ordinal | None, ...]
    forbidden: tuple[Factor, ...]
    types: Mapping[str, str] = field(default_factory=dict)
    draws: int | None = None
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Space of {self.case.id}: {self.size:,} outcomes, {self.n_parties} parties>"

    # numbering ----------------------------------------------------------------------------------

    @cached_property
    def size(self) -> int:
        """Number of outcomes, impossible ones included; exact, however large."""
        return math.prod(self.sizes)

    @property
    def n_parties(self) -> int:
        """Number of parties with preferences."""
        return len(self.parties)

    @cached_property
    def strides(self) -> tuple[int, ...]:
        """What one level of each issue adds to an outcome's number; exact integers."""
        return tuple(math.prod(self.sizes[i + 1 :]) for i in range(len(self.sizes)))

    def levels(self, number: int) -> tuple[int, ...]:
        """The level positions of an outcome, one for each issue."""
        if not 0 <= number < self.size:
            raise NeedsError(f"outcome {number} does not exist: there are {self.size:,}, numbered from 0")
        return tuple(number // stride % size for stride, size in zip(self.strides, self.sizes, strict=True))

    def number(self, levels: Sequence[int]) -> int:
        """The number of an outcome given by its level positions."""
        return sum(int(level) * stride for level, stride in zip(levels, self.strides, strict=True))

    def outcome(self, levels: Sequence[int]) -> dict[str, str] | str:
        """An outcome in words: ``{issue: level}``, or its name in graph form."""
        names = [names[level] for names, level in zip(self.level_names, levels, strict=True)]
        return names[0] if self.case.graph_form else dict(zip(self.issues, names, strict=True))

    def positions(self, outcome: Mapping[str, str] | str, base: Sequence[int] | None = None) -> tuple[int, ...]:
        """The level positions of an outcome in words; issues left out are as in ``base`` (the status quo)."""
        if isinstance(outcome, str):
            return (self._position(0, outcome),)
        found = list(self.start if base is None else base)
        for issue, level in outcome.items():
            if issue not in self.issues:
                raise NeedsError(f"unknown issue '{issue}'; the issues are {', '.join(self.issues)}")
            index = self.issues.index(issue)
            found[index] = self._position(index, level)
        return tuple(found)

    def _position(self, index: int, level: str) -> int:
        names = self.level_names[index]
        if level in names:
            return names.index(level)
        if not self.case.graph_form:
            issue = self.case.issues[self.issues[index]]
            try:
                return issue.position(level)
            except KeyError:
                pass
        what = f"level '{level}' of issue '{self.issues[index]}'" if self.issues else f"outcome '{level}'"
        raise NeedsError(f"unknown {what}; there are {', '.join(names[:20])}")

    @cached_property
    def start(self) -> tuple[int, ...]:
        """The level positions of the status quo."""
        start = self.case.start
        if isinstance(start, str):
            return (self.case.outcomes.index(start),)
        return tuple(self._position(i, start[name]) for i, name in enumerate(self.issues))

    # values -------------------------------------------------------------------------------------

    @property
    def scale(self) -> dict[str, str]:
        """``cardinal`` or ``ordinal`` for each party."""
        return {p: "ordinal" if o is not None else "cardinal" for p, o in zip(self.parties, self.ordinal, strict=True)}

    @property
    def cardinal(self) -> bool:
        """Whether every party's preference is in numbers."""
        return all(ordinal is None for ordinal in self.ordinal)

    @cached_property
    def additive(self) -> bool:
        """Whether utilities are sums over single issues and nothing is impossible."""
        return not self.forbidden and self.cardinal and all(
            len(factor.issues) <= 1 for factors in self.factors for factor in factors or ()
        )

    def utility(self, levels: Sequence[int]) -> Array:
        """Utilities of one outcome, shape (n_parties,) and the draws; minus its rank for an ordinal party."""
        number = self.number(levels) if not self.cardinal else 0
        rows = []
        for p, factors in enumerate(self.factors):
            if factors is None:
                rows.append(-float(self.ranks(p)[number]))
            else:
                rows.append(sum((factor.take(levels) for factor in factors), start=np.float64(0)))
        return np.array(np.broadcast_arrays(*rows)) if rows else np.zeros(0)

    def possible(self, levels: Sequence[int]) -> bool:
        """Whether one outcome is possible."""
        return not any(bool(factor.take(levels)) for factor in self.forbidden)

    def utilities(self, start: int = 0, stop: int | None = None) -> Array:
        """Utilities of the outcomes from ``start`` to before ``stop``: float64, (n_parties, stop - start),
        higher is better, minus the rank for an ordinal party; a last axis of draws where there are any.
        """
        stop = self.size if stop is None else stop
        tail = () if self.draws is None else (self.draws,)
        out = np.zeros((self.n_parties, stop - start, *tail))
        for p, factors in enumerate(self.factors):
            if factors is None:
                out[p] = -self.ranks(p)[start:stop].reshape(-1, *([1] * len(tail)))
            else:
                self._fill(out[p], factors, start, stop)
        return out

    def feasible(self, start: int = 0, stop: int | None = None) -> Array:
        """Which outcomes from ``start`` to before ``stop`` are possible: bool, (stop - start,)."""
        stop = self.size if stop is None else stop
        count = np.zeros(stop - start, dtype=np.int16)
        self._fill(count, self.forbidden, start, stop)
        return count == 0

    def chunks(self, size: int = BLOCK) -> Iterator[tuple[int, int]]:
        """Ranges of outcome numbers that cover the space in order, each a whole number of blocks."""
        step = max(self._block, size // self._block * self._block)
        for start in range(0, self.size, step):
            yield start, min(start + step, self.size)

    @cached_property
    def _inner(self) -> int:
        """The first issue of the trailing issues that together make one block."""
        first = len(self.sizes)
        while first > 0 and math.prod(self.sizes[first - 1 :]) <= BLOCK:
            first -= 1
        return first

    @cached_property
    def _block(self) -> int:
        return math.prod(self.sizes[self._inner :])

    def _fill(self, out: Array, factors: Sequence[Factor], start: int, stop: int) -> None:
        """Adds the factors' sum over a range of outcomes to ``out``, block by block."""
        inner = tuple(range(self._inner, len(self.sizes)))
        fixed = [spread(f, inner) for f in factors if not f.issues or f.issues[0] >= self._inner]
        varying = [f for f in factors if f.issues and f.issues[0] < self._inner]
        shape = tuple(self.sizes[i] for i in inner)
        tail = out.shape[1:]
        base = np.zeros((*shape, *tail), dtype=out.dtype)
        for table in fixed:
            base += table if table.ndim == base.ndim or not tail else table[..., None]
        for block in range(start // self._block, -(-stop // self._block)):
            values = base
            if varying:
                outer = self.levels(block * self._block)[: self._inner]
                values = base.copy()
                for factor in varying:
                    values += self._slice(factor, outer, inner, tail)
            low, high = max(start - block * self._block, 0), min(stop - block * self._block, self._block)
            at = block * self._block + low - start
            out[at : at + high - low] = values.reshape(self._block, *tail)[low:high]

    def _slice(self, factor: Factor, outer: Sequence[int], inner: Sequence[int], tail: Sequence[int]) -> Array:
        index = tuple(outer[i] if i < self._inner else slice(None) for i in factor.issues)
        rest = Factor(tuple(i for i in factor.issues if i >= self._inner), factor.table[index])
        table = spread(rest, inner)
        return table[..., None] if tail and not factor.drawn else table

    # ranks --------------------------------------------------------------------------------------

    def ranks(self, party: int) -> Array:
        """Ranks of all outcomes for one party: int32, (size,), 1 is best, ties share a rank, dense.

        Impossible outcomes have the rank after the worst. Enumerates the space once and keeps the answer.
        """
        cache: dict[int, Array] = self.__dict__.setdefault("_rank_cache", {})
        if party not in cache:
            if self.size > LARGEST_RANKED:
                raise CostError(
                    f"ranking every outcome for {self.parties[party]}",
                    f"{self.size:,} outcomes, {self.size * 12 / 1e9:,.0f} GB",
                    "give preferences as values, which need no ranks",
                )
            cache[party] = self._rank(party)
        return cache[party]

    def keys(self, party: int, start: int = 0, stop: int | None = None) -> Array:
        """Whole numbers in a party's order of preference, smaller is better, equal where it is indifferent.

        For the outcomes from ``start`` to before ``stop``, impossible ones included: int64, or float64 holding
        whole numbers. Unlike ranks they are found without looking at other outcomes (but for a ranking, or more
        priorities than fit into a number).
        """
        stop = self.size if stop is None else stop
        ordinal, factors = self.ordinal[party], self.factors[party]
        if factors is not None:
            values = np.zeros(stop - start)
            self._fill(values, factors, start, stop)
            return -snap(values)
        if ordinal is None or ordinal.listed is not None or len(ordinal.statements) > MAX_BITS:
            return self.ranks(party)[start:stop].astype(np.int64)
        key = np.zeros(stop - start, dtype=np.int64)
        for statement in ordinal.statements:
            false = np.zeros(stop - start, dtype=np.int8)
            self._fill(false, [Factor(statement.issues, ~statement.table)], start, stop)
            key <<= 1
            key |= false
        return key

    def _rank(self, party: int) -> Array:
        ordinal, feasible = self.ordinal[party], self.feasible()
        if ordinal is not None and ordinal.listed is not None:
            key = ordinal.listed.astype(np.int64)
            if bool((feasible & (key == 0)).any()):
                raise NeedsError(f"the ranking of {self.parties[party]} leaves out possible outcomes")
        elif ordinal is not None:
            key = self._priority_key(ordinal.statements)
        else:
            key = -snap(self.utilities()[party])
        ranks = np.zeros(self.size, dtype=np.int32)
        values, dense = np.unique(key[feasible], return_inverse=True)
        ranks[feasible] = dense + 1
        ranks[~feasible] = len(values) + 1
        return ranks

    def _priority_key(self, tables: Sequence[Factor]) -> Array:
        """A number for each outcome, smaller is better, in the lexicographic order of the statements.

        Whatever their number: truth bits are packed 40 at a time, and compressed to ranks in between.
        """
        key = np.zeros(self.size, dtype=np.int64)
        for first in range(0, len(tables), 40):
            for table in tables[first : first + 40]:
                false = np.zeros(self.size, dtype=np.int8)
                self._fill(false, [Factor(table.issues, ~table.table)], 0, self.size)
                key <<= 1
                key |= false
            if first + 40 < len(tables):
                key = np.unique(key, return_inverse=True)[1].astype(np.int64)
                if len(tables) and key.max(initial=0) >= 1 << 22:
                    key = self._wide(key, tables[first + 40 :])
                    break
        return key

    def _wide(self, key: Array, tables: Sequence[Factor]) -> Array:
        """Goes on one statement at a time where the ranks themselves take many bits."""
        for table in tables:
            false = np.zeros(self.size, dtype=np.int8)
            self._fill(false, [Factor(table.issues, ~table.table)], 0, self.size)
            key = np.unique(key << 1 | false, return_inverse=True)[1].astype(np.int64)
        return key

    # no deal ------------------------------------------------------------------------------------

    def extreme(self, party: int, best: bool = True) -> Array:
        """The largest (or least) utility of a party over the possible outcomes, without listing them."""
        factors = self.factors[party]
        if factors is None:
            ranks, feasible = self.ranks(party), self.feasible()
            if not feasible.any():
                return np.asarray(-np.inf if best else np.inf)
            return np.asarray(-float(ranks[feasible].min() if best else ranks[feasible].max()))
        sign = 1.0 if best else -1.0
        signed = [Factor(factor.issues, sign * factor.table) for factor in factors]
        return sign * greatest(signed, self.forbidden, self.sizes)

    def reservation(self, which: NoDealName = "now", read: Callable[[Number], float] = mode) -> tuple[Array, list[str]]:
        """Utility of no deal for each party, (n_parties,) and the draws, and what should be said about it.

        ``now`` and ``deadline`` are entries of the case's no-deal block; without one, the status quo where
        the file states it, else each party's least feasible utility.
        """
        block, notes = self.case.no_deal, []
        entry = None if block is None else block.now if which == "now" else block.at_deadline
        if which == "deadline" and entry is None:
            notes.append("the case does not say what follows its deadline: the talks are taken to freeze where they stand")
            entry = Entry()
        if entry is None and self.case.status_quo is None:
            notes.append(
                "the case states neither no deal nor a status quo: each party's least feasible utility is used"
            )
            return np.array([self.extreme(p, best=False) for p in range(self.n_parties)]), notes
        entry = entry or Entry()
        base = self.start if entry.outcome is None else self.positions(entry.outcome)
        stated = entry.utilities or {}
        if not self.possible(base) and any(
            o is not None and p not in stated for p, o in zip(self.parties, self.ordinal, strict=True)
        ):
            raise NeedsError("no deal is an impossible outcome, which an ordinal preference does not rank")
        utilities = self.utility(base)
        for p, party in enumerate(self.parties):
            if party in stated:
                utilities[p] = read(stated[party])
        return utilities, notes

    # moves --------------------------------------------------------------------------------------

    @cached_property
    def movers(self) -> tuple[tuple[str, ...], ...]:
        """Everyone who can move something: single parties, and groups that only move together."""
        return tuple(moves_.owners(self.case))

    def moves(self, party: int | str | tuple[str, ...]) -> moves_.Moves:
        """The moves of a party of the case (by id, or by row in ``parties``), or of a group acting together."""
        mover = (self.parties[party],) if isinstance(party, int) else (party,) if isinstance(party, str) else party
        return moves_.moves_of(
            self.case, mover, self.compiled_issues, lambda number: self.possible(self.levels(number))
        )

    @cached_property
    def compiled_issues(self) -> dict[str, Issue]:
        """The issues as this space numbers them: continuous ones are replaced by levels."""
        return _compiled(self.case)

    # changed numbers ----------------------------------------------------------------------------

    def with_factors(self, factors: Mapping[int, Sequence[Factor]], draws: int | None = None) -> Space:
        """The same space with other tables for some parties, without going through the case again."""
        new = tuple(tuple(factors[p]) if p in factors else old for p, old in enumerate(self.factors))
        return replace(self, factors=new, draws=draws)


def _compiled(case: Case) -> dict[str, Issue]:
    """The issues with continuous ones replaced by levels: what the case mentions, and an even grid."""
    issues: dict[str, Issue] = {}
    for name, issue in case.issues.items():
        if not issue.names and issue.scale is not None:
            even = np.linspace(float(issue.scale.start), float(issue.scale.stop), GRID).tolist()
            points = sorted({*breakpoints(case, name), *(round(x, 12) for x in even)})
            from detente.case.model import number_name

            issue = issue.model_copy(update={"levels": tuple(number_name(repr(x)) for x in points)})
        issues[name] = issue
    return issues


def compile_case(
    case: Case, types: Mapping[str, str] | None = None, read: Callable[[Number], float] = mode
) -> Space:
    """A case as a `Space`.

    ``types`` chooses a type for parties that have several (the first by default); ``read`` turns uncertain
    numbers into values (their mode by default).
    """
    if not case.graph_form and not case.issues:
        raise NeedsError(f"the case '{case.id}' has no issues and no outcomes: this analysis needs them")
    issues, notes = _compiled(case), []
    parties, factors, ordinal, chosen = [], [], [], {}
    for party in case.parties:
        if party not in case.preferences:
            continue
        preference: Preference = case.preferences[party]
        if preference.types is not None:
            name = (types or {}).get(party, next(iter(preference.types)))
            if name not in preference.types:
                raise NeedsError(f"{party} has no type '{name}'; it has {', '.join(preference.types)}")
            preference, chosen[party] = preference.types[name], name
            notes.append(f"{party} may be one of {len(case.preferences[party].types or ())} types; it is taken to be '{name}'")
        parties.append(party)
        if preference.ordinal:
            listed = ranking_ranks(case, preference, issues) if preference.ranking is not None else None
            ordinal.append(Ordinal(tuple(statements(preference, issues)), listed))
            factors.append(None)
        else:
            ordinal.append(None)
            factors.append(tuple(factors_of(case, preference, issues, read)))
    for name, issue in case.issues.items():
        if not issue.names:
            notes.append(f"issue '{name}' is continuous: {len(issues[name].names)} points of it are used")
    forbidden = combine((truth(item.when, issues) for item in case.impossible), add=False)
    names = tuple(issue.names for issue in issues.values()) or (case.outcomes,)
    return Space(
        case, tuple(parties), tuple(issues), tuple(len(n) for n in names), names,
        tuple(factors), tuple(ordinal), tuple(forbidden), chosen, None, tuple(notes),
    )  # fmt: skip

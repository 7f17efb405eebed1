"""A case compiled to arrays: the only thing that analyses compute on.

Outcomes are numbered in mixed radix, issues in file order, the last one fastest, impossible ones included;
in graph form by their position in the list. Utilities stay factored (tables over one or few issues) and are
enumerated only on demand, in chunks. Labels outside, integers inside.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

import numpy as np

from detente.case.fields import FrozenDict
from detente.case.model import Case, Entry, Issue, Preference
from detente.case.uncertain import Number, mode
from detente.errors import CostError, NeedsError
from detente.space import levels as levels_
from detente.space import moves as moves_
from detente.space.blocks import CELLS, Blocks
from detente.space.order import SNAP, dense_ranks, whole_keys
from detente.space.tables import MAX_CELLS, Array, Factor, combine, greatest, truth, widest_table
from detente.space.utility import LARGEST_RANKED, factors_of, ranking_ranks, statements

BLOCK = 1 << 17
"""Outcomes of a chunk, unless the caller says otherwise."""
LARGEST_LISTED = 1_000_000_000
"""Spaces up to this many outcomes (times draws) are gone through where nothing cheaper serves."""
LARGEST_ARRAY = 1 << 34
"""Bytes of the largest array that is made of a range of outcomes."""
MAX_BITS = 62
"""Priorities whose truth fits into one number."""
_NARROW = 1 << 16
_FREEZE = "the talks are taken to freeze where they stand"
_LEAST = "each party's least feasible utility is used"

NoDealName = Literal["now", "deadline", "breakdown"]


@dataclass(frozen=True, eq=False)
class Ordinal:
    """An ordinal preference: priorities as truth tables, most important first, or ranks as listed."""

    statements: tuple[Factor, ...] = ()
    listed: Array | None = None


@dataclass(frozen=True, eq=False)
class Space:
    """A compiled case. Build one with `compile_case`; nothing in it changes.

    ``parties`` are those with preferences, in file order: the rows of every utility array. ``factors[p]``
    sums to the utility of party p (None for an ordinal one, which has ``ordinal[p]``); ``forbidden`` are
    boolean tables, an outcome being impossible where any holds. With ``draws`` set, tables may have a further
    last axis of that length, and utilities have it. ``types``: which type was chosen for a party that has
    several; ``notes``: what should be said about the compilation.
    """

    case: Case
    parties: tuple[str, ...]
    issues: tuple[str, ...]
    sizes: tuple[int, ...]
    level_names: tuple[tuple[str, ...], ...]
    factors: tuple[tuple[Factor, ...] | None, ...]
    ordinal: tuple[Ordinal | None, ...]
    forbidden: tuple[Factor, ...]
    types: Mapping[str, str] = field(default_factory=FrozenDict)
    draws: int | None = None
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Space of {self.case.id}: {self.size:,} outcomes, {self.n_parties} parties>"

    def __getstate__(self) -> dict[str, Any]:
        return {part.name: self.__dict__[part.name] for part in fields(self)}

    @cached_property
    def kept(self) -> dict[tuple[Any, ...], Any]:
        """What was computed before: ranks, sums ready for listing, moves, what analyses make of it."""
        return {}

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
        strides = [1]
        for size in self.sizes[:0:-1]:
            strides.append(strides[-1] * size)
        return tuple(strides[::-1])

    def levels(self, number: int) -> tuple[int, ...]:
        """The level positions of an outcome, one for each issue."""
        number = operator.index(number)
        if not 0 <= number < self.size:
            raise NeedsError(f"outcome {number} does not exist: there are {self.size:,}, numbered from 0")
        return tuple(number // stride % size for stride, size in zip(self.strides, self.sizes, strict=True))

    def number(self, levels: Sequence[int]) -> int:
        """The number of an outcome given by its level positions."""
        if len(levels) != len(self.sizes) or not all(
            0 <= level < size for level, size in zip(levels, self.sizes, strict=True)
        ):
            raise NeedsError(
                f"no outcome has the level positions {tuple(levels)}: the sizes are {self.sizes}"
            )
        return sum(int(level) * stride for level, stride in zip(levels, self.strides, strict=True))

    def outcome(self, levels: Sequence[int]) -> dict[str, str] | str:
        """An outcome in words: ``{issue: level}``, or its name in graph form."""
        names = [names[level] for names, level in zip(self.level_names, levels, strict=True)]
        return names[0] if self.case.graph_form else dict(zip(self.issues, names, strict=True))

    def positions(
        self, outcome: Mapping[str, str] | Sequence[str] | str, base: Sequence[int] | None = None
    ) -> tuple[int, ...]:
        """The level positions of an outcome in words, in any form in which a case file writes it.

        ``{issue: level}``, where issues left out are as in ``base`` (the status quo); a list of levels in
        issue order; in graph form a name. Raises `NeedsError` for what the space does not know.
        """
        if isinstance(outcome, Mapping) and not outcome:
            return tuple(self.start if base is None else base)
        if self.case.graph_form:
            if not isinstance(outcome, str):
                raise NeedsError(f"an outcome of a graph is its name; got {outcome!r}")
            return (self._position(0, outcome),)
        if isinstance(outcome, Mapping):
            found = list(self.start if base is None else base)
            for issue, level in outcome.items():
                if issue not in self.issues:
                    raise NeedsError(f"unknown issue '{issue}'; the issues are {', '.join(self.issues)}")
                index = self.issues.index(issue)
                found[index] = self._position(index, level)
            return tuple(found)
        if isinstance(outcome, str) or len(outcome) != len(self.issues):
            raise NeedsError(
                f"an outcome is a level for each issue ({', '.join(self.issues)}); got {outcome!r}"
            )
        return tuple(self._position(index, level) for index, level in enumerate(outcome))

    def _position(self, index: int, level: str) -> int:
        names = self.level_names[index]
        if self.case.graph_form:
            if level in names:
                return names.index(level)
            raise NeedsError(f"unknown outcome '{level}'; there are {_some(names)}")
        name = self.issues[index]
        issue = self.compiled_issues[name]
        try:
            return issue.position(str(level))
        except KeyError:
            pass
        what = f"unknown level '{level}' of issue '{name}'"
        if isinstance(issue, levels_.Sampled):
            what = f"'{level}' is not among the points at which the continuous issue '{name}' is sampled"
        raise NeedsError(f"{what}; there are {_some(names)}")

    @cached_property
    def start(self) -> tuple[int, ...]:
        """The level positions of the status quo."""
        return self.positions(self.case.start, (0,) * len(self.sizes))

    # values -------------------------------------------------------------------------------------

    @property
    def scale(self) -> dict[str, str]:
        """``cardinal`` or ``ordinal`` for each party."""
        rows = zip(self.parties, self.ordinal, strict=True)
        return {party: "cardinal" if ordinal is None else "ordinal" for party, ordinal in rows}

    @property
    def cardinal(self) -> bool:
        """Whether every party's preference is in numbers."""
        return all(ordinal is None for ordinal in self.ordinal)

    @property
    def sampled(self) -> bool:
        """Whether points stand in for a continuous issue: a note says how far apart, and what lies between."""
        return any(not issue.names for issue in self.case.issues.values())

    @cached_property
    def additive(self) -> bool:
        """Whether utilities are sums over single issues and nothing is impossible."""
        tables = (factor for factors in self.factors for factor in factors or ())
        return not self.forbidden and self.cardinal and all(len(table.issues) <= 1 for table in tables)

    @property
    def _tail(self) -> tuple[int, ...]:
        return () if self.draws is None else (self.draws,)

    def utility(self, levels: Sequence[int]) -> Array:
        """Utilities of one outcome, shape (n_parties,) and the draws; minus its rank for an ordinal party.

        Costs nothing for parties with numbers; for an ordinal one see `ranks`.
        """
        number = self.number(levels)
        out = np.empty((self.n_parties, *self._tail))
        for p, factors in enumerate(self.factors):
            if factors is None:
                out[p] = -float(self.ranks(p)[number])
            else:
                out[p] = sum((factor.take(levels) for factor in factors), start=np.float64(0))
        return out

    def possible(self, levels: Sequence[int]) -> bool:
        """Whether one outcome is possible."""
        return not any(bool(factor.take(levels)) for factor in self.forbidden)

    def utilities(self, start: int = 0, stop: int | None = None) -> Array:
        """Utilities of the outcomes from ``start`` to before ``stop``: float64, (n_parties, stop - start),
        higher is better, minus the rank for an ordinal party; a last axis of draws where there are any.

        Raises `NeedsError` for a range outside the space, `CostError` where the array would have more than
        `LARGEST_ARRAY` bytes. Cost: about 1 ns an outcome and party, and as much again for each pair of
        far-apart issues that a bonus ties together.
        """
        start, stop = self._range(start, stop, 8 * self.n_parties * (self.draws or 1))
        out = np.empty((self.n_parties, stop - start, *self._tail))
        for p, factors in enumerate(self.factors):
            if factors is None:
                out[p] = -self.ranks(p)[start:stop].reshape(-1, *(1 for _ in self._tail))
            else:
                self._sum(p).into(out[p], start, stop)
        return out

    def feasible(self, start: int = 0, stop: int | None = None) -> Array:
        """Which outcomes from ``start`` to before ``stop`` are possible: bool, (stop - start,).

        Raises as `utilities`.
        """
        start, stop = self._range(start, stop, 1)
        if not self.forbidden:
            return np.ones(stop - start, dtype=bool)
        out = np.empty(stop - start, dtype=bool)
        if ("forbidden",) not in self.kept:
            self.kept["forbidden",] = self._blocks(self.forbidden, np.bool_)
        self.kept["forbidden",].into(out, start, stop)
        return np.logical_not(out, out=out)

    def _range(self, start: int, stop: int | None, each: int) -> tuple[int, int]:
        """A range of outcomes as two Python integers, if it is one and not too long."""
        start, stop = operator.index(start), self.size if stop is None else operator.index(stop)
        if not 0 <= start <= stop <= self.size:
            raise NeedsError(f"there are no outcomes {start} to {stop}: there are {self.size:,}, from 0")
        if (stop - start) * each > LARGEST_ARRAY:
            raise CostError(
                "listing outcomes in one array",
                f"{stop - start:,} outcomes, {(stop - start) * each / 1e9:,.0f} GB",
                "go through them by `chunks()`",
            )
        return start, stop

    def _blocks(self, factors: Sequence[Factor], kind: type[np.generic], draws: int | None = None) -> Blocks:
        return Blocks(factors, self.sizes, kind, draws, min(CELLS, BLOCK))

    def _sum(self, party: int) -> Blocks:
        """The sum of a party's tables, ready for listing."""
        if ("sum", party) not in self.kept:
            self.kept["sum", party] = self._blocks(self.factors[party] or (), np.float64, self.draws)
        found: Blocks = self.kept["sum", party]
        return found

    def chunks(self, size: int = BLOCK) -> Iterator[tuple[int, int]]:
        """Ranges of outcome numbers that cover the space in order, each of at most about ``size`` outcomes.

        They end where the last issues turn over, which is where listing is cheapest.
        """
        row = 1
        for levels in reversed(self.sizes):
            if row * levels > min(size, CELLS, BLOCK):
                break
            row *= levels
        step = max(row, size // row * row)
        for start in range(0, self.size, step):
            yield start, min(start + step, self.size)

    # ranks --------------------------------------------------------------------------------------

    def ranks(self, party: int) -> Array:
        """Ranks of all outcomes for one party: int32, (size,), read only; 1 is best, ties share one, dense.

        Ranks count possible outcomes only: an impossible one has the rank after the worst, whatever its
        utility. Utilities tie where they `snap` to the same. Enumerates the space once and keeps the answer:
        4 bytes an outcome, and 13 to 33 while it is found. Raises `CostError` for more than `LARGEST_RANKED`
        outcomes, `NeedsError` where a ranking leaves out possible outcomes, or numbers are drawn.
        """
        if ("ranks", party) not in self.kept:
            if self.size > LARGEST_RANKED:
                raise CostError(
                    f"ranking every outcome for {self.parties[party]}",
                    f"{self.size:,} outcomes, {self.size * 13 / 1e9:,.0f} GB",
                    "give preferences as values, which need no ranks",
                )
            ranks = self._rank(party)
            ranks.flags.writeable = False
            self.kept["ranks", party] = ranks
        found: Array = self.kept["ranks", party]
        return found

    def keys(self, party: int, start: int = 0, stop: int | None = None) -> Array:
        """Whole numbers in a party's order of preference, smaller is better, equal where it is indifferent.

        For the outcomes from ``start`` to before ``stop``, impossible ones included: int64. Unlike ranks they
        are found without looking at other outcomes (but for a ranking, or more priorities than fit into a
        number). Raises as `utilities`, and as `ranks`.
        """
        start, stop = self._range(start, stop, 8)
        ordinal = self.ordinal[party]
        if ordinal is not None and (ordinal.listed is not None or len(ordinal.statements) > MAX_BITS):
            return self.ranks(party)[start:stop].astype(np.int64)
        out = np.empty(stop - start, dtype=np.int64)
        if ordinal is not None:
            if ("keys", party) not in self.kept:
                self.kept["keys", party] = self._falsehoods(ordinal.statements)
            self.kept["keys", party].into(out, start, stop)
            return out
        self._check_single(party)
        sums, exact = self._sum(party), self._exact(party)
        step = max(sums.row, CELLS // sums.row * sums.row)
        values = np.empty(step)
        for low in range(start - start % step, stop, step):
            a, b = max(low, start), min(low + step, stop)
            sums.into(values[: b - a], a, b)
            out[a - start : b - start] = whole_keys(values[: b - a], exact)
        return out

    def _check_single(self, party: int) -> None:
        if any(factor.drawn for factor in self.factors[party] or ()):
            raise NeedsError(
                f"the numbers of {self.parties[party]} are drawn: its order differs between draws"
            )

    def _exact(self, party: int) -> bool:
        """Whether a party's utilities, as multiples of `SNAP`, fit into an int64."""
        if ("exact", party) not in self.kept:
            tables = [factor.table for factor in self.factors[party] or ()]
            most = sum(max(float(table.max()), -float(table.min())) for table in tables)
            self.kept["exact", party] = most / SNAP < 1 << 62
        return bool(self.kept["exact", party])

    def _falsehoods(self, tables: Sequence[Factor]) -> Blocks:
        """The statements that do not hold, as the bits of a number, the most important highest."""
        last = len(tables) - 1
        bits = (Factor(t.issues, (~t.table).astype(np.int64) << (last - i)) for i, t in enumerate(tables))
        return self._blocks(combine(bits), np.int64)

    def _rank(self, party: int) -> Array:
        ordinal = self.ordinal[party]
        possible = self.feasible() if self.forbidden else None
        if ordinal is not None and ordinal.listed is not None:
            left_out = ordinal.listed == 0
            if bool((left_out if possible is None else left_out & possible).any()):
                raise NeedsError(f"the ranking of {self.parties[party]} leaves out possible outcomes")
            return dense_ranks(ordinal.listed.astype(np.int64), possible)
        if ordinal is not None and len(ordinal.statements) > MAX_BITS:
            return self._rank_many(ordinal.statements, possible)
        return dense_ranks(self.keys(party), possible)

    def _rank_many(self, tables: Sequence[Factor], possible: Array | None) -> Array:
        """Ranks by any number of statements: some of them at a time, compressed to ranks in between.

        So many at a time that the ranks so far and their truth stay narrow enough not to be sorted.
        """
        ranks = np.ones(self.size, dtype=np.int32)
        count, first = 1, 0
        distinct = self.size if possible is None else int(possible.sum())
        while first < len(tables) and count < distinct:
            bits = max(1, (max(2 * self.size, _NARROW) // (count + 1)).bit_length() - 1)
            keys = np.empty(self.size, dtype=np.int64)
            self._falsehoods(tables[first : first + bits]).into(keys, 0, self.size)
            keys |= ranks.astype(np.int64) << min(bits, len(tables) - first)
            ranks = dense_ranks(keys, possible)
            count = int(ranks.max() if possible is None else ranks[possible].max(initial=0))
            first += bits
        return ranks

    # no deal ------------------------------------------------------------------------------------

    def extreme(self, party: int, best: bool = True) -> Array:
        """The largest (or least) utility of a party over the possible outcomes: float64, () or (draws,).

        -inf (or +inf) where nothing is possible. Issues are eliminated one by one, so nothing is listed,
        unless tables tie so many of them together that listing is cheaper; an ordinal party is ranked. Raises
        `CostError` where neither can be done.
        """
        factors = self.factors[party]
        if factors is None:
            ranks = self.ranks(party)
            some = ranks if not self.forbidden else ranks[self.feasible()]
            nothing = -np.inf if best else np.inf
            value = -float(some.min() if best else some.max()) if len(some) else nothing
            return np.full(self._tail, value)
        scopes = [factor.issues for factor in (*factors, *self.forbidden)]
        cells, draws = widest_table(scopes, self.sizes), self.draws or 1
        if cells * draws <= MAX_CELLS and cells < max(self.size, 2):
            sign = 1.0 if best else -1.0
            signed = [Factor(factor.issues, sign * factor.table) for factor in factors]
            return np.broadcast_to(sign * greatest(signed, self.forbidden, self.sizes), self._tail).copy()
        if self.size * draws > LARGEST_LISTED:
            raise CostError(
                f"conditions tie issues together: the {'largest' if best else 'least'} utility of "
                f"{self.parties[party]}",
                f"{cells:,} combinations",
                "state the no-deal utilities, or loosen the conditions",
            )
        return self._listed_extreme(party, best)

    def _listed_extreme(self, party: int, best: bool) -> Array:
        """As `extreme`, by going through all outcomes."""
        found = np.full(self._tail, -np.inf if best else np.inf)
        sums, better = self._sum(party), np.maximum if best else np.minimum
        for start, stop in self.chunks(max(1, BLOCK // (self.draws or 1))):
            values = np.empty((stop - start, *self._tail))
            sums.into(values, start, stop)
            if self.forbidden:
                values = values[self.feasible(start, stop)]
            found = better(found, better.reduce(values, axis=0, initial=-np.inf if best else np.inf))
        return np.asarray(found)

    def entry(self, which: NoDealName = "now") -> Entry | None:
        """What the case says of no deal, now or after the deadline.

        ``now`` is the status quo where a no-deal block leaves it out, or the file states a status quo; else None,
        which means the least feasible utilities. After a deadline of which nothing is said, everything freezes.
        """
        block = self.case.no_deal
        if which == "deadline":
            return (None if block is None else block.at_deadline) or Entry()
        if block is None and self.case.status_quo is None:
            return None
        return (None if block is None else block.now) or Entry()

    def reservation(
        self, which: NoDealName = "now", read: Callable[[Number], float] = mode
    ) -> tuple[Array, list[str]]:
        """Utility of no deal for each party, (n_parties,) and the draws, and what should be said about it.

        ``now`` and ``deadline`` are entries of the case's no-deal block; without one, the status quo where
        the file states it, else each party's least feasible utility. A party that an entry of utilities
        leaves out has its utility of the status quo. Raises `NeedsError` for ``breakdown``, which the roadmap
        computes, and where an ordinal party would have to rank an impossible outcome.
        """
        if which not in ("now", "deadline"):
            raise NeedsError(f"no deal as '{which}' is not stated in a case; there are now and deadline")
        entry, notes = self.entry(which), []
        if which == "deadline" and (self.case.no_deal is None or self.case.no_deal.at_deadline is None):
            notes.append(f"the case does not say what follows its deadline: {_FREEZE}")
        if entry is None:
            notes.append(f"the case states neither no deal nor a status quo: {_LEAST}")
            least = [self.extreme(p, best=False) for p in range(self.n_parties)]
            return np.array(least).reshape(self.n_parties, *self._tail), notes
        stated = {p: n for p, n in (entry.utilities or {}).items() if p in self.parties}
        silent = [party for party in self.parties if party not in stated]
        if entry.utilities is not None and silent:
            notes.append(f"no deal is not stated for {', '.join(silent)}: the status quo is used")
        base = self.start if entry.outcome is None else self.positions(entry.outcome)
        if silent and not self.possible(base):
            if any(self.ordinal[self.parties.index(party)] is not None for party in silent):
                raise NeedsError(
                    "no deal is an impossible outcome, which an ordinal preference does not rank"
                )
            notes.append("no deal is an outcome that the case calls impossible")
        utilities = self.utility(base) if silent else np.empty((self.n_parties, *self._tail))
        for party, number in stated.items():
            utilities[self.parties.index(party)] = read(number)
        return utilities, notes

    # moves --------------------------------------------------------------------------------------

    @cached_property
    def movers(self) -> tuple[tuple[str, ...], ...]:
        """Everyone who can move something: single parties, and groups that only move together."""
        return tuple(moves_.owners(self.case))

    def moves(self, party: int | str | tuple[str, ...]) -> moves_.Moves:
        """The moves of a party of the case (by id, or by row in ``parties``), or of a group acting together.

        A party that owns nothing has none. Raises `NeedsError` for a party that the case does not have,
        `CostError` where the moves are too many to keep.
        """
        mover = (self.parties[party],) if isinstance(party, int) else party
        mover = (mover,) if isinstance(mover, str) else tuple(mover)
        for name in mover:
            if name not in self.case.parties:
                raise NeedsError(f"unknown party '{name}'; the parties are {', '.join(self.case.parties)}")
        if ("moves", mover) not in self.kept:
            found = moves_.moves_of(self.case, mover, self.compiled_issues, self.forbidden)
            self.kept["moves", mover] = found
        kept: moves_.Moves = self.kept["moves", mover]
        return kept

    @cached_property
    def compiled_issues(self) -> dict[str, Issue]:
        """The issues as this space numbers them: continuous ones have points in place of levels."""
        return levels_.compiled_issues(self.case)

    # changed numbers ----------------------------------------------------------------------------

    def with_factors(self, factors: Mapping[int, Sequence[Factor]], draws: int | None = None) -> Space:
        """The same space with other tables for some parties (by row), without going through the case again.

        A party given tables has numbers from then on, whatever its preference in the case. ``draws`` is the
        length of the last axis that the tables may have. Raises `NeedsError` where a table does not fit.
        """
        new = list(self.factors)
        for p, tables in factors.items():
            new[p] = tuple(tables)
        for factor in (factor for tables in new for factor in tables or ()):
            shape = tuple(self.sizes[i] for i in factor.issues)
            if factor.table.shape not in (shape, shape if draws is None else (*shape, draws)):
                raise NeedsError(
                    f"a table over issues {factor.issues} has the shape {factor.table.shape}, not {shape}"
                )
        ordinal = tuple(None if p in factors else kind for p, kind in enumerate(self.ordinal))
        space = replace(self, factors=tuple(new), ordinal=ordinal, draws=draws)
        for name in ("size", "strides", "start", "movers", "compiled_issues"):
            if name in self.__dict__:
                space.__dict__[name] = self.__dict__[name]
        for key, value in self.kept.items():
            if key[0] in ("forbidden", "moves") or (key[0] in ("ranks", "keys") and key[1] not in factors):
                space.kept[key] = value
        return space


def _some(names: Sequence[str], most: int = 20) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _between(
    parties: Sequence[str], factors: Sequence[tuple[Factor, ...] | None], issue: int
) -> dict[str, float]:
    """How far a cardinal party's utility between two points of an issue can be from that at the nearer, at most.

    For what is linear between points: half the largest difference of neighbours, summed over the party's tables.
    """
    return {
        party: sum(
            float(np.abs(np.diff(factor.table, axis=factor.issues.index(issue))).max(initial=0.0)) / 2
            for factor in own
            if issue in factor.issues
        )
        for party, own in zip(parties, factors, strict=True)
        if own is not None
    }


def compile_case(
    case: Case,
    types: Mapping[str, str] | None = None,
    read: Callable[[Number], float] = mode,
    *,
    points: Mapping[str, Iterable[Decimal]] | None = None,
) -> Space:
    """A case as a `Space`.

    ``types`` chooses a type for parties that have several (the first by default); ``read`` turns uncertain
    numbers into values (their mode by default); ``points`` are further ones of continuous issues. Raises `NeedsError` where the case has no outcomes, or a
    table or a type does not fit it, `CostError` where a condition ties too many issues together.
    """
    if not case.graph_form and not case.issues:
        raise NeedsError(f"the case '{case.id}' has no issues and no outcomes: this analysis needs them")
    issues = levels_.compiled_issues(case, points)
    notes: list[str] = list(case.imported.remarks) if case.imported is not None else []
    chosen = _types(case, types or {}, notes)
    parties = tuple(party for party in case.parties if party in case.preferences)
    factors: list[tuple[Factor, ...] | None] = []
    ordinal: list[Ordinal | None] = []
    for party in parties:
        preference = case.preferences[party]
        if preference.types is not None:
            preference = preference.types[chosen[party]]
        if preference.ordinal:
            ordinal.append(_ordinal(case, preference, issues))
            factors.append(None)
        else:
            ordinal.append(None)
            factors.append(tuple(factors_of(case, preference, issues, read)))
    for place, issue in enumerate(issues.values()):
        if isinstance(issue, levels_.Sampled):
            notes.append(issue.stand_in(list(issues)[place], _between(parties, factors, place)))
    forbidden = combine((truth(item.when, issues) for item in case.impossible), add=False)
    names = tuple(issue.names for issue in issues.values()) or (case.outcomes,)
    space = Space(
        case,
        parties,
        tuple(issues),
        tuple(len(n) for n in names),
        names,
        tuple(factors),
        tuple(ordinal),
        tuple(forbidden),
        FrozenDict(chosen),
        None,
        tuple(notes),
    )
    space.__dict__["compiled_issues"] = issues
    return space


def _types(case: Case, wanted: Mapping[str, str], notes: list[str]) -> dict[str, str]:
    """The type of each party that has several; notes what was chosen."""
    chosen = {}
    for party in wanted:
        if party not in case.preferences or case.preferences[party].types is None:
            raise NeedsError(f"{party} has no types to choose from")
    for party in case.parties:
        preference = case.preferences.get(party)
        if preference is None or preference.types is None:
            continue
        name = wanted.get(party, next(iter(preference.types)))
        if name not in preference.types:
            raise NeedsError(f"{party} has no type '{name}'; it has {', '.join(preference.types)}")
        chosen[party] = name
        notes.append(f"{party} may be one of {len(preference.types)} types; it is taken to be '{name}'")
    return chosen


def _ordinal(case: Case, preference: Preference, issues: dict[str, Issue]) -> Ordinal:
    listed = ranking_ranks(case, preference, issues) if preference.ranking is not None else None
    return Ordinal(tuple(statements(preference, issues)), listed)

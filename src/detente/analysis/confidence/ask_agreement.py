"""Is there a deal, over draws: all draws at once where the outcomes can be listed, front by front where not.

The rules and tolerances are those of `detente.analysis.agreement`, which is what the tests compare with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from detente.analysis.agreement import solutions as solve
from detente.analysis.agreement.front import pareto_front
from detente.analysis.agreement.stages import Stages, stages
from detente.analysis.confidence.answers import Answers, Dense, Listed
from detente.analysis.confidence.tables import Values, drawn_space, reservation
from detente.analysis.confidence.worlds import World
from detente.errors import NeedsError
from detente.kernels import front as kernel
from detente.kernels import search
from detente.kernels.many_fronts import fronts
from detente.kernels.search import PRODUCT_TIE, RATIONAL, STRICT, TIE
from detente.space import NoDealName, Space
from detente.space.order import snap
from detente.space.tables import Factor

Array = NDArray[Any]
LISTED = 2_048
"""Possible outcomes up to which all of them are looked at in every draw."""
LARGEST_FRONT = 2_000_000
"""Outcomes up to which a front is found in every draw; beyond it only what the rules pick, by search."""
CELLS = 4_000_000
"""Entries of the arrays that are made at once."""
RULES: tuple[tuple[str, Literal["nash", "maxmin", "sum"]], ...] = (
    ("nash", "nash"),
    ("kalai_smorodinsky", "maxmin"),
    ("egalitarian", "maxmin"),
    ("utilitarian", "sum"),
)
RULE_NAMES = tuple(name for name, _ in RULES)


class AskAgreement:
    """``deal_exists``; how often each outcome is acceptable, efficient, and picked by each rule."""

    name = "agreement"
    main = "deal_exists"
    margin = "room"
    spaced = True
    piece = 1_000
    usual = 10_000
    yes = ("deal_exists",)
    numbers = ("room", "acceptable_outcomes", "efficient_outcomes")

    def __init__(self, no_deal: NoDealName = "now") -> None:
        if no_deal not in ("now", "deadline"):
            raise NeedsError(f"no deal as '{no_deal}' is not drawn here; there are now and deadline")
        self.no_deal = no_deal

    @property
    def options(self) -> Mapping[str, Any]:
        return {"no_deal": self.no_deal}

    def relevant(self, path: str) -> bool:
        return path.split(".")[0] in ("preferences", "no_deal", "unknown") and ".numeraire" not in path

    def prepare(self, worlds: Sequence[World]) -> None:
        for world in worlds:
            assert world.space is not None
            if not world.space.parties:
                raise NeedsError("agreement needs preferences, and no party has any")
            if not (listable(world.space) or (world.space.additive and world.space.n_parties <= 2)):
                self.piece, self.usual = 100, 500

    def __call__(self, world: World, values: Values, count: int) -> Answers:
        assert world.space is not None
        space = drawn_space(world, values, count)
        floor = no_deal_values(world, space, self.no_deal, values, count)
        if listable(world.space):
            return _listed(world, space, floor, values, count)
        return _one_by_one(space, floor, count)

    def decide(self, world: World, values: Values, count: int) -> Array:
        assert world.space is not None
        if not listable(world.space):
            return self(world, values, count).yes
        space = drawn_space(world, values, count)
        floor = no_deal_values(world, space, self.no_deal, values, count)
        parts = [
            _weighed(world, part, floor[:, at], some)[3]
            for at, part, some in _pieces(world, space, values, count)
        ]
        return np.concatenate(parts)[:, None]


def no_deal_values(world: World, space: Space, no_deal: NoDealName, values: Values, count: int) -> Array:
    """Utilities of no deal, (n_parties, count), places drawn by rankings included."""
    floor = reservation(space, no_deal, values, count).copy()
    from detente.analysis.confidence.tables import base_outcome, entry_of

    base = base_outcome(space, no_deal)
    for name, group in world.groups.items():
        entry = entry_of(space, no_deal)
        stated = entry is not None and space.parties[group.party] in (entry.utilities or {})
        if base is None or stated or space.number(base) not in group.numbers:
            continue
        floor[group.party] = _regrouped(space, group, values[name])[group.numbers.index(space.number(base))]
    return floor


def _regrouped(space: Space, group: Any, picks: Array) -> Array:
    """Utilities (minus ranks) of the members of a group under the drawn orders: (members, n)."""
    places = -np.array([space.ranks(group.party)[s] for s in group.numbers], dtype=float)
    table = np.empty((len(group.orders), len(places)))
    for row, order in enumerate(group.orders):
        table[row, list(order)] = places
    return np.asarray(table[picks.astype(int)].T)


def listed_utilities(world: World, space: Space, values: Values, count: int) -> Array:
    """Utilities of all outcomes in all draws: (n_parties, S, count), minus the rank for an ordinal party."""
    found = space.utilities()
    if found.shape[-1] != count:
        found = np.broadcast_to(found, (*found.shape[:2], count))
    if world.groups:
        found = found.copy()
        for name, group in world.groups.items():
            found[group.party, list(group.numbers)] = _regrouped(space, group, values[name])
    return found


def all_levels(space: Space) -> Array:
    """Level positions of all outcomes: int32 (S, issues)."""
    return np.stack(np.unravel_index(np.arange(space.size), space.sizes), axis=1).astype(np.int32)


# all outcomes in every draw -----------------------------------------------------------------------


def _listed(world: World, space: Space, floor: Array, values: Values, count: int) -> Answers:
    parts = [
        _block(world, part, floor[:, at], some) for at, part, some in _pieces(world, space, values, count)
    ]
    return parts[0] if len(parts) == 1 else _stacked(parts)


def _pieces(world: World, space: Space, values: Values, count: int) -> Iterator[tuple[slice, Space, Values]]:
    """The draws in pieces that fit into memory: which they are, the space drawn for them, their values."""
    step = max(1, CELLS // max(1, space.size * space.n_parties))
    for start in range(0, count, step):
        at = slice(start, min(start + step, count))
        some = {name: array[at] for name, array in values.items()}
        width = at.stop - at.start
        yield at, space if width == count else drawn_space(world, some, width), some


def _stacked(parts: Sequence[Answers]) -> Answers:
    sets = {}
    for name in parts[0].sets:
        pieces = [part.sets[name] for part in parts]
        assert all(isinstance(piece, Dense) for piece in pieces)
        sets[name] = Dense(
            pieces[0].levels, np.concatenate([p.mask for p in pieces if isinstance(p, Dense)], axis=1)
        )
    return Answers(np.concatenate([p.yes for p in parts]), np.concatenate([p.numbers for p in parts]), sets)


def _weighed(world: World, space: Space, floor: Array, values: Values) -> tuple[Array, Array, Array, Array]:
    """Of the possible outcomes: utilities (n_parties, F, n), whether nobody loses and whether somebody gains by one
    (F, n); and whether a deal exists (n,).
    """
    utilities = listed_utilities(world, space, values, floor.shape[1])[:, np.flatnonzero(space.feasible())]
    gains = utilities - floor[:, None, :]
    rational = np.asarray((gains >= -RATIONAL).all(axis=0))
    strict = np.asarray((gains > STRICT).any(axis=0))
    return utilities, rational, strict, np.asarray((rational & strict).any(axis=0))


def _block(world: World, space: Space, floor: Array, values: Values) -> Answers:
    good = np.flatnonzero(space.feasible())
    levels = all_levels(space)[good]
    utilities, rational, strict, deal = _weighed(world, space, floor, values)
    gains = utilities - floor[:, None, :]
    efficient = fronts(snap(utilities))
    scale = np.maximum(np.ptp(utilities, axis=1), 1e-300) if len(good) else np.ones(floor.shape)
    room = _room(gains / scale[:, None, :], strict)
    numbers = np.stack([room, rational.sum(axis=0), efficient.sum(axis=0)], axis=1).astype(float)
    sets = {"acceptable": Dense(levels, rational), "pareto": Dense(levels, efficient)}
    if space.cardinal:
        for rule, mask in _picks(gains, rational).items():
            sets[rule] = Dense(levels, mask)
    return Answers(deal[:, None], numbers, sets)


def _room(shares: Array, strict: Array) -> Array:
    """The best smallest gain over outcomes at which somebody gains, as a share of each party's own range: (n,)."""
    if not shares.shape[1]:
        return np.full(shares.shape[2], -1.0)
    worst = np.where(strict, shares.min(axis=0), -np.inf)
    return np.where(np.isfinite(found := worst.max(axis=0)), found, -1.0)


def _picks(gains: Array, rational: Array) -> dict[str, Array]:
    """Which outcome each rule picks in each draw: masks (F, n), empty where none is rational."""
    parties, size, count = gains.shape
    out = {name: np.zeros((size, count), dtype=bool) for name in RULE_NAMES}
    some = np.flatnonzero(rational.any(axis=0))
    if not len(some):
        return out
    gains, rational = gains[:, :, some], rational[:, some]
    ideal = np.where(rational, gains, -np.inf).max(axis=1)
    ideal = np.where(ideal > STRICT, ideal, 0.0)
    for name, objective in RULES:
        scale = ideal if name == "kalai_smorodinsky" else np.ones((parties, len(some)))
        first = _first(gains, rational, objective, scale)
        row = first.argmax(axis=0)
        for d in np.flatnonzero(first.sum(axis=0) > 1):
            rows = np.flatnonzero(first[:, d])
            used = scale[:, d] if name == "kalai_smorodinsky" else None
            row[d] = rows[search.choose(gains[:, rows, d].T, objective, scale=used)]
        out[name][row, some] = True
    return out


def _first(gains: Array, rational: Array, objective: str, scale: Array) -> Array:
    """The rational outcomes that are best by a rule's first measure, ties included: bool (F, n)."""
    allowed = rational
    if objective == "nash":
        gainers = np.where(rational, (gains > STRICT).sum(axis=0), -1)
        allowed = gainers == gainers.max(axis=0)
        measure, tie = np.log(np.where(gains > STRICT, gains, 1.0)).sum(axis=0), PRODUCT_TIE
    elif objective == "sum":
        measure, tie = gains.sum(axis=0), TIE
    else:
        on = scale > 0
        shares = np.where(on[:, None, :], gains / np.where(on, scale, 1.0)[:, None, :], np.inf).min(axis=0)
        measure, tie = np.where(on.any(axis=0), shares, 0.0), TIE
    measure = np.where(allowed, measure, -np.inf)
    return np.asarray(allowed & (measure >= measure.max(axis=0) - tie))


# one front for each draw --------------------------------------------------------------------------


def _one_by_one(space: Space, floor: Array, count: int) -> Answers:
    """Fronts of spaces too large to list, one draw after the other."""
    yes, numbers = np.zeros((count, 1), dtype=bool), np.full((count, 3), np.nan)
    members: dict[str, list[tuple[Array, int]]] = {name: [] for name in ("pareto", *RULE_NAMES)}
    ranges = [
        np.broadcast_to(space.extreme(p, best=b), (count,))
        for b in (True, False)
        for p in range(space.n_parties)
    ]
    span = np.maximum(np.array(ranges[: space.n_parties]) - np.array(ranges[space.n_parties :]), 1e-300)
    additive = space.additive
    for d in range(count):
        found = _fold(space, d) if additive else _front_of(space, floor[:, d], d)
        levels, points, whole, picks = found
        gains = points - floor[:, d]
        rational = (gains >= -RATIONAL).all(axis=1)
        strict = rational & (gains > STRICT).any(axis=1)
        yes[d, 0] = strict.any() or bool(
            picks and any((p[1] > floor[:, d] + STRICT).any() for p in picks.values())
        )
        worst = (gains / span[:, d]).min(axis=1)
        numbers[d, 0] = worst.max(initial=-1.0) if not strict.any() else worst[strict].max()
        numbers[d, 2] = len(levels) if whole else np.nan
        if whole:
            members["pareto"].append((levels, d))
        if picks is None:
            rows = np.flatnonzero(rational)
            picks = _pick_rows(levels[rows], points[rows], gains[rows]) if len(rows) else {}
        for name, (chosen, _) in picks.items():
            members[name].append((chosen[None, :], d))
    return Answers(yes, numbers, {name: _collected(parts, space, count) for name, parts in members.items()})


def _collected(parts: list[tuple[Array, int]], space: Space, count: int) -> Listed:
    levels = [part for part, _ in parts]
    draw = [np.full(len(part), d) for part, d in parts]
    if not levels:
        return Listed(np.zeros((0, len(space.sizes)), np.int32), np.zeros(0, np.int64), count)
    return Listed(np.concatenate(levels).astype(np.int32), np.concatenate(draw), count)


_Front = tuple[Array, Array, bool, dict[str, tuple[Array, Array]] | None]


def _fold(space: Space, d: int) -> _Front:
    """The front of a sum over single issues in one draw."""
    stages = [np.zeros((size, space.n_parties)) for size in space.sizes]
    for p, factors in enumerate(space.factors):
        for factor in factors or ():
            table = factor.table[..., d] if factor.drawn else factor.table
            stages[factor.issues[0] if factor.issues else 0][:, p] += table
    found = kernel.front(stages, limit=10_000_000)
    return found.choices, found.points, True, None


def _front_of(space: Space, floor: Array, d: int) -> _Front:
    """The front of any space in one draw, or the solutions by search where the front is too large."""
    one = space.with_factors(
        {
            p: [Factor(f.issues, f.table[..., d] if f.drawn else f.table) for f in factors]
            for p, factors in enumerate(space.factors)
            if factors is not None
        }
    )
    if one.size > LARGEST_FRONT:
        return _searched(one, floor)
    front, parts = pareto_front(one)
    if (front.exact and front.outcomes is None) or parts is None:
        return front.levels, front.utilities, front.exact, None
    return _searched(one, floor, parts)


def _searched(one: Space, floor: Array, parts: Stages | None = None) -> _Front:
    """The outcomes that the rules pick, by search with proof, in place of a front."""
    found = solve.from_search(parts or stages(one), floor)
    picks = {
        name: (np.array(s.levels), s.utilities)
        for name, s in found.items()
        if s is not None and name in RULE_NAMES
    }
    rows = list(picks.values())
    levels = np.array([levels for levels, _ in rows], dtype=np.int32).reshape(-1, len(one.sizes))
    points = np.array([utilities for _, utilities in rows]).reshape(-1, one.n_parties)
    return levels, points, False, picks


def _pick_rows(levels: Array, points: Array, gains: Array) -> dict[str, tuple[Array, Array]]:
    order = np.lexsort(levels.T[::-1])
    levels, points, gains = levels[order], points[order], gains[order]
    ideal = gains.max(axis=0)
    out = {}
    for name, objective in RULES:
        scale = np.where(ideal > STRICT, ideal, 0.0) if name == "kalai_smorodinsky" else None
        row = search.choose(gains, objective, scale=scale)
        out[name] = (levels[row], points[row])
    return out


def listable(space: Space) -> bool:
    """Whether all outcomes of a space are looked at in every draw: rankings leave no other way."""
    return space.size <= LISTED or not space.cardinal

"""The zone of agreement over the ranges of a case: sure, possible or excluded.

Every party's gain over no deal is bounded from below and from above, outcome by outcome, as sums of tables.
Where gains are linear in the uncertain numbers (`linear`) the bounds are attained, and whether a deal exists for
all values, if by different outcomes, is decided by a search for values without one (`surely`). Values on scales
that change with them, and weights together with other ranges, are bounded safely but not tightly, which is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from detente.analysis.agreement import zone as zones
from detente.analysis.agreement.linear import (
    Linear,
    base_of,
    linear_gain,
    preference_of,
    stated,
)
from detente.analysis.agreement.listing import zone as by_listing
from detente.analysis.agreement.stages import MAX_OPTIONS, stages, widest
from detente.analysis.agreement.surely import Answer, deal_for_all
from detente.case.model import Issue, Preference
from detente.case.uncertain import Number, bounds
from detente.space import NoDealName, Space
from detente.space.tables import Array, Factor, combine, truth

Verdict = Literal["sure", "possible", "excluded"]
LARGEST_LISTED = 20_000_000


@dataclass(frozen=True)
class OverRanges:
    """The verdict over the ranges, and the levels that occur in outcomes acceptable for all values (``sure``)
    or for some (``possible``): {issue: [levels]}.

    The verdict is ``sure`` if for all values some outcome is a deal, not always the same one, ``excluded`` if for
    none any is, else ``possible``. ``tight`` is false where it rests on bounds that are safe but not attained, or
    the search was left open: ``possible`` may then be sure or excluded.
    """

    verdict: Verdict
    sure: Mapping[str, list[str]]
    possible: Mapping[str, list[str]]
    sure_count: int
    possible_count: int
    tight: bool


def over_ranges(space: Space, no_deal: NoDealName = "now") -> OverRanges | None:
    """Bounds on the zone over the case's ranges; None where the outcomes are too many to count."""
    parties = range(space.n_parties)
    worst = [linear_gain(space, p, no_deal, best=False) for p in parties]
    best = [linear_gain(space, p, no_deal, best=True) for p in parties]
    safe = {p: _gain_bounds(space, p, no_deal) for p in parties if worst[p] is None or best[p] is None}
    low = _zone(space, [safe[p][0] if g is None else g.bound(best=False) for p, g in enumerate(worst)])
    high = _zone(space, [safe[p][1] if g is None else g.bound(best=True) for p, g in enumerate(best)])
    if low is None or high is None:
        return None
    (sure_count, sure, sure_gain), (possible_count, possible, possible_gain) = low, high
    tight = not safe
    verdict: Verdict = "possible"
    if sure_count and sure_gain:
        verdict, tight = "sure", True
    elif not (possible_count and possible_gain):
        verdict, tight = "excluded", True
    elif tight:
        answer = _for_all(space, worst)
        verdict, tight = "sure" if answer.sure else "possible", answer.exact
    return OverRanges(
        verdict, _named(space, sure), _named(space, possible), sure_count, possible_count, tight
    )


def _for_all(space: Space, linear: list[Linear | None]) -> Answer:
    """Whether a deal exists for all values; left open where the outcomes are too entangled to search."""
    gains = [gain for gain in linear if gain is not None]
    tables = tuple((*gain.consts, *gain.coefficients) for gain in gains)
    if widest(replace(space, factors=tables, ordinal=(None,) * len(gains))) > MAX_OPTIONS:
        return Answer(None, False)
    return deal_for_all(space, gains)


_Bounds = tuple[tuple[Factor, ...], tuple[Factor, ...]]


def _gain_bounds(space: Space, p: int, no_deal: NoDealName) -> _Bounds:
    """Tables whose sums bound party p's gain over no deal safely, from below and from above."""
    party = space.parties[p]
    preference = preference_of(space, party)
    number = stated(space, party, no_deal)
    base = None if number is not None else base_of(space, no_deal)
    if base is None and number is None:  # each party's least feasible utility: no outcome falls short of it
        low, high = _either(space, preference, None)
        return (Factor((0,), np.zeros(space.sizes[0])),), _shifted(high, -_least(space, low))
    low, high = _either(space, preference, base)
    least, most = bounds(number) if number is not None else (0.0, 0.0)
    return _shifted(low, -most), _shifted(high, -least)


def _either(space: Space, preference: Preference, base: tuple[int, ...] | None) -> _Bounds:
    if preference.weights is not None:
        return _weighted(space, preference, base)
    return _plain(space, preference, base)


def _least(space: Space, low: tuple[Factor, ...]) -> float:
    """The least sum of some tables over the possible outcomes."""
    only = replace(space, factors=(low,), ordinal=(None,), parties=space.parties[:1])
    return float(only.extreme(0, best=False))


def _shifted(factors: Iterable[Factor], by: float) -> tuple[Factor, ...]:
    factors = list(factors) or [Factor((0,), np.zeros(1))]
    if not by:
        return tuple(factors)
    first = factors[0]
    return (Factor(first.issues, first.table + by), *factors[1:])


def _pair(
    space: Space, scope: tuple[int, ...], low: Array, high: Array, base: tuple[int, ...] | None
) -> tuple[Factor, Factor]:
    """Bounds of a table's difference from its entry at ``base``, where equal entries differ by nothing."""
    if base is None:
        return Factor(scope, low), Factor(scope, high)
    at = tuple(base[i] for i in scope)
    least, most = low - high[at], high - low[at]
    least[at] = most[at] = 0.0
    return Factor(scope, least), Factor(scope, most)


def _plain(
    space: Space, preference: Preference, base: tuple[int, ...] | None
) -> tuple[tuple[Factor, ...], tuple[Factor, ...]]:
    issues = space.compiled_issues
    lows, highs = [], []
    for name, values in (preference.values or {}).items():
        index = space.issues.index(name)
        low, high = (_value_table(issues[name], values, side) for side in (0, 1))
        a, b = _pair(space, (index,), low, high, base)
        lows.append(a)
        highs.append(b)
    for bonus in preference.bonuses:
        where = truth(bonus.when, issues)
        least, most = bounds(bonus.add)
        difference = where.table.astype(float) - (float(where.take(base)) if base is not None else 0.0)
        ends = np.stack([difference * least, difference * most])
        lows.append(Factor(where.issues, ends.min(axis=0)))
        highs.append(Factor(where.issues, ends.max(axis=0)))
    if isinstance(preference.table, tuple):
        scope = tuple(range(len(space.sizes)))
        low, high = (
            np.array([bounds(x)[side] for x in preference.table], dtype=float).reshape(space.sizes)
            for side in (0, 1)
        )
        a, b = _pair(space, scope, low, high, base)
        lows.append(a)
        highs.append(b)
    return tuple(combine(lows)), tuple(combine(highs))


def _value_table(issue: Issue, values: Mapping[str, Number], side: int) -> Array:
    from detente.space.utility import value_table

    read: Callable[[Number], float] = lambda number: bounds(number)[side]  # noqa: E731
    return value_table(issue, values, read)


def _weighted(
    space: Space, preference: Preference, base: tuple[int, ...] | None
) -> tuple[tuple[Factor, ...], tuple[Factor, ...]]:
    """Safe bounds where values are scaled to 0..1 and weights to a sum of 1."""
    weights = {name: bounds(w) for name, w in (preference.weights or {}).items()}
    total = (sum(w[0] for w in weights.values()), sum(w[1] for w in weights.values()))
    lows, highs = _plain(space, preference.model_copy(update={"values": {}, "weights": None}), base)
    low_list, high_list = list(lows), list(highs)
    for name, values in (preference.values or {}).items():
        least, most = weights.get(name, (0.0, 0.0))
        share = (least / max(least + total[1] - most, 1e-300), most / max(most + total[0] - least, 1e-300))
        low, high = _scaled_bounds(
            *(_value_table(space.compiled_issues[name], values, side) for side in (0, 1))
        )
        a, b = _pair(space, (space.issues.index(name),), low, high, base)
        low_list.append(Factor(a.issues, np.minimum(a.table * share[0], a.table * share[1])))
        high_list.append(Factor(b.issues, np.maximum(b.table * share[0], b.table * share[1])))
    return tuple(combine(low_list)), tuple(combine(high_list))


def _scaled_bounds(low: Array, high: Array) -> tuple[Array, Array]:
    """Bounds of (x - min) / (max - min) for levels that lie between ``low`` and ``high``."""
    if (low == high).all():
        span = np.ptp(low)
        exact = (low - low.min()) / span if span > 0 else np.zeros_like(low)
        return exact, exact
    floor, ceiling = (low.min(), high.min()), (low.max(), high.max())
    widest = max(ceiling[1] - floor[0], 1e-300)
    narrowest = max(ceiling[0] - floor[1], 0.0)
    least = np.clip((low - floor[1]) / widest, 0.0, 1.0)
    most = np.clip((high - floor[0]) / narrowest, 0.0, 1.0) if narrowest > 0 else np.ones_like(high)
    return least, most


def _zone(
    space: Space, gains: list[tuple[Factor, ...]]
) -> tuple[int, tuple[tuple[bool, ...], ...], bool] | None:
    """Count, levels and whether anyone gains strictly, of the outcomes at which no gain is negative."""
    bounded = replace(space, factors=tuple(gains), ordinal=(None,) * space.n_parties)
    zero = np.zeros(space.n_parties)
    if widest(bounded) > MAX_OPTIONS:
        counted = by_listing(bounded, zero) if space.size <= LARGEST_LISTED else None
    elif not (parts := stages(bounded)).possible:
        return 0, tuple((False,) * size for size in space.sizes), False
    else:
        counted = zones.by_halves(parts, zero)
    if counted is None:
        return None
    return (*counted, _gains(bounded, counted[0]))


def _gains(bounded: Space, count: int) -> bool:
    """Whether some party gains strictly at some outcome with no negative gain."""
    if not count:
        return False
    from detente.analysis.agreement.front import pareto_front

    front, _ = pareto_front(bounded)
    good = zones.rational(front.utilities, np.zeros(bounded.n_parties))
    return bool((front.utilities[good] > 1e-9).any())


def _named(space: Space, levels: tuple[tuple[bool, ...], ...]) -> dict[str, list[str]]:
    names = space.issues or ("outcome",)
    return {
        name: [level for level, there in zip(all_levels, seen, strict=True) if there]
        for name, all_levels, seen in zip(names, space.level_names, levels, strict=True)
    }

"""Fair outcomes of huge additive spaces, with proof of optimality, and the tie rules they share with small ones.

There are n stages (issues); stage i offers m_i options with utilities `values[i]`, float64 of shape (m_i, k) for k parties.
An outcome takes one option per stage and its utilities add up to u (k,); gains are g = u - d over the reservation d. Options
are numbered from 0, and of tied outcomes the lowest wins: lexicographic in the options, first stage first.

A solution is a list of *rules* applied in turn. Each keeps the outcomes whose measure is within a tolerance of the best among
those the earlier rules kept. A measure is a weighted sum of log gains, a weighted sum of gains, or the j-th smallest scaled
gain; the last, for j = 0, 1, .., is the lexicographic max-min ("leximin").

Small spaces are enumerated (`choose`, NumPy only). Large ones are searched, one rule at a time:

1. *Bound.* Every measure has a concave bound, so multipliers y give a direction and a level such that every outcome has
   measure <= direction . g - level, and the best outcome of direction . g is found stage by stage. The least such bound is a
   small convex problem, solved by an interior point method. An outcome then measures at most the bound minus the losses of
   its options in that direction. The gap to the best outcome does not grow with the number of stages (Shapley and Folkman;
   Starr 1969), so few options stay in play.
2. *Incumbent.* The convex optimum rounded, then local search that exchanges two options at a time.
3. *Enumeration.* Depth-first over the stages, cut where the losses exceed what the incumbent leaves: first for an imagined
   incumbent close to the bound, then for ever worse ones down to the real one, so that a poor incumbent costs little.

Ties are collected on the way and settled by the same code as in small spaces. If there are too many, the rule becomes a
condition and the next rule is searched in the same manner; what bounded the first carries over as a linear cut.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Choice = NDArray[np.int32]
Objective = Literal["nash", "maxmin", "sum"]
Method = Literal["auto", "enumerate", "search"]
Status = Literal["optimal", "infeasible", "node limit", "time limit"]

RATIONAL = 1e-9  # a floor is met from this much below
STRICT = 1e-9  # a party gains strictly above this
PRODUCT_TIE = 1e-12  # relative, so absolute for the logarithm of a product
TIE = 1e-9  # for everything else
ENUMERABLE = 20_000  # outcomes; up to here "auto" enumerates
NODE_LIMIT = 100_000_000  # some ten seconds

LOG, SUM, RANK, NOTHING = 0, 1, 2, 3  # kinds of measure, as in _search_loops
KEPT = 4096  # tied outcomes collected before the next rule is searched instead
CHUNK = 1 << 17  # nodes between two looks at the limits
TABLE = 1 << 16  # states remembered, where states recur
TRIALS = 1_000_000  # evaluations of local search
CLOSENESS = 32.0  # the first imagined incumbent is this much closer to the bound than the real one
WINDOW_STEPS = 8  # of Newton's method, all of them valid
CAP = 1e3
BARRIER_STEPS = 60
BARRIER_STOP = 1e-14  # mean complementarity, with the objective scaled to about 1
ROUNDING = 4e-16  # covers the relative error of an addition


@dataclass(frozen=True)
class Found:
    """What a search returns.

    Attributes:
        choice: option per stage, int32 of shape (n,); None if there is no outcome, or none was found in time.
        gains: its gains, shape (k,); its utilities from `feasible`.
        value: its measure by the first rule: sum of w log g over the parties that gain strictly (`nash`), smallest
            g / scale (`maxmin`), sum of w g (`weighted_sum`), 0 (`feasible`); -inf without an outcome.
        bound: no outcome measures more; inf if nothing was proved.
        exact: proved to be the solution by every rule, or proved that there is none.
        nodes: partial outcomes visited.
        status: "optimal", "infeasible", or the limit that stopped the search. Stopped without a gap, only ties are open.
    """

    choice: Choice | None
    gains: Floats | None
    value: float
    bound: float
    exact: bool
    nodes: int
    status: Status

    @property
    def gap(self) -> float:
        """How much better than `value` an outcome could still be."""
        return 0.0 if self.exact else self.bound - self.value


class Rule(NamedTuple):
    """A measure to maximise: `kind`, with `param` (k,) as weights or scales; RANK means the `order`-th smallest."""

    kind: int
    param: Floats
    order: int = 0

    @property
    def tie(self) -> float:
        return PRODUCT_TIE if self.kind == LOG else TIE

    def of(self, gains: Floats) -> Floats:
        """The measure of each column of gains (k, N). LOG and RANK leave out the parties with param 0."""
        if self.kind == SUM:
            return self.param @ gains
        on = self.param > 0.0
        if (
            self.kind == LOG
        ):  # who does not gain adds nothing: only outcomes where equally many gain are compared
            return self.param[on] @ np.log(np.where(gains > STRICT, gains, 1.0)[on])
        if not on.any():
            return np.zeros(gains.shape[1])
        scaled = gains[on] / self.param[on, None]
        return scaled.min(axis=0) if self.order == 0 else np.sort(scaled, axis=0)[self.order]


class _Goal(NamedTuple):
    """A solution: its rules, the least gains (k,), and whether as many parties as possible must first gain strictly."""

    rules: list[Rule]
    floors: Floats
    count_gainers: bool


def _goal(
    objective: Objective, k: int, weights: Floats | None, scale: Floats | None, floors: Floats | None
) -> _Goal:
    ones = np.ones(k)
    rules = [Rule(RANK, ones, order) for order in range(k)]
    if objective == "maxmin":
        if scale is not None and (scale != 1.0).any():
            ranks = max(1, np.count_nonzero(scale > 0.0))
            rules = [Rule(RANK, scale, order) for order in range(ranks)] + rules
    else:
        rules.insert(0, Rule(LOG if objective == "nash" else SUM, ones if weights is None else weights))
    least = (np.zeros(k) if floors is None else floors) - RATIONAL
    return _Goal(rules, least, objective == "nash")


# Explicit tables


def choose(
    gains: Floats,
    objective: Objective,
    *,
    weights: Floats | None = None,
    scale: Floats | None = None,
    floors: Floats | None = None,
) -> int:
    """The solution among explicit outcomes, for example all of a small space or the points of a Pareto front.

    Args:
        gains: utility minus reservation, shape (N, k), a row an outcome; fastest as the transpose of a (k, N) array. Of rows
            that tie in everything else the first is taken, so list outcomes in ascending order.
        objective: "nash" with `weights` > 0; "maxmin" of gains / `scale`, a party with scale 0 being left out; or "sum" with
            `weights` >= 0. Weights and scales have shape (k,) and are 1 if not given.
        floors: least gains, shape (k,), 0 if not given, -inf for none.

    Returns:
        The row, or -1 if none meets the floors.

    O(N k) array operations, about 0.05 ms for a thousand outcomes of three parties.
    Sources: Nash 1950, with zero products as in Caragiannis et al. 2019; Kalai and Smorodinsky 1975; Kalai 1977.
    """
    columns = np.ascontiguousarray(gains.T)
    return _choose(columns, _goal(objective, len(columns), weights, scale, floors))


def _choose(gains: Floats, goal: _Goal) -> int:
    """The column of gains (k, N) that the goal picks, or -1."""
    rows = np.flatnonzero((gains >= goal.floors[:, None]).all(axis=0))
    if rows.size and goal.count_gainers:
        gainers = (gains[:, rows] > STRICT).sum(axis=0)
        rows = rows[gainers == gainers.max()]
    for rule in goal.rules:
        if rows.size < 2:
            break
        measured = rule.of(gains[:, rows])
        rows = rows[measured >= measured.max() - rule.tie]
    return int(rows[0]) if rows.size else -1


def _enumerate(values: Sequence[Floats], reservation: Floats, goal: _Goal) -> Found:
    """The solution by writing out every outcome."""
    sums = np.zeros((reservation.size, 1))
    for stage in values:
        sums = (sums[:, :, None] + stage.T[:, None, :]).reshape(reservation.size, -1)
    gains = sums - reservation[:, None]
    row = _choose(gains, goal)
    if row < 0:
        return Found(None, None, -math.inf, -math.inf, True, gains.shape[1], "infeasible")
    value = _value(goal, gains[:, row : row + 1])
    choice = np.array(np.unravel_index(row, [len(stage) for stage in values]), dtype=np.int32)
    return Found(choice, gains[:, row].copy(), value, value, True, gains.shape[1], "optimal")


# Public searches


def nash(
    values: Sequence[Floats],
    reservation: Floats,
    *,
    weights: Floats | None = None,
    method: Method = "auto",
    node_limit: int = NODE_LIMIT,
    time_limit: float = math.inf,
) -> Found:
    """The Nash solution: among rational outcomes most parties gaining strictly, then the largest product of their gains.

    Ties (1e-12 relative): leximin of gains, then the lowest outcome.

    Args:
        values: per stage the utilities of its options, float64 (m_i, k).
        reservation: utilities without agreement, shape (k,).
        weights: exponents of the gains, shape (k,), > 0; 1 if not given.
        method: "enumerate", "search", or "auto": enumerate up to 20,000 outcomes.
        node_limit, time_limit: when to stop with the best found and its gap; seconds. Only the node limit is reproducible.

    A few ms for 10^50 outcomes of three parties. Where not all can gain at once, one search for each set of gainers that is
    tried: up to 2^k. Source: Nash 1950; for zero products Caragiannis et al. 2019.
    """
    goal = _goal("nash", reservation.size, weights, None, None)
    return _solve(values, reservation, goal, method, _Progress(node_limit, time_limit))


def maxmin(
    values: Sequence[Floats],
    reservation: Floats,
    *,
    scale: Floats | None = None,
    method: Method = "auto",
    node_limit: int = NODE_LIMIT,
    time_limit: float = math.inf,
) -> Found:
    """The rational outcome with the largest smallest g / scale; ties (1e-9): leximin of g / scale, then of g, then the lowest.

    With scale 1 (if not given) the egalitarian solution; with ideal - reservation the Kalai-Smorodinsky solution. A party with
    scale 0 is left out of the ratio but still must not lose. Other arguments as in `nash`.

    Harder than `nash`, since the minimum is flat where the product is curved: mostly under 0.1 s up to 10^50 outcomes of three
    or 10^30 of five parties. Nearly constant-sum preferences of five and more parties can exceed any limit.
    Sources: Kalai and Smorodinsky 1975; Kalai 1977.
    """
    goal = _goal("maxmin", reservation.size, None, scale, None)
    return _solve(values, reservation, goal, method, _Progress(node_limit, time_limit))


def weighted_sum(
    values: Sequence[Floats],
    reservation: Floats,
    *,
    weights: Floats | None = None,
    floors: Floats | None = None,
    ties: bool = True,
    method: Method = "auto",
    node_limit: int = NODE_LIMIT,
    time_limit: float = math.inf,
) -> Found:
    """The largest weighted sum of gains among outcomes with u >= floors; ties (1e-9): leximin of gains, then the lowest.

    Args:
        weights: shape (k,), >= 0; 1 if not given. One party alone gives its ideal point.
        floors: least *utilities*, shape (k,), -inf for none; the reservation if not given. With the utilities of some outcome:
            what could still be gained without anyone losing.
        ties: False takes any of the tied outcomes, which is enough where only the value is wanted.

    Other arguments as in `nash`. Source: Harsanyi 1955 for the utilitarian solution.
    """
    least = None if floors is None else floors - reservation
    goal = _goal("sum", reservation.size, weights, None, least)
    return _solve(values, reservation, goal, method, _Progress(node_limit, time_limit), ties)


def feasible(
    values: Sequence[Floats],
    floors: Floats,
    *,
    method: Method = "auto",
    node_limit: int = NODE_LIMIT,
    time_limit: float = math.inf,
) -> Found:
    """Whether an outcome with u >= floors - 1e-9 exists: `choice` is a witness, or None with status "infeasible".

    `floors` are utilities, shape (k,), -inf for none. Any witness will do, so it depends on the method. Other arguments as in
    `nash`. Well under a millisecond where a rounding or local search hits; else the dual bound or an enumeration decides.
    """
    goal = _Goal([], floors - RATIONAL, False)
    return _solve(values, np.zeros(floors.size), goal, method, _Progress(node_limit, time_limit))


def _solve(
    values: Sequence[Floats],
    reservation: Floats,
    goal: _Goal,
    method: Method,
    progress: _Progress,
    ties: bool = True,
) -> Found:
    outcomes = math.prod(len(stage) for stage in values)
    if method == "enumerate" or (method == "auto" and outcomes <= ENUMERABLE):
        return _enumerate(values, reservation, goal)
    space = _space(values, reservation)
    status: Status
    try:
        choice = _search(space, goal, progress, ties)
        status = "infeasible" if choice is None else "optimal"
    except _Stopped as stopped:
        choice, status = progress.choice, stopped.status
    exact = status in ("optimal", "infeasible")
    if choice is None:
        return Found(
            None, None, -math.inf, -math.inf if exact else progress.bound, exact, progress.nodes, status
        )
    gains = _gains(space, choice[None])
    value = _value(goal, gains)
    return Found(
        choice,
        gains[:, 0],
        value,
        value if exact else max(value, progress.bound),
        exact,
        progress.nodes,
        status,
    )


def _value(goal: _Goal, gains: Floats) -> float:
    """The first rule's measure of one outcome, gains (k, 1)."""
    return float(goal.rules[0].of(gains)[0]) if goal.rules else 0.0


# Searching


class _Stopped(Exception):
    """A limit was reached."""

    def __init__(self, status: Status) -> None:
        super().__init__(status)
        self.status = status


class _Progress:
    """What has been spent and what is known so far, for an answer at any time."""

    def __init__(self, node_limit: int, time_limit: float) -> None:
        self.node_limit = node_limit
        self.deadline = time.monotonic() + time_limit
        self.nodes = 0
        self.choice: Choice | None = None
        self.bound = math.inf
        self.proving = (
            False  # whether bounds now being found are bounds on the first rule's measure of all outcomes
        )

    def spend(self, nodes: int) -> None:
        self.nodes += nodes
        if self.nodes >= self.node_limit:
            raise _Stopped("node limit")
        if time.monotonic() >= self.deadline:
            raise _Stopped("time limit")


@dataclass(frozen=True)
class _Space:
    """All options in one table, numbered through: `values` (O, k), stage i from `starts[i]` to `starts[i + 1]`."""

    values: Floats
    starts: Ints
    stage: Ints  # (O,)
    reservation: Floats
    span: Floats  # (k,): the range of each party's utility
    size: Floats  # (k,): the largest absolute sum that can occur, for rounding errors
    distinct: NDArray[np.bool_]  # (O,): no lower option of the stage has the same utilities

    def most(self, table: Floats) -> Floats:
        """Per stage the largest row of a table with a row per option."""
        return np.maximum.reduceat(table, self.starts[:-1])

    def total(self, table: Floats) -> Floats:
        """Per stage the sum of the rows of a table with a row per option."""
        return np.add.reduceat(table, self.starts[:-1])


def _space(values: Sequence[Floats], reservation: Floats) -> _Space:
    sizes = np.array([len(stage) for stage in values])
    starts = np.concatenate(([0], np.cumsum(sizes)))
    table = np.ascontiguousarray(np.concatenate(values))
    stage = np.repeat(np.arange(sizes.size), sizes)
    high, low = np.maximum.reduceat(table, starts[:-1]), np.minimum.reduceat(table, starts[:-1])
    size = np.maximum(high, -low).sum(axis=0) + np.abs(reservation)
    order = np.lexsort((*table.T, stage))
    same = (table[order[1:]] == table[order[:-1]]).all(axis=1) & (stage[order[1:]] == stage[order[:-1]])
    distinct = np.ones(stage.size, dtype=np.bool_)
    distinct[order[1:][same]] = False
    return _Space(table, starts, stage, reservation, (high - low).sum(axis=0), size, distinct)


def _gains(space: _Space, choices: Choice) -> Floats:
    """Gains (k, N) of outcomes (N, n), utilities added in stage order as in an enumeration."""
    picked = space.values[choices + space.starts[:-1]]
    sums = picked[:, 0].copy()
    for i in range(1, choices.shape[1]):
        sums += picked[:, i]
    return np.ascontiguousarray((sums - space.reservation).T)


class _Cut(NamedTuple):
    """direction . g >= level + rate * measure, for every outcome of interest."""

    direction: Floats
    level: float
    rate: float = 0.0


class _Region(NamedTuple):
    """A set of outcomes, known not to be empty, and the rules that it is still to be narrowed by."""

    rules: list[Rule]
    floors: Floats  # least gains
    levels: Floats  # the same, raised by what the rules passed imply
    start: Choice  # an outcome of the region
    passed: tuple[tuple[Rule, float], ...] = ()  # earlier rules with the least measure that passes
    cuts: tuple[_Cut, ...] = ()  # linear conditions that follow from those


class _Round(NamedTuple):
    """A region searched for its first rule: the best measure, the outcomes that tie for it (all, if `complete`)."""

    region: _Region
    best: float
    kept: Choice
    complete: bool
    cut: _Cut


def _search(space: _Space, goal: _Goal, progress: _Progress, ties: bool) -> Choice | None:
    """The solution of a goal, or None if no outcome meets the floors."""
    regions = (
        _gaining(space, goal, progress)
        if goal.count_gainers
        else _meeting(space, goal, goal.floors, progress)
    )
    if not regions or not goal.rules:
        return regions[0].start if regions else None
    progress.proving = len(regions) == 1
    while regions[0].rules:
        rounds = [_maximise(space, region, progress) for region in regions]
        best, tie = max(done.best for done in rounds), regions[0].rules[0].tie
        rounds = [done for done in rounds if done.best >= best - tie]
        if all(done.complete for done in rounds):
            return _pick(space, np.concatenate([done.kept for done in rounds]), goal)
        # Too many ties to list. Half the tolerance is left to the search itself, which then ignores smaller differences.
        least = best - tie / (4.0 * goal.floors.size)
        regions = [_narrowed(space, done, least, goal) for done in rounds if done.best >= least]
        if not regions[0].passed[1:]:
            progress.bound = best
        progress.choice, progress.proving = regions[0].start, False
        if not ties:
            return regions[0].start
    return min((_lowest(space, region, progress) for region in regions), key=tuple)


def _meeting(space: _Space, goal: _Goal, floors: Floats, progress: _Progress) -> list[_Region]:
    """The region of all outcomes above the floors; no region if there are none."""
    start = _witness(space, floors, progress)
    return [] if start is None else [_Region(goal.rules, floors, floors, start)]


def _gaining(space: _Space, goal: _Goal, progress: _Progress) -> list[_Region]:
    """The regions in which as many parties as possible gain strictly: one for each such set of parties."""
    k = goal.floors.size
    strict = np.full(k, np.nextafter(STRICT, 1.0))
    if regions := _meeting(space, goal, strict, progress):
        return regions
    if _witness(space, goal.floors, progress) is None:
        return []
    alone = [np.where(np.arange(k) == p, strict, goal.floors) for p in range(k)]
    able = [p for p in range(k) if _witness(space, alone[p], progress) is not None]
    log, *rest = goal.rules
    for count in range(min(len(able), k - 1), -1, -1):
        for gainers in itertools.combinations(able, count):
            on = np.isin(np.arange(k), gainers)
            rules = [log._replace(param=np.where(on, log.param, 0.0)), *rest]
            regions += _meeting(
                space, goal._replace(rules=rules), np.where(on, strict, goal.floors), progress
            )
        if regions:
            break
    return regions


def _witness(space: _Space, floors: Floats, progress: _Progress) -> Choice | None:
    """An outcome whose gains reach the floors, or None if there is none."""
    bounded = np.isfinite(floors)
    least = np.where(bounded, floors, 0.0)
    scale = np.where(bounded, np.where(space.span > 0.0, space.span, 1.0), 0.0)
    above = replace(space, reservation=space.reservation + least)  # gains over the floors
    region = _Region([Rule(RANK, scale)], floors, floors, np.zeros(0, dtype=np.int32))

    choice = _rounded(space, space.values @ np.divide(1.0, scale, out=np.zeros(scale.size), where=bounded))
    if not _meets(space, choice, floors):
        _climb(above, region.rules[0], np.full(floors.size, -math.inf), choice, None, 0.0)
    if not _meets(space, choice, floors):
        cut, shares = _relax(above, region)
        cut = _Cut(cut.direction, cut.level + float(cut.direction @ least))
        choice = _rounded(space, shares)
        _climb(above, region.rules[0], np.full(floors.size, -math.inf), choice, None, 0.0)
        if not _meets(space, choice, floors):
            kept = _walk(space, region, Rule(NOTHING, scale), cut, 0.0, progress, first=True).kept
            if not len(kept):
                return None
            choice = kept[0]
    progress.choice = choice
    return choice


def _maximise(space: _Space, region: _Region, progress: _Progress) -> _Round:
    """The best measure of the region's first rule, with the outcomes that tie for it."""
    rule = region.rules[0]
    cut, guide = _relax(space, region)
    bound = _peak(space, cut)
    choice = region.start.copy()
    if not region.passed:
        rounded = _rounded(space, guide)
        choice = rounded if _meets(space, rounded, region.floors) else choice
        _climb(space, rule, region.floors, choice, cut)
    best = float(rule.of(_gains(space, choice[None]))[0])
    below = max((bound - best) / CLOSENESS, 2.0 * rule.tie)
    while True:
        if progress.proving:
            progress.choice, progress.bound = choice, min(progress.bound, bound)
        real = bound - below <= best
        target = best if real else bound - below
        walked = _walk(space, region, rule, cut, target, progress)
        if walked.best > best:
            best, choice = walked.best, walked.kept[np.argmax(walked.worth)]
        if real or walked.best >= target:
            kept = walked.kept[walked.worth >= best - rule.tie]
            return _Round(region._replace(start=choice), best, kept, walked.complete, cut)
        if progress.proving:
            progress.bound = target + rule.tie
        below *= 2.0


def _narrowed(space: _Space, done: _Round, least: float, goal: _Goal) -> _Region:
    """The region of a round's outcomes that measure at least `least`, before its next rule."""
    rule, *rules = done.region.rules
    found = np.concatenate((done.region.start[None], done.kept))
    found = found[rule.of(_gains(space, found)) >= least]
    passed = (*done.region.passed, (rule, least))
    levels = _levels(done.region, rule, done.cut, _peak(space, done.cut), least)
    cut = _Cut(done.cut.direction, done.cut.level + least)
    return _Region(
        rules, done.region.floors, levels, _pick(space, found, goal), passed, (*done.region.cuts, cut)
    )


def _pick(space: _Space, choices: Choice, goal: _Goal) -> Choice:
    """The solution among outcomes (N, n), as if there were no others."""
    choices = choices[np.lexsort(choices.T[::-1])]
    return choices[_choose(_gains(space, choices), goal)]


def _lowest(space: _Space, region: _Region, progress: _Progress) -> Choice:
    """The lowest outcome of a region that all rules have narrowed."""
    kept = _walk(
        space, region, Rule(NOTHING, region.floors), None, 0.0, progress, first=True, ascending=True
    ).kept
    return kept[0] if len(kept) else region.start


def _rounded(space: _Space, guide: Floats) -> Choice:
    """Per stage the first option with the largest guide (O,)."""
    number = np.arange(guide.size) - space.starts[space.stage]
    number[guide < space.most(guide)[space.stage]] = guide.size
    return np.minimum.reduceat(number, space.starts[:-1]).astype(np.int32)


def _meets(space: _Space, choice: Choice, floors: Floats) -> bool:
    return bool((_gains(space, choice[None])[:, 0] >= floors).all())


def _peak(space: _Space, cut: _Cut) -> float:
    """What a cut of rate 1 bounds the measure by."""
    peak = space.most(space.values @ cut.direction).sum() - cut.direction @ space.reservation
    return float(peak) - cut.level


def _climb(
    space: _Space, rule: Rule, floors: Floats, choice: Choice, cut: _Cut | None, enough: float = math.inf
) -> None:
    """Improve an outcome in place by local search, until its measure is enough or no exchange of two options helps."""
    from detente.kernels import _search_loops as loops

    if cut is None:
        loss, bound = np.zeros(space.stage.size), math.inf
    else:
        along = space.values @ cut.direction
        loss, bound = space.most(along)[space.stage] - along, _peak(space, cut)
    row = _rows([(rule, -math.inf)])[0]
    loops.improve(
        space.values, space.reservation, floors, space.starts, row, loss, bound, enough, TRIALS, choice
    )


def _rows(rules: Sequence[tuple[Rule, float]]) -> Floats:
    """Rules with the least measure that passes, as the loops read them."""
    return np.array([(rule.kind, rule.order, least, *rule.param) for rule, least in rules])


# Enumeration


class _Walked(NamedTuple):
    """Outcomes kept by a walk, with their measures; `complete` if these are all that tie for the best."""

    best: float
    kept: Choice
    worth: Floats
    complete: bool


def _levels(region: _Region, rule: Rule, cut: _Cut | None, bound: float, least: float) -> Floats:
    """What each party gains at least in an outcome of the region that measures at least `least`, (k,)."""
    if rule.kind == RANK and rule.order == 0:
        return np.maximum(region.levels, np.where(rule.param > 0.0, least * rule.param, -math.inf))
    if rule.kind != LOG or cut is None:
        return region.levels
    # Let a party's share a = y g. The others share what is left of the total, best in proportion to their weights, so
    # w log a + (W - w) log(total - a) is at least some number: `reach` below. Newton's method from the left stays below the root.
    on = rule.param > 0.0
    w, y = rule.param[on], cut.direction[on]
    total = bound + float(w @ (1.0 - np.log(w / y)))
    rest = np.where(on.sum() > 1, w.sum() - w, 0.0)
    part = w * np.log(w / y)
    reach = least + w * np.log(y) - (part.sum() - part) + rest * np.log(np.where(rest > 0.0, rest, 1.0))
    share = np.exp((reach - rest * math.log(total)) / w)
    for _ in range(WINDOW_STEPS):
        left = np.maximum(total - share, 1e-300)
        slope, short = w / share - rest / left, reach - w * np.log(share) - rest * np.log(left)
        share = np.where((slope > 0.0) & (short > 0.0), share + short / slope, share)
    levels = region.levels.copy()
    levels[on] = np.maximum(levels[on], share / y * (1.0 - 1e-9))
    return levels


def _cuts(space: _Space, region: _Region, rule: Rule, target: float, cut: _Cut | None) -> list[_Cut]:
    """What outcomes with at least the target measure must meet: one cut per party first, the bound's own cut last."""
    cuts = []
    bound = math.inf if cut is None else _peak(space, cut)
    for p, level in enumerate(_levels(region, rule, cut, bound, target)):
        axis = np.zeros(region.floors.size)
        axis[p] = 1.0
        scale = rule.param[p]
        rising = rule.kind == RANK and rule.order == 0 and scale > 0.0 and target * scale >= region.levels[p]
        cuts.append(_Cut(axis / scale, 0.0, 1.0) if rising else _Cut(axis, float(level)))
    return [*cuts, *region.cuts, *([] if cut is None else [cut])]


def _walk(
    space: _Space,
    region: _Region,
    rule: Rule,
    cut: _Cut | None,
    target: float,
    progress: _Progress,
    *,
    first: bool = False,
    ascending: bool = False,
) -> _Walked:
    """All outcomes of a region that tie for the best measure, given that it is at least the target, or the first one met.

    Losses of the cuts guide the order unless `ascending` asks for stages and options as numbered.
    """
    from detente.kernels import _search_loops as loops

    tie = rule.tie
    cuts = _cuts(space, region, rule, target - tie, cut)
    directions = np.array([c.direction for c in cuts])
    rate = np.array([c.rate for c in cuts])
    level = np.array([c.level for c in cuts]) + rate * (target - tie)
    along = space.values @ directions.T
    peaks = space.most(along)
    loss = peaks[space.stage] - along
    error = ROUNDING * (space.starts.size + level.size) * (np.abs(directions) @ space.size)
    slack = peaks.sum(axis=0) - directions @ space.reservation - level + error
    skip = max(tie / 2.0, 4.0 * float(error[-1]))

    alive = space.distinct.copy()
    kept = np.empty((1 if first else KEPT, space.starts.size - 1), dtype=np.int32)
    if not loops.tighten(loss, space.starts, slack, alive):
        return _Walked(-math.inf, kept[:0], np.empty(0), True)
    stages = _ordered(space, loss[:, -1], alive, ascending)
    plan = _plan(space, loss, slack, alive, stages, 1, ascending)
    choice = _rounded(space, alive.astype(np.float64))
    rows = _rows([*region.passed, (rule, -math.inf)])
    state = np.zeros(loops.SLOTS, dtype=np.int64)
    worth, room, table = np.empty(len(kept)), np.empty(slack.size), np.empty((0, 1), dtype=np.int64)
    pointer, spent = np.zeros(stages.size + 1, dtype=np.int64), np.zeros((stages.size + 1, slack.size))
    best = target
    joins = 0
    while not state[loops.DONE]:
        before, merged = state[loops.NODES], state[loops.MERGED]
        best = loops.walk(
            plan.loss, plan.levels, plan.blocks, plan.stages, plan.options, plan.skip, slack, rate, room,
            target, best, tie, skip, CHUNK, first,
            rows, space.values, space.reservation, region.floors, space.starts,
            choice, state, pointer, spent, kept, worth, table,
        )  # fmt: skip
        progress.spend(int(state[loops.NODES] - before))
        if state[loops.DONE]:
            break
        if joins < len(JOINS) and state[loops.NODES] >= JOINS[joins][0]:
            plan = _plan(
                space, loss, slack - rate * (best - target), alive, stages, JOINS[joins][1], ascending
            )
            joins += 1
            nodes, partial = state[loops.NODES], state[loops.PARTIAL]
            state[:] = 0
            state[loops.NODES], state[loops.PARTIAL] = nodes, partial
            pointer[:] = 0
            table = np.zeros((TABLE, region.floors.size + 1), dtype=np.int64)
        elif state[loops.MERGED] == merged:
            table = table[:0]
        state[loops.PARTIAL] |= state[loops.MERGED] > 0
    count = state[loops.KEPT]
    worth = worth[:count]
    return _Walked(float(worth.max(initial=-math.inf)), kept[:count], worth, not state[loops.PARTIAL])


JOINS = [(1 << 17, 1 << 14)]


class _Plan(NamedTuple):
    loss: Floats
    levels: Ints
    blocks: Ints
    stages: Ints
    options: Ints
    skip: Ints


SHARE = True


def _plan(space, loss, slack, alive, stages, most, ascending) -> _Plan:
    """The options in walking order"""
    lists = []
    for s in stages:
        o = np.flatnonzero(alive[space.starts[s] : space.starts[s + 1]])
        l = loss[space.starts[s] + o]
        if not ascending:
            ok = np.argsort((l / np.maximum(slack, 1e-300)).max(axis=1) if SHARE else l[:, -1], kind="stable")
            o, l = o[ok], l[ok]
        lists.append((o, l))
    blocks = list(range(len(stages) + 1))
    if most > 1:
        o, l = lists.pop()
        blocks.pop()
        while lists and len(o) * len(lists[-1][0]) <= 4 * most:
            o2, l2 = lists.pop()
            s = stages[len(lists) + 1 :]
            radix = int(np.prod([space.starts[t + 1] - space.starts[t] for t in s]))
            o = (o2[:, None] * radix + o).ravel()
            l = (l2[:, None] + l).reshape(-1, l.shape[1])
            ok = (l <= slack).all(axis=1)
            o, l = o[ok], l[ok]
            blocks.pop()
            if len(o) > most:
                break
        blocks.append(len(stages))
        last = _tree(o, l, slack)
    else:
        last = None
    options = [o for o, l in lists]
    L = [l for o, l in lists]
    skips = []
    at = 0
    for o in options:
        skips.append(np.arange(at + 1, at + 1 + len(o)))
        at += len(o)
    if last is not None:
        options.append(last[0])
        L.append(last[1])
        skips.append(last[2] + at)
    levels = np.concatenate(([0], np.cumsum([len(o) for o in options]))).astype(np.int64)
    if not options:
        return _Plan(
            np.zeros((0, slack.size)),
            levels,
            np.array(blocks, np.int64),
            stages,
            np.zeros(0, np.int64),
            np.zeros(0, np.int64),
        )
    return _Plan(
        np.ascontiguousarray(np.concatenate(L)),
        levels,
        np.array(blocks, dtype=np.int64),
        stages,
        np.concatenate(options).astype(np.int64),
        np.concatenate(skips).astype(np.int64),
    )


LEAF = 4


def _tree(numbers, loss, slack):
    count, q = loss.shape
    if not count:
        return numbers, loss, np.zeros(0, np.int64)
    depth = max(0, math.ceil(math.log2(count / LEAF)))
    size = LEAF << depth
    order = np.minimum(np.arange(size), count - 1)
    number = np.concatenate((numbers, np.full(size - count, -1)))
    loss = loss[order]
    order = np.arange(size)
    weight = np.where(np.isfinite(slack) & (slack > 0), 1 / np.where(slack > 0, slack, 1), 0)
    for level in range(depth):
        view = loss[order].reshape(1 << level, -1, q)
        axis = ((view.max(axis=1) - view.min(axis=1)) * weight).argmax(axis=1)
        keys = np.take_along_axis(view, axis[:, None, None], axis=2)[:, :, 0]
        order = np.take_along_axis(order.reshape(1 << level, -1), keys.argsort(axis=1), axis=1).ravel()
    loss, number = loss[order], number[order]
    # preorder
    sub = [LEAF + 1]
    for _ in range(depth):
        sub.append(2 * sub[-1] + 1)
    sub = sub[::-1]  # sub[l] = rows of a subtree at depth l
    total = sub[0]
    out_loss = np.empty((total, q))
    out_num = np.full(total, -1, np.int64)
    out_skip = np.arange(1, total + 1)
    pos = np.zeros(1, np.int64)
    positions = [pos]
    for l in range(depth):
        pos = np.column_stack((pos + 1, pos + 1 + sub[l + 1])).ravel()
        positions.append(pos)
    mins = loss.reshape(-1, LEAF, q).min(axis=1)
    for l in range(depth, -1, -1):
        out_loss[positions[l]] = mins
        out_skip[positions[l]] = positions[l] + sub[l]
        if l:
            mins = mins.reshape(-1, 2, q).min(axis=1)
    leaf = (positions[depth][:, None] + 1 + np.arange(LEAF)).ravel()
    out_loss[leaf] = loss
    out_num[leaf] = number
    return out_num, out_loss, out_skip


def _ordered(space: _Space, loss: Floats, alive: NDArray[np.bool_], ascending: bool) -> Ints:
    """Stages that still have a choice, in the order of the walk."""
    counts = space.total(alive.astype(np.int64))
    stages = np.flatnonzero(counts > 1)
    if ascending:
        return stages
    costly = space.total(np.where(alive, loss, 0.0)) / counts
    return stages[np.argsort(-costly[stages], kind="stable")]


# The bound


def _relax(space: _Space, region: _Region) -> tuple[_Cut, Floats]:
    """The least linear bound on the measure of the region's first rule, and a guide for rounding (O,).

    The rows are directions with a multiplier each: those that make up the measure, and the conditions on the region. Of a
    LOG, w log g <= w (log(w / y) - 1) + y g for any y > 0. Of the j-th smallest of x, counted from 0, it is the sum of the
    j + 1 smallest less that of the j smallest, which the rules passed bound below; and the sum of the j + 1 smallest is at
    most y . x for 0 <= y <= 1 that add up to j + 1.
    """
    rule = region.rules[0]
    eye = np.eye(rule.param.size)
    on = rule.param > 0.0
    fixed, rows, level = np.zeros(on.size), eye[:0], 0.0
    if rule.kind == LOG:
        rows = eye[on]
    elif rule.kind == SUM:
        fixed = rule.param
    else:
        rows = eye[on] / rule.param[on, None]
        level = sum(least for past, least in region.passed if past.kind == RANK and past.param is rule.param)
        if rule.order + 1 >= len(rows):
            fixed, rows = rows.sum(axis=0), eye[:0]
    bounded = np.isfinite(region.levels)
    if not region.passed and rule.kind != SUM:
        bounded &= ~on  # the measure itself pushes the others up
    n_free = len(rows)
    rows = np.array([*rows, *eye[bounded], *(cut.direction for cut in region.cuts)])
    least = np.array([*np.zeros(n_free), *region.levels[bounded], *(cut.level for cut in region.cuts)])
    along = space.values @ fixed
    if not len(rows) or (
        rule.kind == SUM and not region.passed and _meets(space, _rounded(space, along), region.floors)
    ):
        return _Cut(fixed, level, 1.0), along

    y, shares = _multipliers(space, rule, rows, n_free, fixed, least)
    level += float(least @ y)
    if rule.kind == LOG:
        level -= float(rule.param[on] @ (np.log(rule.param[on] / y[:n_free]) - 1.0))
    return _Cut(fixed + y @ rows, level, 1.0), shares


def _multipliers(
    space: _Space, rule: Rule, rows: Floats, n_free: int, fixed: Floats, least: Floats
) -> tuple[Floats, Floats]:
    """The best multipliers of the rows (L, k), and the share of each option (O,) in the convexified optimum.

    The problem is scaled so that rows, multipliers and the bound are of the order of 1.
    """
    middle = space.total(space.values) / np.diff(space.starts)[:, None]
    around = space.values - middle[space.stage]
    slope, base = around @ rows.T, around @ fixed
    width = np.maximum(_width(space, slope), 1e-9 * (np.abs(rows) @ space.size))
    width[width == 0.0] = 1.0
    breadth = float(_width(space, base)) or 1.0
    log, equal, upper = np.zeros(len(rows)), np.zeros(len(rows)), np.full(len(rows), math.inf)
    upper[n_free:] = CAP
    unit, total = breadth, 0.0
    if rule.kind == LOG:
        unit, log[:n_free] = 1.0, rule.param[rule.param > 0.0]
    elif n_free:
        unit, total = width[:n_free].min(), rule.order + 1.0
        equal[:n_free] = unit / width[:n_free]
        if rule.order > 0:
            upper[:n_free] = width[:n_free] / unit
    target = (rows @ (space.reservation - middle.sum(axis=0)) + least) / width
    y, shares = _interior_point(
        space.starts, space.stage, slope / width, base / unit, target, log, equal, total, upper
    )
    y *= unit / width
    if total:
        y[:n_free] *= total / y[:n_free].sum()
    return y, shares


def _width(space: _Space, table: Floats) -> Floats:
    """The range of the sums of one entry per stage, per column of a table with a row per option; 1 where it is 0."""
    return (space.most(table) + space.most(-table)).sum(axis=0)


def _interior_point(
    starts: Ints,
    stage: Ints,
    slope: Floats,
    base: Floats,
    target: Floats,
    log: Floats,
    equal: Floats,
    total: float,
    upper: Floats,
) -> tuple[Floats, Floats]:
    """Minimise a convex piecewise linear function with logarithms by a primal-dual interior point method.

    Over 0 <= y <= upper with equal . y = total (where equal is not 0 throughout), the sum over stages of the largest
    base_o + slope_o . y, less target . y, less log . ln y. Shapes: slope (O, L), base (O,), the others (L,). Returns y (L,),
    and shares (O,): the weights, summing to 1 in each stage, of the options that make up the largest.

    Each of some ten steps costs O(O L^2). Any y gives a valid bound, so where rounding ends the steps early it only gets less
    tight. Source: Mehrotra 1992 for the predictor and corrector; the unknowns of each stage are eliminated.
    """
    heads, size = starts[:-1], target.size
    fixed = equal.any()
    even = np.divide(total / max(1, np.count_nonzero(equal)), equal, out=np.zeros(size), where=equal > 0.0)
    y = np.where(equal > 0.0, even, np.where(log > 0.0, 2.0 * log, 0.3))
    height = base + slope @ y
    slack = (np.maximum.reduceat(height, heads) + 1.0 / heads.size)[stage] - height
    shares = (1.0 / np.diff(starts))[stage]
    low, high = np.flatnonzero(log == 0.0), np.flatnonzero(np.isfinite(upper))
    wall, sign = np.concatenate((low, high)), np.repeat([1.0, -1.0], (low.size, high.size))
    room = np.concatenate((y[low], upper[high] - y[high]))
    push = (slack @ shares / heads.size) / room
    matrix = np.zeros((size + fixed, size + fixed))

    for _ in range(BARRIER_STEPS):
        gap = (slack @ shares + room @ push) / (slack.size + room.size)
        if gap < BARRIER_STOP:
            break
        ratio = shares / slack
        weight = np.add.reduceat(ratio, heads)
        mean = np.add.reduceat(ratio[:, None] * slope, heads) / weight[:, None]
        apart = slope - mean[stage]
        matrix[:size, :size] = apart.T @ (ratio[:, None] * apart)
        matrix[:size, :size] += np.diag(log / y**2 + np.bincount(wall, push / room, size))
        trace = matrix[:size, :size].trace()
        matrix[:size, :size] += np.diag(np.full(size, 1e-15 * trace))
        if fixed:
            matrix[size, :size] = matrix[:size, size] = trace * equal
        aim_shares, aim_push = np.zeros(slack.size), np.zeros(room.size)
        for correct in (False, True):
            fresh, fresh_push = aim_shares / slack, aim_push / room
            lack = np.add.reduceat(fresh, heads) - 1.0
            right = np.zeros(len(matrix))
            right[:size] = (
                target + log / y - fresh @ slope + lack @ mean + np.bincount(wall, sign * fresh_push, size)
            )
            by_y = np.linalg.solve(matrix, right)[:size]
            by_slack = (lack / weight + mean @ by_y)[stage] - slope @ by_y
            by_shares = fresh - ratio * by_slack - shares
            by_room = sign * by_y[wall]
            by_push = fresh_push - push - push / room * by_room
            moves = [(y, by_y), (slack, by_slack), (shares, by_shares), (room, by_room), (push, by_push)]
            length = 1.0 / max(1.0, *(float((-by / at).max(initial=0.0)) for at, by in moves))
            if not correct:
                ahead = (slack + length * by_slack) @ (shares + length * by_shares)
                ahead += (room + length * by_room) @ (push + length * by_push)
                aim = gap * (ahead / (slack.size + room.size) / gap) ** 3
                aim_shares, aim_push = aim - by_slack * by_shares, aim - by_room * by_push
        length = min(1.0, 0.995 * length)
        for at, by in moves:
            at += length * by
    return y, shares

"""The game behind a roadmap, on arrays: states, one-period moves, landings, clock.

Conventions of the whole room. A *state* says how far each commitment is: the level that stands, and the
periods of work already done towards the next one. States are numbered in mixed radix over the commitments in
file order, the last one fastest, so a state is a number ``x`` and a move of commitment k from position p to q
adds ``(q - p) * strides[k]``. Terms (issues without owner) are fixed. Parties i = 0..n-1 are those with
preferences, in file order; further *actors* own commitments but have no preferences. All values are discounted
averages: a flow of u per period for ever is worth u.

What the theory leaves open, and what is chosen here:

* A level that takes d > 1 periods is reached by d periods of work from the level below, one unit a period;
  quick levels (d = 1) may be passed several at a time, as far as the pace allows. Work in progress is worth
  nothing yet and may be dropped; floors of the level that stands bind meanwhile.
* A prerequisite is tested in the period in which its level is reached.
* A rise that rests on another act of the same step (``together``) and is left alone does not land: it lapses,
  the other moves stand. A move into an impossible outcome is unavailable, or lapses whole within a threat.
* After a breach, the owners of a joint commitment agree to take it back, or leave it; under ``minmax`` the others do
  with what they own together whatever hurts most.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from detente.case.model import Issue
from detente.case.uncertain import Number, mode
from detente.errors import CostError, NeedsError
from detente.space import Prerequisite, Space
from detente.space.tables import Array, Factor

MAX_STATES = 6_000_000
"""More states than this are refused: a dozen arrays of their length are held at once."""
MOST_PATIENT = 1 - 1e-9
"""A factor of 1 is taken as this: values are averages over time, which a factor of 1 leaves open."""
YEAR = 365.25
PERIODS = {"day": 1 / YEAR, "week": 7 / YEAR, "month": 1 / 12, "quarter": 1 / 4, "year": 1.0}


@dataclass(frozen=True, eq=False)
class Commitment:
    """One issue with an owner. ``level`` and ``work`` describe its positions; ``nexts[p]`` are the positions
    that one period can lead to from p, itself included, ascending; ``low[p]`` is the lowest of them.
    """

    issue: int
    name: str
    owners: tuple[int, ...]
    level: Array
    work: Array
    nexts: tuple[Array, ...]
    low: Array
    quick: bool
    up: int | None

    @property
    def size(self) -> int:
        """Number of positions."""
        return len(self.level)

    def position(self, level: int) -> int:
        """The position at which a level stands and no work is under way."""
        return int(np.flatnonzero((self.level == level) & (self.work == 0))[0])


def commitment(index: int, name: str, issue: Issue, owners: tuple[int, ...], count: int) -> Commitment:
    """An issue's positions and one-period moves. ``count`` is its number of levels."""
    takes = np.ones(count, dtype=np.int64)
    floor = np.zeros(count, dtype=np.int64)
    for name_of, periods in issue.takes.items():
        takes[issue.position(name_of)] = periods
    for name_of, lowest in issue.retreat.items():
        floor[issue.position(name_of)] = issue.position(lowest)
    up = None if issue.pace.up == "any" else int(issue.pace.up)
    down = None if issue.pace.down == "any" else int(issue.pace.down)
    slow = int(takes[1:].sum())
    if slow > MAX_STATES:
        raise CostError(f"'{name}' takes {slow:,} periods", f"{slow:,} states", "choose a longer period")
    level_of, work_of = [0], [0]
    for level in range(1, count):
        level_of += [level - 1] * (int(takes[level]) - 1) + [level]
        work_of += [*range(1, int(takes[level])), 0]
    at = {lv: p for p, (lv, w) in enumerate(zip(level_of, work_of, strict=True)) if w == 0}
    nexts = [
        _nexts(p, lv, w, at, takes, int(floor[lv]), up, down)
        for p, (lv, w) in enumerate(zip(level_of, work_of, strict=True))
    ]
    low = np.array([n[0] for n in nexts])
    arrays = tuple(np.array(n, dtype=np.int64) for n in nexts)
    return Commitment(
        index,
        name,
        owners,
        np.array(level_of),
        np.array(work_of),
        arrays,
        low,
        bool((takes[1:] == 1).all()),
        up,
    )


def _nexts(
    p: int,
    level: int,
    work: int,
    at: dict[int, int],
    takes: Array,
    floor: int,
    up: int | None,
    down: int | None,
) -> list[int]:
    found = {p}
    last = len(takes) - 1
    if up != 0 and level < last:
        if work > 0 or takes[level + 1] > 1:
            found.add(p + 1)
        else:
            top = level
            while top < last and takes[top + 1] == 1 and (up is None or top - level < up):
                top += 1
                found.add(at[top])
    if down != 0:
        lowest = max(floor, level - down if down is not None else 0)
        found |= {at[b] for b in range(lowest, level)}
        if work > 0:
            found.add(at[level])
    return sorted(found)


class Shelf:
    """What was computed before, oldest out first where all together has more than ``most`` numbers."""

    def __init__(self, most: int) -> None:
        self._most, self._used = most, 0
        self._found: dict[Hashable, tuple[Any, int]] = {}

    def get(self, key: Hashable, make: Callable[[], Any], size: Callable[[Any], int]) -> Any:
        """What is kept under a key, made where it is not there; ``size`` counts its numbers."""
        if key not in self._found:
            made = make()
            need = size(made)
            while self._found and self._used + need > self._most:
                self._used -= self._found.pop(next(iter(self._found)))[1]
            self._found[key] = made, need
            self._used += need
        return self._found[key][0]


@dataclass(frozen=True, eq=False)
class Model:
    """A roadmap problem on arrays. Build one with `build`.

    ``u`` float64 (n, N), ``possible`` bool (N,), ``position`` (K, N). ``cap[k]`` (N,) is the highest level
    to which commitment k may rise from a state under prerequisites of timing before; ``ground[k]`` (N,) is
    the highest level of k, at or below the one that stands, whose prerequisite of timing together fails in
    that state (0 if none): a rise from level a that lands there stands only if a >= ground.
    """

    space: Space
    parties: tuple[str, ...]
    actors: tuple[str, ...]
    commitments: tuple[Commitment, ...]
    u: Array = field(repr=False)
    possible: Array = field(repr=False)
    cap: dict[int, Array] = field(repr=False)
    ground: dict[int, Array] = field(repr=False)
    start: int
    terms: tuple[int, ...]

    @property
    def n(self) -> int:
        """Number of parties with preferences."""
        return len(self.parties)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Number of positions of each commitment."""
        return tuple(c.size for c in self.commitments)

    @cached_property
    def strides(self) -> tuple[int, ...]:
        """What one position of each commitment adds to a state's number."""
        return tuple(math.prod(self.shape[k + 1 :]) for k in range(len(self.shape)))

    @cached_property
    def size(self) -> int:
        """Number of states."""
        return math.prod(self.shape)

    @cached_property
    def position(self) -> Array:
        """Positions of all states: int32 (K, N)."""
        if not self.shape:
            return np.zeros((0, 1), dtype=np.int32)
        return np.stack([axis.ravel() for axis in np.indices(self.shape, dtype=np.int32)])

    @cached_property
    def levels(self) -> Array:
        """Levels that stand in all states: int32 (K, N)."""
        rows = [c.level[self.position[k]].astype(np.int32) for k, c in enumerate(self.commitments)]
        return np.stack(rows) if rows else np.zeros((0, 1), dtype=np.int32)

    @cached_property
    def solo(self) -> tuple[tuple[int, ...], ...]:
        """The commitments that each actor moves alone."""
        return tuple(
            tuple(k for k, c in enumerate(self.commitments) if c.owners == (i,))
            for i in range(len(self.actors))
        )

    @cached_property
    def joint(self) -> tuple[tuple[int, ...], ...]:
        """The commitments that each actor moves only together with others."""
        return tuple(
            tuple(k for k, c in enumerate(self.commitments) if len(c.owners) > 1 and i in c.owners)
            for i in range(len(self.actors))
        )

    @property
    def plain(self) -> bool:
        """Whether nothing ties a rise to anything else."""
        return not self.cap and not self.ground

    # states and outcomes ------------------------------------------------------------------------

    def state(self, levels: Sequence[int]) -> int:
        """The state in which an outcome (level positions of all issues) stands, no work under way."""
        return sum(
            c.position(int(levels[c.issue])) * stride
            for c, stride in zip(self.commitments, self.strides, strict=True)
        )

    def outcome(self, state: int) -> tuple[int, ...]:
        """The level positions, of all issues, that stand in a state."""
        levels = list(self.terms)
        for k, c in enumerate(self.commitments):
            levels[c.issue] = int(c.level[state // self.strides[k] % self.shape[k]])
        return tuple(levels)

    def same_outcome(self, state: int) -> Array:
        """States in which the same outcome stands, whatever work is under way: bool (N,)."""
        if not self.commitments:
            return np.ones(1, dtype=bool)
        return np.asarray((self.levels == self.levels[:, [state]]).all(axis=0))

    # landings -----------------------------------------------------------------------------------

    def lapse(self, x: Array, y: Array) -> Array:
        """Where the moves from states x really land: rises left without what they need together are undone."""
        y = y.copy()
        for _ in range(len(self.ground) + 1 if self.ground else 0):
            back = np.zeros_like(y)
            for k, ground in self.ground.items():
                fails = (self.levels[k][y] > self.levels[k][x]) & (self.levels[k][x] < ground[y])
                back += np.where(fails, (self.position[k][y] - self.position[k][x]) * self.strides[k], 0)
            if not back.any():
                break
            y -= back
        return y

    def legal_step(self, x: Array, y: Array) -> Array:
        """Whether planned steps (rises within one period's reach) meet every prerequisite and are possible."""
        good = self.possible[y].copy()
        for k, cap in self.cap.items():
            risen = self.levels[k][y] > self.levels[k][x]
            good &= ~risen | (self.levels[k][y] <= cap[x])
        for k, ground in self.ground.items():
            risen = self.levels[k][y] > self.levels[k][x]
            good &= ~risen | (self.levels[k][x] >= ground[y])
        return good

    # what an actor can do -----------------------------------------------------------------------

    @cached_property
    def menus(self) -> tuple[Menu, ...]:
        """The one-period moves of each actor on its own commitments."""
        return tuple(Menu.of(self, i) for i in range(len(self.actors)))

    @cached_property
    def replies(self) -> Shelf:
        """Tables of replies, by what they answer: they depend neither on patience nor on utilities."""
        return Shelf(20_000_000)

    @cached_property
    def ways(self) -> Shelf:
        """What departures from single roadmaps lead to, by party and steps; it does not depend on utilities."""
        return Shelf(1_000_000)

    @cached_property
    def threats(self) -> Shelf:
        """What breaches lead to, by the terms and the rule."""
        return Shelf(5_000_000)

    @cached_property
    def graphs(self) -> Shelf:
        """Graphs of steps, by target, order and number of dates; they do not depend on utilities."""
        return Shelf(5_000_000)

    @cached_property
    def retreats(self) -> tuple[Array, ...]:
        """What taking each commitment back as fast as possible adds to a state's number: K arrays (N,)."""
        return tuple(
            (c.low[self.position[k]] - self.position[k]).astype(np.int64) * self.strides[k]
            for k, c in enumerate(self.commitments)
        )

    def retreat_of(self, actors: Sequence[int]) -> Array:
        """The retreat of several actors on the commitments that each moves alone: offsets (N,)."""
        out = np.zeros(self.size, dtype=np.int64)
        for i in actors:
            for k in self.solo[i]:
                out += self.retreats[k]
        return out


@dataclass(frozen=True, eq=False)
class Menu:
    """The one-period moves of one actor on the commitments it moves alone.

    ``own`` (N,) numbers the actor's own positions in each state (A of them, row-major); ``offset`` (A, J)
    is what its j-th move adds to a state's number, ``valid`` (A, J), ``after`` (A, J) the own number it leads
    to. Moves stand in row-major order of the positions they lead to; ``home`` (A,) is the move of staying,
    ``back`` (A,) the retreat as fast as possible.
    """

    own: Array
    offset: Array
    valid: Array
    after: Array
    home: Array
    back: Array
    levels: dict[int, Array]

    @staticmethod
    def of(model: Model, actor: int) -> Menu:
        """The menu of an actor."""
        mine = model.solo[actor]
        shape = tuple(model.shape[k] for k in mine)
        count = math.prod(shape)
        own = np.zeros(model.size, dtype=np.int64)
        for k in mine:
            own = own * model.shape[k] + model.position[k]
        rows = [_row(model, mine, at, shape) for at in np.ndindex(*shape)]
        width = max(len(offsets) for offsets, _ in rows)
        offset = np.zeros((count, width), dtype=np.int64)
        after = np.zeros((count, width), dtype=np.int64)
        valid = np.zeros((count, width), dtype=bool)
        for a, (offsets, ends) in enumerate(rows):
            offset[a, : len(offsets)], after[a, : len(offsets)], valid[a, : len(offsets)] = (
                offsets,
                ends,
                True,
            )
        home = np.argmax(valid & (after == np.arange(count)[:, None]), axis=1)
        levels = {}
        for place, k in enumerate(mine):
            digit = after // math.prod(shape[place + 1 :]) % shape[place]
            levels[k] = model.commitments[k].level[digit]
        # the retreat is the lowest position of every commitment, hence the first move in row-major order
        return Menu(own, offset, valid, after, home, np.zeros(count, dtype=np.int64), levels)

    @property
    def width(self) -> int:
        """Largest number of moves in any state."""
        return int(self.offset.shape[1])


def _row(model: Model, mine: Sequence[int], at: Sequence[int], shape: Sequence[int]) -> tuple[Array, Array]:
    offsets, ends = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    for k, p, size in zip(mine, at, shape, strict=True):
        nexts = model.commitments[k].nexts[p]
        offsets = (offsets[:, None] + (nexts - p) * model.strides[k]).ravel()
        ends = (ends[:, None] * size + nexts).ravel()
    return offsets, ends


def build(space: Space, floors: Mapping[str, Mapping[str, str]] | None = None) -> Model:
    """The roadmap problem of a space. Raises `NeedsError` for a graph or an ordinal preference.

    ``floors`` puts other retreat floors in place of those of the case: ``{issue: {level: floor}}``. As long as somebody
    holds a model, the space gives it again, so that what was computed on it serves the next question.
    """
    key = ("roadmap", repr(floors))
    found: Model | None = space.kept[key]() if key in space.kept else None
    if found is None:
        found = _build(space, floors)
        space.kept[key] = weakref.ref(found)
    return found


def _build(space: Space, floors: Mapping[str, Mapping[str, str]] | None) -> Model:
    case = space.case
    issues = {
        name: issue.model_copy(update={"retreat": {**issue.retreat, **(floors or {}).get(name, {})}})
        for name, issue in case.issues.items()
    }
    if case.graph_form:
        raise NeedsError("a roadmap needs issues with owners: this case is a bare graph")
    if space.draws is not None:
        raise NeedsError("a roadmap is computed for one set of numbers at a time")
    missing = [p for p, factors in zip(space.parties, space.factors, strict=True) if factors is None]
    if missing:
        raise NeedsError(f"a roadmap needs preferences in numbers: {', '.join(missing)} has a ranking only")
    if not space.parties:
        raise NeedsError("a roadmap needs parties with preferences")
    owners = {p for issue in case.issues.values() for p in issue.by or ()}
    actors = (*space.parties, *(p for p in case.parties if p in owners and p not in space.parties))
    commitments = tuple(
        commitment(i, name, issues[name], tuple(actors.index(p) for p in _sorted(actors, by)), space.sizes[i])
        for i, name in enumerate(space.issues)
        if (by := issues[name].by)
    )
    size = math.prod(c.size for c in commitments)
    if size > MAX_STATES:
        raise CostError(
            "a roadmap looks at every state",
            f"{size:,} states",
            "use fewer levels, shorter durations or fewer issues",
        )
    u = np.stack([_on_states(space, commitments, factors or ()) for factors in space.factors])
    possible = _on_states(space, commitments, space.forbidden) == 0
    model = Model(space, space.parties, actors, commitments, u, possible, {}, {}, 0, space.start)
    object.__setattr__(model, "start", model.state(space.start))
    _prerequisites(model)
    return model


def _sorted(actors: Sequence[str], by: Sequence[str]) -> list[str]:
    return [p for p in actors if p in by]


def _on_states(space: Space, commitments: Sequence[Commitment], factors: Sequence[Factor]) -> Array:
    """The sum of factors in every state: float64 (N,)."""
    place = {c.issue: k for k, c in enumerate(commitments)}
    shape = tuple(c.size for c in commitments)
    out = np.zeros(shape)
    for factor in factors:
        index, axes = [], []
        for issue in factor.issues:
            if issue in place:
                index.append(commitments[place[issue]].level)
                axes.append(place[issue])
            else:
                index.append(np.array([space.start[issue]]))
                axes.append(-1)
        table = (
            np.asarray(factor.table, dtype=float)[np.ix_(*index)]
            if index
            else np.asarray(factor.table, float)
        )
        table = table.reshape([len(i) for i, a in zip(index, axes, strict=True) if a >= 0])
        full = [1] * len(shape)
        for a in axes:
            if a >= 0:
                full[a] = shape[a]
        out = out + table.reshape(full)
    return np.asarray(out.ravel())


def _prerequisites(model: Model) -> None:
    needs: list[Prerequisite] = []
    for mover in model.space.movers:
        needs += model.space.moves(mover).prerequisites
    place = {c.issue: k for k, c in enumerate(model.commitments)}
    for need in sorted(needs, key=lambda n: -n.level):
        k = place[need.issue]
        holds = _on_states(model.space, model.commitments, [need.when]) > 0
        level = model.levels[k]
        if not need.together:
            cap = model.cap.setdefault(k, np.full(model.size, 10**6, dtype=np.int64))
            cap[(level < need.level) & ~holds] = need.level - 1
    for need in sorted(needs, key=lambda n: n.level):
        k = place[need.issue]
        if need.together:
            holds = _on_states(model.space, model.commitments, [need.when]) > 0
            ground = model.ground.setdefault(k, np.zeros(model.size, dtype=np.int64))
            ground[(model.levels[k] >= need.level) & ~holds] = need.level


@dataclass(frozen=True, eq=False)
class Terms:
    """What time and trust cost: all that a roadmap depends on besides the model.

    ``delta`` (n,) discount factor per period; ``horizon`` move periods before the deadline, or None;
    ``collapse`` (n,) values after it where the target is not reached, None for a freeze; ``lag`` periods until
    a breach is seen; ``detection`` and ``false_alarm`` per period; ``exit`` (n,) value of the walk-away,
    -inf where there is none; ``cost`` (n,) of a breach to its author.
    """

    delta: Array
    horizon: int | None
    collapse: Array | None
    lag: int
    detection: float
    false_alarm: float
    exit: Array
    cost: Array

    @property
    def step_delta(self) -> Array:
        """Discount factor per step: a step takes one period and the lag until it is verified."""
        return np.asarray(self.delta ** (1 + self.lag))

    @property
    def steps(self) -> int | None:
        """How many steps fit before the deadline."""
        return None if self.horizon is None else self.horizon // (1 + self.lag)


def period_years(space: Space) -> float:
    """The length of a period in years."""
    period = space.case.time.period
    return PERIODS[period] if isinstance(period, str) else float(period) / YEAR


def horizon(space: Space) -> int | None:
    """Move periods before the deadline; None where there is none. Dates are rounded up."""
    time = space.case.time
    if time.periods is not None:
        return time.periods
    if time.deadline is None or time.start is None:
        return None
    return math.ceil((time.deadline - time.start).days / YEAR / period_years(space) - 1e-9)


def terms(space: Space, read: Callable[[Number], float] = mode) -> tuple[Terms, list[str]]:
    """Clock, deadline, verification, way out and price of a breach of a case, and what should be said."""
    case, notes, n = space.case, [], space.n_parties
    years = period_years(space)
    patience = np.array([float(read(case.patience_of(p))) for p in space.parties])
    unsaid = [p for p in space.parties if case.parties[p].patience is None]
    if unsaid:
        notes.append(f"patience is not stated for {', '.join(unsaid)}: 0.95 a year is assumed")
    last, collapse = horizon(space), None
    if last is not None:
        entry = case.no_deal.at_deadline if case.no_deal is not None else None
        values, said = space.reservation("deadline", read)
        notes += said
        if entry is not None and (entry.outcome is not None or entry.utilities is not None):
            collapse = np.asarray(values, dtype=float)
            silent = [p for p in space.parties if entry.outcome is None and p not in (entry.utilities or {})]
            if silent:
                notes.append(
                    f"what follows the deadline is not stated for {', '.join(silent)}: the status quo is used"
                )
    out = np.full(n, -np.inf)
    for party, number in (case.no_deal.walk_away if case.no_deal is not None else {}).items():
        if party in space.parties:
            out[space.parties.index(party)] = float(read(number))
    costs = np.array([float(read(case.parties[p].breach_cost or 0)) for p in space.parties])
    watch = case.verification
    return Terms(
        np.minimum(patience**years, MOST_PATIENT),
        last,
        collapse,
        watch.lag,
        float(read(watch.detection)),
        float(read(watch.false_alarm)),
        out,
        costs,
    ), notes

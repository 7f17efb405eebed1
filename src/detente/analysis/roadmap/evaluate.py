"""A given roadmap: what staying is worth at each step, what breaking off would bring, and what it exposes.

    W_i(m) = u_i(x*),  W_i(t) = (1-d_i) u_i(x_{t+1}) + d_i W_i(t+1)
    Dev_i(t) = max over own moves other than the planned one of (1-d_i) u_i(y) + d_i B_i(y)

(section 2.2), with false alarms, detection below 1 (section 2.9), deadlines (2.10) and the price of a breach. Chosen
where the theory is silent: walking away is a right, so the price of a breach is not taken from it; after a false
alarm party i goes on with its own B_i; a party that catches up with the schedule is back on it unseen.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from detente.analysis.roadmap.model import Model, Terms
from detente.analysis.roadmap.replies import best, open_moves, solve
from detente.analysis.roadmap.threats import Threat
from detente.space.tables import Array

SHORT = 500
"""Up to this many planned steps what departures lead to is kept."""
LONG = 200_000
"""From this many pairs of step and own move on, departures are read off the two best landings of each state."""
EXISTS = 1e-9
"""A roadmap whose largest gap is at most this enforces itself."""


@dataclass(frozen=True, eq=False)
class Course:
    """A roadmap with its figures. ``states`` x_0..x_m; arrays (n, m + 1) over dates, the last one at rest.

    ``stay`` W, ``leave`` Dev (-inf where a party has no other move), ``gap`` raw, ``flee`` the state each best
    departure leads to (-1: none, or a walk-away); ``entry`` (n,) what not starting is worth; ``loss`` (n, m + 1) breach loss
    that i inflicts at worst on another (largest over the others), ``fall`` (n, m + 1) drawdown of i.
    """

    states: tuple[int, ...]
    stay: Array = field(repr=False)
    leave: Array = field(repr=False)
    flee: Array = field(repr=False)
    entry: Array = field(repr=False)
    loss: Array = field(repr=False)
    fall: Array = field(repr=False)

    @property
    def gap(self) -> Array:
        """Trust gaps G_i(t) = max(0, Dev - W): (n, m + 1)."""
        return np.asarray(np.maximum(0.0, self.leave - self.stay))

    @property
    def entry_gap(self) -> Array:
        """How much a party would rather not start: (n,)."""
        return np.asarray(np.maximum(0.0, self.entry - self.stay[:, 0]))

    @property
    def worst(self) -> Array:
        """The largest gap of each party, entry and rest included: (n,)."""
        return np.asarray(np.maximum(self.gap.max(axis=1), self.entry_gap))

    @property
    def holds(self) -> bool:
        """Whether the roadmap enforces itself."""
        return bool(self.worst.max() <= EXISTS)

    @property
    def slack(self) -> float:
        """How far the tightest constraint is from binding: 0 or more where the roadmap holds."""
        return float(min((self.stay - self.leave).min(), (self.stay[:, 0] - self.entry).min())) + EXISTS

    @property
    def product(self) -> float:
        """Nash product: of what each party gains by starting."""
        return float(np.prod(self.stay[:, 0] - self.entry))


def departures(
    model: Model, i: int, landing: Array, src: Array, dst: Array, at: Array | None = None
) -> tuple[Array, Array]:
    """Party i's best departure from planned steps src -> dst: value and state reached, (m,) each.

    ``landing`` (N,) is what arriving in a state by a breach is worth, or (D, N) with the row of each step in ``at``
    (m,); -inf and -1 where i has no other move.
    """
    top, to = np.full(len(src), -np.inf), np.full(len(src), -1, dtype=np.int64)
    for y in other_ways(model, i, src, dst):
        value = np.where(y >= 0, landing[y] if at is None else landing[at, y], -np.inf)
        more = value > top
        top[more], to[more] = value[more], y[more]
    return top, to


def other_ways(model: Model, i: int, src: Array, dst: Array) -> Iterable[Array]:
    """The states that party i's departures from planned steps src -> dst lead to, move by move: (m,), -1 for none.

    A departure that would lead to an impossible outcome, or to what was planned, is none; so is one with a rise of i's
    own that misses what it needs together. Those of single roadmaps are kept: they do not depend on utilities.
    """
    if len(src) > SHORT:
        return _other_ways(model, i, src, dst)
    key = (i, src.tobytes(), dst.tobytes())
    found: list[Array] = model.ways.get(
        key, lambda: list(_other_ways(model, i, src, dst)), lambda m: len(m) * len(src)
    )
    return found


def _other_ways(model: Model, i: int, src: Array, dst: Array) -> Iterator[Array]:
    menu = model.menus[i]
    own = menu.own[src]
    planned = _moved(model, model.solo[i], src, dst)
    together = [_moved(model, [k], src, dst) for k in model.joint[i]]
    base = dst - planned - sum(together, start=np.zeros_like(src))
    good = open_moves(model, i, src)
    for bits in itertools.product((False, True), repeat=len(together)):
        along = base + sum(
            (t for t, yes in zip(together, bits, strict=True) if yes), start=np.zeros_like(src)
        )
        for j in range(menu.width):
            valid = good[j].copy()
            y = np.where(valid, along + menu.offset[own, j], src)
            y = model.lapse(src, y)
            if not model.plain:  # a rise of one's own that would not land is no move
                valid &= _moved(model, model.solo[i], src, y) == menu.offset[own, j]
            yield np.where(valid & model.possible[y] & (y != dst), y, -1)


def departure_values(model: Model, i: int, landing: Array, src: Array, dst: Array) -> Array:
    """The values of `departures`, (m,): by the two best landings of every state where nothing ties moves together."""
    if not model.plain or model.joint[i] or len(src) * model.menus[i].width < LONG:
        return departures(model, i, landing, src, dst)[0]
    top, to, second = two_best(model, i, landing)
    base = dst - _moved(model, model.solo[i], src, dst)
    return np.asarray(np.where(to[base] == dst, second[base], top[base]))


def two_best(model: Model, i: int, landing: Array) -> tuple[Array, Array, Array]:
    """Best landing among party i's own moves from each state, the state reached, and the second best: (N,) each.

    One commitment after another: the moves of a party on what it owns alone are a product where nothing ties them.
    """
    grids = [
        np.where(model.possible, landing, -np.inf).reshape(model.shape),
        np.arange(model.size).reshape(model.shape),
        np.full(model.shape, -np.inf),
    ]
    for k in model.solo[i]:
        top, to, second = (np.ascontiguousarray(np.moveaxis(g, k, 0)) for g in grids)
        new = [top.copy(), to.copy(), second.copy()]
        for p, nexts in enumerate(model.commitments[k].nexts):
            one, where, two = (part[p] for part in new)
            for q in nexts[nexts != p]:
                better = top[q] > one
                np.maximum(two, np.where(better, one, top[q]), out=two)
                np.maximum(two, second[q], out=two)
                np.copyto(one, top[q], where=better)
                np.copyto(where, to[q], where=better)
        grids = [np.moveaxis(g, 0, k) for g in new]
    top, to, second = (np.ascontiguousarray(g).reshape(-1) for g in grids)
    return top, to, second


def _moved(model: Model, which: Sequence[int], src: Array, dst: Array) -> Array:
    out = np.zeros(len(src), dtype=np.int64)
    for k in which:
        out += (model.position[k][dst].astype(np.int64) - model.position[k][src]) * model.strides[k]
    return out


@dataclass(frozen=True, eq=False)
class Worth:
    """How staying is valued: V = flow(y) + keep * W after a step that arrives in y.

    ``flow`` (D, n, N) with what false alarms cost, ``keep`` (n,), ``rest`` (n,) value of resting at the target.
    """

    flow: Array
    keep: Array
    rest: Array

    def at(self, date: int) -> Array:
        """Flow values of arriving at a date: (n, N)."""
        return self.flow[min(date, len(self.flow) - 1)]  # type: ignore[no-any-return]


def worth(model: Model, terms: Terms, threat: Threat, target: int) -> Worth:
    """How staying is valued under given terms and threat."""
    d, f = terms.step_delta, terms.false_alarm
    flow = ((1 - d)[:, None] * model.u)[None]
    rest = model.u[:, target]
    if f == 0:
        return Worth(flow, d, rest.copy())
    back = d**threat.rule.length if threat.rule.name == "pause" else np.zeros(model.n)
    flow = flow + (d * f)[:, None] * threat.mistaken
    keep = d * ((1 - f) + f * back)
    lasting = threat.after if threat.after is not None else None
    broken = threat.mistaken[-1][:, target] if lasting is None else (lasting[:, target] - (1 - d) * rest) / d
    if threat.dated and lasting is None:  # frozen after the deadline: nothing can be lost any more
        return Worth(flow, keep, rest.copy())
    return Worth(flow, keep, ((1 - d) * rest + d * f * broken) / (1 - keep))


def course(model: Model, terms: Terms, threat: Threat, states: Sequence[int], exposed: bool = True) -> Course:
    """The figures of a roadmap given as states x_0..x_m; breach loss and drawdown are left at 0 unless ``exposed``."""
    path = np.array(states, dtype=np.int64)
    m, target = len(path) - 1, int(path[-1])
    value = worth(model, terms, threat, target)
    stay = np.zeros((model.n, m + 1))
    stay[:, m] = rest_value(model, terms, threat, value, target, m)
    for t in reversed(range(m)):
        stay[:, t] = value.at(t)[:, path[t + 1]] + value.keep * stay[:, t + 1]
    if terms.detection < 1:
        leave, flee = _cheating(model, threat, _Unseen(model, terms, threat, value, path, stay))
    else:
        leave, flee = _leaving(model, terms, threat, path)
        leave += threat.resume[:, None] * stay
    for i in range(model.n):
        leave[i] -= terms.cost[i]
        out = terms.exit[i] > leave[i]
        leave[i] = np.maximum(leave[i], terms.exit[i])
        flee[i, out] = -1
    entry = np.maximum(threat.entry[:, path[0]], terms.exit)
    shown = exposure(model, path) if exposed else (np.zeros_like(stay), np.zeros_like(stay))
    return Course(tuple(int(x) for x in path), stay, leave, flee, entry, *shown)


def rest_value(model: Model, terms: Terms, threat: Threat, value: Worth, target: int, date: int) -> Array:
    """What resting at the target from a date on is worth: (n,). Dated where false alarms meet a deadline."""
    if terms.false_alarm == 0 or not threat.dated:
        return value.rest
    now = value.rest
    for t in reversed(range(date, terms.steps or 0)):
        now = value.at(t)[:, target] + value.keep * now
    return now


def _leaving(model: Model, terms: Terms, threat: Threat, path: Array) -> tuple[Array, Array]:
    m = len(path) - 1
    leave, flee = np.full((model.n, m + 1), -np.inf), np.full((model.n, m + 1), -1, dtype=np.int64)
    for i in range(model.n):
        dates = np.minimum(np.arange(m), len(threat.landing) - 1)
        leave[i, :m], flee[i, :m] = departures(model, i, threat.landing[:, i], path[:-1], path[1:], dates)
        top, to = resting(model, terms, threat, i, int(path[-1]))
        last = min(m, len(top) - 1)
        leave[i, m], flee[i, m] = top[last], to[last]
    return leave, flee


def _cheating(model: Model, threat: Threat, cheat: _Unseen) -> tuple[Array, Array]:
    """As `_leaving` where a breach is seen only with some probability each period."""
    path, m = cheat.path, cheat.m
    leave, flee = np.full((model.n, m + 1), -np.inf), np.full((model.n, m + 1), -1, dtype=np.int64)
    resting_dates = range(m, cheat.last + (threat.after is not None)) if threat.dated else [m]
    for i in range(model.n):
        for date in [*range(m), *resting_dates]:
            t = min(date, m)
            after = path[min(t + 1, m)][None]
            top, to = departures(model, i, cheat.landing(i, date), path[t : t + 1], after)
            if top[0] > leave[i, t]:
                leave[i, t], flee[i, t] = top[0], to[0]
    return leave, flee


def resting(model: Model, terms: Terms, threat: Threat, i: int, target: int) -> tuple[Array, Array]:
    """Party i's best breach at rest in the target, from each date on: value and state reached.

    One entry where nothing is dated, else (steps + 1,), the last one for the time after the deadline.
    """
    spot = np.array([target])
    if not threat.dated:
        return departures(model, i, threat.landing[0, i], spot, spot)
    count = terms.steps or 0
    top, to = np.full(count + 1, -np.inf), np.full(count + 1, -1, dtype=np.int64)
    many = np.repeat(spot, count)
    top[:-1], to[:-1] = departures(model, i, threat.landing[:, i], many, many, np.arange(count))
    if threat.after is not None:
        top[-1:], to[-1:] = departures(model, i, threat.after[i], spot, spot)
    for t in reversed(range(count)):
        if top[t + 1] > top[t]:
            top[t], to[t] = top[t + 1], to[t + 1]
    return top, to


def rest_landings(threat: Threat, terms: Terms, i: int, date: int) -> list[Array]:
    """Landing values (N,) at every date at which party i could break off at rest, from a date on."""
    if not threat.dated:  # a pause stops the clock: rest can be broken at any date
        return [threat.landing[0][i]]
    found = [threat.landing[t][i] for t in range(date, terms.steps or 0)]
    return [*found, threat.after[i]] if threat.after is not None else found


def exposure(model: Model, path: Array) -> tuple[Array, Array]:
    """Breach loss each party can inflict at each date (at worst, on another), and each party's drawdown.

    Both (n, m + 1) in raw flows: the loss is against staying in x_t when party i breaks its part of the step,
    or retreats at rest; the drawdown is what is lost against x_0 if all stops in x_t.
    """
    m = len(path) - 1
    loss = np.zeros((model.n, m + 1))
    after = np.append(path[1:], path[-1])
    for i in range(model.n):
        for y in other_ways(model, i, path, after):
            lost = np.where(y >= 0, model.u[:, path] - model.u[:, y], 0.0)
            loss[i] = np.maximum(loss[i], np.delete(lost, i, axis=0).max(axis=0, initial=0.0))
    return loss, np.maximum(0.0, model.u[:, path[:1]] - model.u[:, path])


class _Unseen:
    """Cheating that is seen only with some probability each period: the values H(t, y) of section 2.9.

    While a breach by i is not seen, the others keep to the schedule as far as they can: a commitment that
    is where the schedule has it goes on as planned, one that is not waits. Dates run to ``last``: the end of the way,
    or the deadline where there is one.
    """

    def __init__(
        self, model: Model, terms: Terms, threat: Threat, value: Worth, path: Array, stay: Array
    ) -> None:
        self.model, self.terms, self.threat, self.value, self.path = model, terms, threat, value, path
        self.m = len(path) - 1
        self.last = (terms.steps or 0) if threat.dated else self.m
        rest = [
            rest_value(model, terms, threat, value, int(path[-1]), t)
            for t in range(self.m + 1, self.last + 1)
        ]
        self.stay = np.concatenate([stay, *(row[:, None] for row in rest)], axis=1)
        self.ever = [self._ever(i) for i in range(model.n)]
        self.values = [self._backward(i) for i in range(model.n)]

    def landing(self, i: int, t: int) -> Array:
        """What arriving in a state by a breach at date t is worth to i: (N,). ``last`` is after the deadline, or at rest."""
        return self._arriving(i, t, self.values[i][t + 1] if t < self.last else self.ever[i])

    def _seen(self, i: int, t: int) -> Array:
        if self.threat.dated and t >= self.last:
            assert self.threat.after is not None
            return self.threat.after[i]  # type: ignore[no-any-return]
        return self.threat.at(t)[i] + self.threat.resume[i] * self.stay[i, t]  # type: ignore[no-any-return]

    def _backward(self, i: int) -> list[Array]:
        """H of party i from date 0 to ``last``."""
        model, d = self.model, self.terms.step_delta[i]
        made: dict[int, Array] = {self.last: self._end(i)}
        for t in reversed(range(self.last)):
            x, y = (int(self.path[min(s, self.m)]) for s in (t, t + 1))
            arrive = self._arriving(i, t, made[t + 1])
            arrive[y] = (1 - d) * model.u[i, y] + d * self.stay[i, t + 1]
            made[t] = best(arrive, self._table(i, x, y))
        return [made[t] for t in range(self.last + 1)]

    def _arriving(self, i: int, t: int, after: Array) -> Array:
        d, q = self.terms.step_delta[i], self.terms.detection
        flow = (1 - d) * self.model.u[i]
        return flow + q * (self._seen(i, t) - flow) + (1 - q) * d * after  # type: ignore[no-any-return]

    def _end(self, i: int) -> Array:
        """H at ``last``: for ever where nothing is dated; after a deadline, what it leaves."""
        if not self.threat.dated:
            return self.ever[i]
        if self.terms.collapse is None:
            return self.model.u[i]  # type: ignore[no-any-return]
        there = self.model.same_outcome(int(self.path[-1]))
        return np.where(there, self.ever[i], self.terms.collapse[i])

    def _ever(self, i: int) -> Array:
        """Unseen cheating at rest once no date matters: a stationary problem that ends where i is back at the target."""
        model, d, q = self.model, float(self.terms.step_delta[i]), self.terms.detection
        target = int(self.path[-1])
        if self.threat.dated and self.threat.after is None:
            return model.u[i]  # type: ignore[no-any-return]
        table = self._table(i, target, target)
        back = np.where(table == target, model.size, table)
        home = np.full((1, len(table)), -1, dtype=back.dtype)
        home[0, 0] = model.size
        table = np.concatenate([back, home.T], axis=1)
        flow, factor = (1 - d) * model.u[i], d * (1 - q)
        done = (1 - d) * model.u[i, target] + d * self.value.rest[i]
        reward = np.append(flow + q * (self._seen(i, self.last) - flow), done * (1 - factor))
        return (
            solve(reward, table, factor)[:-1]
            if factor > 0
            else best(np.append(reward[:-1], done), table)[:-1]
        )

    def _table(self, i: int, x: int, y: int) -> Array:
        """Where party i's moves lead while the others go on from x to y as scheduled: (columns, N)."""
        from detente.analysis.roadmap.replies import columns

        model = self.model
        base = np.zeros(model.size, dtype=np.int64)
        offered = {k: np.zeros(model.size, dtype=np.int64) for k in model.joint[i]}
        for k, c in enumerate(model.commitments):
            if c.owners == (i,):
                continue
            here, there = int(model.position[k][x]), int(model.position[k][y])
            offset = np.where(model.position[k] == here, (there - here) * model.strides[k], 0)
            if i in c.owners:
                offered[k] = offset
            else:
                base += self._open(k, offset)
        return columns(model, i, base, offered)

    def _open(self, k: int, offset: Array) -> Array:
        """A scheduled rise of another party, left out where what it needs before is missing."""
        model = self.model
        if k not in model.cap:
            return offset
        after = model.levels[k][np.arange(model.size) + offset]
        return np.where((after <= model.levels[k]) | (after <= model.cap[k]), offset, 0)

"""Roadmaps by the definitions of the theory, section 2: every roadmap, every departure, every threat.

Slow and obvious. A state is a tuple of (level, periods of work done) for each commitment; nothing is shared
with the analysis but the space (utilities, possible outcomes, conditions).
"""

from __future__ import annotations

import itertools
import math

from tests.naive.staying import Staying

TIE = 1e-10


class Game:
    """A roadmap problem read off a space. ``delta`` per party and step."""

    def __init__(
        self, space, delta, horizon=None, collapse=None, exit=None, cost=None, false_alarm=0.0, detection=1.0
    ):
        self.space, self.delta = space, list(delta)
        self.n = space.n_parties
        self.horizon, self.collapse = horizon, collapse
        self.false_alarm, self.detection = false_alarm, detection
        self.exit = exit or [-math.inf] * self.n
        self.cost = cost or [0.0] * self.n
        case = space.case
        self.names = [name for name in space.issues if case.issues[name].by]
        self.index = [space.issues.index(name) for name in self.names]
        self.issues = [case.issues[name] for name in self.names]
        self.owners = [set(issue.by) for issue in self.issues]
        people = {p for issue in self.issues for p in issue.by}
        self.actors = [*space.parties, *(p for p in case.parties if p in people and p not in space.parties)]
        self.needs = []
        for mover in space.movers:
            self.needs += [
                (self.index.index(r.issue), r.level, r.when, r.together)
                for r in space.moves(mover).prerequisites
            ]
        self.start = tuple((space.start[i], 0) for i in self.index)
        self.choices = [
            {(lv, w): self.nexts(k, lv, w) for lv, w in self.positions(k)} for k in range(len(self.issues))
        ]
        self.states = list(itertools.product(*(self.positions(k) for k in range(len(self.issues)))))
        self._u = {x: [float(v) for v in space.utility(self.outcome(x))] for x in self.states}
        self._possible = {x: bool(space.possible(self.outcome(x))) for x in self.states}

    # positions and moves
    def takes(self, k, level):
        issue = self.issues[k]
        return {issue.position(name): d for name, d in issue.takes.items()}.get(level, 1)

    def positions(self, k):
        found = [(0, 0)]
        for level in range(1, len(self.issues[k].names)):
            found += [(level - 1, w) for w in range(1, self.takes(k, level))] + [(level, 0)]
        return sorted(found)

    def nexts(self, k, level, work):
        issue, found = self.issues[k], {(level, work)}
        last = len(issue.names) - 1
        up = 10**9 if issue.pace.up == "any" else issue.pace.up
        down = 10**9 if issue.pace.down == "any" else issue.pace.down
        if up > 0 and level < last:
            if self.takes(k, level + 1) > 1:
                found.add((level, work + 1) if work + 1 < self.takes(k, level + 1) else (level + 1, 0))
            else:
                for top in range(level + 1, last + 1):
                    if self.takes(k, top) > 1 or top - level > up:
                        break
                    found.add((top, 0))
        if down > 0:
            floor = {issue.position(a): issue.position(b) for a, b in issue.retreat.items()}.get(level, 0)
            found |= {(b, 0) for b in range(max(floor, level - down), level)} | {(level, 0)}
        return sorted(found)

    def outcome(self, x):
        levels = list(self.space.start)
        for i, (level, _) in zip(self.index, x, strict=False):
            levels[i] = level
        return tuple(levels)

    def before(self, k, x, p):
        """Whether commitment k may go to position p as far as prerequisites of timing before go."""
        here = self.outcome(x)
        return all(
            together or kk != k or not (x[k][0] < level <= p[0]) or bool(when.take(here))
            for kk, level, when, together in self.needs
        )

    def lapse(self, x, y):
        """Undoes rises that miss what they need together, until none does."""
        while True:
            there = self.outcome(y)
            bad = {
                k
                for k, level, when, together in self.needs
                if together and x[k][0] < level <= y[k][0] and not bool(when.take(there))
            }
            if not bad:
                return y
            y = tuple(x[k] if k in bad else y[k] for k in range(len(y)))

    def land(self, x, y):
        """Where a profile of moves leads within a threat."""
        y = self.lapse(x, y)
        return y if self._possible[y] else x

    def low(self, k, p):
        return self.choices[k][p][0]

    def solo(self, i):
        return [k for k in range(len(self.issues)) if self.owners[k] == {self.actors[i]}]

    def joint(self, i):
        return [
            k for k in range(len(self.issues)) if self.actors[i] in self.owners[k] and len(self.owners[k]) > 1
        ]

    def own_moves(self, i, x):
        """Moves of an actor on what it moves alone, in row-major order: dicts k -> position."""
        mine = self.solo(i)
        return [
            dict(zip(mine, ps, strict=False))
            for ps in itertools.product(*(self.choices[k][x[k]] for k in mine))
            if all(self.before(k, x, p) for k, p in zip(mine, ps, strict=False))
        ]

    def actions(self, i, x):
        """Own moves with every way of agreeing to take joint commitments back (agreement first)."""
        ways = list(itertools.product((True, False), repeat=len(self.joint(i))))
        return [
            (move, dict(zip(self.joint(i), way, strict=False)))
            for move in self.own_moves(i, x)
            for way in ways
        ]

    def retreat(self, i, x):
        return ({k: self.low(k, x[k]) for k in self.solo(i)}, dict.fromkeys(self.joint(i), True))

    def stay(self, i, x):
        return ({k: x[k] for k in self.solo(i)}, dict.fromkeys(self.joint(i), False))

    def profile_lands(self, x, acts):
        y = list(x)
        for move, _ in acts:
            for k, p in move.items():
                y[k] = p
        for k, who in enumerate(self.owners):
            if len(who) > 1 and all(acts[self.actors.index(p)][1][k] for p in who):
                agreed = acts[self.actors.index(next(iter(who)))][1][k]
                y[k] = self.low(k, x[k]) if agreed is True else agreed
        return self.land(x, tuple(y))

    def worst_that_others_do(self, i, x):
        """Every joint move of the others, what they own together (without i) included."""
        everyone = range(len(self.actors))
        others = [a for a in everyone if a != i]
        theirs = [k for k, who in enumerate(self.owners) if len(who) > 1 and self.actors[i] not in who]
        ways = [[p for p in self.choices[k][x[k]] if self.before(k, x, p)] for k in theirs]
        for moves in itertools.product(*(self.own_moves(a, x) for a in others)):
            for together in itertools.product(*ways):
                acts = [self.stay(a, x) for a in everyone]
                for a, move in zip(others, moves, strict=True):
                    agreed = {k: p for k, p in zip(theirs, together, strict=True) if k in acts[a][1]}
                    acts[a] = (move, {**acts[a][1], **agreed})
                yield acts

    # threats
    def breakdown(self, threat, target=None):
        """B as a list over dates (one date where there is no deadline) of [party][state], and whether it cycled.

        The last entry of a dated list is the value at the deadline.
        """
        if self.horizon is None:
            values = self.lasting(threat)
            return None if values is None else [values]
        lasting = self.lasting(threat) if self.collapse is not None else None
        if self.collapse is not None and lasting is None:
            return None
        end = []
        self.dated_plans = []
        for i in range(self.n):
            rows = []
            for j in range(self.n):
                row = {}
                for x in self.states:
                    if self.collapse is None:
                        row[x] = self._u[x][j]
                    elif self.outcome(x) == self.outcome(target):
                        row[x] = self.after[i][j][x] if self.after[i][j] else 0.0
                    else:
                        row[x] = self.collapse[j]
                rows.append(row)
            end.append(rows)
        self.final = [end[i][i] for i in range(self.n)]
        dates = [self.final]
        for _ in range(self.horizon):
            new, plans = [], []
            for i in range(self.n):
                land = [
                    {
                        x: (1 - self.delta[j]) * self._u[x][j] + self.delta[j] * end[i][j][x]
                        for x in self.states
                    }
                    for j in range(self.n)
                ]
                rows = self.one_date(threat, i, land)
                if rows is None:
                    return None
                new.append(rows)
                plans.append(self.plan)
            end = new
            self.dated_plans.insert(0, list(zip(plans, new, strict=True)))
            dates.insert(0, [end[i][i] for i in range(self.n)])
        return dates

    def one_date(self, threat, i, land):
        rows = [{} for _ in range(self.n)]
        self.plan = {}
        for x in self.states:
            acts = self.play(threat, i, x, land)
            if acts is None:
                return None
            self.plan[x] = acts
            y = self.profile_lands(x, acts)
            for j in range(self.n):
                rows[j][x] = land[j][y]
        return rows

    def play(self, threat, i, x, land):
        everyone = range(len(self.actors))
        if threat == "markov":
            acts = [self.retreat(a, x) for a in everyone]
            order = [i, *(j for j in range(self.n) if j != i)]
            for _ in range(100):
                changed = False
                for j in order:
                    new = self.reply(j, x, acts, land[j])
                    if new != acts[j]:
                        acts[j], changed = new, True
                if not changed:
                    return acts
            return None
        if threat == "minmax":
            worst = None
            for acts in self.worst_that_others_do(i, x):
                acts[i] = max(
                    self.actions(i, x), key=lambda act: land[i][self.profile_lands(x, self.put(acts, i, act))]
                )
                value = land[i][self.profile_lands(x, acts)]
                if worst is None or value < worst[0] - 1e-13:
                    worst = (value, acts)
            return worst[1]
        base = self.stay if threat == "stop" else self.retreat
        acts = [base(a, x) for a in everyone]
        acts[i] = self.first_best(i, x, acts, land[i])
        return acts

    def first_best(self, i, x, acts, land):
        """The first of i's actions, in row-major order, that is best up to a tie."""
        values = [land[self.profile_lands(x, self.put(acts, i, act))] for act in self.actions(i, x)]
        top = max(values)
        return next(act for act, v in zip(self.actions(i, x), values, strict=True) if v >= top - TIE)

    @staticmethod
    def put(acts, i, act):
        return [act if a == i else old for a, old in enumerate(acts)]

    def reply(self, j, x, acts, land):
        values = [land[self.profile_lands(x, self.put(acts, j, act))] for act in self.actions(j, x)]
        now, top = land[self.profile_lands(x, acts)], max(values)
        if top <= now + TIE:
            return acts[j]
        return next(act for act, v in zip(self.actions(j, x), values, strict=False) if v >= top - TIE)

    def lasting(self, threat):
        """B without a deadline: [party][state]; None where best replies cycle."""
        self.after, self.plans = [], []
        for i in range(self.n):
            rows = self.lasting_phase(threat, i)
            if rows is None:
                return None
            self.after.append(rows)
        return [self.after[i][i] for i in range(self.n)]

    def lasting_phase(self, threat, i):
        everyone = range(len(self.actors))
        d = self.delta[i]
        if threat == "minmax":
            value = dict.fromkeys(self.states, 0.0)
            while True:
                land = {x: (1 - d) * self._u[x][i] + d * value[x] for x in self.states}
                new = {}
                for x in self.states:
                    worst = math.inf
                    for acts in self.worst_that_others_do(i, x):
                        worst = min(
                            worst,
                            max(
                                land[self.profile_lands(x, self.put(acts, i, act))]
                                for act in self.actions(i, x)
                            ),
                        )
                    new[x] = worst
                done = max(abs(new[x] - value[x]) for x in self.states) < 1e-13
                value = new
                if done:
                    return [value if j == i else None for j in range(self.n)]
        base = self.stay if threat == "stop" else self.retreat
        plan = {x: [base(a, x) for a in everyone] for x in self.states}
        if threat != "markov":
            best = self.optimal(i, plan)
            land = {x: (1 - d) * self._u[x][i] + d * best[x] for x in self.states}
            for x in self.states:
                plan[x][i] = self.first_best(i, x, plan[x], land)
            self.plans.append(plan)
            return [best if j == i else self.worth(j, plan) for j in range(self.n)]
        order = [i, *(j for j in range(self.n) if j != i)]
        for _ in range(60):
            changed, values = False, {}
            for j in order:
                values[j] = self.optimal(j, plan)
                land = {
                    x: (1 - self.delta[j]) * self._u[x][j] + self.delta[j] * values[j][x] for x in self.states
                }
                for x in self.states:
                    new = self.reply(j, x, plan[x], land)
                    if new != plan[x][j]:
                        plan[x], changed = self.put(plan[x], j, new), True
            if not changed:
                self.plans.append(plan)
                return [values[j] for j in range(self.n)]
        return None

    def optimal(self, i, plan):
        """The value of party i's best reply for ever to what the others do."""
        d = self.delta[i]
        ends = {
            x: {self.profile_lands(x, self.put(plan[x], i, act)) for act in self.actions(i, x)}
            for x in self.states
        }
        value = {x: self._u[x][i] for x in self.states}
        while True:
            land = {x: (1 - d) * self._u[x][i] + d * value[x] for x in self.states}
            new = {x: max(land[y] for y in ends[x]) for x in self.states}
            done = max(abs(new[x] - value[x]) for x in self.states) < 1e-14
            value = new
            if done:
                return value

    def worth(self, j, plan):
        d, nxt = self.delta[j], {x: self.profile_lands(x, plan[x]) for x in self.states}
        value = {x: self._u[x][j] for x in self.states}
        for _ in range(4000):
            new = {x: (1 - d) * self._u[nxt[x]][j] + d * value[nxt[x]] for x in self.states}
            if max(abs(new[x] - value[x]) for x in self.states) < 1e-14:
                return new
            value = new
        return value

    # certificate
    def certified(self, path):
        """The most that a punisher gains from one departure, in any state that breaches of the path lead to.

        Call `breakdown` first. Play after a breach by i is phase i; whoever departs from it starts a phase of its own.
        """
        m, worst = len(path) - 1, 0.0
        if self.horizon is None:
            todo = [(i, z) for t in range(m + 1) for i, z in self.breaches(path, t)]
            return self.closed(todo)
        now = set()
        for date in range(self.horizon):
            then = set(self.breaches(path, min(date, m)))
            for i, x in now:
                gain, follow = self.tempted(i, x, *self.dated_plans[date][i], self.landings_at(date))
                worst, then = max(worst, gain), then | follow
            now = then
        if self.collapse is not None:
            there = self.outcome(path[-1])
            todo = [(i, x) for i, x in now if self.outcome(x) == there]
            worst = max(worst, self.closed([*todo, *self.breaches(path, m)]))
        return worst

    def breaches(self, path, t):
        """(party, state) after every departure at a date."""
        x, y = path[t], path[min(t + 1, len(path) - 1)]
        return [(i, z) for i in range(self.n) for z in self.departures(i, x, y)]

    def closed(self, todo):
        """The largest gain in everything that play without a deadline and further departures lead to."""
        landing = [
            {
                x: (1 - self.delta[j]) * self._u[x][j] + self.delta[j] * self.after[j][j][x]
                for x in self.states
            }
            for j in range(self.n)
        ]
        seen, worst = set(), 0.0
        while todo:
            i, x = todo.pop()
            if (i, x) in seen:
                continue
            seen.add((i, x))
            gain, follow = self.tempted(i, x, self.plans[i], self.after[i], landing)
            worst = max(worst, gain)
            todo += follow
        return worst

    def landings_at(self, date):
        """What arriving by a breach at a date before the deadline is worth, [party][state]."""
        final = date + 1 == self.horizon
        values = self.final if final else [self.dated_plans[date + 1][j][1][j] for j in range(self.n)]
        return [
            {x: (1 - self.delta[j]) * self._u[x][j] + self.delta[j] * values[j][x] for x in self.states}
            for j in range(self.n)
        ]

    def tempted(self, i, x, plan, values, landing):
        """The gain of the most tempted punisher in a state of phase i, and where play and departures lead."""
        planned = self.profile_lands(x, plan[x])
        gain, follow = 0.0, {(i, planned)}
        for j in range(self.n):
            for act in self.actions(j, x):
                y = self.profile_lands(x, self.put(plan[x], j, act))
                if y != planned:
                    follow.add((j, y))
                    if j != i:
                        gain = max(gain, landing[j][y] - values[j][x])
        return gain, follow

    # roadmaps
    def legal(self, x, y):
        if x == y or not self._possible[y] or not self._possible[x]:
            return False
        rises = all(y[k] in self.choices[k][x[k]] and y[k] >= x[k] for k in range(len(x)))
        return rises and all(self.before(k, x, y[k]) for k in range(len(x))) and self.lapse(x, y) == y

    def roadmaps(self, target, order="any"):
        """Every roadmap from the status quo to a target."""
        found = []

        def go(path):
            x = path[-1]
            if x == target:
                found.append(tuple(path))
                return
            if self.horizon is not None and len(path) > self.horizon:
                return
            for y in itertools.product(
                *([p for p in self.choices[k][x[k]] if x[k] <= p <= target[k]] for k in range(len(x)))
            ):
                movers = {frozenset(self.owners[k]) for k in range(len(x)) if y[k] != x[k]}
                if self.legal(x, y) and (order != "single" or len(movers) == 1):
                    go([*path, y])

        if self._possible[target]:
            go([self.start])
        return found

    def departures(self, i, x, y):
        """Landings of every own move of i other than the planned one that itself lands, the others as planned."""
        found = set()
        joint = [k for k in self.joint(i) if x[k] != y[k]]
        for move in self.own_moves(i, x):
            for way in itertools.product((True, False), repeat=len(joint)):
                z = list(y)
                for k in self.solo(i):
                    z[k] = move[k]
                for k, along in zip(joint, way, strict=False):
                    z[k] = y[k] if along else x[k]
                z = self.lapse(x, tuple(z))
                lands = all(z[k] == move[k] for k in self.solo(i))
                if lands and z != y and self._possible[z]:
                    found.add(z)
        return found

    def evaluate(self, path, b, pause=None):
        """W and Dev of a roadmap: lists over dates of lists over parties, and entry values."""
        worth = Staying(self, path, b, pause)
        dates, everyone = range(len(path)), range(self.n)
        stay = [[worth.worth(i, t) for i in everyone] for t in dates]
        leave = [[worth.leave(i, t) for i in everyone] for t in dates]
        return stay, leave, [worth.entry(i) for i in everyone]

    def paused(self, length):
        """What the periods of a pause are worth, [party][state]: all others retreat, i does what is best for it until then."""
        found = []
        for i in range(self.n):
            d, value = self.delta[i], dict.fromkeys(self.states, 0.0)
            for _ in range(length):
                new = {}
                for x in self.states:
                    acts = [self.retreat(a, x) for a in range(len(self.actors))]
                    ends = {self.profile_lands(x, self.put(acts, i, act)) for act in self.actions(i, x)}
                    new[x] = max((1 - d) * self._u[y][i] + d * value[y] for y in ends)
                value = new
            found.append(value)
        return found

    def gap(self, path, b, scale=None, pause=None):
        """The largest gap of a roadmap, in units of scale, and its Nash product."""
        stay, leave, entry = self.evaluate(path, b, pause)
        scale = scale or [1.0] * self.n
        worst = max(max(0.0, entry[i] - stay[0][i]) / scale[i] for i in range(self.n))
        for s, d in zip(stay, leave, strict=False):
            worst = max(worst, *(max(0.0, d[i] - s[i]) / scale[i] for i in range(self.n)))
        return worst, math.prod(stay[0][i] - entry[i] for i in range(self.n))

    def answer(self, target, threat, order="any", share=False):
        """Existence, least gap, best Nash product, fewest steps, by trying every roadmap; None on a cycle."""
        pause = None
        if threat.startswith("pause:"):
            length = int(threat.removeprefix("pause:"))
            lasting = self.lasting("revert")
            b, pause = [lasting], (length, self.paused(length))
        else:
            b = self.breakdown(threat, target)
        if b is None:
            return None
        scale = None
        if share:
            scale = [self._u[target][i] - b[0][i][self.start] for i in range(self.n)]
            if min(scale) <= 1e-12:
                scale = None
        found = [(self.gap(path, b, scale, pause), path) for path in self.roadmaps(target, order)]
        raw = [(self.gap(path, b, None, pause), path) for path in self.roadmaps(target, order)]
        good = [(product, path) for (g, product), path in raw if g <= 1e-9]
        return {
            "exists": bool(good),
            "least_gap": min((g for (g, _), _ in found), default=None),
            "nash_product": max((p for p, _ in good), default=None),
            "fewest_steps": min((self.landings(path) for _, path in good), default=None),
        }

    def landings(self, path):
        """Steps in which a level changes."""
        return sum(self.outcome(a) != self.outcome(b) for a, b in itertools.pairwise(path))

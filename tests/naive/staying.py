"""What staying and breaking off are worth along one roadmap, date by date, from sections 2.2, 2.3, 2.9 and 2.10.

    W(t)   = (1-d) u(x_{t+1}) + d [(1-f) W(t+1) + f A(t+1, x_{t+1})]       A: what a false alarm leaves
    Dev(t) = max over departures z of (1-d) u(z) + d [q B(t+1, z) + (1-q) H(t+1, z)] - breach cost
    H(t,x) = max over own moves of the same, where the others keep to the schedule as far as it is still theirs to
             keep; whoever is back on the schedule is safe: (1-d) u + d W(t+1)

Recursion without a table wherever dates end it, plain iteration where they do not.
"""

from __future__ import annotations

import itertools
import math
from functools import cache


class Staying:
    """One roadmap of a `Game` under breakdown values ``b``: [date][party][state], or one date where nothing is dated.

    ``pause``: (K, [party][state] values of the K periods of a pause) in place of ``b`` on the way.
    """

    def __init__(self, game, path, b, pause=None):
        self.game, self.path, self.b, self.pause = game, path, b, pause
        self.m, self.target = len(path) - 1, path[-1]
        self.dated = game.horizon is not None and pause is None
        self.last = game.horizon if self.dated else self.m
        self.worth = cache(self._worth)
        self.unseen = cache(self._unseen)
        self.idle = [None] * game.n
        self.rest = [self._forever(i) for i in range(game.n)]

    # what follows when cooperation ends on arrival in y at date t
    def broken(self, i, t, y):
        if self.pause is not None:
            raise ValueError("a pause does not end cooperation")
        if not self.dated:
            return self.b[0][i][y]
        return self.b[t][i][y] if t <= self.game.horizon else self.game.after[i][i][y]

    def seen(self, i, t, z):
        """A breach at date t that leads to z and is seen."""
        g, d = self.game, self.game.delta[i]
        now = (1 - d) * g._u[z][i]
        if self.pause is not None:
            length, values = self.pause
            return now + d * (values[i][z] + d**length * self.worth(i, min(t, self.m)))
        return now + d * self.broken(i, t + 1, z)

    def alarmed(self, i, t, onward):
        """A false alarm on arrival at date t, where staying would be worth ``onward``."""
        y, d = self.path[min(t, self.m)], self.game.delta[i]
        if self.pause is not None:
            length, values = self.pause
            return values[i][y] + d**length * onward
        return self.broken(i, t, y)

    def _worth(self, i, t):
        g, d, f = self.game, self.game.delta[i], self.game.false_alarm
        if t >= self.last and not (self.dated and t < g.horizon):
            return self.rest[i]
        y = self.path[min(t + 1, self.m)]
        onward = self.worth(i, t + 1)
        return (1 - d) * g._u[y][i] + d * ((1 - f) * onward + f * self.alarmed(i, t + 1, onward))

    def _forever(self, i):
        """Resting at the target once no date matters any more."""
        g, d, f = self.game, self.game.delta[i], self.game.false_alarm
        u = g._u[self.target][i]
        if f == 0 or (self.dated and g.collapse is None):
            return u
        value = u
        for _ in range(100_000):
            if self.pause is not None:
                alarm = self.alarmed(i, self.m, value)
            else:
                alarm = self.broken(i, g.horizon + 1 if self.dated else 0, self.target)
            new = (1 - d) * u + d * ((1 - f) * value + f * alarm)
            if abs(new - value) < 1e-15:
                return new
            value = new
        return value

    # cheating that is not seen
    def cheated(self, i, t, z):
        """A breach at date t that leads to z: seen with the probability of detection, else it goes on."""
        g, d, q = self.game, self.game.delta[i], self.game.detection
        if q >= 1:
            return self.seen(i, t, z)
        return q * self.seen(i, t, z) + (1 - q) * ((1 - d) * g._u[z][i] + d * self.unseen(i, t + 1, z))

    def _unseen(self, i, t, x):
        g = self.game
        if self.dated and t >= g.horizon:
            if g.collapse is None:
                return g._u[x][i]
            goes_on = t > g.horizon or g.outcome(x) == g.outcome(self.target)
            return self.lasting(i)[x] if goes_on else g.collapse[i]
        if not self.dated and t >= self.m:
            return self.lasting(i)[x]
        return max(self.onward(i, t, z) for z in self.ends(i, x, self.path[t] if t < self.m else None, t))

    def onward(self, i, t, z):
        """Arriving in z from unseen cheating at date t."""
        g, d = self.game, self.game.delta[i]
        if z == self.path[min(t + 1, self.m)]:
            return (1 - d) * g._u[z][i] + d * self.worth(i, t + 1)
        return self.cheated(i, t, z)

    def lasting(self, i):
        """Unseen cheating at rest where no date matters: by iteration."""
        if self.idle[i] is None:
            g, d, q = self.game, self.game.delta[i], self.game.detection
            t = g.horizon if self.dated else self.m
            home = (1 - d) * g._u[self.target][i] + d * self.rest[i]
            ends = {x: self.ends(i, x, None, t) for x in g.states}
            known = {
                z: home if z == self.target else q * self.seen(i, t, z) + (1 - q) * (1 - d) * g._u[z][i]
                for z in g.states
            }
            value = dict.fromkeys(g.states, 0.0)
            while True:
                new = {
                    x: max(known[z] + (0 if z == self.target else (1 - q) * d * value[z]) for z in ends[x])
                    for x in g.states
                }
                done = max(abs(new[x] - value[x]) for x in g.states) < 1e-14
                value = new
                if done:
                    break
            self.idle[i] = value
        return self.idle[i]

    def ends(self, i, x, here, t):
        """Where i's moves lead from x while the others do what the schedule says from ``here`` (None: rest)."""
        g = self.game
        there = None if here is None else self.path[t + 1]
        z = list(x)
        offered = {}
        for k, owners in enumerate(g.owners):
            if owners == {g.actors[i]} or there is None:
                continue
            if x[k] != here[k] or here[k] == there[k]:
                continue
            if g.actors[i] in owners:
                offered[k] = there[k]
            elif g.before(k, x, there[k]):
                z[k] = there[k]
        found = set()
        for move in g.own_moves(i, x):
            for way in itertools.product((True, False), repeat=len(offered)):
                y = list(z)
                for k, p in move.items():
                    y[k] = p
                for (k, p), along in zip(offered.items(), way, strict=True):
                    if along:
                        y[k] = p
                found.add(g.land(x, tuple(y)))
        return found

    # the figures of the roadmap
    def leave(self, i, t):
        """The best departure of party i at date t (at rest: at that date or any later one)."""
        g = self.game
        here, after = self.path[min(t, self.m)], self.path[min(t + 1, self.m)]
        if t < self.m or not self.dated:
            dates = [t]
        else:
            dates = list(range(self.m, g.horizon)) + ([g.horizon] if g.collapse is not None else [])
        best = -math.inf
        for z in g.departures(i, here, after):
            for date in dates:
                best = max(best, self.cheated(i, date, z) - g.cost[i])
        return max(best, g.exit[i])

    def entry(self, i):
        return max(self.b[0][i][self.path[0]], self.game.exit[i])

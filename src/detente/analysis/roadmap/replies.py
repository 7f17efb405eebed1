"""One party's best reply to what the others do: a decision problem of one agent on the states of a model.

A party's *columns* are its one-period moves on its own commitments, each with every way of agreeing or not to
take joint commitments back; they stand in row-major order, agreement first. ``Y[c, x]`` is the state that
column c leads to from x while the others play as given; -1 where the move is not open.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from detente.analysis.roadmap.model import Model
from detente.errors import CostError
from detente.space.tables import Array

TIE = 1e-10
"""A reply changes only for a gain above this."""
SETTLED = 1e-13
SURELY_BELOW = 0.99
"""A factor below which 1 less the factor keeps its digits."""
TOGETHER = 2_000_000
"""Tables up to this size are looked up in one expression."""
MAX_CELLS = 60_000_000
"""More (columns, states) pairs than this are not tabled."""


@dataclass(eq=False)
class Profile:
    """What every actor does in every state after a breach.

    ``moves[i]`` (N,) is the actor's move on its own commitments, as an offset; ``agree[i][k]`` (N,) whether it
    agrees to the act on joint commitment k: ``acts[k]`` (N,), an offset, or else to take it back.
    """

    moves: list[Array]
    agree: list[dict[int, Array]]
    acts: dict[int, Array] = field(default_factory=dict)

    def act(self, model: Model, k: int) -> Array:
        """What the owners of joint commitment k do if all agree: offsets (N,)."""
        return self.acts[k] if k in self.acts else model.retreats[k]

    @staticmethod
    def retreat(model: Model) -> Profile:
        """Everyone takes everything back as fast as possible."""
        yes = np.ones(model.size, dtype=bool)
        actors = range(len(model.actors))
        return Profile(
            [model.retreat_of([i]) for i in actors], [dict.fromkeys(model.joint[i], yes) for i in actors]
        )

    @staticmethod
    def stay(model: Model) -> Profile:
        """Everyone stays put."""
        zero, no = np.zeros(model.size, dtype=np.int64), np.zeros(model.size, dtype=bool)
        actors = range(len(model.actors))
        return Profile([zero for _ in actors], [dict.fromkeys(model.joint[i], no) for i in actors])

    def around(self, model: Model, i: int) -> tuple[Array, dict[int, Array]]:
        """What the others do whatever i does (offsets), and what they agree to if i does (offsets by k)."""
        base = np.zeros(model.size, dtype=np.int64)
        for j, move in enumerate(self.moves):
            if j != i:
                base += move
        offered = {}
        for k, c in enumerate(model.commitments):
            if len(c.owners) > 1:
                agreed = np.logical_and.reduce([self.agree[j][k] for j in c.owners if j != i])
                offset = np.where(agreed, self.act(model, k), 0)
                if i in c.owners:
                    offered[k] = offset
                else:
                    base += offset
        return base, offered

    def landing(self, model: Model) -> Array:
        """Where the profile leads from every state: int64 (N,)."""
        x = np.arange(model.size)
        offset = np.sum(self.moves, axis=0)
        for k, c in enumerate(model.commitments):
            if len(c.owners) > 1:
                agreed = np.logical_and.reduce([self.agree[j][k] for j in c.owners])
                offset = offset + np.where(agreed, self.act(model, k), 0)
        y = model.lapse(x, x + offset)
        return np.where(model.possible[y], y, x)

    def key(self) -> bytes:
        """What tells two profiles apart."""
        return b"".join(
            [m.tobytes() for m in self.moves] + [a.tobytes() for d in self.agree for a in d.values()]
        )


def open_moves(model: Model, i: int, x: Array) -> Array:
    """Which moves of a party's menu its prerequisites of timing before leave open: bool (J, len(x))."""
    menu = model.menus[i]
    own = menu.own[x]
    valid = menu.valid[own].T.copy()
    for k, level in menu.levels.items():
        if k in model.cap:
            after = level[own].T
            valid &= (after <= model.levels[k][x]) | (after <= model.cap[k][x])
    return valid


def bits(model: Model, i: int) -> list[tuple[bool, ...]]:
    """Every way of agreeing or not to take back the joint commitments of a party; agreement first."""
    return list(itertools.product((True, False), repeat=len(model.joint[i])))


def columns(model: Model, i: int, base: Array, offered: dict[int, Array]) -> Array:
    """The table Y of a party against others who play ``base`` and offer ``offered``: (columns, N)."""
    key = b"".join([i.to_bytes(2, "little"), base.tobytes(), *(offered[k].tobytes() for k in model.joint[i])])
    found: Array = model.replies.get(
        key, lambda: _columns(model, i, base, offered), lambda made: int(made.size)
    )
    return found


def _columns(model: Model, i: int, base: Array, offered: dict[int, Array]) -> Array:
    menu, ways = model.menus[i], bits(model, i)
    if menu.width * len(ways) * model.size > MAX_CELLS:
        raise CostError(
            f"the replies of {model.actors[i]} to a breach",
            f"{menu.width * len(ways) * model.size:,} pairs of state and move",
            "use the threat stop or revert, a slower pace, or fewer levels",
        )
    x = np.arange(model.size)
    valid = open_moves(model, i, x)
    count = menu.width * len(ways)
    kind = np.int64 if count * model.size <= TOGETHER else np.int32  # lookups are fastest by 64 bits
    table = np.empty((count, model.size), dtype=kind)
    for move in range(menu.width):
        here = x + base + np.where(valid[move], menu.offset[menu.own, move], 0)
        for way, agreed in enumerate(ways):
            there = here + sum(
                (offered[k] for k, yes in zip(model.joint[i], agreed, strict=True) if yes), start=0
            )
            there = model.lapse(x, there)
            there = np.where(model.possible[there], there, x)
            table[move * len(ways) + way] = np.where(valid[move], there, -1)
    return table


class Outlook:
    """What each column of a table is worth, where arriving in a state is worth ``landing`` (N,).

    Small tables are looked up once, large ones column by column.
    """

    def __init__(self, landing: Array, table: Array) -> None:
        self._table, self._landing = (
            table,
            np.append(landing, -np.inf),
        )  # -1, a closed move, reads the last entry
        small = table.size <= TOGETHER
        self._values = self._landing.take(table, mode="wrap") if small else None

    @cached_property
    def best(self) -> Array:
        """The best value over the columns: (N,)."""
        if self._values is not None:
            return np.asarray(self._values.max(axis=0, initial=-np.inf))
        out = np.full(self._table.shape[1], -np.inf)
        for row in self._table:
            np.maximum(out, self._landing[row], out=out)
        return out

    @cached_property
    def first(self) -> Array:
        """The first column whose value is the best one, ties within `TIE`: int64 (N,)."""
        enough = self.best - TIE
        if self._values is not None:
            return np.asarray(np.argmax(self._values >= enough, axis=0))
        choice = np.full(self._table.shape[1], -1, dtype=np.int64)
        for c, row in enumerate(self._table):
            hit = (choice < 0) & (self._landing[row] >= enough)
            choice[hit] = c
        return choice

    def of(self, choice: Array) -> Array:
        """The values of chosen columns: (N,)."""
        return np.asarray(self._landing.take(chosen(self._table, choice), mode="wrap"))


def chosen(table: Array, choice: Array) -> Array:
    """The states that chosen columns lead to: (N,)."""
    width = table.shape[1]
    return np.asarray(table.reshape(-1).take(choice * width + np.arange(width)))


def best(landing: Array, table: Array) -> Array:
    """The best landing value over the columns: (N,). ``landing`` (N,) is the value of arriving in a state."""
    return Outlook(landing, table).best


def follow(reward: Array, nxt: Array, delta: float) -> Array:
    """The value of going on along ``nxt`` for ever, ``reward`` (N,) on each arrival: (N,), by doubling.

    Once every way has come to states that return to themselves, what remains is a geometric series.
    """
    total, jump, factor = reward.take(nxt), nxt, delta
    while factor > 1e-18:
        after = jump.take(jump)
        more = total.take(jump)
        if factor < SURELY_BELOW and (after == jump).all():
            more *= factor / (1 - factor)
            return total + more
        more *= factor
        total += more
        jump = after
        factor *= factor
    return total


def solve(reward: Array, table: Array, delta: float, choice: Array | None = None) -> Array:
    """The value of replying best for ever: (N,), by policy iteration.

    ``reward`` (N,) is what arriving in a state gives, ``delta`` < 1 the factor on what follows. Policy
    iteration with exact evaluation; ends when no change gains more than rounding.
    """
    small = SETTLED * (1 + float(np.abs(reward).max(initial=0)))
    if choice is None:
        choice = Outlook(reward, table).first
    while True:
        nxt = chosen(table, choice)
        value = follow(reward, nxt, delta)
        landing = reward + delta * value
        outlook, now = Outlook(landing, table), landing.take(nxt)
        better = outlook.best > now + small
        if not better.any():
            return value
        choice = np.where(better, outlook.first, choice)
        if not (outlook.of(choice) > now + small).any():  # only ties within TIE were left
            return outlook.best


def pick(model: Model, i: int, choice: Array) -> tuple[Array, dict[int, Array]]:
    """A party's chosen columns as its part of a profile."""
    menu, ways = model.menus[i], np.array(bits(model, i))
    move = menu.offset[menu.own, choice // len(ways)]
    return move, {k: ways[choice % len(ways), place] for place, k in enumerate(model.joint[i])}


def joint_moves(model: Model, actors: Sequence[int]) -> tuple[Array, Array]:
    """Every combination of moves of several actors: offsets (M, N) and whether open (M, N).

    What they own together, and nobody else with them, they move like what each owns alone.
    """
    x = np.arange(model.size)
    offsets, valid = np.zeros((1, model.size), dtype=np.int64), np.ones((1, model.size), dtype=bool)
    for j in actors:
        menu = model.menus[j]
        if offsets.shape[0] * menu.width * model.size > MAX_CELLS:
            raise CostError(
                "the worst that the others can do to a party",
                f"{offsets.shape[0] * menu.width:,} joint moves in {model.size:,} states",
                "use the threat markov, revert or stop",
            )
        more = menu.offset[menu.own].T
        good = open_moves(model, j, x)
        offsets = (offsets[:, None] + more[None]).reshape(-1, model.size)
        valid = (valid[:, None] & good[None]).reshape(-1, model.size)
    for k in shared(model, actors):
        more, good = group_moves(model, k)
        offsets = (offsets[:, None] + more[None]).reshape(-1, model.size)
        valid = (valid[:, None] & good[None]).reshape(-1, model.size)
    return offsets, valid


def group_moves(model: Model, k: int) -> tuple[Array, Array]:
    """What the owners of commitment k can do with it in one period: offsets (W, N) and whether open (W, N)."""
    c = model.commitments[k]
    width = max(len(n) for n in c.nexts)
    following = np.array([[*n, *[-1] * (width - len(n))] for n in c.nexts])
    here = model.position[k]
    there = following[here].T
    valid = there >= 0
    there = np.where(valid, there, here)
    if k in model.cap:
        after = c.level[there]
        valid &= (after <= model.levels[k]) | (after <= model.cap[k])
    return (there - here).astype(np.int64) * model.strides[k], valid


def shared(model: Model, actors: Sequence[int]) -> list[int]:
    """The joint commitments whose owners are all among some actors."""
    return [k for k, c in enumerate(model.commitments) if len(c.owners) > 1 and set(c.owners) <= set(actors)]

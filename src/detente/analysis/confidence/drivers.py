"""Which inputs matter: shares of variance explained, tornado, values at which an answer flips, maps over two inputs.

The share explained by an input is its first-order Sobol index, Var(E[Y | X]) / Var(Y). It is estimated from the draws
at hand, by bins of the input's values, corrected for what chance alone would explain; it is meaningful for correlated
inputs too. Total indices need draws of their own (pick and freeze) and independent inputs.

Sources: Sobol (2001), Mathematics and Computers in Simulation 55; Jansen (1999), Computer Physics Communications 117;
Plischke, Borgonovo and Smith (2013), European Journal of Operational Research 226.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detente.analysis.confidence.answers import Question
from detente.analysis.confidence.inputs import Input
from detente.analysis.confidence.run import Counts, evaluate
from detente.analysis.confidence.worlds import World
from detente.errors import NeedsError

Array = NDArray[Any]
BINS = 20
LEAST_IN_BIN = 25
GRID, SMALL_GRID = 41, 9
HALVINGS, FEW_HALVINGS = 30, 8
CHEAP = 1_000
"""Questions whose chunks hold this many draws are cheap enough to be asked at many points."""
OUTSIDE = 2.0
"""How far outside an input's range a flip is looked for, in widths of the range."""


@dataclass(frozen=True)
class Driver:
    """One input's part in an answer. ``effect``: share of variance explained (0 to 1); ``low`` and ``high``: share (or
    mean) of the answer in the lowest and in the highest fifth of the input's values, or over its first and last choice.
    """

    input: str
    effect: float
    low: float
    high: float
    total: float | None = None

    @property
    def swing(self) -> float:
        """How far the answer goes from the lowest to the highest values."""
        return self.high - self.low


def positions(counts: Counts) -> Array:
    """Each input's position in its own distribution, draw by draw, correlations included: (n, inputs)."""
    u = counts.uniform()
    for w, world in enumerate(counts.plan.worlds):
        rows = np.flatnonzero(counts.world == w)
        if len(rows) and world.copula.columns:
            at = np.ix_(rows, np.array(world.columns))
            u[at] = world.copula(u[at])
    return u


def classes(item: Input, u: Array) -> tuple[Array, int]:
    """The bin of each draw of an input, (n,), and how many bins there are; discrete inputs have one for each value."""
    if item.support is not None and len(item.support) <= 50:
        found = np.searchsorted(np.array(item.support), item.values(u) - 1e-12)
        return np.minimum(found, len(item.support) - 1), len(item.support)
    count = int(np.clip(len(u) // LEAST_IN_BIN, 2, BINS))
    return np.minimum((u * count).astype(int), count - 1), count


def explained(y: Array, place: Array, count: int) -> float:
    """The share of the variance of y that bins explain, less what chance would: 0 to 1."""
    size = np.bincount(place, minlength=count)
    used = int((size > 0).sum())
    total = float(((y - y.mean()) ** 2).sum())
    if total <= 0 or used < 2 or len(y) <= used:
        return 0.0
    means = np.bincount(place, weights=y, minlength=count) / np.maximum(size, 1)
    between = float((size * (means - y.mean()) ** 2).sum())
    within = (total - between) / (len(y) - used)
    return float(np.clip((between - (used - 1) * within) / total, 0.0, 1.0))


def drivers(inputs: Sequence[Input], u: Array, y: Array) -> list[Driver]:
    """Every input's part in an answer y (n,), 0 and 1 or a number; the largest first."""
    found = []
    for column, item in enumerate(inputs):
        place, count = classes(item, u[:, column])
        if item.support is not None:
            first, last = place == place.min(initial=0), place == place.max(initial=0)
        else:
            first, last = u[:, column] < 0.2, u[:, column] >= 0.8
        low = float(y[first].mean()) if first.any() else float("nan")
        high = float(y[last].mean()) if last.any() else float("nan")
        found.append(Driver(item.name, explained(y, place, count), low, high))
    return sorted(found, key=lambda d: (-d.effect, -abs(d.swing) if np.isfinite(d.swing) else 0.0))


@dataclass(frozen=True)
class Sobol:
    """First-order and total index of an input, each with half of its 95 % interval."""

    input: str
    first: float
    first_error: float
    total: float
    total_error: float


def sobol(counts: Counts, name: str, base: int) -> list[Sobol]:
    """First-order and total Sobol indices of a yes/no answer, by pick and freeze: base x (inputs + 2) more draws.

    Raises `NeedsError` where inputs are correlated: their parts cannot be told apart in this way.
    """
    plan, question = counts.plan, counts.question
    if any(world.copula.columns for world in plan.worlds):
        raise NeedsError(
            "Sobol indices need independent inputs, and this case states correlations; the drivers do not"
        )
    names, seed = plan.names, counts.sample.seed
    from detente.analysis.confidence.draws import uniform

    both = uniform([*names, *(f"{n}'" for n in names)], base, seed, 1 << 20, "random")
    a, b = both[:, : len(names)], both[:, len(names) :]
    place = question.yes.index(name)
    f = _asked(counts, a, place)
    g = _asked(counts, b, place)
    variance = float(np.var(np.concatenate([f, g])))
    found = []
    for i, item in enumerate(names):
        mixed = a.copy()
        mixed[:, i] = b[:, i]
        h = _asked(counts, mixed, place)
        first, total = variance - (g - h) ** 2 / 2, (f - h) ** 2 / 2
        scale = max(variance, 1e-300)
        half = [1.96 * float(x.std()) / scale / np.sqrt(base) for x in (first, total)]
        values = [float(x.mean()) / scale if variance > 0 else 0.0 for x in (first, total)]
        found.append(Sobol(item, values[0], half[0], values[1], half[1]))
    return sorted(found, key=lambda s: -s.total)


def _asked(counts: Counts, u: Array, place: int) -> Array:
    piece = counts.question.piece
    parts = [
        evaluate(counts.plan, counts.question, u[start : start + piece])["yes"][:, place]
        for start in range(0, len(u), piece)
    ]
    return np.concatenate(parts).astype(float)


# flips --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Flip:
    """Where a yes/no answer turns as one input goes from its value in a single run and the others stay.

    ``at``: the values, nearest first; ``inside`` whether the first lies within the input's range. ``now``: the answer
    of the single run.
    """

    input: str
    now: bool
    value: float
    at: tuple[float, ...]
    inside: bool


def flips(question: Question, world: World, name: str, inputs: Sequence[Input]) -> list[Flip]:
    """The values at which an answer flips, one input at a time; inputs without a flip are left out.

    Flips inside the ranges come first, nearest first as a share of the range; only where an input has none there are
    values outside its range looked at.
    """
    asked = _Asked(question, world, name)
    items = [item for item in inputs if item.kind == "number"]
    now = bool(asked({}, 1)[0])
    found: list[Flip] = []
    inside = asked.turns(items, [item.bounds for item in items])
    rest = [item for item, turns in zip(items, inside, strict=True) if not turns]
    outside = asked.turns(rest, [_wide(item) for item in rest])
    for where, mine, turned in ((True, items, inside), (False, rest, outside)):
        for item, turns in zip(mine, turned, strict=True):
            if turns:
                nearest = tuple(sorted(turns, key=lambda x, m=item.mode: abs(x - m)))  # type: ignore[misc]
                found.append(Flip(item.name, now, item.mode, nearest, where))
    widths = {item.name: max(item.bounds[1] - item.bounds[0], 1e-300) for item in items}
    return sorted(found, key=lambda f: (not f.inside, abs(f.at[0] - f.value) / widths[f.input]))


def _wide(item: Input) -> tuple[float, float]:
    low, high = item.bounds
    width = (high - low) * OUTSIDE
    return max(low - width, item.domain[0]), min(high + width, item.domain[1])


@dataclass(frozen=True, eq=False)
class _Asked:
    """A yes/no answer of one world at chosen values, the inputs that are not named at their modes."""

    question: Question
    world: World
    name: str

    def __call__(self, values: dict[str, Array], count: int) -> Array:
        place = self.question.yes.index(self.name)
        rows = {n: np.full(count, mode) for n, mode in self.world.modes.items()} | values
        piece = self.question.piece
        out = [
            self.question.decide(
                self.world, {n: v[s : s + piece] for n, v in rows.items()}, min(piece, count - s)
            )[:, place]
            for s in range(0, count, piece)
        ]
        return np.concatenate(out) if out else np.zeros(0, dtype=bool)

    def along(self, items: Sequence[Input], which: Array, at: Array) -> Array:
        """The answer with one input moved in each row: input ``which[r]`` at value ``at[r]``."""
        values = {}
        for place, item in enumerate(items):
            values[item.name] = np.where(which == place, at, item.mode)
        return self(values, len(at))

    def turns(self, items: Sequence[Input], reach: Sequence[tuple[float, float]]) -> list[list[float]]:
        """For each input, the values at which the answer turns within its reach: by a grid, then by halving."""
        found: list[list[float]] = [[] for _ in items]
        if not items:
            return found
        cheap = self.question.piece >= CHEAP
        points = GRID if cheap else SMALL_GRID
        grid = np.array([np.linspace(low, high, points) for low, high in reach])
        which = np.repeat(np.arange(len(items)), points)
        truth = self.along(items, which, grid.ravel()).reshape(grid.shape)
        rows, cells = np.nonzero(truth[:, 1:] != truth[:, :-1])
        left, right, value = grid[rows, cells], grid[rows, cells + 1], truth[rows, cells]
        for _ in range(HALVINGS if cheap and len(rows) else FEW_HALVINGS if len(rows) else 0):
            middle = (left + right) / 2
            same = self.along(items, rows, middle) == value
            left, right = np.where(same, middle, left), np.where(same, right, middle)
        for row, x in zip(rows, (left + right) / 2, strict=True):
            found[row].append(float(x))
        return found


# maps ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Map:
    """An answer over two inputs: ``share`` (rows of y, columns of x) of the draws in each cell, NaN where there are
    none; ``x`` and ``y`` edges of the cells; ``single`` (rows, columns): the answer of single runs at cell centres.
    """

    x_input: str
    y_input: str
    x: Array
    y: Array
    share: Array
    draws: Array
    single: Array


def map_of(counts: Counts, u: Array, name: str, x: Input, y: Input, world: World, cells: int = 8) -> Map:
    """The share of draws with a yes/no answer over two inputs, the others drawn; and single runs, the others at modes."""
    truth = counts.truth(name)
    place = counts.plan.place
    values = [item.values(u[:, place[item.name]]) for item in (x, y)]
    edges = [_edges(item, cells) for item in (x, y)]
    at = [
        np.clip(np.searchsorted(e, v, side="right") - 1, 0, len(e) - 2)
        for e, v in zip(edges, values, strict=True)
    ]
    shape = (len(edges[1]) - 1, len(edges[0]) - 1)
    index = at[1] * shape[1] + at[0]
    size = np.bincount(index, minlength=shape[0] * shape[1]).reshape(shape)
    yes = np.bincount(index, weights=truth, minlength=shape[0] * shape[1]).reshape(shape)
    share = np.where(size > 0, yes / np.maximum(size, 1), np.nan)
    return Map(
        x.name, y.name, edges[0], edges[1], share, size, _single(counts.question, world, name, x, y, edges)
    )


def _edges(item: Input, cells: int) -> Array:
    if item.support is not None:
        values = np.array(item.support)
        middles = (values[1:] + values[:-1]) / 2
        step = np.ptp(values) / max(len(values) - 1, 1) / 2 or 0.5
        return np.concatenate([[values[0] - step], middles, [values[-1] + step]])
    low, high = item.bounds
    return np.linspace(low, high, cells + 1)


def _single(question: Question, world: World, name: str, x: Input, y: Input, edges: Sequence[Array]) -> Array:
    centres = [
        (e[1:] + e[:-1]) / 2 if i.support is None else np.array(i.support)
        for e, i in zip(edges, (x, y), strict=True)
    ]
    grid_y, grid_x = np.meshgrid(centres[1], centres[0], indexing="ij")
    if x.name not in world.modes or y.name not in world.modes or name not in question.yes:
        return np.full(grid_x.shape, np.nan)
    found = _Asked(question, world, name)({x.name: grid_x.ravel(), y.name: grid_y.ravel()}, grid_x.size)
    return found.reshape(grid_x.shape).astype(float)

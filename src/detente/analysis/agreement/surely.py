"""Whether a deal exists for all values in the ranges: a search for values at which none does.

Gains are linear in the uncertain numbers (`linear`). Values without a deal are those at which every outcome is
refused by somebody, or is no better than no deal for anybody. A mixed-integer program looks for such values
against a growing list of outcomes: if even these cannot all be refused, a deal is sure; else the values found
either have no deal, which is checked by the exact search, or name one more outcome for the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from detente.analysis.agreement.linear import Linear
from detente.analysis.agreement.stages import stages
from detente.kernels import search
from detente.space import SNAP, Space
from detente.space.tables import Array

MAX_ROUNDS = 60
"""Outcomes on the list before the question is left open."""
MARGIN = 1e-6
"""Refusals by less than this share of a party's span are not looked for."""


@dataclass(frozen=True)
class Answer:
    """``sure``: a deal exists for all values (None: left open); ``exact`` but for the margin."""

    sure: bool | None
    exact: bool = True


def deal_for_all(space: Space, gains: Sequence[Linear]) -> Answer:
    """Whether a deal exists for all values of the variables of the parties' gains."""
    values = [np.array([n.mode for n in gain.numbers]) for gain in gains]
    chosen: list[tuple[int, ...]] = []
    for _ in range(MAX_ROUNDS):
        outcome = _deal_at(space, gains, values)
        if outcome is None:
            return Answer(False)
        if outcome in chosen:
            return Answer(None, False)
        chosen.append(outcome)
        found = _refused(gains, chosen)
        if found is None:
            return Answer(True)
        values = found
    return Answer(None, False)


def _deal_at(space: Space, gains: Sequence[Linear], values: Sequence[Array]) -> tuple[int, ...] | None:
    """A deal at given values of the variables, or None."""
    tables = tuple(gain.at(x) for gain, x in zip(gains, values, strict=True))
    fixed = replace(space, factors=tables, ordinal=(None,) * space.n_parties)
    parts = stages(fixed)
    if not parts.possible:
        return None
    answer = search.weighted_sum(parts.values, np.zeros(space.n_parties))
    if answer.choice is None or answer.gains is None or not (answer.gains > SNAP).any():
        return None
    return tuple(map(int, parts.levels(np.asarray(answer.choice)[None, :])[0]))


class _Program:
    """Maximise how clearly all outcomes of a list are refused. Columns: variables, choices, the margin last."""

    def __init__(self, gains: Sequence[Linear], outcomes: int) -> None:
        self.starts = np.cumsum([0, *(len(gain.numbers) for gain in gains)])
        numbers = [number for gain in gains for number in gain.numbers]
        self.points = {v: sorted(set(n.args[0::2])) for v, n in enumerate(numbers) if n.kind == "discrete"}
        self.picks = len(numbers) + outcomes * (len(gains) + 1)
        size = self.picks + sum(map(len, self.points.values())) + 1
        self.low, self.high = np.zeros(size), np.ones(size)
        for v, number in enumerate(numbers):
            self.low[v], self.high[v] = number.bounds
        self.whole = np.ones(size)
        self.whole[: len(numbers)] = self.whole[-1] = 0
        self.rows: list[Array] = []
        self.limits: list[tuple[float, float]] = []
        self.first = len(numbers)
        self._discrete()

    def _discrete(self) -> None:
        at = self.picks
        for v, points in self.points.items():
            one, equal = np.zeros(len(self.low)), np.zeros(len(self.low))
            one[at : at + len(points)] = 1.0
            equal[at : at + len(points)], equal[v] = points, -1.0
            self.add(one, 1.0, 1.0)
            self.add(equal, 0.0, 0.0)
            at += len(points)

    def add(self, row: Array, low: float, high: float) -> None:
        """A condition low <= row . x <= high."""
        self.rows.append(row)
        self.limits.append((low, high))

    def solve(self) -> Array | None:
        """The best columns, or None where there are none."""
        import highspy

        model = highspy.Highs()
        model.setOptionValue("log_to_console", False)
        model.setOptionValue("output_flag", False)
        model.setOptionValue("threads", 1)
        empty = np.empty(0)
        for low, high, whole in zip(self.low, self.high, self.whole, strict=True):
            model.addCol(0.0, float(low), float(high), 0, np.empty(0, dtype=np.int32), empty)
            if whole:
                column = model.getNumCol() - 1
                model.changeColIntegrality(column, highspy.HighsVarType.kInteger)
        model.changeColCost(len(self.low) - 1, -1.0)
        for row, (least, most) in zip(self.rows, self.limits, strict=True):
            at = np.flatnonzero(row).astype(np.int32)
            model.addRow(least, most, len(at), at, row[at])
        model.run()
        if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return np.array(model.getSolution().col_value)


def _refused(gains: Sequence[Linear], outcomes: Sequence[tuple[int, ...]]) -> list[Array] | None:
    """Values at which each outcome is refused by some party or better for none; None where there are none."""
    program = _Program(gains, len(outcomes))
    k = len(gains)
    for o, levels in enumerate(outcomes):
        choices = slice(program.first + o * (k + 1), program.first + (o + 1) * (k + 1))
        one = np.zeros(len(program.low))
        one[choices] = 1.0
        program.add(one, 1.0, k + 1.0)
        for p, gain in enumerate(gains):
            const, slope = gain.row(levels)
            row = np.zeros(len(program.low))
            row[program.starts[p] : program.starts[p + 1]] = slope
            ends = np.array([n.bounds for n in gain.numbers]).reshape(-1, 2) * slope[:, None]
            span = max(float(np.abs(ends).max(axis=1).sum()) + abs(const), SNAP)
            most = const + float(ends.max(axis=1).sum())
            for choice, margin in ((choices.start + p, span), (choices.stop - 1, 0.0)):
                refuses = row.copy()
                refuses[choice] = max(most, 0.0) + margin
                refuses[-1] = margin
                program.add(refuses, -np.inf, max(most, 0.0) + margin - const)
    found = program.solve()
    if found is None or found[-1] <= MARGIN:
        return None
    x = _at_ends(found[: program.first], program.low[: program.first], program.high[: program.first])
    return [x[a:b] for a, b in zip(program.starts[:-1], program.starts[1:], strict=True)]


def _at_ends(x: Array, low: Array, high: Array) -> Array:
    """Values within their bounds, and at a bound where the solver means it."""
    near = 1e-6 * np.maximum(high - low, SNAP)
    return np.where(x <= low + near, low, np.where(x >= high - near, high, x))

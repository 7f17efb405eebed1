"""The expected-utility model, in all of its defensible readings.

The published equations leave choices open, and the one code that is reported to match the published rounds departs
from them. So this is an ensemble: every reading is run, one issue at a time. Arrays: D draws, n actors, all
positions as shares of their range at the start. The steps are numbered as on the theory page on forecasts.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

import numpy as np

from detente.analysis.forecast.baselines import weighted_median
from detente.analysis.forecast.inputs import Inputs
from detente.space.tables import Array

MOST_ROUNDS = 10
"""Rounds of a run without a set number of them, unless no reading's median moves any more before that."""
STILL = 1e-9
"""A median that moves less, as a share of the range, stands still."""
TIE = 1e-12
"""Expected utilities, and moves, closer than this are one; the first actor in the file is taken then."""
STANDOFF, CAPITULATION, COMPROMISE, CONFRONTATION = range(4)
"""What an actor takes from another, the last first."""


@dataclass(frozen=True)
class Reading:
    """One way to read the model.

    denominator
        The votes that a chance is a share of: those between the ``pair`` of positions, as the equation has it, or
        between ``all`` pairs of actors' positions, as the matching code has it.
    offers
        An actor takes the ``smallest`` move; or, among compromises, the one that leads lowest on the scale by a
        mean of both positions weighted with expected utilities, and never capitulates (``weighted``: the matching
        code).
    stays
        The chance that the rival stays put if left alone: 1 or 0.5.
    eyes
        Whose attitude to risk prices the rival's side: the actor's ``own``, or that of ``each``.
    """

    denominator: Literal["pair", "all"] = "pair"
    offers: Literal["smallest", "weighted"] = "smallest"
    stays: float = 1.0
    eyes: Literal["own", "each"] = "own"

    @property
    def name(self) -> str:
        """The choices in a row: ``all-weighted-1-own``."""
        return f"{self.denominator}-{self.offers}-{self.stays:g}-{self.eyes}"


DENOMINATORS: tuple[Literal["pair", "all"], ...] = ("pair", "all")
OFFERS: tuple[Literal["smallest", "weighted"], ...] = ("smallest", "weighted")
EYES: tuple[Literal["own", "each"], ...] = ("own", "each")
READINGS = tuple(Reading(*choice) for choice in itertools.product(DENOMINATORS, OFFERS, (1.0, 0.5), EYES))
MATCHING = Reading("all", "weighted", 1.0, "own")
"""The reading of the replication that is reported to match the published rounds."""


@dataclass(frozen=True)
class Rounds:
    """A run of one reading: ``positions`` (T + 1, D, n, K) in [0, 1], ``partners`` (T, D, n), -1 for none.

    With several issues, the partner of an actor is the one it went to on the issue on which it moved most.
    ``risks`` (T, D, n, K) are exponents.
    """

    positions: Array
    partners: Array
    risks: Array

    @property
    def ends(self) -> Array:
        """Where everybody stands at the end, (D, n, K)."""
        return np.asarray(self.positions[-1])


def run(inputs: Inputs, readings: tuple[Reading, ...], rounds: int | None = None) -> tuple[Rounds, ...]:
    """Runs readings side by side, all for the same number of rounds.

    Without a number, each draw until no reading's weighted median moves on any issue, at most `MOST_ROUNDS`.
    """
    issues = [_Issue.of(inputs, k) for k in range(len(inputs.issues))]
    paths = [[[issue.start] for issue in issues] for _ in readings]
    notes: list[list[tuple[Array, Array]]] = [[] for _ in readings]
    going = np.ones(inputs.draws, bool)
    for _ in range(MOST_ROUNDS if rounds is None else rounds):
        moving = np.zeros(inputs.draws, bool)
        for r, reading in enumerate(readings):
            before = [path[-1] for path in paths[r]]
            found = [_going(i.round(p, reading), p, going) for i, p in zip(issues, before, strict=True)]
            notes[r].append(_main(issues, before, found))
            for k, (position, _, _) in enumerate(found):
                moving |= issues[k].median_moves(before[k], position)
                paths[r][k].append(position)
        if rounds is None:
            going &= moving
            if not going.any():
                break
    return tuple(_collect(issues, path, note, inputs) for path, note in zip(paths, notes, strict=True))


def _going(found: tuple[Array, Array, Array], before: Array, going: Array) -> tuple[Array, Array, Array]:
    """A round of those draws that have not come to rest; the others stand still."""
    position, partner, risk = found
    now = going[:, None]
    return np.where(now, position, before), np.where(now, partner, -1), risk


def _main(
    issues: list[_Issue], before: list[Array], found: list[tuple[Array, Array, Array]]
) -> tuple[Array, Array]:
    """The partner on the issue on which each actor moved most, (D, n), and the exponents, (D, n, K)."""
    moved = np.stack(
        [np.abs(f[0] - b) * issue.width for issue, b, f in zip(issues, before, found, strict=True)], axis=2
    )
    partners = np.stack([f[1] for f in found], axis=2)
    most = moved.argmax(axis=2)[:, :, None]
    return np.take_along_axis(partners, most, axis=2)[:, :, 0], np.stack([f[2] for f in found], axis=2)


def _collect(
    issues: list[_Issue], paths: list[list[Array]], notes: list[tuple[Array, Array]], inputs: Inputs
) -> Rounds:
    shape = (0, inputs.draws, len(inputs.actors))
    return Rounds(
        np.stack([issue.back(np.stack(path)) for issue, path in zip(issues, paths, strict=True)], axis=3),
        np.stack([n[0] for n in notes]) if notes else np.zeros(shape, int),
        np.stack([n[1] for n in notes]) if notes else np.zeros((*shape, len(issues))),
    )


@dataclass(frozen=True)
class _Issue:
    """One issue: positions as shares of the range at the start (D, n), weights and saliences (D, n)."""

    start: Array
    weight: Array
    salience: Array
    low: Array
    width: Array

    @classmethod
    def of(cls, inputs: Inputs, k: int) -> _Issue:
        position = inputs.position[:, :, k]
        low = position.min(axis=1, keepdims=True)
        width = position.max(axis=1, keepdims=True) - low
        start = (position - low) / np.where(width > 0, width, 1)
        return cls(start, inputs.weight[:, :, k], inputs.salience[:, :, k], low, width)

    def back(self, position: Array) -> Array:
        """Positions as shares of the issue's scale; what never moved is what the file says."""
        return np.asarray(self.low + position * self.width)

    def median_moves(self, before: Array, after: Array) -> Array:
        """In which draws the weighted median moves: bool (D,)."""
        old, new = (weighted_median(x[:, :, None], self.weight[:, :, None]) for x in (before, after))
        return np.asarray((np.abs(new - old) > STILL).any(axis=1))

    def round(self, position: Array, reading: Reading) -> tuple[Array, Array, Array]:
        """One round: new positions, partners and exponents, all (D, n). Without any weight nobody moves."""
        median = np.nan_to_num(weighted_median(position[:, :, None], self.weight[:, :, None]))
        gap = np.abs(position[:, :, None] - position[:, None, :])
        one = np.ones_like(position)
        chance = self._chances(gap, one, reading)
        seen = self._expected(position, gap, median, chance, one[:, :, None], reading)
        risk = _exponents(seen)
        chance = self._chances(gap, risk, reading)
        own = self._expected(position, gap, median, chance, risk[:, :, None], reading)
        prices = risk[:, None, :] if reading.eyes == "own" else risk[:, :, None]
        rival = self._expected(position, gap, median, chance, prices, reading)
        moved, partner = _taken(position, own, np.swapaxes(rival, 1, 2), reading)
        any_weight = self.weight.any(axis=1, keepdims=True)
        return (
            np.where(any_weight, moved, position),
            np.where(any_weight, partner, -1),
            np.where(any_weight, risk, 1),
        )

    def _chances(self, gap: Array, risk: Array, reading: Reading) -> Array:
        """Step 3: the chance that the position of i beats that of j, (D, n, n); 0 where they are one."""
        won, cast = np.zeros_like(gap), np.zeros_like(gap)
        for k in range(gap.shape[1]):
            pull = gap[:, k, :] ** risk[:, k, None]
            vote = self.weight[:, k, None, None] * (pull[:, None, :] - pull[:, :, None])
            won += np.maximum(vote, 0)
            cast += np.abs(vote)
        if reading.denominator == "all":
            cast = np.broadcast_to(cast.sum(axis=(1, 2), keepdims=True), gap.shape)
        return np.where((gap > 0) & (cast > 0), won / np.where(cast > 0, cast, 1), 0)

    def _expected(
        self, position: Array, gap: Array, median: Array, chance: Array, risk: Array, reading: Reading
    ) -> Array:
        """Step 4: what i expects of challenging j, (D, n, n), priced with exponents that broadcast."""
        salience = self.salience[:, None, :]
        win, fail = _utility(0.5 - gap / 2, risk), _utility(0.5 + gap / 2, risk)
        told = salience * (chance * win + (1 - chance) * fail) + (1 - salience) * win
        if reading.stays == 1:
            return np.asarray(told - _utility(np.full_like(gap, 0.5), risk))
        off = np.abs(position - median)[:, :, None]
        far = (off + gap) / 4
        left = np.where(off < gap - TIE, _utility(0.5 - far, risk), _utility(0.5 + far, risk))
        quo = reading.stays * _utility(np.full_like(gap, 0.5), risk) + (1 - reading.stays) * left
        return np.asarray(told - quo)


def _utility(share: Array, risk: Array) -> Array:
    return np.asarray(2 - 4 * np.maximum(share, 0) ** risk)


def _exponents(expected: Array) -> Array:
    """Step 5: exponents between 1/2 and 2 from what all others expect of challenging each actor, (D, n)."""
    danger = expected.sum(axis=1) - np.einsum("dii->di", expected)
    low, high = danger.min(axis=1, keepdims=True), danger.max(axis=1, keepdims=True)
    span = high - low
    flat = span <= TIE
    share = np.where(flat, 0, (2 * danger - high - low) / np.where(flat, 1, span)) / 3
    return np.asarray((1 - share) / (1 + share))


def _taken(position: Array, own: Array, rival: Array, reading: Reading) -> tuple[Array, Array]:
    """Steps 6 and 7: where each actor goes, and to whom, (D, n). ``own[i, j]`` and ``rival[i, j]`` as i sees them."""
    step = position[:, None, :] - position[:, :, None]
    apart = step != 0
    mixed = apart & (rival > TIE) & (own < -TIE)
    kind = np.full(own.shape, STANDOFF)
    kind[apart & (rival > own + TIE) & (own > TIE)] = CONFRONTATION
    kind[mixed & (rival > TIE - own)] = COMPROMISE
    if reading.offers == "smallest":
        kind[mixed & (rival <= TIE - own)] = CAPITULATION
    concession = np.where(kind == COMPROMISE, np.abs(own) / np.where(rival > 0, rival, 1), 1)
    meet = np.broadcast_to(position[:, None, :], own.shape)
    goal = np.where(kind == COMPROMISE, position[:, :, None] + step * concession, meet)
    size = np.abs(step * concession)
    if reading.offers == "weighted":
        pull, give = np.abs(own), np.abs(rival)
        whole = np.where(pull + give > 0, pull + give, 1)
        lean = (pull * position[:, :, None] + give * position[:, None, :]) / whole
        size = np.where(kind == COMPROMISE, lean, size)
    best = kind.max(axis=2, keepdims=True)
    size = np.where((kind == best) & (kind > STANDOFF), size, np.inf)
    chosen = (size <= size.min(axis=2, keepdims=True) + TIE).argmax(axis=2)
    still = best[:, :, 0] == STANDOFF
    taken = np.take_along_axis(goal, chosen[:, :, None], axis=2)[:, :, 0]
    return np.where(still, position, taken), np.where(still, -1, chosen)

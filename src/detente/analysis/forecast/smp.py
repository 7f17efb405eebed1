"""The spatial model of politics of KTAB: who challenges whom, what they agree on, and where everybody then stands.

Arrays: D draws, n actors, K issues; ``[d, a, b]`` is how a sees b. Everything is counted along shares of a scale.
Every loop is over actors, on arrays of D x n x n; draws are taken in blocks that stay in the cache.
The steps are numbered as on the theory page on forecasts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from detente.analysis.forecast import voting
from detente.analysis.forecast.inputs import Inputs
from detente.analysis.forecast.rules import STOP, Rules, Stop
from detente.space.tables import Array

BLOCK = 32_000
"""Numbers in one D x n x n array, about."""
LEAST_OWN = 1e-10
"""What each side of a challenge has behind it at least."""
LEAST_GAIN = 1e-5
"""Gains up to this are not worth a challenge."""
LEAST_WEIGHT = 1e-6
"""What ties an actor to its own position in a bargain that it cares nothing about."""
ROUNDING = 1e4
"""Bargains are rounded to this fraction of a scale."""


@dataclass(frozen=True)
class Turn:
    """One turn of D draws: ``position`` (D, n, K) after it, and how it came about.

    ``risk`` (D, n) attitudes, ``odds`` (D, n) of the positions in the first election, ``target`` (D, n) whom each
    challenges (-1: nobody), ``gain`` (D, n) what it expects from that, ``partner`` (D, n) with whom it struck the
    bargain that it moved by (-1: none).
    """

    position: Array
    risk: Array
    odds: Array
    target: Array
    gain: Array
    partner: Array


@dataclass(frozen=True)
class Run:
    """A run of D draws: ``positions`` (T + 1, D, n, K), ``partners`` and others (T, D, n), ``lengths`` (D,).

    A draw that stopped before the last turn stands still afterwards.
    """

    positions: Array
    partners: Array
    targets: Array
    gains: Array
    risks: Array
    odds: Array
    lengths: Array

    @property
    def ends(self) -> Array:
        """Where everybody stands at the end, (D, n, K)."""
        return np.asarray(self.positions[-1])


def run(
    inputs: Inputs, rules: Rules, turns: int | None = None, *, stop: Stop = STOP, seed: int = 0,
    streams: Array | None = None,
) -> Run:  # fmt: skip
    """Runs the model for exactly ``turns``, or until every draw stops by itself.

    ``streams`` (D,) names the random stream of each draw (its number by default): what is drawn in one does not
    depend on how many others there are. Only the transition ``random`` draws anything.
    """
    number = np.arange(inputs.draws) if streams is None else streams
    size = max(1, BLOCK // len(inputs.actors) ** 2)
    blocks = [
        _run(inputs.take(slice(at, at + size)), rules, turns, stop, seed, number[at : at + size])
        for at in range(0, inputs.draws, size)
    ]
    return blocks[0] if len(blocks) == 1 else _join(blocks)


def _run(inputs: Inputs, rules: Rules, turns: int | None, stop: Stop, seed: int, streams: Array) -> Run:
    random = [np.random.default_rng((seed, int(s))) for s in streams] if rules.transition == "random" else []
    position = inputs.position
    history: list[Turn] = []
    positions = [position]
    lengths = np.full(inputs.draws, stop.most if turns is None else turns)
    going = np.ones(inputs.draws, bool)
    for count in range(1, (stop.most if turns is None else turns) + 1):
        now = np.flatnonzero(going)
        chosen = [random[d].random(len(inputs.actors)) for d in now] if random else None
        turn = step(inputs.take(now), positions[-1][now], rules, None if chosen is None else np.array(chosen))
        turn = turn if len(now) == inputs.draws else _spread(turn, positions[-1], now)
        positions.append(turn.position)
        history.append(turn)
        if turns is None and count >= stop.least:
            first = _moved(positions[0], positions[1]) + stop.floor
            quiet = going & (_moved(positions[-2], positions[-1]) / first < stop.share)
            lengths[quiet] = count
            going &= ~quiet
            if not going.any():
                break
    return _collect(inputs, positions, history, lengths)


def _moved(before: Array, after: Array) -> Array:
    """How far all actors together moved, (D,)."""
    return np.asarray(np.sqrt(((after - before) ** 2).sum(axis=2)).sum(axis=1))


def _spread(turn: Turn, before: Array, now: Array) -> Turn:
    """A turn of some draws as one of all: the others stand still."""
    whole = before.copy()
    whole[now] = turn.position

    def filled(part: Array, empty: float) -> Array:
        full = np.full((len(before), part.shape[1]), empty, part.dtype)
        full[now] = part
        return full

    return Turn(
        whole, filled(turn.risk, 0), filled(turn.odds, 0), filled(turn.target, -1), filled(turn.gain, 0),
        filled(turn.partner, -1),
    )  # fmt: skip


def _collect(inputs: Inputs, positions: list[Array], history: list[Turn], lengths: Array) -> Run:
    empty = np.zeros((0, inputs.draws, len(inputs.actors)))

    def stack(name: str, kind: type) -> Array:
        return np.stack([getattr(t, name) for t in history]) if history else empty.astype(kind)

    return Run(
        np.stack(positions), stack("partner", int), stack("target", int), stack("gain", float),
        stack("risk", float), stack("odds", float), lengths,
    )  # fmt: skip


def _join(blocks: list[Run]) -> Run:
    """Blocks of draws as one; those that ended sooner stand still until the last."""
    longest = max(len(b.positions) for b in blocks)

    def joined(name: str, still: float | None) -> Array:
        parts = []
        for block in blocks:
            part = getattr(block, name)
            missing = longest - len(block.positions)
            if missing:
                tail = part[-1:] if still is None else np.full_like(part[:1], still)
                part = np.concatenate([part, np.repeat(tail, missing, axis=0)])
            parts.append(part)
        return np.concatenate(parts, axis=1)

    return Run(
        joined("positions", None), joined("partners", -1), joined("targets", -1), joined("gains", 0),
        joined("risks", 0), joined("odds", 0), np.concatenate([b.lengths for b in blocks]),
    )  # fmt: skip


def step(inputs: Inputs, position: Array, rules: Rules, uniform: Array | None = None) -> Turn:
    """One turn. ``uniform`` (D, n) in [0, 1) settles what each actor takes under the transition ``random``."""
    distance = distances(position, inputs.salience, position)
    odds = _first_election(inputs, distance, rules)
    risk = attitudes(odds, rules)
    chance, gain = challenges(inputs, distance, risk, rules)
    target = voting.first_best(gain)
    best = np.take_along_axis(gain, target[:, :, None], axis=2)[:, :, 0]
    worth = best > LEAST_GAIN
    target = np.where(worth, target, -1)
    offers = _bargains(inputs, position, distance, risk, chance, target, rules)
    taken, partner = _resolve(inputs, position, distance, risk, offers, target, rules, uniform)
    return Turn(taken, risk, odds, target, np.where(worth, best, 0), partner)


# 1: distance and utility ----------------------------------------------------------------------------------------


def distances(ideal: Array, salience: Array, points: Array) -> Array:
    """How far each point is from each actor's ideal in that actor's eyes, (D, n, points).

    The root of the mean of squares weighted with squared salience; 0 to an actor that cares about nothing.
    """
    square = salience**2
    total = np.zeros((*ideal.shape[:2], points.shape[1]))
    for k in range(ideal.shape[2]):
        total += square[:, :, k, None] * (ideal[:, :, k, None] - points[:, None, :, k]) ** 2
    whole = square.sum(axis=2)
    return np.asarray(np.sqrt(total / np.where(whole > 0, whole, 1)[:, :, None]))


def utilities(distance: Array, risk: Array) -> Array:
    """Utility at a distance, (1 - d)(1 + R d)."""
    return np.asarray((1 - distance) * (1 + risk * distance))


def losses(distance: Array, risk: Array) -> Array:
    """What is lost against standing on one's own position, 1 - (1 - d)(1 + R d)."""
    return np.asarray(distance * (1 - risk * (1 - distance)))


# 2, 3: the first election, and attitudes to risk ----------------------------------------------------------------


def _first_election(inputs: Inputs, distance: Array, rules: Rules) -> Array:
    strength = voting.strengths(rules.vote, inputs.capability, 1 - distance)
    prefer = voting.pairwise(rules.vote, strength)
    return voting.elect(rules.election, prefer, voting.victory(rules.victory, prefer))


def attitudes(odds: Array, rules: Rules) -> Array:
    """Attitudes to risk, (D, n): 1 for the likeliest position; all 0 where every position is as likely."""
    low, high = odds.min(axis=1, keepdims=True), odds.max(axis=1, keepdims=True)
    span = high - low
    flat = span <= voting.TIE
    along = (odds - low) / np.where(flat, 1, span)
    lowest = {"min": 0.0, "mid": -0.5, "max": -1.0}[rules.risk_range]
    return np.asarray(np.where(flat, 0, lowest + (1 - lowest) * along))


def believed(seer: Array, seen: Array, rules: Rules) -> Array:
    """The attitude that one actor sees in another."""
    sight = {"none": 0.0, "third": 1 / 3, "half": 0.5, "two-thirds": 2 / 3, "full": 1.0}[rules.risk_adjust]
    return np.asarray((1 - sight) * seer + sight * seen)


# 4: challenges --------------------------------------------------------------------------------------------------


def challenges(inputs: Inputs, distance: Array, risk: Array, rules: Rules) -> tuple[Array, Array]:
    """For each i and j, (D, n, n): the chance that i sees of beating j, and what i would gain by a challenge."""
    attention = inputs.salience.sum(axis=2)
    weight = attention * inputs.capability
    to_i = losses(distance, risk[:, :, None])
    turned = np.swapaxes(distance, 1, 2)
    to_j = losses(turned, believed(risk[:, :, None], risk[:, None, :], rules))
    own = LEAST_OWN + weight[:, :, None] * voting.force(rules.vote, to_i)
    other = LEAST_OWN - weight[:, None, :] * voting.force(rules.vote, -to_j)

    at = np.arange(distance.shape[1])

    def third() -> Iterator[Third]:
        for n in range(distance.shape[1]):
            seen = believed(risk, risk[:, n, None], rules)
            loss = losses(distance[:, n, None, :], seen[:, :, None])
            at_i = np.einsum("dii->di", loss)[:, :, None]
            yield weight[:, n, None, None], at_i, loss, (slice(None), (at[:, None] == n) | (at == n))

    chance = _contest(rules, own, other, third())
    resists = attention[:, None, :]
    # (1 - S) 2 + S (2 P + 2 (1 - P) u) - (1 + u), with u = 1 - loss, put so that no digits are lost
    gain = to_i * (1 - 2 * resists * (1 - chance))
    gain[:, at, at] = 0
    return chance, gain


Third = tuple[Array, Array, Array, Any]
"""A third party: its weight, its loss at the position of either side, and the contests in which it is a side itself."""


def _contest(rules: Rules, own: Array, other: Array, third: Iterator[Third]) -> Array:
    """The chance of the first side, once each third party has joined one.

    A third party (loss a at the first position, b at the second) first sees the chance p that the first side would
    have with its own vote, b - a; it then votes p a - (1 - p) b, which is p (a + b) - b. Written in place: this is
    where the time goes.
    """
    won, lost, both = own.copy(), other.copy(), own + other
    if rules.commitment != "semi":
        return np.asarray(own / both)
    for weight, at_i, at_j, absent in third:
        little = voting.force(rules.vote, at_j - at_i)
        little *= weight
        chance = np.maximum(little, 0)
        chance += own
        chance /= np.add(np.abs(little, out=little), both, out=little)
        chance *= at_i + at_j
        chance -= at_j
        joined = voting.force(rules.vote, chance)
        joined *= weight
        joined[absent] = 0
        won += np.maximum(joined, 0, out=little)
        lost -= np.minimum(joined, 0, out=joined)
    return np.asarray(won / (won + lost))


def _target_sees(inputs: Inputs, distance: Array, risk: Array, target: Array, rules: Rules) -> Array:
    """The chance that each actor beats its target in the eyes of the target, (D, n)."""
    d, i = np.arange(distance.shape[0])[:, None], np.arange(distance.shape[1])[None, :]
    j = np.maximum(target, 0)
    weight = inputs.salience.sum(axis=2) * inputs.capability
    seer = risk[d, j]
    at_j = losses(distance[d, i, j], believed(seer, risk, rules))
    own = LEAST_OWN + weight * voting.force(rules.vote, at_j)
    other = LEAST_OWN - weight[d, j] * voting.force(rules.vote, -losses(distance[d, j, i], seer))

    def third() -> Iterator[Third]:
        for n in range(distance.shape[1]):
            seen = believed(seer, risk[:, n, None], rules)
            at_i, at_j = losses(distance[:, n, :], seen), losses(distance[d, n, j], seen)
            yield weight[:, n, None], at_i, at_j, (i == n) | (j == n)

    return _contest(rules, own, other, third())


# 5: bargains ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Bargains:
    """B bargains, one or two for each initiator: where they put the two sides, (D, B, K), and who they are."""

    first: Array
    second: Array
    initiator: Array
    """(B,)"""
    target: Array
    """(D, B); -1 where there is no bargain."""


def _bargains(
    inputs: Inputs, position: Array, distance: Array, risk: Array, chance: Array, target: Array, rules: Rules
) -> _Bargains:
    n = position.shape[1]
    d, i = np.arange(position.shape[0])[:, None], np.arange(n)[None, :]
    j = np.maximum(target, 0)
    theirs, care = position[d, j], inputs.salience[d, j]
    mine = interpolate(rules, position, inputs.salience, theirs, care, chance[d, i, j][:, :, None])
    if rules.bargain == "initiator":
        return _Bargains(*mine, np.arange(n), target)
    seen = _target_sees(inputs, distance, risk, target, rules)[:, :, None]
    other = interpolate(rules, position, inputs.salience, theirs, care, seen)
    if rules.bargain == "both":
        pairs = [np.stack(pair, axis=2).reshape(len(d), 2 * n, -1) for pair in zip(mine, other, strict=True)]
        return _Bargains(pairs[0], pairs[1], np.repeat(np.arange(n), 2), np.repeat(target, 2, axis=1))
    power = inputs.salience.sum(axis=2) * inputs.capability
    both = power + power[d, j]
    share = np.where(both > 0, power / np.where(both > 0, both, 1), 0.5)[:, :, None]
    mean = [share * m + (1 - share) * o for m, o in zip(mine, other, strict=True)]
    return _Bargains(mean[0], mean[1], np.arange(n), target)


def interpolate(
    rules: Rules, mine: Array, my_care: Array, theirs: Array, their_care: Array, chance: Array
) -> tuple[Array, Array]:
    """Where a bargain puts the initiator and the target, issue by issue."""
    if rules.interpolation == "s2pmax":
        ahead, behind = np.maximum(2 * chance - 1, 0), np.maximum(1 - 2 * chance, 0)
        a, b = my_care**2, their_care**2
        give = behind * b / (behind * b + LEAST_WEIGHT + (1 - behind) * a)
        take = ahead * a / (ahead * a + LEAST_WEIGHT + (1 - ahead) * b)
        return np.asarray(mine + give * (theirs - mine)), np.asarray(theirs + take * (mine - theirs))
    power = 2 if rules.interpolation == "s2p2" else 1
    a, b = (my_care * chance) ** power, (their_care * (1 - chance)) ** power
    whole = a + b + LEAST_WEIGHT
    return (
        _rounded(((a + LEAST_WEIGHT) * mine + b * theirs) / whole),
        _rounded((a * mine + (b + LEAST_WEIGHT) * theirs) / whole),
    )


def _rounded(position: Array) -> Array:
    return np.asarray(np.floor(position * ROUNDING + 0.5) / ROUNDING)


# 6: what each actor takes ---------------------------------------------------------------------------------------


def _resolve(
    inputs: Inputs, position: Array, distance: Array, risk: Array, offers: _Bargains, target: Array, rules: Rules,
    uniform: Array | None,
) -> tuple[Array, Array]:  # fmt: skip
    """Each actor's new position (D, n, K) and partner (D, n), from an election among what lies before it.

    Options are numbered 0 for standing still and 1 + b for bargain b; all actors vote, on the whole resulting set
    of positions.
    """
    worth = _worth(inputs, position, distance, risk, offers)
    strength = voting.strengths(rules.vote, inputs.capability, worth)
    options, standing = _queues(offers, position.shape[1])
    d = np.arange(position.shape[0])[:, None]
    at = d[:, :, None, None]
    prefer = voting.pairwise(rules.vote, strength[at, options[:, :, :, None], options[:, :, None, :]])
    share = voting.elect(rules.election, prefer, voting.victory(rules.victory, prefer), standing)
    if uniform is None:
        choice = voting.first_best(share)
    else:
        passed = (np.cumsum(share, axis=2) <= uniform[:, :, None]).sum(axis=2)
        choice = np.minimum(passed, standing.sum(axis=2) - 1)
    taken = np.take_along_axis(options, choice[:, :, None], axis=2)[:, :, 0]
    bargain = np.maximum(taken - 1, 0)
    me = np.arange(position.shape[1])[None, :]
    initiates = offers.initiator[bargain] == me
    moved = np.where(initiates[:, :, None], offers.first[d, bargain], offers.second[d, bargain])
    partner = np.where(initiates, offers.target[d, bargain], offers.initiator[bargain])
    still = taken == 0
    return np.where(still[:, :, None], position, moved), np.where(still, -1, partner)


def _worth(inputs: Inputs, position: Array, distance: Array, risk: Array, offers: _Bargains) -> Array:
    """What each option is worth to each actor, (D, n, 1 + B): the mean utility of all positions."""
    n = position.shape[1]
    d, j = np.arange(position.shape[0])[:, None], np.maximum(offers.target, 0)
    attitude = risk[:, :, None]
    today = utilities(distance, attitude)
    left = today[:, :, offers.initiator] + np.moveaxis(np.swapaxes(today, 1, 2)[d, j], 2, 1)
    right = sum(
        utilities(distances(position, inputs.salience, points), attitude)
        for points in (offers.first, offers.second)
    )
    quo = today.sum(axis=2, keepdims=True)
    return np.asarray(np.concatenate([quo, quo - left + right], axis=2) / n)


def _queues(offers: _Bargains, n: int) -> tuple[Array, Array]:
    """The options before each actor in KTAB's order, (D, n, longest), and which of those entries stand.

    The order is that of initiators; standing still comes just before one's own bargains.
    """
    me = np.arange(n)[:, None]
    keys = np.concatenate([2 * np.arange(n)[:, None], 2 * offers.initiator[None, :] + 1 + 0 * me], axis=1)
    order = np.argsort(keys, axis=1, kind="stable")
    mine = (offers.target[:, None, :] == me) | ((offers.initiator == me) & (offers.target >= 0)[:, None, :])
    there = np.concatenate([np.ones((*mine.shape[:2], 1), bool), mine], axis=2)
    there = np.take_along_axis(there, np.broadcast_to(order, there.shape), axis=2)
    longest = int(there.sum(axis=2).max())
    front = np.argsort(~there, axis=2, kind="stable")[:, :, :longest]
    return (
        np.take_along_axis(np.broadcast_to(order, there.shape), front, axis=2),
        np.take_along_axis(there, front, axis=2),
    )

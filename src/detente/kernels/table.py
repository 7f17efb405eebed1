"""Alternating offers between strategies that are given as numbers: codes, random numbers, and two ways to run them.

A *game* is what the parties negotiate about. Leading axis D of draws of their utilities; n parties, N outcomes, I
issues, R rounds. Every party has a list of all outcomes: those that it would take rather than no deal first, then by
utility (descending), then by number.

======== ========== ==========================================================================
u        (D, n, N)  utilities by outcome
order    (D, n, N)  outcomes by position on each list, int32
us       (D, n, N)  utilities by position on each list
limit    (D, n)     how many outcomes at the head of the list are no worse than no deal
low      (D, n)     reservation value, or least utility if that is more
high     (D, n)     greatest utility
least    (D, n)     least utility
levels   (N, I)     level of each issue, int32
sizes    (I,)       levels of each issue
times    (R,)       time of each round, 0..1
risk     (R,)       chance that talks break down at the end of each round
======== ========== ==========================================================================

A *mind* is a strategy: five codes (offering, acceptance, pick, model, anchor), eight parameters, and a curve (R,) of
the share of its span that it has conceded by each round. The codes' meaning is in `detente.analysis.table.parts`.

Random numbers are splitmix64 streams (Steele, Lea and Flood 2014), one for each run, so that nothing depends on how
runs are divided among workers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

OFFERING, ACCEPTANCE, PICK, MODEL, ANCHOR = range(5)
AMOUNT, NOISE, ALPHA, BETA, LEVEL, WHEN, LEAVE, WIDTH = range(8)
(TIME, TFT_RELATIVE, TFT_ABSOLUTE, TFT_AVERAGED, NAIVE, NICE, HYBRID, MICRO, RANDOM, TOP, STEPS, WASTE) = (
    range(12)
)
NEXT, TARGET, CONSTANT, LATE, COMBINED, ANY, NEVER, PREVIOUS, BEST_SO_FAR, MICRO_NEXT, BETTER = range(11)
PICK_LAST, PICK_MODEL, PICK_ALIKE, PICK_ANY = range(4)
NO_MODEL, FREQUENCY, HARD, BAYES = range(4)
DEAL, DEADLINE, BROKEN, WALKED = range(4)
"""How a negotiation ends."""

EPSILON = 1e-9
PEAKS, WEIGHTS = 11, 5
"""Hypotheses of the Bayesian model on each issue: where the other's value peaks, and how much the issue weighs."""
CAP, SIGMA = 0.3, 0.15
"""The Bayesian model expects the other to concede this share of its utility by the deadline, give or take SIGMA."""
WINDOW = np.array([[1, 0, 0, 0], [0.25, 0.75, 0, 0], [0.11, 0.22, 0.66, 0], [0.05, 0.15, 0.3, 0.5]])
"""Weights of the other's last concessions in the hybrid strategy, by how many there are."""

CURVE = 8
"""Parameters of a strategy before its curve."""
INT, FLOAT = 8, 6
"""What a party keeps in mind besides histories and models."""
LOW, HIGH, LEAST = range(3)

(SIZE, PARTIES, ISSUES, ROUNDS, DEEPEST, ROW, U, US, INFO, TIMES, RISK, PARAMS, FLOATS, HEARD, COUNTS, MOST, WEIGHT,
 CHANCE, WORTH, HEAVY, ORDER, LIMIT, LEVELS, SIZES, CODES, INTS, GOT, LAST_BY, PACKED, BITS, SPECS) = range(31)  # fmt: skip
"""The head of the tape of whole numbers: sizes, where each part begins, and the strategy of each party."""
MOST_PARTIES = 100


_GOLDEN, _MIX1, _MIX2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_MASK = (1 << 64) - 1
_UNIT = 1.0 / 9007199254740992.0
PLAIN_TURNS = 30_000
"""Runs times rounds up to which the compiled loops are not worth their import."""


def mix(state: Array) -> Array:
    """The output function of splitmix64 on an array of uint64."""
    z = state.copy()
    z ^= z >> np.uint64(30)
    z *= np.uint64(_MIX1)
    z ^= z >> np.uint64(27)
    z *= np.uint64(_MIX2)
    z ^= z >> np.uint64(31)
    return z


def streams(seed: int, runs: Array) -> Array:
    """The state of the stream of each run: uint64 of the shape of ``runs``, which numbers them from 0."""
    start = mix(np.array([seed & _MASK], dtype=np.uint64))
    return mix(start + np.asarray(runs, dtype=np.uint64) * np.uint64(_GOLDEN))


def draw(states: Array) -> Array:
    """The next number of each stream, in [0, 1); the states move on, in place."""
    states += np.uint64(_GOLDEN)
    return (mix(states) >> np.uint64(11)).astype(np.float64) * _UNIT


class Stream:
    """One stream of random numbers, for the plain engine: the same numbers as the loops'."""

    def __init__(self, state: int) -> None:
        self.state = int(state)

    def __call__(self) -> float:
        """The next number, in [0, 1)."""
        self.state = (self.state + _GOLDEN) & _MASK
        z = self.state
        z = ((z ^ (z >> 30)) * _MIX1) & _MASK
        z = ((z ^ (z >> 27)) * _MIX2) & _MASK
        z ^= z >> 31
        return (z >> 11) * _UNIT


@dataclass(frozen=True, eq=False)
class Game:
    """What is negotiated about, as arrays; the module says which."""

    u: Array
    order: Array
    us: Array
    limit: Array
    low: Array
    high: Array
    least: Array
    levels: Array
    sizes: Array
    times: Array
    risk: Array


@dataclass(frozen=True, eq=False)
class Minds:
    """Strategies as numbers: codes (S, 5), params (S, 8), curves (S, R)."""

    codes: Array
    params: Array
    curves: Array


class Tapes:
    """A game, strategies and room for memories on two tapes, as the loops read them."""

    def __init__(self, game: Game, minds: Minds) -> None:
        n, size = game.us.shape[1:]
        rounds, issues = len(game.times), len(game.sizes)
        codes = minds.codes
        deep = int(game.sizes.max()) if (codes[:, MODEL] != NO_MODEL).any() else 1
        bayes = issues * PEAKS * WEIGHTS if (codes[:, MODEL] == BAYES).any() else 1
        micro = size if (codes[:, OFFERING] == MICRO).any() else 1
        head = np.zeros(SPECS + MOST_PARTIES, np.int64)
        head[[SIZE, PARTIES, ISSUES, ROUNDS, DEEPEST]] = size, n, issues, rounds, deep
        known = np.stack([game.low, game.high, game.least], axis=2)
        floats = {
            U: game.u, US: game.us, INFO: known, TIMES: game.times, RISK: game.risk,
            PARAMS: np.concatenate([minds.params, minds.curves], axis=1),
            FLOATS: n * FLOAT, HEARD: n * n * rounds, COUNTS: n * issues * deep, MOST: n * issues,
            WEIGHT: n * issues, CHANCE: n * bayes, WORTH: n * issues * deep, HEAVY: n * issues,
        }  # fmt: skip
        whole = {
            ORDER: game.order, LIMIT: game.limit, LEVELS: game.levels, SIZES: game.sizes, CODES: codes,
            INTS: n * INT, GOT: n * micro, LAST_BY: n, PACKED: 0,
        }  # fmt: skip
        bits = max(1, int(game.sizes.max() - 1).bit_length())
        if (codes[:, PICK] == PICK_MODEL).any() and bits * issues < 63:
            head[BITS], whole[PACKED] = bits, _packed(game, bits)
        self.floats = _tape(floats, head, np.zeros(0))
        self.whole = _tape(whole, head, head)


def _packed(game: Game, bits: int) -> Array:
    """The levels of each party's outcomes in the order of its list, so many bits an issue: (D, n, N). What is looked at
    one after the other lies one after the other.
    """
    shifts = bits * np.arange(game.levels.shape[1], dtype=np.int64)
    packed = (game.levels.astype(np.int64) << shifts).sum(axis=1)
    return np.asarray(packed[game.order])


def _tape(parts: dict[int, Array | int], head: Array, first: Array) -> Array:
    """Arrays, and zeros where a number says how many, one after another; notes in ``head`` where each begins."""
    at, pieces = len(first), []
    for name, part in parts.items():
        head[name] = at
        piece = np.zeros(part, first.dtype) if isinstance(part, int) else part.reshape(-1).astype(first.dtype)
        pieces.append(piece)
        at += len(piece)
    return np.concatenate([first, *pieces])


def play(game: Game, minds: Minds, runs: Array, states: Array, turns: int = 0) -> tuple[Array, Array]:
    """Negotiations by the compiled loops: how each ended, its outcome, round and proposer, int64 (m, 4), -1 for none.

    ``runs`` (m, 2 + n): draw, opener and strategies of each; ``states`` (m,): their streams. The second array is the
    trace of the last run, (turns, 4): round, party, 1 for an offer taken, outcome (-1: the party left), rows of -1
    after the end. Cost: 20 to 200 ns an offer.
    """
    from detente.kernels._table_loops import negotiate_all

    tapes = Tapes(game, minds)
    out = np.empty((len(runs), 4), np.int64)
    trace = np.full((turns, 4), -1, np.int64)
    negotiate_all(tapes.floats, tapes.whole, np.ascontiguousarray(runs, np.int64), states.copy(), out, trace)
    return out, trace


def by_tables(minds: Minds) -> bool:
    """Whether all strategies depend on time alone, so that `play_tables` can run them."""
    codes = minds.codes
    timed = (codes[:, OFFERING] == TIME) & (codes[:, PICK] == PICK_LAST)
    known = np.isin(codes[:, ACCEPTANCE], (NEXT, TARGET, CONSTANT, LATE, ANY, NEVER))
    return bool((timed & known).all() and (minds.params[:, LEAVE] > 1.0).all())


def play_tables(game: Game, minds: Minds, runs: Array, states: Array) -> Array:
    """As `play`, for strategies that depend on time alone (`by_tables`), without compiling anything.

    What each strategy offers, and asks, in each round is tabulated once; equal negotiations are held once. Cost: for
    each draw the different negotiations in it times the rounds.
    """
    runs = np.asarray(runs, np.int64)
    base = int(runs.max(initial=0)) + 1
    key = runs @ (base ** np.arange(runs.shape[1])) if base ** runs.shape[1] < 1 << 62 else None
    out = np.empty((len(runs), 4), np.int64)
    for d, here in _by_draw(runs[:, 0]):
        labels = runs[here] if key is None else key[here]
        _, first, back = np.unique(labels, axis=0, return_index=True, return_inverse=True)
        held = runs[here][first]
        out[here] = Tabulated(game, minds, d, held).play()[back.reshape(-1)]
    return _broken(game.risk, out, states)


def _by_draw(draws: Array) -> Iterator[tuple[int, Array]]:
    order = np.argsort(draws, kind="stable")
    values, starts = np.unique(draws[order], return_index=True)
    for value, part in zip(values, np.split(order, starts[1:]), strict=True):
        yield int(value), part


def _broken(risk: Array, out: Array, states: Array) -> Array:
    """The same negotiations with breakdowns: the end of each round is drawn from each run's stream."""
    if not (risk > 0).any():
        return out
    states = states.copy()
    last = np.where(np.isin(out[:, 0], (DEAL, WALKED)), out[:, 2], len(risk))
    going = np.ones(len(out), dtype=bool)
    for r in np.flatnonzero(risk > 0):
        at = np.flatnonzero(going & (last > r))
        drawn = states[at]
        fell = at[draw(drawn) < risk[r]]
        states[at] = drawn
        out[fell] = BROKEN, -1, r, -1
        going[fell] = False
    return out


class Tabulated:
    """Negotiations under one draw of the utilities: what everybody offers and asks in each round."""

    def __init__(self, game: Game, minds: Minds, d: int, runs: Array) -> None:
        self.u, self.runs = game.u[d], runs
        self.n, self.rounds = game.us.shape[1], len(game.times)
        self.limit = game.limit[d]
        self.row = np.zeros((self.n, len(minds.codes)), np.int64)
        self.offers: list[Array] = []
        self.asks: list[Array] = []
        for i in range(self.n):
            used = np.unique(runs[:, 2 + i])
            self.row[i, used] = np.arange(len(used))
            self._tabulate(game, minds, d, i, used)

    def _tabulate(self, game: Game, minds: Minds, d: int, i: int, used: Array) -> None:
        limit, high, low = int(game.limit[d, i]), game.high[d, i], game.low[d, i]
        us = game.us[d, i, :limit]
        aims = high - minds.curves[used] * (high - low)
        at = np.maximum(np.searchsorted(-us, -aims, side="right") - 1, 0)
        if not limit:
            self.offers.append(np.full(aims.shape, -1))
            self.asks.append(np.full(aims.shape, np.inf))
            return
        asks = np.full(aims.shape, us[-1])
        for k, s in enumerate(used):
            code, params = minds.codes[s, ACCEPTANCE], minds.params[s]
            if code == NEXT:
                asks[k] = _asked(us[at[k]], low, high - low, params)
            elif code == TARGET:
                asks[k] = aims[k] - EPSILON
            elif code == CONSTANT:
                asks[k] = low + params[LEVEL] * (high - low) - EPSILON
            elif code == LATE:
                asks[k, game.times < params[WHEN]] = np.inf
            elif code == NEVER:
                asks[k] = np.inf
        self.offers.append(game.order[d, i][at].astype(np.int64))
        self.asks.append(np.maximum(asks, us[-1]))

    def play(self) -> Array:
        """How each negotiation ends, as `play` says it."""
        if self.n == 2 and self.limit.all():
            return self._two()
        return self._many()

    def _two(self) -> Array:
        out = np.empty((len(self.runs), 4), np.int64)
        for opener in (0, 1):
            here = np.flatnonzero(self.runs[:, 1] == opener)
            other = 1 - opener
            a, b = (self.row[i, self.runs[here, 2 + i]] for i in (opener, other))
            first, second = self.offers[opener][a], self.offers[other][b]
            replies = self.u[other][first] >= self.asks[other][b]
            returns = self.u[opener][second] >= np.roll(self.asks[opener][a], -1, axis=1)
            returns[:, -1] = False
            never = self.rounds
            t_reply = np.where(replies.any(axis=1), replies.argmax(axis=1), never)
            t_return = np.where(returns.any(axis=1), returns.argmax(axis=1) + 1, never)
            returned = t_return <= t_reply
            deal = np.minimum(t_return, t_reply) < never
            row = np.arange(len(here))
            when = np.minimum(np.where(returned, t_return, t_reply), never - 1)
            what = np.where(returned, second[row, np.maximum(when - 1, 0)], first[row, when])
            who = np.where(returned, other, opener)
            out[here] = np.stack(
                [np.where(deal, DEAL, DEADLINE), np.where(deal, what, -1), when, np.where(deal, who, -1)],
                axis=1,
            )
        return out

    def _many(self) -> Array:
        m = len(self.runs)
        out = np.tile(np.array([DEADLINE, -1, self.rounds - 1, -1]), (m, 1))
        offer, by, agreed = np.full(m, -1), np.full(m, -1), np.zeros(m, np.int64)
        going = np.arange(m)
        for r in range(self.rounds):
            for k in range(self.n):
                going = self._turn(r, k, going, (offer, by, agreed), out)
            if not len(going):
                break
        return out

    def _turn(self, r: int, k: int, going: Array, state: tuple[Array, Array, Array], out: Array) -> Array:
        """One turn of the negotiations that still go on; returns which go on after it."""
        offer, by, agreed = state
        seat = (self.runs[going, 1] + k) % self.n
        done = np.zeros(len(going), dtype=bool)
        for i in range(self.n):
            mine = seat == i
            here = going[mine]
            s = self.row[i, self.runs[here, 2 + i]]
            standing = offer[here]
            taken = (standing >= 0) & (self.u[i][standing] >= self.asks[i][s, r])
            planned = self.offers[i][s, r]
            left = ~taken & (planned < 0)
            offer[here] = np.where(taken, standing, planned)
            by[here] = np.where(taken, by[here], i)
            agreed[here] = np.where(taken, agreed[here] + 1, 0)
            deal = ~left & (agreed[here] == self.n - 1)
            out[here[left]] = WALKED, -1, r, i
            won = here[deal]
            out[won, 0], out[won, 1], out[won, 2], out[won, 3] = DEAL, offer[won], r, by[won]
            done[mine] = left | deal
        return going[~done]


def _asked(mine: Array, low: float, span: float, params: Array) -> Array:
    """The least utility that acceptance by the next offer takes: alpha (x - low) + beta span >= mine - low."""
    alpha, beta = params[ALPHA], params[BETA]
    if alpha == 1.0 and beta == 0.0:
        return mine
    if alpha <= 0.0:
        return np.where(beta * span >= mine - low, -np.inf, np.inf)
    return low + (mine - low - beta * span) / alpha

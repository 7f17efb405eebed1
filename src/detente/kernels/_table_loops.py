"""Alternating offers as compiled loops: many negotiations between strategies that are given as numbers.

What the codes mean is said in `detente.kernels.table`, and what the strategies do on the theory page on the table.
Everything lies on two tapes, F of floats and Z of whole numbers, whose head says where what begins: handing many
arrays from function to function costs more than the work (measured: twenty times as much). All functions are in one
file, because the cache of compiled code does not notice changes in another.
"""

from __future__ import annotations

import numba
import numpy as np

from detente.kernels import table
from detente.kernels._noticing import noticing
from detente.kernels.table import (
    ACCEPTANCE,
    ALPHA,
    AMOUNT,
    ANCHOR,
    BAYES,
    BEST_SO_FAR,
    BETA,
    BETTER,
    BITS,
    BROKEN,
    CAP,
    CHANCE,
    CODES,
    COMBINED,
    CONSTANT,
    COUNTS,
    CURVE,
    DEADLINE,
    DEAL,
    DEEPEST,
    EPSILON,
    FLOAT,
    FLOATS,
    FREQUENCY,
    GOT,
    HARD,
    HEARD,
    HEAVY,
    HIGH,
    HYBRID,
    INFO,
    INT,
    INTS,
    ISSUES,
    LAST_BY,
    LATE,
    LEAST,
    LEAVE,
    LEVEL,
    LEVELS,
    LIMIT,
    LOW,
    MICRO,
    MICRO_NEXT,
    MODEL,
    MOST,
    NAIVE,
    NEVER,
    NEXT,
    NICE,
    NOISE,
    OFFERING,
    ORDER,
    PACKED,
    PARAMS,
    PARTIES,
    PEAKS,
    PICK,
    PICK_ANY,
    PICK_LAST,
    PICK_MODEL,
    PREVIOUS,
    RANDOM,
    RISK,
    ROUNDS,
    ROW,
    SIGMA,
    SIZE,
    SIZES,
    SPECS,
    STEPS,
    TARGET,
    TFT_ABSOLUTE,
    TFT_AVERAGED,
    TIME,
    TIMES,
    TOP,
    US,
    WALKED,
    WASTE,
    WEIGHT,
    WEIGHTS,
    WHEN,
    WIDTH,
    WINDOW,
    WORTH,
    U,
)  # fmt: skip

TURNS, SEEN, SENT, DISTINCT, PLANNED, HEARD_LAST = range(6)
AIM, NEW_AIM, MINE, FIRST, BEST, BEFORE = range(6)

jit = numba.njit(nogil=True)


@jit
def us(F, Z, i, k):
    """Utility of position k on party i's list."""
    return F[Z[US] + (Z[ROW] + i) * Z[SIZE] + k]


@jit
def listed(Z, i, k):
    """Outcome at position k on party i's list."""
    return Z[Z[ORDER] + (Z[ROW] + i) * Z[SIZE] + k]


@jit
def limit_of(Z, i):
    """How many outcomes party i would take rather than no deal."""
    return Z[Z[LIMIT] + Z[ROW] + i]


@jit
def info(F, Z, i, what):
    """Party i's reservation value, greatest and least utility."""
    return F[Z[INFO] + 3 * (Z[ROW] + i) + what]


@jit
def code_of(Z, i, what):
    """A code of party i's strategy."""
    return Z[Z[CODES] + 5 * Z[SPECS + i] + what]


@jit
def param(F, Z, i, what):
    """A parameter of party i's strategy, or a point of its curve."""
    return F[Z[PARAMS] + (CURVE + Z[ROUNDS]) * Z[SPECS + i] + what]


@jit
def level_of(Z, outcome, q):
    """The level of issue q in an outcome."""
    return Z[Z[LEVELS] + outcome * Z[ISSUES] + q]


@jit
def heard(F, Z, i, k):
    """Party i's utility of the k-th offer that it heard."""
    return F[Z[HEARD] + i * Z[PARTIES] * Z[ROUNDS] + k]


@jit
def belief(Z, what, i, q):
    """Where party i's table of levels of issue q begins: counts, or expected worth."""
    return Z[what] + (i * Z[ISSUES] + q) * Z[DEEPEST]


@jit
def chance(Z, i, q):
    """Where party i's hypotheses on issue q begin."""
    return Z[CHANCE] + (i * Z[ISSUES] + q) * PEAKS * WEIGHTS


@jit
def uniform(rng):
    """The next number of the stream, in [0, 1): splitmix64 (Steele, Lea and Flood 2014)."""
    rng[0] += np.uint64(0x9E3779B97F4A7C15)
    z = rng[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return np.float64(z >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@jit
def last_above(F, Z, i, limit, aim):
    """Position of the last of the first ``limit`` entries of descending list of party i that is >= aim; 0 if none is."""
    low, high = 0, limit
    while low < high:
        middle = (low + high) >> 1
        if us(F, Z, i, middle) >= aim:
            low = middle + 1
        else:
            high = middle
    return low - 1 if low > 0 else 0


@jit
def value(F, Z, i, model, outcome):
    """What party i thinks that an outcome is worth to the others, on a scale of its own."""
    total = 0.0
    for q in range(Z[ISSUES]):
        level = level_of(Z, outcome, q)
        if model == FREQUENCY:
            total += F[belief(Z, COUNTS, i, q) + level]
        elif model == HARD:
            if F[Z[MOST] + i * Z[ISSUES] + q] > 0.0:
                total += (
                    F[Z[WEIGHT] + i * Z[ISSUES] + q]
                    * F[belief(Z, COUNTS, i, q) + level]
                    / F[Z[MOST] + i * Z[ISSUES] + q]
                )
        else:
            total += F[belief(Z, WORTH, i, q) + level]
    return total


@jit
def alikeness(Z, one, other):
    """How alike two outcomes are: the sum over issues of 1 minus the share of levels between them."""
    total = 0.0
    for q in range(Z[ISSUES]):
        if Z[Z[SIZES] + q] > 1:
            apart = abs(level_of(Z, one, q) - level_of(Z, other, q))
            total += 1.0 - apart / (Z[Z[SIZES] + q] - 1.0)
        else:
            total += 1.0
    return total


@jit
def nash_aim(F, Z, i, model):
    """Own utility of the outcome with the largest product of own gain and estimated worth to the others."""
    best, found = -1.0, us(F, Z, i, 0)
    for k in range(limit_of(Z, i)):
        here = (us(F, Z, i, k) - info(F, Z, i, LOW)) * value(F, Z, i, model, listed(Z, i, k))
        if here > best:
            best, found = here, us(F, Z, i, k)
    return found


@jit
def scaled(F, Z, i, x):
    """A utility on 0..1 between party i's least and greatest."""
    span = info(F, Z, i, HIGH) - info(F, Z, i, LEAST)
    return (x - info(F, Z, i, LEAST)) / span if span > 0.0 else 1.0


@jit
def reciprocal(F, Z, rng, i):
    """The aim of the four tit-for-tat rules that look at own utilities only."""
    last, seen, code = F[Z[FLOATS] + FLOAT * i + AIM], Z[Z[INTS] + INT * i + SEEN], code_of(Z, i, OFFERING)
    if code == NAIVE:
        if seen == 0:
            return info(F, Z, i, HIGH)
        given = F[Z[FLOATS] + FLOAT * i + BEST] - F[Z[FLOATS] + FLOAT * i + FIRST]
        span = info(F, Z, i, HIGH) - info(F, Z, i, LOW)
        return info(F, Z, i, HIGH) - given - param(F, Z, i, AMOUNT) * span * Z[Z[INTS] + INT * i + TURNS]
    back = np.int64(param(F, Z, i, AMOUNT))
    if code == TFT_AVERAGED:
        back = min(back, seen - 1)
        before, after = seen - 1 - back, seen - 1
    else:
        before, after = seen - 1 - back, seen - back
    if before < 0 or back < 1:
        return last
    earlier, later = heard(F, Z, i, before), heard(F, Z, i, after)
    if code == TFT_ABSOLUTE:
        aim = last - (later - earlier)
        if param(F, Z, i, NOISE) > 0.0:
            aim += (
                (2.0 * uniform(rng) - 1.0)
                * param(F, Z, i, NOISE)
                * (info(F, Z, i, HIGH) - info(F, Z, i, LOW))
            )
        return aim
    a, b = scaled(F, Z, i, earlier), scaled(F, Z, i, later)
    if a <= 0.0 or b <= 0.0:
        return last - (later - earlier)
    return info(F, Z, i, LEAST) + (info(F, Z, i, HIGH) - info(F, Z, i, LEAST)) * scaled(F, Z, i, last) * a / b


@jit
def hybrid(F, Z, rng, i, r):
    """Time-dependent and behaviour-dependent aims mixed (Keskin, Cakan and Aydogan 2021)."""
    timed = info(F, Z, i, HIGH) - param(F, Z, i, CURVE + r) * (info(F, Z, i, HIGH) - info(F, Z, i, LOW))
    seen = Z[Z[INTS] + INT * i + SEEN]
    if seen <= 2:
        return timed
    window = min(seen - 1, 4)
    delta = 0.0
    for k in range(window):
        at = seen - window + k
        delta += WINDOW[window - 1, k] * (heard(F, Z, i, at) - heard(F, Z, i, at - 1))
    t = F[Z[TIMES] + r]
    behaviour = F[Z[FLOATS] + FLOAT * i + MINE] - (0.5 + 0.5 * t) * delta
    return (1.0 - t * t) * behaviour + t * t * timed


@jit
def aim_of(F, Z, rng, i, r):
    """The utility that party i aims at in round r, between its reservation value and its best."""
    code, high, low = code_of(Z, i, OFFERING), info(F, Z, i, HIGH), info(F, Z, i, LOW)
    if code == TIME:
        return high - param(F, Z, i, CURVE + r) * (high - low)
    if code == NICE:
        aim = high
        if Z[Z[INTS] + INT * i + SEEN] > 0:
            nash = nash_aim(F, Z, i, code_of(Z, i, MODEL))
            first, best = F[Z[FLOATS] + FLOAT * i + FIRST], F[Z[FLOATS] + FLOAT * i + BEST]
            share = (best - first) / (nash - first) if nash > first else 1.0
            aim = high - min(share, 1.0) * (high - nash)
    elif code == HYBRID:
        aim = hybrid(F, Z, rng, i, r)
    else:
        aim = reciprocal(F, Z, rng, i)
    return min(max(aim, low), high)


@jit
def choose(F, Z, rng, i, aim):
    """The position on party i's list that it would offer at an aim."""
    pick = code_of(Z, i, PICK)
    at = last_above(F, Z, i, limit_of(Z, i), aim)
    if pick == PICK_LAST or (pick != PICK_ANY and Z[Z[INTS] + INT * i + SEEN] == 0):
        return at
    top = us(F, Z, i, at) + param(F, Z, i, WIDTH) * (info(F, Z, i, HIGH) - info(F, Z, i, LOW))
    start, high = 0, at
    while start < high:  # the first on the list that is worth no more than the top
        middle = (start + high) >> 1
        if us(F, Z, i, middle) <= top:
            high = middle
        else:
            start = middle + 1
    if pick == PICK_ANY:
        return start + np.int64(uniform(rng) * (at - start + 1))
    if pick == PICK_MODEL:
        return best_for_others(F, Z, i, start, at)
    anchor = Z[Z[INTS] + INT * i + HEARD_LAST + code_of(Z, i, ANCHOR)]
    best, found = -1.0, at
    for k in range(at, start - 1, -1):
        here = alikeness(Z, listed(Z, i, k), anchor)
        if here > best + 1e-12:
            best, found = here, k
    return found


@jit
def best_for_others(F, Z, i, start, at):
    """The position from ``at`` up to ``start`` on party i's list that its model takes for the best for the others: as `value`."""
    issues, deep, model = Z[ISSUES], Z[DEEPEST], code_of(Z, i, MODEL)
    counts, worth = belief(Z, COUNTS, i, 0), belief(Z, WORTH, i, 0)
    if model == FREQUENCY:
        worth = counts
    elif model == HARD:  # what each level adds, worked out once
        for q in range(issues):
            most, weight = F[Z[MOST] + i * issues + q], F[Z[WEIGHT] + i * issues + q]
            for cell in range(q * deep, q * deep + Z[Z[SIZES] + q]):
                F[worth + cell] = weight * F[counts + cell] / most if most > 0.0 else 0.0
    order, levels = Z[ORDER] + (Z[ROW] + i) * Z[SIZE], Z[LEVELS]
    best, found = -1.0, at
    if Z[BITS] > 0:
        packed, mask = Z[PACKED] + (Z[ROW] + i) * Z[SIZE], (1 << Z[BITS]) - 1
        for k in range(at, start - 1, -1):
            code, here = Z[packed + k], 0.0
            for q in range(issues):
                here += F[worth + q * deep + (code & mask)]
                code >>= Z[BITS]
            if here > best + 1e-12:
                best, found = here, k
        return found
    for k in range(at, start - 1, -1):
        first, here = levels + Z[order + k] * issues, 0.0
        for q in range(issues):
            here += F[worth + q * deep + Z[first + q]]
        if here > best + 1e-12:
            best, found = here, k
    return found


@jit
def plan(F, Z, rng, i, r):
    """The position on party i's list that it would offer in round r, -1 for walking out."""
    limit, code = limit_of(Z, i), code_of(Z, i, OFFERING)
    turns, sent = Z[Z[INTS] + INT * i + TURNS], Z[Z[INTS] + INT * i + SENT]
    if code == WASTE:
        wasted = Z[SIZE] - limit
        if turns < wasted:
            return Z[SIZE] - 1 - turns
        turns -= wasted
    if limit == 0:
        return -1
    silent = Z[Z[INTS] + INT * i + SEEN] == 0 or F[Z[FLOATS] + FLOAT * i + BEST] < us(F, Z, i, limit - 1)
    if silent and F[Z[TIMES] + r] >= param(F, Z, i, LEAVE):
        return -1
    if code == MICRO:
        if sent <= Z[Z[INTS] + INT * i + DISTINCT] and sent < limit:
            return sent
        return np.int64(uniform(rng) * sent)
    if code == RANDOM:
        return np.int64(uniform(rng) * limit)
    if code == TOP:
        count = np.int64(np.ceil(param(F, Z, i, AMOUNT) * Z[SIZE]))
        return np.int64(uniform(rng) * min(limit, max(1, count)))
    if code in (STEPS, WASTE):
        return min(turns, limit - 1)
    aim = aim_of(F, Z, rng, i, r)
    F[Z[FLOATS] + FLOAT * i + NEW_AIM] = aim
    return choose(F, Z, rng, i, aim)


@jit
def late(F, Z, rng, i, r, x):
    """Whether x is the best that was heard in a window as long as the time that is left."""
    if F[Z[TIMES] + r] < param(F, Z, i, WHEN):
        return False
    seen = Z[Z[INTS] + INT * i + SEEN]
    window = (Z[ROUNDS] - r) * (Z[PARTIES] - 1)
    for k in range(max(0, seen - window), seen):
        if heard(F, Z, i, k) > x:
            return False
    return True


@jit
def accepts(F, Z, rng, i, r, offer):
    """Whether party i takes the standing offer in round r; never below its reservation value."""
    limit, code = limit_of(Z, i), code_of(Z, i, ACCEPTANCE)
    x = F[Z[U] + (Z[ROW] + i) * Z[SIZE] + offer]
    if code == NEVER or limit == 0 or x < us(F, Z, i, limit - 1):
        return False
    low, span = info(F, Z, i, LOW), info(F, Z, i, HIGH) - info(F, Z, i, LOW)
    if code == CONSTANT:
        return x >= low + param(F, Z, i, LEVEL) * span - EPSILON
    if code == LATE:
        return F[Z[TIMES] + r] >= param(F, Z, i, WHEN)
    if code == BEST_SO_FAR:
        return x >= F[Z[FLOATS] + FLOAT * i + BEST]
    if code == BETTER:
        return x > F[Z[FLOATS] + FLOAT * i + BEFORE]
    if code == MICRO_NEXT:
        sent = Z[Z[INTS] + INT * i + SENT]
        if sent <= Z[Z[INTS] + INT * i + DISTINCT] and sent < limit:
            return x >= us(F, Z, i, sent)
        return x >= us(F, Z, i, sent - 1)
    if code == PREVIOUS:
        return Z[Z[INTS] + INT * i + TURNS] > 0 and x >= F[Z[FLOATS] + FLOAT * i + MINE]
    if code == TARGET:
        return x >= F[Z[FLOATS] + FLOAT * i + NEW_AIM] - EPSILON
    if code in (NEXT, COMBINED):
        planned = Z[Z[INTS] + INT * i + PLANNED]
        mine = us(F, Z, i, planned) if planned >= 0 else info(F, Z, i, HIGH)
        if param(F, Z, i, ALPHA) * (x - low) + param(F, Z, i, BETA) * span >= mine - low:
            return True
        return code == COMBINED and late(F, Z, rng, i, r, x)
    return True


@jit
def update_bayes(F, Z, i, offer, t):
    """Hypotheses on each issue's weight and peak, by how well they explain an offer (Hindriks and Tykhonov 2008)."""
    total, heavy, issues = 0.0, 0.0, Z[ISSUES]
    for q in range(issues):
        total += F[belief(Z, WORTH, i, q) + level_of(Z, offer, q)]
        heavy += F[Z[HEAVY] + i * Z[ISSUES] + q]
    for q in range(issues):
        level, size = level_of(Z, offer, q), Z[Z[SIZES] + q]
        rest = total - F[belief(Z, WORTH, i, q) + level]
        others = heavy - F[Z[HEAVY] + i * Z[ISSUES] + q]
        norm = 0.0
        peaks = min(size, PEAKS)
        for h in range(peaks):
            peak = h * (size - 1) // max(peaks - 1, 1)
            v = 1.0 - abs(level - peak) / max(peak, size - 1 - peak, 1)
            for w in range(WEIGHTS):
                weight = (w + 1.0) / WEIGHTS
                miss = (weight * v + rest) / (weight + others) - (1.0 - CAP * t)
                F[chance(Z, i, q) + h * WEIGHTS + w] *= np.exp(-miss * miss / (2.0 * SIGMA * SIGMA))
                norm += F[chance(Z, i, q) + h * WEIGHTS + w]
        for h in range(peaks):
            for w in range(WEIGHTS):
                F[chance(Z, i, q) + h * WEIGHTS + w] /= norm
    expect(F, Z, i)


@jit
def expect(F, Z, i):
    """Expected weight of each issue and worth of each level under the hypotheses."""
    for q in range(Z[ISSUES]):
        size = Z[Z[SIZES] + q]
        peaks = min(size, PEAKS)
        F[Z[HEAVY] + i * Z[ISSUES] + q] = 0.0
        for level in range(size):
            F[belief(Z, WORTH, i, q) + level] = 0.0
        for h in range(peaks):
            peak = h * (size - 1) // max(peaks - 1, 1)
            weight = 0.0
            for w in range(WEIGHTS):
                weight += F[chance(Z, i, q) + h * WEIGHTS + w] * (w + 1.0) / WEIGHTS
            F[Z[HEAVY] + i * Z[ISSUES] + q] += weight
            for level in range(size):
                F[belief(Z, WORTH, i, q) + level] += weight * (
                    1.0 - abs(level - peak) / max(peak, size - 1 - peak, 1)
                )


@jit
def hear(F, Z, rng, i, offer, by, r, stamp):
    """Party i hears an offer of another."""
    x, seen = F[Z[U] + (Z[ROW] + i) * Z[SIZE] + offer], Z[Z[INTS] + INT * i + SEEN]
    F[Z[HEARD] + i * Z[PARTIES] * Z[ROUNDS] + seen] = x
    if seen == 0:
        F[Z[FLOATS] + FLOAT * i + FIRST] = x
        Z[Z[INTS] + INT * i + HEARD_LAST + 1] = offer
    F[Z[FLOATS] + FLOAT * i + BEFORE] = F[Z[FLOATS] + FLOAT * i + BEST] if seen > 0 else -np.inf
    if seen == 0 or x > F[Z[FLOATS] + FLOAT * i + BEST]:
        F[Z[FLOATS] + FLOAT * i + BEST] = x
        Z[Z[INTS] + INT * i + HEARD_LAST + 2] = offer
    Z[Z[INTS] + INT * i + HEARD_LAST] = offer
    Z[Z[INTS] + INT * i + SEEN] = seen + 1
    if code_of(Z, i, OFFERING) == MICRO and Z[Z[GOT] + i * Z[SIZE] + offer] != stamp:
        Z[Z[GOT] + i * Z[SIZE] + offer] = stamp
        Z[Z[INTS] + INT * i + DISTINCT] += 1
    model = code_of(Z, i, MODEL)
    if model in (FREQUENCY, HARD):
        before = Z[Z[LAST_BY] + by]
        for q in range(Z[ISSUES]):
            level = level_of(Z, offer, q)
            F[belief(Z, COUNTS, i, q) + level] += 1.0
            F[Z[MOST] + i * Z[ISSUES] + q] = max(
                F[Z[MOST] + i * Z[ISSUES] + q], F[belief(Z, COUNTS, i, q) + level]
            )
            if model == HARD and before >= 0 and level_of(Z, before, q) == level:
                F[Z[WEIGHT] + i * Z[ISSUES] + q] += 0.1
    elif model == BAYES:
        update_bayes(F, Z, i, offer, F[Z[TIMES] + r])


@jit
def begin(F, Z):
    """Everything forgotten."""
    n = Z[PARTIES]
    for i in range(n):
        for k in range(INT):
            Z[Z[INTS] + INT * i + k] = 0
        Z[Z[LAST_BY] + i] = -1
        high = info(F, Z, i, HIGH)
        F[Z[FLOATS] + FLOAT * i + AIM] = high
        F[Z[FLOATS] + FLOAT * i + NEW_AIM] = high
        model = code_of(Z, i, MODEL)
        if model != 0:
            for q in range(Z[ISSUES]):
                forget(F, Z, i, q, model)
            if model == BAYES:
                expect(F, Z, i)


@jit
def forget(F, Z, i, q, model):
    """Party i's model of the others on issue q, as before the first offer."""
    if model == BAYES:
        peaks = min(Z[Z[SIZES] + q], PEAKS)
        for h in range(peaks):
            for w in range(WEIGHTS):
                F[chance(Z, i, q) + h * WEIGHTS + w] = 1.0 / (peaks * WEIGHTS)
        return
    F[Z[MOST] + i * Z[ISSUES] + q] = 0.0
    F[Z[WEIGHT] + i * Z[ISSUES] + q] = 1.0
    for level in range(Z[Z[SIZES] + q]):
        F[belief(Z, COUNTS, i, q) + level] = 0.0


@jit
def propose(F, Z, i, planned):
    """Party i puts the outcome at a position of its list on the table."""
    F[Z[FLOATS] + FLOAT * i + AIM] = F[Z[FLOATS] + FLOAT * i + NEW_AIM]
    F[Z[FLOATS] + FLOAT * i + MINE] = us(F, Z, i, planned)
    Z[Z[INTS] + INT * i + TURNS] += 1
    if code_of(Z, i, OFFERING) == MICRO and planned == Z[Z[INTS] + INT * i + SENT]:
        Z[Z[INTS] + INT * i + SENT] += 1
    return listed(Z, i, planned)


@jit
def negotiate(F, Z, rng, opener, stamp, trace):
    """One negotiation: how it ended, the outcome (-1 for none), the round, and who proposed.

    ``trace`` (T, 4), T 0 or at least n R: each turn's round, party, 1 for a taken offer, outcome (-1: it left).
    """
    n, rounds = Z[PARTIES], Z[ROUNDS]
    begin(F, Z)
    offer, by, agreed, turn = -1, -1, 0, 0
    for r in range(rounds):
        for k in range(n):
            i = opener + k
            if i >= n:
                i -= n
            planned = plan(F, Z, rng, i, r)
            Z[Z[INTS] + INT * i + PLANNED] = planned
            taken = offer >= 0 and accepts(F, Z, rng, i, r, offer)
            if taken:
                agreed += 1
            elif planned >= 0:
                offer, by, agreed = propose(F, Z, i, planned), i, 0
                for j in range(n):
                    if j != i:
                        hear(F, Z, rng, j, offer, i, r, stamp)
                Z[Z[LAST_BY] + i] = offer
            if turn < len(trace):
                trace[turn, 0], trace[turn, 1], trace[turn, 2] = r, i, 1 if taken else 0
                trace[turn, 3] = offer if taken or planned >= 0 else -1
            turn += 1
            if not taken and planned < 0:
                return WALKED, -1, r, i
            if agreed == n - 1:
                return DEAL, offer, r, by
        if F[Z[RISK] + r] > 0.0 and uniform(rng) < F[Z[RISK] + r]:
            return BROKEN, -1, r, -1
    return DEADLINE, -1, rounds - 1, -1


@numba.njit("void(f8[::1], i8[::1], i8[:, ::1], u8[::1], i8[:, ::1], i8[:, ::1])", cache=True, nogil=True)
@noticing(table)
def negotiate_all(F, Z, runs, states, out, trace):
    """Many negotiations. ``runs`` (m, 2 + n): draw, opener, strategies; ``states`` (m,): their streams.

    ``out`` (m, 4), modified in place: how it ended, outcome, round, proposer.
    """
    n = Z[PARTIES]
    rng = np.empty(1, np.uint64)
    for m in range(len(runs)):
        Z[ROW] = runs[m, 0] * n
        for i in range(n):
            Z[SPECS + i] = runs[m, 2 + i]
        rng[0] = states[m]
        out[m, 0], out[m, 1], out[m, 2], out[m, 3] = negotiate(F, Z, rng, runs[m, 1], m + 1, trace)

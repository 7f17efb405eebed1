"""Compiled loops of the search: local search, reduction, depth-first enumeration.

Words, for all of them. There are n stages with O options in all, numbered through: stage i has the options
`starts[i] .. starts[i + 1] - 1`. `values` (O, k) are the utilities of the k parties, gains g = u - `reservation` (k,).

A *measure* is what one round of the search maximises: its `kind`, with `param` (k,) and, for RANK, `rank`.

A *cut* is a condition direction . g >= level that every outcome of interest meets. An option's *loss* under a cut is what
it gives away against the best option of its stage; an outcome meets the cut when its losses add up to no more than the
cut's *slack*. Cuts of rate 1 tighten one for one as the best measure rises, cuts of rate 0 stay. The first k cuts are those
of the single parties, the last one is the cut of the dual bound.

Importing this module compiles the loops, or loads them from Numba's disk cache; `search` does so only for spaces that are
too large to enumerate. The loops share one file because that cache does not look into others.
"""

import numpy as np
from numba import njit

LOG, SUM, RANK, NOTHING = (
    0,
    1,
    2,
    3,
)  # measures: 0, sum of param * log g, sum of param * g, the rank-th smallest g / param

KIND, ORDER, LEAST, PARAM = (
    0,
    1,
    2,
    3,
)  # a rule is [kind, rank, least measure that passes, param of each party]

# slots of `state` in `walk`
LEVEL, NODES, KEPT, PARTIAL, DONE, MERGED, SLOTS = 0, 1, 2, 3, 4, 5, 6

GRAIN = 1e-11  # partial losses that agree to this are one state, where states are merged


@njit("float64(float64[::1], float64[::1])", cache=True)
def measure(rule, gains):
    """The measure of one outcome with gains (k,). LOG and RANK read the parties with param > 0; 0 if there are none."""
    kind, param, total = rule[KIND], rule[PARAM:], 0.0
    if kind == LOG:
        for p in range(gains.size):
            if param[p] > 0.0:
                total += param[p] * np.log(gains[p])
    elif kind == SUM:
        for p in range(gains.size):
            total += param[p] * gains[p]
    elif kind == RANK:
        for p in range(gains.size):
            if param[p] > 0.0:
                mine = gains[p] / param[p]
                below = 0
                for q in range(gains.size):
                    if param[q] > 0.0:
                        other = gains[q] / param[q]
                        if other < mine or (other == mine and q < p):
                            below += 1
                if below == rule[ORDER]:
                    return mine
    return total


@njit("void(float64[:, ::1], float64[::1], int64[::1], int32[::1], float64[::1])", cache=True)
def gains_of(values, reservation, starts, choice, gains):
    """Gains of one outcome, written into `gains`: utilities added in stage order, exactly as an enumeration adds them."""
    for p in range(gains.size):
        total = values[starts[0] + choice[0], p]
        for i in range(1, choice.size):
            total += values[starts[i] + choice[i], p]
        gains[p] = total - reservation[p]


@njit("boolean(float64[::1], float64[::1])", cache=True)
def at_least(gains, floors):
    """Whether every gain reaches its floor."""
    for p in range(gains.size):
        if gains[p] < floors[p]:
            return False
    return True


@njit(
    "float64(float64[:, ::1], float64[::1], float64[::1], int64[::1], float64[::1], float64[::1], float64, float64, int64, int32[::1])",
    cache=True,
)
def improve(values, reservation, floors, starts, rule, loss, bound, enough, trials, choice):
    """Two-exchange local search: takes the best pair of options for two stages at a time until no pair helps.

    `choice` (n,) int32 meets the floors (k,) on entry and is improved in place; returns its measure. `loss` (O,) with
    `bound`: no outcome measures more than bound minus its losses, which saves most evaluations. Ends after `trials`.
    """
    n, k = choice.size, values.shape[1]
    gains, trial = np.empty(k), np.empty(k)
    gains_of(values, reservation, starts, choice, gains)
    best = measure(rule, gains)
    spent = 0.0
    for i in range(n):
        spent += loss[starts[i] + choice[i]]
    improved = True
    while improved:
        improved = False
        for i in range(n):
            for j in range(i):
                old_i, old_j = starts[i] + choice[i], starts[j] + choice[j]
                rest = spent - loss[old_i] - loss[old_j]
                better_i, better_j = old_i, old_j
                for a in range(starts[i], starts[i + 1]):
                    for b in range(starts[j], starts[j + 1]):
                        if bound - rest - loss[a] - loss[b] <= best:
                            continue
                        trials -= 1
                        for p in range(k):
                            trial[p] = (
                                gains[p]
                                + (values[a, p] - values[old_i, p])
                                + (values[b, p] - values[old_j, p])
                            )
                        if at_least(trial, floors):
                            value = measure(rule, trial)
                            if value > best + 1e-12:
                                best, better_i, better_j = value, a, b
                if better_i != old_i or better_j != old_j:
                    choice[i], choice[j] = better_i - starts[i], better_j - starts[j]
                    spent = rest + loss[better_i] + loss[better_j]
                    gains_of(values, reservation, starts, choice, gains)
                    improved = True
                if trials < 0 or best >= enough:
                    return best
    return best


@njit("boolean(float64[:, ::1], int64[::1], float64[::1], boolean[::1])", cache=True)
def tighten(loss, starts, slack, alive):
    """Drop the options that no outcome of interest can use, and charge what every remaining option of a stage costs.

    In place: `loss` (O, q), `slack` (q,), `alive` (O,). Repeats until nothing changes; False if a stage is left empty.
    """
    changed = True
    while changed:
        changed = False
        for o in range(alive.size):
            if alive[o]:
                for c in range(slack.size):
                    if loss[o, c] > slack[c]:
                        alive[o] = False
                        changed = True
        for i in range(starts.size - 1):
            for c in range(slack.size):
                least = np.inf
                for o in range(starts[i], starts[i + 1]):
                    if alive[o]:
                        least = min(least, loss[o, c])
                if least == np.inf:
                    return False
                if least > 0.0:
                    slack[c] -= least
                    for o in range(starts[i], starts[i + 1]):
                        loss[o, c] -= least
    return True


@njit("boolean(int64, float64[::1], int64, int64[:, ::1])", cache=True)
def seen(level, spent, parties, table):
    """Whether this state (level and the parties' partial losses) is in the table; it is afterwards. Replaces on collision."""
    mixed = np.uint64(level)
    for c in range(parties):
        mixed = (mixed ^ np.uint64(np.int64(np.rint(spent[c] / GRAIN)))) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    row = np.int64(mixed % np.uint64(table.shape[0]))
    known = table[row, parties] == level + 1
    table[row, parties] = level + 1
    for c in range(parties):
        part = np.int64(np.rint(spent[c] / GRAIN))
        known = known and table[row, c] == part
        table[row, c] = part
    return known


@njit("float64(float64[::1], float64[::1], float64[:, ::1], float64, float64)", cache=True)
def judge(gains, floors, rules, best, tie):
    """The last rule's measure if the outcome meets the floors and the earlier rules and is not beaten; else -inf."""
    if not at_least(gains, floors):
        return -np.inf
    value = 0.0
    for r in range(rules.shape[0]):
        value = measure(rules[r], gains)
        if r < rules.shape[0] - 1 and value < rules[r, LEAST]:
            return -np.inf
    return value if value >= best - tie else -np.inf


@njit("void(int32[:, ::1], float64[::1], int64, int64)", cache=True)
def move(kept, worth, source, target):
    """Copy one kept outcome over another."""
    for i in range(kept.shape[1]):
        kept[target, i] = kept[source, i]
    worth[target] = worth[source]


@njit("void(int32[::1], float64, float64, int64[::1], int32[:, ::1], float64[::1])", cache=True)
def keep(choice, value, least, state, kept, worth):
    """Add an outcome to the kept ones; those below `least` make room; without room mark `state` as partial."""
    rows = state[KEPT]
    if rows == worth.size and state[PARTIAL] == 0:
        rows = 0
        for row in range(worth.size):
            if worth[row] >= least:
                move(kept, worth, row, rows)
                rows += 1
        if rows == worth.size:
            state[PARTIAL] = 1
    if rows > 0 and value <= worth[0]:
        if state[PARTIAL] > 0:
            return
        row = rows
    else:
        if rows > 0 and state[PARTIAL] == 0:
            move(kept, worth, 0, rows)
        row = 0
    for i in range(choice.size):
        kept[row, i] = choice[i]
    worth[row] = value
    if state[PARTIAL] == 0 or rows == 0:
        rows += 1
    state[KEPT] = rows


@njit("void(int64[::1], int64[::1], int64[::1], int64[::1], int64[::1], int32[::1])", cache=True)
def decode(options, pointer, blocks, stages, starts, choice):
    """Write the options that a walk points at into `choice`; the options of a block of stages make up one number."""
    for level in range(blocks.size - 1):
        number = options[pointer[level] - 1]
        for place in range(blocks[level + 1] - 1, blocks[level] - 1, -1):
            stage = stages[place]
            size = starts[stage + 1] - starts[stage]
            choice[stage] = number % size
            number //= size


@njit(
    "float64(float64[:, ::1], int64[::1], int64[::1], int64[::1], int64[::1], int64[::1], float64[::1], float64[::1],"
    " float64[::1], float64, float64, float64, float64, int64, boolean, float64[:, ::1], float64[:, ::1], float64[::1],"
    " float64[::1], int64[::1],"
    " int32[::1], int64[::1], int64[::1], float64[:, ::1], int32[:, ::1], float64[::1], int64[:, ::1])",
    cache=True,
)
def walk(
    loss, levels, blocks, stages, options, skips, slack, rate, room, start, best, tie, skip, limit, first,
    rules, values, reservation, floors, starts,
    choice, state, pointer, spent, kept, worth, table,
):  # fmt: skip
    """Depth-first enumeration"""
    n_levels, n_cuts, k = levels.size - 1, slack.size, floors.size
    gains = np.empty(k)
    lowest = np.int64(0)
    level = state[LEVEL]
    stop = state[NODES] + limit
    for c in range(n_cuts):
        room[c] = slack[c] - rate[c] * (best - start + (tie + skip if state[PARTIAL] else 0.0))
    while level >= 0:
        if level == n_levels:
            level -= 1
            if first and state[KEPT] > 0 and options[pointer[level] - 1] >= lowest:
                continue
            decode(options, pointer, blocks, stages, starts, choice)
            gains_of(values, reservation, starts, choice, gains)
            value = judge(gains, floors, rules, best, tie)
            if value == -np.inf:
                continue
            if first:
                if level < 0:
                    keep(choice, value, -np.inf, state, kept, worth)
                    break
                lowest = options[pointer[level] - 1]
                state[KEPT] = 0
                keep(choice, value, -np.inf, state, kept, worth)
                continue
            best = max(best, value)
            keep(choice, value, best - tie, state, kept, worth)
            for c in range(n_cuts):
                room[c] = slack[c] - rate[c] * (best - start + (tie + skip if state[PARTIAL] else 0.0))
            continue
        o = pointer[level]
        if o == levels[level + 1]:
            level -= 1
            if first and state[KEPT] > 0:
                break
            continue
        pointer[level] = o + 1
        fits = True
        for c in range(n_cuts - 1, -1, -1):
            spent[level + 1, c] = spent[level, c] + loss[o, c]
            if spent[level + 1, c] > room[c]:
                fits = False
                break
        if not fits:
            pointer[level] = skips[o]
            continue
        state[NODES] += 1
        if options[o] < 0:
            continue
        level += 1
        if level < n_levels:
            pointer[level] = levels[level]
            if table.shape[0] > 0 and seen(level, spent[level], k, table):
                state[MERGED] += 1
                level -= 1
            elif state[NODES] >= stop:
                state[LEVEL] = level
                return best
    state[LEVEL] = -1
    state[DONE] = 1
    return best

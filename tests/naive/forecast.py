"""The influence models straight from their definitions, in plain loops: one draw at a time, no arrays.

Numbers of steps are those of ``docs/explanation/forecast.md``.
"""

from __future__ import annotations

import math

TIE = 1e-12


# the spatial model of politics ----------------------------------------------------------------------------------


def force(rule, gain):
    """The vote of one unit of weight on a difference in utility."""
    binary = 0.0 if abs(gain) < 1e-13 else max(-1.0, min(1.0, gain / 1e-8))
    return {
        "proportional": gain,
        "binary": binary,
        "proportional-binary": 0.8 * gain + 0.2 * binary,
        "cubic": gain**3,
        "proportional-cubic": 0.5 * gain + 0.5 * gain**3,
        "prospect": gain if gain < 0 else 2 * gain / 3,
    }[rule]


def beats(rule, mine, other):
    """The chance that a coalition of one strength beats another."""
    if rule == "binary":
        if mine >= 1.1 * other:
            return 1 / (1 + 1e-6)
        if other >= 1.1 * mine:
            return 1e-6 / (1 + 1e-6)
        return (mine / (mine + other) * 2.1 - 1) / 0.1
    power = {"linear": 1, "square": 2, "quartic": 4, "octic": 8}[rule]
    return mine**power / (mine**power + other**power)


def coalitions(rule, weights, utility):
    """Strength for option x against option y; the later option is voted on as a change from the earlier."""
    m = len(utility[0])
    strength = [[1e-8] * m for _ in range(m)]
    for x in range(m):
        for y in range(x):
            for k, weight in enumerate(weights):
                vote = weight * force(rule, utility[k][x] - utility[k][y])
                if vote > 0:
                    strength[x][y] += vote
                else:
                    strength[y][x] -= vote
    return strength


def election(rule, victory, strength):
    """The share of each option."""
    m = len(strength)
    chance = [
        [0.5 if x == y else beats(victory, strength[x][y], strength[y][x]) for y in range(m)]
        for x in range(m)
    ]
    if rule == "conditional":
        share = [math.prod(chance[x]) for x in range(m)]
        return [s / sum(share) for s in share]
    if rule == "markov-uniform":
        challenge = [[1 / m] * m for _ in range(m)]
    else:
        urge = [
            [strength[x][y] * chance[x][y] + (1e-10 if x == y else 0) for y in range(m)] for x in range(m)
        ]
        challenge = [[urge[x][y] / sum(urge[z][y] for z in range(m)) for y in range(m)] for x in range(m)]
    share = [1 / m] * m
    for _ in range(200_000):
        after = [
            sum(chance[x][y] * (share[x] * challenge[y][x] + share[y] * challenge[x][y]) for y in range(m))
            for x in range(m)
        ]
        change = max(abs(a - s) for a, s in zip(after, share, strict=True))
        share = [(a + s) / 2 for a, s in zip(after, share, strict=True)]
        if change < 1e-15:
            break
    return [s / sum(share) for s in share]


def distance(ideal, care, point):
    whole = sum(z * z for z in care)
    if whole == 0:
        return 0.0
    return math.sqrt(sum((z * (t - p)) ** 2 for z, t, p in zip(care, ideal, point, strict=True)) / whole)


def utility(d, risk):
    return (1 - d) * (1 + risk * d)


def attitudes(share, rule):
    low, high = min(share), max(share)
    if high - low <= TIE:
        return [0.0] * len(share)
    return [
        {
            "min": (p - low) / (high - low),
            "mid": (3 * p - high - 2 * low) / (2 * (high - low)),
            "max": (2 * p - high - low) / (high - low),
        }[rule]
        for p in share
    ]


def believed(seer, seen, rule):
    return {
        "none": seer, "third": (2 * seer + seen) / 3, "half": (seer + seen) / 2,
        "two-thirds": (seer + 2 * seen) / 3, "full": seen,
    }[rule]  # fmt: skip


def odds(u, i, j, power, rules):
    """The chance that i beats j when utilities are ``u`` (4)."""
    n = len(u)
    own = 1e-10 + max(0.0, power[i] * force(rules.vote, u[i][i] - u[i][j]))
    other = 1e-10 + max(0.0, -power[j] * force(rules.vote, u[j][i] - u[j][j]))
    won, lost = own, other
    for k in range(n):
        if k in (i, j):
            continue
        vote = power[k] * force(rules.vote, u[k][i] - u[k][j])
        p = (own + max(0.0, vote)) / (own + other + abs(vote))
        ui, uj, uk = u[k][i], u[k][j], u[k][k]
        joins_i, joins_j = {
            "semi": (p * (2 * ui + uk) + (1 - p) * 3 * uj, p * 3 * ui + (1 - p) * (2 * uj + uk)),
            "none": (p * (2 * ui + uk) + (1 - p) * (2 * uj + uk),) * 2,
            "full": (p * 3 * ui + (1 - p) * 3 * uj,) * 2,
        }[rules.commitment]
        joined = power[k] * force(rules.vote, joins_i - joins_j)
        won += max(0.0, joined)
        lost -= min(0.0, joined)
    return won / (won + lost)


def half_up(x):
    return math.floor(x * 10_000 + 0.5) / 10_000


def meet(rule, ti, zi, tj, zj, p):
    """Where a bargain puts both on one issue (5)."""
    if rule == "s2pmax":
        di, dj = max(0.0, (1 - p) - p), max(0.0, p - (1 - p))
        give = di * zj**2 / (di * zj**2 + 1e-6 + (1 - di) * zi**2)
        take = dj * zi**2 / (dj * zi**2 + 1e-6 + (1 - dj) * zj**2)
        return ti + give * (tj - ti), tj + take * (ti - tj)
    m = 2 if rule == "s2p2" else 1
    wi, wj = (zi * p) ** m, (zj * (1 - p)) ** m
    whole = wi + wj + 1e-6
    return half_up(((wi + 1e-6) * ti + wj * tj) / whole), half_up((wi * ti + (wj + 1e-6) * tj) / whole)


def first_best(values):
    return next(i for i, v in enumerate(values) if v >= max(values) - TIE)


def smp_turn(capability, position, salience, rules, uniform=None):
    """One turn: new positions, targets, gains, the first election, attitudes, partners."""
    n, issues = len(position), range(len(position[0]))
    d = [[distance(position[a], salience[a], position[b]) for b in range(n)] for a in range(n)]
    plain = [[1 - x for x in row] for row in d]
    share = election(rules.election, rules.victory, coalitions(rules.vote, capability, plain))
    risk = attitudes(share, rules.risk_range)
    seen = [
        [
            [utility(d[a][b], believed(risk[h], risk[a], rules.risk_adjust)) for b in range(n)]
            for a in range(n)
        ]
        for h in range(n)
    ]
    attention = [sum(row) for row in salience]
    power = [c * s for c, s in zip(capability, attention, strict=True)]
    targets, gains, bargains = [], [], []
    for i in range(n):
        chance = [odds(seen[i], i, j, power, rules) if j != i else 0.5 for j in range(n)]
        gain = [
            0.0 if j == i else
            (1 - attention[j]) * 2 * seen[i][i][i]
            + attention[j] * (2 * chance[j] * seen[i][i][i] + 2 * (1 - chance[j]) * seen[i][i][j])
            - seen[i][i][i] - seen[i][i][j]
            for j in range(n)
        ]  # fmt: skip
        j = first_best(gain)
        if gain[j] <= 1e-5:
            targets.append(-1)
            gains.append(0.0)
            continue
        targets.append(j)
        gains.append(gain[j])

        def bargain(p, i=i, j=j):
            pairs = [
                meet(rules.interpolation, position[i][k], salience[i][k], position[j][k], salience[j][k], p)
                for k in issues
            ]
            return [a for a, _ in pairs], [b for _, b in pairs]

        mine, theirs = bargain(chance[j]), bargain(odds(seen[j], i, j, power, rules))
        if rules.bargain == "initiator":
            bargains.append((i, j, *mine))
        elif rules.bargain == "both":
            bargains += [(i, j, *mine), (i, j, *theirs)]
        else:
            both = power[i] + power[j]
            w = power[i] / both if both > 0 else 0.5
            mean = [
                [w * a + (1 - w) * b for a, b in zip(x, y, strict=True)]
                for x, y in zip(mine, theirs, strict=True)
            ]
            bargains.append((i, j, *mean))

    def worth(k, bargain):
        """The mean utility to k of all positions once a bargain is struck (6)."""
        points = list(position)
        if bargain is not None:
            points[bargain[0]], points[bargain[1]] = bargain[2], bargain[3]
        return sum(utility(distance(position[k], salience[k], p), risk[k]) for p in points) / n

    after, partners = [], []
    for k in range(n):
        queue = [b for b in bargains if b[0] < k and b[1] == k]
        queue += [None] + [b for b in bargains if b[0] == k]
        queue += [b for b in bargains if b[0] > k and b[1] == k]
        utilities = [[worth(a, b) for b in queue] for a in range(n)]
        shares = election(rules.election, rules.victory, coalitions(rules.vote, capability, utilities))
        if uniform is None:
            choice = first_best(shares)
        else:
            passed, choice = shares[0], 0
            while passed <= uniform[k] and choice < len(queue) - 1:
                choice += 1
                passed += shares[choice]
        taken = queue[choice]
        if taken is None:
            after.append(position[k])
            partners.append(-1)
        else:
            after.append(taken[2] if taken[0] == k else taken[3])
            partners.append(taken[1] if taken[0] == k else taken[0])
    return after, targets, gains, share, risk, partners


def moved(before, after):
    return sum(math.dist(a, b) for a, b in zip(before, after, strict=True))


def smp_run(capability, position, salience, rules, turns=None):
    """All positions from the start on (7)."""
    path = [position]
    while True:
        if turns is not None and len(path) > turns:
            return path
        path.append(smp_turn(capability, path[-1], salience, rules)[0])
        made = len(path) - 1
        quiet = moved(path[-2], path[-1]) / (moved(path[0], path[1]) + 1e-4) < 0.02
        if turns is None and (made >= 100 or (made >= 2 and quiet)):
            return path


# baselines and the expected-utility model -----------------------------------------------------------------------


def median(position, weight):
    """The middle of the positions that no other beats, when votes count the difference in distance."""
    if sum(weight) <= 0:
        return math.nan

    def cost(x):
        return sum(w * abs(x - p) for w, p in zip(weight, position, strict=True))

    least = min(cost(p) for p in position)
    # with half of the weight on either side, everything between two positions costs the same
    best = [p for p in position if cost(p) <= least + 1e-11 * sum(weight)]
    return (min(best) + max(best)) / 2


def eum_round(capability, salience, position, width, reading):
    """One round on one issue: positions after it, and exponents."""
    n = len(position)
    weight = [c * s for c, s in zip(capability, salience, strict=True)]
    if width == 0 or sum(weight) == 0:
        return list(position), [1.0] * n
    mu = median(position, weight)

    def far(a, b):
        return abs(a - b) / width

    def vote(k, x, y, r):
        return weight[k] * (far(position[k], y) ** r[k] - far(position[k], x) ** r[k])

    def success(i, j, r):
        if position[i] == position[j]:
            return 0.0
        votes = [vote(k, position[i], position[j], r) for k in range(n)]
        if reading.denominator == "pair":
            whole = sum(abs(v) for v in votes)
        else:
            whole = sum(abs(vote(k, a, b, r)) for k in range(n) for a in position for b in position)
        return sum(max(v, 0.0) for v in votes) / whole if whole > 0 else 0.0

    def expects(i, j, exponent, chances):
        d = far(position[i], position[j])
        p = chances[i][j]

        def u(share):
            return 2 - 4 * max(share, 0.0) ** exponent

        off = far(position[i], mu)
        m = (off + d) / 4
        left = u(0.5 - m) if off < d - TIE else u(0.5 + m)
        q, s = reading.stays, salience[j]
        return (
            s * (p * u(0.5 - d / 2) + (1 - p) * u(0.5 + d / 2))
            + (1 - s) * u(0.5 - d / 2)
            - q * u(0.5)
            - (1 - q) * left
        )

    plain = [1.0] * n
    chances = [[success(i, j, plain) for j in range(n)] for i in range(n)]
    danger = [sum(expects(j, i, 1.0, chances) for j in range(n) if j != i) for i in range(n)]
    low, high = min(danger), max(danger)
    share = [0.0 if high - low <= TIE else (2 * a - high - low) / (high - low) for a in danger]
    risk = [(1 - x / 3) / (1 + x / 3) for x in share]
    chances = [[success(i, j, risk) for j in range(n)] for i in range(n)]
    after = []
    for i in range(n):
        offers = []
        for j in range(n):
            if position[i] == position[j]:
                continue
            mine = expects(i, j, risk[i], chances)
            theirs = expects(j, i, risk[i] if reading.eyes == "own" else risk[j], chances)
            step = abs(position[j] - position[i])
            if theirs > mine + TIE and mine > TIE:
                offers.append((0, step, j, position[j]))
            elif theirs > TIE and mine < -TIE and theirs > TIE - mine:
                goal = position[i] + (position[j] - position[i]) * -mine / theirs
                rank = abs(goal - position[i])
                if reading.offers == "weighted":
                    rank = (-mine * position[i] + theirs * position[j]) / (theirs - mine)
                offers.append((1, rank, j, goal))
            elif theirs > TIE and mine < -TIE and reading.offers == "smallest":
                offers.append((2, step, j, position[j]))
        after.append(preferred(offers, width) if offers else position[i])
    return after, risk


def preferred(offers, width):
    """Confrontations before compromises before capitulations; the least rank among these, the first of equals."""
    kind = min(o[0] for o in offers)
    least = min(o[1] for o in offers if o[0] == kind)
    return next(o[3] for o in offers if o[0] == kind and o[1] <= least + TIE * width)


def gain_product(capability, position, salience, x):
    """The sum of capability times log of gain at an outcome; minus infinity where anybody with a say gains nothing."""
    total = 0.0
    for c, t, z in zip(capability, position, salience, strict=True):
        worst = sum(w * max(p, 1 - p) ** 2 for w, p in zip(z, t, strict=True))
        if c <= 0 or worst <= 0:
            continue
        gain = worst - sum(w * (y - p) ** 2 for w, y, p in zip(z, x, t, strict=True))
        if gain <= 0:
            return -math.inf
        total += c * math.log(gain)
    return total

"""Agreement straight from the definitions: lists every outcome, compares every pair."""

from __future__ import annotations

import math

TOLERANCE = 1e-9


def snap(u):
    return tuple(math.floor(x / 1e-9 + 0.5 + 0.137) for x in u)


def is_rational(u, d):
    return all(x >= y - TOLERANCE for x, y in zip(u, d, strict=True))


def front(outcomes):
    """``outcomes``: [(number, utilities)] of the possible ones. Points as (lowest number, multiplicity)."""
    points = {}
    for number, u in sorted(outcomes):
        points.setdefault(snap(u), []).append(number)
    kept = {
        p: numbers
        for p, numbers in points.items()
        if not any(q != p and all(a >= b for a, b in zip(q, p, strict=True)) for q in points)
    }
    return sorted((numbers[0], len(numbers)) for numbers in kept.values())


def zone(outcomes, d):
    good = [(n, u) for n, u in outcomes if is_rational(u, d)]
    exists = any(any(x > y + TOLERANCE for x, y in zip(u, d, strict=True)) for _, u in good)
    return exists, [n for n, _ in good]


def best(rows, keys):
    """Rows that are largest in each key in turn; a key is (function, relative tolerance or None)."""
    for key, relative in keys:
        top = max(key(row) for row in rows)
        slack = abs(top) * relative if relative is not None else TOLERANCE
        rows = [row for row in rows if key(row) >= top - slack]
    return min(rows)


def leximin(values, k):
    return [((lambda row, i=i: sorted(values(row))[i]), None) for i in range(k)]


def solutions(outcomes, d):
    """Lowest-numbered outcome of each rule, or None where nothing is rational."""
    rows = [(n, tuple(x - y for x, y in zip(u, d, strict=True))) for n, u in outcomes if is_rational(u, d)]
    if not rows:
        return dict.fromkeys(("nash", "kalai_smorodinsky", "egalitarian", "utilitarian"))
    k = len(d)
    gains = lambda row: row[1]  # noqa: E731
    ideal = [max(g[p] for _, g in rows) for p in range(k)]
    on = [p for p in range(k) if ideal[p] > TOLERANCE]
    strict = lambda row: sum(g > TOLERANCE for g in row[1])  # noqa: E731
    product = lambda row: math.prod(g for g in row[1] if g > TOLERANCE)  # noqa: E731
    shares = lambda row: [row[1][p] / ideal[p] for p in on]  # noqa: E731
    rules = {
        "nash": [(strict, None), (product, 1e-12), *leximin(gains, k)],
        "kalai_smorodinsky": [*leximin(shares, len(on)), *leximin(gains, k)],
        "egalitarian": leximin(gains, k),
        "utilitarian": [(lambda row: sum(row[1]), None), *leximin(gains, k)],
    }
    return {name: best(rows, keys)[0] for name, keys in rules.items()}

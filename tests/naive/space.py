"""A case read outcome by outcome, from the definitions: the twin of `detente.space`.

Outcomes are ``{issue: level}`` in row-major order, last issue fastest; in graph form their names.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

from tests.naive.conditions import holds


def levels(case):
    return {name: issue.names for name, issue in case.issues.items()}


def outcomes(case):
    if case.outcomes:
        return list(case.outcomes)
    names = levels(case)
    return [dict(zip(names, row, strict=True)) for row in itertools.product(*names.values())]


def feasible(case, outcome) -> bool:
    return case.outcomes != () or not any(holds(str(i.when), outcome, levels(case)) for i in case.impossible)


def middle(number):
    """The value that a single run uses."""
    data = number if isinstance(number, int | float) else number.to_data()
    if isinstance(data, dict) and "normal" in data:
        return data["normal"][0]
    if isinstance(data, dict):
        return max(data["discrete"], key=lambda pair: pair[1])[0]
    if isinstance(data, list):
        return data[1] if len(data) == 3 else (data[0] + data[1]) / 2
    return data


def value(issue, given, level):
    """The value of a level; on a scale, linear between the two nearest levels that are given."""
    if issue.scale is None:
        return Fraction(middle(given[level]))
    at = Fraction(level)
    known = sorted((Fraction(x), Fraction(middle(u))) for x, u in given.items())
    for (x0, u0), (x1, u1) in itertools.pairwise([*known, known[-1]]):
        if x0 <= at <= x1:
            return u0 if x0 == x1 else u0 + (u1 - u0) * (at - x0) / (x1 - x0)
    raise AssertionError(level)


def utility(case, preference, outcome, number):
    """The utility of an outcome under a cardinal preference, as a fraction."""
    if preference.table is not None:
        total = Fraction(middle(preference.table[number]))
    else:
        total = Fraction(0)
        weights = {i: Fraction(middle(w)) for i, w in (preference.weights or {}).items()}
        for issue, given in (preference.values or {}).items():
            all_ = [value(case.issues[issue], given, level) for level in case.issues[issue].names]
            here = value(case.issues[issue], given, outcome[issue])
            if preference.weights is None:
                total += here
            elif max(all_) > min(all_):
                share = weights.get(issue, Fraction(0)) / sum(weights.values())
                total += share * (here - min(all_)) / (max(all_) - min(all_))
    for bonus in preference.bonuses:
        if holds(str(bonus.when), outcome, levels(case)):
            total += Fraction(middle(bonus.add))
    return total


def ranks(case, preference):
    """Ranks of all outcomes, 1 the best, ties shared, dense; impossible ones come last, together."""
    everything = outcomes(case)
    possible = [feasible(case, outcome) for outcome in everything]
    if preference.ranking is not None:
        place = {}
        for group, members in enumerate(preference.ranking):
            for member in members:
                place[member if isinstance(member, str) else tuple(member)] = group
        keys = [place.get(o if isinstance(o, str) else tuple(o.values())) for o in everything]
    elif preference.priorities is not None:
        keys = [tuple(not holds(str(c), o, levels(case)) for c in preference.priorities) for o in everything]
    else:
        keys = [-utility(case, preference, o, n) for n, o in enumerate(everything)]
    order = sorted({key for key, good in zip(keys, possible, strict=True) if good})
    return [
        order.index(key) + 1 if good else len(order) + 1 for key, good in zip(keys, possible, strict=True)
    ]


def reservation(case, party, preference, which):
    """The utility of no deal, minus a rank for an ordinal preference, or the least of all feasible outcomes."""
    block = case.no_deal
    entry = None if block is None else block.now if which == "now" else block.at_deadline
    if entry is not None and entry.utilities is not None and party in entry.utilities:
        return Fraction(middle(entry.utilities[party]))
    everything = outcomes(case)

    def worth(number):
        if preference.ordinal:
            return Fraction(-ranks(case, preference)[number])
        return utility(case, preference, everything[number], number)

    if which == "now" and block is None and case.status_quo is None:
        return min((worth(n) for n, o in enumerate(everything) if feasible(case, o)), default=None)
    here = start(case)
    if entry is not None and entry.outcome:
        here = entry.outcome if case.outcomes else {**here, **named(case, entry.outcome)}
    return worth(everything.index(here))


def named(case, outcome):
    """An outcome in part, its numeric levels under their own names."""
    return {i: case.issues[i].names[case.issues[i].position(level)] for i, level in outcome.items()}


def start(case):
    if case.outcomes:
        return case.status_quo or case.outcomes[0]
    first = {name: issue.names[0] for name, issue in case.issues.items()}
    return {**first, **named(case, case.status_quo or {})}


def moves(case, group):
    """Pairs of outcome numbers between which a group of parties can move, in one move of its own issues."""
    everything = outcomes(case)
    if case.outcomes:
        listed = {pair for party in group for pair in case.moves.get(party, ())}
        names = list(case.outcomes)
        return sorted({(names.index(a), names.index(b)) for a, b in listed if a != b})
    found = []
    for (n, here), (m, there) in itertools.product(enumerate(everything), repeat=2):
        if (
            n != m
            and feasible(case, there)
            and all(_allowed(case, group, i, here, there) for i in case.issues)
        ):
            found.append((n, m))
    return found


def _allowed(case, group, name, here, there) -> bool:
    issue = case.issues[name]
    old, new = issue.position(here[name]), issue.position(there[name])
    if old == new:
        return True
    if set(issue.by or ()) != set(group) or not group:
        return False
    floor = {issue.position(level): issue.position(low) for level, low in issue.retreat.items()}.get(old, 0)
    if new < floor or (new > old and issue.pace.up == 0) or (new < old and issue.pace.down == 0):
        return False
    for level, need in issue.requires.items():
        seen = there if need.timing == "together" else here
        if old < issue.position(level) <= new and not holds(str(need.when), seen, levels(case)):
            return False
    return True

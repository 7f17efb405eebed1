"""Slow twins of what the table computes, from the definitions (the plain engine is the twin of the loops)."""

from __future__ import annotations


def foreseen_split(gain, delta, rounds, opener):
    """Backward induction by recursion over every outcome: the outcome (-1: none) and its round."""

    def play(r):
        if r == rounds:
            return (0.0, 0.0), -1, rounds - 1
        me = (opener + r) % 2
        later, outcome, when = play(r + 1)
        later = [delta[0] * later[0], delta[1] * later[1]]
        best = None
        for o in range(len(gain[0])):
            if gain[1 - me][o] >= later[1 - me] - 1e-9 and gain[me][o] >= later[me] - 1e-9:
                key = (-gain[me][o], -gain[1 - me][o], o)
                if best is None or key < best:
                    best = key
        if best is None:
            return tuple(later), outcome, when
        return (gain[0][best[2]], gain[1][best[2]]), best[2], r

    return play(0)[1:]


def demand_game(u, reservation, shares):
    """The outcome of the demand game, -1 for none."""
    wants = [d + s * (max(row) - d) for row, d, s in zip(u, reservation, shares, strict=True)]
    if any(max(row) < d for row, d in zip(u, reservation, strict=True)):
        return -1
    best, found = None, -1
    for o in range(len(u[0])):
        if all(row[o] >= want - 1e-9 for row, want in zip(u, wants, strict=True)):
            product = 1.0
            for row, d in zip(u, reservation, strict=True):
                product *= max(row[o] - d, 0.0)
            if best is None or product > best:
                best, found = product, o
    return found


def nearest_above(values, aim):
    """The least sum of one value from each list that is at least an aim, by trying all; None if there is none."""
    from itertools import product

    sums = [sum(choice) for choice in product(*values)]
    above = [s for s in sums if s >= aim - 1e-12]
    return min(above) if above else None

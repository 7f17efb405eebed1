"""Where fair solutions lie on continuous issues: between the even points by which a space stands in for them.

For two parties with additive preferences, piecewise linear on each continuous issue. With the pieces chosen, what the
continuous issues add to a pair of utilities is a zonotope: a sum of segments. Its efficient boundary is a chain, from the best
corner for the first party on, the segments along which the second gains most for what the first loses first. What the other
issues add need only be efficient. On every link of every chain the best point under each rule has a closed form; the best
of all is the rule's exact answer, and so are the ends of what is acceptable, which set the ideal point.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from detente.kernels.front import front
from detente.space import NoDealName, Space
from detente.space.levels import Sampled
from detente.space.space import compile_case
from detente.space.tables import Array

MOST_LINKS, MOST_POINTS = 20_000, 500_000
"""Links of chains that are looked at (two seconds), and these times the efficient outcomes of the other issues."""
STRAIGHT = 1e-9
"""Slopes that differ by less, as a share of the party's steepest, are those of one piece."""


@dataclass(frozen=True, eq=False)
class Piece:
    """A stretch of a continuous issue on which both parties' values are linear: its ends, and (2,) values there."""

    issue: int
    start: float
    stop: float
    low: Array
    high: Array


@dataclass(frozen=True, eq=False)
class Chain:
    """The efficient boundary of some pieces together: corners (k + 1, 2), and for each link the issue that moves, from, to."""

    corners: Array
    links: list[tuple[int, float, float]]


def refined(space: Space, no_deal: NoDealName) -> tuple[Space, bool]:
    """The space with the points at which solutions lie among those of its continuous issues, and whether that was done.

    Nothing is done for other than two parties, for preferences that are not additive, where pieces are very many, or for a
    space whose numbers are not those of its case.
    """
    if not _same(space, compile_case(space.case, space.types)):
        return space, False
    found = _points(space, no_deal)
    if found is None:
        return space, False
    points = {space.issues[k]: sorted(at) for k, at in found.items() if at}
    if not points:
        return space, True
    return compile_case(space.case, space.types, points=points), True


def _same(one: Space, other: Space) -> bool:
    """Whether two spaces of a case have the same tables."""
    if one.draws is not None or len(one.factors) != len(other.factors):
        return False
    for mine, theirs in zip(one.factors, other.factors, strict=True):
        if (mine is None) != (theirs is None) or len(mine or ()) != len(theirs or ()):
            return False
        for a, b in zip(mine or (), theirs or (), strict=True):
            if a.issues != b.issues or not np.array_equal(a.table, b.table):
                return False
    return True


def _points(space: Space, no_deal: NoDealName) -> dict[int, set[Decimal]] | None:
    kinds = list(space.compiled_issues.values())
    continuous = [k for k, issue in enumerate(kinds) if isinstance(issue, Sampled)]
    if space.n_parties != 2 or not space.additive or not continuous:
        return None
    tables = [np.zeros((size, 2)) for size in space.sizes]
    for p, factors in enumerate(space.factors):
        for factor in factors or ():
            if factor.issues:
                tables[factor.issues[0]][:, p] += factor.table
    rest = [tables[k] for k in range(len(kinds)) if k not in continuous]
    base = front(rest).points if rest else np.zeros((1, 2))
    pieces = [list(_pieces(k, space.level_names[k], tables[k])) for k in continuous]
    links = math.prod(map(len, pieces)) * len(continuous)
    if links > MOST_LINKS or links * len(base) > MOST_POINTS:
        return None
    reservation = space.reservation(no_deal)[0]
    chains = [_chain(combo) for combo in itertools.product(*pieces)]
    return _best(chains, base - reservation, continuous)


def _pieces(issue: int, names: tuple[str, ...], values: Array) -> Iterator[Piece]:
    """Neighbouring points on one line for both parties, joined."""
    at = np.array([float(name) for name in names])
    slopes = np.diff(values, axis=0) / np.diff(at)[:, None]
    steep = np.maximum(np.abs(slopes).max(axis=0), 1e-300)
    turns = (np.abs(np.diff(slopes, axis=0)) > STRAIGHT * steep).any(axis=1)
    ends = [0, *(np.flatnonzero(turns) + 1).tolist(), len(at) - 1]
    for a, b in itertools.pairwise(ends):
        yield Piece(issue, float(at[a]), float(at[b]), values[a], values[b])


def _chain(pieces: tuple[Piece, ...]) -> Chain:
    start, links = np.zeros(2), []
    for piece in pieces:
        change = piece.high - piece.low
        better = piece.high if change[0] > 0 or (change[0] == 0 and change[1] > 0) else piece.low
        start = start + better
        if change[0] * change[1] < 0:  # the parties pull apart: from the first one's end to the other's
            ends = (piece.stop, piece.start) if change[0] > 0 else (piece.start, piece.stop)
            step = -np.abs(change[0]), np.abs(change[1])
            links.append((float(step[1] / step[0]), np.array(step), (piece.issue, *ends)))
    links.sort(key=lambda link: link[0])  # most gained for what is lost first: the ratio is negative
    corners = np.cumsum([start, *(step for _, step, _ in links)], axis=0)
    return Chain(corners, [moved for _, _, moved in links])


class _Best:
    """The best point found so far under one rule: its value, and the place on which issue it lies at."""

    def __init__(self) -> None:
        self.value, self.place = -np.inf, (-1, 0.0)

    def offer(self, values: Array, share: Array, link: tuple[int, float, float]) -> None:
        """Points along a link, (n,) values at shares of it."""
        top = int(np.argmax(values))
        if values[top] > self.value + 1e-12 * max(1.0, abs(float(values[top]))):
            issue, start, stop = link
            self.value, self.place = (
                float(values[top]),
                (issue, start + float(share[top]) * (stop - start)),
            )


def _best(chains: list[Chain], gains: Array, continuous: list[int]) -> dict[int, set[Decimal]]:
    """The points of each continuous issue at which a rule's best outcome lies. ``gains`` (n, 2) of the other issues."""
    rules = {name: _Best() for name in ("first", "second", "nash", "egalitarian", "share")}
    ideal = np.zeros(2)
    for chain in chains:
        all_corners = gains[:, None] + chain.corners
        for p in range(2):
            fine = all_corners[..., 1 - p] >= -1e-9
            ideal[p] = max(ideal[p], float(np.where(fine, all_corners[..., p], -np.inf).max(initial=0.0)))
    for here, step, link in _links(chains, gains):
        first, second = here[:, 0], here[:, 1]
        for name, p, share in (("second", 1, first / -step[0]), ("first", 0, -second / step[1])):
            inside = (share >= 0) & (share <= 1)
            values = np.where(inside, here[:, p] + share * step[p], -np.inf)
            rules[name].offer(values, share, link)
            ideal[p] = max(ideal[p], float(values.max(initial=-np.inf)))
    for here, step, link in _links(chains, gains):
        low, high = np.maximum(0.0, -here[:, 1] / step[1]), np.minimum(1.0, here[:, 0] / -step[0])
        share = -(step[0] * here[:, 1] + step[1] * here[:, 0]) / (2 * step[0] * step[1])
        share = np.clip(share, low, np.maximum(low, high))
        both = here + share[:, None] * step
        rules["nash"].offer(np.where(low <= high, both.prod(axis=1), -np.inf), share, link)
        for name, unit in (("egalitarian", np.ones(2)), ("share", ideal)):
            if (unit > 0).all():
                share = (here[:, 0] * unit[1] - here[:, 1] * unit[0]) / (
                    step[1] * unit[0] - step[0] * unit[1]
                )
                share = np.clip(share, 0.0, 1.0)
                rules[name].offer(((here + share[:, None] * step) / unit).min(axis=1), share, link)
    points: dict[int, set[Decimal]] = {k: set() for k in continuous}
    for best in rules.values():
        issue, at = best.place
        if issue >= 0:
            points[issue].add(Decimal(f"{at:.15g}"))
    return points


def _links(chains: list[Chain], gains: Array) -> Iterator[tuple[Array, Array, tuple[int, float, float]]]:
    """Each link of each chain from each outcome of the other issues: its first end (n, 2), its step (2,), what moves."""
    for chain in chains:
        for k, link in enumerate(chain.links):
            yield gains + chain.corners[k], chain.corners[k + 1] - chain.corners[k], link

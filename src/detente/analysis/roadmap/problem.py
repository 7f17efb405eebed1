"""One question to the roadmap: a model, a target, terms; what is computed for it once and kept."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from detente.analysis.roadmap import search
from detente.analysis.roadmap.certificate import certify
from detente.analysis.roadmap.evaluate import EXISTS, Course, course
from detente.analysis.roadmap.model import Model, Terms
from detente.analysis.roadmap.steps import Priced, Steps, price, steps
from detente.analysis.roadmap.threats import Rule, Threat, threat
from detente.errors import CostError
from detente.space.tables import Array

Order = Literal["any", "single", "at-once"]
ORDERS: tuple[Order, ...] = ("any", "single", "at-once")
MOST_LISTED = 2_000
"""Roadmaps that are listed one by one where detection is below 1; beyond it the best by sure detection are rechecked."""
MOST_LISTED_WORK = 20_000_000


@dataclass(eq=False)
class Problem:
    """A model with its target, its terms and a threat. Threats and graphs of steps are kept by the model."""

    model: Model
    terms: Terms
    target: int
    rule: Rule

    def with_delta(self, delta: Array) -> Terms:
        """The terms with other discount factors per period."""
        return replace(self.terms, delta=delta)

    def changed(self, **changes: object) -> Problem:
        """The same question under other terms."""
        return replace(self, terms=replace(self.terms, **changes))  # type: ignore[arg-type]

    def under(self, rule: Rule) -> Problem:
        """The same question under another threat."""
        return replace(self, rule=rule)

    def threat(self, delta: Array | None = None) -> Threat:
        """The threat at given discount factors (the case's own by default)."""
        terms = self.terms if delta is None else self.with_delta(delta)
        return threat(self.model, terms, self.rule, self.target)

    def graph(self, order: Order) -> Steps:
        """The steps that lie on roadmaps to the target."""
        key = (self.target, order, self.terms.steps)
        found: Steps = self.model.graphs.get(
            key, lambda: steps(self.model, *key), lambda made: 2 * len(made.src)
        )
        return found

    def priced(self, order: Order, delta: Array | None = None) -> Priced:
        """The steps with what a party could gain by departing from each."""
        terms = self.terms if delta is None else self.with_delta(delta)
        return price(self.model, terms, self.threat(delta), self.graph(order), self.target)

    def course(self, states: tuple[int, ...], delta: Array | None = None, exposed: bool = True) -> Course:
        """The figures of one roadmap."""
        terms = self.terms if delta is None else self.with_delta(delta)
        return course(self.model, terms, self.threat(delta), states, exposed)

    def scale(self, gap: str, delta: Array | None = None) -> Array | None:
        """Units of the gap: each party's gain from the deal over breakdown; None where a party has none."""
        if gap == "raw":
            return np.ones(self.model.n)
        gain = self.model.u[:, self.target] - self.threat(delta).entry[:, self.model.start]
        return gain if bool((gain > EXISTS).all()) else None

    # ways to the target -------------------------------------------------------------------------

    def together(self) -> list[tuple[int, ...]]:
        """The roadmaps that are one step: everything begins at once, or everything lands at once.

        Both are the same where nothing takes more than a period. None where a pace is too slow for one step, a
        prerequisite stands in between, or the deadline is too near.
        """
        model, start, target = self.model, self.model.start, self.target
        tracks = []
        for k, c in enumerate(model.commitments):
            here, there = int(model.position[k][start]), int(model.position[k][target])
            if there < here or (c.up is not None and int(c.level[there] - c.level[here]) > c.up):
                return []
            track = [here]
            while track[-1] < there:
                nexts = [int(q) for q in c.nexts[track[-1]] if track[-1] < q <= there]
                if not nexts:
                    return []
                track.append(nexts[-1])
            tracks.append(track)
        length = max((len(track) for track in tracks), default=1)
        found = []
        for early in (True, False):
            padded = [
                track + [track[-1]] * (length - len(track)) if early else [track[0]] * (length - len(track)) + track
                for track in tracks
            ]  # fmt: skip
            rows = np.array(padded, dtype=np.int64).reshape(len(tracks), length)
            states = (
                tuple(int(x) for x in np.array(model.strides, dtype=np.int64) @ rows) if len(tracks) else (0,)
            )
            if states not in found and self._legal(states):
                found.append(states)
        return found

    def _legal(self, states: tuple[int, ...]) -> bool:
        limit = self.terms.steps
        if limit is not None and len(states) - 1 > limit:
            return False
        x, y = np.array(states[:-1], dtype=np.int64), np.array(states[1:], dtype=np.int64)
        return bool(self.model.possible[self.target]) and bool(self.model.legal_step(x, y).all())

    def listed(self, order: Order) -> tuple[list[tuple[int, ...]], bool]:
        """All roadmaps, and whether these are all: used where detection is below 1."""
        if order == "at-once":
            return self.together(), True
        graph = self.graph(order)
        if graph.start < 0:
            return [], True
        ways = np.zeros(graph.nodes)
        ways[list(graph.ends)] = 1
        for e in range(len(graph.src) - 1, -1, -1):
            ways[graph.src[e]] += ways[graph.dst[e]]
        if ways[graph.start] <= self.most_listed:
            return [tuple(int(graph.state[n]) for n in nodes) for nodes in _walks(graph)], True
        sure = self.priced(order)
        found = search.nash(sure, best=1)
        units = self.scale("share")
        low = search.least_gap(sure, np.ones(self.model.n) if units is None else units)
        return list(dict.fromkeys([*found.walks, *low.walks, *search.fewest(sure).walks])), False

    @property
    def most_listed(self) -> int:
        """How many roadmaps are listed one by one."""
        return max(20, min(MOST_LISTED, MOST_LISTED_WORK // (self.model.size * 20)))

    # existence ----------------------------------------------------------------------------------

    def exists(
        self, order: Order, delta: Array | None = None, hints: list[tuple[int, ...]] | None = None
    ) -> bool | None:
        """Whether a self-enforcing roadmap exists at given discount factors. ``hints`` are tried first, and added to.

        Where best replies cycle a roadmap counts only with a certificate; None then, unless none holds anyhow.
        """
        if not self.any_way(order):
            return False
        if self.threat(delta).cycled:
            return self._certified(order, delta)
        for states in hints or ():
            if self.course(states, delta, False).holds:
                return True
        if order == "at-once" or self.terms.detection < 1:
            walks, whole = self.listed(order)
            good = next((w for w in walks if self.course(w, delta, False).holds), None)
            if good is not None and hints is not None and good not in hints:
                hints.insert(0, good)
            return good is not None if whole else (True if good is not None else None)
        verdict, walk = search.decide(self.priced(order, delta))
        if walk is not None and hints is not None and walk not in hints:
            hints.insert(0, walk)
        return verdict

    def any_way(self, order: Order) -> bool:
        """Whether any roadmap leads to the target, holding or not: numbers do not matter to it."""
        return bool(self.together()) if order == "at-once" else self.graph(order).start >= 0

    def _certified(self, order: Order, delta: Array | None) -> bool | None:
        terms = self.terms if delta is None else self.with_delta(delta)
        if order == "at-once" or terms.detection < 1:
            walks = [w for w in self.listed(order)[0] if self.course(w, delta, False).holds]
        else:
            walk = search.decide(self.priced(order, delta))[1]
            walks = [] if walk is None else [walk]
        return True if any(certify(self.model, terms, self.threat(delta), w).holds for w in walks) else None

    def holds(self, course: Course) -> bool:
        """Whether a roadmap enforces itself: its gaps are none and, where best replies cycle, it is certified."""
        if not course.holds or not self.threat().cycled:
            return course.holds
        return certify(self.model, self.terms, self.threat(), course.states).holds is True


def _walks(graph: Steps) -> list[list[int]]:
    out: list[list[int]] = []
    stack = [[graph.start]]
    ends = set(graph.ends)
    while stack:
        nodes = stack.pop()
        if nodes[-1] in ends:
            out.append(nodes)
            continue
        low, high = graph.first[nodes[-1]], graph.first[nodes[-1] + 1]
        stack += [[*nodes, int(graph.dst[e])] for e in range(high - 1, low - 1, -1)]
    return out


@dataclass(frozen=True, eq=False)
class Answer:
    """What is found for one order. ``shown`` is the best roadmap by Nash product, else the one of least gap."""

    order: Order
    exists: bool | None
    least_gap: float | None
    nash_product: float | None
    fewest_steps: int | None
    shown: Course | None = field(repr=False)
    others: dict[str, Course] = field(repr=False, default_factory=dict)
    scale: Array | None = field(repr=False, default=None)
    method: str = ""
    bound: float | None = None
    exact: bool = True
    labels: int = 0


def landings(model: Model, states: tuple[int, ...]) -> int:
    """Steps in which a level changes."""
    return sum(model.outcome(a) != model.outcome(b) for a, b in itertools.pairwise(states))


def answer(
    problem: Problem,
    order: Order,
    gap: str = "share",
    best: int = 1,
    criteria: bool = True,
    quick: bool = False,
) -> Answer:
    """Existence, least gap, best Nash product, fewest steps, and the roadmaps behind them.

    ``quick`` leaves out the further criteria, and gives a least gap only as far as bounds show it (``bound`` says how far off it may be).
    """
    if not problem.any_way(order):
        way = "no single step" if order == "at-once" else "no way"
        return Answer(order, False, None, None, None, None, method=f"{way} leads there")
    scale = problem.scale(gap)
    if order == "at-once" or problem.terms.detection < 1:
        walks, whole = problem.listed(order)
        return _from_list(problem, order, [problem.course(w) for w in walks], scale, whole)
    priced = problem.priced(order)
    try:
        return _searched(problem, order, priced, scale, best, criteria and not quick, quick)
    except CostError:
        return _limit(problem, order, priced, scale)


def _searched(
    problem: Problem,
    order: Order,
    priced: Priced,
    scale: Array | None,
    best: int,
    criteria: bool,
    quick: bool,
) -> Answer:
    units = np.ones(problem.model.n) if scale is None else scale
    if quick:
        verdict, walk = search.decide(priced)
        if walk is not None:
            return Answer(order, True, 0.0, None, None, problem.course(walk), {}, scale, "one that holds")
        found = search.Found(verdict)
    else:
        found = search.nash(priced, best)
    if found.exists:
        courses = [problem.course(walk) for walk in found.walks]
        others = {f"rank {r}": c for r, c in enumerate(courses[1:], start=2)}
        short = search.fewest(priced)
        steps_ = None if short.count is None else round(short.count)
        if short.walks:
            others["fewest steps"] = problem.course(short.walks[0])
        if criteria:
            others |= _criteria(problem, priced, units)
        exact = found.bound is None and short.bound is None
        return Answer(
            order, True, 0.0, courses[0].product, steps_, courses[0], others, scale, found.method, found.bound, exact,
            found.labels,
        )  # fmt: skip
    low = search.least_gap(priced, units, quick)
    shown = problem.course(low.walks[0]) if low.walks else None
    exact = found.exists is not None and low.bound is None
    return Answer(
        order, found.exists, low.gap, None, None, shown, {}, scale, low.method if found.exists is not None else "undecided: merged labels",
        low.bound or found.bound, exact, low.labels,
    )  # fmt: skip


def _criteria(problem: Problem, priced: Priced, units: Array) -> dict[str, Course]:
    """The fastest roadmap and the one of least drawdown."""
    out = {}
    if any(not c.quick for c in problem.model.commitments):
        fast = search.fewest(priced, "periods")
        if fast.walks:
            out["fastest"] = problem.course(fast.walks[0])
    safe = search.least_drawdown(priced, problem.model.u / units[:, None], problem.model.start)
    if safe is not None:
        out["least drawdown"] = problem.course(safe)
    return out


def _limit(problem: Problem, order: Order, priced: Priced, scale: Array | None) -> Answer:
    """The patient-limit walk, priced exactly: what is left where labels are too many."""
    units = np.ones(problem.model.n) if scale is None else scale
    gap, (edges, _) = search.patient(priced, units)
    nodes = [priced.steps.start, *(int(priced.steps.dst[e]) for e in edges)]
    shown = problem.course(search.states_of(priced, nodes))
    worst = float((shown.worst / units).max())
    return Answer(
        order, True if shown.holds else None, worst, shown.product if shown.holds else None, None, shown, {}, scale,
        "patient limit", abs(worst - gap), False,
    )  # fmt: skip


def _from_list(
    problem: Problem, order: Order, courses: list[Course], scale: Array | None, whole: bool
) -> Answer:
    """The answer read off a list of roadmaps, each priced exactly."""
    method = "every roadmap listed" if whole else "the best by sure detection, rechecked"
    if not courses:
        return Answer(
            order, False, None, None, None, None, {}, scale, "no way leads there" if whole else method
        )
    units = np.ones(problem.model.n) if scale is None else scale
    good = [c for c in courses if c.holds]
    if good:
        top = max(good, key=lambda c: c.product)
        short = min(good, key=lambda c: landings(problem.model, c.states))
        return Answer(
            order, True, 0.0, top.product, landings(problem.model, short.states), top, {"fewest steps": short}, scale, method,
            exact=whole,
        )  # fmt: skip
    low = min(courses, key=lambda c: float((c.worst / units).max()))
    return Answer(
        order,
        False if whole else None,
        float((low.worst / units).max()),
        None,
        None,
        low,
        {},
        scale,
        method,
        exact=whole,
    )

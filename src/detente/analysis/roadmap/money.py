"""What money can do: guarantees paid as late as possible, deposits, and payments between the parties.

All amounts are discounted averages in the payer's or receiver's own utility (section 2.8); a lump paid once is the
amount divided by (1 - delta). Conditional payments by a guarantor with the party's own discount factor: P_t, the
present value of what is still to be paid at t, must be at least d^t G_t and not rise, so the least is P_t = max
over s >= t of d^s G_s. What not starting would be worth is part of P_0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detente.analysis.roadmap.evaluate import EXISTS, Course, rest_landings, resting
from detente.analysis.roadmap.model import Terms
from detente.analysis.roadmap.problem import Problem
from detente.analysis.roadmap.steps import Priced
from detente.space.tables import Array


@dataclass(frozen=True, eq=False)
class Guarantee:
    """Per party: ``budget`` (n,), ``schedule`` (n, m + 1) of present values still to be paid, ``peak`` (n,) of a collateral
    that is forfeited on a breach, ``deposit`` (n,) lodged at the start and refunded at the end, whether it
    leaves entry worth while, ``bond`` (n,) that the end state needs for ever.
    """

    budget: Array
    schedule: Array
    peak: Array
    deposit: Array
    deposit_pays: Array
    bond: Array


def guarantee(course: Course, terms: Terms) -> Guarantee:
    """What would have to be put up so that a roadmap holds as it stands."""
    gap, d = course.gap, terms.step_delta[:, None]
    m = gap.shape[1] - 1
    due = d ** np.arange(m + 1) * gap
    schedule = np.maximum.accumulate(due[:, ::-1], axis=1)[:, ::-1].copy()
    schedule[:, 0] = np.maximum(schedule[:, 0], course.entry_gap)
    seen = max(terms.detection, 1e-12)
    on_the_way = gap[:, :m] if m else np.zeros((len(gap), 1))
    left = d ** (m - np.arange(max(m, 1)))
    deposit = (on_the_way / left).max(axis=1)
    carrying = deposit * (1 - terms.step_delta**m)
    pays = course.stay[:, 0] - carrying >= course.entry - EXISTS
    return Guarantee(schedule[:, 0].copy(), schedule, gap.max(axis=1) / seen, deposit, pays, gap[:, m] / seen)


@dataclass(frozen=True)
class Transfers:
    """Whether payments between the parties can make a roadmap to the target hold, and what is missing from outside.

    ``shortfall`` is in added utilities, which compares the parties' scales; ``states`` the roadmap of largest total.
    """

    works: bool | None
    shortfall: float | None
    states: tuple[int, ...] | None


def transfers(problem: Problem, priced: Priced) -> Transfers:
    """Payments between the parties, voluntary, before each period's moves (Goldluecke and Kranz 2012).

    With a common discount factor only totals matter: one longest-path pass over S = sum of W. Without one,
    or with false alarms, pauses or doubtful detection, it is not computed.
    """
    model, terms = problem.model, problem.terms
    if (
        np.ptp(terms.delta) > 1e-12
        or terms.false_alarm
        or terms.detection < 1
        or problem.rule.name == "pause"
    ):
        return Transfers(None, None, None)
    graph = priced.steps
    d = float(terms.step_delta[0])
    flow = (1 - d) * model.u.sum(axis=0)
    temptation = _totals(problem, priced)
    total, choice = np.full(graph.nodes, -np.inf), np.full(graph.nodes, -1, dtype=np.int64)
    lack = np.full(graph.nodes, np.inf)
    rest = float(model.u[:, problem.target].sum())
    for end in graph.ends:
        total[end] = rest
        lack[end] = max(0.0, _rest_total(problem, int(graph.date[end])) - rest)
    # least shortfall first, then the largest total: an upper bound of the money needed where totals trade off
    for node in reversed(range(graph.nodes)):
        low, high = int(graph.first[node]), int(graph.first[node + 1])
        if low == high:
            continue
        via = flow[graph.state[graph.dst[low:high]]] + d * total[graph.dst[low:high]]
        short = np.maximum(np.maximum(0.0, temptation[low:high] - via), d * lack[graph.dst[low:high]])
        fine = short <= EXISTS
        best = low + int(
            np.argmax(np.where(fine, via, -np.inf)) if fine.any() else np.lexsort((-via, short))[0]
        )
        total[node], lack[node], choice[node] = via[best - low], short[best - low], best
    if graph.start < 0 or not np.isfinite(total[graph.start]):
        return Transfers(False, None, None)
    entry = max(0.0, float(priced.entry.sum()) - float(total[graph.start]))
    states, node = [int(graph.state[graph.start])], graph.start
    while choice[node] >= 0:
        node = int(graph.dst[choice[node]])
        states.append(int(graph.state[node]))
    shortfall = max(float(lack[graph.start]), entry)
    return Transfers(shortfall <= EXISTS, shortfall, tuple(states))


def _totals(problem: Problem, priced: Priced) -> Array:
    """Sum over the parties of Dev' on every step: departing, or moving as planned and breaking off then: (m,)."""
    graph, threat = priced.steps, problem.threat()
    dst = graph.state[graph.dst]
    dates = graph.date[graph.src]
    planned = np.empty_like(priced.leave)
    for date in np.unique(dates):
        at = dates == date
        planned[:, at] = threat.at(int(date))[:, dst[at]] - problem.terms.cost[:, None]
    return np.asarray(np.maximum(np.maximum(priced.leave, planned), priced.exit[:, None]).sum(axis=0))


def _rest_total(problem: Problem, date: int) -> float:
    model, threat, terms = problem.model, problem.threat(), problem.terms
    per_party = []
    for i in range(model.n):
        landings = rest_landings(threat, terms, i, date)
        # once nobody can move any more, whoever keeps back a payment still has the end state
        values = [terms.exit[i]] if landings else [terms.exit[i], float(model.u[i, problem.target])]
        top, _ = resting(model, terms, threat, i, problem.target)
        values.append(float(top[min(date, len(top) - 1)]) - terms.cost[i])
        values += [float(landing[problem.target]) - terms.cost[i] for landing in landings]
        per_party.append(max(values))
    return float(sum(per_party))


def payments(problem: Problem, course: Course) -> Array | None:
    """Payments between the parties that make one roadmap hold: net receipts (n, m + 2), or None.

    A linear program (HiGHS). Receipts sum to at most 0 at each date, before its moves (the last column is a flow for
    ever after date m). Once a date's payments are made, each party gains at least as much from going on as from
    departing, or from moving as planned and then breaking off, which is also what keeping back the next payment
    means; the first payment is part of entry. Among these the smallest largest payment. Utilities are taken as transferable.
    """
    n, columns = course.stay.shape[0], course.stay.shape[1] + 1
    d = problem.terms.step_delta
    away = np.maximum(course.leave, _breaking_off(problem, course))
    weight = np.asarray((1 - d)[:, None] * d[:, None] ** np.arange(columns), dtype=float)
    weight[:, -1] = d ** (columns - 1)
    rows: list[Array] = []
    limits: list[float] = []

    def at_least(i: int, t: int, amount: float) -> None:
        """What party i receives from date t on, as seen from the date before, is worth ``amount`` or more."""
        if np.isfinite(amount):
            row = np.zeros(n * columns + 1)
            row[i * columns + t : (i + 1) * columns] = weight[i, t:] / d[i] ** max(t - 1, 0)
            rows.append(-row)
            limits.append(-amount)

    for i in range(n):
        at_least(i, 0, float(course.entry[i] - course.stay[i, 0]))
        for t in range(columns - 1):
            at_least(i, t + 1, float(away[i, t] - course.stay[i, t]))
    no_more = np.hstack([np.tile(np.eye(columns), n), np.zeros((columns, 1))])
    size = np.hstack([np.eye(n * columns), -np.ones((n * columns, 1))])
    found = _least_last(
        np.vstack([*rows, no_more, size, -size - 2 * np.eye(n * columns + 1)[-1]]),
        np.concatenate([limits, np.zeros(columns + 2 * n * columns)]),
    )
    return None if found is None else found[:-1].reshape(n, columns)


def _least_last(a: Array, b: Array) -> Array | None:
    """The x with a x <= b whose last entry, at least 0, is least; None where there is none. ``a`` (m, k), ``b`` (m,)."""
    from scipy.optimize import linprog

    width = a.shape[1]
    found = linprog(
        np.append(np.zeros(width - 1), 1.0), A_ub=a, b_ub=b, bounds=[(None, None)] * (width - 1) + [(0.0, None)], method="highs"
    )  # fmt: skip
    return np.array(found.x) if found.status == 0 else None


def _breaking_off(problem: Problem, course: Course) -> Array:
    """What moving as planned and then breaking off is worth at each date: (n, m + 1)."""
    threat, terms = problem.threat(), problem.terms
    m = len(course.states) - 1
    out = np.full((problem.model.n, m + 1), -np.inf)
    for i in range(problem.model.n):
        for t in range(m):
            out[i, t] = threat.at(t)[i, course.states[t + 1]] - terms.cost[i]
        landings = rest_landings(threat, terms, i, m)
        if not landings:
            out[i, m] = problem.model.u[i, course.states[m]]
        for landing in landings:
            out[i, m] = max(out[i, m], landing[course.states[m]] - terms.cost[i])
    return out

"""Fronts and fair solutions: answers checked first, then processor time, then NegMAS on the same spaces.

`python -m benchmarks.agreement`. NegMAS (the extra ``peers``) is left out where it is not installed.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measured import NEGMAS, measured
from detente.analysis.agreement import agreement
from detente.analysis.agreement.front import pareto_front
from detente.analysis.agreement.solutions import solve
from detente.case import from_data
from detente.kernels import search
from detente.kernels.front import constant_sum, count_distinct_sums, front
from detente.space import Space, compile_case
from detente.space.tables import Factor

Values = Sequence[NDArray[np.float64]]

AIMS = {
    (2, 7): 2e-3,
    (2, 30): 10e-3,
    (2, 100): 60e-3,
    (3, 7): 10e-3,
    (3, 20): 0.1,
    (3, 30): 1.0,
    (5, 10): 3.0,
}
"""Seconds aimed at for the exact front, by parties and power of ten."""


def least_ms(call: Callable[[], object], runs: int = 5) -> float:
    """Least processor time of a call in milliseconds, after one warm-up."""
    call()
    times = []
    for _ in range(runs):
        begin = time.process_time()
        call()
        times.append(1e3 * (time.process_time() - begin))
    return min(times)


def space_of(values: Values, reservation: float = -1e9) -> Space:
    """A compiled space with these values, (levels, parties) for each issue."""
    parties = [f"p{p}" for p in range(values[0].shape[1])]
    return compile_case(from_data({
        "detente": 1, "id": "bench", "title": "Benchmark", "parties": dict.fromkeys(parties),
        "issues": {f"i{i}": {"levels": list(range(len(v)))} for i, v in enumerate(values)},
        "preferences": {
            name: {"values": {f"i{i}": dict(enumerate(v[:, p].tolist())) for i, v in enumerate(values)}}
            for p, name in enumerate(parties)
        },
        "no_deal": dict.fromkeys(parties, reservation),
    }))  # fmt: skip


def check() -> None:
    """Fold and listing, search and listing give the same answers."""
    random = np.random.default_rng(0)
    for parties in (2, 3):
        values = [random.random((10, parties)) for _ in range(4)]
        one, two = front(values, method="fold"), front(values, method="enumerate")
        assert (one.choices == two.choices).all()
        d = sum(v.min(axis=0) for v in values)
        for rule in (search.nash, search.maxmin):
            found, listed = (rule(values, d, method=how) for how in ("search", "enumerate"))
            assert (found.choice == listed.choice).all()


def fronts(random: np.random.Generator) -> None:
    """Exact fronts with multiplicities and outcomes, uniform and opposed."""
    for parties, issues in ((2, 7), (2, 30), (2, 100), (3, 7), (3, 20), (3, 30), (5, 10)):
        values = [random.random((10, parties)) for _ in range(issues)]
        took = least_ms(lambda v=values: front(v), 2 if parties > 2 and issues > 7 else 5)
        told = f"{len(front(values).points):,} points"
        measured("agreement", f"front, {parties} parties, 10^{issues}", took / 1e3, told, size=10.0**issues, aim=AIMS.get((parties, issues)))  # fmt: skip
    for issues in (7, 30, 100):
        values = []
        for _ in range(issues):
            first = random.random(10)
            values.append(np.stack([first, 1 - first + 0.05 * random.standard_normal(10)], axis=1))
        took = least_ms(lambda v=values: front(v), 3)
        told = f"{len(front(values).points):,} points"
        measured("agreement", f"front, opposed, 2 parties, 10^{issues}", took / 1e3, told, size=10.0**issues)
    face = np.round(random.random((30, 10)), 3)
    values = [np.stack([row, 1 - row], axis=1) for row in face]
    assert constant_sum(values)
    took = least_ms(lambda: count_distinct_sums(values))
    told = f"{count_distinct_sums(values):,} points"
    measured("agreement", "front of a constant sum, 10^30", took / 1e3, told, size=1e30)


def solutions(random: np.random.Generator) -> None:
    """Fair solutions with proof."""
    for parties, issues, levels in ((2, 20, 10), (3, 50, 10), (5, 30, 10), (8, 20, 5)):
        values = [random.random((levels, parties)) for _ in range(issues)]
        d = sum(v.min(axis=0) + 0.4 * np.ptp(v, axis=0) for v in values)
        for rule in (search.nash, search.maxmin):
            assert rule(values, d).exact
            took = least_ms(lambda v=values, r=d, f=rule: f(v, r))
            what = f"{rule.__name__}, {parties} parties, {levels}^{issues}"
            measured("agreement", what, took / 1e3, size=float(levels) ** issues)


def calls(random: np.random.Generator) -> None:
    """What one call costs on a small space, and on a table that has to be listed."""
    small = space_of([random.random((10, 2)) for _ in range(3)], 1.2)

    def ask() -> None:
        found, parts = pareto_front(small)
        solve(small, found, parts, small.reservation()[0])

    took = least_ms(ask, 50)
    measured("agreement", "front and four solutions from a space, 10^3", took / 1e3, size=1e3, aim=1e-3)
    took = least_ms(lambda: agreement(small), 50)
    measured("agreement", "the whole analysis of it", took / 1e3, size=1e3)
    space = space_of([np.zeros((10, 2)) for _ in range(7)], 0.5)
    scope = tuple(range(7))
    table = space.with_factors({p: [Factor(scope, random.random((10,) * 7))] for p in range(2)})
    took = least_ms(lambda: agreement(table), 2)
    measured("agreement", "agreement on a table, 2 parties, 10^7", took / 1e3, size=1e7, aim=1.5)


def peers(random: np.random.Generator) -> None:
    """The same fronts by NegMAS, the same points checked first."""
    if importlib.util.find_spec("negmas") is None:
        print("NegMAS is not installed: no comparison (the extra `peers` brings it)")
        return
    for parties, issues in ((2, 3), (2, 4), (2, 5), (3, 4)):
        values = [random.random((10, parties)) for _ in range(issues)]
        functions, outcomes = _negmas(values)
        from negmas.preferences.ops import pareto_frontier

        begin = time.process_time()
        points, _ = pareto_frontier(functions, outcomes)
        theirs = 1e3 * (time.process_time() - begin)
        ours = front(values)
        assert np.allclose(sorted(map(tuple, points)), sorted(map(tuple, ours.points)))
        took = least_ms(lambda v=values: front(v))
        what = f"front, {parties} parties, 10^{issues}"
        measured("agreement", what, took / 1e3, size=10.0**issues, peer=NEGMAS, times=theirs / took)


def _negmas(values: Values) -> tuple[list[Any], list[tuple[int, ...]]]:
    """The same utilities as functions of NegMAS, and all outcomes."""
    from negmas.outcomes import make_issue, make_os
    from negmas.preferences import LinearAdditiveUtilityFunction
    from negmas.preferences.value_fun import TableFun

    space = make_os([make_issue(list(range(len(v))), f"i{i}") for i, v in enumerate(values)])
    functions = [
        LinearAdditiveUtilityFunction(
            [TableFun(dict(enumerate(v[:, p].tolist()))) for v in values],
            outcome_space=space,
            reserved_value=-1e9,
        )
        for p in range(values[0].shape[1])
    ]
    return functions, list(space.enumerate_or_sample())


def main() -> None:
    """Prints one line for each question."""
    check()
    random = np.random.default_rng(1)
    fronts(random)
    solutions(random)
    calls(random)
    peers(random)


if __name__ == "__main__":
    main()

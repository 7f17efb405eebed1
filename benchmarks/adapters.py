"""Scenarios of other tools: loading, analysis, and NegMAS 0.16 side by side, answers checked before timing.

Runs on the folder that DETENTE_SCENARIOS names, and leaves NegMAS out where it is not installed (extra `peers`).
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measured import NEGMAS, measured
from detente import collection
from detente.analysis.agreement import agreement
from detente.analysis.agreement.brief import arrays, fits
from detente.kernels import small
from detente.loading import load
from detente.space import compile_case

SNAP = 1e-7


def cpu_ms(call: Callable[[], Any], runs: int = 5) -> float:
    """Least CPU time of a call in milliseconds."""
    times = []
    for _ in range(runs):
        begin = time.process_time()
        call()
        times.append(1e3 * (time.process_time() - begin))
    return min(times)


def points(utilities: Any) -> set[tuple[float, ...]]:
    """Distinct utility vectors, told apart at seven digits."""
    return {tuple(row) for row in (np.round(np.asarray(utilities, dtype=float), 7) + 0.0).tolist()}


def peer(path: Path, found: Counter[str]) -> float:
    """NegMAS's front and solutions of one scenario against ours; returns its CPU seconds for them."""
    from negmas.inout import Scenario
    from negmas.preferences import kalai_points, nash_points, pareto_frontier

    result = agreement(load(path))
    scenario = Scenario.load(path, ignore_discount=True)
    begin = time.process_time()
    theirs, _ = pareto_frontier(scenario.ufuns, issues=scenario.issues, sort_by_welfare=False)
    nash = nash_points(scenario.ufuns, theirs, outcome_space=scenario.outcome_space)
    kalai = kalai_points(scenario.ufuns, theirs, outcome_space=scenario.outcome_space)
    took = time.process_time() - begin
    rational = (result.front.utilities >= result.reservation - 1e-9).all(axis=1)
    found["front: theirs is the rational part of ours"] += not rational.all()
    ours = points(result.front.utilities[rational])
    assert points(theirs) >= ours, f"{path.name}: NegMAS lacks points of the front"
    found["front: the same"] += points(theirs) == ours
    found["front: more points, apart by less than 1e-9"] += points(theirs) != ours
    least = result.ranges[0]
    if (result.reservation < least - 1e-9).any():
        found["solutions: a reservation value below every utility, which NegMAS raises"] += 1
        return took
    for name, their in (("nash", nash), ("egalitarian", kalai)):
        our = result.solutions[name]
        if our is None or not their:
            found[f"{name}: no rational outcome, as both say"] += our is None and not their
            assert our is None or not result.zone.exists or their, f"{path.name}: NegMAS has no {name}"
            continue
        gains = [np.asarray(u, dtype=float) - result.reservation for u in (our.utilities, their[0][0])]
        worth = [g.prod() if name == "nash" else g.min() for g in gains]
        found[f"{name}: the same worth"] += abs(worth[0] - worth[1]) < SNAP
        found[f"{name}: different"] += abs(worth[0] - worth[1]) >= SNAP
    return took


def main() -> None:
    """Prints one line for each question."""
    home = os.environ.get("DETENTE_SCENARIOS")
    if home is None:
        print("scenarios: DETENTE_SCENARIOS names no folder of them, so nothing is measured")
        return
    names, _ = collection.scenarios(home)
    paths = [Path(home) / name for name in names]
    rows = collection.agreement_of_all(home, workers=1).rows
    assert all(row["error"] is None and row["exact"] for row in rows)
    begin = time.process_time()
    collection.agreement_of_all(home, workers=1)
    whole = time.process_time() - begin
    measured("formats", f"all {len(rows)} scenarios, loading included", whole, aim=2.0)
    took = statistics.median(cpu_ms(lambda p=p: load(p)) for p in paths)
    measured("formats", "loading a scenario, median", took / 1e3, aim=2e-3)
    spaces = [compile_case(load(path)) for path in paths]
    times = []
    for space in filter(fits, spaces):
        values, starts = arrays(space)
        d, _ = space.reservation()
        times.append(
            (
                abs(space.size - 1_000),
                cpu_ms(lambda v=values, s=starts, r=d: [small.assess(v, s, r) for _ in range(20)]) / 20,
            )
        )
    near = sorted(times)[:9]
    took = statistics.median(t for _, t in near)
    measured("formats", "about 10^3 outcomes from arrays, median", took / 1e3, size=1e3, aim=1e-4)
    if importlib.util.find_spec("negmas") is None:
        print("NegMAS is not installed (extra `peers`): not compared")
        return
    found: Counter[str] = Counter()
    seconds = sum(peer(path, found) for path in paths)
    more = {"peer": NEGMAS, "times": seconds / whole}
    measured("formats", f"all {len(rows)} scenarios, loading only here", whole, **more)
    for what, count in sorted(found.items()):
        print(f"  {count:4} {what}")


if __name__ == "__main__":
    main()

"""`make bench`: fronts, fair solutions and stability, checked before they are timed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from benchmarks import adapters, forecast, standoff, startup
from detente.kernels import search
from detente.kernels.front import front


def median_ms(call: Callable[[], object], runs: int = 7) -> float:
    """Median time of a call in milliseconds, after one warm-up."""
    call()
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - begin))
    return statistics.median(times)


def check() -> None:
    """Fold and listing, search and listing give the same answers."""
    random = np.random.default_rng(0)
    for parties in (2, 3):
        values = [random.random((10, parties)) for _ in range(4)]
        one, two = front(values, method="fold"), front(values, method="enumerate")
        assert (one.choices == two.choices).all()
        d = sum(v.min(axis=0) for v in values)
        for solve in (search.nash, search.maxmin):
            assert (
                solve(values, d, method="search").choice == solve(values, d, method="enumerate").choice
            ).all()


def main() -> None:
    """Prints one line for each question."""
    check()
    random = np.random.default_rng(1)
    for parties, issues in ((2, 7), (2, 30), (2, 100), (3, 7), (3, 20), (3, 30), (5, 10)):
        values = [random.random((10, parties)) for _ in range(issues)]
        points = len(front(values).points)
        runs = 3 if parties > 2 and issues > 7 else 7
        print(
            f"front    {parties} parties 10^{issues:<4}{points:>8} points {median_ms(lambda v=values: front(v), runs):9.2f} ms"
        )
    for parties, issues, levels in ((2, 20, 10), (3, 50, 10), (5, 30, 10), (8, 20, 5)):
        values = [random.random((levels, parties)) for _ in range(issues)]
        d = sum(v.min(axis=0) + 0.4 * np.ptp(v, axis=0) for v in values)
        for solve in (search.nash, search.maxmin):
            took = median_ms(lambda v=values, r=d, f=solve: f(v, r))
            print(f"{solve.__name__:<8} {parties} parties {levels}^{issues:<4}{'':>16}{took:9.2f} ms")
    forecast.main()
    standoff.main()
    adapters.main()
    startup.main()


if __name__ == "__main__":
    main()

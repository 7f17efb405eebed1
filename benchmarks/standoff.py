"""Stability of every outcome under five concepts, all parties, from a compiled space; answers checked before timing.

`python -m benchmarks.standoff` runs the sizes up to 10^6 outcomes; `--large` adds 1.6 x 10^7 and 1.3 x 10^8 (4 GB).
The other side is the method of the published tools, restated by us: dense matrices of states by states and products
of them (Xu, Hipel and Kilgour 2009), with four concepts and no sequences longer than two parties need.
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from benchmarks.measured import measured
from detente.analysis.standoff import standoff
from detente.analysis.standoff.model import Conflict, conflict_of
from detente.case import Case, from_data
from detente.kernels import stability as kernel
from detente.space import compile_case

PRODUCTS = ((12, 2), (12, 3), (12, 4), (12, 6), (20, 2), (20, 3), (20, 4))
LARGE = ((24, 2), (24, 3), (27, 2))


def options_case(options: int, parties: int, seed: int = 1) -> Case:
    """Binary options dealt out in runs; each party has values for all, and bonuses for pairs of them."""
    rng = random.Random(seed)
    names = [f"P{i}" for i in range(parties)]
    issues = {f"o{k}": {"by": names[k * parties // options], "levels": ["N", "Y"]} for k in range(options)}
    keys = list(issues)

    def preference() -> dict[str, Any]:
        values = {name: {"N": 0, "Y": rng.randint(-50, 50)} for name in keys}
        pairs = [rng.sample(keys, 2) for _ in range(6)]
        bonuses = [{"when": f"{a} == Y and {b} == N", "add": rng.randint(-60, 60)} for a, b in pairs]
        return {"values": values, "bonuses": bonuses}

    return from_data({
        "detente": 1, "id": "options", "title": "Options", "parties": {p: {} for p in names}, "issues": issues,
        "preferences": {p: preference() for p in names},
    })  # fmt: skip


def random_graph(states: int, arcs: int, parties: int, seed: int = 1) -> tuple[Any, list[kernel.Mover]]:
    """Scores (parties, states) and the listed moves of a sparse random conflict."""
    rng = np.random.default_rng(seed)
    scores = np.array([rng.permutation(states) + 1 for _ in range(parties)], dtype=np.int32)
    movers = []
    for k in range(parties):
        ends = np.sort(rng.integers(0, states * states, arcs // parties))
        starts, ends = np.unique(ends) // states, np.unique(ends) % states
        keep = starts != ends
        starts, ends = starts[keep], ends[keep]
        offsets = np.searchsorted(starts, np.arange(states + 1))
        movers.append(kernel.Mover((k,), starts=offsets, ends=ends.astype(np.int32)))
    return scores, movers


def dense(conflict: Conflict) -> dict[str, Any]:
    """R, GMR, SMR and SEQ of two parties by matrices of states by states: bool (2, S) by concept."""
    size = conflict.size
    moves = np.zeros((2, size, size), dtype=np.float32)
    for i in range(2):
        starts, ends = conflict.spread(conflict.own[i], np.arange(size))
        moves[i, starts, ends] = 1
    found = {c: np.zeros((2, size), dtype=bool) for c in ("nash", "gmr", "smr", "seq")}
    better = [score[None, :].astype(np.int64) > score[:, None] for score in conflict.scores]
    for i in range(2):
        mine, theirs = moves[i], moves[1 - i]
        tempts = mine * better[i]
        no_better = (~better[i]).astype(np.float32)
        found["nash"][i] = tempts.sum(axis=1) == 0
        safe = no_better * ((mine @ better[i].T.astype(np.float32)).T == 0)
        for concept, replies, counts in (
            ("gmr", theirs, no_better), ("smr", theirs, safe), ("seq", theirs * better[1 - i], no_better),
        ):  # fmt: skip
            undeterred = replies @ counts.T == 0
            found[concept][i] = (tempts * undeterred.T).sum(axis=1) == 0
    return found


def check() -> None:
    """The matrices, the loops and NumPy agree where all can be run."""
    for seed in range(3):
        conflict = conflict_of(compile_case(options_case(9, 2, seed)))
        flags, matrices = conflict.verdicts(), dense(conflict)
        for concept, rows in matrices.items():
            assert np.array_equal(flags >> kernel.CONCEPTS.index(concept) & 1, rows), concept
    for parties in (2, 3, 4):
        conflict = conflict_of(compile_case(options_case(12, parties)))
        table, movers = conflict._product
        graph = kernel.graph_stability(conflict.scores, conflict._listed, conflict.own, compiled=True)
        for compiled in (False, True):
            flags = kernel.product_stability(table, movers, conflict.own, compiled=compiled)
            assert np.array_equal(flags, graph), (parties, compiled)
    scores, movers = random_graph(500, 5_000, 3)
    plain = kernel.graph_stability(scores, movers, [0, 1, 2], compiled=False)
    assert np.array_equal(kernel.graph_stability(scores, movers, [0, 1, 2], compiled=True), plain)


def timed(call: Callable[[], object], runs: int) -> tuple[float, float]:
    """Least wall and CPU seconds of some runs."""
    times = []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        times.append((time.perf_counter() - wall, time.process_time() - cpu))
    return min(w for w, _ in times), min(c for _, c in times)


def report(what: str, wall: float, cpu: float, **more: Any) -> None:
    """One figure: wall time, which is what two threads are for, with CPU time and memory beside it."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    measured("standoff", what, wall, f"wall; {cpu:.4f} s CPU, {peak:.2f} GB peak so far", **more)


def main(large: bool = False) -> None:
    """Prints one line for each size."""
    check()
    for options, parties in PRODUCTS + (LARGE if large else ()):
        space = compile_case(options_case(options, parties))
        wall, cpu = timed(partial(standoff, space), 1 if options > 20 else 5)
        aim = {12: 0.05, 20: 1.0, 24: 5.0 if parties == 2 else 15.0, 27: 60.0}.get(options)
        report(f"{parties} parties, 2^{options} outcomes", wall, cpu, size=2.0**options, aim=aim)
    space = compile_case(options_case(12, 2))
    conflict = conflict_of(space)
    wall, cpu = timed(conflict.verdicts, 20)
    slow, _ = timed(lambda: dense(conflict), 1)
    more = {"peer": "dense matrices (the usual way)", "times": slow / wall}
    report("2 parties, 2^12, verdicts alone", wall, cpu, size=2.0**12, **more)
    scores, movers = random_graph(1_000_000, 10_000_000, 3)
    own = [0, 1, 2]
    kernel.graph_stability(scores[:, :1000] * 0 + 1, random_graph(1000, 9000, 3)[1], own, compiled=True)
    wall, cpu = timed(lambda: kernel.graph_stability(scores, movers, own), 1)
    report("graph, 3 parties, 10^6 outcomes, 10^7 moves", wall, cpu, size=1e6, aim=15.0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="add 1.6 x 10^7 and 1.3 x 10^8 outcomes")
    main(parser.parse_args().large)

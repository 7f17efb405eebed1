"""The spatial model of politics: one large run, and many draws; published ends are checked before timing.

`python -m benchmarks.forecast`. Times are of the processor, one thread, best of three.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

import detente
from benchmarks.measured import measured
from detente.analysis.forecast.inputs import Inputs, inputs_of
from detente.analysis.forecast.rules import Rules
from detente.analysis.forecast.smp import run


def check() -> None:
    """The published run of thirteen actors ends where its log says, to print rounding."""
    inputs = inputs_of(detente.load("china-energy"))
    ends = dict(zip(inputs.actors, inputs.on_scale(run(inputs, Rules(), 27).ends[0]).tolist(), strict=True))
    for actor, expected in (("XJ", (43.2, 43.3)), ("WY", (15.0, 60.0)), ("MK", (38.6, 28.8))):
        assert np.abs(np.array(ends[actor]) - expected).max() <= 0.0501


def large(actors: int, issues: int) -> Inputs:
    """Actors drawn at random."""
    random = np.random.default_rng(1)
    care = random.uniform(0.1, 1, (1, actors, issues))
    return Inputs(
        tuple(f"A{i}" for i in range(actors)), tuple(f"k{i}" for i in range(issues)), np.zeros(issues),
        np.full(issues, 100.0), random.uniform(10, 200, (1, actors)), random.random((1, actors, issues)),
        0.9 * care / care.sum(axis=2, keepdims=True),
    )  # fmt: skip


def drawn(draws: int) -> Inputs:
    """The thirteen actors, every number a tenth up or down."""
    random = np.random.default_rng(2)
    inputs = inputs_of(detente.load("china-energy")).repeat(draws)
    shape = inputs.position.shape
    return replace(
        inputs,
        capability=inputs.capability * random.uniform(0.9, 1.1, shape[:2]),
        position=np.clip(inputs.position + random.uniform(-0.1, 0.1, shape), 0, 1),
        salience=inputs.salience * random.uniform(0.9, 1.0, shape),
    )


def seconds(call: Callable[[], object], times: int = 3) -> float:
    """Processor time of a call, the best of some."""
    best = float("inf")
    for _ in range(times):
        begin = time.process_time()
        call()
        best = min(best, time.process_time() - begin)
    return best


def main() -> None:
    """Prints one line for each question."""
    check()
    single, big, many = inputs_of(detente.load("china-energy")), large(100, 3), drawn(1_000)
    for what, inputs, turns, aim in (
        ("13 actors x 2 issues, 27 turns", single, 27, None),
        ("100 actors x 3 issues, 100 turns", big, 100, 5.0),
        ("13 actors x 2 issues, 30 turns, 1,000 draws", many, 30, 15.0),
    ):
        measured("forecast", what, seconds(lambda i=inputs, t=turns: run(i, Rules(), t)), aim=aim)


if __name__ == "__main__":
    main()

"""Draws through the analyses, in processor time, answers checked first; and the scaling from one to two workers.

`python -m benchmarks.confidence` times draws; `--scaling` runs the same roadmap job on one and on two workers (wall
time: an otherwise idle machine is needed), with `--draws` of it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import detente
from benchmarks.measured import measured
from detente.analysis.confidence.answers import Question
from detente.analysis.confidence.ask_agreement import AskAgreement
from detente.analysis.confidence.ask_other import settled
from detente.analysis.confidence.ask_roadmap import AskRoadmap
from detente.analysis.confidence.ask_standoff import AskStandoff
from detente.analysis.confidence.run import Counts, Means, Sample, run
from detente.analysis.confidence.worlds import plan_of
from detente.case import Case, from_data


def additive_case(issues: int = 6, levels: int = 10, seed: int = 1) -> Case:
    """Two parties, additive, every value an interval."""
    random = np.random.default_rng(seed)
    names = {f"i{k}": {"levels": [f"l{n}" for n in range(levels)]} for k in range(issues)}

    def party() -> dict[str, Any]:
        low = random.random((issues, levels))
        rows = {
            name: {f"l{n}": [low[k, n], low[k, n] + 0.2] for n in range(levels)}
            for k, name in enumerate(names)
        }
        return {"values": rows}

    return from_data({
        "detente": 1, "id": "additive", "title": "Additive", "parties": {"A": {}, "B": {}}, "issues": names,
        "preferences": {"A": party(), "B": party()}, "no_deal": {"now": {"A": 3.0, "B": 3.0}},
    })  # fmt: skip


def drawn(case: Case, question: Question, draws: int, means: Means | None = None) -> Counts:
    """One run, the compilation of the case included."""
    plan = plan_of(case, question.relevant)
    question.prepare(plan.worlds)
    return run(plan, question, Sample(draws, 1), means)


def check(case: Case, ask: Callable[[], Question], draws: int = 20) -> None:
    """Draws give what the analysis gives one by one."""
    counts = drawn(case, ask(), draws)
    world = counts.plan.worlds[0]
    values = world.values(counts.uniform())
    for d in range(draws):
        one = detente.agreement(settled(world, values, d))
        assert bool(counts.yes[d, 0]) == one.zone.exists


def main(draws_asked: int = 10_000) -> None:
    """Prints one line for each figure."""
    stockholm = detente.load("stockholm-2019")
    large = additive_case()
    check(stockholm, AskAgreement)
    check(large, AskAgreement)
    for name, case, ask, draws, aim in (
        ("agreement, stockholm-2019", stockholm, AskAgreement, draws_asked, 5.0),
        ("standoff, stockholm-2019", stockholm, AskStandoff, draws_asked, 5.0),
        ("agreement, 10^6 outcomes, additive", large, AskAgreement, draws_asked, 15.0),
        (
            "roadmap to freeze, stockholm-2019",
            stockholm,
            lambda: AskRoadmap("freeze"),
            max(20, draws_asked // 50),
            None,
        ),
    ):
        drawn(case, ask(), 20)
        begin = time.process_time()
        drawn(case, ask(), draws)
        took = time.process_time() - begin
        told = f"from {draws:,} draws" if draws != 10_000 else ""
        measured("confidence", f"{name}, 10,000 draws", took * 10_000 / draws, told, aim=aim)


def scaling(case: Case, draws: int) -> None:
    """The same job on one and on two workers, with the same result."""
    took, found = [], []
    for workers in (1, 2):
        begin = time.perf_counter()
        found.append(drawn(case, AskRoadmap("freeze"), draws, Means(workers=workers)))
        took.append(time.perf_counter() - begin)
    assert (found[0].yes == found[1].yes).all()
    print(f"one worker {took[0]:.1f} s, two {took[1]:.1f} s: {took[0] / took[1]:.2f} times")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--scaling", action="store_true")
    parser.add_argument("--draws", type=int, default=10_000)
    asked = parser.parse_args()
    if asked.scaling:
        scaling(detente.load("stockholm-2019"), asked.draws)
    else:
        main(asked.draws)

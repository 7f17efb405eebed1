"""Roadmaps on large made-up negotiations: checked on small ones, then timed in CPU seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import detente
from benchmarks.measured import measured
from detente.analysis.roadmap import model as models
from detente.analysis.roadmap import roadmap, search
from detente.analysis.roadmap.compiled import sweep_large
from detente.analysis.roadmap.labels import Task
from detente.analysis.roadmap.problem import Problem, answer
from detente.analysis.roadmap.threats import _threat as computed  # not kept from one run to the next
from detente.analysis.roadmap.threats import rule
from detente.case import from_data
from detente.case.model import Case
from detente.space import compile_case

SIZES = {
    10**3: (4, 4, 4, 4, 4),
    10**4: (6, 6, 6, 7, 7),
    10**5: (10, 10, 10, 10, 10),
    10**6: (16, 16, 16, 16, 16),
}
DELTA = 0.95


def made_up(size: int, parties: int, seed: int = 0, pace: int | str = 1, bonus: bool = True) -> Case:
    """Five issues of rising cost to their owner and more benefit to the others, partly revocable, with two bonuses."""
    random = np.random.default_rng(seed)
    names = [f"P{i}" for i in range(parties)]
    issues: dict[str, Any] = {}
    values: dict[str, dict[str, Any]] = {p: {} for p in names}
    for k, count in enumerate(SIZES[size]):
        levels = [f"l{j}" for j in range(count)]
        owner = names[k % parties]
        floors = {
            levels[j]: levels[int(random.integers(0, j // 2 + 1))]
            for j in range(count)
            if random.random() < 0.5
        }
        issues[f"i{k}"] = {"by": owner, "levels": levels, "retreat": floors, "pace": {"up": pace}}
        for p in names:
            steps = random.random(count - 1) * (-1.0 if p == owner else 3.5 / max(1, parties - 1))
            values[p][f"i{k}"] = dict(zip(levels, [0.0, *np.cumsum(steps).tolist()], strict=True))
    extra = (
        [{"when": "i0 >= l2 and i1 >= l2", "add": 0.7}, {"when": "i2 >= l2 and i3 < l2", "add": -0.4}]
        if bonus
        else []
    )
    return from_data({
        "detente": 1, "id": "made-up", "title": "A made-up negotiation",
        "parties": {p: {"patience": DELTA} for p in names},
        "issues": issues,
        "status_quo": dict.fromkeys(issues, "l0"),
        "preferences": {p: {"values": v, "bonuses": extra} for p, v in values.items()},
        "targets": {"all": {"outcome": {k: i["levels"][-1] for k, i in issues.items()}}},
    })  # fmt: skip


def problem(case: Case, threat: str = "revert") -> Problem:
    """The case as a roadmap problem to its one target."""
    space = compile_case(case)
    model = models.build(space)
    terms, _ = models.terms(space)
    return Problem(model, terms, model.state(space.positions(case.targets["all"].outcome)), rule(threat))


def cpu(call: Callable[[], object], runs: int = 3) -> tuple[float, Any]:
    """Least CPU time of a call in seconds, and what it gave."""
    best, made = float("inf"), None
    for _ in range(runs):
        begin = time.process_time()
        made = call()
        best = min(best, time.process_time() - begin)
    return best, made


def check() -> None:
    """Merged labels and the patient limit keep their promises where exact ones are known."""
    small = problem(made_up(10**3, 2))
    exact, priced = answer(small, "single", "raw", criteria=False), small.priced("single")
    none = np.zeros(2)
    merged = sweep_large(priced, Task(none, none + 1, merge=none + 0.01))
    search.nash(problem(made_up(10**4, 2)).priced("single"))  # compiles what has to be
    assert exact.exists == bool(len(merged.here))
    assert search.patient(priced, np.ones(2))[0] >= 0


def main(largest: int = 10**5) -> None:
    """Prints one line for each question; `largest` outcomes at most."""
    check()
    for size in (s for s in SIZES if 10**4 <= s <= largest):
        asked = problem(made_up(size, 2))
        for kind in ("stop", "revert"):
            took, _ = cpu(lambda k=kind, p=asked: computed(p.model, p.terms, rule(k), p.target))
            measured("roadmap", f"threat {kind}, {size:,} outcomes, a party", took / 2, size=size)
        took, priced = cpu(lambda p=asked: p.priced("single"), 1)
        told = f"{len(priced.steps.src):,} steps"
        measured("roadmap", f"steps with their prices, {size:,} outcomes", took, told, size=size)
        took, _ = cpu(lambda p=priced: search.patient(p, np.ones(2)))
        measured("roadmap", f"patient limit, {size:,} outcomes", took, size=size)
        took, found = cpu(lambda p=priced: search.nash(p), 1)
        told = f"{found.labels:,} labels, {found.method}"
        aim = {10**4: 2.0, 10**5: 60.0}.get(size)
        measured("roadmap", f"best product, two parties, {size:,} outcomes", took, told, size=size, aim=aim)
    for seed in (0, 1):
        three = problem(made_up(10**4, 3, seed)).priced("single")
        took, found = cpu(lambda p=three: search.nash(p), 1)
        told = f"{found.labels:,} labels, {found.method}"
        what = f"best product, three parties, 10,000 outcomes, {seed}"
        measured("roadmap", what, took, told, size=1e4, aim=30.0)
    case = detente.load("stockholm-2019")
    for target in case.targets:
        took, _ = cpu(lambda c=case, t=target: roadmap(c, t))
        measured("roadmap", f"Stockholm, {target}, remedies and patience", took, aim=1.0)


if __name__ == "__main__":
    main()

"""Random tiny negotiations with everything that decides answers: floors, pace, durations, prerequisites, joint owners."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from detente.case import from_data
from detente.case.model import Case

LARGEST = 40
"""States at most, so that the naive twin stays quick."""


def tiny(rng: np.random.Generator, parties: int | None = None, deadline: bool | None = None) -> Case:
    """A random case with a target called ``goal``; numbers are small whole ones, so that ties occur."""
    while True:
        data = _draw(rng, parties, deadline)
        size = 1
        for issue in data["issues"].values():
            size *= 1 + sum(issue.get("takes", {}).get(level, 1) for level in issue["levels"][1:])
        if 2 <= size <= LARGEST:
            return from_data(data)


def _draw(rng: np.random.Generator, parties: int | None, deadline: bool | None) -> dict[str, Any]:
    n = parties or int(rng.choice([2, 2, 2, 3]))
    names = ["A", "B", "C"][:n]
    count = int(rng.integers(2, 4))
    issues: dict[str, Any] = {}
    for k in range(count):
        levels = [f"l{j}" for j in range(int(rng.choice([2, 2, 3])))]
        by = [names[k % n]] if rng.random() < 0.85 else sorted(rng.choice(names, 2, replace=False).tolist())
        if rng.random() < 0.05:
            by = ["Z"]
        issues[f"i{k}"] = _issue(rng, levels, by)
    everyone = list(issues)
    for name, issue in issues.items():
        if rng.random() < 0.3:
            other = str(rng.choice([i for i in everyone if i != name]))
            when = f"{other} >= {rng.choice(issues[other]['levels'][1:])}"
            issue["requires"] = {
                issue["levels"][-1]: {"when": when, "timing": str(rng.choice(["before", "together"]))}
            }
    if rng.random() < 0.2:
        issues["term"] = {"levels": ["x", "y"]}
    size = math.prod(len(i["levels"]) for i in issues.values())
    data: dict[str, Any] = {
        "detente": 1,
        "id": "tiny",
        "title": "A random tiny game",
        "parties": {p: {"patience": float(rng.choice([0.3, 0.5, 0.7, 0.8, 0.9]))} for p in names}
        | {"Z": {"roles": ["convener"]}},
        "issues": issues,
        "preferences": {p: _preference(rng, issues, size, k) for k, p in enumerate(names)},
        "status_quo": {name: issue["levels"][0] for name, issue in issues.items()},
        "targets": {"goal": {"outcome": _goal(rng, issues)}},
    }
    if rng.random() < 0.25:
        data["impossible"] = [_impossible(rng, issues)]
    if rng.random() < 0.2:
        data["parties"]["A"]["breach_cost"] = 0.5
    data["no_deal"] = {"now": "status_quo"}
    if rng.random() < 0.15:
        data["no_deal"]["walk_away"] = {"A": float(rng.integers(-2, 3))}
    if deadline or (deadline is None and rng.random() < 0.3):
        data["time"] = {"period": "year", "periods": int(rng.integers(0, 6))}
        if rng.random() < 0.5:
            data["no_deal"]["at_deadline"] = {p: float(rng.integers(-3, 2)) for p in names}
    return data


def _issue(rng: np.random.Generator, levels: list[str], by: list[str]) -> dict[str, Any]:
    issue: dict[str, Any] = {"by": by, "levels": levels}
    kind = rng.random()
    if kind < 0.35:
        issue["retreat"] = {level: level for level in levels}
    elif kind < 0.5:
        issue["retreat"] = {levels[-1]: levels[-2]}
    if rng.random() < 0.4:
        issue["pace"] = {
            "up": int(rng.choice([1, 1, 1, 0])) or 1,
            "down": str(rng.choice(["any", "any", "1", "0"])),
        }
        if issue["pace"]["down"] != "any":
            issue["pace"]["down"] = int(issue["pace"]["down"])
    if rng.random() < 0.3:
        issue["takes"] = {str(rng.choice(levels[1:])): int(rng.integers(2, 4))}
    return issue


def _preference(rng: np.random.Generator, issues: dict[str, Any], size: int, k: int) -> dict[str, Any]:
    if rng.random() < 0.3:
        return {"table": rng.integers(-3, 6, size).astype(float).tolist()}
    values = {}
    for place, (name, issue) in enumerate(issues.items()):
        own = place % 2 == k % 2
        steps = (
            -rng.integers(0, 3, len(issue["levels"]) - 1)
            if own
            else rng.integers(0, 5, len(issue["levels"]) - 1)
        )
        values[name] = dict(
            zip(issue["levels"], [0.0, *np.cumsum(steps).astype(float).tolist()], strict=True)
        )
    preference: dict[str, Any] = {"values": values}
    if rng.random() < 0.3:
        a, b = rng.choice(list(issues), 2, replace=False)
        when = f"{a} == {issues[a]['levels'][-1]} and {b} == {issues[b]['levels'][-1]}"
        preference["bonuses"] = [{"when": when, "add": float(rng.integers(-2, 4))}]
    return preference


def _goal(rng: np.random.Generator, issues: dict[str, Any]) -> dict[str, str]:
    goal = {name: str(rng.choice(issue["levels"][-2:])) for name, issue in issues.items() if "by" in issue}
    return {name: level if rng.random() < 0.9 else issues[name]["levels"][0] for name, level in goal.items()}


def _impossible(rng: np.random.Generator, issues: dict[str, Any]) -> str:
    a, b = rng.choice([name for name in issues if "by" in issues[name]], 2, replace=False)
    level_a, level_b = rng.choice(issues[a]["levels"]), rng.choice(issues[b]["levels"])
    first = all(x == issues[name]["levels"][0] for name, x in ((a, level_a), (b, level_b)))
    return f"{a} == {issues[a]['levels'][-1] if first else level_a} and {b} == {level_b}"


def all_levels(case: Case) -> list[tuple[int, ...]]:
    """Level positions of all outcomes."""
    return list(itertools.product(*(range(len(issue.names)) for issue in case.issues.values())))

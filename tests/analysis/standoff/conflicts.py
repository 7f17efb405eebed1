"""Random conflicts for the sweeps: small, and full of what makes the Graph Model hard."""

from __future__ import annotations

import math
import random
from typing import Any

from detente.case import Case, from_data
from detente.case.checks import feasible_outcomes
from detente.errors import CaseError

PARTIES = ("A", "B", "C", "D", "E")


def random_case(rng: random.Random, form: str | None = None) -> Case:
    """A case of 2 to 5 parties in product or graph form; ties, one-way moves, impossible outcomes and the rest."""
    while True:
        made = (
            _graph(rng) if (form or rng.choice(["product", "product", "graph"])) == "graph" else _product(rng)
        )
        for name, party in made["parties"].items():
            if name not in made["preferences"]:
                party["roles"] = ["affected"]
        try:
            return from_data(made)
        except CaseError:
            continue  # a ranking over outcomes that turned out impossible, and the like


def _head(rng: random.Random) -> tuple[dict[str, Any], list[str]]:
    names = list(PARTIES[: rng.choice([2, 2, 3, 3, 4, 5])])
    return {"detente": 1, "id": "random", "title": "Random", "parties": {p: {} for p in names}}, names


def _graph(rng: random.Random) -> dict[str, Any]:
    data, names = _head(rng)
    states = [f"s{i}" for i in range(rng.randint(2, 9))]
    density = rng.choice([0.1, 0.2, 0.4, 0.8])
    data["outcomes"] = states
    data["moves"] = {
        p: [[a, b] for a in states for b in states if a != b and rng.random() < density]
        for p in names
        if rng.random() < 0.95
    }
    if not data["moves"]:
        data["moves"] = {names[0]: []}
    data["preferences"] = {p: _ranking(rng, states) for p in names if rng.random() < 0.9} or {
        names[0]: _ranking(rng, states)
    }
    return data


def _ranking(rng: random.Random, outcomes: list[Any]) -> dict[str, Any]:
    shuffled = rng.sample(outcomes, len(outcomes))
    groups: list[list[Any]] = [[shuffled[0]]]
    tie = rng.choice([0.0, 0.2, 0.5])
    for outcome in shuffled[1:]:
        if rng.random() < tie:
            groups[-1].append(outcome)
        else:
            groups.append([outcome])
    return {"ranking": groups}


def _product(rng: random.Random) -> dict[str, Any]:
    data, names = _head(rng)
    issues: dict[str, Any] = {}
    size, count = 1, rng.randint(1, 5)
    for k in range(count):
        levels = rng.choice([2, 2, 2, 3, 4])
        if size * levels > 36:
            break
        size *= levels
        issues[f"i{k}"] = _issue(rng, names, levels)
    data["issues"] = issues
    for issue in issues.values():
        if rng.random() < 0.12:
            issue["requires"] = {
                rng.choice(issue["levels"][1:]): {
                    "when": _condition(rng, issues),
                    "timing": rng.choice(["before", "together"]),
                }
            }
    if all("by" not in issue for issue in issues.values()):
        next(iter(issues.values()))["by"] = names[0]
    if rng.random() < 0.5:
        data["impossible"] = [_condition(rng, issues, 2) for _ in range(rng.randint(1, 2))]
    data["preferences"] = {p: _preference(rng, data, size) for p in names if rng.random() < 0.9}
    if not data["preferences"]:
        data["preferences"] = {names[0]: _preference(rng, data, size)}
    return data


def _issue(rng: random.Random, names: list[str], levels: int) -> dict[str, Any]:
    issue: dict[str, Any] = {"levels": [f"l{j}" for j in range(levels)]}
    if (chance := rng.random()) < 0.12 and len(names) > 2:
        issue["by"] = rng.sample(names, 2)
    elif chance < 0.93:
        issue["by"] = rng.choice(names)
    if (chance := rng.random()) < 0.15:
        issue["pace"] = {rng.choice(["up", "down"]): 0}
    elif chance < 0.35:
        level = rng.randrange(levels)
        issue["retreat"] = {f"l{level}": f"l{rng.randint(0, level)}"}
    return issue


def _condition(rng: random.Random, issues: dict[str, Any], terms: int = 1) -> str:
    parts = []
    for _ in range(terms):
        name = rng.choice(list(issues))
        parts.append(f"{name} {rng.choice(['==', '>=', '!='])} {rng.choice(issues[name]['levels'])}")
    return f" {rng.choice(['and', 'and', 'or'])} ".join(parts)


def _preference(rng: random.Random, data: dict[str, Any], size: int) -> dict[str, Any]:
    issues = data["issues"]
    kind = rng.choice(["table", "values", "priorities", "ranking"])
    if kind == "table":
        top = rng.choice([2, 5, 1000])
        return {"table": [rng.randint(0, top) for _ in range(size)]}
    if kind == "values":
        values = {n: {x: rng.randint(0, 4) for x in i["levels"]} for n, i in issues.items()}
        return {
            "values": values,
            "bonuses": [{"when": _condition(rng, issues, 2), "add": rng.randint(-3, 3)}],
        }
    if kind == "priorities":
        return {"priorities": [_condition(rng, issues, rng.choice([1, 2])) for _ in range(rng.randint(1, 5))]}
    case = from_data({k: v for k, v in data.items() if k != "preferences"})
    names = [i["levels"] for i in issues.values()]
    outcomes = [[names[k][x] for k, x in enumerate(levels)] for levels in feasible_outcomes(case)]
    return _ranking(rng, outcomes) if outcomes else {"table": [0] * size}


def size_of(case: Case) -> int:
    return len(case.outcomes) or math.prod(len(issue.names) for issue in case.issues.values())

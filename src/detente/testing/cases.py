"""Random cases, small and sound, as plain data: every form that the format knows occurs sooner or later.

``draw`` is a `random.Random`: the same seed gives the same cases.

>>> from random import Random
>>> from detente.case import from_data
>>> from_data(random_case(Random(1))) == from_data(random_case(Random(1)))
True
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from detente.case import from_data
from detente.case.checks import feasible_outcomes

Data = dict[str, Any]
Levels = Mapping[str, Sequence[str]]

NAMES = ("US", "no", "St. Kitts", "ada", "B")
ISSUES = ("price", "end date", "on", "q-7")
LEVELS = ("none", "some", "all", "10", "9", "1.50", "or", "two words", "null", "ja: nein", "größer")
CARDINAL = ("values", "weights", "bonuses", "table")
ORDINAL = ("priorities", "ranking")


def random_case(
    draw: random.Random,
    kinds: Sequence[str] = (*CARDINAL, *ORDINAL, "types"),
    most: int = 60,
    extras: bool = True,
) -> Data:
    """A case with issues.

    ``kinds`` are the kinds of preference that may occur, ``most`` bounds the number of outcomes, ``extras`` says
    whether sections beside the game itself (record, evidence, variants, ...) may occur.
    """
    parties = draw.sample(NAMES, draw.randrange(1, 5))
    issues, levels = _issues(draw, parties, most)
    data: Data = {
        "detente": 1,
        "id": f"case-{draw.randrange(1000)}",
        "title": draw.choice(["A case", "007", "a: b # c"]),
    }
    data["parties"] = {name: _party(draw, parties) for name in parties}
    data["issues"] = issues
    if _chance(draw, 0.4):
        data["impossible"] = [_impossible(draw, levels) for _ in range(draw.randrange(1, 3))]

    def outcome() -> Data:
        return {i: draw.choice(names) for i, names in levels.items() if _chance(draw, 0.8)}

    if _chance(draw, 0.6):
        data["status_quo"] = outcome()
    if _chance(draw, 0.7):
        data["no_deal"] = _no_deal(draw, parties, outcome)
    negotiators = [name for name in parties if "roles" not in (data["parties"][name] or {})] or parties[:1]
    data["preferences"] = {name: _preference(draw, data, levels, kinds) for name in negotiators}
    if extras:
        _extras(draw, data, levels, outcome)
    return data


def random_graph(
    draw: random.Random, kinds: Sequence[str] = ("ranking", "table"), extras: bool = True
) -> Data:
    """A case in graph form, with up to eight outcomes; moves may be one-way, or none at all."""
    parties = draw.sample(NAMES, draw.randrange(1, 4))
    names = draw.sample([*LEVELS, "freeze", "war"], draw.randrange(1, 9))
    pairs = [[a, b] for a in names for b in names if a != b]
    data: Data = {
        "detente": 1,
        "id": "graph",
        "title": "A graph",
        "parties": {name: None for name in parties},
    }
    data["outcomes"] = names
    data["moves"] = {name: draw.sample(pairs, draw.randrange(min(len(pairs), 8) + 1)) for name in parties}
    if _chance(draw, 0.5):
        data["status_quo"] = draw.choice(names)
    if _chance(draw, 0.5):
        data["no_deal"] = draw.choice([draw.choice(names), {name: _number(draw) for name in parties}])
    data["preferences"] = {}
    for name in parties:
        if draw.choice(kinds) == "ranking":
            data["preferences"][name] = {"ranking": _groups(draw, names)}
        else:
            data["preferences"][name] = {"table": [_number(draw) for _ in names]}
    if extras and _chance(draw, 0.5):
        data["record"] = [{"kind": "offer", "party": parties[0], "outcome": draw.choice(names)}]
        data["targets"] = {"end": {"outcome": draw.choice(names), "order": "single"}}
        data["strength"] = {parties[0]: [draw.sample(names, 2)]} if len(names) > 1 else {}
        data["variants"] = (
            {"other": [{"add": f'moves."{parties[0]}"', "to": draw.choice(pairs)}]} if pairs else {}
        )
    return data


def random_condition(draw: random.Random, levels: Levels, depth: int) -> str:
    """A sound condition over issues and their levels, with brackets only where they are needed, or by chance."""
    if depth == 0 or _chance(draw, 0.2):
        return _comparison(draw, levels)
    left, right = (random_condition(draw, levels, depth - 1) for _ in range(2))
    form = draw.choice(["({}) and ({})", "({}) or ({})", "not ({})", "if ({}) then ({})", "({}) iff ({})"])
    if all(" then " not in side and " iff " not in side for side in (left, right)):
        form = draw.choice([form, "{} and {}", "{} or {}", "{} iff {}", "if {} then {}", "not {}"])
    return form.format(left, right)


def _comparison(draw: random.Random, levels: Levels) -> str:
    issue = draw.choice(list(levels))
    if _chance(draw, 0.3):
        some = draw.sample(list(levels[issue]), draw.randrange(len(levels[issue]) + 1))
        return f"{_quoted(draw, issue)} in [{', '.join(_quoted(draw, name) for name in some)}]"
    sign = draw.choice(["==", "!=", "<", "<=", ">", ">="])
    return f"{_quoted(draw, issue)} {sign} {_quoted(draw, draw.choice(list(levels[issue])))}"


def _quoted(draw: random.Random, name: str) -> str:
    return f"'{name}'" if " " in name or name in ("or", "no") or _chance(draw, 0.2) else name


def _chance(draw: random.Random, share: float) -> bool:
    return draw.random() < share


def _number(draw: random.Random) -> Any:
    """A number of any form, often one that ties with another."""
    low, high = sorted(draw.choices([-3, -1.5, 0, 0, 1, 1, 2, 2.25, 4, 10], k=2))
    forms: list[Any] = [low, low, high, [low, high], [low, (low + high) / 2, high], {"normal": [low, 0.5]}]
    forms.append({"discrete": [[low, 0.25], [high, 0.75]]})
    return draw.choice(forms)


def _positive(draw: random.Random) -> Any:
    return draw.choice([1, 2, 0.5, [1, 3], [0.5, 1, 2]])


def _party(draw: random.Random, parties: Sequence[str]) -> Data | None:
    """A party; null, as a file writes one of which nothing is said, is the most frequent."""
    if _chance(draw, 0.4):
        return None
    party: Data = {}
    if _chance(draw, 0.5):
        party["label"] = draw.choice(["A label", "yes", "1"])
    if _chance(draw, 0.2):
        party.update(roles=draw.choice([["ratifier"], ["mediator", "verifier"]]))
        party["for"] = draw.choice(list(parties))
    if _chance(draw, 0.5):
        party["patience"] = draw.choice([0.5, 0.9, 1, [0.8, 0.9], [0.7, 0.8, 0.95]])
    if _chance(draw, 0.2):
        party["breach_cost"] = draw.choice([0, 0.5, [0, 1]])
    return party


def _issues(draw: random.Random, parties: Sequence[str], most: int) -> tuple[Data, dict[str, list[str]]]:
    """Issues, and the names of their levels."""
    issues: Data = {}
    levels: dict[str, list[str]] = {}
    size = 1
    for name in draw.sample(ISSUES, draw.randrange(1, 4)):
        if _chance(draw, 0.2):
            scale: Any = draw.choice(
                [{"from": 0, "to": 1, "step": 0.5}, {"from": -10, "to": 10, "step": 10, "unit": "M"}]
            )
            names = ["0", "0.5", "1"] if scale["to"] == 1 else ["-10", "0", "10"]
        else:
            scale = names = draw.sample(LEVELS, draw.randrange(1, 5))
        if size * len(names) > most:
            continue
        size *= len(names)
        levels[name] = names
        issues[name] = _issue(draw, parties, scale, names)
    for name, issue in issues.items():
        if "by" in issue and _chance(draw, 0.3):
            when = random_condition(draw, levels, 1)
            long = {"when": when, "timing": draw.choice(["before", "together"])}
            issue["requires"] = {draw.choice(levels[name]): draw.choice([when, long])}
    return issues, levels


def _issue(draw: random.Random, parties: Sequence[str], scale: Any, names: Sequence[str]) -> Data:
    issue: Data = {"levels": scale}
    if _chance(draw, 0.7):
        owners = draw.sample(list(parties), min(len(parties), draw.choice([1, 1, 1, 2])))
        issue["by"] = owners[0] if len(owners) == 1 else owners
    if _chance(draw, 0.3):
        top = draw.randrange(len(names))
        issue["retreat"] = {names[top]: names[draw.randrange(top + 1)]}
    if _chance(draw, 0.3):
        issue["pace"] = draw.choice([{"up": 1}, {"up": "any", "down": 0}, {"up": 0, "down": 2}])
    if _chance(draw, 0.3):
        issue["takes"] = {draw.choice(names): draw.randrange(1, 5)}
    if _chance(draw, 0.2):
        issue["proof"] = {draw.choice(names): "seen from above"}
    return issue


def _impossible(draw: random.Random, levels: Levels) -> Any:
    when = random_condition(draw, levels, draw.randrange(2))
    return draw.choice([when, {"when": when}, {"when": when, "why": "nobody would believe it"}])


def _no_deal(draw: random.Random, parties: Sequence[str], outcome: Callable[[], Data]) -> Any:
    utilities = {name: _number(draw) for name in parties}
    short = draw.choice(["status_quo", utilities, outcome() or "status_quo"])
    if _chance(draw, 0.5):
        return short
    block: Data = {"at_deadline": draw.choice(["freeze", "status_quo", utilities, outcome()])}
    if _chance(draw, 0.5):
        block["now"] = short
    if _chance(draw, 0.3):
        block["walk_away"] = {parties[0]: _number(draw)}
    return block


def _preference(draw: random.Random, data: Data, levels: Levels, kinds: Sequence[str]) -> Data:
    kind = draw.choice(list(kinds))
    if kind == "types":
        others = [k for k in kinds if k != "types"] or ["values"]
        return {
            "types": {name: _preference(draw, data, levels, others) for name in ("sincere", "opportunist")}
        }
    if kind == "priorities":
        return {"priorities": [random_condition(draw, levels, 1) for _ in range(draw.randrange(1, 4))]}
    if kind == "ranking":
        known = ("detente", "id", "title", "parties", "issues", "impossible")
        bare = {key: value for key, value in data.items() if key in known}
        possible = [
            [list(names)[at] for names, at in zip(levels.values(), key, strict=True)]
            for key in feasible_outcomes(from_data(bare))
        ]
        return {"ranking": _groups(draw, possible)} if possible else {"values": {}}
    if kind == "table":
        size = 1
        for names in levels.values():
            size *= len(names)
        return {"table": [_number(draw) for _ in range(size)]}
    return _values(draw, data, levels, kind)


def _values(draw: random.Random, data: Data, levels: Levels, kind: str) -> Data:
    named = [issue for issue in levels if _chance(draw, 0.8)] or list(levels)
    preference: Data = {"values": {}}
    for issue in named:
        names = list(levels[issue])
        if isinstance(data["issues"][issue]["levels"], dict) and _chance(draw, 0.5):
            names = [names[0], names[-1]]
        preference["values"][issue] = {name: _number(draw) for name in names}
    if kind == "weights":
        preference["weights"] = {issue: _positive(draw) for issue in named}
    if kind == "bonuses":
        amounts = [
            {"when": random_condition(draw, levels, 1), "add": _number(draw)}
            for _ in range(draw.randrange(1, 3))
        ]
        preference["bonuses"] = amounts
    if _chance(draw, 0.2):
        preference["numeraire"] = {"unit": "M USD", "per_point": 40}
    return preference


def _groups(draw: random.Random, outcomes: Sequence[Any]) -> list[list[Any]]:
    """Outcomes in random tie groups."""
    shuffled = draw.sample(list(outcomes), len(outcomes))
    groups: list[list[Any]] = []
    for outcome in shuffled:
        if groups and _chance(draw, 0.3):
            groups[-1].append(outcome)
        else:
            groups.append([outcome])
    return groups


def _extras(draw: random.Random, data: Data, levels: Levels, outcome: Callable[[], Data]) -> None:
    """Sections beside the game, each by chance."""
    parties, issue = list(data["parties"]), next(iter(levels))
    path = f'issues."{issue}"'
    sections: Data = {
        "note": "line one\nline two",
        "imported": {"format": "sheet", "remarks": ["a column was left out"]},
        "sources": {"paper": "A paper", "book": {"title": "A book", "date": "2019-10"}},
        "absent": ["China", {"label": "Japan", "why": "not at the table"}],
        "time": draw.choice([
            {"period": "month", "start": "2019-10-05", "deadline": "2019-12-31", "deadline_set_by": parties[0]},
            {"periods": 3}, {"period": 7.5},
        ]),
        "verification": draw.choice([{"lag": 1}, {"detection": [0.5, 0.8, 1], "false_alarm": 0.02}]),
        "record": [{"date": "2019", "party": parties, "kind": "position", "outcome": outcome()}, {"kind": "threat"}],
        "views": {parties[0]: [{"set": path + ".label", "to": "theirs"}]},
        "confidential": [{"path": path, "to": parties[:1]}],
        "targets": {"goal": {"outcome": outcome(), "order": draw.choice(["any", "single", "at-once"])}},
        "strength": {parties[0]: [[outcome(), outcome()]]},
        "unknown": {parties[0]: [[outcome(), outcome()]]},
        "attitudes": {parties[0]: {parties[-1]: draw.choice([-1, 0, 1])}},
        "discount": {parties[0]: {"factor": draw.choice([0.9, [0.8, 0.9]]), "per": "round"}},
        "correlated": [{"paths": [path + ".levels", path], "rho": 0.5}],
        "forecast": {
            "issues": {"policy": {"from": 0, "to": 100}},
            "actors": {"X": {"capability": [1, 2], "position": {"policy": [10, 30, 50]}, "salience": {"policy": 0.5}}},
        },
        "variants": {"renamed": [{"set": path + ".label", "to": draw.choice(["x", 1.5, "1.50"]), "why": "to see"}], "as is": []},
    }  # fmt: skip
    data.update({key: value for key, value in sections.items() if _chance(draw, 0.3)})
    if "sources" in data:
        data["evidence"] = [{"supports": path, "source": "paper", "locator": 3, "paraphrase": "so it is"}]

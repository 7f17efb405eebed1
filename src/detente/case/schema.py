"""The JSON Schema of the case format, for editors."""

from __future__ import annotations

from typing import Any

from detente.case.model import Case

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = {"type": ["string", "number"]}
_CONDITION = {"type": "string", "minLength": 1}


_HOVER = {
    "detente": "Version of the format: 1.",
    "id": "Short name of the case, used in results and file names.",
    "title": "What people call the case.",
    "sources": "What can be cited: an id and a title, or more.",
    "parties": "Who is in the case, by id.",
    "absent": "Who matters and is not at the table.",
    "issues": "What is to be settled, by id; each has levels in order.",
    "outcomes": "Graph form: the names of the outcomes, in place of issues.",
    "moves": "Graph form: pairs [from, to] of outcomes, by party.",
    "impossible": "Conditions under which an outcome cannot be.",
    "status_quo": "The outcome today; issues left out are at their first level.",
    "preferences": "What each party wants: values, priorities, ranking, table or types.",
    "time": "Clock and deadline.",
    "verification": "How soon and how surely a breach is seen.",
    "record": "What was said and done, in order of time. Nothing is inferred from it.",
    "evidence": "What inputs rest on: a path, a source, and where in it.",
    "views": "What a party believes, where that differs from the case.",
    "confidential": "Who may see an input; everybody where nothing is said.",
    "targets": "End states that the report asks the roadmap for.",
    "strength": "Pairs of outcomes, the first strongly preferred to the second, by party.",
    "unknown": "Pairs of outcomes whose order is not known, by party.",
    "attitudes": "How parties wish each other: 1 well, 0 nothing, -1 ill.",
    "discount": "Discount factors of the bargaining table, by party.",
    "correlated": "Uncertain numbers that are drawn together.",
    "forecast": "Actors with positions, salience and capability.",
    "variants": "Named lists of changes: set, add or remove a path.",
    "Party.roles": "negotiator where nothing is said.",
    "Party.for": "Whose ratifier it is.",
    "Party.patience": "Worth today of 1 a year from now; 0.95 where nothing is said.",
    "Party.breach_cost": "What breaking a given word costs the party each time, in its own utility.",
    "Issue.by": "Who carries the issue out; several must act together. Left out: a term of the agreement.",
    "Issue.levels": "The settings in order, or {from, to, step, unit}.",
    "Issue.retreat": "The lowest level that each level can be taken back to; left out: fully revocable.",
    "Issue.pace": "Levels per period, up and down; any, or a whole number.",
    "Issue.takes": "Periods of work to reach a level; 1 where nothing is said.",
    "Issue.requires": "What must hold before a level is reached, or in the same step (timing: together).",
    "Issue.proof": "How anyone would know that a level is reached.",
    "Preference.values": "A number for each level of an issue; an issue left out is worth 0.",
    "Preference.weights": "Weights of issues; their values are scaled to 0..1 first.",
    "Preference.bonuses": "Amounts added where a condition holds.",
    "Preference.priorities": "Conditions, the most important first.",
    "Preference.ranking": "Groups of equally good outcomes, the best first.",
    "Preference.table": "Utilities of all outcomes, last issue fastest; or {file: utilities.npy}.",
    "Preference.types": "What others may think this party is: a preference for each.",
    "NoDeal.now": "What each party has without agreement today; the status quo where nothing is said.",
    "NoDeal.at_deadline": "What follows the deadline; freeze where nothing is said.",
    "NoDeal.walk_away": "Utility of a permanent way out, by party.",
    "Time.period": "day, week, month, quarter, year, or a number of days.",
}
"""What an editor shows beside a key."""


def schema() -> dict[str, Any]:
    """The schema of format version 1 (JSON Schema 2020-12).

    It holds the structure: keys, types, short forms. References between sections (levels, parties, outcomes)
    are the business of `detente check`.
    """
    made: dict[str, Any] = Case.model_json_schema(by_alias=True)
    _name_keys(made)
    parts = made["$defs"]
    _allow(made["properties"]["sources"], "additionalProperties", _TEXT)
    _allow(made["properties"]["parties"], "additionalProperties", {"type": "null"})
    _allow(made["properties"]["absent"], "items", _TEXT)
    _allow(made["properties"]["impossible"], "items", _CONDITION)
    _allow(parts["Issue"]["properties"]["requires"], "additionalProperties", _CONDITION)
    _allow(parts["Party"]["properties"], "roles", {"type": "string"})
    _allow(parts["Evidence"]["properties"], "supports", {"type": "string"})
    made["properties"]["no_deal"] = _no_deal(made["properties"]["no_deal"])
    for name, words in _HOVER.items():
        part, _, key = name.rpartition(".")
        (parts[part] if part else made)["properties"][key]["description"] = words
    parts["Entry"] = {"title": "Entry", "anyOf": [{"type": "string"}, {"type": "object"}]}
    return {"$schema": DIALECT, "title": "A detente case", **{k: v for k, v in made.items() if k != "title"}}


def _name_keys(part: Any) -> None:
    """Tables by name: what their values are, in the place where editors look for it."""
    if isinstance(part, dict):
        if "patternProperties" in part:
            part["additionalProperties"] = next(iter(part.pop("patternProperties").values()))
        part = list(part.values())
    for inner in part if isinstance(part, list) else ():
        _name_keys(inner)


def _allow(part: dict[str, Any], key: str, form: dict[str, Any]) -> None:
    """Lets a part of the schema take a further, shorter form."""
    part[key] = {"anyOf": [part[key], form]}


def _no_deal(block: dict[str, Any]) -> dict[str, Any]:
    """The block, or one of its short forms: the status quo, an outcome, utilities by party."""
    return {"anyOf": [block, {"type": "string"}, {"type": "object", "not": {"anyOf": [
        {"required": [key]} for key in ("now", "at_deadline", "walk_away")
    ]}}]}  # fmt: skip

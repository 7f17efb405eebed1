"""The JSON Schema of the case format, for editors."""

from __future__ import annotations

from typing import Any

from detente.case.model import Case

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = {"type": ["string", "number"]}
_CONDITION = {"type": "string", "minLength": 1}


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

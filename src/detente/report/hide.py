"""The view of one party: the case with everything removed that this party may not see.

The report is computed on what is left, so that nothing confidential can show through in a number.
"""

from __future__ import annotations

from typing import Any

from detente.case import Case, from_data
from detente.case.paths import PathError, find, parse_path
from detente.case.structure import among
from detente.errors import NeedsError


def view_of(case: Case, party: str) -> tuple[Case, list[str]]:
    """The case as one party may see it, and what was removed.

    A confidential input inside a party's preferences takes all of these preferences with it, and everything
    that refers to a removed input (evidence, variants, views, correlations) goes too.
    """
    if party not in case.parties:
        raise NeedsError(f"unknown party '{party}'; there are {among(case.parties)}")
    secret = [
        _root(parse_path(item.path))
        for item in case.confidential
        if party not in item.to and not _own(item.path, party)
    ]
    if not secret:
        return case, []
    data = case.to_data()
    data.pop("confidential", None)
    for path in secret:
        _remove(data, path)
    _compact(data)
    _remove_references(data, secret)
    return from_data(data, f"{case.id}, as {party} may see it"), [".".join(path) for path in secret]


def _own(path: str, party: str) -> bool:
    """Whether an input is the party's own: nobody's own preferences are hidden from it."""
    segments = parse_path(path)
    return segments[0] in ("preferences", "views") and len(segments) > 1 and segments[1] == party


def _root(path: tuple[str, ...]) -> tuple[str, ...]:
    if path[:2] == ("forecast", "actors"):
        return path[:3]
    return path[:2] if path[0] in ("preferences", "views", "strength", "unknown") else path


def _remove(data: dict[str, Any], path: tuple[str, ...]) -> None:
    try:
        route = find(data, path)
    except PathError:
        return
    parent: Any = data
    last: Any = route[-1]
    for step in route[:-1]:
        parent = parent[step]
    if isinstance(parent, list):
        parent[last] = None
    else:
        del parent[last]


def _compact(data: dict[str, Any]) -> None:
    for key, value in data.items():
        if isinstance(value, list):
            data[key] = [item for item in value if item is not None]


def _remove_references(data: dict[str, Any], secret: list[tuple[str, ...]]) -> None:
    """Drops whatever cites or changes a removed input, and a negotiator's no-deal utility with its preferences."""

    def touches(text: str) -> bool:
        path = parse_path(text)
        return any(path[: len(s)] == s or s[: len(path)] == path for s in secret)

    evidence = [e for e in data.get("evidence", []) if not any(touches(p) for p in e["supports"])]
    _put(data, "evidence", evidence)
    _put(
        data, "correlated", [c for c in data.get("correlated", []) if not any(touches(p) for p in c["paths"])]
    )
    for section in ("variants", "views"):
        kept = {
            name: changes
            for name, changes in data.get(section, {}).items()
            if not any(
                touches(change.get("set") or change.get("add") or change.get("remove")) for change in changes
            )
        }
        _put(data, section, kept)
    hidden = {path[1] for path in secret if path[0] == "preferences" and len(path) > 1}
    for entry in ("now", "at_deadline", "walk_away"):
        block = data.get("no_deal", {}).get(entry)
        if isinstance(block, dict):
            data["no_deal"][entry] = {k: v for k, v in block.items() if k not in hidden}
            if not data["no_deal"][entry]:
                del data["no_deal"][entry]


def _put(data: dict[str, Any], key: str, value: Any) -> None:
    if value:
        data[key] = value
    else:
        data.pop(key, None)

"""Dotted paths into a case, and changes along them: ``preferences.US.values.relief.full``.

A segment with a dot, a space or a bracket in it is quoted: ``parties."St. Kitts".patience``. A list is
entered by position, from 0: ``impossible.0.why`` or ``impossible[0].why``.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from typing import Any

from detente.case.model import Change
from detente.case.tree import Route

_SEGMENT = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|\[([0-9]+)\]|([^.\[\]"']+))\s*(?:\.|(?=\[)|\Z)""")
_PLAIN = re.compile(r"[^.\s\[\]\"']+\Z")


class PathError(ValueError):
    """A path that is not one, or that leads nowhere."""


def parse_path(text: str) -> tuple[str, ...]:
    """The segments of a dotted path; `PathError` where it is not one."""
    segments: list[str] = []
    position = 0
    while position < len(text):
        match = _SEGMENT.match(text, position)
        if match is None or match.end() == position:
            raise PathError(f"'{text}' is not a path; write keys with dots between them")
        segments.append(next(group for group in match.groups() if group is not None).strip())
        position = match.end()
    if not segments or text.rstrip().endswith("."):
        raise PathError(f"'{text}' is not a path; write keys with dots between them")
    return tuple(segments)


def format_path(route: Route) -> str:
    """A route as a dotted path, quoted where needed."""
    parts: list[str] = []
    for step in route:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        else:
            parts.append(("." if parts else "") + (step if _PLAIN.match(step) else f'"{step}"'))
    return "".join(parts)


def find(data: Any, segments: Iterable[str]) -> Route:
    """The route of an existing node; `PathError` names the first segment that leads nowhere."""
    route: list[str | int] = []
    for segment in segments:
        key: str | int = segment
        if isinstance(data, list):
            key = int(segment) if segment.isdigit() else -1
            if not 0 <= key < len(data):
                raise PathError(f"no entry '{segment}' in the list '{format_path(tuple(route))}'")
        elif not isinstance(data, dict) or segment not in data:
            where = f"in '{format_path(tuple(route))}'" if route else "in the case"
            raise PathError(f"no '{segment}' {where}")
        data = data[key]
        route.append(key)
    return tuple(route)


def apply_changes(data: dict[str, Any], changes: Iterable[Change]) -> dict[str, Any]:
    """A copy of a case's plain data with the changes made; `PathError` where one does not fit."""
    changed: dict[str, Any] = copy.deepcopy(data)
    for change in changes:
        apply_change(changed, change)
    return changed


def apply_change(data: dict[str, Any], change: Change) -> None:
    """Makes one change in place.

    ``set`` replaces a value or states one that had its default; ``add`` appends to a list or puts a new key;
    ``remove`` takes away what is there.
    """
    *above, last = parse_path(change.path)
    if change.remove is not None:
        route = find(data, (*above, last))
        del _at(data, route[:-1])[route[-1]]
        return
    parent = _reach(data, above, change.path)
    value = copy.deepcopy(change.to)
    if change.add is not None:
        _add(parent, last, value, change.path)
    elif isinstance(parent, list):
        route = find(data, (*above, last))
        parent[int(route[-1])] = value
    else:
        parent[last] = value


def _add(parent: Any, last: str, value: Any, path: str) -> None:
    there = parent.get(last) if isinstance(parent, dict) else None
    if isinstance(there, list):
        there.append(value)
    elif there is not None or isinstance(parent, list):
        raise PathError(f"'{path}' is there already; use `set`, or the path of a list")
    else:
        parent[last] = [value] if last in LISTS else value


LISTS = frozenset(
    {"impossible", "record", "evidence", "absent", "confidential", "correlated", "bonuses", "priorities"}
)
"""Keys whose value is a list: adding to one that is not stated yet starts it."""


def _reach(data: Any, segments: list[str], path: str) -> Any:
    """The container at the end of the segments; mappings that are missing on the way are made."""
    for depth, segment in enumerate(segments):
        if isinstance(data, list):
            data = _at(data, find(data, (segment,)))
        elif isinstance(data, dict):
            data = data.setdefault(segment, {})
        if not isinstance(data, dict | list):
            where = ".".join(segments[: depth + 1])
            raise PathError(f"'{where}' on the way to '{path}' holds a value, not further keys")
    return data


def _at(data: Any, route: Route) -> Any:
    for step in route:
        data = data[step]
    return data

"""Dotted paths into a case, and changes along them: ``preferences.US.values.relief.full``.

A segment with a dot, a bracket or a quote in it is quoted: ``parties."St. Kitts".patience``. A list is
entered by position, from 0: ``impossible.0.why`` or ``impossible[0].why``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
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
            quote = "'" if '"' in step else '"'
            parts.append(("." if parts else "") + (step if _PLAIN.match(step) else f"{quote}{step}{quote}"))
    return "".join(parts)


def find(data: Any, segments: Iterable[str]) -> Route:
    """The route of an existing node; `PathError` names the first segment that leads nowhere."""
    route: list[str | int] = []
    segments = list(segments)
    for depth, segment in enumerate(segments):
        key: str | int = segment
        if isinstance(data, list):
            key = int(segment) if segment.isdigit() else -1
            if not 0 <= key < len(data):
                raise PathError(f"no entry '{segment}' in the list '{format_path(tuple(route))}'")
        elif not isinstance(data, dict) or segment not in data:
            raise _nothing(segment, tuple(route), segments[depth + 1 :])
        data = data[key]
        route.append(key)
    return tuple(route)


def apply_changes(data: Any, changes: Iterable[Change]) -> Any:
    """A case's plain data with the changes made; `PathError` where one does not fit. The old data stays as it is."""
    for change in changes:
        data = apply_change(data, change)
    return data


def apply_change(data: Any, change: Change) -> Any:
    """The data with one change made; what did not change is shared with the old data.

    ``set`` replaces a value or states one that had its default; ``add`` appends to a list or puts a new key;
    ``remove`` takes away what is there.
    """
    return _changed(data, parse_path(change.path), (), change)


def _changed(data: Any, segments: tuple[str, ...], above: Route, change: Change) -> Any:
    """One container with the change made at the end of the segments."""
    step, *rest = segments
    there = _child(data, step, above, change)
    if rest:
        if there is _NOTHING and change.remove is not None:
            raise _nothing(step, above, rest)
        new = _changed({} if there is _NOTHING else there, tuple(rest), (*above, step), change)
    elif change.remove is not None:
        return _without(data, step, there, above)
    elif change.add is not None:
        new = _added(there, step, above, change)
    else:
        new = change.to
    if isinstance(data, dict):
        return {**data, step: new}
    return [*data[: int(step)], new, *data[int(step) + 1 :]]


_NOTHING = object()


def _child(data: Any, step: str, above: Route, change: Change) -> Any:
    """What a container holds at a step, `_NOTHING` where a mapping has no such key."""
    if isinstance(data, dict):
        return data.get(step, _NOTHING)
    if not isinstance(data, list):
        where = format_path(above)
        raise PathError(f"'{where}' on the way to '{change.path}' holds a value, not further keys")
    if not step.isdecimal() or int(step) >= len(data):
        raise PathError(f"no entry '{step}' in the list '{format_path(above)}'")
    return data[int(step)]


def _without(data: Any, step: str, there: Any, above: Route) -> Any:
    if there is _NOTHING:
        raise _nothing(step, above)
    if isinstance(data, dict):
        return {key: value for key, value in data.items() if key != step}
    return [*data[: int(step)], *data[int(step) + 1 :]]


def _added(there: Any, step: str, above: Route, change: Change) -> Any:
    if isinstance(there, list):
        return [*there, change.to]
    if there is not _NOTHING:
        raise PathError(f"'{change.path}' is there already; use `set`, or the path of a list")
    if step in LISTS:
        return [*LISTS[step], change.to]
    return [change.to] if above and above[0] in ("moves", "views") and len(above) == 1 else change.to


LISTS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("impossible", "record", "evidence", "absent", "confidential", "correlated"), ()),
    **dict.fromkeys(("bonuses", "priorities", "by"), ()),
    "roles": ("negotiator",),
}
"""Keys whose value is a list, and what it holds where it is not stated: adding to one goes on from there."""


def _nothing(step: str, above: Route, rest: Sequence[str] = ()) -> PathError:
    where = f"in '{format_path(above)}'" if above else "in the case"
    hint = ""
    if rest and step.lstrip("-").isdecimal() and rest[0].isdecimal():
        hint = f'; quote a name with a dot in it: {format_path(above)}."{step}.{rest[0]}"'
    return PathError(f"no '{step}' {where}{hint}")

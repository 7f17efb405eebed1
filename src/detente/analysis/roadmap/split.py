"""A case with finer steps: every level of some issues cut in two, values half-way between."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from detente.case import Case, from_data
from detente.case.uncertain import mode, read_number
from detente.errors import CaseError
from detente.space import Space

HALF = " (half way)"


def split_case(space: Space, issues: Sequence[str]) -> Case | None:
    """The case with a level put half-way below each level but the first; None where preferences are not by level.

    Half of an irreversible step is irreversible; half of a slow one takes half the time, rounded up; a level's
    prerequisites bind its first half too.
    """
    case = space.case
    kinds = [p.types[space.types[name]] if p.types is not None else p for name, p in case.preferences.items()]
    if any(kind.values is None for kind in kinds) or any(
        case.issues[name].scale is not None for name in issues
    ):
        return None
    data = case.to_data()
    for name, preference in case.preferences.items():
        if preference.types is not None:
            data["preferences"][name] = data["preferences"][name]["types"][space.types[name]]
    for name in issues:
        _issue(data["issues"][name], case.issues[name].names)
        for preference in data["preferences"].values():
            if name in preference["values"]:
                preference["values"][name] = _values(preference["values"][name], case.issues[name].names)
    for key in ("variants", "record", "targets", "views", "evidence", "confidential", "correlated"):
        data.pop(key, None)
    try:
        return from_data(data, f"{case.id}, steps cut in two")
    except CaseError:
        return None


def _issue(data: dict[str, Any], names: Sequence[str]) -> None:
    data["levels"] = [names[0], *(part for name in names[1:] for part in (name + HALF, name))]
    retreat = data.get("retreat", {})
    for below, name in itertools.pairwise(names):
        if name in retreat:
            floor = retreat[name]
            retreat[name + HALF] = (
                name + HALF if floor == name else min(floor, retreat.get(below, names[0]), key=names.index)
            )
    takes = data.get("takes", {})
    requires = data.get("requires", {})
    for name in names[1:]:
        if takes.get(name, 1) > 1:
            takes[name + HALF] = takes[name] // 2
            takes[name] = takes[name] - takes[name] // 2
        if name in requires:
            requires[name + HALF] = requires[name]
    up = data.get("pace", {}).get("up")
    if isinstance(up, int):
        data["pace"]["up"] = 2 * up
    down = data.get("pace", {}).get("down")
    if isinstance(down, int):
        data["pace"]["down"] = 2 * down


def _values(values: dict[str, Any], names: Sequence[str]) -> dict[str, float]:
    flat = {name: float(mode(read_number(values[name]))) for name in names}
    out = {names[0]: flat[names[0]]}
    for below, name in itertools.pairwise(names):
        out[name + HALF] = (flat[below] + flat[name]) / 2
        out[name] = flat[name]
    return out

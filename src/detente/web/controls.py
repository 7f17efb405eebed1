"""The sliders and switches of a case: what may be tried out without editing it, as changes in the form of variants."""

from __future__ import annotations

from typing import Any

from detente.case import Case
from detente.case.paths import format_path
from detente.case.uncertain import Number, Uncertain, mode


def sliders(case: Case) -> list[dict[str, Any]]:
    """Weights, values, patience and the deadline in periods: path, label, low, high, step, and where it stands.

    A range of the case is the range of its slider; a number that is certain goes from 0 (or twice itself, below) to
    the largest that its party has.
    """
    found = [_slider(("parties", name, "patience"), f"Patience of {case.label(name)}", "patience", party.patience, (0.01, 0.99))
             for name, party in case.parties.items() if party.patience is not None]  # fmt: skip
    if case.time is not None and case.time.periods is not None:
        most = max(2 * case.time.periods, 12)
        found.append({"path": "time.periods", "label": "Deadline, in periods", "group": "deadline", "low": 0,
                      "high": most, "step": 1, "at": case.time.periods})  # fmt: skip
    if case.time is not None and case.time.deadline is not None and case.time.start is not None:
        at = (case.time.deadline - case.time.start).days
        found.append({"path": "time.deadline", "label": "Deadline, in days from the start", "group": "deadline", "low": 0,
                      "high": max(2 * at, 365), "step": 1, "at": at, "start": case.time.start.isoformat()})  # fmt: skip
    top: float
    for party, preference in case.preferences.items():
        kinds = {(): preference} if preference.types is None else {
            ("types", name): kind for name, kind in preference.types.items()
        }  # fmt: skip
        for inside, kind in kinds.items():
            root, who = ("preferences", party, *inside), case.label(party)
            who = f"{who} ({inside[1]})" if inside else who
            if kind.weights:
                top = max(mode(weight) for weight in kind.weights.values()) or 1.0
                found += [
                    _slider(
                        (*root, "weights", issue),
                        f"{who}: weight of {case.label(issue)}",
                        who,
                        weight,
                        (0.0, 2 * top),
                    )
                    for issue, weight in kind.weights.items()
                ]
            top = max(
                (mode(v) for values in (kind.values or {}).values() for v in values.values()), default=1.0
            )
            found += [
                _slider((*root, "values", issue, level), f"{who}: {case.label(issue)} at {level}", who, value, (0.0, top or 1.0))
                for issue, values in (kind.values or {}).items()
                for level, value in values.items()
            ]  # fmt: skip
    return found


def _slider(
    route: tuple[str, ...], label: str, group: str, value: Number, span: tuple[float, float]
) -> dict[str, Any]:
    at = mode(value)
    if isinstance(value, Uncertain):
        low, high = value.bounds
    else:
        low, high = min(span[0], 2 * at), max(span[1], 2 * at if group not in ("patience",) else span[1])
    return {"path": format_path(route), "label": label, "group": group, "low": low, "high": high,
            "step": (high - low) / 200 or 0.01, "at": at}  # fmt: skip


def switches(case: Case) -> list[dict[str, Any]]:
    """For each level of a commitment: could it be taken back? ``on`` and ``off`` are the changes that say so."""
    found = []
    for name, issue in case.issues.items():
        for level in issue.names[1:] if issue.by else ():
            floor = issue.retreat.get(level)
            path = format_path(("issues", name, "retreat", level))
            found.append({
                "path": path,
                "label": f"{case.label(name)} at {level}",
                "on": floor is None,
                "floor": floor,
                "to_on": [{"remove": path}] if floor is not None else [],
                "to_off": [{"set": path, "to": level}] if floor != level else [],
            })  # fmt: skip
    return found

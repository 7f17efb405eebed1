"""Which of the finer preferences a case gives, and what they change: the entry to strength, unknown, attitudes, views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from detente.analysis.standoff import pairs
from detente.analysis.standoff.model import Conflict
from detente.analysis.standoff.relations import Relations, attitudes, strength, unknown
from detente.analysis.standoff.sets import SetConflict, Sets
from detente.analysis.standoff.views import views
from detente.space.tables import Array

LARGEST_RANGED = 2_000
"""Outcomes up to which every pair is compared over ranges."""


def relations(conflict: Conflict, flags: Array, strong: Mapping[str, float] | None = None) -> Relations:
    """Everything that the case states, or its ranges leave open. ``flags``: the verdicts of the case as it is."""
    case, space = conflict.space.case, conflict.space
    sets = SetConflict(conflict, "finer preferences")
    unsure = pairs.stated(conflict, case.unknown, both=True)
    if not case.graph_form and space.size <= LARGEST_RANGED:
        unsure = _both(unsure, pairs.either_way(conflict, pairs.ranged(space)))
    greatly = pairs.stated(conflict, case.strength, both=False)
    pairs.check_strength(sets, greatly)
    if strong:
        greatly = _both(greatly, pairs.by_gap(conflict, strong))
    return Relations(
        conflict,
        strength(sets, greatly) if _any(greatly) else {},
        unknown(sets, unsure) if _any(unsure) else {},
        attitudes(sets, case.attitudes) if case.attitudes else {},
        views(conflict, flags),
    )


def _both(one: Sequence[Sets], two: Sequence[Sets]) -> list[Sets]:
    return [[a | b for a, b in zip(x, y, strict=True)] for x, y in zip(one, two, strict=True)]


def _any(found: Sequence[Sets]) -> bool:
    return any(any(row) for row in found)

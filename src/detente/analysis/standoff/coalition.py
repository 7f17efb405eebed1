"""Coalitions: which groups could leave an outcome together, and what deters them.

For a nonempty group H of parties with preferences: R_H are the ends of legal sequences of its members' moves; a
coalition improvement is such an end that every member prefers to the start. A mover belongs to H when all its
members with preferences do, and there are any; it belongs to the others when none is in H. Stability of s for H:

- nash: there is no coalition improvement;
- gmr: from each one the others can reach an outcome that is no better than s for some member of H;
- smr: and one from which H cannot reach an outcome better than s for all of H;
- seq: the others get there by coalition improvements of subgroups of theirs, no subgroup twice in a row.

Universal stability is stability for every group. An equilibrium is vulnerable to a group of two or more where
another equilibrium that the group can reach is better for all of it.

Sources: Inohara and Hipel (2008), Systems Engineering 11, 343; Kilgour, Hipel, Fang and Peng (2001), Group
Decision and Negotiation 10 (vulnerability).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from detente.analysis.standoff.model import Conflict
from detente.analysis.standoff.sets import SetConflict, Sets, bits, closure
from detente.analysis.standoff.words import NAMES, Speaker, join, outcomes
from detente.errors import CostError

CONCEPTS = ("nash", "gmr", "smr", "seq")
MOST_PARTIES = 8
Group = tuple[int, ...]


@dataclass(frozen=True)
class Coalitions:
    """Coalition stability of some outcomes.

    ``stable`` {concept: {group: set of outcomes}}; ``universal`` {concept: outcomes stable for every group};
    ``vulnerable`` [(equilibrium, group, better equilibrium)] for Nash equilibria.
    """

    conflict: Conflict = field(repr=False)
    outcomes: tuple[int, ...]
    groups: tuple[Group, ...]
    stable: dict[str, dict[Group, frozenset[int]]] = field(repr=False)
    vulnerable: tuple[tuple[int, Group, int], ...]

    @property
    def universal(self) -> dict[str, list[int]]:
        return {
            concept: [s for s in self.outcomes if all(s in found for found in by_group.values())]
            for concept, by_group in self.stable.items()
        }

    def ids(self, group: Group) -> list[str]:
        """The parties of a group."""
        return [self.conflict.parties[i] for i in group]

    def to_data(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "outcomes": list(self.outcomes),
            "universal": self.universal,
            "stability": {
                concept: [{"group": self.ids(g), "outcomes": sorted(found)} for g, found in by_group.items()]
                for concept, by_group in self.stable.items()
            },
            "vulnerable": [
                {"equilibrium": s, "group": self.ids(group), "better": better}
                for s, group, better in self.vulnerable
            ],
        }

    def explain(self) -> str:
        """In words: what every group leaves alone, and which groups could do better together."""
        speaker = Speaker(self.conflict)
        lines = []
        for s in self.outcomes if len(self.outcomes) <= 3 else ():
            broken = [g for g in self.groups if s not in self.stable["nash"][g]]
            if not broken:
                lines.append(f"No group could improve on {speaker.outcome(s)} together.")
            for group in broken:
                deterred = [c for c in CONCEPTS[1:] if s in self.stable[c][group]]
                who = join(speaker.label(p) for p in self.ids(group))
                after = (
                    f"; what others can do deters it ({join(NAMES[c] for c in deterred)})"
                    if deterred
                    else "; nothing deters it"
                )
                better = "better for all of them" if len(group) > 1 else "that it prefers"
                lines.append(f"{who} could leave {speaker.outcome(s)} for something {better}{after}.")
        for concept, found in self.universal.items():
            if len(self.outcomes) > 3:
                listed = (
                    f": {', '.join(map(str, found[:20]))}{' and more' if len(found) > 20 else ''}"
                    if found
                    else ""
                )
                lines.append(f"Stable for every group ({NAMES[concept]}): {outcomes(len(found))}{listed}.")
        for s, group, end in self.vulnerable[:6]:
            who = join(speaker.label(p) for p in self.ids(group))
            lines.append(
                f"The equilibrium {speaker.outcome(s)} is vulnerable: "
                f"{who} could move together to {speaker.outcome(end)}."
            )
        return "\n".join(lines)


def coalitions(
    conflict: Conflict, equilibria: Sequence[int], outcomes: Sequence[int] | None = None
) -> Coalitions:
    """Coalition stability of some possible outcomes (all by default).

    Cost: 2^n groups, each with closures over sets of outcomes; up to 8 parties with preferences.
    """
    if len(conflict.parties) > MOST_PARTIES:
        raise CostError(
            "coalition stability", f"{2 ** len(conflict.parties) - 1:,} groups", "leave parties out"
        )
    analysis = _Analysis(SetConflict(conflict, "coalition stability"))
    chosen = tuple(bits(analysis.sets.possible)) if outcomes is None else tuple(outcomes)
    groups = tuple(_groups(range(len(conflict.parties))))
    stable: dict[str, dict[Group, frozenset[int]]] = {c: {} for c in CONCEPTS}
    for group in groups:
        for concept, found in analysis.stable(group, chosen).items():
            stable[concept][group] = frozenset(found)
    return Coalitions(conflict, chosen, groups, stable, tuple(analysis.vulnerable(equilibria, groups)))


def _groups(members: Sequence[int]) -> Iterator[Group]:
    for size in range(1, len(members) + 1):
        yield from itertools.combinations(members, size)


class _Analysis:
    def __init__(self, sets: SetConflict) -> None:
        self.sets = sets
        self.members = sets.conflict.members
        self._reach: dict[Group, Sets] = {}
        self._gain: dict[Group, Sets] = {}

    def _closure(self, movers: Sequence[int]) -> Sets:
        return closure([self.sets.moves[k] for k in movers]) or [0] * self.sets.size

    def reach(self, group: Group) -> Sets:
        """R_H of every state."""
        if group not in self._reach:
            inside = [k for k, m in enumerate(self.members) if m and set(m) <= set(group)]
            self._reach[group] = self._closure(inside)
        return self._reach[group]

    def others(self, group: Group) -> Sets:
        """What those outside a group can reach."""
        return self._closure([k for k, m in enumerate(self.members) if not set(m) & set(group)])

    def gain(self, group: Group) -> Sets:
        """Coalition improvements from every state."""
        if group not in self._gain:
            reach = self.reach(group)
            self._gain[group] = [reach[s] & self.sets.all_better(group, s) for s in range(self.sets.size)]
        return self._gain[group]

    def stable(self, group: Group, states: Sequence[int]) -> dict[str, list[int]]:
        outside = [i for i in range(len(self.sets.conflict.parties)) if i not in group]
        gain, reach, others = self.gain(group), self.reach(group), self.others(group)
        improving = closure([self.gain(g) for g in _groups(outside)]) or [0] * self.sets.size
        found: dict[str, list[int]] = {c: [] for c in CONCEPTS}
        for s in states:
            better = self.sets.all_better(group, s)
            temptations = list(bits(gain[s]))
            if not temptations:
                found["nash"].append(s)
            if all(others[x] & ~better for x in temptations):
                found["gmr"].append(s)
            if all(any(not reach[y] & better for y in bits(others[x] & ~better)) for x in temptations):
                found["smr"].append(s)
            if all(improving[x] & ~better for x in temptations):
                found["seq"].append(s)
        return found

    def vulnerable(
        self, equilibria: Sequence[int], groups: Sequence[Group]
    ) -> Iterator[tuple[int, Group, int]]:
        targets = sum(1 << s for s in equilibria)
        for s in equilibria:
            for group in groups:
                if len(group) > 1:
                    for better in bits(self.gain(group)[s] & targets):
                        yield s, group, better

"""``.gmcr`` files, out: issues as yes-or-no options, preferences as rankings of the states.

An issue of two levels is one option, yes at its second level. One of more levels has an option for each level above
the first, of which at most one is yes.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from detente.adapters._outgoing import private, uncertain
from detente.case import Case
from detente.errors import CostError, NeedsError

if TYPE_CHECKING:
    from detente.space import Space

LARGEST = 200_000
MAX_PATTERNS = 20_000


def write(case: Case, space: Space | None, path: Path) -> list[str]:
    """Writes the conflict; returns what the format cannot hold."""
    if space is None or case.graph_form:
        raise NeedsError(f"a .gmcr file holds options, and '{case.id}' has no issues")
    if space.size > LARGEST:
        raise CostError("writing states one by one", f"{space.size:,} outcomes", "write a smaller case")
    out = _Out(case, space)
    path.write_text(json.dumps(out.data(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return out.losses()


class _Out:
    def __init__(self, case: Case, space: Space) -> None:
        self.case, self.space = case, space
        self.first: list[int] = []
        """The number of each issue's first option."""
        self.options: list[dict[str, Any]] = []
        for name, levels in zip(space.issues, space.level_names, strict=True):
            self.first.append(len(self.options))
            plain = tuple(levels) == ("N", "Y")
            for level in levels[1:]:
                self.options.append(
                    {
                        "name": name if plain else f"{name}: {level}",
                        "permittedDirection": self._direction(name),
                    }
                )
        self.owned = {
            party: [
                option
                for n, name in enumerate(space.issues)
                if party in (case.issues[name].by or ())
                for option in self._options(n)
            ]
            for party in case.parties
        }
        self.makers = [p for p in case.parties if self.owned[p] or p in space.parties]

    def _options(self, issue: int) -> range:
        return range(self.first[issue], self.first[issue] + self.space.sizes[issue] - 1)

    def _direction(self, name: str) -> str:
        issue = self.case.issues[name]
        if len(issue.names) != 2:
            return "both"
        top = issue.names[1]
        held = issue.retreat.get(top) == top or issue.pace.down == 0
        if held:
            return "fwd"
        return "back" if issue.pace.up == 0 else "both"

    def data(self) -> dict[str, Any]:
        return {
            "options": self.options,
            "useManualPreferenceRanking": True,
            "decisionMakers": [
                {"name": party, "options": self.owned[party], "preferenceRanking": ranking}
                for party, ranking in zip(self.makers, self._rankings(), strict=True)
            ],
            "infeasibles": self._infeasible(),
        }

    def _state(self, levels: Sequence[int]) -> int:
        """The options that are yes, as bits in the tool's order."""
        return sum(1 << self.place[self.first[n] + level - 1] for n, level in enumerate(levels) if level > 0)

    def _rankings(self) -> list[list[Any]]:
        from detente.adapters.gmcr import tool_order

        order = tool_order(len(self.options), [self.owned[p] for p in self.makers])
        self.place = {option: bit for bit, option in enumerate(order)}
        feasible = np.flatnonzero(self.space.feasible()).tolist()
        states = sorted(feasible, key=lambda number: self._state(self.space.levels(number)))
        found: list[list[Any]] = []
        for party in self.makers:
            if party not in self.space.parties:
                found.append([list(range(1, len(states) + 1))] if len(states) > 1 else [1])
                continue
            ranks = self.space.ranks(self.space.parties.index(party))[states].tolist()
            groups = [
                [k + 1 for k, rank in enumerate(ranks) if rank == wanted] for wanted in sorted(set(ranks))
            ]
            found.append([group if len(group) > 1 else group[0] for group in groups])
        return found

    def _infeasible(self) -> list[list[list[Any]]]:
        found: list[list[list[Any]]] = []
        for n, size in enumerate(self.space.sizes):
            if size > 2:
                found += [[[a, "Y"], [b, "Y"]] for a, b in itertools.combinations(self._options(n), 2)]
        for factor in self.space.forbidden:
            cells = np.argwhere(factor.table)
            if len(found) + len(cells) > MAX_PATTERNS:
                raise CostError(
                    "writing what is impossible",
                    f"more than {MAX_PATTERNS:,} patterns",
                    "write a case with simpler conditions",
                )
            for cell in cells.tolist():
                pattern: list[list[Any]] = []
                for n, level in zip(factor.issues, cell, strict=True):
                    if level == 0:
                        pattern += [[option, "N"] for option in self._options(n)]
                    else:
                        pattern.append([self.first[n] + level - 1, "Y"])
                found.append(pattern)
        return [pattern for pattern in found if pattern]

    def losses(self) -> list[str]:
        """What the format cannot hold, item by item."""
        found = [*uncertain(self.case), *private(self.case, "a .gmcr file")]
        for name, issue in self.case.issues.items():
            if len(issue.by or ()) > 1:
                found.append(f"issues.{name}.by: several owners; the tool lets each move it alone")
            if len(self.space.level_names[self.space.issues.index(name)]) > 2:
                found.append(f"issues.{name}: its levels become options of which one at most is yes")
                if issue.retreat or "pace" in issue.model_fields_set:
                    found.append(f"issues.{name}.retreat: not held for an issue of more than two levels")
            found += [
                f"issues.{name}.{key}: not held by a .gmcr file"
                for key in ("takes", "requires", "proof")
                if getattr(issue, key)
            ]
        for party, scale in self.space.scale.items():
            if scale == "cardinal":
                found.append(f"preferences.{party}: in numbers; only the ranking is written")
        found += [
            f"preferences.{party}: has none; written as indifferent"
            for party in self.makers
            if party not in self.space.parties
        ]
        found += [
            f"parties.{p}: owns nothing and wants nothing; left out"
            for p in self.case.parties
            if p not in self.makers
        ]
        kept = ("detente", "id", "title", "imported", "parties", "issues", "impossible", "preferences")
        return found + [f"{key}: not held by a .gmcr file" for key in self.case.to_data() if key not in kept]

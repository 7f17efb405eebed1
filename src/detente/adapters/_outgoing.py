"""A case as formats of bargaining scenarios hold it: a table for each issue and party, and the list of what is lost."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detente.adapters._names import slug
from detente.case import Case
from detente.case.model import Scale
from detente.case.uncertain import Uncertain
from detente.errors import NeedsError

if TYPE_CHECKING:
    from detente.space import Space

_FRAME = frozenset({"detente", "id", "title", "imported", "parties", "issues", "preferences", "no_deal", "discount", "impossible"})  # fmt: skip
MAX_SCALE = 10_000
"""Levels of a numeric issue that a format without ranges takes."""


@dataclass(frozen=True)
class Party:
    """One party: for each issue the utility of its levels; reservation value; discount as (factor, per)."""

    name: str
    label: str
    tables: list[list[float]]
    reservation: float
    discount: tuple[float, str] | None


class Outgoing:
    """A case as additive formats hold it.

    ``issues`` (name, level names); ``gone``: for each issue the positions of levels that are impossible by
    themselves, which such formats show by leaving their evaluations out; ``scales``: the numeric scale of an issue,
    if it has one. Raises `NeedsError` where the case has no party with numbers over issues.
    """

    def __init__(self, case: Case, space: Space | None, what: str) -> None:
        if space is None or case.graph_form:
            raise NeedsError(f"{what} holds issues, and '{case.id}' has none")
        rows = [p for p, factors in enumerate(space.factors) if factors is not None]
        if not rows:
            raise NeedsError(f"{what} holds preferences in numbers, and '{case.id}' has none")
        self.case, self.space, self.what = case, space, what
        self.lost: list[str] = []
        self.issues = list(zip(space.issues, space.level_names, strict=True))
        self.scales: list[Scale | None] = [case.issues[name].scale for name in space.issues]
        self.gone: list[set[int]] = [set() for _ in self.issues]
        self._forbidden()
        reservation, notes = space.reservation("now")
        self.lost += [f"no_deal: {note}" for note in notes]
        self.parties = [self._party(p, float(reservation[p])) for p in rows]
        for p, factors in enumerate(space.factors):
            if factors is None:
                self.lost.append(f"preferences.{space.parties[p]}: only ranks outcomes; left out")

    def _forbidden(self) -> None:
        for factor in self.space.forbidden:
            if len(factor.issues) == 1:
                self.gone[factor.issues[0]] |= {int(k) for k in factor.table.nonzero()[0]}
            else:
                names = ", ".join(self.space.issues[i] for i in factor.issues)
                self.lost.append(f"impossible: combinations of {names} are not held, so they become possible")

    def _party(self, p: int, reservation: float) -> Party:
        name = self.space.parties[p]
        tables = [[0.0] * len(levels) for _, levels in self.issues]
        for factor in self.space.factors[p] or ():
            if len(factor.issues) == 1:
                column = tables[factor.issues[0]]
                for k, value in enumerate(factor.table.tolist()):
                    column[k] += value
            elif not factor.issues:
                tables[0] = [u + float(factor.table) for u in tables[0]]
            else:
                names = ", ".join(self.space.issues[i] for i in factor.issues)
                self.lost.append(f"preferences.{name}: what depends on {names} together is left out")
        stated = self.case.discount.get(name)
        factor_ = None if stated is None else stated.factor
        discount = None if stated is None or factor_ is None else (float(_mode(factor_)), stated.per)
        return Party(name, self.case.label(name), tables, reservation, discount)

    def losses(self, *, discount: bool, scales: bool, per: Sequence[str] = ()) -> list[str]:
        """What the format cannot hold, item by item.

        ``discount``: whether it has discounts, and ``per`` which time bases; ``scales``: whether it has numeric issues.
        """
        data = self.case.to_data()
        found = list(self.lost)
        for key, value in data.items():
            if key not in _FRAME:
                size = f" ({len(value)})" if isinstance(value, list | dict) else ""
                found.append(f"{key}{size}: not held by {self.what}")
        for section, kept in (("parties", {"label"}), ("issues", {"label", "levels"})):
            for name, part in data.get(section, {}).items():
                found += [
                    f"{section}.{name}.{key}: not held by {self.what}" for key in part if key not in kept
                ]
        found += [
            f"parties.{name}: has no preferences; left out"
            for name in self.case.parties
            if name not in self.case.preferences
        ]
        found += self._preferences()
        for party in self.parties:
            if party.discount is not None and (not discount or (per and party.discount[1] not in per)):
                found.append(f"discount.{party.name}: a discount per {party.discount[1]} is not held")
        block = self.case.no_deal
        if block is not None:
            found += [
                f"no_deal.{k}: not held by {self.what}"
                for k in ("at_deadline", "walk_away")
                if getattr(block, k)
            ]
            if block.now is not None and block.now.outcome is not None:
                found.append("no_deal.now: an outcome; written as what it is worth to each")
        if not scales:
            found += [
                f"issues.{name}: a numeric scale is written as {len(levels)} levels by name"
                for (name, levels), scale in zip(self.issues, self.scales, strict=True)
                if scale is not None
            ]
        return list(dict.fromkeys(found))

    def _preferences(self) -> list[str]:
        found = uncertain(self.case)
        for name, preference in self.case.preferences.items():
            if preference.weights is not None:
                found.append(f"preferences.{name}.weights: written inside the values")
            if preference.numeraire is not None:
                found.append(f"preferences.{name}.numeraire: not held by {self.what}")
        return found


def uncertain(case: Case) -> list[str]:
    """The inputs of preferences and no deal of which one reading is written, an item each."""
    found = []
    for name, preference in case.preferences.items():
        at = f"preferences.{name}"
        if preference.types is not None:
            found.append(f"{at}.types: one of several types is written")
        for issue, values in (preference.values or {}).items():
            found += [
                f"{at}.values.{issue}.{level}: a range; its most likely value is written"
                for level, number in values.items()
                if isinstance(number, Uncertain)
            ]
        found += [
            f"{at}.bonuses[{n}]: a range; its most likely value is written"
            for n, bonus in enumerate(preference.bonuses)
            if isinstance(bonus.add, Uncertain)
        ]
        if isinstance(preference.table, tuple) and any(isinstance(u, Uncertain) for u in preference.table):
            found.append(f"{at}.table: ranges; their most likely values are written")
    block = case.no_deal
    entry = None if block is None else block.now
    found += [
        f"no_deal.now.{party}: a range; its most likely value is written"
        for party, number in ((entry.utilities if entry is not None else None) or {}).items()
        if isinstance(number, Uncertain)
    ]
    return found


def private(case: Case, what: str) -> list[str]:
    """What a case says of its parties beside their names, an item each."""
    parties = case.to_data().get("parties", {})
    return [
        f"parties.{name}.{key}: not held by {what}"
        for name, part in parties.items()
        for key in part
        if key != "label"
    ]


def _mode(number: Any) -> float:
    from detente.case.uncertain import mode

    return float(mode(number))


@dataclass(frozen=True)
class Scaled:
    """Tables as weights and evaluations: ``u = sum of weight x evaluation``, evaluations from 0 to 1."""

    weights: list[float]
    evaluations: list[list[float]]
    reservation: float
    lost: str = ""


def scaled(party: Party, gone: Sequence[set[int]], *, whole: bool = False) -> Scaled:
    """A party's utilities as weights and evaluations from 0 to 1.

    They are kept as they are where no table goes below 0 and all of them together not above 1; else they are scaled
    to 0..1, which ``lost`` then says. With ``whole`` the weights sum to 1.
    """
    kept = [
        [u for k, u in enumerate(table) if k not in out] or table
        for table, out in zip(party.tables, gone, strict=True)
    ]
    low, high = [min(t) for t in kept], [max(t) for t in kept]
    lost, base, scale = "", [0.0] * len(low), 1.0
    if min(low, default=0.0) < 0 or sum(high) > 1 + 1e-12:
        base, scale = low, (sum(high) - sum(low)) or 1.0
        lost = (
            f"preferences.{party.name}: utilities of {sum(low):.6g} to {sum(high):.6g} are scaled to 0..1, and the "
            "reservation value with them"
        )
    weights = [(h - b) / scale for h, b in zip(high, base, strict=True)]
    spare = max(0.0, 1 - sum(weights)) / max(len(weights), 1) if whole else 0.0
    weights = [w + spare for w in weights]
    evaluations = [
        [(u - b) / scale / w if w > 0 else 0.0 for u in table]
        for table, b, w in zip(party.tables, base, weights, strict=True)
    ]
    return Scaled(weights, evaluations, (party.reservation - sum(base)) / scale, lost)


def folder(path: Path) -> Path:
    """The folder to write a scenario into, made if need be; it must be empty."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise NeedsError(f"'{path}' exists and is not an empty folder; name another one")
    path.mkdir(parents=True, exist_ok=True)
    return path


def stems(names: Sequence[str]) -> list[str]:
    """Names of files for parties, in an order that keeps theirs."""
    plain = [slug(name, "party") for name in names]
    if sorted(set(plain)) == plain and "domain" not in plain:
        return plain
    return [f"{n:02d}-{name}" for n, name in enumerate(plain, 1)]


def line_of(table: Sequence[float], scale: Scale | None) -> tuple[float, float] | None:
    """Slope and bias of a table over a numeric scale, where it is a line; None where it is not."""
    if scale is None:
        return None
    names = scale.names
    count = len(table)
    low, high = float(scale.start), float(scale.stop)
    slope = (table[-1] - table[0]) / (high - low)
    bias = table[0] - slope * low
    if names:
        at = [float(name) for name in names]
        off = max(abs(slope * x + bias - u) for x, u in zip(at, table, strict=True))
        return (slope, bias) if off <= 1e-12 * max(1.0, *map(abs, table)) else None
    steps = [b - a for a, b in itertools.pairwise(table)]
    return (slope, bias) if count > 1 and max(steps) * min(steps) >= 0 and _even(table, scale) else None


def _even(table: Sequence[float], scale: Scale) -> bool:
    """Whether the points of a continuous issue lie on one line; sampled evenly where the case names no others."""
    count = len(table)
    off = max(abs(table[0] + (table[-1] - table[0]) * k / (count - 1) - u) for k, u in enumerate(table))
    return off <= 1e-12 * max(1.0, *map(abs, table))

"""What the formats of bargaining scenarios share: issues, a profile for each party, and how they become a case.

A profile gives each level of each issue a utility, weight included; on a numeric issue some points may be given, and
it is linear between them. Rules for what a file leaves out:

- an absent or minus-infinite reservation value is the party's least utility over all outcomes; a finite one is
  taken as it is;
- a level without an evaluation makes the outcomes that have it impossible;
- discounts are kept with their time base, and applied by nobody without time.

Each leaves a remark, which goes with the case into the warnings of every result.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from detente.adapters._names import distinct, number, quoted, slug
from detente.adapters._source import Findings, Source
from detente.case import Case, from_data
from detente.case.model import MAX_LEVELS

MAX_LISTED = 200_000
"""Outcomes that are listed one by one, where a preference is no sum over issues."""
MAX_NAMED = 1_000
"""Levels without evaluation that a condition names one by one."""


@dataclass(frozen=True)
class Range:
    """A numeric issue: both ends included; without a step it is continuous."""

    low: Decimal
    high: Decimal
    step: Decimal | None = None

    @property
    def count(self) -> int:
        """Number of levels; 0 where continuous."""
        return 0 if self.step is None else int((self.high - self.low) / self.step) + 1

    def names(self) -> list[str]:
        """The levels in order, of a range with a step."""
        return [number(self.low + i * (self.step or 1)) for i in range(self.count)]


@dataclass(frozen=True)
class IssueIn:
    """An issue of a file: its name, and its levels by name or as a range."""

    name: str
    levels: tuple[str, ...] | Range

    @property
    def listed(self) -> tuple[str, ...]:
        """The levels by name; empty on a range."""
        return () if isinstance(self.levels, Range) else self.levels


@dataclass
class ProfileIn:
    """One party's preference.

    ``values``: for each issue the utility of its levels, or of some points of its range. ``bonuses``: amounts added
    where a condition on issue positions holds, as (condition, amount). ``table``: utilities of all outcomes, in place
    of all that. ``reservation`` None where the file has none. ``discount``: (factor, ``round`` or ``negotiation``).
    ``floor``: the least utility over all outcomes, where values alone do not tell.
    """

    name: str
    values: list[dict[str, float]] = field(default_factory=list)
    bonuses: list[tuple[str, float]] = field(default_factory=list)
    table: list[float] | None = None
    ranking: list[list[list[str]]] | None = None
    unknown: list[list[list[str]]] = field(default_factory=list)
    reservation: float | None = None
    discount: tuple[float, str] | None = None
    floor: float | None = None


def range_of(low: Any, high: Any, step: Any = None) -> Range | str:
    """A range from what a file says, or what is wrong with it. Ends that no step reaches are cut off."""
    try:
        a, b = Decimal(str(getattr(low, "text", low))), Decimal(str(getattr(high, "text", high)))
        by = None if step is None else Decimal(str(getattr(step, "text", step)))
    except InvalidOperation:
        return "its bounds are not numbers"
    if not all(x is None or (x.is_finite() and -20 < x.adjusted() < 14) for x in (a, b, by)):
        return "its bounds are not finite numbers below 10^14"
    if a > b:
        return "its lower bound lies above its upper bound"
    if by is None:
        return Range(a, b)
    if not (by.is_finite() and by > 0):
        return "its step is not above 0"
    if (b - a) / by > MAX_LEVELS - 1:
        return f"it declares {int((b - a) / by) + 1:,} levels; at most {MAX_LEVELS:,} are read"
    return Range(a, a + int((b - a) / by) * by, by)


@dataclass
class Scenario:
    """What a reader found: issues, profiles, what should be said, and impossible outcomes as (condition, why)."""

    source: Source
    format: str
    title: str
    issues: list[IssueIn]
    profiles: list[ProfileIn]
    findings: Findings
    impossible: list[tuple[str, str]] = field(default_factory=list)

    def case(self) -> Case:
        """The scenario as a case; a `CaseError` lists what stands against it."""
        self.findings.check(self.source)
        for name, count in _outcomes(self.issues):
            if count > MAX_LEVELS:
                self.findings.wrong(self.source, name, "too many levels", f"at most {MAX_LEVELS:,}", count)
        self.findings.check(self.source)
        return from_data(_Builder(self).data(), self.source.name)


def _outcomes(issues: Sequence[IssueIn]) -> list[tuple[str, int]]:
    return [(i.name, i.levels.count if isinstance(i.levels, Range) else len(i.levels)) for i in issues]


class _Builder:
    """A scenario to the data of a case."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.remark = scenario.findings.remark
        self.parties = distinct([profile.name for profile in scenario.profiles])
        self.names = distinct([issue.name for issue in scenario.issues], taken=self.parties)
        self.gone: list[set[str]] = [set() for _ in scenario.issues]

    def data(self) -> dict[str, Any]:
        scenario = self.scenario
        impossible = self._impossible()
        preferences = {p: self._preference(m) for p, m in zip(self.parties, scenario.profiles, strict=True)}
        no_deal = self._no_deal()
        discount = {
            p: {"factor": m.discount[0], "per": m.discount[1]}
            for p, m in zip(self.parties, scenario.profiles, strict=True)
            if m.discount is not None
        }
        unknown = {p: m.unknown for p, m in zip(self.parties, scenario.profiles, strict=True) if m.unknown}
        return {
            "detente": 1,
            "id": slug(scenario.source.stem),
            "title": scenario.title.strip() or scenario.source.stem,
            "imported": {"format": scenario.format, "remarks": scenario.findings.remarks},
            "parties": {
                p: {} if m.name == p else {"label": m.name}
                for p, m in zip(self.parties, scenario.profiles, strict=True)
            },
            "issues": {
                name: self._issue(name, i) for name, i in zip(self.names, scenario.issues, strict=True)
            },
            **({"impossible": impossible} if impossible else {}),
            **({"no_deal": {"now": {"utilities": no_deal}}} if no_deal else {}),
            "preferences": preferences,
            **({"unknown": unknown} if unknown else {}),
            **({"discount": discount} if discount else {}),
        }

    def _issue(self, name: str, issue: IssueIn) -> dict[str, Any]:
        label = {} if issue.name == name else {"label": issue.name}
        levels = issue.levels
        if not isinstance(levels, Range):
            return {**label, "levels": list(levels)}
        if levels.low == levels.high:
            return {**label, "levels": [number(levels.low)]}
        step = {} if levels.step is None else {"step": _plain(levels.step)}
        return {**label, "levels": {"from": _plain(levels.low), "to": _plain(levels.high), **step}}

    def _impossible(self) -> list[dict[str, str]]:
        """Conditions on the levels that some party does not evaluate."""
        found = [{"when": self.condition(when), "why": why} for when, why in self.scenario.impossible]
        for n, (name, issue) in enumerate(zip(self.names, self.scenario.issues, strict=True)):
            for party, profile in zip(self.parties, self.scenario.profiles, strict=True):
                if profile.table is not None or profile.ranking is not None:
                    continue
                missing = [level for level in issue.listed if level not in profile.values[n]]
                if not missing:
                    continue
                self.gone[n].update(missing)
                if len(missing) > MAX_NAMED:
                    what = f"{len(missing):,} levels of '{name}' have no evaluation by {party}"
                    self.scenario.findings.wrong(self.scenario.source, name, what)
                    continue
                levels = ", ".join(map(quoted, missing))
                why = f"no evaluation by {party}"
                found.append({"when": f"{quoted(name)} in [{levels}]", "why": why})
                shown = ", ".join(f"'{level}'" for level in missing[:5]) + (
                    f" and {len(missing) - 5} more" if len(missing) > 5 else ""
                )
                self.remark(
                    f"{party} does not evaluate {shown} of '{name}': outcomes with it count as impossible"
                )
        self.scenario.findings.check(self.scenario.source)
        return found

    def _preference(self, profile: ProfileIn) -> dict[str, Any]:
        if profile.table is not None:
            return {"table": profile.table}
        if profile.ranking is not None:
            return {"ranking": profile.ranking}
        values = {
            name: {level: given.get(level, 0.0) for level in issue.listed} or given
            for name, issue, given in zip(self.names, self.scenario.issues, profile.values, strict=True)
        }
        bonuses = [
            {"when": self.condition(when), "add": add} for when, add in profile.bonuses if math.isfinite(add)
        ]
        return {"values": values, **({"bonuses": bonuses} if bonuses else {})}

    def condition(self, when: str) -> str:
        """A condition with ``{0}`` in place of the first issue, as the case writes it."""
        return when.format(*map(quoted, self.names))

    def _no_deal(self) -> dict[str, float]:
        """Each party's utility of no deal; what is not known here is left to the case."""
        found: dict[str, float] = {}
        for party, profile in zip(self.parties, self.scenario.profiles, strict=True):
            value = profile.reservation
            if profile.ranking is not None:
                continue
            if value is None or value == -math.inf:
                value = self._least(profile)
                self.remark(f"{party} has no reservation value: its least utility, {value:.6g}, counts")
            elif value < 0:
                self.remark(f"{party} has a reservation value below 0, {value:g}: it is taken as it is")
            found[party] = value
        return found

    def _least(self, profile: ProfileIn) -> float:
        """The least utility over all outcomes that no party leaves without an evaluation."""
        if profile.table is not None:
            return min(profile.table)
        if profile.floor is not None:
            return profile.floor
        total = 0.0
        for gone, given in zip(self.gone, profile.values, strict=True):
            total += min((u for level, u in given.items() if level not in gone), default=0.0)
        return total


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def additive_table(issues: Sequence[IssueIn], values: Sequence[Mapping[str, float]]) -> list[float]:
    """Utilities of all outcomes, row-major, of issues that have levels; at most `MAX_LISTED` of them."""
    table = [0.0]
    for issue, given in zip(issues, values, strict=True):
        column = _column(issue, given)
        table = [u + v for u in table for v in column]
    return table


def _column(issue: IssueIn, given: Mapping[str, float]) -> list[float]:
    """The utilities of an issue's levels in order, linear between the points of a range."""
    if not isinstance(issue.levels, Range):
        return [given[level] for level in issue.levels]
    line = sorted((float(x), u) for x, u in given.items())
    found, place = [], 0
    for x in map(float, issue.levels.names()):
        while place + 2 < len(line) and line[place + 1][0] < x:
            place += 1
        (a, u), (b, v) = line[place], line[min(place + 1, len(line) - 1)]
        found.append(u if b <= a else u + (v - u) * (x - a) / (b - a))
    return found


def listable(issues: Sequence[IssueIn]) -> bool:
    """Whether the outcomes of some issues may be listed one by one."""
    counts = [count for _, count in _outcomes(issues)]
    return all(counts) and math.prod(counts) <= MAX_LISTED


def cap(issues: Sequence[IssueIn], profile: ProfileIn, findings: Findings, top: float = 1.0) -> None:
    """Cuts utilities off at ``top``, as Genius does: changes the profile where any may lie above it."""
    most = sum(max(values.values(), default=0.0) for values in profile.values)
    most += sum(max(add, 0.0) for _, add in profile.bonuses)
    if most <= top + 1e-9:
        return
    known = all(set(i.listed) <= set(v) for i, v in zip(issues, profile.values, strict=True))
    if known and listable(issues) and not profile.bonuses:
        profile.table = [min(top, u) for u in additive_table(issues, profile.values)]
        findings.remark(
            f"{profile.name}: utilities reach {most:.6g}; as in Genius they are cut off at {top:g}"
        )
    else:
        findings.remark(
            f"{profile.name}: utilities may reach {most:.6g}; Genius cuts them off at {top:g}, which is not done here"
        )

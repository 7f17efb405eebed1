"""Amounts that hold inside (or outside) of boxes in the space of numeric issues; bounds are inclusive."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from detente.adapters._names import number, quoted
from detente.adapters._scenario import IssueIn, ProfileIn, Range
from detente.adapters._source import Findings, as_number

Bounds = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """``bounds``: by the issue's position its least and greatest number. ``outside``: the amount holds outside."""

    bounds: dict[int, Bounds]
    amount: float
    outside: bool = False

    def condition(self, issues: Sequence[IssueIn]) -> str:
        """Where the amount holds, with ``{0}`` in place of the first issue; '' for everywhere."""
        parts = [part for n, ends in self.bounds.items() if (part := _within(issues[n], n, *ends))]
        inside = " and ".join(parts)
        if not self.outside:
            return inside
        return f"not ({inside})" if inside else _NEVER.format(n=0)


_NEVER = "{{{n}}} in []"


def _within(issue: IssueIn, n: int, low: float, high: float) -> str:
    """The condition that an issue lies between two numbers; '' where it always does."""
    levels = issue.levels
    if not isinstance(levels, Range):
        names = [name for name in levels if (x := as_number(name)) is not None and low <= x <= high]
        if len(names) == len(levels):
            return ""
        listed = ", ".join(quoted(name).replace("{", "{{").replace("}", "}}") for name in names)
        return f"{{{n}}} in [{listed}]"
    low, high = max(float(levels.low), low), min(float(levels.high), high)
    if low > high:
        return _NEVER.format(n=n)
    a, b = number(low), number(high)
    if levels.step is not None:
        first = math.ceil((low - float(levels.low)) / float(levels.step) - 1e-9)
        last = math.floor((high - float(levels.low)) / float(levels.step) + 1e-9)
        if first > last:
            return _NEVER.format(n=n)
        a, b = number(levels.low + first * levels.step), number(levels.low + last * levels.step)
    if a == number(levels.low) and b == number(levels.high):
        return ""
    return f"{{{n}}} == {a}" if a == b else f"{{{n}}} >= {a} and {{{n}}} <= {b}"


def add_boxes(
    issues: Sequence[IssueIn], profile: ProfileIn, boxes: Sequence[Box], findings: Findings
) -> None:
    """Adds boxes to a profile, and finds its least utility."""
    always = 0.0
    left = []
    for box in boxes:
        when = box.condition(issues)
        if when:
            profile.bonuses.append((when, box.amount))
            left.append(box)
        else:
            always += box.amount
    if always and profile.values:
        profile.values[0] = {level: u + always for level, u in profile.values[0].items()}
    profile.floor = _floor(issues, profile, left, findings)


def _floor(issues: Sequence[IssueIn], profile: ProfileIn, boxes: Sequence[Box], findings: Findings) -> float:
    """The least utility: that of an outcome where no gain holds and every loss does, if one is found."""
    base = sum(min(values.values(), default=0.0) for values in profile.values)
    flat = all(len(set(values.values())) <= 1 for values in profile.values)
    losses = sum(box.amount for box in boxes if box.amount < 0)
    if not (flat and not losses and _avoidable(issues, boxes)) and profile.reservation in (None, -math.inf):
        findings.remark(
            f"{profile.name}: its least utility is known only to be at least {base + losses:.6g}, which counts"
        )
    return base + losses


def _avoidable(issues: Sequence[IssueIn], boxes: Sequence[Box]) -> bool:
    """Whether a greedy search finds an outcome at which no box holds."""
    if any(box.outside for box in boxes):
        return False
    alive = [box for box in boxes if box.amount > 0]
    for n, issue in enumerate(issues):
        places = _places(issue, [box.bounds[n] for box in alive if n in box.bounds])
        alive = min(
            (
                [box for box in alive if n not in box.bounds or box.bounds[n][0] <= x <= box.bounds[n][1]]
                for x in places
            ),
            key=len,
            default=alive,
        )
    return not alive


def _places(issue: IssueIn, bounds: Sequence[Bounds]) -> list[float]:
    """Numbers of an issue that matter: its ends, and next to the bounds."""
    if not isinstance(issue.levels, Range):
        return [x for name in issue.levels if (x := as_number(name)) is not None]
    low, high, step = float(issue.levels.low), float(issue.levels.high), float(issue.levels.step or 0)
    near = {low, high}
    for a, b in bounds:
        near |= {a - (step or 1e-9), b + (step or 1e-9)}
    return [x for x in sorted(near) if low <= x <= high]

"""The levels that a space numbers: those of the file, and points in place of a continuous issue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from detente.case.conditions import Condition
from detente.case.fields import shape
from detente.case.model import Case, Issue, number_name

GRID = 101
"""Points at which a continuous issue is sampled, besides those that the case mentions."""


class Sampled(Issue):
    """A continuous issue as a space numbers it: ``points`` of its scale, ascending, as level names."""

    points: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the points in order."""
        return self.points

    def stand_in(self, name: str, errors: Mapping[str, float]) -> str:
        """What the points stand for: their step, and how far utilities between them can be from theirs."""
        numbers = [Decimal(point) for point in self.points]
        step = max((b - a for a, b in pairwise(numbers)), default=Decimal(0))
        told = ", ".join(f"{error:.3g} ({party})" for party, error in errors.items())
        return (
            f"issue '{name}' is continuous: {len(numbers)} points of it are used, its breakpoints among them, at most "
            f"{step.normalize():f} apart"
            + (f"; between them utilities differ by at most {told}" if told else "")
        )


def compiled_issues(case: Case, further: Mapping[str, Iterable[Decimal]] | None = None) -> dict[str, Issue]:
    """The issues of a case; continuous ones with an even grid of points, those that the case mentions, and ``further`` ones."""
    more = further or {}
    return {
        name: issue if issue.names else _sampled(case, name, issue, more.get(name, ()))
        for name, issue in case.issues.items()
    }


def _sampled(case: Case, name: str, issue: Issue, further: Iterable[Decimal]) -> Sampled:
    assert issue.scale is not None  # an issue without levels is a continuous one: the checks see to it
    first, last = (Decimal(str(end)) for end in (issue.scale.start, issue.scale.stop))
    points = {first + (last - first) * i / (GRID - 1) for i in range(GRID)}
    points |= {Decimal(level) for level in _mentioned(case, name, issue)}
    points |= {min(max(point, first), last) for point in further}
    return Sampled.model_construct(
        **{field: getattr(issue, field) for field in Issue.model_fields},
        points=tuple(map(number_name, sorted(points))),
    )


def _mentioned(case: Case, name: str, issue: Issue) -> Iterator[str]:
    """The levels of a continuous issue that the case speaks of, anywhere."""
    preferences = [kind for p in case.preferences.values() for kind in (p, *(p.types or {}).values())]
    for preference in preferences:
        yield from (preference.values or {}).get(name, {})
    for condition in _conditions(case):
        for leaf in condition.comparisons():
            if leaf.issue == name:
                yield from leaf.levels
    for outcome in _outcomes(case):
        if isinstance(outcome, Mapping):
            if name in outcome:
                yield outcome[name]
        elif shape(outcome) == "<list>":
            yield outcome[list(case.issues).index(name)]
    for table in (issue.retreat, issue.takes, issue.requires):
        yield from table
    yield from issue.retreat.values()


def _conditions(case: Case) -> Iterator[Condition]:
    yield from (item.when for item in case.impossible)
    for issue in case.issues.values():
        yield from (need.when for need in issue.requires.values())
    for preference in case.preferences.values():
        for kind in (preference, *(preference.types or {}).values()):
            yield from (bonus.when for bonus in kind.bonuses)
            yield from kind.priorities or ()


def _outcomes(case: Case) -> Iterator[Any]:
    """Every outcome that a case states, in any of its forms; None for one left out."""
    yield case.status_quo
    if case.no_deal is not None:
        yield from (e.outcome for e in (case.no_deal.now, case.no_deal.at_deadline) if e is not None)
    yield from (entry.outcome for entry in case.record)
    yield from (target.outcome for target in case.targets.values())
    for pairs in (*case.strength.values(), *case.unknown.values()):
        yield from _flat(pairs)
    for preference in case.preferences.values():
        for kind in (preference, *(preference.types or {}).values()):
            yield from _flat(kind.ranking or ())


def _flat(groups: Iterable[Iterable[Any]]) -> Iterator[Any]:
    return (outcome for group in groups for outcome in group)

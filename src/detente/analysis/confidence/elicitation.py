"""From judgements to preferences: which values and weights agree with what a person said, and where it disagrees.

A person's utility is a sum over issues. Unknowns are the worths u[i, l] of the levels: 0 for an issue's worst level,
w[i] for its best, between them for the others; the w sum to 1, so that the worst package is worth 0 and the best 1 (0
and 100 points). Judgements are linear in these: swing weights, values of levels, packages compared, ranked or scored.
What agrees with all of them is a polytope: its ends are the intervals that go into a case, points sampled evenly from it
stand for the set. Where judgements contradict each other the smallest sets to withdraw are shown, and the first is.

Sources: von Winterfeldt and Edwards (1986) for swing weights; Jacquet-Lagreze and Siskos (1982), European Journal of
Operational Research 10, for ordinal regression (UTA); Greco, Mousseau and Slowinski (2008), EJOR 191, for what all
compatible preferences agree on.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from detente.analysis.confidence.polytope import Polytope, withdrawals
from detente.analysis.result import Result, Row, provenance
from detente.case import Case, with_changes
from detente.case.model import Preference
from detente.case.uncertain import mode
from detente.errors import CaseError, NeedsError, Problem
from detente.space import Space, compile_case

Array = NDArray[Any]
Kind = Literal["best", "worst", "order", "swing", "level", "prefer", "same", "rank", "score"]
MARGIN = 1e-3
"""How much better a preferred package is at least: 0.1 point."""
SAMPLES = 500
MOST_WITHDRAWALS = 5
MOST_LEVELS = 400
FORMS = (
    "{best: issue=level}, {worst: issue=level}, {order: issue, way: up|down}, {swing: issue, points: p}, "
    "{level: issue=level, points: p}, {prefer: outcome, to: outcome}, {same: [outcome, outcome]}, {rank: [outcome, ...]} "
    "or {score: outcome, points: p}, where p is a number from 0 to 100 or [low, high]"
)


@dataclass(frozen=True)
class Judgement:
    """Something a person said. ``issue`` and ``level``, ``outcomes`` (best first) and ``points`` as its kind needs."""

    kind: Kind
    issue: str | None = None
    level: str | None = None
    outcomes: tuple[Any, ...] = ()
    points: tuple[float, float] | None = None
    way: Literal["up", "down"] = "up"

    def __str__(self) -> str:
        points = "" if self.points is None else _points_text(self.points)
        shown = [_outcome_text(outcome) for outcome in self.outcomes]
        texts = {
            "best": f"{self.level} is the best level of {self.issue}",
            "worst": f"{self.level} is the worst level of {self.issue}",
            "order": f"{self.issue} gets {'better' if self.way == 'up' else 'worse'} level by level",
            "swing": f"the swing of {self.issue} is worth {points} points",
            "level": f"{self.issue} at {self.level} is worth {points} of 100 points",
            "prefer": f"{' is better than '.join(shown)}",
            "same": f"{' is worth as much as '.join(shown)}",
            "rank": f"the order {' > '.join(shown)}",
            "score": f"{', '.join(shown)} scores {points} of 100",
        }
        return texts[self.kind]


def _points_text(points: tuple[float, float]) -> str:
    low, high = points
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _outcome_text(outcome: Any) -> str:
    return outcome if isinstance(outcome, str) else ",".join(f"{k}={v}" for k, v in dict(outcome).items())


def read_judgements(data: Any, source: str = "judgements") -> list[Judgement]:
    """Judgements from plain data (a list of mappings, as a YAML file holds them).

    Raises `CaseError` with every problem: what is wrong, what is expected.
    """
    if not isinstance(data, list):
        raise CaseError([Problem("", "judgements are a list", FORMS)], source)
    found, problems = [], []
    for place, item in enumerate(data):
        try:
            found.append(_read(item))
        except (NeedsError, TypeError, ValueError) as error:
            problems.append(Problem(f"[{place}]", str(error) or "not a judgement", FORMS, repr(item)[:80]))
    if problems:
        raise CaseError(problems, source)
    return found


_EXTRA = {"order": {"way"}, "swing": {"points"}, "level": {"points"}, "prefer": {"to"}, "score": {"points"}}


def _read(item: Any) -> Judgement:
    kinds = [
        k
        for k in ("best", "worst", "order", "swing", "level", "prefer", "same", "rank", "score")
        if isinstance(item, Mapping) and k in item
    ]
    if len(kinds) != 1:
        raise NeedsError("not a judgement")
    kind = kinds[0]
    if unknown := set(item) - {kind} - _EXTRA.get(kind, set()):
        raise NeedsError(f"'{min(map(str, unknown))}' does not belong here")
    value = item[kind]
    points = (
        _read_points(item["points"]) if "points" in _EXTRA.get(kind, set()) and "points" in item else None
    )
    if "points" in _EXTRA.get(kind, set()) and points is None:
        raise NeedsError("points are missing")
    if kind in ("best", "worst", "level"):
        issue, sign, level = str(value).partition("=")
        if not sign:
            raise NeedsError("write issue=level")
        return Judgement(kind, issue.strip(), level.strip(), points=points)  # type: ignore[arg-type]
    if kind in ("order", "swing"):
        way = item.get("way", "up")
        if way not in ("up", "down"):
            raise NeedsError("the way is up or down")
        return Judgement(kind, str(value), points=points, way=way)  # type: ignore[arg-type]
    outcomes = [value, item.get("to")] if kind == "prefer" else [value] if kind == "score" else value
    if not isinstance(outcomes, list) or len(outcomes) < (1 if kind == "score" else 2) or None in outcomes:
        raise NeedsError("an outcome is missing")
    if kind == "same" and len(outcomes) != 2:
        raise NeedsError("two outcomes are the same, or not")
    return Judgement(kind, outcomes=tuple(_frozen(o) for o in outcomes), points=points)  # type: ignore[arg-type]


def _frozen(outcome: Any) -> Any:
    if isinstance(outcome, Mapping):
        return {str(k): str(v) for k, v in outcome.items()}
    text = str(outcome)
    if "=" not in text:
        return text
    parts = [part.partition("=") for part in text.split(",")]
    return {a.strip(): b.strip() for a, _, b in parts}


def _read_points(data: Any) -> tuple[float, float]:
    pair = data if isinstance(data, list) else [data, data]
    if len(pair) != 2 or not all(isinstance(x, int | float) and not isinstance(x, bool) for x in pair):
        raise NeedsError("points are a number or [low, high]")
    low, high = float(pair[0]), float(pair[1])
    if not 0 <= low <= high <= 100:
        raise NeedsError("points run from 0 to 100, low before high")
    return low, high


# the set of preferences ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Frame:
    """The unknowns: a worth for each level (columns in file order), and last the worth of 100 swing points."""

    space: Space
    first: tuple[int, ...]
    best: tuple[int, ...]
    worst: tuple[int, ...]

    @property
    def size(self) -> int:
        return sum(self.space.sizes) + 1

    def column(self, issue: int, level: int) -> int:
        return self.first[issue] + level

    def package(self, outcome: Any) -> Array:
        """The row whose product with the unknowns is an outcome's worth."""
        row = np.zeros(self.size)
        levels = self.space.positions(outcome)
        for issue, level in enumerate(levels):
            row[self.column(issue, level)] += 1.0
        return row

    def unit(self, issue: int, level: int) -> Array:
        row = np.zeros(self.size)
        row[self.column(issue, level)] = 1.0
        return row

    def weight(self, issue: int) -> Array:
        return self.unit(issue, self.best[issue])


def _frame(space: Space, preference: Preference | None, judgements: Sequence[Judgement]) -> _Frame:
    first = tuple(int(x) for x in np.concatenate([[0], np.cumsum(space.sizes)[:-1]]))
    best, worst = [], []
    for i, name in enumerate(space.issues):
        ends = {
            j.kind: _level(space, i, j) for j in judgements if j.issue == name and j.kind in ("best", "worst")
        }
        way = next((j.way for j in judgements if j.kind == "order" and j.issue == name), None)
        values = (preference.values or {}).get(name) if preference is not None and preference.values else None
        if way is not None:
            last = space.sizes[i] - 1
            top, bottom = (last, 0) if way == "up" else (0, last)
        elif (known := _ends_of(space, i, values)) is not None:
            top, bottom = known
        elif {"best", "worst"} <= set(ends):
            top, bottom = ends["best"], ends["worst"]
        else:
            raise NeedsError(
                f"say which levels of '{name}' are best and worst: {{best: {name}=...}}, {{worst: {name}=...}}"
            )
        best.append(ends.get("best", top))
        worst.append(ends.get("worst", bottom))
        if best[-1] == worst[-1] and space.sizes[i] > 1:
            raise NeedsError(f"best and worst level of '{name}' are the same")
    return _Frame(space, first, tuple(best), tuple(worst))


def _ends_of(space: Space, issue: int, values: Any) -> tuple[int, int] | None:
    """Best and worst level by the party's present values, where it has some that differ."""
    if values is None or space.compiled_issues[space.issues[issue]].scale is not None:
        return None
    row = [mode(values[level]) for level in space.level_names[issue]]
    return (int(np.argmax(row)), int(np.argmin(row))) if max(row) > min(row) else None


def _issue(space: Space, judgement: Judgement) -> int:
    if judgement.issue not in space.issues:
        raise NeedsError(f"unknown issue '{judgement.issue}'; there are {', '.join(space.issues)}")
    return space.issues.index(judgement.issue)


def _level(space: Space, issue: int, judgement: Judgement) -> int:
    return space.positions({space.issues[issue]: str(judgement.level)})[issue]


def _polytope(frame: _Frame, judgements: Sequence[Judgement]) -> tuple[Polytope, list[int]]:
    """The set, and whose judgement each inequality is (-1: the scale's own)."""
    a: list[Array] = []
    b: list[float] = []
    owner: list[int] = []
    equal = [np.zeros(frame.size)]
    for i, size in enumerate(frame.space.sizes):
        if size > 1:
            equal[0] += frame.weight(i)
        equal.append(frame.unit(i, frame.worst[i]))
        for level in range(size):
            for row in (-frame.unit(i, level), frame.unit(i, level) - frame.weight(i)):
                a.append(row)
                b.append(0.0)
    scale = np.zeros(frame.size)
    scale[-1] = 1.0
    a += [-scale, scale]
    b += [0.0, 1.0]
    owner = [-1] * len(a)
    for place, judgement in enumerate(judgements):
        for row, side in _rows(frame, judgement):
            a.append(row)
            b.append(side)
            owner.append(place)
    if not any(j.kind == "swing" for j in judgements):
        equal.append(scale)
    right = np.zeros(len(equal))
    right[0] = 1.0
    return Polytope(np.array(a), np.array(b), np.array(equal), right), owner


def _rows(frame: _Frame, judgement: Judgement) -> list[tuple[Array, float]]:
    """A judgement as inequalities: row x <= side."""
    kind = judgement.kind
    if kind in ("best", "worst"):
        return []
    if kind == "order":
        i = _issue(frame.space, judgement)
        sign = 1.0 if judgement.way == "up" else -1.0
        return [
            (sign * (frame.unit(i, level) - frame.unit(i, level + 1)), 0.0)
            for level in range(frame.space.sizes[i] - 1)
        ]
    if kind in ("swing", "level"):
        i = _issue(frame.space, judgement)
        assert judgement.points is not None
        low, high = (x / 100 for x in judgement.points)
        base = np.zeros(frame.size)
        if kind == "swing":
            base[-1] = 1.0
            row = frame.weight(i)
        else:
            base, row = frame.weight(i), frame.unit(i, _level(frame.space, i, judgement))
        return [(row - high * base, 0.0), (low * base - row, 0.0)]
    packages = [frame.package(outcome) for outcome in judgement.outcomes]
    if kind == "score":
        assert judgement.points is not None
        low, high = (x / 100 for x in judgement.points)
        return [(packages[0], high), (-packages[0], -low)]
    if kind == "same":
        gap = packages[0] - packages[1]
        return [(gap, MARGIN), (-gap, MARGIN)]
    return [(worse - better, -MARGIN) for better, worse in itertools.pairwise(packages)]


# the answer ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Elicitation(Result):
    """The preferences of ``party`` that agree with its judgements.

    ``values`` {issue: {level: (low, middle, high)}} in points of 100; ``weights`` {issue: (low, middle, high)} likewise;
    ``samples`` (m, levels) worths of the levels, even over the set. ``conflicts``: smallest sets of judgements whose
    withdrawal makes the others agree; ``withdrawn``: the one that was, by position.
    """

    analysis: ClassVar[str] = "elicit"

    case: Case = field(repr=False)
    party: str
    judgements: tuple[Judgement, ...]
    conflicts: tuple[tuple[int, ...], ...]
    withdrawn: tuple[int, ...]
    values: Mapping[str, Mapping[str, tuple[float, float, float]]] = field(repr=False)
    weights: Mapping[str, tuple[float, float, float]]
    samples: Array = field(repr=False)
    frame: _Frame = field(repr=False)
    polytope: Polytope = field(repr=False)

    @cached_property
    def preference(self) -> dict[str, Any]:
        """The preference as a case file states it: values in points, each with its interval."""
        return {
            "values": {
                issue: {
                    level: low if high - low < 1e-9 else [low, middle, high]
                    for level, (low, middle, high) in levels.items()
                }
                for issue, levels in self.values.items()
            }
        }

    def applied(self) -> Case:
        """A new case in which the party has this preference."""
        return with_changes(self.case, [{"set": f"preferences.{self.party}", "to": self.preference}])

    def prefers(self, first: Any, second: Any) -> Literal["always", "sometimes", "never"]:
        """Whether every, some or no compatible preference has the first outcome at least as good as the second."""
        gap = self.frame.package(_frozen(first)) - self.frame.package(_frozen(second))
        low, high = self.polytope.ends(gap)
        return "always" if low >= -1e-9 else "sometimes" if high >= -1e-9 else "never"

    def question(
        self, random: np.random.Generator, tries: int = 200
    ) -> tuple[dict[str, str], dict[str, str]] | None:
        """Two packages that differ in two issues and that the compatible preferences disagree on most; None if on none."""
        space = self.frame.space
        rows: list[tuple[float, int, Any, Any]] = []
        if len(space.issues) < 2:
            return None
        base = list(space.start)
        for _ in range(tries):
            i, j = random.choice(len(space.issues), 2, replace=False)
            one, two = base.copy(), base.copy()
            one[i], two[i] = random.choice(space.sizes[i], 2, replace=space.sizes[i] < 2)
            one[j], two[j] = random.choice(space.sizes[j], 2, replace=space.sizes[j] < 2)
            a, b = space.outcome([int(x) for x in one]), space.outcome([int(x) for x in two])
            gap = self.samples @ (self.frame.package(a) - self.frame.package(b))[:-1]
            share = float((gap > 0).mean())
            rows.append((abs(share - 0.5), len(rows), a, b))
        nearest = min(rows, key=lambda row: row[:2])
        if nearest[0] > 0.45 or not isinstance(nearest[2], dict) or not isinstance(nearest[3], dict):
            return None
        return nearest[2], nearest[3]

    def document(self) -> dict[str, Any]:
        return {
            "party": self.party,
            "judgements": [str(j) for j in self.judgements],
            "consistent": not self.conflicts,
            "conflicts": [[str(self.judgements[j]) for j in conflict] for conflict in self.conflicts],
            "withdrawn": [str(self.judgements[j]) for j in self.withdrawn],
            "preference": self.preference,
            "weights": {issue: list(w) for issue, w in self.weights.items()},
            "samples": len(self.samples),
        }

    def tables(self) -> dict[str, list[Row]]:
        weights: list[Row] = [
            {"issue": i, "low": w[0], "middle": w[1], "high": w[2]} for i, w in self.weights.items()
        ]
        values: list[Row] = [
            {"issue": issue, "level": level, "low": v[0], "middle": v[1], "high": v[2]}
            for issue, levels in self.values.items()
            for level, v in levels.items()
        ]
        return {"weights": weights, "values": values}

    def explain(self) -> str:
        lines = []
        if self.conflicts:
            lines.append(
                "These judgements contradict each other. Withdrawing any one of these sets would make the rest agree:"
            )
            lines += ["- " + "; and ".join(str(self.judgements[j]) for j in c) for c in self.conflicts]
            lines.append(
                f"The answer below leaves out: {'; '.join(str(self.judgements[j]) for j in self.withdrawn)}."
            )
        else:
            lines.append(f"All {len(self.judgements)} judgements agree with each other.")
        for issue, (low, middle, high) in self.weights.items():
            lines.append(
                f"- {issue}: {low:.0f} to {high:.0f} of 100 points between its worst and its best level (middle {middle:.0f})"
            )
        lines.append(
            "Intervals are exact ends of what agrees with the judgements; together they say less than the judgements, because levels move together."
        )
        return "\n".join(lines)


def elicit(
    case: Case,
    party: str,
    judgements: Iterable[Judgement | Mapping[str, Any]],
    *,
    seed: int = 0,
    samples: int = SAMPLES,
) -> Elicitation:
    """The preferences of a party that agree with judgements, as intervals for the case and as a sample of the set.

    Parameters
    ----------
    case, party
        The issues, and whose preference it is. Best and worst levels are those of its present values where it has
        some, unless a judgement says otherwise.
    judgements
        `Judgement` objects, or mappings in the form of `read_judgements`.
    seed, samples
        Of the points sampled from the set; the intervals do not depend on them, their middles do.

    Raises
    ------
    NeedsError
        For an unknown party, issue or level; a graph; an issue without best and worst level; more than 400 levels.
    CaseError
        For a judgement that is none.

    Cost: two linear programs for each level, and one mixed-integer program where judgements contradict each other.
    """
    raw = list(judgements)
    said = [j for j in raw if isinstance(j, Judgement)]
    if len(said) != len(raw):
        said = [j if isinstance(j, Judgement) else read_judgements([dict(j)])[0] for j in raw]
    if case.graph_form or not case.issues:
        raise NeedsError("elicitation needs issues with levels: this case is a bare graph")
    if party not in case.parties:
        raise NeedsError(f"unknown party '{party}'; the parties are {', '.join(case.parties)}")
    if samples < 1:
        raise NeedsError(f"the number of samples is 1 or more; got {samples}")
    space = compile_case(case)
    if sum(space.sizes) > MOST_LEVELS:
        raise NeedsError(
            f"elicitation asks about levels one by one: up to {MOST_LEVELS}; there are {sum(space.sizes):,}"
        )
    frame = _frame(space, case.preferences.get(party), said)
    polytope, owner = _polytope(frame, said)
    conflicts = withdrawals(polytope, owner, MOST_WITHDRAWALS) if polytope.empty else []
    gone = conflicts[0] if conflicts else ()
    kept = [j if place not in gone else Judgement("best") for place, j in enumerate(said)]
    polytope, _ = _polytope(frame, kept)
    points = polytope.sample(samples, np.random.default_rng(seed))[:, :-1]
    source = provenance(space, {"party": party, "samples": samples}, (), seed)
    ends = {
        name: {
            level: _interval(polytope, frame.unit(i, n), points[:, frame.column(i, n)])
            for n, level in enumerate(space.level_names[i])
        }
        for i, name in enumerate(space.issues)
    }
    weights = {name: ends[name][space.level_names[i][frame.best[i]]] for i, name in enumerate(space.issues)}
    return Elicitation(
        source=source, exact=True, method="linear programs; the middle of an interval is the mean of points sampled by hit and run",
        case=case, party=party, judgements=tuple(said), conflicts=tuple(conflicts), withdrawn=tuple(gone), values=ends,
        weights=weights, samples=points, frame=frame, polytope=polytope,
    )  # fmt: skip


def _interval(polytope: Polytope, row: Array, points: Array) -> tuple[float, float, float]:
    low, high = polytope.ends(row)
    low, high = round(100 * max(low, 0.0), 6) + 0.0, round(100 * max(high, 0.0), 6) + 0.0
    return low, min(max(round(100 * float(points.mean()), 6) + 0.0, low), high), high

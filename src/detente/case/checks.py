"""Whether the sections of a case fit each other: references, levels, conditions, completeness.

`check` gives every problem and does not stop at the first; what is legal and worth knowing is in
`detente.case.basis`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from detente.case.conditions import Condition
from detente.case.fields import shape
from detente.case.model import Case, Change, Entry, Issue, Preference, Scale
from detente.case.paths import PathError, apply_change
from detente.case.structure import MAX_HINTS, Finding, among, did_you_mean
from detente.case.tree import Route
from detente.case.uncertain import Uncertain, bounds, mode

LARGEST_LISTING = 100_000
"""The possible outcomes up to this many are looked for in a ranking; the others when it is compiled."""


def check(case: Case, holes: Iterable[Route] = ()) -> list[Finding]:
    """Every problem between the sections. ``holes`` are parts that validation had to cut out."""
    checker = _Checker(case, frozenset(holes))
    for part in (
        checker.form, checker.names, checker.issue_parts, checker.graph, checker.constraints, checker.baselines,
        checker.preference_parts, checker.record_parts, checker.plans, checker.standings, checker.forecast,
        checker.changes,
    ):  # fmt: skip
        part()
    return checker.findings


class _Checker:
    def __init__(self, case: Case, holes: frozenset[Route]) -> None:
        self.case = case
        self.holes = holes
        self.findings: list[Finding] = []
        self.unsure_issues = {r[1] for r in holes if r[0] == "issues" and len(r) > 1}
        self.unsure_parties = {r[1] for r in holes if r[0] == "parties" and len(r) > 1}

    def add(self, route: Route, what: str, allowed: str = "", got: str = "", hint: str = "") -> None:
        self.findings.append(Finding(route, what, allowed, got, hint))

    def hint(self, name: str, known: Iterable[str]) -> str:
        return did_you_mean(name, known) if len(self.findings) < MAX_HINTS else ""

    # references ---------------------------------------------------------------------------------

    def party(self, route: Route, name: str) -> bool:
        return self._known(route, "party", name, self.case.parties, self.unsure_parties, "parties")

    def issue(self, route: Route, name: str) -> Issue | None:
        known = self._known(route, "issue", name, self.case.issues, self.unsure_issues, "issues")
        return self.case.issues.get(name) if known else None

    def source(self, route: Route, name: str) -> bool:
        unsure = {r[1] for r in self.holes if r[0] == "sources" and len(r) > 1}
        return self._known(route, "source", name, self.case.sources, unsure, "sources")

    def _known(
        self, route: Route, kind: str, name: str, table: Mapping[str, Any], unsure: set[Any], section: str
    ) -> bool:
        if name in table:
            return True
        if name not in unsure and (section,) not in self.holes:
            self.add(route, f"unknown {kind} '{name}'", among(table), hint=self.hint(name, table))
        return False

    def level(self, route: Route, issue: str, level: str) -> bool:
        part = self.case.issues[issue]
        if isinstance(part.levels, Scale) and part.levels.step is None:
            return self._on_scale(route, part.levels, level)
        try:
            part.position(level)
        except KeyError:
            hint = self.hint(level, part.names)
            self.add(route, f"unknown level '{level}' of issue '{issue}'", among(part.names), hint=hint)
            return False
        return True

    def _on_scale(self, route: Route, scale: Scale, level: str) -> bool:
        try:
            inside = scale.start <= float(level) <= scale.stop
        except ValueError:
            inside = False
        if not inside:
            self.add(route, "not on the scale", f"a number from {scale.start} to {scale.stop}", f"'{level}'")
        return inside

    def condition(self, route: Route, condition: Condition) -> None:
        for leaf in condition.comparisons():
            part = self.issue(route, leaf.issue)
            if part is None:
                continue
            for level in leaf.levels:
                self.level(route, leaf.issue, level)

    def outcome(self, route: Route, outcome: Any) -> None:
        """An outcome, whole or in part, in any of its written forms."""
        form = shape(outcome)
        if self.case.graph_form:
            if form != "<text>":
                self.add(route, "an outcome of a graph is its name", among(self.case.outcomes))
            elif outcome not in self.case.outcomes:
                hint = self.hint(outcome, self.case.outcomes)
                self.add(route, f"unknown outcome '{outcome}'", among(self.case.outcomes), hint=hint)
        elif form == "<text>":
            self.add(route, "an outcome is a level for each issue", "{issue: level, ...}", f"'{outcome}'")
        elif form == "<list>":
            self._listed(route, outcome)
        else:
            for issue, level in outcome.items():
                if self.issue((*route, issue), issue) is not None:
                    self.level((*route, issue), issue, level)

    def _listed(self, route: Route, outcome: tuple[str, ...]) -> None:
        if len(outcome) != len(self.case.issues):
            if not self.unsure_issues:
                self.add(
                    route,
                    "an outcome lists one level for each issue",
                    among(self.case.issues),
                    f"{len(outcome)} levels",
                )
            return
        for position, (issue, level) in enumerate(zip(self.case.issues, outcome, strict=True)):
            self.level((*route, position), issue, level)

    # sections -----------------------------------------------------------------------------------

    def form(self) -> None:
        case, cut = self.case, {r[0] for r in self.holes}
        if case.issues and case.outcomes:
            self.add(("outcomes",), "a case has issues or outcomes, not both")
        if case.moves and not case.outcomes and "outcomes" not in cut:
            self.add(
                ("moves",),
                "moves are listed only where outcomes are",
                hint="With issues, say `by:` whom each is carried out.",
            )
        if case.outcomes and not case.moves and "moves" not in cut:
            self.add(("outcomes",), "a graph needs moves", "moves: {party: [[from, to], ...]}")
        if not case.parties and (case.issues or case.outcomes) and "parties" not in cut:
            self.add((), "the key 'parties' is missing")
        empty = not (case.issues or case.outcomes or case.forecast)
        if empty and not cut & {"issues", "outcomes", "moves", "forecast"}:
            self.add((), "a case holds parties with issues, parties with outcomes and moves, or a forecast")

    def names(self) -> None:
        for name in self.case.parties:
            if name in self.case.issues:
                self.add(
                    ("issues", name), f"'{name}' names a party and an issue", "an id of its own for each"
                )
        for name, party in self.case.parties.items():
            if party.represents is not None:
                self.party(("parties", name, "for"), party.represents)
        if self.case.time.deadline_set_by is not None:
            self.party(("time", "deadline_set_by"), self.case.time.deadline_set_by)

    def issue_parts(self) -> None:
        for name, issue in self.case.issues.items():
            route: Route = ("issues", name)
            self._levels(route, issue)
            for position, owner in enumerate(issue.by or ()):
                self.party((*route, "by", position), owner)
            if issue.by is not None and (not issue.by or len(set(issue.by)) < len(issue.by)):
                self.add((*route, "by"), "an owner is one party, or several different ones")
            for level, floor in issue.retreat.items():
                self._floor((*route, "retreat", level), name, level, floor)
            for key in ("takes", "proof", "requires"):
                for level in getattr(issue, key):
                    self.level((*route, key, level), name, level)
            for level, requirement in issue.requires.items():
                self.condition((*route, "requires", level), requirement.when)

    def _levels(self, route: Route, issue: Issue) -> None:
        names = issue.names
        if not names and issue.scale is None:
            self.add((*route, "levels"), "an issue has levels", "two or more")
        if isinstance(issue.levels, tuple):
            seen: set[str] = set()
            for position, level in enumerate(names):
                if level in seen:
                    self.add((*route, "levels", position), f"level '{level}' stands twice")
                seen.add(level)

    def _floor(self, route: Route, issue: str, level: str, floor: str) -> None:
        part = self.case.issues[issue]
        if not (self.level(route, issue, level) and self.level(route, issue, floor)):
            return
        above = float(floor) > float(level) if not part.names else part.position(floor) > part.position(level)
        if above:
            self.add(
                route, f"the floor '{floor}' lies above its level '{level}'", f"'{level}' or a lower level"
            )

    def graph(self) -> None:
        case = self.case
        seen: set[str] = set()
        for position, name in enumerate(case.outcomes):
            if name in seen:
                self.add(("outcomes", position), f"outcome '{name}' stands twice")
            seen.add(name)
        for party, moves in case.moves.items():
            self.party(("moves", party), party)
            for position, (start, end) in enumerate(moves):
                for end_position, name in enumerate((start, end)):
                    if name not in seen:
                        route: Route = ("moves", party, position, end_position)
                        self.add(
                            route,
                            f"unknown outcome '{name}'",
                            among(case.outcomes),
                            hint=self.hint(name, seen),
                        )

    def constraints(self) -> None:
        for position, impossible in enumerate(self.case.impossible):
            if self.case.graph_form:
                self.add(
                    ("impossible", position),
                    "a graph lists its possible outcomes; leave the impossible ones out",
                )
            else:
                self.condition(("impossible", position, "when"), impossible.when)

    def baselines(self) -> None:
        case = self.case
        if case.status_quo is not None:
            self.outcome(("status_quo",), case.status_quo)
        if case.no_deal is None:
            return
        for key in ("now", "at_deadline"):
            entry: Entry | None = getattr(case.no_deal, key)
            if entry is not None and entry.outcome is not None:
                self.outcome(("no_deal", key), entry.outcome)
            for party in (entry.utilities or {}) if entry is not None else {}:
                self.party(("no_deal", key, party), party)
        for party in case.no_deal.walk_away:
            self.party(("no_deal", "walk_away", party), party)

    def preference_parts(self) -> None:
        for party, preference in self.case.preferences.items():
            self.party(("preferences", party), party)
            self._preference(("preferences", party), preference)

    def _preference(self, route: Route, preference: Preference) -> None:
        for name, inner in (preference.types or {}).items():
            self._preference((*route, "types", name), inner)
        for issue, values in (preference.values or {}).items():
            if self.issue((*route, "values", issue), issue) is not None:
                self._values((*route, "values", issue), issue, values)
        self._weights(route, preference)
        for position, bonus in enumerate(preference.bonuses):
            self.condition((*route, "bonuses", position, "when"), bonus.when)
        for position, statement in enumerate(preference.priorities or ()):
            self.condition((*route, "priorities", position), statement)
        if preference.values is not None and self.case.graph_form:
            self.add((*route, "values"), "values go with issues", "ranking or table, for a graph")
        if preference.ranking is not None:
            self._ranking((*route, "ranking"), preference)
        if isinstance(preference.table, tuple):
            self._table((*route, "table"), len(preference.table))

    def _values(self, route: Route, issue: str, values: Mapping[str, Any]) -> None:
        part = self.case.issues[issue]
        known = [level for level in values if self.level((*route, level), issue, level)]
        if part.scale is not None:
            wanted = (
                [part.names[0], part.names[-1]]
                if part.names
                else [str(part.scale.start), str(part.scale.stop)]
            )
            have = {float(level) for level in known}
            if len(have) < len(known):
                self.add(route, "two values for one level: numbers that are equal name the same level")
            missing = [level for level in wanted if float(level) not in have]
        else:
            missing = [level for level in part.names if level not in values]
        if missing and not any(r[: len(route)] == route for r in self.holes):
            ends = " (the ends are required)" if part.scale is not None else ""
            self.add(route, f"no value for level {among(missing)}{ends}")

    def _weights(self, route: Route, preference: Preference) -> None:
        if preference.weights is None:
            return
        for issue in preference.weights:
            self.issue((*route, "weights", issue), issue)
        if not sum(mode(w) for w in preference.weights.values()) > 0:
            self.add((*route, "weights"), "weights sum to more than 0")

    def _table(self, route: Route, length: int) -> None:
        size = self._size()
        if size is not None and length != size:
            self.add(route, "a table lists the utilities of all outcomes", f"{size} numbers", f"{length}")

    def _size(self) -> int | None:
        """Number of outcomes, impossible ones included; None where an issue is not known well enough."""
        if self.case.graph_form:
            return len(self.case.outcomes)
        if self.unsure_issues or any(not issue.names for issue in self.case.issues.values()):
            return None
        return math.prod(len(issue.names) for issue in self.case.issues.values())

    def _ranking(self, route: Route, preference: Preference) -> None:
        before = len(self.findings)
        seen: dict[Any, Route] = {}
        for group, outcomes in enumerate(preference.ranking or ()):
            for position, outcome in enumerate(outcomes):
                at: Route = (*route, group, position)
                self.outcome(at, outcome)
                key = self._key(outcome)
                if key is not None and key in seen:
                    self.add(at, "the outcome is ranked twice", got=str(outcome))
                seen[key] = at
        if len(self.findings) > before or self.holes or self._size() is None:
            return
        listed = itertools.islice(feasible_outcomes(self.case), LARGEST_LISTING)
        missing = list(itertools.islice((outcome for outcome in listed if outcome not in seen), 4))
        if missing:
            shown = ", ".join(f"'{self._show(outcome)}'" for outcome in missing[:3])
            more = " and others" if len(missing) > 3 else ""
            self.add(route, "a ranking lists every possible outcome once", got=f"nothing for {shown}{more}")

    def _show(self, key: Any) -> str:
        """An outcome in words, from its key."""
        if isinstance(key, str):
            return key
        return ", ".join(part.names[at] for part, at in zip(self.case.issues.values(), key, strict=True))

    def _key(self, outcome: Any) -> Any:
        """An outcome as a hashable thing: its name, or its positions."""
        if self.case.graph_form or shape(outcome) == "<text>":
            return outcome if shape(outcome) == "<text>" else None
        levels = outcome if shape(outcome) == "<list>" else [outcome.get(name) for name in self.case.issues]
        try:
            return tuple(i.position(x) for i, x in zip(self.case.issues.values(), levels, strict=True))
        except (KeyError, ValueError):
            return None

    def record_parts(self) -> None:
        for position, entry in enumerate(self.case.record):
            route: Route = ("record", position)
            for party in entry.party or ():
                self.party((*route, "party"), party)
            if entry.outcome is not None:
                self.outcome((*route, "outcome"), entry.outcome)
            if entry.source is not None:
                self.source((*route, "source"), entry.source)
        for position, evidence in enumerate(self.case.evidence):
            self.source(("evidence", position, "source"), evidence.source)
        for position, secret in enumerate(self.case.confidential):
            for party in secret.to:
                self.party(("confidential", position, "to"), party)

    def plans(self) -> None:
        for name, target in self.case.targets.items():
            self.outcome(("targets", name, "outcome"), target.outcome)
        for party in self.case.discount:
            self.party(("discount", party), party)

    def standings(self) -> None:
        for section in ("strength", "unknown"):
            for party, pairs in getattr(self.case, section).items():
                self.party((section, party), party)
                for position, pair in enumerate(pairs):
                    for side, outcome in enumerate(pair):
                        self.outcome((section, party, position, side), outcome)
        for party, towards in self.case.attitudes.items():
            self.party(("attitudes", party), party)
            for other in towards:
                self.party(("attitudes", party, other), other)

    def forecast(self) -> None:
        if self.case.forecast is None:
            return
        issues = self.case.forecast.issues
        for key in ("issues", "actors"):
            if not getattr(self.case.forecast, key):
                self.add(("forecast", key), f"a forecast has {key}", "at least one", "none")
        for name, actor in self.case.forecast.actors.items():
            for key in ("position", "salience"):
                route: Route = ("forecast", "actors", name, key)
                given = getattr(actor, key)
                for issue in given:
                    if issue not in issues:
                        self.add(
                            (*route, issue),
                            f"unknown issue '{issue}'",
                            among(issues),
                            hint=self.hint(issue, issues),
                        )
                if missing := [issue for issue in issues if issue not in given]:
                    self.add(route, f"no {key} on {among(missing)}")
            for issue, number in actor.salience.items():
                open_ended = isinstance(number, Uncertain) and number.kind == "normal"
                highest = mode(number) if open_ended else bounds(number)[1]
                if highest > 100:
                    at: Route = ("forecast", "actors", name, "salience", issue)
                    self.add(at, "more than full salience", "0 to 1, or 0 to 100", f"{highest:g}")
            for issue, number in actor.position.items():
                scale = issues.get(issue)
                if scale is not None and not scale.start <= mode(number) <= scale.stop:
                    at = ("forecast", "actors", name, "position", issue)
                    self.add(
                        at, "not on the scale", f"{scale.start:g} to {scale.stop:g}", f"{mode(number):g}"
                    )

    def changes(self) -> None:
        """Paths of variants and views lead somewhere; what they make of the case is checked when applied."""
        if self.holes or not (self.case.variants or self.case.views):
            return
        data = self.case.to_data()
        for section, groups in (("variants", self.case.variants), ("views", self.case.views)):
            for name, changes in groups.items():
                if section == "views":
                    self.party((section, name), name)
                self._apply((section, name), data, changes)

    def _apply(self, route: Route, data: Any, changes: Iterable[Change]) -> None:
        for position, change in enumerate(changes):
            try:
                data = apply_change(data, change)
            except PathError as error:
                self.add((*route, position), str(error))
                return


def feasible_outcomes(case: Case) -> Iterator[Any]:
    """Keys of the possible outcomes: names in graph form, else tuples of level positions."""
    if case.graph_form:
        yield from case.outcomes
        return
    names = list(case.issues)
    position: Callable[[str, str], int] = lambda issue, level: case.issues[issue].position(level)  # noqa: E731
    for levels in itertools.product(*(range(len(issue.names)) for issue in case.issues.values())):
        here = dict(zip(names, levels, strict=True))
        if not any(item.when.holds(here, position) for item in case.impossible):
            yield levels

"""What a case rests on: what is worth a second look, and which inputs no evidence supports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from detente.case.model import DEFAULT_PATIENCE, Case
from detente.case.paths import PathError, find, format_path, parse_path
from detente.case.tree import Route

_INPUTS = (
    "parties", "issues", "outcomes", "moves", "impossible", "status_quo", "no_deal", "preferences", "time",
    "verification", "strength", "unknown", "attitudes", "discount", "correlated", "forecast",
)  # fmt: skip
"""Sections that analyses compute on."""
_BY_NAME = ("issues", "preferences", "no_deal")
"""Sections whose entries are listed one by one even where none of them is supported."""
_WORDS = frozenset({"label", "note", "why", "proof", "for"})
"""Keys that say something to people and nothing to an analysis."""


def warnings(case: Case) -> list[str]:
    """What is legal in a case and worth a second look."""
    found = [*_idle(case), *_weightless(case)]
    data = case.to_data()
    for position, evidence in enumerate(case.evidence):
        found += _loose(data, evidence.supports, f"evidence[{position}]")
    for position, secret in enumerate(case.confidential):
        found += _loose(data, (secret.path,), f"confidential[{position}]")
    for position, pair in enumerate(case.correlated):
        found += _loose(data, pair.paths, f"correlated[{position}]") or _certain(data, pair.paths, position)
    return found


def _idle(case: Case) -> Iterator[str]:
    """Parts that say nothing."""
    for name, issue in case.issues.items():
        if issue.names and len(issue.names) == 1:
            yield f"issue '{name}' has one level: there is nothing to settle"
    for name, party in case.parties.items():
        if "negotiator" in party.roles and name not in case.preferences and (case.issues or case.outcomes):
            yield f"negotiator '{name}' has no preferences: agreement, standoff, roadmap and table need them"
    for party_name, moves in case.moves.items():
        for position, (start, end) in enumerate(moves):
            if start == end:
                yield f"moves.{party_name}[{position}]: from '{start}' to itself is no move"


def _weightless(case: Case) -> Iterator[str]:
    for party, preference in case.preferences.items():
        for issue in preference.weights or ():
            if issue not in (preference.values or {}):
                yield f"preferences.{party}.weights: '{issue}' has a weight and no values: its weight is lost"


def _loose(data: dict[str, Any], paths: Iterable[str], where: str) -> list[str]:
    out = []
    for path in paths:
        try:
            find(data, parse_path(path))
        except PathError as error:
            out.append(f"{where}: {error}")
    return out


def _certain(data: dict[str, Any], paths: Iterable[str], position: int) -> list[str]:
    """Correlated numbers that have no range."""
    out: list[str] = []
    for path in paths:
        node: Any = data
        for step in find(data, parse_path(path)):
            node = node[step]
        if not isinstance(node, list | dict):
            out.append(f"correlated[{position}]: '{path}' has no range to be drawn from")
    return out


def assumptions(case: Case) -> list[str]:
    """Dotted paths of the inputs that no evidence supports, and defaults that the case leaves unsaid.

    Evidence supports a path and everything below it. Where some of a section is supported, the rest of it is
    listed piece by piece.
    """
    data = case.to_data()
    cited = {route for evidence in case.evidence for route in _routes(data, evidence.supports)}
    above = {route[:depth] for route in cited for depth in range(len(route))}
    open_: list[str] = []
    for section in _INPUTS:
        if section not in data:
            continue
        if section == "parties":
            for name, part in data[section].items():
                open_ += _of_party(case, name, part, cited)
            continue
        split = above | {(section,)} if section in _BY_NAME else above
        open_ += map(format_path, _unsupported(data[section], (section,), cited, split))
    open_ += [f"record[{i}]" for i, entry in enumerate(case.record) if entry.source is None]
    return open_


def _of_party(case: Case, name: str, part: dict[str, Any], cited: set[Route]) -> Iterator[str]:
    """Roles, patience and price of a breach; patience matters for whoever has preferences."""
    if {("parties",), ("parties", name)} & cited:
        return
    for key in ("roles", "patience", "breach_cost"):
        route = ("parties", name, key)
        if key in part and route not in cited:
            yield format_path(route)
        if key == "patience" and key not in part and name in case.preferences:
            yield f"{format_path(route)} = {DEFAULT_PATIENCE} a year, by default"


def _routes(data: Any, paths: Iterable[str]) -> Iterator[Route]:
    for path in paths:
        try:
            yield find(data, parse_path(path))
        except PathError:
            continue


def _unsupported(part: Any, route: Route, cited: set[Route], above: set[Route]) -> Iterator[Route]:
    """Routes at and below one that no citation covers, as few as will do."""
    if route in cited or route[-1] in _WORDS:
        return
    if route not in above:
        yield route
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from _unsupported(value, (*route, key), cited, above)
    else:
        for position, value in enumerate(part):
            yield from _unsupported(value, (*route, position), cited, above)

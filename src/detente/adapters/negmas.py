"""NegMAS scenarios: a folder of YAML or JSON files, one with the issues, every other one a profile.

Values and weights of a profile are joined to the issues by position. A utility is the sum of weight times value as
written (``reading="genius"`` divides the values of a table by the largest first). Parties stand in the order of their
files' names. Text is YAML 1.2: ``yes`` and ``no`` are level names. Bounds of hyper-rectangles are inclusive.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from detente.adapters import _functions as functions
from detente.adapters._block import parse_block
from detente.adapters._boxes import Box, add_boxes
from detente.adapters._names import level_name, number
from detente.adapters._outgoing import Outgoing, folder, line_of, stems
from detente.adapters._scenario import IssueIn, ProfileIn, Range, Scenario, cap, range_of
from detente.adapters._source import Findings, Source, as_list, as_mapping, as_number
from detente.case import Case
from detente.case.model import Scale
from detente.case.tree import parse

if TYPE_CHECKING:
    from detente.space import Space

LARGEST_ZERO = 1e-5
"""Genius takes a table whose largest evaluation is below this as 0 throughout."""


def kind(data: Mapping[str, Any]) -> str:
    """The class that a mapping names, without its module."""
    found = data.get("type", data.get("__python_class__", ""))
    return str(found).rsplit(".", 1)[-1]


def load_data(source: Source) -> Any:
    """The plain data of a YAML or JSON file."""
    if source.path.suffix == ".json":
        return source.json
    data = parse_block(source.text)
    return parse(source.text, source.name) if data is None else data


def read(source: Source, reading: str | None = None) -> Case:
    """The case in a scenario folder; a `CaseError` lists every problem of every file."""
    findings = Findings()
    domain: tuple[Source, Mapping[str, Any]] | None = None
    profiles: list[tuple[Source, Mapping[str, Any]]] = []
    for file in source.files:
        if file.path.suffix not in (".yml", ".yaml", ".json"):
            continue
        data = as_mapping(load_data(file))
        if domain is None and "issues" in data and ("Space" in kind(data) or not kind(data)):
            domain = (file, data)
        elif "fun" in kind(data).lower():
            profiles.append((file, data))
        else:
            findings.remark(f"the file {file.path.name} is neither a domain nor a profile: it is not used")
    if domain is None:
        raise source.error("no file of the folder holds issues", "a file with `issues:`")
    issues = _issues(*domain, findings)
    findings.check(source)
    reader = _Profiles(issues, findings, reading or "negmas")
    read_profiles = [reader.profile(f, d) for f, d in profiles]
    if not profiles:
        findings.wrong(source, "", "the folder holds a domain and no profile", "a file of a utility function")
    findings.check(source)
    title = str(domain[1].get("name") or source.stem)
    return Scenario(source, "negmas", title, issues, read_profiles, findings).case()


def _issues(source: Source, data: Mapping[str, Any], findings: Findings) -> list[IssueIn]:
    found = []
    listed = as_list(data.get("issues"))
    if not listed:
        findings.wrong(source, "issues", "not a list of issues", got=data.get("issues"))
    for n, item in enumerate(listed):
        issue = _issue(source, as_mapping(item), f"issues[{n}]", findings)
        if issue is not None:
            found.append(issue)
    return found


def _issue(source: Source, item: Mapping[str, Any], path: str, findings: Findings) -> IssueIn | None:
    name, what, values = level_name(item.get("name") or path), kind(item), item.get("values")
    if what in ("ContiguousIssue", "ContinuousIssue"):
        step = 1 if what == "ContiguousIssue" else None
        ends = [0, values - 1] if isinstance(values, int) else as_list(values)
        found: Range | str = (
            range_of(ends[0], ends[1], step) if len(ends) == 2 else "its values are not [low, high]"
        )
        if isinstance(found, str):
            findings.wrong(source, f"{path}.values", f"issue '{name}': {found}", got=values)
            return None
        return IssueIn(name, found)
    if what and what not in _LISTED:
        findings.wrong(source, f"{path}.type", f"issues of type '{what}' are not read", ", ".join(_LISTED))
        return None
    if isinstance(values, int) and not isinstance(values, bool):
        found = range_of(0, values - 1, 1)
        values = found.names() if isinstance(found, Range) else None
    if not isinstance(values, list) or not values:
        findings.wrong(source, f"{path}.values", f"issue '{name}' has no list of levels", got=values)
        return None
    levels = tuple(dict.fromkeys(map(level_name, values)))
    if len(levels) < len(values):
        findings.remark(f"issue '{name}' repeats a level: it is read once")
    return IssueIn(name, levels)


_LISTED = ("CategoricalIssue", "OrdinalIssue", "CardinalIssue", "DiscreteCardinalIssue", "DiscreteOrdinalIssue",
           "SingletonIssue")  # fmt: skip


class _Profiles:
    """Reads profiles against the issues of their domain."""

    def __init__(self, issues: list[IssueIn], findings: Findings, reading: str) -> None:
        self.issues, self.findings, self.reading = issues, findings, reading

    def profile(self, source: Source, data: Mapping[str, Any]) -> ProfileIn:
        profile = ProfileIn(str(data.get("name") or source.path.stem))
        inner, reserved = data, data.get("reserved_value")
        while kind(inner) in ("ExpDiscountedUFun", "LinDiscountedUFun") and isinstance(
            inner.get("ufun"), dict
        ):
            self._discount(source, profile, inner)
            inner = inner["ufun"]
            reserved = inner.get("reserved_value") if reserved is None else reserved
        if reserved is not None:
            profile.reservation = as_number(reserved)
            if profile.reservation is None or profile.reservation == math.inf:
                self.findings.wrong(source, "reserved_value", "not a number", got=reserved)
        reader = _KINDS.get(kind(inner))
        if reader is None:
            what = f"utility functions of type '{kind(inner)}' are not read"
            self.findings.wrong(source, "type", what, ", ".join(_KINDS))
            profile.values = [{} for _ in self.issues]
        else:
            reader(self, source, inner, profile)
        return profile

    def _discount(self, source: Source, profile: ProfileIn, data: Mapping[str, Any]) -> None:
        if kind(data) == "LinDiscountedUFun":
            self.findings.remark(f"{profile.name}: a cost per unit of time has no place in a case; left out")
            return
        factor = as_number(data.get("discount"))
        base = {"step": "round", "relative_time": "negotiation"}.get(str(data.get("factor") or "step"))
        if factor is None or not 0 < factor <= 1 or base is None:
            self.findings.remark(
                f"{profile.name}: a discount of {data.get('discount')} by {data.get('factor')}; left out"
            )
        elif factor < 1:
            profile.discount = (factor, base)
            if str(data.get("dynamic_reservation", "true")).lower() == "true":
                self.findings.remark(
                    f"{profile.name}: its reservation value is discounted like its utilities there; a case does not"
                )

    def numbers(self, source: Source, data: Any, path: str, count: int) -> list[float]:
        """A list of finite numbers, one for each issue; or a mapping by issue's name."""
        if isinstance(data, dict):
            data = [data.get(issue.name) for issue in self.issues]
        found = [as_number(item) for item in as_list(data)]
        if len(found) != count or any(x is None or not math.isfinite(x) for x in found):
            self.findings.wrong(source, path, "not a list of finite numbers", f"{count}, one an issue", data)
            return [0.0] * count
        return [x for x in found if x is not None]

    def additive(self, source: Source, data: Mapping[str, Any], profile: ProfileIn) -> None:
        count = len(self.issues)
        weights = data.get("weights")
        factors = [1.0] * count if weights is None else self.numbers(source, weights, "weights", count)
        if abs(sum(factors) - 1) > 1e-3 and weights is not None:
            self.findings.remark(
                f"{profile.name}: the weights sum to {sum(factors):.6g}, not 1; they are taken as written"
            )
        values = data.get("values")
        if isinstance(values, dict) and kind(values) == "":
            values = [values.get(issue.name) for issue in self.issues]
        if not isinstance(values, list) or len(values) != count:
            got = len(values) if isinstance(values, list) else values
            self.findings.wrong(source, "values", "values are joined by position", f"{count}, one an issue", got)  # fmt: skip
            profile.values = [{} for _ in self.issues]
            return
        profile.values = [self.value(source, profile, item, n, factors[n]) for n, item in enumerate(values)]
        self._add(profile, as_number(data.get("bias", 0)) or 0.0)
        if self.reading == "genius" and not self.findings.problems:
            cap(self.issues, profile, self.findings)

    def _add(self, profile: ProfileIn, bias: float) -> None:
        if bias and profile.values:
            profile.values[0] = {level: u + bias for level, u in profile.values[0].items()}

    def value(self, source: Source, profile: ProfileIn, item: Any, n: int, weight: float) -> dict[str, float]:
        """The utilities of one issue's levels."""
        path, issue = f"values[{n}]", self.issues[n]
        data = item if isinstance(item, dict) and kind(item) else {"type": "TableFun", "mapping": item}
        if kind(data) == "TableFun":
            return self._table(source, profile, data.get("mapping"), n, weight)
        function = _function(data)
        if function is None:
            what = f"value functions of type '{kind(data)}' are not read, or lack a number"
            self.findings.wrong(source, path, what, "TableFun, " + ", ".join(_FUNCTIONS))
            return {}
        if isinstance(issue.levels, Range):
            found, said = functions.points(function, issue.levels, weight)
            if said:
                self.findings.remark(f"{profile.name}, '{issue.name}': {said}")
            return found
        numbers = {level: as_number(level) for level in issue.levels}
        if None in numbers.values():
            self.findings.wrong(source, path, f"a function of numbers, and '{issue.name}' has names")
            return {}
        return {level: weight * function.value(x) for level, x in numbers.items() if x is not None}

    def _table(
        self, source: Source, profile: ProfileIn, mapping: Any, n: int, weight: float
    ) -> dict[str, float]:
        path, issue = f"values[{n}].mapping", self.issues[n]
        if not isinstance(mapping, dict) or not mapping:
            self.findings.wrong(source, path, "not a mapping of levels to numbers", got=mapping)
            return {}
        known = {level_name(key): as_number(value) for key, value in mapping.items()}
        for level, value in known.items():
            if value is None or not math.isfinite(value):
                self.findings.wrong(source, f"{path}.{level}", "not a finite number", got=mapping.get(level))
        found = {level: u for level, u in known.items() if u is not None}
        levels = issue.levels
        if isinstance(levels, Range):
            names = set(levels.names()) if levels.count <= functions.ALL_LEVELS else set()
            found = {number(k): u for k, u in found.items() if as_number(k) is not None}
            if set(found) & names != names or not names:
                self.findings.wrong(source, path, f"a table that does not give each number of '{issue.name}'")
                return {}
        else:
            names = set(levels)
        if extra := sorted(set(found) - names):
            self.findings.remark(
                f"{profile.name} evaluates {', '.join(map(repr, extra[:5]))} of '{issue.name}', which is no level there"
            )
        if self.reading == "genius":
            top = max(found.values(), default=0.0)
            scale = 0.0 if top < LARGEST_ZERO else 1 / top
            return {level: weight * (u * scale) for level, u in found.items() if level in names}
        return {level: weight * u for level, u in found.items() if level in names}

    def affine(self, source: Source, data: Mapping[str, Any], profile: ProfileIn) -> None:
        """``sum of weight x number + bias``."""
        count = len(self.issues)
        weights = self.numbers(source, data.get("weights"), "weights", count)
        identity = {"type": "IdentityFun"}
        profile.values = [self.value(source, profile, identity, n, w) for n, w in enumerate(weights)]
        self._add(profile, as_number(data.get("bias", 0)) or 0.0)

    def constant(self, source: Source, data: Mapping[str, Any], profile: ProfileIn) -> None:
        worth = as_number(data.get("value", 0)) or 0.0
        flat = {"type": "ConstFun", "value": 0.0}
        profile.values = [
            {level: 0.0 for level in issue.listed} or self.value(source, profile, flat, n, 1.0)
            for n, issue in enumerate(self.issues)
        ]
        self._add(profile, worth)

    def rectangles(self, source: Source, data: Mapping[str, Any], profile: ProfileIn) -> None:
        """Amounts that are added inside boxes, bounds included."""
        ranges, amounts = as_list(data.get("outcome_ranges")), as_list(data.get("utilities"))
        self.constant(source, {"value": data.get("bias", 0)}, profile)
        scales = as_list(data.get("weights")) or [1.0] * len(ranges)
        if len(ranges) != len(amounts) or len(scales) != len(ranges):
            self.findings.wrong(source, "utilities", "one amount for each box", str(len(ranges)), len(amounts))  # fmt: skip
            return
        boxes = []
        for n, (bounds, amount, scale) in enumerate(zip(ranges, amounts, scales, strict=True)):
            worth, times = as_number(amount), as_number(scale)
            if worth is None or times is None or not math.isfinite(worth * times):
                self.findings.wrong(source, f"utilities[{n}]", "not a finite number", got=amount)
                continue
            sides = [
                self._side(source, f"outcome_ranges[{n}]", key, ends)
                for key, ends in as_mapping(bounds).items()
            ]
            boxes.append(Box({i: ends for i, ends in sides if i >= 0}, worth * times))
        add_boxes(self.issues, profile, boxes, self.findings)

    def _side(self, source: Source, path: str, key: str, ends: Any) -> tuple[int, tuple[float, float]]:
        """The issue that a bound is about, and its ends; the issue is -1 where something is wrong."""
        place, names = as_number(key), [issue.name for issue in self.issues]
        n = names.index(key) if key in names else int(place) if place is not None and 0 <= place < 1e6 else -1
        pair = as_list(ends) or [ends, ends]
        low, high = as_number(pair[0]), as_number(pair[-1])
        if not 0 <= n < len(self.issues):
            self.findings.wrong(source, path, "no such issue", f"0 to {len(names) - 1}", key)
        elif low is None or high is None:
            self.findings.wrong(source, path, "bounds are two numbers", got=ends)
        else:
            return n, (low, high)
        return -1, (0.0, 0.0)


def _function(data: Mapping[str, Any]) -> functions.Function | None:
    """A value function of numbers; None where it is not known or lacks a number."""
    make = _FUNCTIONS.get(kind(data))
    if make is None:
        return None
    needed, build = make

    def get(key: str) -> float:
        value = as_number(data.get(key, needed.get(key)))
        return math.nan if value is None else value

    if any(not math.isfinite(get(key)) for key in needed):
        return None
    return build(get, data)


_Get = Callable[[str], float]
_FUNCTIONS: dict[str, tuple[dict[str, float | None], Callable[[_Get, Mapping[str, Any]], functions.Function | None]]] = {
    "AffineFun": ({"slope": None, "bias": 0.0}, lambda g, _: functions.linear(g("slope"), g("bias"))),
    "LinearFun": ({"slope": None}, lambda g, _: functions.linear(g("slope"), 0.0)),
    "IdentityFun": ({}, lambda g, _: functions.linear(1.0, 0.0)),
    "ConstFun": ({"value": None}, lambda g, _: functions.constant(g("value"))),
    "QuadraticFun": (
        {"a2": None, "a1": None, "bias": 0.0},
        lambda g, _: functions.polynomial((g("a1"), g("a2")), g("bias")),
    ),
    "TriangularFun": (
        {"start": None, "middle": None, "end": None, "bias": 0.0, "scale": 1.0},
        lambda g, _: functions.triangular(g("start"), g("end"), g("middle"), g("bias"), g("scale")),
    ),
    "PolynomialFun": ({"bias": 0.0}, lambda g, d: _polynomial(d, g("bias"))),
}  # fmt: skip


def _polynomial(data: Mapping[str, Any], bias: float) -> functions.Function | None:
    numbers = [as_number(item) for item in as_list(data.get("coefficients"))]
    if not 1 <= len(numbers) <= 20 or any(x is None or not math.isfinite(x) for x in numbers):
        return None
    return functions.polynomial(tuple(x for x in numbers if x is not None), bias)


_KINDS: dict[str, Callable[[_Profiles, Source, Mapping[str, Any], ProfileIn], None]] = {
    "LinearAdditiveUtilityFunction": _Profiles.additive,
    "LinearUtilityAggregationFunction": _Profiles.additive,
    "AffineUtilityFunction": _Profiles.affine,
    "LinearUtilityFunction": _Profiles.affine,
    "ConstUtilityFunction": _Profiles.constant,
    "HyperRectangleUtilityFunction": _Profiles.rectangles,
}


# writing -----------------------------------------------------------------------------------------


def write(case: Case, space: Space | None, path: Path) -> list[str]:
    """Writes a folder with the domain and a profile for each party; returns what it cannot hold."""
    out = Outgoing(case, space, "a NegMAS scenario")
    home = folder(path)
    lines = [
        [line_of(table, scale) for table, scale in zip(p.tables, out.scales, strict=True)]
        for p in out.parties
    ]
    ranges = [
        _is_range(scale, [row[n] for row in lines]) and not out.gone[n] for n, scale in enumerate(out.scales)
    ]
    issues = [
        _issue_out(name, levels, scale if ranged else None)
        for (name, levels), scale, ranged in zip(out.issues, out.scales, ranges, strict=True)
    ]
    _save(
        home / "domain.yml", {"name": case.title, "type": "DiscreteCartesianOutcomeSpace", "issues": issues}
    )
    for party, row, stem in zip(out.parties, lines, stems([p.name for p in out.parties]), strict=True):
        values: list[dict[str, Any]] = []
        for n, table in enumerate(party.tables):
            line = row[n]
            if ranges[n] and line is not None:
                values.append({"type": "AffineFun", "slope": line[0], "bias": line[1]})
                continue
            names: Sequence[Any] = out.issues[n][1]
            keys = [int(name) for name in names] if ranges[n] else names
            kept = {
                key: float(u)
                for k, (key, u) in enumerate(zip(keys, table, strict=True))
                if k not in out.gone[n]
            }
            values.append({"type": "TableFun", "mapping": kept})
        data: dict[str, Any] = {
            "type": "LinearAdditiveUtilityFunction",
            "name": party.name,
            "reserved_value": party.reservation,
            "weights": [1.0] * len(values),
            "values": values,
        }
        if party.discount is not None:
            base = "step" if party.discount[1] == "round" else "relative_time"
            frame = {
                "type": "ExpDiscountedUFun",
                "name": party.name,
                "discount": party.discount[0],
                "factor": base,
            }
            data = {**frame, "dynamic_reservation": False, "reserved_value": party.reservation, "ufun": data}
        _save(home / f"{stem}.yml", data)
    for ranged, scale, n in zip(ranges, out.scales, range(len(ranges)), strict=True):
        if scale is not None and not ranged:
            out.lost.append(
                f"issues.{out.issues[n][0]}: a numeric scale is written as {len(out.issues[n][1])} levels by name"
            )
    return out.losses(discount=True, scales=True)


def _is_range(scale: Scale | None, lines: Sequence[tuple[float, float] | None]) -> bool:
    """Whether an issue is written as a range: whole numbers, or a continuous one that is linear for everyone."""
    if scale is None:
        return False
    if scale.step is None:
        return all(line is not None for line in lines)
    return scale.step == 1 and float(scale.start).is_integer()


def _issue_out(name: str, levels: Sequence[str], scale: Scale | None) -> dict[str, Any]:
    if scale is None:
        return {"name": name, "type": "CategoricalIssue", "values": list(levels)}
    if scale.step is None:
        return {"name": name, "type": "ContinuousIssue", "values": [float(scale.start), float(scale.stop)]}
    return {"name": name, "type": "ContiguousIssue", "values": [int(scale.start), int(scale.stop)]}


def _save(path: Path, data: dict[str, Any]) -> None:
    text = yaml.dump(data, Dumper=yaml.SafeDumper, sort_keys=False, allow_unicode=True)
    path.write_text(text, encoding="utf-8")

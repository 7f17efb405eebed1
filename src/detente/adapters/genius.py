"""Genius XML: a folder with a domain and a profile for each party, or a profile alone.

A utility is the sum over issues of weight times evaluation divided by the issue's largest one (0 where that is below
1e-5), cut off at 1; ``reading="negmas"`` takes weight times evaluation as written. Integer issues: slope times the
number less the lower bound plus offset, cut to 0..1. Real ones: linear, constant or triangular. Weights of nested
objectives multiply down; weights and issues are joined by index, from 1, gaps allowed. Non-linear profiles: boxes
with inclusive bounds, added (or the least or the largest of them), divided by ``maxutility``, cut off at 1.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from detente.adapters import _functions as functions
from detente.adapters._boxes import Box, add_boxes
from detente.adapters._names import level_name, number
from detente.adapters._outgoing import Outgoing, Scaled, folder, line_of, scaled, stems
from detente.adapters._scenario import IssueIn, ProfileIn, Range, Scenario, cap, listable, range_of
from detente.adapters._source import Findings, Source, as_number
from detente.adapters._xml import Element, parse
from detente.case import Case
from detente.case.model import Scale

if TYPE_CHECKING:
    from detente.space import Space

LARGEST_ZERO = 1e-5
_PROFILE_TAGS = frozenset({"evaluator", "weight", "reservation", "discount_factor", "ufun", "utility"})


@dataclass(frozen=True)
class _Place:
    """An issue's element, its index, and the weight that comes down to it (None where none is given)."""

    element: Element
    index: int
    weight: float | None


def is_profile(root: Element) -> bool:
    """Whether a file says what outcomes are worth, not only which there are."""
    return any(e.tag in _PROFILE_TAGS or "evaluation" in e.attributes for e in root.walk())


def read(source: Source, reading: str | None = None) -> Case:
    """The case in a folder, or in one profile; a `CaseError` lists every problem of every file."""
    findings = Findings()
    files = (
        [f for f in source.files if f.path.suffix.lower() == ".xml" and f.glance[:1] == "<"]
        if source.folder
        else [source]
    )
    for other in source.files if source.folder else ():
        if other not in files:
            findings.remark(f"the file {other.path.name} is no XML: it is not used")
    roots = [(file, parse(file)) for file in files]
    spaces = [(f, r) for f, r in roots if r.tag == "utility_space" or r.first("utility_space") is not None]
    for file, root in roots:
        if (file, root) not in spaces:
            findings.remark(f"the file {file.path.name} holds no utility space: it is not used")
    profiles = [(f, r) for f, r in spaces if is_profile(r)]
    domain = next(((f, r) for f, r in spaces if not is_profile(r)), profiles[0] if profiles else None)
    if spaces and not profiles and not source.folder:
        return read(Source(source.path.parent), reading)
    if domain is None or not profiles:
        raise source.error("no profile was found", "a `utility_space` with evaluations or a `ufun`")
    reader = _Reader(domain[0], domain[1], findings, reading or "genius")
    findings.check(source)
    read_profiles = [reader.profile(file, root) for file, root in profiles]
    return Scenario(source, "genius", source.stem, reader.issues, read_profiles, findings).case()


def _space(root: Element) -> Element:
    return root if root.tag == "utility_space" else root.first("utility_space") or root


def _index(element: Element) -> int:
    value = as_number(element.attributes.get("index"))
    return int(value) if value is not None and 0 <= value < 1e6 else -1


def _places(root: Element) -> Iterator[_Place]:
    """The issues of a tree in file order, with the weights that come down to them."""
    stack: list[tuple[Element, float | None]] = [(_space(root), None)]
    while stack:
        element, above = stack.pop()
        weights = {_index(w): as_number(w.attributes.get("value")) for w in element.all("weight")}
        below = []
        for child in element.inside:
            if child.tag not in ("objective", "issue"):
                continue
            own = weights.get(_index(child)) if weights else None
            top = child.tag == "objective" and own is None
            weight = above if top else own if above is None or own is None else above * own
            below.append((child, weight))
        for child, weight in reversed(below):
            stack.append((child, weight))
        if element.tag == "issue":
            yield _Place(element, _index(element), above)


class _Reader:
    """Reads profiles against a domain."""

    def __init__(self, source: Source, root: Element, findings: Findings, reading: str) -> None:
        self.findings, self.reading = findings, reading
        places = list(_places(root))
        self.indices = [place.index for place in places]
        if len(set(self.indices)) < len(places) or min(self.indices, default=0) < 0:
            self.indices = list(range(1, len(places) + 1))
        self.issues = [self._issue(source, place.element) for place in places]
        if not places:
            findings.wrong(source, "", "no issue was found", "`issue` elements in an `objective`")

    def _issue(self, source: Source, element: Element) -> IssueIn:
        name = level_name(element.attributes.get("name") or f"issue {_index(element)}")
        what = _kind(element)
        if what in ("integer", "real"):
            low, high = _bounds(element)
            found: Range | str = range_of(low, high, 1 if what == "integer" else None)
            if isinstance(found, str):
                self.findings.wrong(
                    source, name, f"{what} issue: {found}", got=f"{low} to {high}", line=element.line
                )
                found = Range(Decimal(0), Decimal(0))
            return IssueIn(name, found)
        if what != "discrete":
            self.findings.wrong(
                source, name, f"issues of type '{what}' are not read", "discrete, integer, real", line=element.line
            )  # fmt: skip
        items = [level_name(item.attributes.get("value", "")) for item in element.all("item")]
        if not items:
            self.findings.wrong(source, name, "the issue has no item", line=element.line)
        if len(set(items)) < len(items):
            self.findings.remark(f"issue '{name}' repeats a level: it is read once")
        return IssueIn(name, tuple(dict.fromkeys(items)))

    def profile(self, source: Source, root: Element) -> ProfileIn:
        space = _space(root)
        profile = ProfileIn(source.path.stem)
        self._frame(source, space, profile)
        places = list(_places(root))
        indices = [place.index for place in places]
        if len(set(indices)) < len(indices) or set(indices) != set(self.indices):
            indices = list(range(1, len(places) + 1)) if len(places) == len(self.issues) else indices
        by_index = dict(zip(indices, places, strict=True))
        if set(by_index) == set(range(1, len(self.issues) + 1)) and set(self.indices) != set(by_index):
            by_index = {old: by_index[n] for n, old in enumerate(self.indices, 1)}
        utility = next((e for e in space.walk() if e.tag == "utility" and e.first("ufun")), None)
        if utility is not None:
            self._boxes(source, utility, profile)
            return profile
        for n, issue in zip(self.indices, self.issues, strict=True):
            place = by_index.get(n)
            if place is None:
                self.findings.wrong(source, issue.name, "the profile lacks this issue of the domain")
                profile.values.append({})
            else:
                profile.values.append(self._values(source, profile, place, issue))
        weights = [by_index[n].weight or 0.0 for n in self.indices if n in by_index]
        if weights and abs(sum(weights) - 1) > 1e-3:
            self.findings.remark(
                f"{profile.name}: the weights sum to {sum(weights):.6g}, not 1; they are taken as written"
            )
        if self.reading == "genius" and not self.findings.problems:
            cap(self.issues, profile, self.findings)
        return profile

    def _frame(self, source: Source, space: Element, profile: ProfileIn) -> None:
        """Reservation value and discount."""
        element = space.first("reservation")
        if element is not None:
            profile.reservation = as_number(element.attributes.get("value"))
            if profile.reservation is None or profile.reservation == math.inf:
                got = element.attributes.get("value")
                self.findings.wrong(source, "reservation", "not a number", got=got, line=element.line)
        element = space.first("discount_factor")
        if element is not None:
            factor = as_number(element.attributes.get("value"))
            if factor is None:
                got = element.attributes.get("value")
                self.findings.wrong(source, "discount_factor", "not a number", got=got, line=element.line)
            elif 0 < factor < 1:
                profile.discount = (factor, "negotiation")

    def _values(self, source: Source, profile: ProfileIn, place: _Place, issue: IssueIn) -> dict[str, float]:
        """The utilities of one issue's levels."""
        element, weight = place.element, place.weight
        if weight is None or not math.isfinite(weight):
            self.findings.remark(
                f"{profile.name}: no weight for '{issue.name}', which therefore counts nothing"
            )
            weight = 0.0
        if isinstance(issue.levels, Range):
            return self._numeric(source, profile, element, issue.name, issue.levels, weight)
        found: dict[str, float] = {}
        for item in element.all("item"):
            level = level_name(item.attributes.get("value", ""))
            text = item.attributes.get("evaluation")
            value = as_number(text)
            if text is not None and (value is None or not math.isfinite(value)):
                path = f"{issue.name}.{level}"
                self.findings.wrong(source, path, "the evaluation is not a number", got=text, line=item.line)
            elif level not in issue.levels:
                self.findings.remark(
                    f"{profile.name} evaluates '{level}' of '{issue.name}', which is no level there"
                )
            elif value is not None:
                found.setdefault(level, value)
        if self.reading == "negmas":
            return {level: weight * value for level, value in found.items()}
        top = max(found.values(), default=0.0)
        scale = 0.0 if top < LARGEST_ZERO else 1 / top
        return {level: weight * (value * scale) for level, value in found.items()}

    def _numeric(
        self, source: Source, profile: ProfileIn, element: Element, name: str, issue: Range, weight: float
    ) -> dict[str, float]:
        """The points of an integer or real issue."""
        evaluator = element.first("evaluator")
        function = None if evaluator is None else self._evaluator(evaluator, _kind(element), issue)
        if function is None:
            what = "no evaluator that is read"
            self.findings.wrong(source, name, what, "ftype linear, constant or triangular", line=element.line)
            return {number(issue.low): 0.0, number(issue.high): 0.0}
        found, said = functions.points(function, issue, weight)
        if said:
            self.findings.remark(f"{profile.name}, '{name}': {said}")
        return found

    def _evaluator(self, element: Element, what: str, issue: Range) -> functions.Function | None:
        attributes = element.attributes

        def get(*names: str, default: float | None = None) -> float:
            text = next((attributes[n] for n in names if n in attributes), default)
            value = as_number(text)
            return math.nan if value is None or not math.isfinite(value) else value

        form = attributes.get("ftype", "linear").lower()
        if form == "linear":
            slope, bias = get("slope", "parameter1"), get("offset", "parameter0", default=0.0)
            if what == "integer" and self.reading == "genius":
                bias -= slope * float(issue.low)
            function = functions.linear(slope, bias)
            if what == "integer" and self.reading == "genius":
                function = functions.clamped(function, slope=slope, bias=bias)
        elif form == "constant":
            slope, bias = 0.0, get("parameter0", "offset")
            function = functions.constant(bias)
        elif form == "triangular":
            slope, bias = get("parameter0"), get("parameter1") + get("parameter2")
            function = functions.triangular(get("parameter0"), get("parameter1"), get("parameter2"))
        else:
            return None
        return function if math.isfinite(slope + bias) else None

    # non-linear profiles ------------------------------------------------------------------------

    def _boxes(self, source: Source, utility: Element, profile: ProfileIn) -> None:
        top = as_number(utility.attributes.get("maxutility", "1"))
        ufun = utility.first("ufun")
        assert ufun is not None  # the caller looked
        profile.values = [{level: 0.0 for level in issue.listed} or _flat(issue) for issue in self.issues]
        if top is None or not 0 < top < math.inf:
            self.findings.wrong(source, "maxutility", "not a number above 0", got=top, line=utility.line)
            return
        before = len(self.findings.problems)
        tree = self._tree(source, ufun)
        if len(self.findings.problems) > before:
            return
        boxes = _as_sum(tree, 1 / top)
        most = math.inf if boxes is None else sum(max(box.amount, 0.0) for box in boxes)
        if most > 1 + 1e-9 and listable(self.issues):
            profile.table = [min(1.0, u / top) for u in _listed(tree, self.issues)]
        elif boxes is not None:
            add_boxes(self.issues, profile, boxes, self.findings)
            cap(self.issues, profile, self.findings)
        else:
            what = "the least or largest of boxes is read only where the outcomes can be listed"
            self.findings.wrong(source, "ufun", what, line=ufun.line)

    def _tree(self, source: Source, element: Element) -> _Node:
        """A function of boxes and of further functions."""
        how = element.attributes.get("aggregation", "sum").lower()
        if how not in ("sum", "min", "max"):
            self.findings.wrong(source, "ufun", f"aggregation '{how}' is not read", "sum, min, max", line=element.line)  # fmt: skip
        parts: list[_Node | Box] = [self._box(source, e) for e in element.all("hyperRectangle")]
        parts += [self._tree(source, e) for e in element.all("ufun")]
        return _Node(how, self._scale(source, element), parts)

    def _scale(self, source: Source, element: Element) -> float:
        weight = as_number(element.attributes.get("weight", "1"))
        if weight is None or not math.isfinite(weight):
            self.findings.wrong(source, "weight", "not a number", got=element.attributes["weight"], line=element.line)  # fmt: skip
            return 0.0
        return weight

    def _box(self, source: Source, element: Element) -> Box:
        amount = as_number(element.attributes.get("utility"))
        if amount is None or not math.isfinite(amount):
            got = element.attributes.get("utility")
            self.findings.wrong(source, "hyperRectangle", "its utility is not a number", got=got, line=element.line)  # fmt: skip
            amount = 0.0
        outside = element.first("EXCLUDES") is not None
        bounds: dict[int, tuple[float, float]] = {}
        for bound in element.all("EXCLUDES" if outside else "INCLUDES"):
            low, high = (as_number(bound.attributes.get(key)) for key in ("min", "max"))
            index = _index(bound)
            if index not in self.indices or low is None or high is None:
                what = "a bound has the index of an issue, min and max"
                self.findings.wrong(source, bound.tag, what, got=bound.attributes, line=bound.line)
                continue
            n = self.indices.index(index)
            a, b = bounds.get(n, (-math.inf, math.inf))
            bounds[n] = (max(a, low), min(b, high))
        return Box(bounds, amount * self._scale(source, element), outside)


@dataclass(frozen=True)
class _Node:
    """The sum, the least or the largest of some parts, times a weight."""

    how: str
    weight: float
    parts: Sequence[_Node | Box]


def _as_sum(node: _Node, scale: float) -> list[Box] | None:
    """The boxes of a function that is a sum throughout, scaled; None where it is not."""
    if node.how != "sum" and len(node.parts) > 1:
        return None
    found = []
    for part in node.parts:
        if isinstance(part, Box):
            found.append(Box(part.bounds, part.amount * node.weight * scale, part.outside))
            continue
        inner = _as_sum(part, scale * node.weight)
        if inner is None:
            return None
        found += inner
    return found


def _listed(node: _Node, issues: Sequence[IssueIn]) -> Iterator[float]:
    """The values of a function for all outcomes, in order."""
    levels = [
        [float(x) for x in issue.levels.names()]
        if isinstance(issue.levels, Range)
        else [as_number(name) for name in issue.levels]
        for issue in issues
    ]
    for outcome in itertools.product(*levels):
        yield _value(node, outcome)


def _value(node: _Node | Box, outcome: Sequence[float | None]) -> float:
    if isinstance(node, Box):
        inside = all(
            x is not None and low <= x <= high
            for (low, high), x in ((ends, outcome[n]) for n, ends in node.bounds.items())
        )
        return node.amount if inside != node.outside else 0.0
    values = [_value(part, outcome) for part in node.parts]
    if not values:
        return 0.0
    return node.weight * (
        math.fsum(values) if node.how == "sum" else min(values) if node.how == "min" else max(values)
    )


def _flat(issue: IssueIn) -> dict[str, float]:
    assert isinstance(issue.levels, Range)
    return {number(issue.levels.low): 0.0, number(issue.levels.high): 0.0}


def _kind(element: Element) -> str:
    found = next((element.attributes[k] for k in ("vtype", "type", "etype") if k in element.attributes), "discrete")  # fmt: skip
    return found.strip().lower()


def _bounds(element: Element) -> tuple[str, str]:
    inner = element.first("range")
    holders = [element.attributes, *([inner.attributes] if inner is not None else [])]
    low = next((h["lowerbound"] for h in holders if "lowerbound" in h), "?")
    high = next((h["upperbound"] for h in holders if "upperbound" in h), "?")
    return low, high


# writing -----------------------------------------------------------------------------------------


def write(case: Case, space: Space | None, path: Path) -> list[str]:
    """Writes a folder with the domain and a profile for each party; returns what it cannot hold."""
    out = Outgoing(case, space, "a Genius scenario")
    home = folder(path)
    forms = [scaled(party, out.gone) for party in out.parties]
    kinds = [
        _kind_out(scale, [line_of(form.evaluations[n], scale) for form in forms])
        if not out.gone[n]
        else "discrete"
        for n, scale in enumerate(out.scales)
    ]
    _save(home / "domain.xml", _document(out, kinds, None))
    names = stems([party.name for party in out.parties])
    for party, form, stem in zip(out.parties, forms, names, strict=True):
        _save(
            home / f"{stem}.xml",
            _document(out, kinds, form, _discount_out(party.discount)),
        )
        out.lost += [form.lost] if form.lost else []
        if stem != party.name:
            out.lost.append(f"parties.{party.name}: a profile is named by its file, {stem}.xml")
    for (name, levels), scale, kind in zip(out.issues, out.scales, kinds, strict=True):
        if scale is not None and kind == "discrete":
            out.lost.append(f"issues.{name}: a numeric scale is written as {len(levels)} levels by name")
    return out.losses(discount=True, scales=True, per=("negotiation",))


def _discount_out(discount: tuple[float, str] | None) -> float | None:
    """The factor over a whole negotiation, if that is what it is."""
    return discount[0] if discount is not None and discount[1] == "negotiation" else None


def _kind_out(scale: Scale | None, lines: Sequence[tuple[float, float] | None]) -> str:
    if scale is None or any(line is None for line in lines):
        return "discrete"
    if scale.step is None:
        return "real"
    return "integer" if scale.step == 1 and float(scale.start).is_integer() else "discrete"


def _document(
    out: Outgoing, kinds: Sequence[str], form: Scaled | None, discount: float | None = None
) -> list[str]:
    """A domain, or with ``form`` a profile, as lines."""
    domain = form is None
    lines = ["<negotiation_template>"] if domain else []
    lines.append(f'<utility_space number_of_issues="{len(out.issues)}">')
    lines.append('<objective index="0" etype="objective" type="objective" description="" name="root">')
    for n, ((name, levels), scale, kind) in enumerate(zip(out.issues, out.scales, kinds, strict=True)):
        if kind == "discrete" or scale is None:
            lines.append(
                f'<issue etype="discrete" index="{n + 1}" name={quoteattr(name)} type="discrete" vtype="discrete">'
            )
            for k, level in enumerate(levels):
                worth = (
                    "" if form is None or k in out.gone[n] else f' evaluation="{form.evaluations[n][k]!r}"'
                )
                lines.append(f'<item index="{k + 1}" value={quoteattr(level)}{worth}/>')
        else:
            ends = f'lowerbound="{scale.start}" upperbound="{scale.stop}"'
            lines.append(
                f'<issue etype="{kind}" index="{n + 1}" name={quoteattr(name)} type="{kind}" vtype="{kind}" {ends}>'
            )
            lines.append(f"<range {ends}/>")
            line = None if form is None else line_of(form.evaluations[n], scale)
            if line is not None:
                lines.append(_evaluator_out(kind, line, float(scale.start)))
        lines.append("</issue>")
    if form is not None:
        lines += [f'<weight index="{n + 1}" value="{weight!r}"/>' for n, weight in enumerate(form.weights)]
    lines.append("</objective>")
    if form is not None:
        lines.append(f'<reservation value="{form.reservation!r}"/>')
    if discount is not None:
        lines.append(f'<discount_factor value="{discount!r}"/>')
    lines.append("</utility_space>")
    return [*lines, "</negotiation_template>"] if domain else lines


def _evaluator_out(kind: str, line: tuple[float, float], low: float) -> str:
    slope, bias = line
    if kind == "integer":
        return f'<evaluator ftype="linear" offset="{bias + slope * low!r}" slope="{slope!r}"/>'
    return f'<evaluator ftype="linear" parameter0="{bias!r}" parameter1="{slope!r}"/>'


def _save(path: Path, lines: Sequence[str]) -> None:
    path.write_text('<?xml version="1.0" encoding="UTF-8"?>\n' + "\n".join(lines) + "\n", encoding="utf-8")

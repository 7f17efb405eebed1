"""GeniusWeb JSON: a profile, which holds its domain, or a folder of profiles with or without the domain's file.

Linear additive profiles: utility is the sum of weight times utility; a reservation *bid*, possibly partial, is worth
the sum over the values it has (``reserved_value`` and ``discount_factor``, which NegMAS adds, are read too). Number
issues are ranges with a step, both ends as text or numbers. Partial orderings: the bids listed are ranked by layers,
what is not compared is *unknown*, and outcomes that are not listed are impossible.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detente.adapters import _functions as functions
from detente.adapters._names import level_name, number, quoted
from detente.adapters._outgoing import Outgoing, folder, scaled, stems
from detente.adapters._scenario import IssueIn, ProfileIn, Range, Scenario, range_of
from detente.adapters._source import Findings, Source, as_list, as_mapping, as_number
from detente.case import Case

if TYPE_CHECKING:
    from detente.space import Space

LINEAR, ORDERED = "LinearAdditiveUtilitySpace", "DefaultPartialOrdering"
MAX_BIDS = 200
MAX_UNKNOWN = 2_000


def read(source: Source, reading: str | None = None) -> Case:
    """The case in a folder, or in one profile; a `CaseError` lists every problem of every file."""
    findings = Findings()
    reader = _Reader(findings)
    profiles: list[tuple[Source, str, Mapping[str, Any]]] = []
    for file in source.files if source.folder else (source,):
        if source.folder and file.path.suffix.lower() != ".json":
            continue
        data = as_mapping(file.json)
        known = next((kind for kind in (LINEAR, ORDERED) if isinstance(data.get(kind), dict)), None)
        if known is not None:
            profiles.append((file, known, data[known]))
        elif "issuesValues" in data:
            reader.domain(file, data)
        else:
            what = ", ".join(list(data)[:3]) or "nothing that is known"
            findings.remark(f"the file {file.path.name} holds {what}: it is not used")
    if reader.issues and not profiles and not source.folder:
        return read(Source(source.path.parent), reading)
    if not profiles:
        raise source.error("no profile that is read was found", f"{LINEAR} or {ORDERED}")
    for file, _, held in profiles:
        reader.domain(file, as_mapping(held.get("domain")))
    findings.check(source)
    read_profiles = [reader.profile(*profile) for profile in profiles]
    title = reader.title or source.stem
    return Scenario(
        source, "geniusweb", title, reader.issues, read_profiles, findings, reader.impossible
    ).case()


class _Reader:
    """Reads domains, which must agree, and profiles."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.issues: list[IssueIn] = []
        self.title = ""
        self.impossible: list[tuple[str, str]] = []

    def domain(self, source: Source, data: Mapping[str, Any]) -> None:
        listed = data.get("issuesValues")
        if not isinstance(listed, dict) or not listed:
            self.findings.wrong(source, "domain.issuesValues", "not a mapping of issues", got=listed)
            return
        issues = [
            issue
            for name, values in listed.items()
            if (issue := self._issue(source, name, as_mapping(values))) is not None
        ]
        if not self.issues:
            self.issues, self.title = issues, str(data.get("name") or "")
        elif len(issues) == len(listed) and _sorted(issues) != _sorted(self.issues):
            self.findings.wrong(
                source, "domain", "the issues and values differ from those of the other files"
            )

    def _issue(self, source: Source, name: str, data: Mapping[str, Any]) -> IssueIn | None:
        path, label = f"issuesValues.{name}", level_name(name)
        if "range" in data:
            ends = as_list(data["range"])
            found: Range | str = range_of(*ends) if len(ends) == 3 else "a range is [least, greatest, step]"
            if isinstance(found, Range):
                return IssueIn(label, found)
            self.findings.wrong(source, path, f"issue '{label}': {found}", got=data["range"])
            return None
        values = data.get("values")
        if not isinstance(values, list) or not values:
            self.findings.wrong(source, path, "an issue has values or a range", got=dict(data))
            return None
        return IssueIn(label, tuple(dict.fromkeys(map(level_name, values))))

    def profile(self, source: Source, kind: str, data: Mapping[str, Any]) -> ProfileIn:
        profile = ProfileIn(str(data.get("name") or source.path.stem))
        if kind == ORDERED:
            self._order(source, data, profile)
            return profile
        weights = {level_name(k): as_number(v) for k, v in as_mapping(data.get("issueWeights")).items()}
        for name, weight in weights.items():
            if weight is None or not math.isfinite(weight):
                self.findings.wrong(source, f"issueWeights.{name}", "not a finite number")
        total = sum(w for w in weights.values() if w is not None)
        if abs(total - 1) > 1e-3:
            self.findings.remark(
                f"{profile.name}: the weights sum to {total:.6g}, not 1; they are taken as written"
            )
        utilities = {level_name(k): as_mapping(v) for k, v in as_mapping(data.get("issueUtilities")).items()}
        for issue in self.issues:
            weight = weights.get(issue.name)
            if weight is None:
                self.findings.remark(f"{profile.name}: no weight for '{issue.name}', which counts nothing")
            profile.values.append(
                self._values(source, profile, issue, utilities.get(issue.name), weight or 0.0)
            )
        self._frame(source, data, profile)
        return profile

    def _values(
        self, source: Source, profile: ProfileIn, issue: IssueIn, data: Any, weight: float
    ) -> dict[str, float]:
        path = f"issueUtilities.{issue.name}"
        if isinstance(data, dict) and isinstance(data.get("numberutils"), dict):
            return self._numeric(source, profile, issue, data["numberutils"], weight)
        table = as_mapping(as_mapping(as_mapping(data).get("discreteutils")).get("valueUtilities"))
        if not table:
            self.findings.wrong(source, path, "no utilities", "discreteutils or numberutils", data)
            return {}
        known = {level_name(level): as_number(u) for level, u in table.items()}
        for level, u in known.items():
            if u is None or not math.isfinite(u):
                self.findings.wrong(source, f"{path}.{level}", "not a finite number", got=table.get(level))
        levels = issue.levels.names() if isinstance(issue.levels, Range) else issue.levels
        if isinstance(issue.levels, Range):
            known = {number(k): u for k, u in known.items() if as_number(k) is not None}
            if missing := [level for level in levels if level not in known]:
                self.findings.wrong(source, path, f"no utility for {', '.join(missing[:5])}")
        if extra := [level for level in known if level not in set(levels)]:
            self.findings.remark(
                f"{profile.name} evaluates {', '.join(map(repr, extra[:5]))} of '{issue.name}', which is no level there"
            )
        return {level: weight * u for level in levels if (u := known.get(level)) is not None}

    def _numeric(
        self, source: Source, profile: ProfileIn, issue: IssueIn, data: Mapping[str, Any], weight: float
    ) -> dict[str, float]:
        """Linear between a low and a high value."""
        keys = ("lowValue", "lowUtility", "highValue", "highUtility")
        numbers = [as_number(data.get(key)) for key in keys]
        path = f"issueUtilities.{issue.name}.numberutils"
        if any(x is None or not math.isfinite(x) for x in numbers):
            self.findings.wrong(source, path, "four finite numbers are needed", ", ".join(keys), dict(data))
            return {}
        if not isinstance(issue.levels, Range):
            self.findings.wrong(source, path, f"'{issue.name}' is no range of numbers")
            return {}
        low, at_low, high, at_high = (x for x in numbers if x is not None)
        if not low < high:
            self.findings.wrong(source, path, "lowValue is not below highValue", got=[low, high])
            return {}
        slope = (at_high - at_low) / (high - low)
        levels = issue.levels
        if low > float(levels.low) + 1e-12 or high < float(levels.high) - float(levels.step or 0) - 1e-12:
            self.findings.remark(
                f"{profile.name}: the utilities of '{issue.name}' do not reach its ends; they are drawn out linearly"
            )
        return functions.points(functions.linear(slope, at_low - slope * low), levels, weight)[0]

    def _frame(self, source: Source, data: Mapping[str, Any], profile: ProfileIn) -> None:
        """Reservation and discount."""
        bid = data.get("reservationBid")
        stated = data.get("reserved_value")
        if stated is not None:
            profile.reservation = as_number(stated)
            if profile.reservation is None or profile.reservation == math.inf:
                self.findings.wrong(source, "reserved_value", "not a number", got=stated)
        elif isinstance(bid, dict):
            profile.reservation = self._worth(source, as_mapping(bid.get("issuevalues")), profile)
        factor = as_number(data.get("discount_factor"))
        if factor is not None and 0 < factor < 1:
            profile.discount = (factor, "negotiation")

    def _worth(self, source: Source, values: Mapping[str, Any], profile: ProfileIn) -> float:
        """What a bid is worth, which may be partial: what it does not name counts 0."""
        given = {level_name(k): v for k, v in values.items()}
        total = 0.0
        for issue, utilities in zip(self.issues, profile.values, strict=True):
            if issue.name not in given:
                continue
            level = given.pop(issue.name)
            if isinstance(issue.levels, Range):
                total += _on_line(utilities, as_number(level))
            elif level_name(level) in utilities:
                total += utilities[level_name(level)]
            else:
                path = f"reservationBid.{issue.name}"
                self.findings.wrong(source, path, "no such value, or one without utility", got=level)
        for name in given:
            self.findings.wrong(source, f"reservationBid.{name}", "no such issue")
        return total

    # partial orderings --------------------------------------------------------------------------

    def _order(self, source: Source, data: Mapping[str, Any], profile: ProfileIn) -> None:
        """A partial ordering as a ranking by layers, and what it leaves open as unknown."""
        bids = [self._bid(source, n, item) for n, item in enumerate(as_list(data.get("bids")))]
        pairs = [
            (a, b) for pair in as_list(data.get("better")) if isinstance(pair, list) and len(pair) == 2
            for a, b in [pair]
        ]  # fmt: skip
        if not 1 <= len(bids) <= MAX_BIDS or None in bids:
            if None not in bids:
                self.findings.wrong(source, "bids", f"1 to {MAX_BIDS} bids are read", got=len(bids))
            return
        if any(not isinstance(x, int) or not 0 <= x < len(bids) for pair in pairs for x in pair):
            self.findings.wrong(source, "better", "pairs of positions in the list of bids", f"0 to {len(bids) - 1}")  # fmt: skip
            return
        outcomes = [bid for bid in bids if bid is not None]
        reach = _reach(len(bids), pairs)
        layers = _layers(reach)
        profile.ranking = [[outcomes[n] for n in layer] for layer in layers]
        open_ = [
            [outcomes[a], outcomes[b]]
            for a in range(len(bids))
            for b in range(a)
            if not reach[a] >> b & 1 and not reach[b] >> a & 1
        ]
        if open_:
            self.findings.remark(
                f"{profile.name} leaves {len(open_):,} pairs of bids open; they are ranked by layers and noted as unknown"
            )
            profile.unknown = open_[:MAX_UNKNOWN]
        if data.get("reservationBid") is not None:
            self.findings.remark(f"{profile.name}: the reservation bid of an ordering is not used")
        self._only(profile.name, outcomes)

    def _bid(self, source: Source, n: int, item: Any) -> list[str] | None:
        values = {level_name(k): v for k, v in as_mapping(as_mapping(item).get("issuevalues")).items()}
        found = []
        for issue in self.issues:
            levels = issue.levels.names() if isinstance(issue.levels, Range) else issue.levels
            level = level_name(values.get(issue.name, ""))
            level = (
                number(level) if isinstance(issue.levels, Range) and as_number(level) is not None else level
            )
            if level not in levels:
                self.findings.wrong(source, f"bids[{n}]", f"no value of '{issue.name}'", got=values.get(issue.name))  # fmt: skip
                return None
            found.append(level)
        return found

    def _only(self, name: str, outcomes: Sequence[Sequence[str]]) -> None:
        """Rules out every outcome that an ordering does not list."""
        counts = [
            issue.levels.count if isinstance(issue.levels, Range) else len(issue.levels)
            for issue in self.issues
        ]
        if len({tuple(outcome) for outcome in outcomes}) == math.prod(counts):
            return
        listed = " or ".join(
            "(" + " and ".join(f"{{{n}}} == {_escaped(level)}" for n, level in enumerate(outcome)) + ")"
            for outcome in outcomes
        )
        self.impossible.append((f"not ({listed})", f"no place in the ordering of {name}"))
        self.findings.remark(
            f"{name} orders {len(outcomes)} of {math.prod(counts):,} outcomes: the others count as impossible"
        )


def _escaped(level: str) -> str:
    return quoted(level).replace("{", "{{").replace("}", "}}")


def _sorted(issues: Sequence[IssueIn]) -> list[tuple[str, Any]]:
    return sorted(
        (i.name, i.levels if isinstance(i.levels, Range) else tuple(sorted(i.levels))) for i in issues
    )


def _on_line(points: Mapping[str, float], at: float | None) -> float:
    """A value between the points of a line; 0 outside of it."""
    line = sorted((float(x), u) for x, u in points.items())
    for (a, u), (b, v) in itertools.pairwise(line):
        if at is not None and a <= at <= b:
            return u + (v - u) * (at - a) / (b - a)
    return 0.0


def _reach(count: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """For each bid, as bits, itself and those it is at least as good as."""
    reach = [1 << n for n in range(count)]
    for better, worse in pairs:
        reach[better] |= 1 << worse
    for middle in range(count):
        for n in range(count):
            if reach[n] >> middle & 1:
                reach[n] |= reach[middle]
    return reach


def _layers(reach: Sequence[int]) -> list[list[int]]:
    """Bids by layers, best first: a bid stands one layer below the lowest of those better than it."""
    count = len(reach)
    depth = [0] * count
    for n in sorted(range(count), key=lambda n: -reach[n].bit_count()):
        above = [depth[m] + 1 for m in range(count) if reach[m] >> n & 1 and not reach[n] >> m & 1]
        depth[n] = max(above, default=0)
    return [[n for n in range(count) if depth[n] == level] for level in sorted(set(depth))]


# writing -----------------------------------------------------------------------------------------


def write(case: Case, space: Space | None, path: Path) -> list[str]:
    """Writes a folder with the domain and a profile for each party; returns what it cannot hold."""
    out = Outgoing(case, space, "a GeniusWeb profile")
    home = folder(path)
    domain = {
        "name": case.title,
        "issuesValues": {name: {"values": list(levels)} for name, levels in out.issues},
    }
    _save(home / "domain.json", domain)
    for party, stem in zip(out.parties, stems([p.name for p in out.parties]), strict=True):
        form = scaled(party, out.gone, whole=True)
        utilities = {
            name: {"discreteutils": {"valueUtilities": {
                level: u for k, (level, u) in enumerate(zip(levels, form.evaluations[n], strict=True))
                if k not in out.gone[n]
            }}}
            for n, (name, levels) in enumerate(out.issues)
        }  # fmt: skip
        profile: dict[str, Any] = {
            "domain": domain,
            "name": party.name,
            "issueUtilities": utilities,
            "issueWeights": dict(zip((name for name, _ in out.issues), form.weights, strict=True)),
            "reserved_value": form.reservation,
        }
        if party.discount is not None and party.discount[1] == "negotiation":
            profile["discount_factor"] = party.discount[0]
        _save(home / f"{stem}.json", {LINEAR: profile})
        out.lost += [form.lost] if form.lost else []
        out.lost.append(
            f"no_deal.{party.name}: a number, which GeniusWeb itself does not read (it takes a bid); written as reserved_value"
        )
    return out.losses(discount=True, scales=False, per=("negotiation",))


def _save(path: Path, data: dict[str, Any]) -> None:
    path.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

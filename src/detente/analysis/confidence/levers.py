"""Levers: the cheapest changes that flip an answer, each verified by asking the changed case.

Candidates are payments (a mixed-integer program chooses the outcome at which they are least), single numbers (by
search for the nearest value at which the answer flips), and changes of structure: a condition lifted, a commitment
locked, a move made impossible, a later deadline, surer verification, and the variants that the case holds. A change
counts only if the analysis, run on the changed case, gives the wanted answer.

Costs have units, which cannot be compared with each other: a share of the party's own range of utilities, money where
all concerned state a numeraire, the distance a factor moves, periods, or a count of changes of structure.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np

from detente.analysis.confidence.ask_agreement import AskAgreement
from detente.analysis.confidence.ask_roadmap import AskRoadmap
from detente.analysis.confidence.ask_standoff import AskStandoff
from detente.analysis.confidence.drivers import Flip, flips
from detente.analysis.confidence.inputs import Input, Named, numbers
from detente.analysis.confidence.payments import Payment, payments
from detente.analysis.confidence.run import Counts, Sample, run
from detente.analysis.confidence.single import Ask, single
from detente.analysis.confidence.worlds import World, plan_of
from detente.analysis.roadmap.model import PERIODS, YEAR
from detente.case import Case, with_changes
from detente.case.fields import FrozenDict
from detente.case.model import Preference
from detente.case.paths import format_path
from detente.case.uncertain import Number, Uncertain, mode
from detente.errors import CaseError, CostError, NeedsError
from detente.space import Space

MOST_LEVERS = 12
MOST_OF_A_KIND = 4
MOST_NUMBERS = 200
"""Numbers of a case that are varied one by one; beyond it only the uncertain ones are."""
MOST_TRIED_LEVELS = 200
"""Levels of a case in all up to which one is added or removed at a time: each is a run of the analysis."""
MOST_ASKED = 12
"""Numbers varied where each draw is costly."""
EFFECT_DRAWS, FEW_DRAWS = 1_000, 40
OVERSHOOT = 1e-4
"""How far beyond the value at which the answer flips a number is set, as a share of the change."""
SHARE_OF_RANGE = "share of the party's own range"
STRUCTURE = "changes of structure"

Changes = tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Lever:
    """A change that makes the wanted answer true. ``effect``: how the share of draws with that answer changes."""

    kind: str
    text: str
    changes: Changes
    cost: float | None
    unit: str
    interpersonal: bool = False
    share: float | None = None
    effect: float | None = None

    @property
    def order(self) -> tuple[bool, int, float, str]:
        """Payments, numbers and structure side by side: cheapest first within each unit."""
        units = (SHARE_OF_RANGE, STRUCTURE)
        place = units.index(self.unit) if self.unit in units else len(units)
        return (self.cost is None, place, self.cost or 0.0, self.text)


def levers(counts: Counts, ask: Ask, name: str, want: bool, likely: Sequence[str]) -> list[Lever]:
    """The levers of a yes/no answer, cheapest first within each unit; ``likely``: inputs to look at first.

    Their effect is measured on the same draws with and without the change.
    """
    case = _bare(counts.plan.case)
    found: list[Lever] = []
    for lever in _candidates(counts, ask, name, want, likely):
        same = sum(other.kind == lever.kind for other in found)
        room = lever.kind == "variant" or same < (1 if lever.kind == "deadline" else MOST_OF_A_KIND)
        if room and _verified(case, lever.changes, ask, name, want):
            found.append(lever)
    kept = sorted(found, key=lambda lever: lever.order)[:MOST_LEVERS]
    if not kept:
        return []
    before = _share(case, ask, name, counts.sample, want)
    out = []
    for lever in kept:
        after = _share(with_changes(case, lever.changes), ask, name, counts.sample, want)
        if after is None or before is None:
            out.append(lever)
        else:
            out.append(replace(lever, share=after, effect=after - before))
    return out


def _bare(case: Case) -> Case:
    """The case without what no answer depends on, so that changing it is quick."""
    data = case.to_data()
    return with_changes(
        case, [{"remove": key} for key in ("variants", "record", "evidence", "confidential") if key in data]
    )


def _verified(case: Case, changes: Changes, ask: Ask, name: str, want: bool) -> bool:
    try:
        return single(with_changes(case, changes), ask, name) == want
    except (CaseError, NeedsError, CostError):
        return False


def _share(case: Case, ask: Ask, name: str, sample: Sample, want: bool) -> float | None:
    question = ask()
    plan = plan_of(case, question.relevant, spaced=question.spaced)
    question.prepare(plan.worlds)
    draws = min(sample.draws or question.usual, EFFECT_DRAWS if question.piece >= EFFECT_DRAWS else FEW_DRAWS)
    try:
        counts = run(
            plan, question, Sample(draws, sample.seed, sample.sampling), watch=_watch(question, name)
        )
    except CostError:
        return None
    share = float(counts.truth(name).mean())
    return share if want else 1 - share


def _watch(question: Any, name: str) -> list[str]:
    return [] if name in question.yes else [name]


def _candidates(counts: Counts, ask: Ask, name: str, want: bool, likely: Sequence[str]) -> Iterator[Lever]:
    case, question = counts.plan.case, counts.question
    yield from _number_levers(counts, ask, name, likely)
    if isinstance(question, AskAgreement) and want and name == "deal_exists":
        yield from _payment_levers(counts, question)
    yield from _structure(case, question)
    for variant, changes in case.variants.items():
        plain = tuple(c.model_dump(by_alias=True, exclude_unset=True) for c in changes)
        yield Lever("variant", f"variant {variant}", plain, float(len(changes)), STRUCTURE)


# numbers ------------------------------------------------------------------------------------------


def _number_levers(counts: Counts, ask: Ask, name: str, likely: Sequence[str]) -> Iterator[Lever]:
    question = ask()
    costly = question.piece < EFFECT_DRAWS
    space = counts.plan.worlds[0].space
    if space is None or name not in counts.question.yes:
        return
    loose = _loosened(counts.plan.case, space, everything=not costly)
    plan = plan_of(loose, question.relevant, spaced=question.spaced)
    world = plan.worlds[0]
    question.prepare([world])
    if name not in question.yes:
        return
    items = _asked(world, likely) if costly else list(world.inputs)
    turns = flips(question, world, name, items)
    scales = _scales(space)
    made = [_number_lever(counts.plan.case, flip, scales) for flip in turns if flip.inside]
    yield from sorted((lever for lever in made if lever is not None), key=lambda lever: lever.cost or 0.0)


def _asked(world: World, likely: Sequence[str]) -> list[Input]:
    mine = {item.name: item for item in world.inputs}
    clock = [n for n in mine if n.endswith((".patience", ".breach_cost"))]
    return [mine[n] for n in dict.fromkeys([*clock, *likely]) if n in mine][:MOST_ASKED]


def _loosened(case: Case, space: Space, everything: bool) -> Case:
    """The case with its numbers free to move by a party's whole range of utilities; modes stay where they are."""
    scales = _scales(space)
    uncertain = {path: item.number for path, item in numbers(case).items() if item.number is not None}
    every = everything and _count(case) <= MOST_NUMBERS

    def loose(path: str, number: Number, width: float) -> Number:
        if not every and not isinstance(number, Uncertain):
            return number
        middle = mode(number)
        known = uncertain.get(path)
        low, high = (middle, middle) if known is None else known.bounds
        return Named("triangle", (min(low, middle - width), middle, max(high, middle + width)), path)

    fields = {field: getattr(case, field) for field in Case.model_fields}
    fields["preferences"] = FrozenDict(
        {
            party: _loose_preference(preference, ("preferences", party), scales.get(party, 1.0), loose)
            for party, preference in case.preferences.items()
        }
    )
    fields["parties"] = FrozenDict(
        {
            party: part.model_copy(
                update={
                    "patience": loose(
                        format_path(("parties", party, "patience")), case.patience_of(party), 0.5
                    )
                    if party in case.preferences
                    else part.patience,
                    "breach_cost": loose(
                        format_path(("parties", party, "breach_cost")), part.breach_cost or 0.0, scales[party]
                    )
                    if party in scales
                    else part.breach_cost,
                }
            )
            for party, part in case.parties.items()
        }
    )
    return Case.model_construct(_fields_set=case.model_fields_set | {"parties"}, **fields)


def _count(case: Case) -> int:
    tables = [p.table for p in case.preferences.values() if isinstance(p.table, tuple)]
    values = [v for p in case.preferences.values() for v in (p.values or {}).values()]
    return sum(map(len, [*tables, *values]))


def _loose_preference(
    preference: Preference, route: tuple[str | int, ...], width: float, loose: Any
) -> Preference:
    update: dict[str, Any] = {}
    if preference.types is not None:
        update["types"] = FrozenDict(
            {n: _loose_preference(p, (*route, "types", n), width, loose) for n, p in preference.types.items()}
        )
    if preference.values is not None:
        update["values"] = FrozenDict(
            {
                issue: FrozenDict(
                    {
                        lv: loose(format_path((*route, "values", issue, lv)), x, width)
                        for lv, x in levels.items()
                    }
                )
                for issue, levels in preference.values.items()
            }
        )
    if preference.weights is not None:
        total = sum(mode(w) for w in preference.weights.values())
        update["weights"] = FrozenDict(
            {n: loose(format_path((*route, "weights", n)), w, total) for n, w in preference.weights.items()}
        )
    if isinstance(preference.table, tuple):
        update["table"] = tuple(
            loose(format_path((*route, "table", i)), x, width) for i, x in enumerate(preference.table)
        )
    update["bonuses"] = tuple(
        bonus.model_copy(update={"add": loose(format_path((*route, "bonuses", i, "add")), bonus.add, width)})
        for i, bonus in enumerate(preference.bonuses)
    )
    return preference.model_copy(update=update)


def _scales(space: Space) -> dict[str, float]:
    """Each party's range of utilities over possible outcomes, in a single run; 1 where it has none."""
    out = {}
    for p, party in enumerate(space.parties):
        width = float(space.extreme(p) - space.extreme(p, best=False))
        out[party] = width if np.isfinite(width) and width > 0 else 1.0
    return out


def _number_lever(case: Case, flip: Flip, scales: dict[str, float]) -> Lever | None:
    at = flip.at[0]
    shift = (at - flip.value) * (1 + OVERSHOOT)
    if shift == 0:
        return None
    from detente.case.paths import parse_path

    keys = parse_path(flip.input)
    known = numbers(case).get(flip.input)
    item = Input(flip.input)
    to: Any = min(max(flip.value + shift, item.domain[0]), item.domain[1])
    if known is not None and known.number is not None:
        to = _shifted(known.number, shift, item.domain)
    factor = keys[-1] == "patience"
    cost, unit = abs(shift), "distance of the factor" if factor else SHARE_OF_RANGE
    if not factor:
        cost = (
            abs(shift) / scales.get(keys[1], 1.0)
            if "weights" not in keys
            else abs(shift) / max(flip.value, 1e-300)
        )
        unit = SHARE_OF_RANGE if "weights" not in keys else "share of the weight"
    kind = (
        "patience"
        if factor
        else "bond"
        if keys[-1] == "breach_cost"
        else "weight"
        if "weights" in keys
        else "value"
    )
    text = f"{flip.input} from {flip.value:.4g} to {flip.value + shift:.4g}"
    return Lever(kind, text, ({"set": flip.input, "to": to},), cost, unit)


def _shifted(number: Uncertain, shift: float, domain: tuple[float, float]) -> Any:
    """A number moved as a whole, so that the doubt about it stays."""
    moved = [min(max(x + shift, domain[0]), domain[1]) for x in number.args]
    if number.kind == "normal":
        return {"normal": [number.args[0] + shift, number.args[1]]}
    if number.kind == "discrete":
        pairs = zip(number.args[0::2], number.args[1::2], strict=True)
        return {"discrete": [[min(max(v + shift, domain[0]), domain[1]), share] for v, share in pairs]}
    return moved


# payments -----------------------------------------------------------------------------------------


def _payment_levers(counts: Counts, question: AskAgreement) -> Iterator[Lever]:
    world = counts.plan.worlds[0]
    space = world.space
    assert space is not None
    if space.case.graph_form or not space.cardinal:
        return
    floor, _ = space.reservation(question.no_deal)
    try:
        found = payments(space, floor, _scales(space), MOST_OF_A_KIND)
    except CostError:
        return
    for payment in found:
        changes = _payment_changes(counts.plan.case, space, payment)
        if changes is not None:
            yield Lever(
                payment.kind, payment.text, changes, payment.cost, payment.unit, payment.interpersonal
            )


def _payment_changes(case: Case, space: Space, payment: Payment) -> Changes | None:
    when = " and ".join(
        f'{issue} == "{space.level_names[i][level]}"'
        for i, (issue, level) in enumerate(zip(space.issues, payment.levels, strict=True))
    )
    changes = []
    for party, amount in payment.amounts.items():
        preference = case.preferences[party]
        route: tuple[str, ...] = ("preferences", party)
        if preference.types is not None:
            route = (*route, "types", space.types[party])
        changes.append(
            {"add": f"{format_path(route)}.bonuses", "to": {"when": when, "add": amount, "why": payment.kind}}
        )
    return tuple(changes) or None


# structure ----------------------------------------------------------------------------------------


def _structure(case: Case, question: Any) -> Iterator[Lever]:
    for place, item in enumerate(case.impossible):
        yield Lever(
            "lifted",
            f"lift the condition that excludes {item.when}",
            ({"remove": f"impossible.{place}"},),
            1.0,
            STRUCTURE,
        )
    if sum(len(issue.names) for issue in case.issues.values()) <= MOST_TRIED_LEVELS:
        yield from _levels_added(case)
        yield from _levels_removed(case)
    if isinstance(question, AskRoadmap | AskStandoff):
        yield from _commitments(case, question)
    if isinstance(question, AskRoadmap):
        yield from _clock(case)


def _levels_added(case: Case) -> Iterator[Lever]:
    """A level half-way between two neighbours, worth to every party the mean of both; a numeric scale in steps of half
    the size. Only where every preference states values, from which the new level has its own.
    """
    kinds = _kinds(case)
    if case.graph_form or any(preference.values is None for preference in kinds.values()):
        return
    for name, issue in case.issues.items():
        levels = format_path(("issues", name, "levels"))
        if issue.scale is not None:
            if issue.scale.step is not None:
                half = {"set": f"{levels}.step", "to": float(issue.scale.step) / 2}
                yield Lever("added", f"{name}: steps of half the size", (half,), 1.0, STRUCTURE)
            continue
        for low, high in itertools.pairwise(issue.names):
            between = f"between {low} and {high}"
            place = issue.position(high)
            changes = [{"set": levels, "to": [*issue.names[:place], between, *issue.names[place:]]}]
            for route, preference in kinds.items():
                values = (preference.values or {}).get(name)
                if values is not None:
                    path = format_path((*route, "values", name, between))
                    changes.append({"set": path, "to": _between(values[low], values[high])})
            yield Lever("added", f"{name}: a level {between}", tuple(changes), 1.0, STRUCTURE)


def _levels_removed(case: Case) -> Iterator[Lever]:
    """A level that nobody can choose any more; neither that of the status quo nor one of a no-deal outcome."""
    if case.graph_form:
        return
    entries = [] if case.no_deal is None else [case.no_deal.now, case.no_deal.at_deadline]
    stays = [e.outcome for e in entries if e is not None and isinstance(e.outcome, Mapping)]
    for name, issue in case.issues.items():
        here = {outcome[name] for outcome in [case.start, *stays] if name in outcome}
        for level in issue.names:
            if level not in here and len(issue.names) > 1:
                change = {"add": "impossible", "to": {"when": f'{name} == "{level}"'}}
                yield Lever("removed", f"{name}: {level} is off the table", (change,), 1.0, STRUCTURE)


def _kinds(case: Case) -> dict[tuple[str, ...], Preference]:
    """Every preference that a party may have, its types one by one, by path."""
    found: dict[tuple[str, ...], Preference] = {}
    for party, preference in case.preferences.items():
        if preference.types is None:
            found["preferences", party] = preference
        for kind, one in (preference.types or {}).items():
            found["preferences", party, "types", kind] = one
    return found


def _between(low: Number, high: Number) -> Any:
    """Half-way between two numbers; a range or triangle where they are of such a form, or one of them is certain."""
    forms = {(n.kind, len(n.args)) for n in (low, high) if isinstance(n, Uncertain)}
    if len(forms) == 1 and (form := forms.pop())[0] in ("range", "triangle"):
        ends = [n.args if isinstance(n, Uncertain) else (n,) * form[1] for n in (low, high)]
        return [(a + b) / 2 for a, b in zip(*ends, strict=True)]
    return (mode(low) + mode(high)) / 2


def _commitments(case: Case, question: Any) -> Iterator[Lever]:
    for name, issue in case.issues.items():
        if not issue.by:
            continue
        for level in issue.names[1:]:
            if issue.retreat.get(level) != level:
                path = format_path(("issues", name, "retreat", level))
                yield Lever(
                    "locked",
                    f"{name} once at {level} cannot be taken back",
                    ({"set": path, "to": level},),
                    1.0,
                    STRUCTURE,
                )
            if level in issue.retreat:
                path = format_path(("issues", name, "retreat", level))
                yield Lever(
                    "stored", f"{name} at {level} can be taken back", ({"remove": path},), 1.0, STRUCTURE
                )
            if level in issue.requires:
                path = format_path(("issues", name, "requires", level))
                yield Lever(
                    "freed",
                    f"{name} may reach {level} without its prerequisite",
                    ({"remove": path},),
                    1.0,
                    STRUCTURE,
                )
        if isinstance(question, AskStandoff):
            for way in ("up", "down"):
                path = format_path(("issues", name, "pace", way))
                yield Lever("barred", f"{name} cannot move {way}", ({"set": path, "to": 0},), 1.0, STRUCTURE)


def _clock(case: Case) -> Iterator[Lever]:
    time = case.time
    length = PERIODS[time.period] * YEAR if isinstance(time.period, str) else float(time.period)
    for more in itertools.chain(range(1, 13), (18, 24, 36, 48, 60)):
        if time.periods is not None:
            yield Lever(
                "deadline",
                f"the deadline {more} periods later",
                ({"set": "time.periods", "to": time.periods + more},),
                float(more),
                "periods",
            )
        elif time.deadline is not None:
            day = time.deadline + timedelta(days=round(more * length))
            yield Lever(
                "deadline",
                f"the deadline on {day.isoformat()}",
                ({"set": "time.deadline", "to": day.isoformat()},),
                float(more),
                "periods",
            )
    watch = case.verification
    if mode(watch.detection) < 1 or mode(watch.false_alarm) > 0:
        sure = ({"set": "verification.detection", "to": 1}, {"set": "verification.false_alarm", "to": 0})
        yield Lever("verification", "every breach is seen, and no alarm is false", sure, 1.0, STRUCTURE)
    if watch.lag:
        yield Lever(
            "verification",
            "breaches are seen at once",
            ({"set": "verification.lag", "to": 0},),
            1.0,
            STRUCTURE,
        )

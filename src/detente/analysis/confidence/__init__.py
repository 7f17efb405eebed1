"""How sure are we, and what would change the answer? Ranges and doubts carried through the other analyses.

The theory page on confidence has the definitions; `confidence`, `compare` and `elicit` are the entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

from detente.analysis.confidence import drivers as parts
from detente.analysis.confidence.answers import Question
from detente.analysis.confidence.ask_forecast import drawn_inputs
from detente.analysis.confidence.asking import QuestionOptions, asked
from detente.analysis.confidence.comparison import CompareResult, compare_worlds
from detente.analysis.confidence.draws import Sampling
from detente.analysis.confidence.elicitation import Elicitation, Judgement, elicit, read_judgements
from detente.analysis.confidence.levers import levers as find_levers
from detente.analysis.confidence.result import ConfidenceResult, listed_outcomes
from detente.analysis.confidence.robust import robust
from detente.analysis.confidence.run import Counts, Means, Sample, run
from detente.analysis.confidence.single import single_truths
from detente.analysis.confidence.verdicts import extremes, rulings
from detente.analysis.confidence.worlds import AS_IT_IS, Plan, Switch, plan_of
from detente.analysis.result import Provenance
from detente.case import Case
from detente.errors import NeedsError

__all__ = [
    "AS_IT_IS",
    "CompareResult",
    "ConfidenceResult",
    "Elicitation",
    "Judgement",
    "Means",
    "Sample",
    "compare",
    "confidence",
    "drawn_inputs",
    "elicit",
    "read_judgements",
]

NO_LEVERS = (
    "levers were left out, since each of dozens of changed cases is searched for roadmaps anew, which takes minutes; "
    "ask for them with --levers (levers=True)"
)
VARIANTS_ONLY = "of levers on a forecast only the variants of the case are tried here; `detente forecast --levers` moves each actor"
Of = str | Callable[[Case], Mapping[str, Any]]
Switches = Iterable[Switch | Sequence[str]]


def confidence(
    case: Case,
    of: Of = "agreement",
    *,
    sample: Sample | None = None,
    answer: str | None = None,
    switches: Switches = (),
    types: Mapping[str, Mapping[str, float]] | None = None,
    levers: bool | None = None,
    sobol: int | None = None,
    means: Means | None = None,
    **options: Unpack[QuestionOptions],
) -> ConfidenceResult:
    """How sure is an answer, given the ranges and doubts of a case, and what would change it?

    Parameters
    ----------
    case
        A case. What is uncertain in it is drawn: numbers by their form (intervals uniform, three points triangular,
        normal, discrete), correlated groups together, types with equal shares, unknown places of rankings.
    of
        ``agreement``, ``standoff``, ``roadmap`` or ``forecast``; or a function that takes a case without uncertain
        numbers and returns answers by name, true or false or a number. Worker processes need a function of a module.
    sample
        How many draws (10,000; 500 where each draw is a run of its own), the seed (0), ``latin``, ``sobol`` or ``random`` sampling, and the
        error at which to stop: `Sample`.
    answer
        The yes/no answer that drivers and levers are about: by default ``deal_exists``, ``status_quo_seq`` or
        ``roadmap_exists``; also a ``family:outcome``, such as ``nash:price=40``.
    switches
        Structures that are drawn: for each switch some variants, with equal shares beside the case as it stands, or a
        mapping of variants (and ``as it is``) to shares.
    types
        Shares of the types of parties.
    levers, sobol
        Whether to look for levers (by default yes, but for roadmaps, where each of dozens of changed cases is searched
        anew); draws for Sobol indices (times the number of inputs), none by default.
    means
        Workers, engine, folder for finished chunks, report of progress: `Means`. They do not change the result.
    options
        ``no_deal`` (agreement), ``concept`` (standoff), ``to``, ``order``, ``threat`` (roadmap), ``model``, ``turns``,
        ``rules`` (forecast).

    Raises
    ------
    NeedsError
        Where an option does not fit the case.
    CostError
        Where switches combine to more than 256 structures, or the analysis itself refuses.

    Cost: agreement and standoff judge thousands of draws a second of cases with up to thousands of outcomes; larger
    ones and roadmaps take a run for each draw. Shares are of the assumed cases: they are no probabilities of events.
    """
    ask = asked(of, options)
    question, plan = _planned(case, ask, switches, types)
    sample = _sized(sample, question)
    if not plan.inputs:
        sample = replace(sample, draws=1, error=None)
    name = answer or question.main
    watch = [] if name in question.yes or not name else [name]
    counts = run(plan, question, sample, means, watch)
    truth = counts.truth(name) if name else None
    ends = extremes(counts)
    outcomes = {family: listed_outcomes(counts, family) for family in counts.members}
    ruled = rulings(counts, ends, outcomes)
    u = parts.positions(counts)
    found = ConfidenceResult(
        source=_provenance(case, ask, sample, switches, types, name, counts),
        exact=False,
        method=_method(counts),
        counts=counts,
        answer=name,
        rulings=ruled,
        points=ends.points,
        single=single_truths(question, plan.worlds[0], [*question.yes, *watch]),
        robust=robust(counts, u),
    )
    if truth is None:
        return found
    return _explained(_told_of_levers(found, levers), u, ask, sobol)


def _told_of_levers(found: ConfidenceResult, levers: bool | None) -> ConfidenceResult:
    """The result with whether levers are looked for, and what is said of those that are left out."""
    of = found.counts.question.name
    pushed = of != "roadmap" if levers is None else levers
    note = (
        NO_LEVERS if levers is None and not pushed else VARIANTS_ONLY if of == "forecast" and pushed else ""
    )
    warnings = (*found.source.warnings, note) if note else found.source.warnings
    return replace(found, pushed=pushed, source=replace(found.source, warnings=warnings))


def _sized(sample: Sample | None, question: Question) -> Sample:
    sample = sample or Sample()
    return replace(sample, draws=question.usual) if sample.draws is None else sample


def _explained(
    found: ConfidenceResult, u: Any, make: Callable[[], Question], sobol: int | None
) -> ConfidenceResult:
    """The result with what drives its main answer, and what would flip it."""
    counts, name = found.counts, found.answer
    plan, question = counts.plan, counts.question
    truth = counts.truth(name).astype(float)
    about, y = name, truth
    if truth.min() == truth.max() and question.margin is not None and name == question.main:
        place = question.numbers.index(question.margin)
        about, y = question.margin, counts.numbers[:, place]
        good = [i for i in range(len(y)) if y[i] == y[i] and abs(y[i]) != float("inf")]
        u, y = u[good], y[good]
    driving = parts.drivers(plan.inputs, u, y) if len(y) else []
    world = plan.worlds[0]
    likely = [d.input for d in driving if d.effect > 0]
    turning = _turning(counts, world, name, likely)
    numeric = [i for n in likely for i in plan.inputs if i.name == n and i.kind == "number"]
    map_ = None
    if len(numeric) >= 2:
        map_ = parts.map_of(counts, parts.positions(counts), name, numeric[0], numeric[1], world)
    pushed = find_levers(counts, make, name, not found.single[name], likely) if found.pushed and name else []
    return replace(
        found,
        about=about,
        drivers=tuple(driving),
        flips=tuple(turning),
        map=map_,
        sobol=tuple(parts.sobol(counts, name, sobol)) if sobol else (),
        levers=tuple(pushed),
    )


def _turning(counts: Counts, world: Any, name: str, likely: Sequence[str]) -> list[parts.Flip]:
    if name not in counts.question.yes:
        return []
    items = list(world.inputs)
    if counts.question.piece < parts.CHEAP:
        items = [item for item in items if item.name in likely[:6]]
    return parts.flips(counts.question, world, name, items)


def compare(
    case: Case,
    variants: Sequence[str],
    of: Of = "agreement",
    *,
    sample: Sample | None = None,
    types: Mapping[str, Mapping[str, float]] | None = None,
    means: Means | None = None,
    **options: Unpack[QuestionOptions],
) -> CompareResult:
    """Variants of a case side by side, on paired draws: an input takes the same draw in each of them.

    ``variants`` are compared with the case as it stands, in the order given; the rest is as in `confidence`. Raises
    `NeedsError` for an unknown variant.
    """
    if not variants:
        raise NeedsError("name at least one variant to compare with the case as it stands")
    ask = asked(of, options)
    sample = sample or Sample()
    if sample.error is not None:
        raise NeedsError("a comparison draws the same cases for each variant: it does not stop early")
    runs = {}
    for name in (AS_IT_IS, *dict.fromkeys(variants)):
        question, plan = _planned(case, ask, [{name: 1.0}], types)
        means_here = _apart(means, name)
        sample = _sized(sample, question)
        runs[name] = run(plan, question, sample, means_here)
    source = _provenance(case, ask, sample, (), types, "", runs[AS_IT_IS])
    options_said = {**source.options, "variants": list(dict.fromkeys(variants))}
    return compare_worlds(replace(source, options=options_said), runs)


def _apart(means: Means | None, name: str) -> Means | None:
    """Each variant keeps its chunks in a folder of its own."""
    if means is None or means.folder is None:
        return means
    import hashlib

    return replace(means, folder=Path(means.folder) / hashlib.sha256(name.encode()).hexdigest()[:12])


def _planned(
    case: Case,
    ask: Callable[[], Question],
    switches: Switches,
    types: Mapping[str, Mapping[str, float]] | None,
) -> tuple[Question, Plan]:
    question = ask()
    shares = [_shares(switch) for switch in switches]
    plan = plan_of(case, question.relevant, shares, types, question.spaced)
    question.prepare(plan.worlds)
    return question, plan


def _shares(switch: Switch | Sequence[str]) -> Switch:
    if isinstance(switch, Mapping):
        return switch
    names = [switch] if isinstance(switch, str) else list(switch)
    return dict.fromkeys([AS_IT_IS, *names], 1.0)


def _provenance(
    case: Case,
    ask: Callable[[], Question],
    sample: Sample,
    switches: Switches,
    types: Mapping[str, Mapping[str, float]] | None,
    answer: str,
    counts: Counts,
) -> Provenance:
    spaces = [world.space for world in counts.plan.worlds if world.space is not None]
    notes = [note for space in spaces for note in space.notes if "types; it is taken" not in note]
    if not counts.plan.inputs:
        notes.append("nothing in this case is uncertain that the question depends on: one draw says it all")
    if counts.stopped:
        notes.append(
            f"stopped after {counts.draws:,} draws: the share of '{ask().main}' is known well enough"
        )
    return Provenance(
        case=case.id,
        case_hash=case.hash,
        title=case.title,
        parties=tuple(case.parties),
        issues=tuple(case.issues),
        labels={name: case.label(name) for name in (*case.parties, *case.issues)},
        options={
            "of": counts.question.name,
            **counts.question.options,
            "answer": answer,
            "draws": sample.draws,
            "sampling": sample.sampling,
            "error": sample.error,
            "switches": [dict(_shares(switch)) for switch in switches],
            "types": None if types is None else {party: dict(shares) for party, shares in types.items()},
        },
        warnings=tuple(dict.fromkeys(notes)),
        seed=sample.seed,
    )


_DESIGNS: Mapping[Sampling, str] = {
    "latin": "Latin hypercubes",
    "sobol": "scrambled Sobol points",
    "random": "independent draws",
}


def _method(counts: Counts) -> str:
    blocks = len(counts.sizes)
    return f"{counts.draws:,} draws in {blocks} independent blocks of {_DESIGNS[counts.sample.sampling]}"

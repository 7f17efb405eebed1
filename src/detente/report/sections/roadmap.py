"""Which steps get there, and hold: each step with act, proof, verifier, days and the answer if it is late."""

from __future__ import annotations

from detente.analysis.roadmap import RoadmapResult, figures, words
from detente.analysis.roadmap.result import Step
from detente.report.document import Block, Figure, Listing, Paragraph, Section, Table
from detente.report.gather import Findings
from detente.report.steps import Steps

MOST_STEPS = 12


def roadmap(findings: Findings) -> Section | None:
    """The targets one by one, the steps to the leading one, what is missing for the others, and what they rest on."""
    steps = findings.steps
    if steps is None:
        return None
    lead = steps.lead
    blocks: list[Block] = [_targets(steps), Paragraph(words.verdict(lead), _name(steps.leading))]
    blocks.append(Paragraph(_stands(steps), "How this stands."))
    blocks += _plan(lead)
    blocks += _missing(steps)
    blocks += _variants(findings, steps)
    blocks.append(
        Paragraph(
            "Steps, dates and amounts are those at the middle of each range; `detente confidence --of roadmap` asks the same of "
            "any target with as many draws as you like. Nothing here says what anybody will do.",
            "Limits.",
        )
    )
    return Section("roadmap", "Which steps get there, and hold", tuple(blocks))


def _stands(steps: Steps) -> str:
    """Whether steps to the leading target hold for all values and under all variants, some, or none."""
    lead, stand = steps.lead, steps.standing
    told = []
    if lead.main.answer.shown is None:
        told.append("That no way leads there does not depend on the values assumed.")
    elif stand is None:
        told.append("Whether this stands over the ranges was not drawn here.")
    else:
        told.append(
            f"Of {stand.draws} assumed cases drawn from the ranges, steps that hold lead there in {_of(stand.exists, stand.draws)}"
            f"; all at once in {_of(stand.at_once, stand.draws)}"
            + (f"; by the steps below in {_of(stand.shown, stand.draws)}" if stand.shown is not None else "")
            + (f"; in {stand.undecided} it was not decided" if stand.undecided else "")
            + f". Over the ranges this is {_verdict(stand.exists, stand.draws, stand.undecided)}, as far as the draws show."
        )
    known = [verdict for verdict in steps.variants.values() if verdict is not None]
    if known:
        count = sum(known)
        told.append(
            f"Of {len(known)} variants, at their middle values, they hold under {_of(count, len(known))}: {_verdict(count, len(known))}."
        )
    if stand is not None or known:
        told.append("These are shares of what we assumed; they say nothing about what will happen.")
    return " ".join(told)


def _of(count: int, whole: int) -> str:
    return "all" if count == whole else "none" if not count else str(count)


def _verdict(count: int, whole: int, undecided: int = 0) -> str:
    return "sure" if count == whole else "excluded" if not count and not undecided else "possible"


def _name(name: str) -> str:
    return f"{name[:1].upper()}{name[1:].replace('-', ' ')}."


def _targets(steps: Steps) -> Table:
    rows = tuple(
        {
            "end state": name,
            "what it is": words.target_words(result),
            "steps before the deadline" if _dated(result) else "steps": words.side_words(result, result.main),
            **({"without the deadline": _later(result)} if _dated(result) else {}),
            "all at once": words.side_words(result, result.once),
        }
        for name, result in steps.targets.items()
    )
    note = "Trust is the largest gain from breaking off that is left, as a share of the party's own gain from the deal."
    return Table("End states and the steps to them", rows, note)


def _dated(result: RoadmapResult) -> bool:
    return result.problem.terms.horizon is not None


def _later(result: RoadmapResult) -> str:
    free = result.without_deadline
    if free is None:
        return "holds" if result.exists else ""
    shown = free.answer.shown
    took = f", taking {words.span(result, len(shown.states) - 1)}" if shown is not None else ""
    return words.side_words(result, free) + took


def _plan(result: RoadmapResult) -> list[Block]:
    side, course = figures.shown(result)
    if course is None:
        return []
    steps = result.steps(course, side.answer.scale)
    if not steps:
        return []
    dated = side is result.main
    rows = tuple(_row(result, n, step, dated) for n, step in enumerate(steps[:MOST_STEPS], start=1))
    note = f"{len(steps) - MOST_STEPS} more steps follow." if len(steps) > MOST_STEPS else ""
    span = words.span(result, len(course.states) - 1)
    whole = f"Agreement in principle is the end state and the order below, before anything is done; carrying it out takes {span}."
    blocks: list[Block] = [
        Paragraph(whole, "Principle and implementation."),
        Table("Step by step", rows, note),
    ]
    if told := words.reasons_text(result):
        blocks.append(Paragraph(told, "All at once, or step by step."))
    if told := words.patience_words(result):
        blocks.append(Paragraph(told, "Time to answer."))
    spec = figures.timeline(result, side, course)
    blocks.append(
        Figure(
            "timeline",
            "Who is exposed at which step, and who would have reason to break off.",
            spec,
            _exposure(result, steps),
        )
    )
    if told := words.one_more_words(result):
        blocks.append(Paragraph(told, "One more round."))
    return blocks


def _row(result: RoadmapResult, number: int, step: Step, dated: bool) -> dict[str, str]:
    due = result.date(step.last)
    return {
        "step": str(number),
        "act": words.acts(result, step),
        "proof": "; ".join(step.proof.values()) or "not stated",
        "verifier": words.join(words.label(result, p) for p in result.verifiers) or "not named",
        "days": str(round(step.periods * result.period_days)),
        "by": due if dated and due is not None else f"within {words.span(result, step.last + 1)}",
        "if late": words.threat_words(result),
    }


def _exposure(result: RoadmapResult, steps: list[Step]) -> Table:
    rows = tuple(
        {
            "step": str(number),
            **{
                f"{words.label(result, party)}: {what}": f"{value:.2g}"
                if (value := row[party]) is not None
                else ""
                for party in result.parties
                for what, row in (
                    ("lost if all stops here", step.fall),
                    ("gained by breaking off", step.gap_raw),
                )
            },
        }
        for number, step in enumerate(steps, start=1)
    )
    return Table("Exposure and temptation, in points of each party's own scale", rows)


def _missing(steps: Steps) -> list[Block]:
    """For each target that steps do not hold to: why, and what would do."""
    items = []
    for name, result in steps.targets.items():
        if result.exists or (name == steps.leading and result.main.answer.shown is None):
            continue
        told = " ".join(
            filter(
                None,
                [
                    words.verdict(result) if name != steps.leading else "",
                    words.reasons_text(result),
                    *words.remedy_words(result),
                ],
            )
        )
        items.append(f"{name.replace('-', ' ')}: {told}{_guarantor(result)}")
    return (
        [
            Paragraph(
                "What the end states that steps do not hold to would take, in this model:", "The others."
            ),
            Listing(tuple(items)),
        ]
        if items
        else []
    )


def _guarantor(result: RoadmapResult) -> str:
    """What would have to be put up, as shares of each party's own gain."""
    side = result.main if result.main.answer.shown is not None else result.without_deadline
    if side is None or side.guarantee is None or side.answer.scale is None or side.answer.exists:
        return ""
    shares = side.guarantee.budget / side.answer.scale
    parts = [
        f"{words.label(result, p)} {s:.0%}" for p, s in zip(result.parties, shares, strict=True) if s >= 0.005
    ]
    return (
        f" A guarantor would put up, of what each gains from the deal: {words.join(parts)}." if parts else ""
    )


def _variants(findings: Findings, steps: Steps) -> list[Block]:
    if not steps.variants:
        return []
    told = {True: "hold", False: "do not hold", None: "not decided"}
    rows = tuple(
        {
            "variant": name,
            "what changes": "; ".join(c.why for c in findings.case.variants[name] if c.why)
            or "see the case file",
            f"steps to {steps.leading}": told[verdict],
        }
        for name, verdict in steps.variants.items()
    )
    return [Table("The same question under each variant", rows)]

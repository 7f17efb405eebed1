"""Which steps get there, and hold: each step with act, proof, verifier, days and the answer if it is late."""

from __future__ import annotations

from detente.analysis.roadmap import RoadmapResult, figures, words
from detente.analysis.roadmap.result import Step
from detente.report.document import Block, Figure, Listing, Paragraph, Section, Table
from detente.report.gather import Findings
from detente.report.standing import Standing, Under
from detente.report.steps import Steps

MOST_STEPS = 12


def roadmap(findings: Findings) -> Section | None:
    """The targets one by one, the steps to the leading one, what is missing for the others, and what they rest on."""
    steps = findings.steps
    if steps is None:
        return None
    lead = steps.lead
    blocks: list[Block] = [
        _targets(steps),
        *_standing(steps),
        Paragraph(words.verdict(lead), _name(steps.leading)),
    ]
    blocks.append(Paragraph(_stands(steps), "How this stands."))
    blocks += _plan(lead)
    blocks += _one_more(steps)
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
    elif stand is None or stand.drawn is None:
        told.append("Whether this stands over the ranges was not drawn here.")
    else:
        drawn, draws = stand.drawn[steps.leading], stand.draws
        open_ = drawn.undecided["steps"]
        told.append(
            f"Of {draws} assumed cases drawn from the ranges, steps that hold lead there in {_of(drawn.true['steps'], draws)}"
            f"; all at once in {_of(drawn.true['at_once'], draws)}; by the steps below in {_of(drawn.true['shown'], draws)}"
            + (f"; in {open_} it was not decided" if open_ else "")
            + f". Over the ranges this is {_verdict(drawn.true['steps'], draws, open_)}, as far as the draws show."
        )
    if stand is not None and (counted := stand.variants_with(steps.leading, "steps"))[1]:
        held, known = counted
        told.append(
            f"Of {known} variants, at their middle values, they hold under {_of(held, known)}: {_verdict(held, known)}."
        )
    if stand is not None:
        told.append("These are shares of what we assumed; they say nothing about what will happen.")
    return " ".join(told)


def _of(count: int, whole: int) -> str:
    return "all" if count == whole else "none" if not count else str(count)


def _verdict(count: int, whole: int, undecided: int = 0) -> str:
    return "sure" if count == whole else "excluded" if not count and not undecided else "possible"


def _standing(steps: Steps) -> list[Block]:
    """How each finding about each target stands, draws and variants taken together."""
    stand = steps.standing
    if stand is None or (stand.drawn is None and not stand.variants):
        return []
    dated = any(_dated(result) for result in steps.targets.values())
    columns = {
        "acceptable": "no worse than no deal for all",
        "at_rest": "nobody would leave it",
        "steps": "steps before the deadline" if dated else "steps",
        **({"later": "steps, given time", "later_at_once": "all at once, given time"} if dated else {"at_once": "all at once"}),
    }  # fmt: skip
    rows = tuple(
        {"end state": name, **{told: _cell(stand, name, what) for what, told in columns.items()}}
        for name in steps.targets
    )
    parts = [f"{stand.draws} assumed cases drawn from the ranges"] if stand.drawn is not None else []
    parts += [f"{len(stand.variants)} variants at their middle values"] if stand.variants else []
    note = (
        f"In how many of {words.join(parts)} each holds; sure where in all, excluded where in none, else possible. "
        "What was not decided counts as neither. Shares of what we assumed say nothing about what will happen."
    )
    return [Table("How these findings stand", rows, note)]


def _cell(stand: Standing, target: str, finding: str) -> str:
    verdict = stand.verdict(target, finding)
    if verdict is None:
        return "not asked"
    told = [] if stand.drawn is None else [f"{stand.drawn[target].true[finding]} of {stand.draws}"]
    held, known = stand.variants_with(target, finding)
    told += [f"{held} of {known}"] if known else []
    return f"{verdict}: {' and '.join(told)}"


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
    return blocks


def _one_more(steps: Steps) -> list[Block]:
    """What one more round is worth, and in how many of the assumed cases it is worth anything."""
    told, stand = words.one_more_words(steps.lead), steps.standing
    if not told:
        return []
    if stand is not None and stand.drawn is not None:
        rows = {words.label(steps.lead, p): row for p, row in stand.one_more.items()}
        gains = [f"{p} in {row['gains']}" for p, row in rows.items() if row["gains"]]
        loses = [f"{p} in {row['loses']}" for p, row in rows.items() if row["loses"]]
        goes_on = [f"{p} in {_of(row['goes_on'], stand.draws)}" for p, row in rows.items()]
        told += f" Of {stand.draws} assumed cases, one more round is worth something to {words.join(gains) or 'nobody'}"
        told += f" and costs {words.join(loses) or 'nobody'} something; going on beats no deal for {words.join(goes_on)}."
    return [Paragraph(told, "One more round.")]


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
        items.append(f"{name.replace('-', ' ')}: {told}{_guarantor(result, steps.standing, name)}")
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


def _guarantor(result: RoadmapResult, stand: Standing | None, name: str) -> str:
    """What would have to be put up, as shares of each party's own gain, and between what it lies over the draws."""
    side = result.main if result.main.answer.shown is not None else result.without_deadline
    if side is None or side.guarantee is None or side.answer.scale is None or side.answer.exists:
        return ""
    shares = side.guarantee.budget / side.answer.scale
    parts = [
        f"{words.label(result, p)} {s:.0%}{_between(stand, name, p)}"
        for p, s in zip(result.parties, shares, strict=True)
        if s >= 0.005
    ]
    return (
        f" A guarantor would put up, of what each gains from the deal: {words.join(parts)}." if parts else ""
    )


def _between(stand: Standing | None, name: str, party: str) -> str:
    if stand is None or stand.drawn is None or (ends := stand.drawn[name].guarantee[party]) is None:
        return ""
    low, high = (f"{share:.0%}" if share <= 2 else "more than 200%" for share in ends)
    return f" (in nine of ten assumed cases between {low} and {high})"


def _variants(findings: Findings, steps: Steps) -> list[Block]:
    stand = steps.standing
    if stand is None or not stand.variants:
        return []
    rows = tuple(
        {
            "variant": name,
            "what changes": "; ".join(c.why for c in findings.case.variants[name] if c.why)
            or "see the case file",
            **{target: _under(under[target]) for target in steps.targets},
        }
        for name, under in stand.variants.items()
    )
    note = (
        "Whether steps that hold lead to each end state. Given time: without the deadline. Trust: the least that is missing "
        "without the deadline, as a share of a party's own gain."
    )
    return [Table("The same question under each variant", rows, note)]


def _under(under: Under) -> str:
    if under.true["steps"] is None or under.true["later"] is None:
        return "not decided"
    if under.true["steps"]:
        return "hold"
    if under.true["later"]:
        return "given time"
    if not under.true["way"]:
        return "no way"
    return "do not hold" if under.trust is None else f"need trust of {under.trust:.0%}"

"""The page: at most 200 words that a principal reads, for readers on every side of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from detente.analysis.agreement.positions import SAID, SPOKEN, Distance
from detente.analysis.agreement.words import join
from detente.analysis.roadmap import figures
from detente.analysis.roadmap import words as said
from detente.case import Case
from detente.report.document import Block, Figure, Paragraph, Section, words
from detente.report.gather import Findings

MOST_WORDS = 200
FIRST = ("Room.", "Who gives what.", "Why it is stuck.", "First step.")
"""What is cut last."""
NOTHING = "nothing is better for anyone than no deal without being worse for another"
SHORT = 14
"""Words of a paragraph that is not cut further while a longer one can be."""


def page(findings: Findings, figure: Figure | None) -> Section:
    """The room, who gives what, how far apart; the decision, the basis, why it is stuck, what would change it."""
    parts = [
        Paragraph(_room(findings), "Room."),
        Paragraph(_gives(findings), "Who gives what."),
        Paragraph(_apart(findings), "How far apart."),
        Paragraph(_decision(findings.case), "To decide."),
        Paragraph(_basis(findings.case), "Basis."),
        Paragraph(_stuck(findings), "Why it is stuck."),
        Paragraph(_first_step(findings), "First step."),
        Paragraph(_change(findings), "What would change this."),
        Paragraph(_confidence(findings), "Confidence."),
        Paragraph(_absent(findings.case), "Not at the table."),
    ]
    blocks: list[Block] = [part for part in parts if part.text]
    blocks = _within(blocks)
    if figure is not None:
        blocks.append(figure)
    return Section("page", findings.case.title, tuple(blocks))


def _within(blocks: list[Block]) -> list[Block]:
    """The blocks with their longest paragraphs cut until the page keeps its length.

    Whether there is room, who gives what, each side's position, and the first step with its proof and answer, are cut last.
    """
    while words(blocks) > MOST_WORDS:
        longest = max(range(len(blocks)), key=lambda i: (_cuttable(blocks[i]), words([blocks[i]])))
        block = blocks[longest]
        assert isinstance(block, Paragraph)
        blocks[longest] = Paragraph(_shorter(block.text), block.lead)
    return blocks


def _shorter(text: str) -> str:
    """A paragraph without its last sentence; a single one without its last clause, or its last words."""
    sentences = text.split(". ")
    if len(sentences) > 1:
        return ". ".join(sentences[:-1]) + "."
    clauses = text.removesuffix(" ...").split("; ")
    if len(clauses) > 1:
        return "; ".join(clauses[:-1]) + " ..."
    return " ".join(text.split()[:-5]).rstrip(",;:.") + " ..."


def _cuttable(block: Block) -> bool:
    """Whether a paragraph may be cut before those that a reader on either side looks for."""
    first = isinstance(block, Paragraph) and block.lead in FIRST
    return not first and words([block]) > SHORT


def label(case: Case, name: str) -> str:
    """What people call a party or an issue."""
    return case.label(name)


def negotiators(case: Case) -> list[str]:
    """The parties at the table, in file order."""
    return [name for name, party in case.parties.items() if "negotiator" in party.roles]


def _decision(case: Case) -> str:
    if not case.parties and case.forecast is not None:
        names = [part.label or name for name, part in case.forecast.issues.items()]
        return f"None yet: this case asks where {len(case.forecast.actors)} actors would drift on {_few(names, 5)}."
    what = _few([label(case, i) for i in case.issues], 3) or f"which of {len(case.outcomes)} outcomes"
    when, deadline = "", case.time.deadline
    if deadline is not None:
        by = case.time.deadline_set_by
        when = f"By {deadline.isoformat()}" + (f" ({label(case, by)}'s deadline): " if by else ": ")
    elif case.time.periods is not None:
        when = f"Within {case.time.periods} periods: "
    return _capital(f"{when}{what}.")


def _few(names: Sequence[str], most: int) -> str:
    return join(names) if len(names) <= most else join([*names[: most - 1], f"{len(names) - most + 1} more"])


def _basis(case: Case) -> str:
    sources = len(case.sources)
    cited = f"{sources} source{'s' * (sources != 1)}" if sources else "no source"
    numbers = [p for p in case.preferences if not _cited(case, f"preferences.{p}")]
    text = f"{cited[0].upper()}{cited[1:]}"
    text += "; every number is ours" if numbers and len(numbers) == len(case.preferences) else ""
    return text + "; no party was consulted."


def _cited(case: Case, path: str) -> bool:
    return any(path.startswith(p) or p.startswith(path) for e in case.evidence for p in e.supports)


def _room(findings: Findings) -> str:
    deal, over = findings.deal, findings.ranges
    if deal is None and findings.drift is not None:
        return "Not asked: without parties, issues and preferences nothing can be said about a deal."
    if deal is None:
        return "This case cannot be asked whether a deal exists: " + " ".join(findings.missing)
    everyone = f"all {len(deal.space.parties)} parties" if len(deal.space.parties) > 2 else "both sides"
    if len(deal.space.parties) == 1:
        everyone = label(findings.case, deal.space.parties[0])
    verdict = over.verdict if over is not None else None
    count = deal.zone.count
    share = f" ({count:,} of {deal.space.size:,})" if count is not None and deal.zone.exists else ""
    if verdict == "sure":
        return f"In this model, outcomes acceptable to {everyone} exist for all values assumed{share}."
    if verdict == "excluded":
        return f"In this model, {NOTHING}, for any values assumed."
    if deal.zone.exists and over is None:
        return f"In this model, outcomes acceptable to {everyone} exist at the values thought most likely{share}."
    if deal.zone.exists:
        but = (
            "but not for all values assumed"
            if over is None or over.tight
            else "whether for all values assumed is open"
        )
        return f"In this model, outcomes acceptable to {everyone} are possible{share}, {but}."
    if over is None:
        return f"In this model, {NOTHING}, at the values thought most likely."
    return f"In this model, {NOTHING}, at the values thought most likely; at others something is."


def _gives(findings: Findings) -> str:
    """Who would take which issue where, in one of the acceptable packages."""
    deal, case = findings.deal, findings.case
    found = None if deal is None else deal.solutions.get("kalai_smorodinsky")
    if deal is None or found is None or not deal.zone.exists:
        return ""
    space = deal.space
    if case.graph_form:
        return f"One outcome acceptable to all: {space.outcome(found.levels)}."
    by: dict[str, list[str]] = {}
    for name, names, old, new in zip(space.issues, space.level_names, space.start, found.levels, strict=True):
        if old != new:
            who = join(label(case, party) for party in case.issues[name].by or ())
            by.setdefault(who, []).append(f"{label(case, name)} to {names[new]}")
    if not by:
        return "One package acceptable to all leaves things as they stand."
    told = [_few(moves, 3) + (f" ({who})" if who else "") for who, moves in by.items()]
    return f"One acceptable package: {'; '.join(told)}."


def _apart(findings: Findings) -> str:
    """How many levels apart the stated positions are, for the pair that is furthest apart on most issues."""
    deal, case = findings.deal, findings.case
    if deal is None or not deal.distances:
        return ""
    gaps = [
        f"{label(case, issue)} {steps} of {len(deal.space.level_names[deal.space.issues.index(issue)]) - 1} steps"
        for issue, steps in _widest(deal.distances).items()
    ]
    if gaps:
        return f"As stated, on {_few(gaps, 4)}."
    spoken = any(d.levels for d in deal.distances)
    return (
        "The stated positions agree where both sides spoke."
        if spoken
        else "No two sides have spoken of the same issue."
    )


def _widest(distances: Sequence[Distance]) -> dict[str, int]:
    """The issues on which stated positions differ, and by how many levels at most."""
    widest: dict[str, int] = {}
    for distance in distances:
        for issue, (_, _, steps) in distance.levels.items():
            if steps:
                widest[issue] = max(steps, widest.get(issue, 0))
    return widest


def _stuck(findings: Findings) -> str:
    """Each side's position as it would state it, and where they part."""
    case, deal = findings.case, findings.deal
    if deal is None:
        return ""
    stated = [_position(case, party) for party in case.parties]
    parts = [f"{'. '.join(filter(None, stated))}."] if any(stated) else []
    contested = [label(case, t.issue) for t in deal.trades if t.kind == "contested"]
    if contested and not _widest(deal.distances):
        parts.append(f"Contested: {_few(contested, 4)}.")
    return " ".join(parts)


def _position(case: Case, party: str) -> str:
    """What a party says it stands for: its last statement, and the limits it has set."""
    said = [e for e in case.record if party in (e.party or ()) and e.kind in SAID and e.outcome]
    wants = [e for e in said if e.kind in SPOKEN][-1:]
    limits = [e for e in said if e.kind == "limit"]
    told = [_verb(e.kind) + _terms(case, e.outcome) for e in wants]
    told += [
        f"holds to {_terms(case, e.outcome)}" + (f" {e.conditional_on}" if e.conditional_on else "")
        for e in limits
    ]
    return f"{label(case, party)} {' and '.join(told)}" if told else ""


def _verb(kind: str) -> str:
    return {"demand": "demands ", "offer": "offers ", "counter": "offers "}.get(kind, "stands for ")


def _terms(case: Case, outcome: Mapping[str, str] | str | None) -> str:
    if isinstance(outcome, str):
        return outcome
    return _few([f"{label(case, issue)}: {level}" for issue, level in (outcome or {}).items()], 4)


def _first_step(findings: Findings) -> str:
    """The first step, its proof, its date, and the answer if it is late; else what is missing."""
    if findings.steps is None:
        return ""
    lead = findings.steps.lead
    side, course = figures.shown(lead)
    steps = lead.steps(course, side.answer.scale)
    if not steps:
        return ""
    first = steps[0]
    due = lead.date(first.last)
    when = f"by {due}" if due is not None else f"within {said.span(lead, first.last + 1)}"
    proof = f" Proof: {'; '.join(first.proof.values())}." if first.proof else ""
    trust = "" if side.answer.exists else " These steps need trust or a remedy (see the roadmap)."
    return f"{said.acts(lead, first)}, {when}.{proof} If late, {said.threat_words(lead)}.{trust}"


def _change(findings: Findings) -> str:
    """The two facts that would change the answer: readings of no deal first, then variants."""
    facts = []
    if len(set(findings.by_no_deal.values())) > 1:
        facts.append("what no deal means: now and after the deadline the answers differ")
    here = findings.deal.zone.exists if findings.deal is not None else None
    turned = [v.name for v in findings.variants if v.exists is not None and v.exists != here]
    facts += [f"the variant '{name}'" for name in turned]
    if findings.ranges is not None and findings.ranges.verdict == "possible":
        facts.append("better knowledge of what each side values")
    if findings.steps is not None:
        lead, stand = findings.steps.lead.exists, findings.steps.standing
        under = {} if stand is None else stand.variants
        turned = [
            name
            for name, targets in under.items()
            if targets[findings.steps.leading].true["steps"] not in (None, lead)
        ]
        facts += [
            f"for first steps, variant '{name}'"
            for name in turned
            if not name.endswith(("formula", "literal", "together"))
        ]
    if not facts and findings.variants:
        return "Nothing tried here changes whether there is room; see the variants."
    return f"{_capital('; '.join(facts[:2]))}." if facts else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _confidence(findings: Findings) -> str:
    if findings.deal is None:
        return ""
    case, over = findings.case, findings.ranges
    reasons = []
    if len(case.sources) <= 1:
        reasons.append("one source" if case.sources else "no source")
    stand = None if findings.steps is None else findings.steps.standing
    drawn = None if stand is None or stand.drawn is None else stand.drawn[findings.steps.leading]  # type: ignore[union-attr]
    if stand is not None and drawn is not None and 0 < drawn.true["steps"] < stand.draws:
        reasons.append(f"these steps hold in {drawn.true['steps']} of {stand.draws} assumed cases")
    elif over is not None and over.verdict == "possible":
        reasons.append("the answer changes within the ranges")
    level = "Low" if len(reasons) == 2 else "Moderate" if reasons else "Fair"
    if not reasons:
        reasons.append("the answer is the same over all ranges given")
    return f"{level}: {join(reasons)}."


def _absent(case: Case) -> str:
    return f"{_few([someone.label for someone in case.absent], 4)}." if case.absent else ""

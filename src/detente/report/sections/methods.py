"""How the answers were computed, what they cannot say, and how to get them again."""

from __future__ import annotations

from detente.analysis.forecast import ForecastResult
from detente.case import Case
from detente.report.document import Listing, Section, Table
from detente.report.gather import Findings


def methods(findings: Findings) -> Section:
    """How it was computed, and what it cannot say."""
    deal = findings.deal
    items = [
        "An outcome is acceptable if every party with preferences values it at least as much as no deal; there is room if one "
        "of these outcomes is better than no deal for somebody. Efficient outcomes are those that nobody can gain from without "
        "another losing (the Pareto front over all possible outcomes).",
        "Packages, in the order of the table: the rules of Nash (1950), Kalai and Smorodinsky (1975), Kalai (1977) and "
        "Harsanyi (1955), on the acceptable outcomes; the last two compare the parties' scales.",
        "Sure means for all values in the ranges of the case, possible for some; neither is a likelihood.",
        "A single run uses the middle value of each range.",
        "Acceptable is not the same as stable: nothing here says that a package would be kept.",
    ]
    if deal is not None:
        exact = (
            "exactly"
            if deal.exact
            else f"with an error of at most {deal.bound:.3g} in utility"
            if deal.bound
            else "within a stated gap"
        )
        items.append(f"The front was computed {exact} ({deal.method}).")
        items += [f"{warning[0].upper()}{warning[1:]}." for warning in deal.source.warnings]
    if findings.sure is not None:
        items.append(
            f"How sure: {findings.sure.method}; shares of variance explained are first-order indices of Sobol (2001), from the draws."
        )
    if findings.standoff is not None:
        items.append(
            "What holds at rest follows the graph model for conflict resolution: outright (Nash 1951), since answers that pay "
            "would undo every gain (Fraser and Hipel 1984; Rego and Vieira 2017), or if any answer is expected (Howard 1971)."
        )
    if findings.drift is not None:
        items = [*([] if deal is None else items), *_drift(findings.drift)]
    if findings.steps is not None:
        items.append(
            "A roadmap holds if no party would gain from one departure at any step or at the end, followed by the play expected "
            "after a breach, in which each side does what is then best for itself (see docs/explanation/roadmap.md)."
        )
    items += [f"{reason}" for reason in findings.missing]
    return Section("methods", "Methods and limits", (Listing(tuple(items)),))


def _drift(drift: ForecastResult) -> list[str]:
    items = [
        "Baselines: mean and median of the stated positions weighted with capability times salience, and the solution of "
        "Nash (1950) weighted with capability, no deal being as bad to each actor as the worst points of the scales.",
        "Where it would drift: the spatial model of politics of the KAPSARC Toolkit for Behavioral Analysis under its default "
        "settings, until movement dies down. The other model is the expected-utility model as Scholz, Calbert and Smith "
        "(2011) describe it, in sixteen readings. Neither knows packages, promises or deadlines.",
    ]
    return items + [f"{warning[0].upper()}{warning[1:]}." for warning in drift.source.warnings]


def reproduce(case: Case, version: str, name: str, variant: str | None, audience: str) -> Section:
    """Command, hash and version."""
    shown_name = name if "/" not in name and "\\" not in name else name.replace("\\", "/").rsplit("/", 1)[-1]
    command = f"detente report {shown_name}" + (f" --variant {variant}" if variant else "")
    command += f" --audience {audience}" if audience != "analyst" else ""
    rows = ({"what": "command", "value": command}, {"what": "case", "value": case.id}, {"what": "hash of the case (SHA-256)", "value": case.hash}, {"what": "detente", "value": version})  # fmt: skip
    return Section("reproduce", "Reproduce", (Table("To get this report again", rows),))

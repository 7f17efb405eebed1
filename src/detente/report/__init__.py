"""Results told to people: text, HTML, Markdown, JSON, figures."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import detente
from detente.analysis.agreement.ranges import OverRanges
from detente.analysis.confidence import ConfidenceResult, Means
from detente.analysis.result import to_plain
from detente.analysis.standoff import StandoffResult
from detente.case import Case
from detente.case.structure import among
from detente.errors import NeedsError
from detente.report import draw, html, markdown, office
from detente.report.document import Figure, Paragraph, Report, Section, figures_of
from detente.report.draw import Drawings
from detente.report.gather import Findings, gather
from detente.report.hide import view_of
from detente.report.page import page
from detente.report.sections import reproduce, sections
from detente.report.standing import ASKED, Standing

__all__ = ["build", "export", "pictures", "render"]

TEXTS = ("html", "md", "json")
PAPERS = ("pdf", "docx")
"""Forms that need the extra ``office``."""
FORMS = (*TEXTS, *PAPERS)


def render(
    case: Case,
    *,
    form: str = "md",
    audience: str = "analyst",
    name: str | None = None,
    variant: str | None = None,
    keep: Path | None = None,
    workers: int = 1,
) -> str:
    """The report on a case as text in one of the forms ``html``, ``md``, ``json``; otherwise as `export`."""
    if form not in TEXTS:
        raise NeedsError(f"unknown format '{form}' of a text; there are {among(TEXTS)}")
    return export(
        case, form=form, audience=audience, name=name, variant=variant, keep=keep, workers=workers
    ).decode()


def export(
    case: Case,
    *,
    form: str,
    audience: str = "analyst",
    name: str | None = None,
    variant: str | None = None,
    keep: Path | None = None,
    workers: int = 1,
) -> bytes:
    """The report on a case as a file in one of the forms ``html``, ``md``, ``json`` (UTF-8), ``pdf``, ``docx``.

    ``audience`` is ``principal`` (the page, packages and what would change the answer), ``analyst``
    (everything) or ``party:ID`` (what this party may see). ``name`` and ``variant`` are how the reader finds
    the case again. What is drawn at random, on so many ``workers`` (processes), is kept in the folder ``keep``, if one is
    given, and serves the next report on the same case. The file is a pure function of the other arguments. PDF and Word need the extra ``office``:
    `MissingExtraError` without it.
    """
    if form not in FORMS:
        raise NeedsError(f"unknown format '{form}'; there are {among(FORMS)}")
    drawings = Drawings() if form in ("html", "pdf") else None
    report = build(
        case, audience=audience, name=name, variant=variant, drawings=drawings, keep=keep, workers=workers
    )
    writers: dict[str, Callable[[Report], bytes]] = {
        "html": lambda r: html.render(r, drawings).encode(),
        "md": lambda r: markdown.render(r).encode(),
        "json": lambda r: (json.dumps(to_plain(r.data), ensure_ascii=False, indent=1) + "\n").encode(),
        "pdf": lambda r: office.pdf(r, drawings),
        "docx": office.docx,
    }
    return writers[form](report)


def pictures(report: Report, form: str) -> dict[str, bytes]:
    """The figures of a report by name, each as a file of the form ``svg``, ``png`` or ``pdf``."""
    if form not in draw.FORMS:
        raise NeedsError(f"unknown format '{form}' of a figure; there are {among(draw.FORMS)}")
    return {figure.name: draw.picture(figure.spec, form) for figure in report.figures}


def build(
    case: Case,
    *,
    audience: str = "analyst",
    name: str | None = None,
    variant: str | None = None,
    drawings: Drawings | None = None,
    keep: Path | None = None,
    workers: int = 1,
) -> Report:
    """The report on a case as data; ``drawings`` are begun with what is found early."""
    hidden: list[str] = []
    if audience.startswith("party:"):
        case, hidden = view_of(case, audience.removeprefix("party:"))
    elif audience not in ("principal", "analyst"):
        raise NeedsError(f"unknown audience '{audience}'; there are principal, analyst and party:ID")

    def early(found: Findings) -> None:
        if drawings is not None:
            drawings.ahead(figure.spec for figure in figures_of(sections(found)))

    findings = gather(case, early, Means(workers, folder=keep))
    parts = sections(findings)
    figure = _main_figure(parts)
    front = page(findings, figure)
    parts = _once(parts, figure)
    if hidden:
        note = Paragraph(
            f"{len(hidden)} confidential input{'s' * (len(hidden) != 1)} of others left out.", "This view."
        )
        front = Section(front.key, front.title, (*front.blocks, note))
    if audience == "principal":
        parts = [section for section in parts if section.key in ("funnel", "packages", "change")]
    parts.append(reproduce(case, detente.__version__, name or case.id, variant, audience))
    return Report(case.title, front, tuple(parts), _data(findings, audience))


def _main_figure(parts: list[Section]) -> Figure | None:
    """The figure of the page: where the parties stand on several issues, else what outcomes are worth."""
    figures = {figure.name: figure for figure in figures_of(parts)}
    stands = figures.get("positions")
    if stands is not None and stands.table is not None and len(stands.table.rows) > 1:
        return stands
    return figures.get("scatter") or stands or figures.get("drift")


def _once(parts: list[Section], figure: Figure | None) -> list[Section]:
    """The sections without the page's figure: a figure, with its table, is shown once."""
    return [
        replace(part, blocks=tuple(block for block in part.blocks if block is not figure)) for part in parts
    ]


def _data(findings: Findings, audience: str) -> dict[str, object]:
    case = findings.case
    return {
        "detente": detente.__version__,
        "analysis": "report",
        "case": case.id,
        "case_hash": case.hash,
        "parties": list(case.parties),
        "issues": list(case.issues),
        "options": {"audience": audience},
        "warnings": list(findings.deal.source.warnings)
        if findings.deal is not None
        else list(findings.missing),
        "funnel": dict(findings.funnel),
        "agreement": None if findings.deal is None else findings.deal.to_dict(),
        "over_ranges": None if findings.ranges is None else _ranges(findings.ranges),
        "by_no_deal": dict(findings.by_no_deal),
        "variants": [vars_of(v) for v in findings.variants],
        "table": None if findings.table is None else findings.table.to_dict(),
        "roadmap": None
        if findings.steps is None
        else {name: result.to_dict() for name, result in findings.steps.targets.items()},
        "standing": None
        if findings.steps is None or findings.steps.standing is None
        else _standing(findings.steps.standing),
        "standoff": None if findings.standoff is None else _at_rest(findings.standoff),
        "confidence": None if findings.sure is None else _how_sure(findings.sure),
    }


def _standing(standing: Standing) -> dict[str, object]:
    """How findings about the targets stand, with the verdict on each."""
    targets = {name for under in standing.variants.values() for name in under} | set(standing.drawn or ())
    return {
        **dataclasses.asdict(standing),
        "verdicts": {
            name: {what: standing.verdict(name, what) for what in ASKED} for name in sorted(targets)
        },
    }


def _at_rest(result: StandoffResult) -> dict[str, object]:
    """The standoff without its long lists, which its own command prints."""
    return {k: v for k, v in result.document().items() if k not in ("feasible", "stability", "labels")}


def _how_sure(result: ConfidenceResult) -> dict[str, object]:
    """The confidence analysis without the outcomes one by one, which its own command prints."""
    data = result.document()
    data["answers"] = {name: answer for name, answer in data["answers"].items() if ":" not in name}
    return data


def _ranges(over: OverRanges) -> dict[str, object]:
    return {
        "verdict": over.verdict,
        "sure": dict(over.sure),
        "possible": dict(over.possible),
        "sure_count": over.sure_count,
        "possible_count": over.possible_count,
        "tight": over.tight,
    }


def vars_of(variation: object) -> dict[str, object]:
    """A frozen record as a mapping."""
    return {f.name: getattr(variation, f.name) for f in dataclasses.fields(variation)}  # type: ignore[arg-type]

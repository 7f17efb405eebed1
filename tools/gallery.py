"""The gallery: every catalogue case with its figures and what is found. `python -m tools.gallery` makes it anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import detente
from detente import catalog
from detente.case import Case
from detente.report import build, pictures
from detente.report.document import Paragraph, Report
from detente.report.draw import picture

HOME = Path(__file__).parent.parent / "docs" / "gallery"
SHOWN = ("scatter", "trades", "moves", "timeline", "drift", "tornado", "concessions")
"""Figures of a report that tell most of a case, the first two that there are."""
SAID = ("Room.", "Who gives what.", "Why it is stuck.", "First step.", "Today.", "How this stands.")
MOST = 2
LARGEST = 200_000
"""Bytes of an SVG from which on a PNG is taken where that is smaller."""
NOTE = "<!-- Made by `python -m tools.gallery`; nothing here is written by hand. -->"


def main() -> None:
    """Writes the page and the figures."""
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir()
    parts = [
        "# Gallery",
        NOTE,
        "Every case that comes with detente: what it is, what its report says first, and its figures. Any of the names stands "
        "for a case file: `detente report elmira-1991`.",
    ]
    for name in sorted(catalog.names()):
        parts += _entry(name)
    (HOME / "index.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _entry(name: str) -> list[str]:
    case = detente.load(name)
    report = build(case)
    drawn = pictures(report, "svg")
    chosen = [figure for figure in SHOWN if figure in drawn][:MOST]
    specs = {figure.name: figure for figure in report.figures}
    out = [f"## {case.title}", f"`{name}`. {_source(case)}", findings(case, report)]
    for figure in chosen:
        other = picture(specs[figure].spec, "png") if len(drawn[figure]) > LARGEST else drawn[figure]
        large = len(other) < len(drawn[figure])
        file = f"{name}-{figure}.{'png' if large else 'svg'}"
        (HOME / file).write_bytes(other if large else drawn[figure])
        out.append(f"![{specs[figure].caption}]({file})")
        out.append(f"*{specs[figure].caption}*")
    return out


def findings(case: Case, report: Report) -> str:
    """One paragraph: what the report says first; of a forecast, where it ends."""
    blocks = [block for section in (report.page, *report.sections) for block in section.blocks]
    said = [block.text for block in blocks if isinstance(block, Paragraph) and block.lead in SAID]
    if case.forecast is not None and not case.parties:
        said = [detente.forecast(case).explain().splitlines()[0]]
    return " ".join(said)


def _source(case: Case) -> str:
    titles = [source.title for source in case.sources.values() if source.title]
    return f"After: {'; '.join(titles)}." if titles else "Made for detente."


if __name__ == "__main__":
    main()

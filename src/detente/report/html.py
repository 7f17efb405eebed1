"""A report as one self-contained HTML file: no scripts, no network, static figures; prints and folds to a phone."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from detente.report.document import Block, Figure, Listing, Paragraph, Report, Table
from detente.report.draw import Drawings

_ID = re.compile(r'(\bid="|url\(#|href="#)([A-Za-z][\w-]*)')
_OWN = re.compile(r'\bid="([A-Za-z][\w-]*)"')


def render(report: Report, drawings: Drawings | None = None) -> str:
    """The whole report as an HTML document; ``drawings`` may hold some of its figures already."""
    drawn = _drawn(report, drawings or Drawings())
    text: str = _template().render(report=report, kind=_kind, drawn=drawn)
    return text


@lru_cache(maxsize=1)
def _template() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("detente.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")


def _kind(block: Block) -> str:
    match block:
        case Paragraph():
            return "paragraph"
        case Listing():
            return "list"
        case Table():
            return "table"
        case Figure():
            return "figure"


def _drawn(report: Report, drawings: Drawings) -> dict[str, Any]:
    """The figures of a report by name; ids inside each are numbered anew, so that two on one page do not clash."""
    from markupsafe import Markup

    figures = {figure.name: figure.spec for figure in report.figures}
    out = {}
    for number, (name, drawing) in enumerate(
        zip(figures, drawings.of(list(figures.values())), strict=True), start=1
    ):
        ids = {old: f"figure{number}-{i}" for i, old in enumerate(dict.fromkeys(_OWN.findall(drawing)))}
        out[name] = Markup(_ID.sub(lambda m, ids=ids: m[1] + ids.get(m[2], m[2]), drawing))  # type: ignore[misc]  # noqa: S704  our own drawing
    return out

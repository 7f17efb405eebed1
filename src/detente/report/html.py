"""A report as one self-contained HTML file: no scripts, no network, static figures; prints and folds to a phone."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from detente.report.document import Block, Figure, Listing, Paragraph, Report, Table
from detente.report.draw import svg

_ID = re.compile(r'(\bid="|url\(#|href="#)([A-Za-z][\w-]*)')
_OWN = re.compile(r'\bid="([A-Za-z][\w-]*)"')


def render(report: Report) -> str:
    """The whole report as an HTML document."""
    counter = _Counter()
    text: str = _template().render(report=report, kind=_kind, draw=counter.draw)
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


class _Counter:
    """Draws figures; ids inside each SVG are numbered anew, so that two on one page do not clash."""

    def __init__(self) -> None:
        self.drawn = 0

    def draw(self, figure: Figure) -> Any:
        from markupsafe import Markup

        self.drawn += 1
        drawing = svg(figure.spec)
        names = {old: f"figure{self.drawn}-{i}" for i, old in enumerate(dict.fromkeys(_OWN.findall(drawing)))}
        return Markup(_ID.sub(lambda m: m[1] + names.get(m[2], m[2]), drawing))  # noqa: S704  our own drawing

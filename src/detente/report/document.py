"""A report as data: a page, sections, blocks. Renderers turn it into HTML, Markdown, text or JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Paragraph:
    """Text; ``lead`` is set in front, in bold."""

    text: str
    lead: str = ""


@dataclass(frozen=True)
class Listing:
    """A list of short items."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table with a caption; every row has the same keys. ``note`` stands below."""

    caption: str
    rows: tuple[Mapping[str, str], ...]
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """A Vega-Lite specification with its caption; ``table`` says the same in words and numbers."""

    name: str
    caption: str
    spec: Mapping[str, Any]
    table: Table | None = None


Block = Paragraph | Listing | Table | Figure


@dataclass(frozen=True)
class Section:
    """A part of the report with a heading."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Report:
    """The whole: ``page`` is what a principal reads; ``data`` is the JSON of it all."""

    title: str
    page: Section
    sections: tuple[Section, ...]
    data: Mapping[str, Any]

    @property
    def figures(self) -> list[Figure]:
        """All figures, in order."""
        return figures_of((self.page, *self.sections))


def figures_of(sections: Iterable[Section]) -> list[Figure]:
    """All figures of some sections, in order."""
    return [block for section in sections for block in section.blocks if isinstance(block, Figure)]


def words(blocks: Sequence[Block]) -> int:
    """Number of words in the running text of some blocks (figures and tables apart)."""
    texts = []
    for block in blocks:
        if isinstance(block, Paragraph):
            texts.append(f"{block.lead} {block.text}")
        elif isinstance(block, Listing):
            texts += block.items
    return sum(len(text.split()) for text in texts)

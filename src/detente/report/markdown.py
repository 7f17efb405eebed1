"""A report as Markdown: what a terminal or a wiki shows. Figures are given as their table twins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from detente.report.document import Block, Figure, Listing, Paragraph, Report, Section, Table


def render(report: Report) -> str:
    """The whole report as Markdown text."""
    parts = [f"# {report.title}", *(_block(block) for block in report.page.blocks)]
    for section in report.sections:
        parts += _section(section)
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(section: Section) -> list[str]:
    return [f"## {section.title}", *(_block(block) for block in section.blocks)]


def _block(block: Block) -> str:
    match block:
        case Paragraph(text, lead):
            return f"**{lead}** {text}".strip() if lead else text
        case Listing(items):
            return "\n".join(f"- {item}" for item in items)
        case Table():
            return _table(block)
        case Figure(_, caption, spec, table):
            alt = f"*{caption}*\n\n{spec.get('description', '')}".strip()
            return alt if table is None else f"{alt}\n\n{_table(table)}"


def _table(table: Table) -> str:
    if not table.rows:
        return ""
    note = f"\n\n{table.note}" if table.note else ""
    return f"**{table.caption}**\n\n{_grid(table.rows)}{note}"


def _grid(rows: Sequence[Mapping[str, str]]) -> str:
    columns = list(rows[0])
    lines = [columns, ["---"] * len(columns), *([str(row.get(c, "")) for c in columns] for row in rows)]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |"
        for line in lines
    )

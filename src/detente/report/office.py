"""A report on paper (PDF, by Typst) and as a Word document. Both need the extra ``office``."""

from __future__ import annotations

import io
import json
import re
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from detente.errors import MissingExtraError
from detente.report.document import Block, Figure, Listing, Paragraph, Report, Table
from detente.report.draw import Drawings, picture

FIXED = datetime(2000, 1, 1)
"""The date that a document carries: a report depends on the case alone, not on the clock."""
ACROSS = 100
"""Characters that fit across a page in a table."""


def pdf(report: Report, drawings: Drawings | None = None) -> bytes:
    """The report as a PDF file; raises `MissingExtraError` without Typst."""
    try:
        import typst
    except ImportError as error:
        raise MissingExtraError("typst", "office") from error
    figures = report.figures
    drawn = (drawings or Drawings()).of([figure.spec for figure in figures])
    pictures = {figure.name: drawing for figure, drawing in zip(figures, drawn, strict=True)}
    template = resources.files("detente.report").joinpath("templates/report.typ").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, drawing in pictures.items():
            (root / f"{name}.svg").write_text(drawing, encoding="utf-8")
        (root / "report.json").write_text(json.dumps(_plain(report, pictures)), encoding="utf-8")
        (root / "report.typ").write_text(template, encoding="utf-8")
        made: bytes = typst.compile(root / "report.typ", root=root, ignore_system_fonts=True)
    return made


def _plain(report: Report, pictures: Mapping[str, str]) -> dict[str, Any]:
    return {
        "title": report.title,
        "page": [_block(block, pictures) for block in report.page.blocks],
        "sections": [
            {"title": section.title, "blocks": [_block(block, pictures) for block in section.blocks]}
            for section in report.sections
        ],
    }


def _block(block: Block, pictures: Mapping[str, str]) -> dict[str, Any]:
    match block:
        case Paragraph(text, lead):
            return {"kind": "paragraph", "text": text, "lead": lead}
        case Listing(items):
            return {"kind": "list", "items": items}
        case Table():
            return {"kind": "table", **_table(block)}
        case Figure(name, caption, spec, table):
            return {
                "kind": "figure",
                "file": f"{name}.svg",
                "alt": spec.get("description", caption),
                "caption": caption,
                "width": _centimetres(pictures[name]),
                "table": None if table is None else _table(table),
            }


def _table(table: Table) -> dict[str, Any]:
    columns = list(table.rows[0]) if table.rows else []
    rows = [[row[column] for column in columns] for row in table.rows]
    return {
        "caption": table.caption,
        "columns": columns,
        "rows": rows,
        "note": table.note,
        "widths": _widths(table),
    }


def _widths(table: Table) -> list[float]:
    """How wide the columns of a table should be, in characters: first the longest word of each, then what long texts want."""
    least, wanted = [], []
    for column in table.rows[0] if table.rows else ():
        cells = [row[column] for row in table.rows]
        words = [
            word for text in (column, *cells) for word in re.split(r"\s+|(?<=-)", text)
        ]  # a line may end at a hyphen
        least.append(4 + max(map(len, words), default=1))
        wanted.append(max(0, max(map(len, cells)) - least[-1]))
    left = max(0, ACROSS - sum(least))
    return [low + left * want / max(1, sum(wanted)) for low, want in zip(least, wanted, strict=True)]


def _centimetres(drawing: str) -> float:
    """The width of an SVG figure on paper, at 96 units to the inch, a little smaller."""
    found = re.search(r'<svg[^>]* width="([\d.]+)', drawing)
    return round(float(found[1]) / 96 * 2.54 * 0.8, 2) if found else 12.0


def docx(report: Report) -> bytes:
    """The report as a Word document; raises `MissingExtraError` without python-docx."""
    try:
        from docx import Document
    except ImportError as error:
        raise MissingExtraError("python-docx", "office") from error
    document = Document()
    about = document.core_properties
    about.title, about.author, about.comments = report.title, "detente", ""
    about.created = about.modified = FIXED
    _margins(document)
    document.add_heading(report.title, level=0)
    for block in report.page.blocks:
        _add(document, block)
    for section in report.sections:
        document.add_heading(section.title, level=1)
        for block in section.blocks:
            _add(document, block)
    return _undated(document)


def _margins(document: Any) -> None:
    """A4 with room for tables."""
    from docx.shared import Cm

    page = document.sections[0]
    page.page_width, page.page_height = Cm(21.0), Cm(29.7)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(2.0)


def _add(document: Any, block: Block) -> None:
    match block:
        case Paragraph(text, lead):
            paragraph = document.add_paragraph()
            if lead:
                paragraph.add_run(f"{lead} ").bold = True
            paragraph.add_run(text)
        case Listing(items):
            for item in items:
                document.add_paragraph(item, style="List Bullet")
        case Table():
            _add_table(document, block)
        case Figure(_, caption, spec, table):
            _add_figure(document, caption, spec)
            if table is not None:
                _add_table(document, table)


def _add_table(document: Any, table: Table) -> None:
    from docx.oxml import OxmlElement
    from docx.shared import Emu, Pt

    if not table.rows:
        return
    columns = list(table.rows[0])
    document.add_paragraph(table.caption, style="Caption").paragraph_format.keep_with_next = True
    grid = document.add_table(rows=1 + len(table.rows), cols=len(columns), style="Table Grid")
    grid.autofit = False
    shares = _widths(table)
    widths = [Emu(round(_room(document) * share / sum(shares))) for share in shares]
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = width
    texts = [*columns, *(row[column] for row in table.rows for column in columns)]
    for place, (cell, text) in enumerate(zip(grid._cells, texts, strict=True)):  # row by row
        cell.width = widths[place % len(columns)]
        run = cell.paragraphs[0].add_run(text)
        run.font.size, run.bold = Pt(8), place < len(columns)
    head = OxmlElement("w:tblHeader")  # the heading row is said again on every page
    grid.rows[0]._tr.get_or_add_trPr().append(head)
    if table.note:
        document.add_paragraph().add_run(table.note).italic = True


def _room(document: Any) -> int:
    """The width between the margins."""
    page = document.sections[0]
    return int(page.page_width - page.left_margin - page.right_margin)


def _add_figure(document: Any, caption: str, spec: Mapping[str, Any]) -> None:
    paragraph = document.add_paragraph()
    shape = paragraph.add_run().add_picture(io.BytesIO(picture(spec, "png")))
    widest = _room(document)
    if shape.width > widest:
        shape.height, shape.width = round(shape.height * widest / shape.width), widest
    shape._inline.docPr.set("descr", str(spec.get("description", caption)))
    document.add_paragraph(caption, style="Caption")


def _undated(document: Any) -> bytes:
    """The file with every part dated alike, so that the same report is the same file."""
    made, out = io.BytesIO(), io.BytesIO()
    document.save(made)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            info = zipfile.ZipInfo(part, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, old.read(part))
    return out.getvalue()

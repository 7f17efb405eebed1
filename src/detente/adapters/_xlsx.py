"""Cells of the first sheet of an XLSX workbook, in and out, by the standard library. Nothing is unpacked to disk."""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from xml.sax.saxutils import escape, quoteattr

from detente.adapters._source import Source
from detente.adapters._xml import Element, parse_text

MAX_PART = 50_000_000
"""Bytes of one part of a workbook, unpacked."""
MAX_ROWS, MAX_COLUMNS = 100_000, 1_000
_BROKEN = (RuntimeError, NotImplementedError, OSError, EOFError, ValueError, KeyError)
_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})\Z")


def rows(source: Source) -> list[list[str]]:
    """The first sheet's cells as text, row by row; a `CaseError` where the file is no workbook that is read."""
    try:
        book = zipfile.ZipFile(io.BytesIO(source.raw))
        parts = {info.filename: info for info in book.infolist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise source.error(f"not a workbook: {error}") from None
    for name in parts:
        if name.startswith("/") or "\\" in name or ".." in PurePosixPath(name).parts:
            raise source.error("a part of the workbook leads outside of it", got=repr(name[:80]))
    sheets = sorted(n for n in parts if re.fullmatch(r"xl/worksheets/sheet[0-9]+\.xml", n))
    if not sheets:
        raise source.error("the workbook has no sheet", "xl/worksheets/sheet1.xml")
    sheet = min(sheets, key=lambda name: int(re.sub(r"\D", "", name.rsplit("/", 1)[-1])))
    strings = (
        [_joined(item) for item in _part(source, book, "xl/sharedStrings.xml").inside]
        if "xl/sharedStrings.xml" in parts
        else []
    )
    return _cells(source, _part(source, book, sheet), strings)


def _part(source: Source, book: zipfile.ZipFile, name: str) -> Element:
    """A part's root element, tags without their namespaces."""
    try:
        with book.open(name) as file:
            raw = file.read(MAX_PART + 1)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, *_BROKEN) as error:
        raise source.error(f"the workbook's part {name} cannot be unpacked: {error}") from None
    if len(raw) > MAX_PART:
        raise source.error(f"the workbook's part {name} is too large", f"at most {MAX_PART:,} bytes unpacked")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise source.error(f"the workbook's part {name} is not UTF-8 text") from None
    root = parse_text(text, source.name)
    for element in root.walk():
        element.tag = element.tag.rsplit(":", 1)[-1]
    return root


def _joined(element: Element) -> str:
    """All text of a string, rich or plain."""
    return "".join(part.text for part in element.walk() if part.tag == "t")


def _cells(source: Source, root: Element, strings: Sequence[str]) -> list[list[str]]:
    found: list[list[str]] = []
    data = root.first("sheetData")
    for row in data.all("row") if data is not None else ():
        number = row.attributes.get("r", "")
        place = int(number) - 1 if re.fullmatch(r"[0-9]{1,7}", number) else len(found)
        if place >= MAX_ROWS:
            raise source.error("too many rows", f"at most {MAX_ROWS:,}", f"{place + 1:,}")
        while len(found) <= place:
            found.append([])
        for cell in row.all("c"):
            column = _column(cell.attributes.get("r", ""), len(found[place]))
            if column >= MAX_COLUMNS:
                raise source.error("too many columns", f"at most {MAX_COLUMNS:,}", f"{column + 1:,}")
            found[place] += [""] * (column + 1 - len(found[place]))
            found[place][column] = _text(cell, strings)
    return found


def _column(reference: str, default: int) -> int:
    match = _CELL.match(reference)
    if match is None:
        return default
    column = 0
    for sign in match[1]:
        column = 26 * column + ord(sign) - 64
    return column - 1


def _text(cell: Element, strings: Sequence[str]) -> str:
    kind = cell.attributes.get("t", "n")
    if kind == "inlineStr":
        return _joined(cell)
    value = cell.first("v")
    text = "" if value is None else value.text
    if kind == "s":
        return strings[int(text)] if text.isdigit() and int(text) < len(strings) else ""
    return text


_TYPES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" \
ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>\
<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>\
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>\
</Types>"""
_ROOT = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" \
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"""
_BOOK = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" \
xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>\
<sheet name="Scores" sheetId="1" r:id="rId1"/></sheets></workbook>"""
_BOOK_RELATIONS = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" \
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"""


def save(path: Path, table: Sequence[Sequence[str | float]]) -> None:
    """Writes rows of text and numbers as a workbook of one sheet."""
    lines = []
    for n, row in enumerate(table, 1):
        cells = "".join(_cell(f"{_letters(k)}{n}", value) for k, value in enumerate(row) if value != "")
        lines.append(f'<row r="{n}">{cells}</row>')
    sheet = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + "".join(lines)
        + "</sheetData></worksheet>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", _TYPES)
        book.writestr("_rels/.rels", _ROOT)
        book.writestr("xl/workbook.xml", _BOOK)
        book.writestr("xl/_rels/workbook.xml.rels", _BOOK_RELATIONS)
        book.writestr("xl/worksheets/sheet1.xml", sheet)


def _cell(reference: str, value: str | float) -> str:
    at = quoteattr(reference)
    if isinstance(value, str):
        return f'<c r={at} t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    return f"<c r={at}><v>{value!r}</v></c>"


def _letters(column: int) -> str:
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text

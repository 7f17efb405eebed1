"""Reports as PDF and Word files, and figures on their own: read back by other libraries."""

from __future__ import annotations

import io
import re
import sys
import zipfile

import docx
import pypdf
import pytest
from tests.report.test_report import NEVER, secret_case
from typer.testing import CliRunner

import detente
from detente.cli import build as commands
from detente.errors import MissingExtraError, NeedsError
from detente.report import build, export, pictures
from detente.report.document import Listing, Paragraph, Table

NAMES = ["mill-contract", "elmira-1991", "car-emissions"]


def squeezed(text):
    """Letters and digits alone: line breaks, hyphenation and ligatures are the layout's business."""
    text = (
        text.replace("\ufb01", "fi").replace("\ufb02", "fl").replace("\ufb00", "ff").replace("\ufb03", "ffi")
    )
    return re.sub(r"[\W_]+", "", text)


@pytest.fixture(scope="module", params=NAMES)
def case(request):
    return detente.load(request.param)


def running(report):
    for section in (report.page, *report.sections):
        for block in section.blocks:
            if isinstance(block, Paragraph):
                yield block.text
            elif isinstance(block, Listing):
                yield from block.items


def test_the_pdf_says_what_the_report_says(case):
    report, made = build(case), export(case, form="pdf")
    reader = pypdf.PdfReader(io.BytesIO(made))
    assert reader.metadata.title == report.title
    text = "\n".join(page.extract_text() for page in reader.pages)
    said = squeezed(text)
    for section in report.sections:
        assert squeezed(section.title) in said
    for sentence in running(report):
        assert squeezed(sentence)[:30] in said
    for pattern in NEVER:
        assert not re.search(pattern, text, re.IGNORECASE), pattern
    assert made == export(case, form="pdf")


def test_the_word_document_says_what_the_report_says(case):
    report, made = build(case), export(case, form="docx")
    document = docx.Document(io.BytesIO(made))
    heads = [p.text for p in document.paragraphs if p.style.name.startswith(("Heading", "Title"))]
    assert heads == [report.title, *(section.title for section in report.sections)]
    text = "\n".join(p.text for p in document.paragraphs)
    for sentence in running(report):
        assert sentence in text
    wanted = []
    for section in (report.page, *report.sections):
        for block in section.blocks:
            table = block if isinstance(block, Table) else getattr(block, "table", None)
            if table is not None and table.rows:
                wanted.append([list(table.rows[0]), *(list(row.values()) for row in table.rows)])
    assert [[[c.text for c in row.cells] for row in t.rows] for t in document.tables] == wanted
    alts = [shape._inline.docPr.get("descr") for shape in document.inline_shapes]
    assert alts == [figure.spec["description"] for figure in report.figures]
    assert made == export(case, form="docx")


def test_figures_are_files_of_their_own(case):
    report = build(case)
    for form, start in (("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF")):
        made = pictures(report, form)
        assert list(made) == [figure.name for figure in report.figures]
        assert all(data.startswith(start) for data in made.values())
    with pytest.raises(NeedsError, match="unknown format 'gif' of a figure; there are 'svg', 'png' or 'pdf'"):
        pictures(report, "gif")


def test_a_view_hides_the_same_on_paper():
    made = export(secret_case(), form="docx", audience="party:buyer")
    with zipfile.ZipFile(io.BytesIO(made)) as parts:
        text = "\n".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist())
    assert "confidential input" in text
    for secret in ("31.4159", "27.1828", "16.18", "hush-hush", "a whisper", "an inkling"):
        assert secret not in text


@pytest.mark.parametrize(("module", "form"), [("typst", "pdf"), ("docx", "docx")])
def test_without_the_extra_the_message_names_it(monkeypatch, module, form):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"detente\[office\]"):
        export(detente.load("chicken"), form=form)


def test_the_command_writes_files_and_refuses_paper_on_a_terminal(tmp_path):
    def run(*words):
        return CliRunner().invoke(commands(), ["report", "chicken", *map(str, words)])

    assert run("-o", tmp_path / "new" / "r.pdf").exit_code == 0
    assert (tmp_path / "new" / "r.pdf").read_bytes().startswith(b"%PDF")
    assert run("--format", "docx", "-o", tmp_path / "letter").exit_code == 0
    listed = run("--figures", tmp_path / "f", "--figure-format", "png").stdout.split()
    assert listed == [str(path) for path in (tmp_path / "f" / name.split("/")[-1] for name in listed)]
    assert {path.suffix for path in (tmp_path / "f").iterdir()} == {".png"}
    refused = run("--format", "pdf")
    assert refused.exit_code != 0
    assert isinstance(refused.exception, NeedsError)
    assert str(refused.exception) == "a report as pdf goes into a file: add -o FILE.pdf"

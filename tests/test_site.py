"""The site builds without a warning and shows every page; gallery and notebooks say what would be said now."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from tools import gallery, notebooks

import detente
from detente import catalog
from detente.report import build

ROOT = Path(__file__).parent.parent


def test_the_site_builds_strictly_and_loads_nothing_from_elsewhere(tmp_path):
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    pages = list((tmp_path / "out" / "site").rglob("*.html"))
    assert len(pages) > 25
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"?https?:", text), page


def test_every_page_is_in_the_navigation():
    listed = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8")))
    there = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    assert listed == there


@pytest.mark.parametrize("name", sorted(catalog.names()))
def test_the_gallery_shows_what_the_report_says(name):
    case = detente.load(name)
    page = (ROOT / "docs" / "gallery" / "index.md").read_text(encoding="utf-8")
    assert gallery.findings(case, build(case)) in page, "run `python -m tools.gallery`"
    assert f"({name}-" in page
    for picture in re.findall(rf"\(({name}-[\w.-]+)\)", page):
        assert (ROOT / "docs" / "gallery" / picture).is_file()


@pytest.mark.parametrize("name", notebooks.NOTEBOOKS)
def test_notebooks_run_and_say_what_they_show(name):
    kept = nbformat.read(ROOT / "docs" / "notebooks" / f"{name}.ipynb", 4)
    made = notebooks.run(notebooks.made(name))
    assert [cell.source for cell in made.cells] == [cell.source for cell in kept.cells]
    assert said(made) == said(kept), "run `python -m tools.notebooks`"


def said(notebook):
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [output.text for cell in cells for output in cell.outputs if output.output_type == "stream"]

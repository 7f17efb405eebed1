"""The examples in the documentation run: Python blocks as doctests, console blocks in an empty folder."""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.web.served import serving

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_examples_run(page, tmp_path):
    text = page.read_text(encoding="utf-8")
    python = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    test = doctest.DocTestParser().get_doctest(python, {}, str(page), str(page), 0)
    assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test).failed == 0
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for command, *shown in (
            part.splitlines() for part in re.split(r"^\$ ", block, flags=re.MULTILINE) if part
        ):
            words = shlex.split(command, comments=True)
            assert words[0] == "detente"
            if words[1] == "serve":  # stays until it is interrupted: its address is the answer
                with serving(Path(words[2]), tmp_path, *words[3:]) as served, served.client() as client:
                    assert client.get("/api/case").status_code == 200
                continue
            words, kept = (words[:-2], words[-1]) if ">" in words else (words, None)
            done = subprocess.run(
                [sys.executable, "-m", *words], capture_output=True, text=True, cwd=tmp_path, check=False
            )
            assert done.returncode == 0, done.stderr
            if kept is not None:  # `> FILE`
                (tmp_path / kept).write_text(done.stdout, encoding="utf-8")
            for line in shown:  # a line that ends in … is shown in part
                assert line.removesuffix("…").rstrip() in done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target

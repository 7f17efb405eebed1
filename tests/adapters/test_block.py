"""The plainest YAML line by line: the same data as the parser of case files gives, or none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from detente.adapters._block import parse_block
from detente.case.tree import parse
from detente.errors import CaseError
from tests.adapters import files
from tests.adapters.test_hostile import broken

PLAIN = """\
name: yes
reserved_value: -.inf
empty:
values:
- mapping:
    '10': 1.0
    a, b: 2
    'it''s': -3.5e-1
    -x: null
  type: TableFun
- 0x1
- '  '
nested:
  deeper:
  - - no
"""


def same(text: str) -> bool:
    """Whether it is read, having checked that it is read alike."""
    found = parse_block(text)
    if found is None:
        return False
    wanted = parse(text)
    assert repr(found) == repr(wanted)
    return True


def test_what_tools_dump_is_read() -> None:
    assert not same(PLAIN)
    assert same(PLAIN.replace("  - - no\n", "  - no\n"))
    data = {"b": [{"x": 1.5, "yes": "no"}, ["1"]], "a": {"k": {"10": "07"}}}
    assert not same(yaml.dump(data))
    assert same(yaml.dump({**data, "b": data["b"][:1]}))


@pytest.mark.parametrize(
    "text",
    ["a: 1\na: 2\n", "a: [1]\n", "a: {b: 1}\n", 'a: "b"\n', "a: |\n  b\n", "a: b\n  c\n", "- a\n  b\n", "a: b: c\n", "é: 1\n",
     "a: 1 # c\n", "# c\na: 1\n", "a: &x 1\nb: *x\n", "a: !t 1\n", "---\na: 1\n", "\ta: 1\n", "a:\n   b: 1\n  c: 2\n", "a\n",
     "", "? a\n: b\n", "a: 'b\n", "a: 'b' c\n", "'a' : 1\n", "a:\r\n", "- a\nb: 1\n", "a: 1\n- b\n", "a: @b\n", "a: `b`\n"],
)  # fmt: skip
def test_everything_else_is_left_to_the_parser(text: str) -> None:
    assert not same(text)


def test_broken_texts_are_read_alike_or_not_at_all() -> None:
    read = 0
    for seed in range(3_000):
        text = broken(
            {
                "a": PLAIN.replace("  - - no\n", "  - no\n"),
                "b": files.DOMAIN.replace("[", "").replace("]", ""),
            },
            seed,
        )
        for raw in text.values():
            try:
                read += same(raw.decode("utf-8", errors="replace"))
            except CaseError as error:
                pytest.fail(f"{raw!r} is read, and the parser says {error}")
    assert read > 500


@pytest.mark.skipif(
    "DETENTE_SCENARIOS" not in os.environ, reason="DETENTE_SCENARIOS names no folder of scenarios"
)
def test_public_scenarios_are_read_alike() -> None:
    texts = [path.read_text("utf-8") for path in Path(os.environ["DETENTE_SCENARIOS"]).rglob("*.y*ml")]
    assert sum(map(same, texts)) > 0.5 * len(texts)

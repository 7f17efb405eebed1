"""Each broken or hostile file gets its message, soon and in little memory; the JSON Schema refuses what it can."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

import detente
from detente.case import loads, tree
from detente.case.schema import schema
from detente.errors import CaseError
from tests.case.broken import BODY, FORECAST, GRAPH, HEAD, HOSTILE, PREF, SENSE, STRUCTURE, SYNTAX

ROOT = Path(__file__).parents[2]
VALIDATOR = jsonschema.Draft202012Validator(schema())
BEYOND_THE_SCHEMA = (
    "runs from low to high", "sum to 1", "standard deviation", "not a finite number",
    "not a date", "the deadline lies before", "a scale runs upward", "a deadline needs", "lies beside the case",
    "exactly one kind", "each of another kind", "go with values", "got values and", "types are one or more",
    "a deadline is a date", "an outcome is a level for each issue", "`remove` has none", "need `to`", "a change does one thing",
)  # fmt: skip
"""What the schema leaves to `detente check`: how numbers, dates and keys fit each other."""


def test_there_are_two_hundred_of_them():
    assert len({text for text, _ in (*SYNTAX, *HOSTILE, *STRUCTURE, *SENSE)}) >= 200
    for sound in (BODY, PREF, GRAPH, FORECAST):
        loads(sound)


@pytest.mark.parametrize("number", range(len(SYNTAX) + len(STRUCTURE) + len(SENSE)))
def test_a_broken_file_gets_its_message(number):
    text, message = (*SYNTAX, *STRUCTURE, *SENSE)[number]
    with pytest.raises(CaseError) as caught:
        loads(text)
    assert message in str(caught.value)
    assert all(problem.line for problem in caught.value.problems)


def test_hostile_files_take_little_time_and_memory():
    """One process reads them all, within 300 MB and two seconds of processor time for each."""
    limit = 2 * len(HOSTILE)
    code = f"""
import resource
resource.setrlimit(resource.RLIMIT_CPU, ({limit}, {limit}))
from detente.case import loads
from detente.errors import CaseError
from tests.case.broken import HOSTILE
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
resource.setrlimit(resource.RLIMIT_DATA, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 + 300_000_000,) * 2)
for number, (text, message) in enumerate(HOSTILE):
    try:
        loads(text)
    except CaseError as error:
        assert message in str(error), (number, str(error)[:300])
    else:
        raise AssertionError(number)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) < 300


@pytest.mark.parametrize("number", range(len(STRUCTURE)))
def test_the_schema_refuses_what_has_the_wrong_structure(number):
    text, message = STRUCTURE[number]
    found = list(VALIDATOR.iter_errors(tree.parse(text)))
    assert found or any(part in message for part in BEYOND_THE_SCHEMA), message


@pytest.mark.parametrize("text", [BODY, PREF, GRAPH, FORECAST])
def test_the_schema_accepts_what_is_sound(text):
    VALIDATOR.validate(tree.parse(text))


def test_all_problems_of_a_file_come_at_once_in_file_order():
    text = (
        HEAD + "parties: {A: {patienc: 1}, B: {patience: 3}}\nissues:\n  p: {levels: [a, b], by: C}\n"
        "  q: {levels: [a, a]}\nimpossible: ['p == c']\nstatus_quo: {r: a}\n"
        "preferences: {A: {values: {p: {a: 1}}}}\nverification: {lag: soon}\nrecord: [{kind: act, party: D}]\n"
    )
    with pytest.raises(CaseError) as caught:
        loads(text, "bad.yaml")
    lines = [p.line for p in caught.value.problems]
    assert lines == sorted(lines) == [4, 4, 6, 7, 8, 9, 10, 11, 12]
    assert all(line.startswith("bad.yaml:") for line in caught.value.lines())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: p.mkdir(), "this is a folder"),
        (lambda p: p.write_bytes("título: x".encode("latin-1")), ":1:2 the file is not UTF-8 text; got byte 0xed"),
        (lambda p: p.write_bytes("a: b".encode("utf-16")), "not UTF-8"),
        (lambda p: p.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00"), "not UTF-8"),
        (lambda p: p.write_bytes(b"a: \x00"), "not YAML"),
        (lambda p: p.write_bytes(b"#" * 21_000_000), "the file is too large; expected at most 20,000,000 bytes"),
        (lambda p: p.touch(mode=0), None),
        (lambda p: p.write_bytes(b""), "the file is empty"),
        (lambda p: p.symlink_to(p), "cannot be read"),
        (lambda p: None, "cannot be read: No such file"),
    ],
    ids=range(10),
)  # fmt: skip
def test_files_that_are_none(tmp_path, make, message):
    path = tmp_path / "case.yaml"
    make(path)
    with pytest.raises(CaseError, match=message):
        detente.load(path)


@pytest.mark.parametrize("number", [0, 10, 30])
def test_on_the_command_line_a_broken_file_ends_with_2_and_no_traceback(tmp_path, number):
    path = tmp_path / "case.yaml"
    text, message = (SYNTAX[number], STRUCTURE[number], SENSE[number])[number // 15]
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "detente", "check", str(path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert all(line.startswith(f"{path}:") for line in done.stderr.splitlines())

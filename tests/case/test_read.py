"""Reading and writing case files: every problem at once, with its place; round trips; hostile input."""

from __future__ import annotations

import json
import time

import jsonschema
import pytest

import detente
from detente import catalog
from detente.case import dump, from_data, loads, save
from detente.case.schema import schema
from detente.errors import CaseError

HEAD = "detente: 1\nid: x\ntitle: t\n"
BODY = HEAD + "parties: {A: , B: }\nissues:\n  p: {levels: [lo, hi], by: A}\n  q: {levels: [0, 1.50, 2]}\n"
PREF = BODY + "preferences: {A: {values: {p: {lo: 0, hi: 1}}}}\n"

BROKEN = [
    ("", "the file is empty"),
    ("# only a comment\n", "the file is empty"),
    ("[]", "a case file is a mapping"),
    ("a: [", "not YAML"),
    ("a: b\n\tc: d\n", "YAML indents with spaces, not tabs."),
    (HEAD + "---\na: 1\n", "more than one YAML document"),
    ("? [a]\n: b\n", "a key must be text"),
    (HEAD + "id: y\n", "case:4:1 id: duplicate key 'id'"),
    (HEAD + "x: !!python/object:os.system rm\n", "tags are not allowed"),
    (HEAD + "x: *nope\n", "alias"),
    (HEAD + "x: &a [*a]\n", "the alias *a contains itself"),
    ("[" * 200, "nested more than 100 levels deep"),
    ("- " * 200, "nested more than 100 levels deep"),
    ("a: [" + "x," * 1_100_000 + "]", "too many entries"),
    ("title: t\nid: x\n", "the key 'detente' is missing"),
    ("detente: 2\nid: x\ntitle: t\n", "unknown value"),
    (HEAD, "a case holds parties with issues, parties with outcomes and moves, or a forecast"),
    (HEAD + "partys: {A: }\n", "unknown key 'partys'; expected"),
    (HEAD + "parties: [A]\nissues: {p: {levels: [a, b]}}\n", "case:4:1 parties: a mapping is needed here"),
    (BODY.replace("by: A", "by: C"), "unknown party 'C'; expected 'A' or 'B'"),
    (BODY.replace("[lo, hi]", "[lo, lo]"), "level 'lo' stands twice"),
    (BODY.replace("[lo, hi]", "[]"), "an issue has levels"),
    (BODY.replace("levels: [lo, hi]", "levels: {from: 0, to: 1, step: 0.3}"), "the steps do not reach `to`"),
    (BODY.replace("levels: [lo, hi]", "levels: {from: 0, to: 1.0e+9, step: 1}"), "too many levels"),
    (BODY.replace("by: A", "retreat: {lo: hi}"), "the floor 'hi' lies above its level 'lo'"),
    (BODY.replace("by: A", "retreat: {mid: lo}"), "unknown level 'mid' of issue 'p'"),
    (BODY.replace("by: A", "requires: {hi: q = 1}"), "`=` is not a comparison; write `==`"),
    (BODY.replace("by: A", "requires: {hi: r == 1}"), "unknown issue 'r'"),
    (BODY.replace("by: A", "pace: {up: -1}"), "issues.p.pace.up"),
    (BODY.replace("by: A", "takes: {hi: 0}"), "issues.p.takes.hi"),
    (BODY.replace("parties: {A: , B: }", "parties: {p: , A: }"), "'p' names a party and an issue"),
    (BODY + "outcomes: [a]\n", "a case has issues or outcomes, not both"),
    (BODY + "moves: {A: [[a, b]]}\n", "moves are listed only where outcomes are"),
    (BODY + "impossible: ['p >= ']\n", "the condition ends too early"),
    (BODY + "impossible: ['p == low']\n", "Did you mean 'lo'?"),
    (BODY + "status_quo: {p: no}\n", "unknown level 'no' of issue 'p'"),
    (BODY + "no_deal: {A: .nan}\n", "not a finite number"),
    (BODY + "no_deal: {A: 1, C: 2}\n", "unknown party 'C'"),
    (PREF.replace("hi: 1", "hi: .inf"), "not a finite number"),
    (PREF.replace("hi: 1", "hi: [2, 1]"), "a range runs from low to high"),
    (PREF.replace("hi: 1", "hi: {discrete: [[1, 0.5]]}"), "shares are not negative and sum to 1"),
    (PREF.replace("lo: 0, ", ""), "no value for level 'lo'"),
    (PREF.replace("A: {values", "C: {values"), "unknown party 'C'"),
    (BODY + "preferences: {A: {}}\n", "exactly one kind of preference is needed"),
    (BODY + "preferences: {A: {table: [1, 2]}}\n", "6 numbers; got 2"),
    (BODY + "preferences: {A: {table: {file: ../x.npy}}}\n", "a table file lies beside the case"),
    (BODY + "preferences: {A: {ranking: [[[lo, 0]]]}}\n", "a ranking lists every possible outcome once"),
    (BODY + "preferences: {A: {priorities: [p == lo], weights: {p: 1}}}\n", "weights go with values"),
    (BODY + "time: {deadline: 2020-01-01}\n", "a deadline needs a start"),
    (BODY + "time: {start: 2020-02-30, deadline: 2020-01-01}\n", "not a date; expected YYYY-MM-DD"),
    (BODY + "verification: {detection: 2}\n", "out of range"),
    (BODY + "record: [{kind: shout}]\n", "unknown value"),
    (BODY + "evidence: [{supports: issues.p, source: s}]\n", "unknown source 's'"),
    (BODY + "variants: {v: [{set: a b c.., to: 1}]}\n", "is not a path"),
    (BODY + "variants: {v: [{remove: issues.z}]}\n", "no 'z' in 'issues'"),
    (BODY + "variants: {v: [{set: title}]}\n", "`set` and `add` need `to`"),
    (HEAD + "parties: {A: }\noutcomes: [a, b]\nmoves: {A: [[a, c]]}\n", "unknown outcome 'c'"),
    (HEAD + "parties: {A: }\noutcomes: [a, a]\nmoves: {A: []}\n", "outcome 'a' stands twice"),
    (HEAD + "forecast: {issues: {p: {}}, actors: {X: {capability: 1, position: {p: 300}, salience: {p: 1}}}}\n", "not on the scale"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BROKEN, ids=range(len(BROKEN)))
def test_a_broken_file_gets_its_message(text, message):
    begin = time.perf_counter()
    with pytest.raises(CaseError) as caught:
        loads(text)
    assert message in str(caught.value)
    assert time.perf_counter() - begin < 5


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


def test_files_that_are_none(tmp_path):
    for make, message in (
        (lambda p: p.mkdir(), "this is a folder"),
        (lambda p: p.write_bytes("título: x".encode("latin-1")), "not UTF-8"),
        (lambda p: p.write_bytes(b"a: \x00"), "not YAML"),
        (lambda p: p.write_bytes(b"#" * 21_000_000), "the file is too large"),
    ):
        path = tmp_path / f"case{len(list(tmp_path.iterdir()))}.yaml"
        make(path)
        with pytest.raises(CaseError, match=message):
            detente.load(path)


@pytest.mark.parametrize("name", catalog.names())
def test_round_trips_of_the_catalogue(name, tmp_path):
    case = detente.load(name)
    assert loads(dump(case), folder=tmp_path) == case
    assert from_data(case.to_data()) == case
    save(case, tmp_path / "copy.yaml")
    assert detente.load(tmp_path / "copy.yaml").hash == case.hash


def test_numbers_and_words_that_look_alike_survive():
    case = loads(PREF.replace("title: t", 'title: "007"'))
    assert case.issues["q"].names == ("0", "1.50", "2")
    assert case.title == "007"
    assert loads(dump(case)) == case


def test_bom_crlf_and_a_missing_final_newline_are_accepted(tmp_path):
    path = tmp_path / "case.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + PREF.rstrip("\n").replace("\n", "\r\n").encode())
    assert detente.load(path) == loads(PREF)


def test_a_case_is_immutable():
    case = loads(PREF)
    with pytest.raises(TypeError, match="a case is immutable"):
        case.parties["C"] = case.parties["A"]


@pytest.mark.parametrize("name", catalog.names())
def test_the_schema_accepts_what_the_reader_accepts(name):
    from detente.case.tree import parse

    data = json.loads(json.dumps(parse(catalog.find(name).read_text(encoding="utf-8"))))
    jsonschema.Draft202012Validator(schema()).validate(data)


@pytest.mark.parametrize(
    "text", [HEAD + "partys: {}\n", HEAD + "parties: [A]\n", HEAD + "time: {period: 5th}\n", "id: x\n"]
)
def test_the_schema_refuses_what_has_the_wrong_structure(text):
    from detente.case.tree import parse

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema()).validate(parse(text))

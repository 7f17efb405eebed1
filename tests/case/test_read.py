"""Reading and writing sound case files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

import detente
from detente import catalog
from detente.case import assumptions, dump, from_data, loads, save, with_changes, with_variant
from detente.case.schema import schema

BODY = "detente: 1\nid: x\ntitle: t\nparties: {A: , B: }\nissues:\n  p: {levels: [lo, hi], by: A}\n  q: {levels: [0, 1.50, 2]}\n"
PREF = BODY + "preferences: {A: {values: {p: {lo: 0, hi: 1}}}}\n"


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


def test_the_cases_in_the_reference_are_sound():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "case-format.md").read_text(encoding="utf-8")
    whole, graph = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert len(loads(whole).issues) == 2
    head = "detente: 1\nid: x\ntitle: t\nparties: {north: , south: }\n"
    assert loads(head + graph).outcomes == ("peace", "tension", "war")


def test_the_reference_names_every_key_of_the_format():
    page = (Path(__file__).parents[2] / "docs" / "reference" / "case-format.md").read_text(encoding="utf-8")
    known = schema()
    keys = set(known["properties"])
    for part in known["$defs"].values():
        keys |= set(part.get("properties", {}))
    assert {key for key in keys if not re.search(rf"\b{key}\b", page)} == set()


def test_no_deal_tells_a_freeze_from_the_status_quo():
    for text, stays in (
        ("freeze", "freeze"),
        ("status_quo", "status_quo"),
        ("{p: hi}", {"p": "hi"}),
        ("{A: 1}", {"A": 1}),
    ):
        case = loads(BODY + f"no_deal: {{at_deadline: {text}}}\n")
        assert case.to_data()["no_deal"] == {"at_deadline": stays}
    assert loads(BODY + "no_deal: {at_deadline: freeze}").no_deal.at_deadline.outcome is None
    assert loads(BODY + "no_deal: {at_deadline: status_quo}").no_deal.at_deadline.outcome == {}
    graph = "detente: 1\nid: x\ntitle: t\nparties: {A: }\noutcomes: [go, freeze]\nmoves: {A: []}\nno_deal: freeze\n"
    assert loads(graph).no_deal.now.outcome == "freeze"


def test_adding_to_what_is_not_stated_goes_on_from_its_default():
    case = loads(
        BODY + "variants: {v: [{add: parties.A.roles, to: guarantor}, {add: impossible, to: p == hi}]}\n"
    )
    variant = with_variant(case, "v")
    assert variant.parties["A"].roles == ("negotiator", "guarantor")
    assert [str(item.when) for item in variant.impossible] == ["p == hi"]
    graph = loads("detente: 1\nid: x\ntitle: t\nparties: {A: , B: }\noutcomes: [a, b]\nmoves: {A: []}\n")
    assert with_changes(graph, [{"add": "moves.B", "to": ["a", "b"]}]).moves["B"] == (("a", "b"),)


def test_what_evidence_does_not_cover_is_an_assumption():
    text = PREF + "sources: {s: A source}\nevidence: [{supports: %s, source: s}]\n"
    listed = {
        path: set(assumptions(loads(text % path)))
        for path in ("issues", "issues.p", "issues.p.levels", "preferences.A.values.p.lo")
    }
    assert not {"issues.p", "issues.q"} & listed["issues"]
    assert listed["issues.p"] >= {"issues.q", "preferences.A", "parties.A.patience = 0.95 a year, by default"}
    assert {"issues.p.by", "issues.q"} <= listed["issues.p.levels"]
    assert "issues.p" not in listed["issues.p.levels"]
    assert "preferences.A.values.p.hi" in listed["preferences.A.values.p.lo"]

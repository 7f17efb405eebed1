"""Reading and writing sound case files."""

from __future__ import annotations

import json

import jsonschema
import pytest

import detente
from detente import catalog
from detente.case import dump, from_data, loads, save
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

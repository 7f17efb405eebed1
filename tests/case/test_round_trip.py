"""What is written is what is read: plain data, text, hash, over random cases of every form."""

from __future__ import annotations

import json
import random

import jsonschema
import pytest

from detente.case import dump, from_data, loads, with_variant
from detente.case.schema import schema
from detente.testing import random_case, random_graph

VALIDATOR = jsonschema.Draft202012Validator(schema())
MAKERS = {"issues": random_case, "graph": random_graph}


@pytest.mark.parametrize("form", MAKERS)
@pytest.mark.parametrize("seed", range(80))
def test_a_case_is_read_back_as_it_was_written(form, seed):
    data = MAKERS[form](random.Random(seed))
    case = from_data(data)
    text = dump(case)
    again = loads(text)
    assert again == case
    assert again.hash == case.hash
    assert dump(again) == text
    assert from_data(case.to_data()) == case
    assert from_data(json.loads(json.dumps(case.to_data()))) == case
    assert loads(json.dumps(data)) == case
    VALIDATOR.validate(data)
    VALIDATOR.validate(case.to_data())
    for name in case.variants:
        variant = with_variant(case, name)
        assert loads(dump(variant)) == variant
        assert not variant.variants
        assert (variant.hash == case.hash) == (variant == case)


def test_the_generators_meet_every_key_of_the_format():
    from detente.case import Case

    seen = set()
    kinds = set()
    for seed in range(300):
        for maker in MAKERS.values():
            data = maker(random.Random(seed))
            seen |= set(data)
            kinds |= {next(iter(p)) for p in data["preferences"].values()}
    assert seen >= set(Case.model_fields)
    assert kinds >= {"values", "priorities", "ranking", "table", "types"}


def test_the_hash_is_of_what_the_case_says_not_of_how_it_is_written():
    one = loads("detente: 1\nid: x\ntitle: t # c\nparties: {A: }\nissues: {p: {levels: [a, 1.50], by: A}}\n")
    two = loads(
        '{"detente": 1, "id": "x", "title": "t", "parties": {"A": {}}, "issues": {"p": {"levels": ["a", "1.50"], "by": ["A"]}}}'
    )
    three = loads("detente: 1\nid: x\ntitle: t # c\nparties: {A: }\nissues: {p: {levels: [a, 1.5], by: A}}\n")
    assert one.hash == two.hash != three.hash
    assert len(one.hash) == 64

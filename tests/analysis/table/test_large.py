"""Outcomes that are not listed: offers from sorted sums, against all sums where these can be made."""

from __future__ import annotations

import json

import numpy as np
import pytest

import detente
from detente.analysis.agreement.stages import stages
from detente.analysis.table import books, large, table
from detente.analysis.table.books import Sums
from detente.analysis.table.strategies import strategies
from detente.case import from_data
from detente.errors import CostError, NeedsError
from detente.space import compile_case
from tests.naive.table import nearest_above


def clauses(random, sizes, decimals=3):
    """A case of two parties with additive values drawn at random."""
    names = [f"c{k}" for k in range(len(sizes))]
    issues = {
        name: {"levels": [f"l{x}" for x in range(size)]} for name, size in zip(names, sizes, strict=True)
    }
    preferences = {
        party: {
            "values": {
                name: {f"l{x}": round(float(random.random()), decimals) for x in range(size)}
                for name, size in zip(names, sizes, strict=True)
            }
        }
        for party in "ab"
    }
    data = {"detente": 1, "id": "clauses", "title": "C", "parties": {"a": {}, "b": {}}, "issues": issues, "preferences": preferences}  # fmt: skip
    return from_data({**data, "no_deal": {"a": 0.4 * len(sizes), "b": 0.4 * len(sizes)}}, "clauses")


def test_nearest_offers_are_those_of_all_sums():
    random = np.random.default_rng(4)
    for _ in range(60):
        sizes = random.integers(1, 5, size=int(random.integers(1, 6))).tolist()
        space = compile_case(clauses(random, sizes, int(random.integers(1, 4))))
        book = Sums(stages(space), 0, 0.0)
        for aim in random.uniform(book.least - 0.1, book.high, size=10):
            expected = nearest_above([v.tolist() for v in book.values], aim)
            outcome, bound = book.nearest(float(aim), exact=True)
            assert bound == 0
            assert book.utility(outcome) == pytest.approx(expected, abs=2e-9)
            quick, gap = book.nearest(float(aim))
            assert book.utility(quick) >= aim - 2e-9
            assert book.utility(quick) - gap <= expected + 2e-9


@pytest.mark.parametrize("half", [4, 30])
def test_a_rest_outside_the_halves_keeps_offers_above_their_aim(half, monkeypatch):
    monkeypatch.setattr(books, "HALF", half)
    random = np.random.default_rng(6)
    for _ in range(40):
        sizes = random.integers(2, 5, size=8).tolist()
        book = Sums(stages(compile_case(clauses(random, sizes))), 0, 0.0)
        assert book.rest
        for aim in random.uniform(book.least, book.high, size=10):
            outcome, gap = book.nearest(float(aim))
            assert book.utility(outcome) >= aim - 2e-9
            assert gap == pytest.approx(max(0.0, book.utility(outcome) - aim))
        assert book.utility(book.nearest(book.high)[0]) == pytest.approx(book.high)


def test_outcomes_come_best_first():
    random = np.random.default_rng(8)
    space = compile_case(clauses(random, [3, 4, 2]))
    book = Sums(stages(space), 1, 1.2)
    listed = [book.utility(book.at(k)) for k in range(space.size)]
    assert listed == pytest.approx(sorted(space.utilities()[1], reverse=True))
    assert book.rational(space.size) == int((space.utilities()[1] >= 1.2 - 1e-9).sum())


def test_listed_or_not_the_same_deals(monkeypatch):
    random = np.random.default_rng(9)
    case = clauses(random, [4, 3, 3, 2], decimals=4)
    for names in ("varied", "micro", "absolute-tit-for-tat", "cab", "hybrid"):
        plain = table(case, strategies=names, runs=30, rounds=20)
        with monkeypatch.context() as patch:
            patch.setattr("detente.analysis.table.LARGEST_LISTED", 1)
            unlisted = table(case, strategies=names, runs=30, rounds=20)
        assert [(a.number, a.share) for a in unlisted.agreements] == [
            (a.number, a.share) for a in plain.agreements
        ]
        assert unlisted.payoffs == pytest.approx(plain.payoffs)
        assert unlisted.bound is not None


def test_a_million_million_outcomes():
    result = table(detente.load("framework-10e12"), runs=20, rounds=20)
    found = json.loads(result.to_json())
    assert result.deal_rate == 1.0
    assert result.bound < 0.01
    assert set(found["agreements"][0]["outcome"]) == set(found["issues"])
    for agreed in result.agreements:
        utilities = result.setting.space.utility(result.setting.space.levels(agreed.number))
        assert (utilities >= result.setting.reservation[0] - 1e-9).all()
    assert list(result.charts()) == ["rounds"]
    with pytest.raises(NeedsError, match="not traced"):
        result.trace(0)


def test_thirty_decimal_places_of_outcomes():
    case = clauses(np.random.default_rng(2), [10] * 30)
    result = table(case, runs=5, rounds=10, strategies="linear")
    assert isinstance(json.loads(result.to_json())["agreements"], list)
    assert result.bound < 0.5


def test_what_needs_a_list_is_refused(monkeypatch):
    case = detente.load("framework-10e12")
    with pytest.raises(NeedsError, match="needs them listed"):
        table(case, strategies="random", runs=1, rounds=2)
    with pytest.raises(CostError, match="without draws"):
        table(case, draws=2, runs=2)
    monkeypatch.setattr(large, "MOST_TURNS", 10)
    with pytest.raises(CostError, match="fewer runs"):
        table(case, strategies="micro", runs=10)
    assert len(strategies()) > 40

"""Own strategies: they play, and whatever they do wrong stays with them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from detente.analysis.table import table
from detente.analysis.table.own import own
from detente.case import loads
from detente.errors import NeedsError
from tests.analysis.table.test_table import SALE

FILE = Path(__file__).with_name("own_strategies.py")


@pytest.fixture
def strategy():
    made = []

    def make(name, **more):
        made.append(own(f"{FILE}:{name}", **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("name", ["Patient", "Chatty"])
def test_an_own_strategy_plays(strategy, name):
    mine = strategy(name)
    result = table(loads(SALE), strategies={"buyer": mine, "seller": "linear"}, runs=3, rounds=20)
    assert result.deal_rate == 1.0
    assert mine.faults == []
    assert result.party("buyer")["mean"] > result.party("seller")["mean"]
    again = table(loads(SALE), strategies={"buyer": strategy(name), "seller": "linear"}, runs=3, rounds=20)
    assert again.to_json() == result.to_json()


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("Raises", "ValueError: no idea (line "),
        ("Hangs", "took longer than 0.3 s"),
        ("Exits", "its process ended"),
        ("Nonsense", "no outcome of the case"),
        ("Absent", "KeyError: 'Absent'"),
    ],
)
def test_faults_are_recorded_and_the_rest_goes_on(strategy, name, what):
    mine = strategy(name, limit=0.3)
    begin = time.monotonic()
    result = table(
        loads(SALE), strategies={"buyer": mine, "seller": "linear"}, runs=2, rounds=10, opener="buyer"
    )
    assert time.monotonic() - begin < 50
    assert result.ended()["walked out"] == 1.0
    assert len(mine.faults) == 2
    assert what in mine.faults[0].what
    assert result.to_dict()["faults"][0]["what"] == mine.faults[0].what


def test_a_strategy_can_sit_on_both_sides(strategy):
    mine = strategy("Patient")
    both = table(loads(SALE), strategies=mine, runs=2, rounds=20, opener="buyer")
    other = table(
        loads(SALE),
        strategies={"buyer": strategy("Patient"), "seller": strategy("Patient")},
        runs=2,
        rounds=20,
        opener="buyer",
    )
    assert mine.faults == []
    assert (both.ends.outcome == other.ends.outcome).all()
    assert (both.ends.round == other.ends.round).all()


def test_named_on_the_command_line_by_file_and_class():
    result = table(loads(SALE), strategies={"buyer": f"{FILE}:Patient"}, runs=2, rounds=10)
    assert result.asked["buyer"].endswith("Patient")


@pytest.mark.parametrize("source", ["nowhere.py:Mine", "Mine", f"{FILE}:not a name", int])
def test_what_is_no_strategy_is_refused(source):
    with pytest.raises(NeedsError, match="an own strategy is a class"):
        own(source)


def test_the_how_to_shows_a_strategy_that_plays(strategy):
    folder = Path(__file__).parents[3] / "docs" / "how-to"
    source = (folder / "patient.py").read_text(encoding="utf-8")
    assert f"```py\n{source}```" in (folder / "own-strategy.md").read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 20
    mine = own(f"{folder / 'patient.py'}:Patient")
    result = table(loads(SALE), strategies={"buyer": mine, "seller": "linear"}, runs=1, rounds=10)
    assert result.deal_rate == 1.0
    assert mine.faults == []

"""Tournaments: counts, scores, order of work, kills, and the tables they leave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars
import pytest

import detente
from detente.analysis.table.tournament import BUILT_IN, tournament
from detente.case import loads
from detente.errors import NeedsError
from detente.kernels import table as kernel
from tests.analysis.table.test_table import SALE

FILE = Path(__file__).with_name("own_strategies.py")
NAMES = ["boulware", "conceder", "micro", "random"]


def sales(count):
    return [
        loads(SALE.replace("id: sale", f"id: sale-{k}").replace("seller: 2}", f"seller: {k % 5}}}"))
        for k in range(count)
    ]


def test_every_pair_meets_in_both_roles():
    result = tournament(sales(3), NAMES, rounds=20)
    columns = result.columns
    assert len(columns["case"]) == 3 * 16 * 2
    met = set(zip(columns["case"], columns["strategy"], columns["others"], columns["seat"], strict=True))
    assert len(met) == 3 * 16 * 2
    three = tournament([detente.load("three-rivers")], ["boulware", "linear"], rounds=20)
    seats = len(three.columns["case"]) / (three.columns["negotiation"].max() + 1)
    assert seats == 3 or seats == 4
    assert tournament(sales(1), NAMES, repeats=3, rounds=5).columns["negotiation"].max() == 47


def test_scores_follow_their_definitions():
    result = tournament(sales(2), NAMES, rounds=20)
    c = result.columns
    for k in range(0, len(c["case"]), 2):
        no_deal = np.array([2.0, float(c["case"][k] % 5)])
        if c["end"][k] != kernel.DEAL:
            assert c["advantage"][k] == c["nash"][k] == 0
            continue
        u = np.array([10.0 - c["outcome"][k], c["outcome"][k]])
        gains = u - no_deal
        assert c["advantage"][k : k + 2] == pytest.approx(gains / (10 - no_deal))
        assert c["utility"][k : k + 2] == pytest.approx(u / 10)
        prices = np.arange(11)
        best = np.max(np.maximum(10 - prices - no_deal[0], 0) * np.maximum(prices - no_deal[1], 0))
        assert c["nash"][k] == pytest.approx(gains.prod() / best)
    rows = result.league
    assert [row["advantage"] for row in rows] == sorted((row["advantage"] for row in rows), reverse=True)
    for row in rows:
        assert row["advantage_low"] <= row["advantage"] <= row["advantage_high"]
        assert row["rank_low"] <= row["rank"] <= row["rank_high"]


def test_same_seed_same_tournament_whatever_the_workers(tmp_path):
    one = tournament(sales(3), NAMES, rounds=10)
    two = tournament(sales(3), NAMES, rounds=10, workers=2, folder=tmp_path / "parts")
    assert one.to_json() == two.to_json()
    again = tournament(sales(3), NAMES, rounds=10, folder=tmp_path / "parts")
    assert again.to_json() == one.to_json()
    with pytest.raises(NeedsError, match="another question"):
        tournament(sales(3), NAMES, rounds=11, folder=tmp_path / "parts")


SCRIPT = """
import sys, time
from detente.analysis.table import tournament as hold
from tests.analysis.table.test_tournament import NAMES, sales
def slowly(done, total):
    print(done, flush=True)
    time.sleep(float(sys.argv[2]))
hold(sales(12), NAMES, rounds=10, folder=sys.argv[1] + "/parts", report=slowly).write(sys.argv[1])
"""


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
def test_a_killed_tournament_goes_on_and_ends_the_same(tmp_path):
    def start(folder, wait):
        return subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(folder), wait],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[3],
        )

    whole = start(tmp_path / "whole", "0")
    assert whole.communicate()[0]
    assert whole.returncode == 0
    cut = start(tmp_path / "cut", "0.2")
    for line in cut.stdout:
        if int(line) >= 5:
            break
    cut.send_signal(signal.SIGKILL)
    cut.communicate()
    parts = list((tmp_path / "cut" / "parts").glob("chunk-*.npz"))
    assert 5 <= len(parts) < 12
    rest = start(tmp_path / "cut", "0")
    assert int(rest.communicate()[0].split()[0]) == len(parts)
    for name in ("negotiations.parquet", "league.parquet", "tournament.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_tables_and_page(tmp_path):
    result = tournament(sales(2), NAMES, rounds=10)
    result.write(tmp_path)
    frame = polars.read_parquet(tmp_path / "negotiations.parquet")
    assert frame.height == len(result.columns["case"])
    assert set(frame["strategy"]) == set(NAMES)
    from detente.report.tournament import page

    text = page(result)
    assert text == page(result)
    assert "<svg" in text
    assert all(spec["description"] for spec in result.charts().values())


def test_own_strategies_take_part_and_their_faults_are_told():
    begin = time.monotonic()
    result = tournament(sales(2), ["linear", f"{FILE}:Patient", f"{FILE}:Raises"], rounds=8)
    assert time.monotonic() - begin < 60
    assert {fault["strategy"] for fault in result.faults} == {"Raises"}
    rows = {row["strategy"]: row for row in result.league}
    assert rows["Raises"]["advantage"] == 0
    assert rows["Patient"]["deals"] > 0
    assert "calls of own strategies failed" in result.explain()


def test_what_cannot_be_held_is_refused():
    with pytest.raises(NeedsError, match="at least one case"):
        tournament([], NAMES)
    with pytest.raises(NeedsError, match="counts from 1"):
        tournament(sales(1), NAMES, rounds=0)
    assert len(BUILT_IN) == 20

"""A whole folder of scenarios: rows, errors, resuming; and the public scenarios where a folder of them is named."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import detente
from detente import collection
from detente.analysis.agreement import agreement
from detente.errors import NeedsError
from tests.adapters import files
from tests.adapters.files import folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder(tmp_path / "all" / "cars", files.NEGMAS)
    folder(tmp_path / "all" / "web" / "jobs", files.GENIUSWEB)
    folder(tmp_path / "all" / "broken", {**files.NEGMAS, "buyer.yml": "values: [1"})
    folder(tmp_path / "all" / "loose", {"s.csv": files.SHEET, "x.csv": "nothing", "g.nfg": files.NFG})
    (tmp_path / "all" / "loose" / "own.yaml").write_text(
        "detente: 1\nid: own\ntitle: own\n", encoding="utf-8"
    )
    return tmp_path / "all"


def test_every_scenario_has_a_row_and_errors_stop_nothing(home: Path, tmp_path: Path) -> None:
    found = collection.agreement_of_all(home, workers=1)
    names = [row["scenario"] for row in found.rows]
    assert names == ["broken", "cars", "loose/g.nfg", "loose/own.yaml", "loose/s.csv", "web/jobs"]
    assert [name for name, _ in found.failed] == ["broken", "loose/own.yaml"]
    assert found.unknown == ("loose/x.csv",)
    row = found.rows[1]
    result = agreement(detente.load(home / "cars"))
    assert row["front"] == len(result.front)
    assert row["rational"] == str(result.zone.count)
    assert row["nash_utilities"] == result.solutions["nash"].utilities.tolist()
    for ending in (".parquet", ".csv", ".json"):
        found.write(tmp_path / f"table{ending}")
        assert (tmp_path / f"table{ending}").stat().st_size > 100


def test_finished_chunks_are_found_again(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collection, "PER_CHUNK", 2)
    done: list[tuple[int, int]] = []

    class Stop(Exception):
        pass

    def stop(n: int, total: int) -> None:
        if n == 2:
            raise Stop

    with pytest.raises(Stop):
        collection.agreement_of_all(home, workers=1, keep=tmp_path / "parts", report=stop)
    monkeypatch.setattr(collection, "_row", lambda root, name, options: {"scenario": name, "error": "again"})
    found = collection.agreement_of_all(
        home, workers=1, keep=tmp_path / "parts", report=lambda *n: done.append(n)
    )
    assert done[0] == (2, 3)
    assert [row["error"] == "again" for row in found.rows] == [False] * 4 + [True] * 2


def test_the_compiled_path_gives_the_same_rows(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = collection.agreement_of_all(home, workers=1).rows
    monkeypatch.setattr(collection, "MANY", 0)
    for one, two in zip(plain, collection.agreement_of_all(home, workers=1).rows, strict=True):
        for key in set(one) - {"seconds"}:
            assert two[key] == (pytest.approx(one[key]) if isinstance(one[key], float) else one[key]), key


def test_another_question_does_not_mix_in(home: Path, tmp_path: Path) -> None:
    collection.agreement_of_all(home, workers=1, keep=tmp_path / "parts")
    with pytest.raises(NeedsError, match="another question"):
        collection.agreement_of_all(home, workers=1, keep=tmp_path / "parts", rules="negmas")
    with pytest.raises(NeedsError, match="no scenario"):
        collection.agreement_of_all(tmp_path / "parts", workers=1)


def test_command_line(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from detente.cli import main

    def run(*args: str) -> int:
        monkeypatch.setattr("sys.argv", ["detente", *args])
        try:
            main()
        except SystemExit as left:
            return int(left.code or 0)
        return 0

    table = tmp_path / "t.csv"
    assert run("agreement", "--all", str(home / "web"), "-o", str(table)) == 0
    out, err = capsys.readouterr()
    assert "1 scenarios" in out
    assert err == ""
    assert not (tmp_path / "t.csv.parts").exists()
    assert run("agreement", "--all", str(home / "web"), "--json") == 0
    assert json.loads(capsys.readouterr().out)["scenarios"][0]["scenario"] == "jobs"
    assert run("agreement", "--all", str(home)) == 2
    assert run("agreement", "--all", str(home), "-o", str(tmp_path / "t.doc")) == 2
    assert run("agreement") == 2
    capsys.readouterr()
    assert run("convert", str(home / "cars"), str(tmp_path / "out"), "--to", "genius") == 0
    out, err = capsys.readouterr()
    assert "warning: discount.seller" in err
    assert run("agreement", str(tmp_path / "out"), "--json", "--reading", "negmas") == 0
    assert len(json.loads(capsys.readouterr().out)["parties"]) == 2
    assert run("convert", str(home / "cars"), str(tmp_path / "out2.abc")) == 2


@pytest.mark.skipif(
    "DETENTE_SCENARIOS" not in os.environ, reason="DETENTE_SCENARIOS names no folder of scenarios"
)
def test_public_scenarios_are_answered_exactly() -> None:
    found = collection.agreement_of_all(os.environ["DETENTE_SCENARIOS"], workers=1)
    assert found.failed == []
    assert all(row["exact"] and row["front"] for row in found.rows)


@pytest.mark.parametrize("many", [0, 1_000])
def test_points_in_place_of_a_continuous_issue_are_not_called_exact(
    many: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection, "MANY", many)
    folder(tmp_path / "real", files.GENIUS)
    folder(tmp_path / "cars", files.NEGMAS)
    rows = collection.agreement_of_all(tmp_path, workers=1).rows
    assert {row["scenario"]: row["exact"] for row in rows} == {"cars": True, "real": False}

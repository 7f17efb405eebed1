"""Gambit's files: games in and out, against Gambit's own reader where it is installed."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

import detente
from detente.analysis.standoff import standoff
from detente.errors import CaseError, CostError, NeedsError
from detente.loading import convert
from detente.space import compile_case
from tests.adapters import files


def written(tmp_path: Path, text: str, name: str = "game.nfg") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_nfg_in_as_graph_form(tmp_path: Path) -> None:
    case = detente.load(written(tmp_path, files.NFG))
    assert case.outcomes[:3] == ("up / left", "up / right", "up / far")
    space = compile_case(case)
    by_name = dict(zip(case.outcomes, space.utilities().T.tolist(), strict=True))
    assert by_name["up / left"] == [1, 2]
    assert by_name["down / left"] == [1.5, 4]
    assert by_name["up / right"] == [5, 6]
    assert by_name["down / far"] == [-10, 12]
    assert len(case.moves["Row"]) == 6
    assert len(case.moves["Column"]) == 12


def test_nfg_with_outcomes_by_number(tmp_path: Path) -> None:
    space = compile_case(detente.load(written(tmp_path, files.NFG_OUTCOMES)))
    assert space.case.outcomes == ("1 / 1", "1 / 2", "2 / 1", "2 / 2")
    assert space.utilities().tolist() == [[3, 0, 0, 3], [3, 0, 5, 3]]


def test_nfg_back_and_forth_is_the_same_game(tmp_path: Path) -> None:
    first = detente.load(written(tmp_path, files.NFG))
    assert convert(tmp_path / "game.nfg", tmp_path / "again.nfg") == []
    again = detente.load(tmp_path / "again.nfg")
    one, two = standoff(first).to_dict(), standoff(again).to_dict()
    assert one["stability"] == two["stability"]
    assert (compile_case(first).utilities() == compile_case(again).utilities()).all()


@pytest.mark.parametrize("name", ["prisoners-dilemma", "stockholm-2019"])
def test_one_shot_games_have_the_nash_equilibria_of_the_standoff(name: str, tmp_path: Path) -> None:
    case = detente.load(name)
    losses = convert(name, tmp_path / "g.nfg")
    game = compile_case(detente.load(tmp_path / "g.nfg"))
    space = compile_case(case)
    assert any("minus its ranks" in loss for loss in losses) == (not space.cardinal)
    for number in range(game.size):
        parts = game.case.outcomes[number].split(" / ")
        levels = [part.split(", ") for part in parts]
        owned = [[i for i, issue in case.issues.items() if issue.by == (player,)] for player in game.parties]
        outcome = {
            i: level
            for names, have in zip(owned, levels, strict=True)
            for i, level in zip(names, have, strict=True)
        }
        at = space.positions(outcome)
        if space.possible(at):
            wanted = space.utility(at)[[space.parties.index(p) for p in game.parties]]
            assert game.utilities()[:, number].tolist() == wanted.tolist()


def test_gambit_reads_what_is_written(tmp_path: Path) -> None:
    import pygambit as gambit

    convert("prisoners-dilemma", tmp_path / "g.nfg")
    game = gambit.read_nfg(str(tmp_path / "g.nfg"))
    found = gambit.nash.enumpure_solve(game).equilibria
    assert len(found) == 1
    sheet = tmp_path / "s.csv"
    sheet.write_text(
        "issue,option,A,B\npay,low,0,2\n,high,2,0\nday,mon,1,1\n,tue,0,3\nbatna,,1,1\n", encoding="utf-8"
    )
    assert convert(sheet, tmp_path / "t.efg") == []
    tree = gambit.read_efg(str(tmp_path / "t.efg"))
    assert len(tree.players) == 2
    assert len(tree.get_outcomes()) == 4 + 4 * 4 + 16


def naive_value(u: np.ndarray, d: np.ndarray, turn: int) -> np.ndarray:
    """What two parties get by backward induction; ties go to the first offer, and to accepting."""
    if turn == 2:
        return d
    after = naive_value(u, d, turn + 1)
    proposer, other = turn % 2, (turn + 1) % 2
    worth = [u[:, k] if u[other, k] >= after[other] else after for k in range(u.shape[1])]
    return max(worth, key=lambda w: w[proposer])


def test_trees_hold_the_turns_of_the_parties(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("issue,option,A,B\npay,low,0,5\n,mid,3,3\n,high,5,0\nbatna,,1,2\n", encoding="utf-8")
    convert(path, tmp_path / "t.efg")
    lines = (tmp_path / "t.efg").read_text(encoding="utf-8").splitlines()[3:]
    rest = iter(lines)

    def value() -> np.ndarray:
        line = next(rest)
        if line.startswith("t"):
            return np.array([float(x) for x in line[line.rindex("{") + 1 : -1].split(",")])
        player = int(line.split()[2]) - 1
        actions = line[line.index("{") : line.index("}")].count('"') // 2
        return max([value() for _ in range(actions)], key=lambda w: w[player])

    u = compile_case(detente.load(path)).utilities()
    assert value().tolist() == naive_value(u, np.array([1.0, 2.0]), 0).tolist()
    assert next(rest, None) is None


@pytest.mark.parametrize(
    "text",
    [
        "NFG 1 R",
        'NFG 1 R "x" { }',
        'NFG 1 R "x" { "A" } { 2 } 1',
        'NFG 1 R "x" { "A" } { 2 } 1 2 3',
        'NFG 1 R "x" { "A" } { 2 } 1 1/0',
        'NFG 1 R "x" { "A" "B" } { 1000000 1000000 } 1',
        'NFG 1 R "x" { "A" "B" } { 2 } 1 2 3 4',
        'NFG 1 R "x" { "A" } { 2 } { { "o" 1 } } 1 2',
        'NFG 1 R "x" { "A" } { 2 } nan inf',
        "NFG 1 " + "{" * 100_000,
    ],
)
def test_broken_games_end_in_problems(text: str, tmp_path: Path) -> None:
    with pytest.raises(CaseError):
        detente.load(written(tmp_path, text))


def test_what_is_no_game_is_refused(tmp_path: Path) -> None:
    text = 'NFG 1 R "x" { "A" "B" } { 2 2 } 1 2 3 4 5 6 7 8'
    case = detente.load(written(tmp_path, text))
    data = case.to_data()
    data["moves"]["A"] = data["moves"]["A"][:1]
    with pytest.raises(NeedsError, match="no changes of strategy"):
        convert_data(data, tmp_path / "a.nfg")
    wide = {
        "detente": 1, "id": "w", "title": "w", "parties": {"A": {}},
        "issues": {f"i{n}": {"by": "A", "levels": list("abcdefghij")} for n in range(6)},
        "preferences": {"A": {"values": {"i0": dict.fromkeys("abcdefghij", 0)}}},
    }  # fmt: skip
    with pytest.raises(CostError):
        convert_data(wide, tmp_path / "b.nfg")
    with pytest.raises(NeedsError):
        convert(tmp_path / "game.nfg", tmp_path / "c.zzz")


def convert_data(data: dict[str, object], path: Path) -> list[str]:
    import json

    source = path.with_suffix(".case.yaml")
    source.write_text(json.dumps(data), encoding="utf-8")
    return convert(source, path)


def test_gmcr_out_gives_the_same_standoff(tmp_path: Path) -> None:
    for name in ("prisoners-dilemma", "stockholm-2019"):
        losses = convert(name, tmp_path / f"{name}.gmcr")
        first, again = standoff(detente.load(name)), standoff(detente.load(tmp_path / f"{name}.gmcr"))
        assert len(first.to_dict()["feasible"]) == len(again.to_dict()["feasible"])
        held = not any("retreat" in loss or "requires" in loss or "several owners" in loss for loss in losses)
        if held:
            for concept in ("nash", "gmr", "seq"):
                one, two = first.to_dict()["equilibria"][concept], again.to_dict()["equilibria"][concept]
                assert len(one) == len(two)


def test_random_binary_conflicts_survive_gmcr(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    for _ in range(15):
        issues = {f"o{n}": {"by": "AB"[int(random.integers(2))], "levels": ["N", "Y"]} for n in range(4)}
        if random.random() < 0.5:
            issues["o0"]["retreat"] = {"Y": "Y"}
        tables = {p: {"table": random.integers(0, 5, 16).tolist()} for p in "AB"}
        impossible = ["o1 == Y and o2 == N"] if random.random() < 0.5 else []
        data = {"detente": 1, "id": "r", "title": "r", "parties": {"A": {}, "B": {}}, "issues": issues,
                "impossible": impossible, "preferences": tables}  # fmt: skip
        convert_data(data, tmp_path / "r.gmcr")
        case = detente.case.from_data(data)
        one, two = standoff(case).to_dict(), standoff(detente.load(tmp_path / "r.gmcr")).to_dict()
        assert one["feasible"] == two["feasible"]
        assert one["stability"] == two["stability"]
        (tmp_path / "r.gmcr").unlink()
    assert list(itertools.islice(tmp_path.iterdir(), 5))

"""The .gmcr adapter: what the format says, against reading it naively; and what strangers may send."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

import detente
from detente.adapters import Source, gmcr, read, recognise
from detente.analysis.standoff import standoff
from detente.errors import CaseError
from tests.naive import stability as naive

SYRIA: dict[str, Any] = {
    "program": "gmcr-py", "version": "0.3.12", "useManualPreferenceRanking": False, "coalitions": [0, 1],
    "options": [{"name": n, "permittedDirection": "both"} for n in ("Release Water", "Escalate", "Attack")],
    "infeasibles": [[[0, "Y"], [1, "Y"]]],
    "decisionMakers": [
        {"name": "Syria", "options": [0, 1],
         "preferences": [[[0, "N"], [1, "N"], [2, "N"]], [[1, "Y"]], [[2, "N"]], [[0, "N"]]]},
        {"name": "Iraq", "options": [2], "preferences": [
            [[0, "Y"], [1, "N"], [2, "N"]], [[0, "N"], [1, "N"], [2, "Y"]], [[0, "N"], [1, "Y"], [2, "Y"]],
            [[0, "N"], [1, "N"], [2, "N"]], [[0, "Y"], [1, "N"], [2, "Y"]]]},
    ],
}  # fmt: skip
"""Hipel, Kilgour and Kinsara (2014), as the format writes it."""

GARRISON_INFEASIBLE = [
    "YY-------", "Y-Y------", "-YY------", "-----YY--", "-----Y-Y-", "-----Y--Y", "------YY-", "------Y-Y",
    "-------YY", "NNN------", "-----NNNN", "Y--N-----", "--YY-----", "Y---NN---", "-Y--N--Y-", "-Y--N---Y",
    "--Y-N--Y-", "--Y-N---Y",
]  # fmt: skip
GARRISON: dict[str, Any] = {
    "useManualPreferenceVectors": True, "program": "gmcr-py",
    "infeasibles": [[[k, x] for k, x in enumerate(row) if x != "-"] for row in GARRISON_INFEASIBLE],
    "options": [{"name": n, "permittedDirection": "both"} for n in
                ("Full", "Reduced", "Appease", "Legal Challenge", "Treaty Challenge", "Full", "Reduced", "Lonetree", "Suspend")],
    "decisionMakers": [
        {"name": "US Support", "options": [0, 1, 2], "preferences": [],
         "preferenceVector": [3, 7, [1, 2], 4, [5, 6], 8, 9, 12, 11, 15, 10, 13, 14, 17, 16, 18, 19, 21, 20, 22, 23]},
        {"name": "US Opposition", "options": [3], "preferences": [],
         "preferenceVector": [[21, 17, 13, 10, 6, 2], [23, 19], 15, 11, 8, 4, 22, 18, 14, 7, 3, 20, 16, 12, 9, 5, 1]},
        {"name": "Canadian Opposition", "options": [4], "preferences": [],
         "preferenceVector": [23, [20, 21], 19, [16, 17], 11, [9, 10], 15, [12, 13], 2, 4, 1, 8, [5, 6], 22, 18, 14, 3, 7]},
        {"name": "IJC", "options": [5, 6, 7, 8], "preferences": [], "preferenceVector": [list(range(1, 24))]},
    ],
}  # fmt: skip
"""The Garrison Diversion conflict in ranking form with ties (Fraser and Hipel 1984): 23 feasible states."""


def labels(data: dict[str, Any]) -> dict[str, list[str]]:
    found = standoff(gmcr.loads(json.dumps(data))).to_dict()
    label = dict(zip(found["feasible"], found["labels"], strict=True))
    return {concept: [label[n] for n in numbers] for concept, numbers in found["equilibria"].items()}


def by_hand(data: dict[str, Any]) -> dict[str, list[str]]:
    """The file read straight: states as Y/N strings, numbered by the sum of 2^k, moves and ranks by looping."""
    count = len(data["options"])

    def fits(pattern: list[list[Any]], s: str) -> bool:
        return all(s[k] == x for k, x in pattern)

    states = ["".join(s) for s in itertools.product("NY", repeat=count)]
    states = [s for s in states if not any(fits(p, s) for p in data["infeasibles"])]
    tool = sorted(states, key=lambda s: sum(2**k for k in range(count) if s[k] == "Y"))
    number = {s: i for i, s in enumerate(states)}
    moves, ranks = {}, {}
    for maker in data["decisionMakers"]:
        name = maker["name"]
        moves[(name,)] = {
            (number[a], number[b])
            for a, b in itertools.permutations(states, 2)
            if all(a[k] == b[k] or k in maker["options"] for k in range(count))
            and all(
                a[k] == b[k]
                or data["options"][k]["permittedDirection"] in ("both", "fwd" if b[k] == "Y" else "back")
                for k in range(count)
            )
        }
        if "preferenceVector" in maker:
            groups = [g if isinstance(g, list) else [g] for g in maker["preferenceVector"]]
            ranks[name] = {number[tool[x - 1]]: r for r, group in enumerate(groups) for x in group}
        else:
            ranks[name] = {
                number[s]: -sum(2**-j for j, p in enumerate(maker["preferences"]) if fits(p, s))
                for s in states
            }
    _, equilibria = naive.analyse(naive.Conflict(list(range(len(states))), moves, ranks))
    return {concept: [states[s] for s in found] for concept, found in equilibria.items()}


def test_published_equilibria() -> None:
    found = labels(SYRIA)
    assert found["gmr"] == ["NNN", "NYY"]
    assert all(found[c] == ["NYY"] for c in ("nash", "smr", "seq", "sseq"))


@pytest.mark.parametrize("data", [SYRIA, GARRISON], ids=["syria", "garrison"])
def test_agrees_with_reading_the_file_straight(data: dict[str, Any]) -> None:
    assert labels(data) == by_hand(data)


def test_garrison_has_23_states_and_two_options_of_one_name() -> None:
    case = gmcr.loads(json.dumps(GARRISON), "garrison.gmcr")
    assert standoff(case).n_feasible == 23
    assert list(case.issues)[:2] == ["Full (US Support)", "Reduced (US Support)"]
    assert "Full (IJC)" in case.issues
    assert case.id == "garrison"


@pytest.mark.parametrize("direction", ["fwd", "back"])
def test_one_way_options(direction: str) -> None:
    data = json.loads(json.dumps(SYRIA))
    for option in data["options"][1:]:
        option["permittedDirection"] = direction
    assert labels(data) == by_hand(data)


TEXTS = {
    "1": lambda a, b, c: a,
    "-1 if 3": lambda a, b, c: not (c and a),
    "2,-3": lambda a, b, c: b and not c,
    "Escalate & !attack": lambda a, b, c: b and not c,
    "1 | 2 & 3": lambda a, b, c: a or (b and c),
    "(1 | 2) & 3": lambda a, b, c: (a or b) and c,
    "1 IFF 3": lambda a, b, c: a == c,
    "2 IF 1 | 3": lambda a, b, c: not (a or c) or b,
    "-(1 & 2) iff -(-3)": lambda a, b, c: (not (a and b)) == c,
    '"Release Water" or not 2': lambda a, b, c: a or not b,
    "release water and 3": lambda a, b, c: a and c,
}


@pytest.mark.parametrize("text", TEXTS)
def test_text_statements(text: str) -> None:
    data = {
        **SYRIA,
        "infeasibles": [],
        "decisionMakers": [{"name": "X", "options": [0, 1, 2], "preferences": [text]}],
    }
    result = standoff(gmcr.loads(json.dumps(data)))
    for n, state in enumerate(itertools.product((False, True), repeat=3)):
        assert (result.conflict.scores[0, n] == 2) == TEXTS[text](*state), (text, state)


@pytest.mark.parametrize(
    "text", ["", "4", "1 &", "(1", "1 2", "nobody", "if 1", "1)", "1 ? 2", "-", "(" * 300 + "1"]
)
def test_statements_that_do_not_parse(text: str) -> None:
    data = {**SYRIA, "decisionMakers": [{"name": "X", "options": [0, 1, 2], "preferences": [text]}]}
    with pytest.raises(CaseError, match=r"statement|option|bracket"):
        gmcr.loads(json.dumps(data))


def test_several_patterns_are_one_statement() -> None:
    data = json.loads(json.dumps(SYRIA))
    data["infeasibles"] = [
        {"compound": True, "members": [[[0, "Y"], [1, "Y"]], [[0, "N"], [1, "N"], [2, "Y"]]]}
    ]
    data["decisionMakers"][0]["preferences"] = [{"compound": True, "members": [[[0, "Y"]], [[2, "N"]]]}]
    result = standoff(gmcr.loads(json.dumps(data)))
    assert result.labels() == ["NNN", "NYN", "NYY", "YNN", "YNY"]
    assert result.conflict.scores[0][result.feasible].tolist() == [2, 2, 1, 2, 2]


def test_misperceptions_take_moves_away() -> None:
    data = json.loads(json.dumps(SYRIA))
    data["decisionMakers"][0]["misperceptions"] = [[[0, "Y"], [1, "N"]]]
    data["decisionMakers"][1]["misperceptions"] = [[[0, "N"], [1, "N"]]]
    case = gmcr.loads(json.dumps(data))
    assert case.graph_form
    assert "misperceive" in (case.note or "")
    assert not any("YN" in a + b and (a[:2] == "YN" or b[:2] == "YN") for a, b in case.moves["Syria"])
    assert not any(a[:2] == "NN" or b[:2] == "NN" for a, b in case.moves["Iraq"])
    result = standoff(case)
    assert result.labels() == ["NNN", "NNY", "NYN", "NYY", "YNN", "YNY"]
    plain = standoff(gmcr.loads(json.dumps(SYRIA)))
    assert set(plain.equilibria("nash")) <= set(result.equilibria("nash"))


def test_options_of_nobody_or_of_two() -> None:
    data = json.loads(json.dumps(SYRIA))
    data["decisionMakers"][1]["options"] = [1]
    case = gmcr.loads(json.dumps(data))
    assert case.issues["Attack"].by is None
    assert case.issues["Escalate"].by == ("Syria", "Iraq")


def test_told_from_content_and_loaded_like_any_case(tmp_path: Path) -> None:
    path = tmp_path / "anything.txt"
    path.write_text("\n " + json.dumps(SYRIA), encoding="utf-8")
    assert read(path) == detente.load(path) == gmcr.read(Source(path))
    assert recognise(Source(path)) == "gmcr"
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(CaseError, match="not a format"):
        read(path)


HOSTILE = {
    "nesting": '{"decisionMakers": ' + "[" * 200_000 + ', "options"',
    "not json": '{"decisionMakers": "options"',
    "wrong types": '{"decisionMakers": {"a": 1}, "options": 3, "infeasibles": "x", "coalitions": 7}',
    "numbers": '{"decisionMakers": [{"name": "A", "options": [1e400, -1, true, 99]}], "options": [{"name": "o"}]}',
    "long int": '{"decisionMakers": [{"name": "A", "options": [' + "9" * 5_000 + ']}], "options": [{"name": "o"}]}',
    "empty": '{"decisionMakers": [], "options": []}',
    "direction": '{"decisionMakers": [{"name": "A", "options": [0]}], "options": [{"name": "o", "permittedDirection": "up"}]}',
    "no ranking": '{"useManualPreferenceRanking": true, "decisionMakers": [{"name": "A", "options": [0]}], "options": [{"name": "o"}]}',
    "short ranking": '{"useManualPreferenceRanking": true, "decisionMakers": [{"name": "A", "options": [0], "preferenceRanking": [1]}], "options": [{"name": "o"}]}',
    "many listed": json.dumps({"useManualPreferenceRanking": True, "options": [{"name": f"o{k}"} for k in range(40)],
                               "decisionMakers": [{"name": "A", "options": [0], "preferenceRanking": [1]}]}),
    "all ruled out": '{"decisionMakers": [{"name": "A", "options": [0]}], "options": [{"name": "o"}], "infeasibles": [[]]}',
    "many options": json.dumps({"options": [{"name": "o"}] * 2_000, "decisionMakers": [{"name": "A", "options": []}]}),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_in_problems(name: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.gmcr"
    path.write_text(HOSTILE[name], encoding="utf-8")
    assert recognise(Source(path)) == "gmcr"
    with pytest.raises(CaseError) as caught:
        gmcr.loads(HOSTILE[name], "hostile.gmcr")
    assert caught.value.problems


def test_odd_names_become_usable_ids() -> None:
    data = {
        "options": [{"name": n} for n in (' a"b\n', "", "A", "a  'c' and d", "if")],
        "decisionMakers": [
            {"name": "A", "options": [0, 1, 2, 3, 4], "preferences": [[[k, "Y"]] for k in range(5)]}
        ],
    }
    result = standoff(gmcr.loads(json.dumps(data)))
    assert len(set(result.conflict.space.issues)) == 5
    assert result.equilibria("nash").tolist() == [31]

"""The result: contract, words, tables, figures, options, refusals."""

from __future__ import annotations

import itertools
import json
import random
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import detente
from detente.analysis.standoff import bytes_per_outcome, standoff
from detente.analysis.standoff.arcs import CLASSED, PAIR_BYTES
from detente.analysis.standoff.relations import equilibria
from detente.case import Case, from_data
from detente.cli import build
from detente.errors import CostError, NeedsError
from detente.kernels.stability import CONCEPTS
from detente.space import compile_case
from tests.analysis.standoff.conflicts import random_case

CASES = [
    "elmira-1991",
    "cuba-1962",
    "syria-iraq-1975",
    "prisoners-dilemma",
    "chicken",
    "north-korea-2017",
    "stockholm-2019",
]


@pytest.mark.parametrize("name", CASES)
def test_the_contract(name: str) -> None:
    case = detente.load(name)
    data = json.loads(standoff(case).to_json())
    assert data["analysis"] == "standoff"
    assert data["case"] == case.id
    assert data["feasible"] == sorted(data["feasible"])
    assert set(data["stability"]) == set(data["equilibria"]) == set(CONCEPTS)
    for concept in CONCEPTS:
        rows = [set(found) for found in data["stability"][concept].values()]
        assert list(data["stability"][concept]) == [p for p in case.parties if p in case.preferences]
        assert data["equilibria"][concept] == sorted(set.intersection(*rows))
        assert set.union(*rows) <= set(data["feasible"])
        assert data["counts"]["equilibria"][concept] == len(data["equilibria"][concept])
    assert data["status_quo"]["possible"]
    for concept, by_party in data["status_quo"]["why"].items():
        for party, why in by_party.items():
            assert why["stable"] == (data["status_quo"]["number"] in data["stability"][concept][party])
            assert why["sentence"].endswith(".")


@pytest.mark.parametrize("name", CASES)
def test_words_tables_and_figures(name: str) -> None:
    result = standoff(detente.load(name))
    text = result.explain()
    assert "\n\n" not in text
    assert "possible outcomes" in text
    tables = result.tables()
    assert len(tables["equilibria"]) == max(result.counts.values())
    assert result.to_polars().height == len(tables["equilibria"])
    charts = result.charts()
    assert {"graph", "options"} <= set(charts)
    for chart in charts.values():
        assert chart["description"]
        json.dumps(chart, allow_nan=False)
    assert "<table>" in result._repr_html_()


def test_figures_can_be_drawn() -> None:
    import vl_convert

    for name in ("elmira-1991", "north-korea-2017"):
        for chart in standoff(detente.load(name)).charts().values():
            assert vl_convert.vegalite_to_svg(json.dumps(chart)).startswith("<svg")


def test_why_in_words() -> None:
    result = standoff(detente.load("prisoners-dilemma"))
    both = {"first": "cooperate", "second": "cooperate"}
    assert "would have reason to answer" in result.because("row", both, "seq")
    assert "could answer" in result.because("row", both, "gmr")
    assert "no way out" in result.because("row", both, "smr")
    assert "does not count" in result.because("row", both, "nash")
    assert result.because("row") == "First prisoner has no move of its own here that is better for it."
    assert result.because("row", both, "seq") == (
        "First prisoner could gain by taking First prisoner's choice from cooperate to defect, but Second prisoner "
        "would have reason to answer by taking Second prisoner's choice from cooperate to defect, which leaves "
        "First prisoner worse off than now."
    )
    assert result.why("row").margin == 1


FIRST = {
    "stockholm-2019": "Nobody can leave the status quo (nuclear none, relief none, assurance words, projects none) with profit: no party",
    "elmira-1991": "Nobody can leave the status quo (s1-delay) with profit, if others answer even where",
    "chicken": "The status quo (first straight, second straight) does not hold: First driver and Second driver could",
}


@pytest.mark.parametrize("name", FIRST)
def test_the_answer_comes_first(name: str) -> None:
    assert standoff(detente.load(name)).explain().startswith(FIRST[name])


def test_a_status_quo_that_does_not_hold() -> None:
    data = detente.load("prisoners-dilemma").to_data() | {
        "status_quo": {"first": "cooperate", "second": "defect"}
    }
    text = standoff(from_data(data)).explain()
    assert "does not hold: First prisoner could leave it with profit, whatever others may answer." in text
    assert "would have to rise 1 rank in its order to hold" in text


def test_targets_and_what_others_can_reach() -> None:
    text = standoff(detente.load("stockholm-2019")).explain()
    assert (
        "full-irreversible (nuclear full, relief full, assurance binding, projects resumed) would not hold"
        in text
    )
    assert "only with a step that does not pay for who takes it" in text
    assert "by steps each of which pays for who takes it" in standoff(detente.load("cuba-1962")).explain()


def test_an_escape_is_named() -> None:
    """A sanction from which the party gets away: enough for GMR, not for SMR."""
    case = from_data({
        "detente": 1, "id": "e", "title": "E", "parties": {"A": {}, "B": {}}, "outcomes": ["s", "up", "down", "out"],
        "moves": {"A": [["s", "up"], ["down", "out"]], "B": [["up", "down"]]},
        "preferences": {"A": {"ranking": [["up"], ["out"], ["s"], ["down"]]}, "B": {"ranking": [["down"], ["up", "s", "out"]]}},
    })  # fmt: skip
    result = standoff(case)
    assert result.why("A", "s", "gmr").stable
    why = result.why("A", "s", "smr")
    assert not why.stable
    assert why.replies[0].escape is not None
    assert why.margin == -1
    assert "could escape the answer" in result.because("A", "s", "smr")


def test_impossible_status_quo_and_unknown_names() -> None:
    data = detente.load("chicken").to_data()
    data["impossible"] = [{"when": "first == straight and second == straight"}]
    for preference in data["preferences"].values():
        preference["ranking"] = [
            g for g in preference["ranking"] if [list(o) for o in g] != [["straight", "straight"]]
        ]
    result = standoff(from_data(data))
    assert not result.status_quo_possible
    assert "not among the possible" in result.explain()
    assert result.to_dict()["status_quo"]["possible"] is False
    assert result.evolution is None
    assert result.charts()
    with pytest.raises(NeedsError, match="impossible"):
        result.why("row")
    with pytest.raises(NeedsError, match="no preferences of 'nobody'"):
        result.why("nobody", 0)
    with pytest.raises(NeedsError, match="unknown concept"):
        result.stable("best", "row")
    with pytest.raises(NeedsError, match="does not exist"):
        result.why("row", 99)


def test_what_standoff_needs() -> None:
    base = {
        "detente": 1,
        "id": "n",
        "title": "N",
        "parties": {"A": {}},
        "issues": {"x": {"by": "A", "levels": ["N", "Y"]}},
    }
    with pytest.raises(NeedsError, match="the case 'n' has no preferences for 'A'"):
        standoff(from_data(base))
    with pytest.raises(NeedsError, match="needs preferences"):
        standoff(from_data({**base, "parties": {"A": {"roles": ["affected"]}}}))
    terms = {**base, "issues": {"x": {"levels": ["N", "Y"]}}, "preferences": {"A": {"table": [0, 1]}}}
    with pytest.raises(NeedsError, match="needs moves"):
        standoff(from_data(terms))
    nothing = {**base, "impossible": ["x == N or x == Y"], "preferences": {"A": {"table": [0, 1]}}}
    with pytest.raises(NeedsError, match="no outcome is possible"):
        standoff(from_data(nothing))
    with pytest.raises(NeedsError, match="memory"):
        standoff(detente.load("chicken"), memory=0)


def wide(options: int, parties: int = 2, **extra: object) -> Case:
    names = [f"P{i}" for i in range(parties)]
    issues = {
        f"o{k}": {"by": names[k * parties // options], "levels": ["N", "Y"], **extra} for k in range(options)
    }
    rng = random.Random(options)
    values = {p: {"values": {i: {"N": 0, "Y": rng.randint(-9, 9)} for i in issues}} for p in names}
    return from_data(
        {
            "detente": 1,
            "id": "w",
            "title": "W",
            "parties": {p: {} for p in names},
            "issues": issues,
            "preferences": values,
        }
    )


def test_memory_is_refused_before_it_is_taken() -> None:
    with pytest.raises(CostError, match="GB are allowed") as caught:
        standoff(wide(34))
    assert "17,179,869,184 outcomes" in str(caught.value)
    with pytest.raises(CostError):
        standoff(wide(100))
    with pytest.raises(CostError):
        standoff(wide(16), memory=0.001)
    assert bytes_per_outcome(2, 2) * 2**27 < 4e9


def tied(options: int) -> Case:
    """One party owns all options, each of which needs the next: its moves do not combine."""
    names = [f"i{k}" for k in range(options)]
    issues: dict[str, dict[str, object]] = {name: {"by": "P0", "levels": ["n", "y"]} for name in names}
    for a, b in itertools.pairwise(names):
        issues[a]["requires"] = {"y": f"{b} == y"}
    values = {n: {"n": 0, "y": (-1) ** k * (k + 1.5)} for k, n in enumerate(names)}
    preferences = {p: {"values": values} for p in ("P0", "P1")}
    data = {"detente": 1, "id": "t", "title": "T", "parties": {"P0": {}, "P1": {}}}
    return from_data({**data, "issues": issues, "preferences": preferences})


def test_tables_of_moves_stay_within_what_was_reckoned() -> None:
    standoff(tied(13))
    tracemalloc.start()
    standoff(tied(13))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < CLASSED * PAIR_BYTES
    tabled, listed = standoff(tied(10)), standoff(tied(10), memory=0.05)
    assert (tabled.flags == listed.flags).all()
    with pytest.raises(CostError, match="moves take"):
        standoff(tied(10), memory=1e-4)


def test_a_witness_is_refused_before_it_takes_too_much() -> None:
    result = standoff(wide(20), memory=0.03)
    with pytest.raises(CostError, match="a witness"):
        result.why("P0", 0)
    with pytest.raises(CostError, match="what can come about"):
        result.evolve()


def test_large_results_give_counts_for_lists() -> None:
    result = standoff(wide(20))
    data = result.to_dict()
    assert data["feasible"] is None
    assert data["feasible_count"] == 2**20
    assert data["evolution"] is None
    whole = [(c, p) for c in CONCEPTS for p in result.conflict.parties if data["stability"][c][p] is None]
    assert all(data["counts"]["stability"][c][p] > 10**6 for c, p in whole)
    assert result.explain()
    best = int(result.equilibria("nash")[0])
    assert result.why("P0", best, "sseq").stable
    assert result.charts()["options"]


def test_scores_of_large_spaces_are_those_of_ranks() -> None:
    from detente.analysis.standoff import scores

    for seed, options in ((1, 18), (2, 19)):
        rng = np.random.default_rng(seed)
        data = wide(options).to_data()
        if seed == 2:
            data["preferences"]["P0"] = {"table": rng.random(2**options).tolist()}
            data["preferences"]["P1"] = {"priorities": [f"o{k} == Y and o{k + 1} == N" for k in range(12)]}
            data["impossible"] = [{"when": "o3 == Y and o17 == N"}]
        space = compile_case(from_data(data))
        possible = scores.possible_outcomes(space)
        got = scores.scores(space, possible, lambda need: None)
        assert got.dtype == (np.int32 if seed == 2 else np.uint16)
        for p in range(2):
            ranks = space.ranks(p)
            want = np.where(possible, ranks[possible].max() + 1 - ranks, 0)
            assert np.array_equal(got[p], want)


def test_a_space_gives_what_a_case_gives() -> None:
    case = detente.load("cuba-1962")
    one, two = standoff(case), standoff(compile_case(case))
    assert one.to_json() == two.to_json()
    assert detente.standoff is standoff


def test_views_strength_unknown_and_attitudes_of_a_case() -> None:
    data = detente.load("chicken").to_data()
    data["strength"] = {"row": [[["straight", "swerve"], ["straight", "straight"]]]}
    data["unknown"] = {"column": [[["swerve", "swerve"], ["straight", "straight"]]]}
    data["attitudes"] = {"row": {"column": 1}}
    data["views"] = {
        "row": [{"set": "preferences.column.ranking", "to": data["preferences"]["row"]["ranking"]}]
    }
    result = standoff(from_data(data))
    found = result.relations()
    for kinds in (found.strength, found.unknown):
        assert kinds
    assert set(found.attitudes) == {"nash", "gmr", "smr", "seq"}
    assert found.views is not None
    assert found.views.viewers == ("row",)
    assert all(set(row) == {"outcome", "expected", "true"} for row in found.views.rows("gmr"))
    assert "With attitudes" in found.explain()
    json.dumps(detente.analysis.result.to_plain(found.to_data()))
    assert equilibria({"a": [1, 2], "b": [2, 3]}) == [2]


def test_default_attitudes_are_weak_nash() -> None:
    """Own +, others 0: an outcome is left for anything reachable that is no worse."""
    for seed in range(40_000, 40_060):
        case = random_case(random.Random(seed), "graph")
        result = standoff(case)
        party = result.conflict.parties[0]
        data = case.to_data() | {"attitudes": {party: {party: 1}}}
        found = standoff(from_data(data)).relations().attitudes["nash"][party]
        conflict, i = result.conflict, 0
        want = [
            s for s in range(conflict.size)
            if conflict.own[i] < 0
            or not (conflict.scores[i, conflict.targets(conflict.own[i], s)] >= conflict.scores[i, s]).any()
        ]  # fmt: skip
        assert found == want


def test_ranges_leave_preferences_unknown() -> None:
    base = {
        "detente": 1, "id": "r", "title": "R", "parties": {"A": {}}, "issues": {"x": {"by": "A", "levels": ["a", "b", "c"]}},
        "preferences": {"A": {"values": {"x": {"a": 0, "b": [-1, 1], "c": 5}}}},
    }  # fmt: skip
    result = standoff(from_data(base))
    found = result.relations(strong={"A": 3.5})
    assert found.unknown["a"]["nash"]["A"] == [2]
    assert found.unknown["b"]["nash"]["A"] == [2]
    data = {**base, "preferences": {"A": {"values": {"x": {"a": 0, "b": [-1, 1], "c": [0.5, 5]}}}}}
    readings = standoff(from_data(data)).relations().unknown
    assert readings["a"]["nash"]["A"] == []
    assert readings["b"]["nash"]["A"] == [1, 2]
    with pytest.raises(NeedsError, match="a gap above 0"):
        result.relations(strong={"A": -1})


def test_strength_must_agree_with_the_ranking() -> None:
    data = detente.load("chicken").to_data()
    data["strength"] = {"row": [[["straight", "straight"], ["straight", "swerve"]]]}
    with pytest.raises(NeedsError, match="does not prefer"):
        standoff(from_data(data)).relations()


def test_questions_too_large_for_sets_are_refused() -> None:
    result = standoff(wide(14))
    for ask in (result.relations, result.coalitions):
        with pytest.raises(CostError):
            ask()
    graph = standoff(detente.load("elmira-1991"))
    with pytest.raises(NeedsError, match="need issues"):
        graph.simultaneous()
    with pytest.raises(NeedsError, match="horizon"):
        graph.foresight(0)


def test_published_coalitions() -> None:
    elmira = standoff(detente.load("elmira-1991"))
    found = elmira.coalitions(everywhere=True)
    assert found.universal["nash"] == [7, 8]
    assert [(s, found.ids(g), t) for s, g, t in found.vulnerable] == [(4, ["MoE", "Uniroyal"], 7)]
    dilemma = standoff(detente.load("prisoners-dilemma")).coalitions(everywhere=True)
    assert dilemma.universal == {"nash": [], "gmr": [3], "smr": [3], "seq": [3]}


def test_published_simultaneous_stability() -> None:
    korea = standoff(detente.load("north-korea-2017")).simultaneous()
    assert np.flatnonzero(korea.manual).tolist() == [0, 4, 5, 10]
    assert "4 outcomes hold" in korea.explain()


@pytest.mark.parametrize("name", ["cuba-1962", "elmira-1991"])
def test_every_outcome_as_a_table(name: str, tmp_path: Path) -> None:
    import polars
    from typer.testing import CliRunner

    path = tmp_path / "all.parquet"
    done = CliRunner().invoke(build(), ["standoff", name, "--json", "-o", str(path)])
    assert done.exit_code == 0, done.output
    data, frame = json.loads(done.stdout), polars.read_parquet(path)
    assert frame["number"].to_list() == data["feasible"]
    for concept in CONCEPTS:
        assert frame.filter(concept)["number"].to_list() == data["equilibria"][concept]
        for party, numbers in data["stability"][concept].items():
            assert frame.filter(f"{concept} {party}")["number"].to_list() == numbers
    result = standoff(detente.load(name))
    best = frame.filter(polars.col(f"rank {result.conflict.parties[0]}") == 1)
    title = "missiles" if name == "cuba-1962" else "outcome"
    assert best[title].to_list() == (["withdraw"] if name == "cuba-1962" else ["s7-accept-insist"])


def test_the_command_line() -> None:
    from typer.testing import CliRunner

    runner = CliRunner()
    text = runner.invoke(
        build(),
        ["standoff", "elmira-1991", "--why", "--unlock", "--coalitions", "--foresight", "2", "--relations"],
    )
    assert text.exit_code == 0, text.output
    assert "Uniroyal" in text.output
    answer = runner.invoke(build(), [
        "standoff", "north-korea-2017", "--json", "--why", "--unlock", "--coalitions", "--foresight", "2",
        "--simultaneous", "--relations", "--at", "programme=abandon,troops=withdraw", "--concept", "nash",
    ])  # fmt: skip
    assert answer.exit_code == 0, answer.output
    data = json.loads(answer.stdout)
    assert {"why", "unlock", "coalitions", "foresight", "simultaneous", "relations"} <= set(data)
    assert data["unlock"]["target"] == 10

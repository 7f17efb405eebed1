"""Questions over draws against the analyses themselves, one draw at a time."""

import numpy as np
import pytest

import detente
from detente.analysis.confidence.ask_agreement import AskAgreement
from detente.analysis.confidence.ask_other import AskFunction, settled
from detente.analysis.confidence.ask_roadmap import AskRoadmap
from detente.analysis.confidence.ask_standoff import AskStandoff
from detente.analysis.confidence.worlds import plan_of
from detente.analysis.roadmap import roadmap
from detente.case import from_data
from detente.errors import NeedsError
from detente.kernels.many_fronts import fronts
from tests.analysis.confidence.cases import HEAD, price, random_case
from tests.naive import confidence as naive

DRAWS = 4


def asked(case, question, count=DRAWS, seed=0):
    plan = plan_of(case, question.relevant)
    question.prepare(plan.worlds)
    world = plan.worlds[0]
    values = world.values(plan.draw(count, seed, 0, "random"))
    return world, values, question(world, values, count)


def members(sets, d):
    if hasattr(sets, "mask"):
        return {tuple(map(int, row)) for row in sets.levels[sets.mask[:, d]]}
    return {tuple(map(int, row)) for row in sets.levels[sets.draw == d]}


def agrees(case, question, count=DRAWS):
    world, values, answers = asked(case, question, count)
    assert np.array_equal(question.decide(world, values, count), answers.yes)
    for d, (exists, good, efficient, rules) in enumerate(naive.agreements(world, values, count)):
        assert answers.yes[d, 0] == exists
        if "acceptable" in answers.sets:
            assert members(answers.sets["acceptable"], d) == good
            assert answers.numbers[d, 1] == len(good)
            assert members(answers.sets["pareto"], d) == efficient
        for rule, levels in rules.items():
            if rule in answers.sets:
                assert members(answers.sets[rule], d) == (set() if levels is None else {levels})


@pytest.mark.parametrize("seed", range(60))
def test_agreement_over_draws_is_agreement_in_each_draw(seed):
    agrees(random_case(seed), AskAgreement())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 2500))
def test_agreement_over_draws_in_many_cases(seed):
    agrees(random_case(seed), AskAgreement(), 3)


@pytest.mark.parametrize("seed", range(200, 225))
def test_large_spaces_give_the_same_one_front_at_a_time(seed, monkeypatch):
    case = random_case(seed)
    world, _, small = asked(case, AskAgreement())
    if not world.space.cardinal:
        return
    monkeypatch.setattr("detente.analysis.confidence.ask_agreement.LISTED", 0)
    _, _, large = asked(case, AskAgreement())
    assert (small.yes == large.yes).all()
    for rule in ("nash", "kalai_smorodinsky", "egalitarian", "utilitarian"):
        for d in range(DRAWS):
            assert members(small.sets[rule], d) == members(large.sets[rule], d)


@pytest.mark.parametrize("seed", range(40))
def test_standoff_over_draws_is_standoff_in_each_draw(seed):
    agrees_standoff(random_case(seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3000, 4000))
def test_standoff_over_draws_in_many_cases(seed):
    agrees_standoff(random_case(seed))


def agrees_standoff(case):
    world, values, answers = asked(case, AskStandoff())
    space = world.space
    for d, found in enumerate(naive.standoffs(world, values, DRAWS)):
        for concept, states in found.items():
            mine = {space.number(levels) for levels in members(answers.sets[f"equilibrium_{concept}"], d)}
            assert mine == states
            place = AskStandoff().yes.index(f"status_quo_{concept}")
            assert answers.yes[d, place] == (space.number(space.start) in states)


@pytest.mark.parametrize("name", ["chicken", "elmira-1991", "cuba-1962", "repeated-dilemma"])
def test_catalogue_conflicts_without_ranges_give_one_answer(name):
    case = detente.load(name)
    _, _, answers = asked(case, AskStandoff(), 3)
    result = detente.standoff(case)
    for concept in ("nash", "seq"):
        for d in range(3):
            mine = {
                result.conflict.space.number(x) for x in members(answers.sets[f"equilibrium_{concept}"], d)
            }
            assert mine == set(map(int, result.equilibria(concept)))


def test_unknown_places_of_a_ranking_are_drawn():
    data = {
        **HEAD,
        "parties": {"A": {}, "B": {}},
        "outcomes": ["x", "y", "z"],
        "status_quo": "x",
        "moves": {"A": [["x", "y"], ["y", "x"]], "B": [["y", "z"], ["z", "y"]]},
        "preferences": {"A": {"ranking": [["x"], ["y"], ["z"]]}, "B": {"ranking": [["y"], ["z"], ["x"]]}},
        "unknown": {"A": [["x", "y"]]},
    }
    plan = plan_of(from_data(data), lambda _: True)
    assert [i.name for i in plan.inputs] == ["unknown.A.0"]
    assert plan.inputs[0].choices == ("x > y", "y > x")
    _, values, answers = asked(from_data(data), AskStandoff(), 200)
    truth = answers.yes[:, AskStandoff().yes.index("status_quo_nash")]
    assert (truth == (values["unknown.A.0"] == 0)).all()
    assert 60 < truth.sum() < 140
    _, values, answers = asked(from_data(data), AskAgreement(), 50)
    assert (answers.yes[:, 0] == (values["unknown.A.0"] == 1)).all()


LADDER = {
    **HEAD,
    "parties": {"A": {"patience": [0.5, 0.99]}, "B": {"patience": [0.5, 0.99], "breach_cost": [0, 0.3]}},
    "issues": {"a": {"by": "A", "levels": ["0", "1"]}, "b": {"by": "B", "levels": ["0", "1"]}},
    "status_quo": {"a": "0", "b": "0"},
    "preferences": {
        "A": {"values": {"a": {"0": 0, "1": [-2, -1]}, "b": {"0": 0, "1": [1, 3]}}},
        "B": {"values": {"a": {"0": 0, "1": [1, 3]}, "b": {"0": 0, "1": [-2, -1]}}},
    },
    "targets": {"both": {"outcome": {"a": "1", "b": "1"}}},
}


def test_roadmap_over_draws_is_roadmap_in_each_draw():
    world, values, answers = asked(from_data(LADDER), AskRoadmap(), 25)
    seen = set()
    for d in range(25):
        result = roadmap(settled(world, values, d), "both", patience=False, remedies=False)
        assert answers.yes[d, 0] == bool(result.main.answer.exists)
        assert answers.yes[d, 1] == bool(result.once.answer.exists)
        seen.add(bool(result.main.answer.exists))
    assert seen == {True, False}


def answers_of(case):
    worth = case.preferences["buyer"].values["deal"]["yes"]
    return {"high": worth > 8, "worth": worth, "nothing": None}


def test_a_function_of_a_case_is_asked_of_each_draw():
    _, values, answers = asked(price(), AskFunction(answers_of), 30)
    worth = values["preferences.buyer.values.deal.yes"]
    assert (answers.yes[:, 0] == (worth > 8)).all()
    assert (answers.numbers[:, 0] == worth).all()
    assert np.isnan(answers.numbers[:, 1]).all()


def test_what_cannot_be_asked_is_said():
    with pytest.raises(NeedsError, match="unknown concept"):
        AskStandoff("x")
    with pytest.raises(NeedsError, match="not drawn here"):
        AskAgreement("breakdown")
    with pytest.raises(NeedsError, match="no target"):
        asked(from_data(LADDER), AskRoadmap("elsewhere"))
    with pytest.raises(NeedsError, match="name the target"):
        asked(price(), AskRoadmap())
    with pytest.raises(NeedsError, match="gives no answers"):
        asked(price(), AskFunction(lambda case: {}))


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_fronts_of_many_sets_are_those_of_the_definition(k):
    random = np.random.default_rng(k)
    for size in (1, 2, 9, 30):
        keys = random.integers(0, 4, (k, size, 40)).astype(float)
        want = np.array([naive.front(keys[:, :, d].T.tolist()) for d in range(40)]).T
        assert (fronts(keys, compiled=False) == want).all()
        assert (fronts(keys, compiled=True) == want).all()
    assert fronts(np.zeros((2, 0, 3))).shape == (0, 3)

"""The spatial model: published runs, the definitions on random cases, and what must not matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import detente
from detente.analysis.forecast import voting
from detente.analysis.forecast.inputs import inputs_of
from detente.analysis.forecast.rules import Rules, Stop
from detente.analysis.forecast.smp import run, step
from detente.errors import NeedsError
from tests.analysis.forecast.actors import random_inputs, random_rules
from tests.naive import forecast as naive

# Positions after the run that KTAB's own log has, to one decimal (KAPSARC Toolkit for Behavioral Analysis, smpc on
# dummyData_3Dim.csv and SOE-Pol-Comp.csv under the default settings).
SEVEN = {
    "A0": (78.6, 31.8, 74.1), "A1": (78.6, 31.8, 74.1), "A2": (82.5, 90.9, 0.1), "A3": (67.1, 50.1, 63.7),
    "A4": (78.6, 31.6, 74.1), "A5": (79.9, 34.4, 75.2), "A6": (78.6, 31.6, 74.1),
}  # fmt: skip
FIRST = {"A0": ("A6", 0.095), "A1": ("A0", 0.281), "A2": ("A6", 0.471), "A3": ("A0", 0.284), "A4": ("A0", 0.012),
         "A5": ("A1", 0.299), "A6": ("A1", 0.029)}  # fmt: skip
ELECTION = (0.0018, 0.0209, 0.0021, 0.1078, 0.7054, 0.1276, 0.0345)
CHINA = {
    "XJ": (43.2, 43.3), "LK": (43.2, 43.3), "ZG": (38.7, 28.8), "MK": (38.6, 28.8), "LH": (38.7, 28.8),
    "XS": (38.6, 29.5), "NEA": (38.7, 29.0), "MLR": (38.7, 29.0), "MEP": (38.7, 28.9), "MOF": (38.8, 30.7),
    "SHX": (38.8, 30.8), "HLJ": (38.8, 30.8), "WY": (15.0, 60.0),
}  # fmt: skip
PRINT = 0.0501


@pytest.mark.parametrize(
    ("name", "turns", "ends"), [("seven-actors", 10, SEVEN), ("china-energy", 27, CHINA)]
)
def test_ends_of_published_runs(name, turns, ends):
    document = detente.forecast(detente.load(name), turns=turns).to_dict()
    assert len(document["turns"]) == turns + 1
    for actor, expected in ends.items():
        assert document["turns"][-1][actor] == pytest.approx(expected, abs=PRINT)


def test_first_turn_of_a_published_run():
    first = detente.forecast(detente.load("seven-actors"), turns=1).to_dict()["first"]
    assert list(first["election"].values()) == pytest.approx(ELECTION, abs=5.01e-5)
    for actor, (target, gain) in FIRST.items():
        assert first["targets"][actor]["target"] == target
        assert first["targets"][actor]["gain"] == pytest.approx(gain, abs=5.01e-4)


@pytest.mark.parametrize(("name", "turns"), [("seven-actors", 10), ("china-energy", 27)])
def test_published_runs_come_to_rest_by_themselves_when_their_logs_end(name, turns):
    assert detente.forecast(detente.load(name)).turns == turns


def compare(inputs, rules, random):
    uniform = random.random((inputs.draws, len(inputs.actors))) if rules.transition == "random" else None
    turn = step(inputs, inputs.position, rules, uniform)
    for d in range(inputs.draws):
        after, targets, gains, share, risk, partners = naive.smp_turn(
            inputs.capability[d].tolist(), inputs.position[d].tolist(), inputs.salience[d].tolist(), rules,
            None if uniform is None else uniform[d].tolist(),
        )  # fmt: skip
        assert turn.odds[d] == pytest.approx(share, abs=1e-8)
        assert turn.risk[d] == pytest.approx(risk, abs=1e-7)
        assert turn.target[d].tolist() == targets
        assert turn.gain[d] == pytest.approx(gains, abs=1e-7)
        assert turn.partner[d].tolist() == partners
        assert turn.position[d] == pytest.approx(np.array(after), abs=1e-7)


@pytest.mark.parametrize("seed", range(80))
def test_turns_are_those_of_the_definition(seed):
    random = np.random.default_rng(seed)
    compare(random_inputs(random, draws=2, most=6), random_rules(random), random)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 110))
def test_many_turns_are_those_of_the_definition(seed):
    random = np.random.default_rng(seed)
    for _ in range(300):
        compare(random_inputs(random, draws=1, most=8), random_rules(random), random)


@pytest.mark.parametrize("seed", range(12))
def test_whole_runs_stop_where_the_definition_does(seed):
    random = np.random.default_rng(seed)
    inputs = random_inputs(random, draws=3, most=5)
    found = run(inputs, Rules())
    for d in range(3):
        path = naive.smp_run(
            inputs.capability[d].tolist(), inputs.position[d].tolist(), inputs.salience[d].tolist(), Rules()
        )
        assert found.lengths[d] == len(path) - 1
        assert found.positions[: len(path), d] == pytest.approx(np.array(path), abs=1e-9)
        assert (found.positions[len(path) :, d] == found.positions[len(path) - 1, d]).all()


def test_a_draw_does_not_depend_on_the_others_nor_on_blocks(monkeypatch):
    random = np.random.default_rng(5)
    inputs = random_inputs(random, draws=9, most=7)
    for transition in ("deterministic", "random"):
        rules = Rules(transition=transition)
        whole = run(inputs, rules, seed=3)
        alone = run(inputs.take(slice(4, 5)), rules, seed=3, streams=np.array([4]))
        length = alone.lengths[0]
        assert (whole.positions[: length + 1, 4] == alone.positions[:, 0]).all()
        with monkeypatch.context() as patch:
            patch.setattr("detente.analysis.forecast.smp.BLOCK", 1)
            split = run(inputs, rules, seed=3)
        assert (split.positions == whole.positions).all()
        assert (split.partners == whole.partners).all()


def test_random_moves_depend_on_the_seed_only():
    case = detente.load("china-energy")
    runs = [detente.forecast(case, turns=5, transition="random", seed=s) for s in (1, 1, 2)]
    assert runs[0].to_json() == runs[1].to_json()
    assert runs[0].to_dict()["turns"] != runs[2].to_dict()["turns"]


def test_scales_of_the_file_do_not_matter():
    random = np.random.default_rng(8)
    inputs = random_inputs(random, most=7)
    data = {
        "detente": 1, "id": "x", "title": "x",
        "forecast": {
            "issues": {k: {"from": -4, "to": 6} for k in inputs.issues},
            "actors": {
                a: {"capability": inputs.capability[0, i],
                    "position": {k: -4 + 10 * inputs.position[0, i, j] for j, k in enumerate(inputs.issues)},
                    "salience": {k: inputs.salience[0, i, j] for j, k in enumerate(inputs.issues)}}
                for i, a in enumerate(inputs.actors)
            },
        },
    }  # fmt: skip
    from detente.case import from_data

    found = detente.forecast(from_data(data), turns=4)
    expected = run(inputs, Rules(), 4).positions
    assert found.positions == pytest.approx(-4 + 10 * expected, abs=1e-8)


@pytest.mark.parametrize("seed", range(10))
def test_the_order_of_actors_and_issues_does_not_matter(seed):
    random = np.random.default_rng(seed)
    inputs = inputs_of(detente.load("seven-actors"))
    rules = random_rules(random)
    if (
        "random" in rules.transition or rules.vote == "prospect"
    ):  # the one draws by order, the other votes by it
        rules = Rules()
    actors, issues = random.permutation(7), random.permutation(3)
    turned = replace(
        inputs,
        capability=inputs.capability[:, actors],
        position=inputs.position[:, actors][:, :, issues],
        salience=inputs.salience[:, actors][:, :, issues],
    )
    plain, other = run(inputs, rules, 6), run(turned, rules, 6)
    assert other.positions == pytest.approx(plain.positions[:, :, actors][:, :, :, issues], abs=1e-9)


def test_one_actor_and_one_position_move_nothing():
    random = np.random.default_rng(2)
    for inputs in (random_inputs(random, most=2), random_inputs(random, most=2).take(np.array([0, 0]))):
        found = run(inputs, Rules())
        assert (found.positions == inputs.position).all()
        assert (found.lengths == 2).all()


def test_no_turns_is_the_start():
    inputs = inputs_of(detente.load("china-energy"))
    assert run(inputs, Rules(), 0).positions.shape == (1, 1, 13, 2)


@pytest.mark.parametrize("rule", ["markov-uniform", "markov-incentive"])
def test_a_markov_election_is_at_rest(rule):
    random = np.random.default_rng(4)
    prefer = voting.pairwise(
        "proportional", voting.strengths("proportional", random.random(5), random.random((5, 4)))
    )
    chance = voting.victory("linear", prefer)
    share = voting.elect(rule, prefer, chance)
    assert share.sum() == pytest.approx(1)
    there = np.array([True, True, True, True, False, False])
    wide = np.full((6, 6), 0.3)
    wide[:4, :4] = prefer
    found = voting.elect(rule, wide, voting.victory("linear", wide), there)
    assert found[:4] == pytest.approx(share)
    assert (found[4:] == 0).all()


def test_settings_are_checked():
    with pytest.raises(NeedsError, match="vote: 'loud' is not a rule; there are proportional, binary"):
        Rules(vote="loud")  # type: ignore[arg-type]
    with pytest.raises(NeedsError, match="stop: at least 1 turn"):
        Stop(least=5, most=2)

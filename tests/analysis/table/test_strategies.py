"""Every strategy behaves as its source says."""

from __future__ import annotations

import numpy as np
import pytest

from detente.analysis.table.parts import Acceptance, Offering, Strategy, curve
from detente.analysis.table.strategies import EXPONENTS, strategies, strategy
from detente.errors import NeedsError
from detente.kernels import table as kernel
from tests.analysis.table.random_games import random_game
from tests.analysis.table.test_engines import plainly

NAMED = list(strategies().values())
WASTING = {"wab", "wan", "war"}


def games(count, parties=2, **more):
    random = np.random.default_rng(11)
    for number in range(count):
        game = random_game(random, parties, **more)
        yield game, kernel.streams(number, np.array([number]))[0], NAMED[random.integers(len(NAMED))]


def offers(talks, party):
    return [t.outcome for t in talks.turns if t.party == party and not t.taken and t.outcome is not None]


@pytest.mark.parametrize("own", NAMED, ids=lambda s: s.name)
def test_nobody_offers_or_takes_less_than_no_deal(own):
    for game, state, other in games(12):
        talks = plainly(game, [own, other], 0, state)
        rational = set(game.order[0, 0, : game.limit[0, 0]].tolist())
        if own.name not in WASTING:
            assert set(offers(talks, 0)) <= rational
        if talks.end == kernel.DEAL and talks.by == 1:
            assert talks.outcome in rational
        if not rational and own.name not in WASTING:
            assert talks.end == kernel.WALKED


@pytest.mark.parametrize("own", [s for s in NAMED if s.timed], ids=lambda s: s.name)
def test_time_dependent_offers_only_get_worse_for_their_author(own):
    for game, state, other in games(12):
        made = game.u[0, 0][offers(plainly(game, [own, other], 0, state), 0)]
        assert (np.diff(made) <= 0).all()


def test_time_dependent_offers_are_the_last_on_the_list_worth_the_aim():
    for game, state, _ in games(60):
        own = Strategy("t", Offering("time", exponent=2.0), Acceptance("never"))
        talks = plainly(game, [own, Strategy("h", Offering(exponent=None), Acceptance("never"))], 0, state)
        high, low = game.high[0, 0], game.low[0, 0]
        rational = game.u[0, 0][game.order[0, 0, : game.limit[0, 0]]]
        for r, outcome in enumerate(offers(talks, 0)):
            aim = high - game.times[r] ** 2 * (high - low)
            enough = rational[rational >= aim]
            assert game.u[0, 0, outcome] == (enough.min() if len(enough) else rational.max())


def test_concession_curves():
    times = np.linspace(0, 1, 11)
    assert curve(Offering(exponent=1.0), times, 10) == pytest.approx(times)
    assert curve(Offering(exponent=None), times, 10).tolist() == [0] * 11
    assert (curve(Offering(exponent=4.0), times, 10) <= times + 1e-12).all()
    assert (curve(Offering(exponent=0.25), times, 10) >= times - 1e-12).all()
    assert curve(Offering(initial=0.3), times, 10)[[0, -1]].tolist() == [0.3, 1]


def test_micro_concedes_exactly_when_matched():
    for game, state, other in games(80):
        talks = plainly(game, [strategies()["micro"], other], 0, state)
        sent, heard, order = [], set(), game.order[0, 0].tolist()
        limit = int(game.limit[0, 0])
        for turn in talks.turns:
            if turn.party == 1 and not turn.taken and turn.outcome is not None:
                heard.add(turn.outcome)
            elif turn.party == 0 and not turn.taken and turn.outcome is not None:
                if len(sent) <= len(heard) and len(sent) < limit:
                    assert turn.outcome == order[len(sent)]
                    sent.append(turn.outcome)
                else:
                    assert turn.outcome in sent


def test_two_micros_meet_where_their_lists_meet():
    # de Jonge (2022): both go down their lists one by one, and accept what is no worse than their own next offer
    for game, state, _ in games(80, rounds=60):
        if not game.limit.all():
            continue
        talks = plainly(game, [strategies()["micro"]] * 2, 0, state)
        both = (game.u[0] >= game.us[0, np.arange(2), game.limit[0] - 1][:, None]).all(axis=0)
        if talks.end == kernel.DEAL:
            assert both[talks.outcome]


def test_hardliner_never_moves():
    for game, state, other in games(30):
        made = offers(plainly(game, [strategies()["hardliner"], other], 0, state), 0)
        assert len(set(made)) <= 1
        assert all(game.u[0, 0, o] == game.high[0, 0] for o in made)


def test_absolute_tit_for_tat_gives_what_was_given():
    own = strategies()["absolute-tit-for-tat"]
    for game, state, other in games(60):
        talks = plainly(game, [own, other], 0, state)
        heard, aim = [], game.high[0, 0]
        for turn in talks.turns:
            if turn.party == 1 and not turn.taken and turn.outcome is not None:
                heard.append(game.u[0, 0, turn.outcome])
            elif turn.party == 0 and not turn.taken and turn.outcome is not None:
                if len(heard) > 1:
                    aim = np.clip(aim - (heard[-1] - heard[-2]), game.low[0, 0], game.high[0, 0])
                assert game.u[0, 0, turn.outcome] >= aim - 1e-12 or turn.outcome == game.order[0, 0, 0]


def test_cab_goes_down_its_list():
    for game, state, other in games(40):
        made = offers(plainly(game, [strategies()["cab"], other], 0, state), 0)
        expected = [int(game.order[0, 0, min(k, game.limit[0, 0] - 1)]) for k in range(len(made))]
        assert made == expected


def test_there_are_more_than_thirty_and_each_says_what_it_does():
    assert len(NAMED) >= 40
    assert all(s.about for s in NAMED)
    assert len(strategy("varied")) == len(EXPONENTS)
    assert [s.name for s in strategy("micro|time:2")] == ["micro", "time:2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("boulwar", "Did you mean 'boulware'"),
        ("time:fast", "the exponent is a number above 0"),
        ("time:-1", "the exponent is a number above 0"),
        ("", "no strategy is called ''"),
    ],
)
def test_unknown_strategies_are_named(text, message):
    with pytest.raises(NeedsError, match=message):
        strategy(text)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"offering": Offering(pick="model")}, "has none"),
        ({"acceptance": Acceptance("micro")}, "goes with offering 'micro'"),
        ({"offering": Offering("random"), "acceptance": Acceptance("target")}, "needs an offering that sets"),
        ({"offering": Offering(exponent=-1.0)}, "an exponent above 0"),
        ({"offering": Offering("quick")}, "a way of offering"),
        ({"acceptance": Acceptance("gladly")}, "a way of accepting"),
    ],
)
def test_parts_that_do_not_fit_are_refused(parts, message):
    with pytest.raises(NeedsError, match=message):
        Strategy("mine", **parts)

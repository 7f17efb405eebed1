"""The compiled loops, the tables of time-dependent strategies, and the plain engine make the same moves."""

from __future__ import annotations

import numpy as np
import pytest

from detente.analysis.table.parts import curve, minds
from detente.analysis.table.plain import Listed, Plain, alternating
from detente.kernels import table as kernel
from tests.analysis.table.random_games import random_game, random_strategy


def plainly(game, strategies, opener, state):
    """One negotiation by the plain engine."""
    stream = kernel.Stream(int(state))
    n = len(strategies)
    seats = [
        Plain(
            strategy,
            Listed(game, 0, i),
            game.times.tolist(),
            curve(strategy.offering, game.times, game.u.shape[2]).tolist(),
            game.sizes.tolist(),
            n,
            stream,
        )
        for i, strategy in enumerate(strategies)
    ]
    return alternating(seats, game.risk.tolist(), opener, stream)


@pytest.mark.parametrize("part", range(4))
def test_traces_are_the_same_offer_by_offer(part):
    random = np.random.default_rng([20, part])
    for number in range(500):
        game = random_game(random)
        n, rounds = game.u.shape[1], len(game.times)
        strategies = [random_strategy(random) for _ in range(n)]
        opener, states = int(random.integers(n)), kernel.streams(part, np.array([number]))
        mind = minds(strategies, game.times, game.u.shape[2])
        runs = np.array([[0, opener, *range(n)]])
        out, trace = kernel.play(game, mind, runs, states, turns=n * rounds)
        talks = plainly(game, strategies, opener, states[0])
        mine = [[t.round, t.party, int(t.taken), -1 if t.outcome is None else t.outcome] for t in talks.turns]
        names = [s.name for s in strategies]
        assert trace[: len(mine)].tolist() == mine, (number, names)
        assert (trace[len(mine) :] == -1).all()
        end = [talks.end, -1 if talks.outcome is None else talks.outcome, talks.round, talks.by]
        assert out[0].tolist() == end, (number, names)
        if kernel.by_tables(mind):
            assert kernel.play_tables(game, mind, runs, states)[0].tolist() == end


def test_tables_and_loops_hold_the_same_negotiations():
    random = np.random.default_rng(3)
    pool = [s for s in (random_strategy(random) for _ in range(400)) if s.timed]
    for number in range(60):
        game = random_game(random)
        n = game.u.shape[1]
        chosen = [pool[i] for i in random.integers(len(pool), size=6)]
        mind = minds(chosen, game.times, game.u.shape[2])
        if not kernel.by_tables(mind):
            continue
        runs = np.concatenate(
            [
                np.zeros((200, 1), int),
                random.integers(n, size=(200, 1)),
                random.integers(len(chosen), size=(200, n)),
            ],
            axis=1,
        )
        states = kernel.streams(number, np.arange(200))
        assert (
            kernel.play_tables(game, mind, runs, states) == kernel.play(game, mind, runs, states)[0]
        ).all()


def test_streams_are_those_of_splitmix64():
    # first outputs for the seed 1234567, from the reference implementation of Vigna (2015)
    states = np.array([1234567], dtype=np.uint64)
    stream = kernel.Stream(1234567)
    first = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    for number in first:
        expected = (number >> 11) / 2**53
        assert kernel.draw(states)[0] == expected
        assert stream() == expected

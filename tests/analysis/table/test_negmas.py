"""Deterministic strategies make the moves that NegMAS's make, at its table and at ours.

Where NegMAS's default differs, the reason is its tolerance: its aspiration negotiators also offer, and take, what lies up
to 0.001 (or 0.0001) of the range below their aim. Faratin, Sierra and Jennings (1998) has no such slack; with it set to 0
all offers agree.
"""

from __future__ import annotations

import numpy as np
import pytest

from detente.analysis.table.game import Terms, setting
from detente.analysis.table.strategies import strategies
from detente.kernels import table as kernel
from detente.space import compile_case
from tests.analysis.table.test_large import clauses

pytestmark = pytest.mark.filterwarnings("ignore")
sao = pytest.importorskip("negmas.sao", reason="needs the extra peers", exc_type=ImportError)
from detente.analysis.table import negmas as peers  # noqa: E402

ROUNDS = 30
PAIRS = {
    "aspiration": lambda: sao.AspirationNegotiator(tolerance=0.0),
    "micro": sao.MiCRONegotiator,
    "hardliner": sao.ToughNegotiator,
    "cab": sao.CABNegotiator,
}


def scenarios(count):
    # where a party has nothing acceptable, ours leaves and NegMAS's offers what is worse than no deal: left out
    random, found = np.random.default_rng(1), 0
    while found < count:
        case = clauses(random, random.integers(2, 6, size=3).tolist(), decimals=5)
        here = setting(compile_case(case), Terms(ROUNDS, np.zeros(ROUNDS), open_clock=True))
        if here.game.limit.all():
            found += 1
            yield here


def offers(talks):
    return [t.outcome for t in talks.turns if not t.taken and t.outcome is not None]


def repeats(talks):
    """The turn in which a party first offers again what it offered before, which MiCRO draws; None if none does."""
    seen = set()
    for number, turn in enumerate(talks.turns):
        if (turn.party, turn.outcome) in seen:
            return number
        seen.add((turn.party, turn.outcome))
    return None


@pytest.mark.parametrize("name", PAIRS)
def test_fifty_scenarios_offer_by_offer(name):
    ours = strategies()[name]
    for number, here in enumerate(scenarios(50)):
        session = peers.mechanism(here, [PAIRS[name](), PAIRS[name]()])
        session.run()
        theirs, mine = peers.turns(here, session), peers.talks(here, [ours, ours])
        made = offers(theirs)
        again = repeats(theirs) if name == "micro" else None
        # its trace leaves out the last offer of talks that run to the deadline
        assert made[:again] == offers(mine)[: len(made)][:again], number
        if again is None:
            assert len(offers(mine)) - len(made) <= (0 if theirs.outcome is not None else 1)
            assert theirs.outcome == mine.outcome


@pytest.mark.parametrize("name", PAIRS)
def test_each_plays_at_the_others_table_as_at_its_own(name):
    ours = strategies()[name]
    for here in scenarios(8):
        mine = peers.talks(here, [ours, ours])
        session = peers.mechanism(here, [ours, ours])
        session.run()
        assert peers.turns(here, session).outcome == mine.outcome
        guests = peers.talks(here, [PAIRS[name](), PAIRS[name]()])
        assert offers(guests) == offers(mine)
        mixed = peers.talks(here, [ours, PAIRS[name]()])
        assert mixed.outcome == mine.outcome


def test_the_default_tolerance_explains_the_rest():
    ours, differ = strategies()["aspiration"], 0
    for here in scenarios(15):
        session = peers.mechanism(here, [sao.AspirationNegotiator(), sao.AspirationNegotiator()])
        session.run()
        game = here.game
        for theirs, mine in zip(
            peers.turns(here, session).turns,
            (t for t in peers.talks(here, [ours, ours]).turns if not t.taken),
            strict=False,
        ):
            if theirs.outcome != mine.outcome:
                i, t = theirs.party, game.times[theirs.round]
                aim = game.high[0, i] - t**4 * (game.high[0, i] - game.low[0, i])
                slack = 0.001 * (game.high[0, i] - game.low[0, i]) + 0.001
                assert aim - slack <= game.u[0, i, theirs.outcome] < aim
                differ += 1
                break
    assert differ


def test_a_negotiator_that_gives_up_walks_out():
    class Quits(sao.SAONegotiator):
        def propose(self, state, dest=None):
            return None

        def respond(self, state, source=None):
            return sao.ResponseType.END_NEGOTIATION

    here = next(scenarios(1))
    talks = peers.talks(here, [strategies()["linear"], Quits()])
    assert talks.end == kernel.WALKED

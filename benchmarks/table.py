"""The table side by side with NegMAS: offers, Monte Carlo negotiations, a tournament. CPU time, ratios in one run."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import detente
from benchmarks.measured import NEGMAS, measured
from detente.analysis.table import table, tournament
from detente.analysis.table.books import Sums
from detente.analysis.table.game import Setting, Terms, setting
from detente.analysis.table.parts import Strategy, minds
from detente.analysis.table.strategies import VARIED, strategies, strategy
from detente.analysis.table.tournament import BUILT_IN
from detente.case import Case, from_data
from detente.kernels import table as kernel
from detente.space import compile_case

ROUNDS = 100


def clauses(seed: int, sizes: tuple[int, ...]) -> Case:
    """Two parties with additive values drawn at random, and no deal at 0.3 of the range."""
    random = np.random.default_rng(seed)
    names = [f"c{k}" for k in range(len(sizes))]
    levels = [[f"l{x}" for x in range(size)] for size in sizes]
    preferences = {
        party: {
            "values": {
                n: {x: round(float(random.random()), 5) for x in ls}
                for n, ls in zip(names, levels, strict=True)
            },
            "weights": {n: round(float(random.random()), 3) + 0.01 for n in names},
        }
        for party in "ab"
    }
    data = {"detente": 1, "id": f"clauses-{seed}", "title": "C", "parties": {"a": {}, "b": {}}, "preferences": preferences}  # fmt: skip
    issues = {n: {"levels": ls} for n, ls in zip(names, levels, strict=True)}
    return from_data({**data, "issues": issues, "no_deal": {"a": 0.3, "b": 0.3}}, "clauses")


def cpu(call: Callable[[], object], runs: int = 3) -> float:
    """Least CPU time of a call in seconds."""
    times = []
    for _ in range(runs):
        begin = time.process_time()
        call()
        times.append(time.process_time() - begin)
    return min(times)


def ours(here: Setting, names: tuple[str, str], runs: int) -> tuple[float, float]:
    """Offers a second of the compiled loops, set-up included, and the mean number of offers of a negotiation."""
    known = strategies()
    mind = minds([known[name] for name in names], here.game.times, here.game.u.shape[2])
    plan = np.tile(np.array([0, 0, 0, 1]), (runs, 1))
    states = kernel.streams(0, np.arange(runs))
    kernel.play(here.game, mind, plan[:1], states[:1])
    out, _ = kernel.play(here.game, mind, plan, states)
    offers = float((2 * out[:, 2] + 1).sum())
    return offers / cpu(lambda: kernel.play(here.game, mind, plan, states)), offers / runs


def tabulated(here: Setting, runs: int) -> tuple[float, float]:
    """The same of two time-dependent parties whose exponents are drawn in each run: the way that detente takes for them."""
    known = [each for each in strategy(VARIED) if isinstance(each, Strategy)]
    mind = minds([*known, *known], here.game.times, here.game.u.shape[2])
    random, many = np.random.default_rng(0), len(known)
    pairs = [random.integers(0, many, runs), many + random.integers(0, many, runs)]
    plan = np.stack([np.zeros(runs, np.int64), random.integers(0, 2, runs), *pairs], axis=1)
    out = kernel.play_tables(here.game, mind, plan, kernel.streams(0, np.arange(runs)))
    offers = float((2 * out[:, 2] + 1).sum())
    took = cpu(lambda: kernel.play_tables(here.game, mind, plan, kernel.streams(0, np.arange(runs))))
    return offers / took, offers / runs


def theirs(here: Setting, make: Callable[[], object], most: int) -> float:
    """Offers a second of NegMAS, set-up excluded as in its own figures (presorting is part of a run)."""
    from detente.analysis.table.negmas import mechanism

    offers = spent = 0.0
    for _ in range(most):
        session = mechanism(here, [make(), make()])
        begin = time.process_time()
        session.run()
        spent += time.process_time() - begin
        offers += len(session.full_trace)
    return offers / spent


KEEPING = {
    "boulware-frequency": "GSmithFrequencyModel",
    "linear-hardheaded": "GHardHeadedFrequencyModel",
    "boulware-bayes": "GScalableBayesianModel",
}
"""NegMAS's models of the same kind."""


def keeping(model: str) -> Callable[[], object]:
    """Makes time-dependent negotiators of NegMAS that keep a model of the other."""
    import negmas.gb.components.genius as parts
    from negmas.gb.negotiators.modular.mapneg import MAPNegotiator

    def make() -> object:
        offering = parts.GTimeDependentOffering(e=0.25)
        accepting = parts.GACNext(offering_policy=offering)
        return MAPNegotiator(offering=offering, acceptance=accepting, models=[getattr(parts, model)()])

    return make


def check() -> None:
    """Offers agree with NegMAS's before anything is timed (see tests/analysis/table/test_negmas.py)."""
    import negmas.sao as sao

    from detente.analysis.table.negmas import mechanism, talks, turns

    here = setting(compile_case(clauses(1, (4, 4, 4))), Terms(30, np.zeros(30), open_clock=True))
    session = mechanism(
        here, [sao.AspirationNegotiator(tolerance=0.0), sao.AspirationNegotiator(tolerance=0.0)]
    )
    session.run()
    aspiration: Strategy = strategies()["aspiration"]
    assert turns(here, session).outcome == talks(here, [aspiration, aspiration]).outcome


def sessions() -> None:
    """Offers a second by strategy and size, and the ratio to NegMAS in this run."""
    import negmas.sao as sao

    kinds = {
        "boulware": sao.BoulwareTBNegotiator,
        "micro": sao.MiCRONegotiator,
        "naive-tit-for-tat": sao.NaiveTitForTatNegotiator,
        "hybrid": sao.HybridNegotiator,
    }
    for sizes, count, most in (((10, 10, 10), 20_000, 2), ((10,) * 5, 20_000, 1)):
        here = setting(compile_case(clauses(7, sizes)), Terms(ROUNDS, np.zeros(ROUNDS), open_clock=True))
        for name, make in kinds.items():
            fast, length = ours(here, (name, name), count)
            slow = theirs(here, make, most)
            size = f"10^{len(sizes)}"
            if name == "boulware":
                quick, mean = tabulated(here, count)
                told = f"{quick / 1e6:.0f} M offers/s ({mean:.0f} each)"
                what = f"a negotiation, time-dependent, drawn exponents, {size}"
                measured(
                    "table",
                    what,
                    mean / quick,
                    told,
                    size=10.0 ** len(sizes),
                    peer=NEGMAS,
                    times=quick / slow,
                )
                name = "boulware, loops alone"
            told = f"{fast / 1e6:.2f} M offers/s ({length:.0f} each), NegMAS {slow:,.0f}"
            what = f"a negotiation, {name}, {size}"
            measured(
                "table", what, length / fast, told, size=10.0 ** len(sizes), peer=NEGMAS, times=fast / slow
            )
        looking = ("boulware-frequency", "linear-hardheaded", "boulware-bayes", "nice-tit-for-tat")
        for name in looking if len(sizes) == 3 else looking[:3]:
            fast, length = ours(here, (name, name), 400)
            told, more = f"{fast / 1e6:.2f} M offers/s ({length:.0f} each)", {}
            if name in KEEPING:
                slow = theirs(here, keeping(KEEPING[name]), most)
                told += f"; NegMAS, which keeps the model and does not choose by it, {slow:,.0f}"
                more = {"peer": NEGMAS, "times": fast / slow}
            what = f"a negotiation, {name}, 10^{len(sizes)}"
            measured("table", what, length / fast, told, size=10.0 ** len(sizes), **more)


def many() -> None:
    """A million negotiations of Stockholm, offers at 10^12, and the tournament of 40,000 with NegMAS's beside it."""
    stockholm = compile_case(detente.load("stockholm-2019"))
    took = cpu(lambda: table(stockholm, runs=1_000_000), 2)
    measured("table", "10^6 negotiations of Stockholm", took, aim=10.0)
    mixed = "varied|micro|absolute-tit-for-tat|boulware-frequency"
    took = cpu(lambda: table(stockholm, runs=1_000_000, strategies=mixed), 1)
    measured("table", "the same, adaptive as well", took)
    from detente.analysis.agreement.stages import stages

    space = compile_case(detente.load("framework-10e12"))
    book = Sums(stages(space), 0, 0.48)
    aims = np.random.default_rng(0).uniform(book.low, book.high, 200)
    took = cpu(lambda: [book.nearest(float(aim)) for aim in aims]) / len(aims)
    gap = max(book.nearest(float(aim))[1] for aim in aims)
    exact = cpu(lambda: book.nearest(float(aims[0]), exact=True))
    told = f"at most {gap:.1e} above its aim; exact in {1e3 * exact:.0f} ms"
    measured("table", "an offer near a target, 10^12", took, told, size=1e12)
    spaces = [compile_case(clauses(seed, (10, 10, 10))) for seed in range(100)]
    tournament(spaces[:1], rounds=ROUNDS)
    took = cpu(lambda: tournament(spaces, BUILT_IN, rounds=ROUNDS), 1)
    rival = _cartesian()
    told = f"40,000 negotiations; NegMAS {1e3 * rival:.1f} ms each"
    more = {"peer": NEGMAS, "times": rival / (took / 40_000)}
    measured("table", "tournament, 20 x 20 strategies x 100 cases", took, told, aim=10.0, **more)


def _cartesian() -> float:
    """CPU seconds a negotiation of NegMAS's cartesian tournament: four strategies, one scenario of 10^3 outcomes."""
    import tempfile

    import negmas.sao as sao
    from negmas.inout import Scenario
    from negmas.outcomes import make_issue, make_os
    from negmas.preferences import LinearAdditiveUtilityFunction
    from negmas.tournaments.neg import cartesian_tournament

    random = np.random.default_rng(0)
    outcomes = make_os([make_issue([f"l{x}" for x in range(10)], f"c{k}") for k in range(3)])
    ufuns = tuple(
        LinearAdditiveUtilityFunction(
            {f"c{k}": {f"l{x}": float(random.random()) for x in range(10)} for k in range(3)},
            weights=dict.fromkeys(("c0", "c1", "c2"), 1 / 3),
            outcome_space=outcomes,
            reserved_value=0.3,
        )
        for _ in range(2)
    )
    players = [
        sao.BoulwareTBNegotiator,
        sao.LinearTBNegotiator,
        sao.ConcederTBNegotiator,
        sao.MiCRONegotiator,
    ]
    with tempfile.TemporaryDirectory() as folder:
        begin = time.process_time()
        found = cartesian_tournament(
            players, [Scenario(outcomes, ufuns)], n_repetitions=1, n_steps=ROUNDS, njobs=-1, path=Path(folder),
            verbosity=0, rotate_ufuns=False, self_play=True,
        )  # fmt: skip
        spent = time.process_time() - begin
    return spent / max(len(found.details), 1)


def main() -> None:
    """Prints one line for each question; nothing without NegMAS (extra `peers`)."""
    if find_spec("negmas") is None:
        print("table    not compared: NegMAS is not installed (extra peers)")
        return
    warnings.simplefilter("ignore")
    check()
    sessions()
    many()


if __name__ == "__main__":
    main()

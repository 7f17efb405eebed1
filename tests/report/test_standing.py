"""How steps stand over ranges and variants: what the report says is what draws of the same case say."""

import numpy as np
import pytest

import detente
from detente.analysis.confidence import Means, Sample
from detente.analysis.confidence.ask_roadmap import AskRoadmap
from detente.analysis.confidence.ask_targets import DOUBTS, AskTargets, Known
from detente.analysis.confidence.run import run
from detente.analysis.confidence.worlds import plan_of
from detente.analysis.roadmap import roadmap
from detente.case import with_changes, with_variant
from detente.report import build
from detente.report.standing import Drawn, Standing, Under
from detente.report.steps import look
from detente.space import compile_case


def told(case, keep=None):
    section = next(s for s in build(case, keep=keep).sections if s.key == "roadmap")
    return next(b.text for b in section.blocks if getattr(b, "lead", "") == "How this stands.")


def alone(case, target, sample):
    """What `detente confidence --of roadmap` counts of one target."""
    asked = AskRoadmap(target)
    plan = plan_of(case, asked.relevant)
    asked.prepare(plan.worlds)
    return run(plan, asked, sample, Means())


@pytest.fixture(scope="module")
def stockholm():
    case = detente.load("stockholm-2019")
    variants = [f"variants.{v}" for v in case.variants if v not in ("no-deadline", "freeze-at-deadline")]
    targets = ["targets.partial", "targets.full-stored"]
    return with_changes(case, [{"remove": path} for path in (*variants, *targets)])


def test_the_report_says_what_draws_say_and_keeps_them(stockholm, tmp_path):
    text = told(stockholm, tmp_path)
    drawn = alone(stockholm, "freeze", Sample(200, 0))
    count = int(drawn.truth("roadmap_exists").sum())
    assert 0 < count < 200
    assert f"Of 200 assumed cases drawn from the ranges, steps that hold lead there in {count};" in text
    assert "Over the ranges this is possible, as far as the draws show." in text
    assert "Of 2 variants, at their middle values, they hold under 1: possible." in text
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")}
    assert written
    assert told(stockholm, tmp_path) == text
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npz")} == written


def test_a_change_of_the_case_is_drawn_anew(stockholm, tmp_path):
    told(stockholm, tmp_path)
    never = with_changes(stockholm, [{"set": "preferences.US.values.nuclear.freeze", "to": [-9, -8]}])
    assert told(never, tmp_path).startswith(
        "Of 200 assumed cases drawn from the ranges, steps that hold lead there in none"
    )
    assert len(list(tmp_path.iterdir())) == 4  # draws and variants of two cases


def test_without_ranges_nothing_is_drawn():
    steps, _ = look(compile_case(detente.load("repeated-dilemma")))
    assert steps is not None
    assert steps.standing is None or steps.standing.drawn is None


def test_no_way_does_not_depend_on_numbers(stockholm):
    soon = with_changes(
        stockholm,
        [
            {"remove": "targets.freeze"},
        ],
    )
    assert told(soon).startswith("That no way leads there does not depend on the values assumed.")


@pytest.mark.parametrize("free", [False, True])
def test_all_targets_at_once_are_each_target_alone(stockholm, free):
    """The question about all targets answers, draw by draw, as the one about a single target does."""
    case = with_changes(stockholm, [{"remove": "time.deadline"}] if free else [])
    found = {name: roadmap(compile_case(case), name, patience=False) for name in case.targets}
    known = {
        name: Known(
            "any", None if (shown := r.main.answer.shown) is None else shown.states,
            None if (later := (r.without_deadline or r.main).answer.shown) is None else later.states,
        )
        for name, r in found.items()
    }  # fmt: skip
    asked = AskTargets(known, "freeze", ("US", "DPRK", "ROK"))
    plan = plan_of(case, asked.relevant)
    asked.prepare(plan.worlds)
    counts = run(plan, asked, Sample(20, 3), Means())
    seen = set()
    for name in case.targets:
        single = alone(case, name, Sample(20, 3))
        for mine, theirs in (("steps", "roadmap_exists"), ("at_once", "at_once_exists")):
            truth = counts.truth(f"{name}:{mine}")
            assert (truth == single.truth(theirs)).all()
            seen |= set(truth.tolist())
        doubt = counts.numbers[:, asked.numbers.index(f"{name}:undecided:steps")]
        assert (doubt == single.numbers[:, 1]).all()
        for what in DOUBTS:  # what is not decided is not counted as true
            doubt = counts.numbers[:, asked.numbers.index(f"{name}:undecided:{what}")].astype(bool)
            assert not (doubt & counts.truth(f"{name}:{what}")).any()
        if free:
            assert (counts.truth(f"{name}:later") == counts.truth(f"{name}:steps")).all()
        for d in (0, 9, 19):
            space = _drawn(plan, counts, d)
            state = space.positions(case.targets[name].outcome)
            better = bool((space.utility(state) >= space.reservation("now")[0] - 1e-9).all())
            assert counts.truth(f"{name}:acceptable")[d] == better
    assert seen == {True, False}


def _drawn(plan, counts, d):
    """The space of one draw, compiled from the case with its numbers put in."""
    sizes = np.cumsum([0, *counts.sizes])
    block = int(counts.block[d])
    u = plan.draw(int(counts.sizes[block]), 3, block, "latin")[d - sizes[block]][None]
    values = plan.worlds[0].values(u)
    return compile_case(
        with_changes(
            plan.case,
            [{"set": path.replace(".utilities.", "."), "to": float(v[0])} for path, v in values.items()],
        )
    )


def test_variants_say_what_the_roadmap_says_of_them(stockholm):
    steps, _ = look(compile_case(stockholm))
    for variant, targets in steps.standing.variants.items():
        for name, under in targets.items():
            alone = roadmap(stockholm_with(stockholm, variant), name, patience=False)
            assert under.true["steps"] is alone.exists
            free = alone.without_deadline or alone.main
            if not alone.exists:
                assert under.true["later"] is free.answer.exists
            if under.trust is not None:
                assert under.trust == pytest.approx(free.answer.least_gap)


def stockholm_with(case, variant):
    return compile_case(with_variant(case, variant))


def test_a_finding_is_sure_only_where_all_say_so():
    def standing(true, drawn, undecided=0):
        under = {f"v{n}": {"goal": Under({"steps": t}, None)} for n, t in enumerate(true)}
        counts = {"goal": Drawn({"steps": drawn}, {"steps": undecided}, {})}
        return Standing(10, counts, {}, {}, under).verdict("goal", "steps")

    assert standing([True, True], 10) == "sure"
    assert standing([True, False], 10) == "possible"
    assert standing([True, None], 10) == "possible"
    assert standing([False, False], 0) == "excluded"
    assert standing([False, False], 0, undecided=1) == "possible"
    assert standing([False, None], 0) == "possible"
    assert standing([], 9, undecided=1) == "possible"


def test_what_cannot_be_kept_is_computed_all_the_same(stockholm, tmp_path, monkeypatch):
    """A disk that fills up while draws are kept costs the report nothing."""

    def full(path, write):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("detente.workers._replace", full)
    steps, missing = look(compile_case(stockholm), Means(folder=tmp_path))
    assert missing == ()
    assert steps.standing.draws == 200
    assert not list(tmp_path.rglob("*.npz"))

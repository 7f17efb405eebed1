"""How steps stand over ranges and variants: what the report says is what draws of the same case say."""

import pytest

import detente
from detente.analysis.confidence import Sample, confidence
from detente.case import with_changes
from detente.report import build
from detente.report.steps import look
from detente.space import compile_case


def told(case, keep=None):
    section = next(s for s in build(case, keep=keep).sections if s.key == "roadmap")
    return next(b.text for b in section.blocks if getattr(b, "lead", "") == "How this stands.")


@pytest.fixture(scope="module")
def stockholm():
    case = detente.load("stockholm-2019")
    variants = [f"variants.{v}" for v in case.variants if v not in ("no-deadline", "freeze-at-deadline")]
    return with_changes(case, [{"remove": path} for path in variants])


def test_the_report_says_what_draws_say_and_keeps_them(stockholm, tmp_path):
    text = told(stockholm, tmp_path)
    drawn = confidence(stockholm, "roadmap", to="freeze", sample=Sample(200, 0), levers=False).counts
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
    assert len(list(tmp_path.iterdir())) == 2


def test_without_ranges_nothing_is_drawn():
    steps, _ = look(compile_case(detente.load("repeated-dilemma")), {})
    assert steps is not None
    assert steps.standing is None


def test_no_way_does_not_depend_on_numbers(stockholm):
    soon = with_changes(
        stockholm,
        [
            {"remove": "targets.freeze"},
            {"remove": "targets.full-irreversible"},
            {"remove": "targets.full-stored"},
        ],
    )
    assert told(soon).startswith("That no way leads there does not depend on the values assumed.")

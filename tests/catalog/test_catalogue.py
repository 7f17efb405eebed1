"""The catalogue: every case is sound, says where it comes from, and the Stockholm case keeps to what its source supports."""

from __future__ import annotations

import re
from itertools import product

import pytest

import detente
from detente import catalog
from detente.case import assumptions, check_variants, warnings, with_changes, with_variant
from detente.case.paths import find, parse_path
from tests.naive.conditions import holds

STOCKHOLM = detente.load("stockholm-2019")


@pytest.mark.parametrize("name", catalog.names())
def test_every_case_is_sound_and_says_where_it_comes_from(name):
    case = detente.load(name)
    check_variants(case)
    assert warnings(case) == []
    assert case.id == name
    path = catalog.find(name)
    assert case.sources or "made" in path.parts, "a published case cites its source"
    for source in case.sources.values():
        assert source.title
        assert source.date or source.doi or source.url or "made" in path.parts
    for evidence in case.evidence:
        assert evidence.locator or evidence.paraphrase, evidence
    for entry in case.record:
        assert entry.source or not entry.locator, entry


def test_the_catalogue_has_cases_of_many_kinds():
    cases = [detente.load(name) for name in catalog.names()]
    assert len(cases) >= 14
    kinds = {p.kind for case in cases for p in case.preferences.values()}
    assert kinds >= {"values", "priorities", "ranking"}
    assert any(case.forecast and not case.issues for case in cases)
    sizes = [detente.compile_case(case).size for case in cases if case.issues or case.outcomes]
    assert min(sizes) <= 4
    assert max(sizes) >= 10**12
    conflicts = [
        case for case in cases if all(p.ordinal for p in case.preferences.values()) and case.preferences
    ]
    assert len(conflicts) >= 6, "published conflicts with ordinal preferences"


def test_stockholm_has_the_targets_and_variants_that_its_doubts_ask_for():
    assert set(STOCKHOLM.targets) == {"freeze", "partial", "full-irreversible", "full-stored"}
    assert set(STOCKHOLM.variants) >= {
        "us-formula", "north-formula", "both-formulas-literal", "adviser-leaves", "rok-guarantor", "no-deadline",
        "freeze-at-deadline", "collapse-at-deadline", "one-more-round", "linked-value", "separate-value",
        "storage-sealed", "storage-open", "north-types",
    }  # fmt: skip
    assert all(change.why for changes in STOCKHOLM.variants.values() for change in changes)


def test_stockholm_cites_a_paragraph_for_every_structural_claim():
    """Who, what is in dispute, whose it is, the record, the formulas, the deadline; the text has seven paragraphs."""
    data = STOCKHOLM.to_data()
    cited = {find(data, parse_path(path)) for item in STOCKHOLM.evidence for path in item.supports}
    wanted = {("issues", name, "by") for name in STOCKHOLM.issues}
    wanted |= {("issues", name, "levels") for name in ("nuclear", "relief", "assurance")}
    wanted |= {("parties", name, "label") for name in ("US", "DPRK", "ROK")} | {
        ("parties", "Sweden", "roles")
    }
    wanted |= {("time", "deadline"), ("time", "deadline_set_by"), ("issues", "nuclear", "retreat", "full")}
    wanted |= {
        ("variants", name) for name in ("us-formula", "north-formula", "adviser-leaves", "one-more-round")
    }
    assert wanted <= cited
    locators = [item.locator for item in STOCKHOLM.evidence] + [entry.locator for entry in STOCKHOLM.record]
    for locator in locators:
        assert re.fullmatch(r"paragraphs? [1-7](, [1-7])*( and [1-7])?", locator), locator
    blame = next(entry for entry in STOCKHOLM.record if entry.id == "blame")
    assert (blame.asserted_by, blame.disputed_by) == (("DPRK",), ("US",))


def numbers(data, route=()):
    """Every number in plain data, with its path; an uncertain one is a list or a mapping."""
    if isinstance(data, dict) and set(data) not in ({"normal"}, {"discrete"}):
        for key, value in data.items():
            yield from numbers(value, (*route, key))
    elif isinstance(data, list) and not all(isinstance(x, int | float) for x in data):
        for at, value in enumerate(data):
            yield from numbers(value, (*route, at))
    elif not isinstance(data, str):
        yield route, data


def test_stockholm_takes_every_number_for_an_assumption_and_gives_its_range():
    """Only the zero of each scale is certain: the outcome of October 2019, by convention."""
    data = STOCKHOLM.to_data()
    for section in ("preferences", "no_deal"):
        for route, number in numbers(data[section], (section,)):
            assert number == 0 or isinstance(number, list), route
    for party in STOCKHOLM.preferences:
        assert isinstance(data["parties"][party]["patience"], list)
        assert isinstance(data["parties"][party]["breach_cost"], list)
    listed = assumptions(STOCKHOLM)
    for party in STOCKHOLM.preferences:
        assert f"preferences.{party}" in listed
        assert f"parties.{party}.patience" in listed
    assert {"issues.nuclear.takes", "issues.nuclear.retreat.partial", "no_deal.at_deadline"} <= set(listed)
    assert not {"issues.nuclear", "issues.nuclear.levels", "issues.relief", "time"} & set(listed)


def reachable(case):
    """Outcomes that steps upward lead to: whoever is ready moves, and what a level requires holds, before or with it."""
    names = {name: issue.names for name, issue in case.issues.items()}

    def allowed(here, there):
        for name, issue in case.issues.items():
            old, new = issue.position(here[name]), issue.position(there[name])
            if new < old:
                return False
            for level, need in issue.requires.items():
                seen = there if need.timing == "together" else here
                if old < issue.position(level) <= new and not holds(str(need.when), seen, names):
                    return False
        return True

    everything = [dict(zip(names, row, strict=True)) for row in product(*names.values())]
    found = [dict(case.start)]
    for here in found:
        found += [there for there in everything if there not in found and allowed(here, there)]
    return found


def test_each_formula_is_feasible_alone_and_both_to_the_letter_are_not():
    """Time apart: dismantling takes longer than the deadline leaves."""
    ends = {name: {**STOCKHOLM.start, **target.outcome} for name, target in STOCKHOLM.targets.items()}
    us, north = (reachable(with_variant(STOCKHOLM, name)) for name in ("us-formula", "north-formula"))
    assert ends["full-irreversible"] in us
    assert ends["freeze"] not in us
    assert all(ends[name] in north for name in ends)
    both = reachable(with_variant(STOCKHOLM, "both-formulas-literal"))
    assert not any(end in both for end in ends.values())
    together = reachable(with_variant(STOCKHOLM, "both-formulas-together"))
    assert ends["full-irreversible"] in together
    assert reachable(with_changes(STOCKHOLM, [{"set": "title", "to": "as it is"}]))

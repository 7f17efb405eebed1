"""In, to a case, out and in again: the analysis stays, and what a format cannot hold is listed."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import detente
from detente.analysis.agreement import agreement
from detente.case import Case, from_data
from detente.loading import convert
from detente.space import compile_case
from tests.adapters import files
from tests.adapters.files import folder

FORMS = [("negmas", ""), ("genius", ""), ("geniusweb", ""), ("negolog", ""), ("sheet", ".csv"), ("sheet", ".xlsx"), ("case", ".yaml")]  # fmt: skip
NAMES = [
    "a",
    "yes",
    "no",
    "on",
    "1",
    "1.0",
    "0x1",
    "ü & <b>",
    "it's",
    'a "b"',
    "null",
    "{0}",
    "a,b;c",
    "-",
    "1e3",
]


def answer(case: Case) -> list[Any]:
    """What should survive: front, zone, solutions, in numbers and levels."""
    space = compile_case(case)
    result = agreement(space)
    names = [space.level_names[n] for n in range(len(space.sizes))]
    front = sorted(
        (tuple(np.round(u, 7)), tuple(n[k] for n, k in zip(names, levels, strict=True)), int(m))
        for u, levels, m in zip(
            result.front.utilities, result.front.levels, result.front.multiplicity, strict=True
        )
    )
    solved = {
        name: None if s is None else tuple(np.round(s.utilities, 7)) for name, s in result.solutions.items()
    }
    return [front, result.zone.exists, result.zone.count, solved, np.round(result.reservation, 7).tolist()]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Additive cases with utilities from 0 to 1, some levels impossible."""
    names = draw(st.permutations(NAMES))
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    issues: dict[str, Any] = {}
    at = 0
    for n, size in enumerate(sizes):
        issues[f"issue {n}"] = {"levels": names[at : at + size]}
        at += size
    parties = ["P", "Q", "R"][: draw(st.integers(1, 3))]
    grid = st.integers(0, 8).map(lambda k: k / 8 / len(sizes))
    preferences = {
        p: {"values": {i: {level: draw(grid) for level in x["levels"]} for i, x in issues.items()}}
        for p in parties
    }
    impossible = []
    if sizes[0] > 1 and draw(st.booleans()):
        gone = issues["issue 0"]["levels"][0]
        impossible = [{"when": f"'issue 0' == '{gone}'" if '"' in gone else f'"issue 0" == "{gone}"'}]
    reservation = {p: draw(st.integers(-2, 8)) / 8 for p in parties}
    discount = {parties[0]: {"factor": 0.5, "per": draw(st.sampled_from(["round", "negotiation"]))}}
    return from_data(
        {"detente": 1, "id": "x", "title": "x", "parties": {p: {} for p in parties}, "issues": issues,
         "impossible": impossible, "no_deal": {"now": {"utilities": reservation}}, "preferences": preferences,
         "discount": discount}
    )  # fmt: skip


def there_and_back(case: Case, form: str, ending: str, home: Path) -> tuple[Case, list[str]]:
    source = home / "case.yaml"
    detente.case.save(case, source)
    target = home / f"out{ending}"
    if target.is_dir():
        shutil.rmtree(target)
    losses = convert(source, target, form)
    return detente.load(target), losses


@pytest.mark.parametrize(("form", "ending"), FORMS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_additive_cases_survive(form: str, ending: str, case: Case) -> None:
    with tempfile.TemporaryDirectory() as home:
        again, losses = there_and_back(case, form, ending, Path(home))
        assert not any("scaled" in loss for loss in losses)
        one, two = answer(case), answer(again)
        if form == "negolog" and case.impossible:
            one[0] = [(u, m) for u, _, m in one[0]]
            two[0] = [(u, m) for u, _, m in two[0]]
        assert one == two
        kept = {"negmas": ("round", "negotiation"), "genius": ("negotiation",), "geniusweb": ("negotiation",)}
        stated = case.discount["P"].per
        if form == "case" or stated in kept.get(form, ()):
            assert next(iter(again.discount.values())).per == stated
        else:
            assert any("discount.P" in loss for loss in losses)


@pytest.mark.parametrize("form", ["genius", "geniusweb", "negolog"])
def test_scaling_is_said_and_keeps_what_does_not_compare(form: str, tmp_path: Path) -> None:
    path = folder(tmp_path, {"s.csv": files.SHEET.replace("15,25", "15,15")}) / "s.csv"
    first = agreement(detente.load(path))
    losses = convert(path, tmp_path / "out", form)
    assert sum("scaled to 0..1" in loss for loss in losses) == 2
    again = agreement(detente.load(tmp_path / "out"))
    nash = [result.solutions["nash"] for result in (first, again)]
    assert [s.levels for s in nash if s is not None] == [(1, 1)] * 2 or form == "negolog"
    assert again.zone.count == first.zone.count
    assert len(again.front) == len(first.front)


@pytest.mark.parametrize("form", ["negmas", "genius"])
def test_numeric_issues_stay_numeric_where_the_format_has_them(form: str, tmp_path: Path) -> None:
    source = folder(tmp_path / "in", files.NEGMAS if form == "negmas" else files.GENIUS)
    if form == "genius":
        one = (
            files.GENIUS_ONE.replace('"0.5" slope', '"0" slope')
            .replace("triangular", "linear")
            .replace('parameter1="2" parameter2="0.5"', 'parameter1="0.5"')
        )
        folder(source, {"one.xml": one})
    losses = convert(source, tmp_path / "out", form)
    first, again = detente.load(source), detente.load(tmp_path / "out")
    assert [i.levels for i in first.issues.values()] == [i.levels for i in again.issues.values()]
    assert not any("numeric scale" in loss for loss in losses)
    assert (np.abs(compile_case(first).utilities() - compile_case(again).utilities()) < 1e-12).all()


def test_everything_that_is_lost_is_listed(tmp_path: Path) -> None:
    losses = "\n".join(convert("stockholm-2019", tmp_path / "out", "negmas"))
    for part in ("sources", "record", "issues.nuclear.by", "parties.US.patience", "no_deal", "a range"):
        assert part in losses, part
    with pytest.raises(detente.errors.NeedsError, match="not an empty folder"):
        convert("stockholm-2019", tmp_path / "out", "negmas")


def test_ktab_back_and_forth(tmp_path: Path) -> None:
    path = folder(tmp_path, {"k.csv": files.KTAB}) / "k.csv"
    assert convert(path, tmp_path / "again.csv", "ktab") == []
    assert detente.load(tmp_path / "again.csv").forecast == detente.load(path).forecast

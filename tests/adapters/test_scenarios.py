"""Scenario formats: each rule of a format with the right number, and the defects of other importers."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest

import detente
from detente.errors import CaseError
from detente.space import Space, compile_case
from tests.adapters import files
from tests.adapters.files import folder


def space_of(path: Path, reading: str | None = None) -> Space:
    return compile_case(detente.load(path, reading=reading))


def utility(space: Space, *levels: str) -> list[float]:
    return [float(u) for u in space.utility(space.positions(levels))]


def remarks(space: Space) -> str:
    return " | ".join(space.case.imported.remarks)


# NegMAS ------------------------------------------------------------------------------------------


def test_negmas_weight_times_value_as_written(tmp_path: Path) -> None:
    space = space_of(folder(tmp_path, files.NEGMAS))
    assert space.parties == ("buyer", "seller")
    assert space.level_names[0] == ("yes", "no")
    assert space.level_names[1] == ("2", "4")
    assert space.sizes == (2, 2, 11)
    assert utility(space, "yes", "4", "3") == pytest.approx([0.5 * 0.8 + 0.25 + 0.25 * 0.7, 0.6 * 0.3])
    reservation, _ = space.reservation()
    assert reservation == pytest.approx([0.5 * 0.2, 0.3])
    assert space.case.discount["seller"].factor == 0.9
    assert space.case.discount["seller"].per == "round"
    assert "buyer has no reservation value" in remarks(space)


def test_negmas_read_as_genius_divides_by_the_largest(tmp_path: Path) -> None:
    space = space_of(folder(tmp_path, files.NEGMAS), "genius")
    assert utility(space, "no", "4", "10")[0] == pytest.approx(0.5 * 0.25 + 0.25)
    assert utility(space, "no", "4", "10")[1] == pytest.approx(0.2 + 0.6)


def test_negmas_beside_files_and_order(tmp_path: Path) -> None:
    extra = {
        "._buyer.yml": b"\x00\x05\x16",
        "info.yml": "stats: 3\n",
        "notes.txt": "x",
        "zz.yaml": files.BUYER,
    }
    space = space_of(folder(tmp_path, {**files.NEGMAS, **extra}))
    assert space.parties == ("buyer", "seller", "buyer 2")
    assert "info.yml is neither" in remarks(space)


def test_negmas_json_affine_and_relative_time(tmp_path: Path) -> None:
    domain = '{"type": "CartesianOutcomeSpace", "issues": [{"name": "n", "type": "ContiguousIssue", "values": [1, 3]}, {"name": "m", "type": "ContiguousIssue", "values": 2}]}'
    profile = '{"type": "negmas.preferences.AffineUtilityFunction", "name": "p", "weights": [2, -1], "bias": 5, "reserved_value": -Infinity}'
    timed = '{"type": "ExpDiscountedUFun", "discount": 0.8, "factor": "relative_time", "ufun": {"type": "ConstUtilityFunction", "value": 2}}'
    space = space_of(folder(tmp_path, {"d.json": domain, "p.json": profile, "q.json": timed}))
    assert utility(space, "3", "1") == [10.0, 2.0]
    assert space.reservation()[0] == pytest.approx([2 + 5 - 1, 2])
    assert space.case.discount["q"].per == "negotiation"


def test_missing_evaluation_is_impossible_and_reservation_below_everything_stays(tmp_path: Path) -> None:
    buyer = files.BUYER.replace("no: 0.2", "nope: 0.2").replace("-.inf", "-3.5")
    space = space_of(folder(tmp_path, {**files.NEGMAS, "buyer.yml": buyer}))
    assert space.feasible().sum() == 22
    assert not space.possible(space.positions(["no", "2", "0"]))
    result = detente.agreement(space).to_dict()
    assert result["reservation"]["buyer"] == -3.5
    assert any("does not evaluate 'no' of 'radio'" in w for w in result["warnings"])
    assert any("below 0" in w for w in result["warnings"])
    assert all(p["outcome"]["radio"] == "yes" for p in result["pareto"]["points"])


def test_least_utility_leaves_out_what_nobody_can_choose(tmp_path: Path) -> None:
    seller = files.SELLER.replace("reserved_value: 0.3", "reserved_value: -.inf").replace(
        "yes: 0.0, no: 0.5", "no: 0.5"
    )
    space = space_of(folder(tmp_path, {**files.NEGMAS, "seller.yml": seller}))
    assert space.reservation()[0] == pytest.approx([0.1, 0.2 * 0.5])


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"buyer.yml": files.BUYER.replace("[0.5, 0.25, 0.25]", "[0.5, 0.25]")}, "weights"),
        ({"buyer.yml": files.BUYER.replace("0.8", "zero")}, "not a finite number"),
        ({"buyer.yml": files.BUYER.replace("- {type: AffineFun, slope: -0.1, bias: 1.0}\n", "")}, "position"),
        ({"buyer.yml": files.BUYER.replace("LinearAdditive", "Magic")}, "MagicUtilityFunction"),
        ({"a-domain.yml": files.DOMAIN.replace("[0, 10]", "[0, 1000000000]")}, "levels"),
        ({"a-domain.yml": files.DOMAIN.replace("[0, 10]", "[10, 0]")}, "lower bound"),
        ({"buyer.yml": files.BUYER + "name: again\n"}, "duplicate key"),
        ({"buyer.yml": files.BUYER.replace("-.inf", ".nan")}, "reserved_value"),
    ],
)
def test_negmas_problems_name_their_file(tmp_path: Path, change: dict[str, str], match: str) -> None:
    with pytest.raises(CaseError, match=match) as caught:
        detente.load(folder(tmp_path, {**files.NEGMAS, **change}))
    assert next(iter(change)) in "\n".join(caught.value.lines())


def test_weights_that_do_not_sum_to_one_are_taken_and_said(tmp_path: Path) -> None:
    space = space_of(
        folder(tmp_path, {**files.NEGMAS, "buyer.yml": files.BUYER.replace("0.5, 0.25", "0.9, 0.25")})
    )
    assert utility(space, "yes", "4", "0")[0] == pytest.approx(0.9 * 0.8 + 0.5)
    assert "the weights sum to 1.4" in remarks(space)


def test_negmas_boxes_have_inclusive_bounds(tmp_path: Path) -> None:
    domain = "type: CartesianOutcomeSpace\nissues:\n- {name: a, type: ContiguousIssue, values: [0, 9]}\n"
    profile = "type: HyperRectangleUtilityFunction\nname: p\noutcome_ranges: [{0: [3, 5]}, {0: [5, 9]}]\nutilities: [1.0, 2.0]\n"
    space = space_of(folder(tmp_path, {"d.yml": domain, "p.yml": profile}))
    assert space.utilities()[0].tolist() == [0, 0, 0, 1, 1, 3, 2, 2, 2, 2]
    assert space.reservation()[0].tolist() == [0]


def test_curved_functions_say_their_step_and_error(tmp_path: Path) -> None:
    domain = "type: CartesianOutcomeSpace\nissues:\n- {name: a, type: ContinuousIssue, values: [0, 2]}\n"
    profile = "type: LinearAdditiveUtilityFunction\nname: p\nweights: [1.0]\nvalues: [{type: QuadraticFun, a2: 1.0, a1: 0.0, bias: 0.0}]\n"
    case = detente.load(folder(tmp_path, {"d.yml": domain, "p.yml": profile}))
    assert "0.002 apart: off by up to 1e-06" in " ".join(case.imported.remarks)
    line = profile.replace("QuadraticFun, a2: 1.0, a1: 0.0, bias: 0.0", "AffineFun, slope: 2.0, bias: 1.0")
    exact = detente.load(folder(tmp_path, {"p.yml": line}))
    assert exact.preferences["p"].values == {"a": {"0": 1.0, "2": 5.0}}
    assert not any("points" in remark for remark in exact.imported.remarks)


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (files.NEGMAS, ("a-domain.yml", "buyer.yml")),
        (files.GENIUS, ("domain.xml",)),
        (files.GENIUSWEB, ("jobs.json",)),
    ],
)
def test_a_part_stands_for_its_scenario(
    tmp_path: Path, content: dict[str, str], names: tuple[str, ...]
) -> None:
    home = folder(tmp_path, content)
    for name in names:
        assert detente.load(home / name).preferences == detente.load(home).preferences


# Genius ------------------------------------------------------------------------------------------


def test_genius_by_hand(tmp_path: Path) -> None:
    space = space_of(folder(tmp_path, {**files.GENIUS, "pareto.xml": "0.5, 0.25\n", "readme.txt": "x"}))
    assert space.parties == ("one", "two")
    assert space.level_names[0] == ("red", "green")
    assert space.sizes[1] == 11
    u = utility(space, "green", "13", "0.5")
    assert u[0] == pytest.approx(0.6 * 0.25 + 0.4 * 0.25 * 0.8 + 0.4 * 0.75 * 1)
    assert u[1] == pytest.approx(0.5 * 1 + 0.25 * 0.7 + 0.25 * 0.75)
    assert utility(space, "red", "20", "0.24")[0] == pytest.approx(0.6 + 0.1 * 1 + 0.3 * 0.48)
    assert utility(space, "red", "20", "2")[1] == pytest.approx(0.5 * 0.25 + 0 + 0)
    reservation, _ = space.reservation()
    assert reservation == pytest.approx([0.1, 0.125])
    assert space.case.discount["one"].per == "negotiation"
    assert "two" not in space.case.discount


def test_genius_read_as_negmas_takes_evaluations_as_written(tmp_path: Path) -> None:
    space = space_of(folder(tmp_path, files.GENIUS), "negmas")
    assert utility(space, "green", "10", "0")[0] == pytest.approx(0.6 * 1 + 0.1 * (0.5 + 0.1 * 10))


def test_genius_profile_alone_is_a_case_of_one_party(tmp_path: Path) -> None:
    path = folder(tmp_path, {"x.xml": files.GENIUS_ONE}) / "x.xml"
    assert detente.load(path).parties.keys() == {"x"}


def test_genius_latin_1_and_tiny_evaluations(tmp_path: Path) -> None:
    domain = files.GENIUS_DOMAIN.replace("red", "ré&amp;d").encode("latin-1")
    one = (
        files.GENIUS_ONE.replace("red", "ré&amp;d")
        .replace('"4"', '"4e-6"')
        .replace('"1"/>', '"1"/>')
        .encode("latin-1")
    )
    two = files.GENIUS_TWO.replace("red", "ré&amp;d").encode("latin-1")
    one = one.replace(b'evaluation="1"', b'evaluation="1e-6"')
    space = space_of(folder(tmp_path, {"domain.xml": domain, "one.xml": one, "two.xml": two}))
    assert space.level_names[0][0] == "ré&d"
    assert utility(space, "ré&d", "10", "2")[0] == pytest.approx(0.1 * 0.5)


def test_genius_utilities_are_cut_off_at_one(tmp_path: Path) -> None:
    profile = (
        files.GENIUS_ONE.replace("real", "integer")
        .replace('triangular" parameter0="0"', 'constant" parameter0="0.5"')
        .replace('"0.6"', '"0.9"')
    )
    space = space_of(folder(tmp_path, {"only.xml": profile}))
    assert utility(space, "red", "20", "2")[0] == 1.0
    assert utility(space, "green", "10", "0")[0] == pytest.approx(0.9 * 0.25 + 0.05 + 0.15)
    assert "cut off at 1" in remarks(space)


def test_genius_missing_evaluation_and_weight(tmp_path: Path) -> None:
    two = files.GENIUS_TWO.replace('value="red" evaluation="2"', 'value="red"').replace(
        '<weight index="3" value="0.5"/>', ""
    )
    space = space_of(folder(tmp_path, {**files.GENIUS, "two.xml": two}))
    assert "two does not evaluate 'red' of 'colour'" in remarks(space)
    assert "no weight for 'amount'" in remarks(space)


def naive_boxes(a: int, b: int, how: str, top: float) -> float:
    parts = [
        4.0 if 1 <= a <= 2 and 2 <= b <= 3 else 0.0,
        6.0 if b == 0 else 0.0,
        1.0 if not 0 <= a <= 1 else 0.0,
        0.5,
    ]
    joined = {"sum": sum, "min": min, "max": max}[how](parts)
    return min(1.0, joined / top)


@pytest.mark.parametrize("how", ["sum", "min", "max"])
@pytest.mark.parametrize("top", [5.0, 20.0])
def test_genius_boxes(tmp_path: Path, how: str, top: float) -> None:
    profile = files.NONLINEAR.format(how=how, top=top)
    space = space_of(folder(tmp_path, {"box.xml": profile}))
    for a, b in itertools.product(range(4), repeat=2):
        assert utility(space, str(a), str(b))[0] == pytest.approx(naive_boxes(a, b, how, top))
    wanted = min(naive_boxes(a, b, how, top) for a, b in itertools.product(range(4), repeat=2))
    assert space.reservation()[0][0] <= wanted + 1e-9


# GeniusWeb ---------------------------------------------------------------------------------------


def test_geniusweb_ranges_numbers_and_partial_reservation_bids(tmp_path: Path) -> None:
    space = space_of(folder(tmp_path, files.GENIUSWEB))
    assert space.parties == ("firm", "worker")
    assert space.level_names[1] == ("12.2", "12.5", "12.8")
    assert utility(space, "four", "12.5") == pytest.approx([0.25, 0.4 + 0.3])
    assert space.reservation()[0] == pytest.approx([0.0, 0.3])


def test_geniusweb_domains_must_agree(tmp_path: Path) -> None:
    other = files.WEB_TWO.replace("five", "six")
    with pytest.raises(CaseError, match="differ"):
        detente.load(folder(tmp_path, {**files.GENIUSWEB, "firm.json": other}))


def test_partial_orderings_rank_by_layers_and_note_what_is_open(tmp_path: Path) -> None:
    domain = '{"name": "d", "issuesValues": {"x": {"values": ["a", "b", "c"]}, "y": {"values": ["0", "1"]}}}'
    bids = [("a", "0"), ("a", "1"), ("b", "0"), ("c", "1")]
    listed = ", ".join(f'{{"issuevalues": {{"x": "{x}", "y": "{y}"}}}}' for x, y in bids)
    profile = f'{{"DefaultPartialOrdering": {{"domain": {domain}, "name": "p", "bids": [{listed}], "better": [[0, 1], [1, 2], [2, 1], [0, 3]]}}}}'
    case = detente.load(folder(tmp_path, {"p.json": profile}) / "p.json")
    space = compile_case(case)
    assert space.feasible().sum() == 4
    assert [int(space.ranks(0)[space.number(space.positions(bid))]) for bid in bids] == [1, 2, 2, 2]
    assert {frozenset(pair) for pair in case.unknown["p"]} == {
        frozenset([("c", "1"), ("a", "1")]),
        frozenset([("c", "1"), ("b", "0")]),
    }


# the other formats -------------------------------------------------------------------------------


def test_negolog(tmp_path: Path) -> None:
    space = space_of(folder(tmp_path, files.NEGOLOG))
    assert space.parties == ("profileA", "profileB")
    assert utility(space, "a", "c") == pytest.approx([0.7 + 0.15, 0.6])
    assert space.reservation()[0].tolist() == [0.2, 0.0]


def test_score_sheets_in_both_forms(tmp_path: Path) -> None:
    space = space_of(folder(tmp_path, {"s.csv": files.SHEET}) / "s.csv")
    assert space.parties == ("Union", "Firm")
    assert utility(space, "5%", "25 days") == [1010.0, -10.0]
    assert utility(space, "4%", "25 days") == [30.5, 20.0]
    assert not space.possible(space.positions(["3%", "20 days"]))
    assert space.reservation()[0].tolist() == [15.0, 25.0]
    other = "Option;Union;Firm\nWage;;\n3%;0;40\n4%;20,5;20\nHoliday\n20 days;0;3\nwalk-away;1;2\n"
    space = space_of(folder(tmp_path, {"t.csv": other.encode("utf-16")}) / "t.csv")
    assert space.issues == ("Wage", "Holiday")
    assert utility(space, "4%", "20 days") == [20.5, 23.0]


def test_sheet_problems_name_their_row(tmp_path: Path) -> None:
    bad = files.SHEET.replace("20,5", "lots").replace(",4%", ",3%")
    with pytest.raises(CaseError, match=r"row 3: '3%' stands twice(.|\n)*row 3, Union: not a number"):
        detente.load(folder(tmp_path, {"s.csv": bad}) / "s.csv")


def test_workbooks_of_others(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (
        ["Issue", "Option", "A", "B"],
        ["Pay", "low", 0, 10],
        [None, "high", 7.5, 0],
        ["No deal", None, 1, 2],
    ):
        book.active.append(row)
    book.save(tmp_path / "w.xlsx")
    book.close()
    space = space_of(tmp_path / "w.xlsx")
    assert space.utilities().tolist() == [[0, 7.5], [10, 0]]
    assert space.reservation()[0].tolist() == [1, 2]


def test_ktab_becomes_a_forecast(tmp_path: Path) -> None:
    case = detente.load(folder(tmp_path, {"k.csv": files.KTAB}) / "k.csv")
    assert case.forecast is not None
    assert list(case.forecast.issues) == ["Policy", "Pace"]
    assert list(case.forecast.actors) == ["A", "B", "A 2"]
    assert case.forecast.actors["B"].capability == 50.5
    assert case.forecast.actors["A"].salience == {"Policy": 0.4, "Pace": 0.6}


def test_every_number_of_a_real_issue_is_exact_at_its_corners(tmp_path: Path) -> None:
    case = detente.load(folder(tmp_path, files.GENIUS))
    values = case.preferences["one"].values["share"]
    assert values == pytest.approx({"0": 0.0, "0.5": 0.3, "2": 0.0})
    space = compile_case(case)
    xs = np.array([float(name) for name in space.level_names[2]])
    triangle = np.where(xs < 0.5, xs / 0.5, (2 - xs) / 1.5)
    table = next(f.table for f in space.factors[0] if f.issues == (2,))
    assert np.abs(table - 0.3 * triangle).max() < 1e-12
    assert not math.isnan(table.sum())

"""Judgements to preferences: ends against closed forms and vertices, contradictions, samples, reading."""

import itertools

import numpy as np
import pytest

from detente.analysis.confidence import elicit, read_judgements
from detente.analysis.confidence.polytope import Polytope, withdrawals
from detente.case import from_data
from detente.errors import CaseError, NeedsError
from tests.analysis.confidence.cases import HEAD

CASE = from_data(
    {
        **HEAD,
        "parties": {"A": {}, "B": {}},
        "issues": {
            "price": {"levels": ["low", "middle", "high"]},
            "time": {"levels": ["slow", "fast"]},
            "size": {"levels": ["small", "large"]},
        },
        "preferences": {
            "B": {
                "values": {
                    "price": {"low": 0, "middle": 1, "high": 2},
                    "time": {"slow": 0, "fast": 1},
                    "size": {"small": 1, "large": 0},
                }
            }
        },
    }
)
ENDS = [
    {"worst": "price=low"}, {"best": "price=high"}, {"worst": "time=slow"}, {"best": "time=fast"},
    {"worst": "size=small"}, {"best": "size=large"},
]  # fmt: skip


def test_exact_swings_give_exact_weights():
    found = elicit(
        CASE,
        "A",
        [
            *ENDS,
            {"swing": "price", "points": 100},
            {"swing": "time", "points": 60},
            {"swing": "size", "points": 40},
        ],
    )
    assert {k: tuple(round(x, 6) for x in v) for k, v in found.weights.items()} == {
        "price": (50, 50, 50), "time": (30, 30, 30), "size": (20, 20, 20),
    }  # fmt: skip
    assert found.values["price"]["middle"][::2] == (0, 50)
    assert found.preference["values"]["time"] == {"slow": 0, "fast": pytest.approx(30)}


def test_ranges_of_swings_have_the_ends_of_the_definition():
    # weights proportional to (100, s, 40) with s in 50..70: time is least with s = 50 and greatest with s = 70
    found = elicit(
        CASE,
        "A",
        [
            *ENDS,
            {"swing": "price", "points": 100},
            {"swing": "time", "points": [50, 70]},
            {"swing": "size", "points": 40},
        ],
    )
    low, middle, high = found.weights["time"]
    assert (low, high) == (pytest.approx(100 * 50 / 190, abs=1e-5), pytest.approx(100 * 70 / 210, abs=1e-5))
    assert low < middle < high


def test_ordinal_regression_by_hand():
    # two issues: fast and small over slow and large says w(time) >= w(size) + 0.001
    said = [
        *ENDS,
        {"score": "price=high,time=slow,size=small", "points": 50},
        {"prefer": "price=low,time=fast,size=small", "to": "price=low,time=slow,size=large"},
    ]
    found = elicit(CASE, "A", said)
    assert found.weights["price"][::2] == (50, 50)
    assert found.weights["time"][0] == pytest.approx(25.05, abs=1e-4)
    assert found.weights["size"][2] == pytest.approx(24.95, abs=1e-4)
    assert found.prefers("price=low,time=fast,size=small", "price=low,time=slow,size=large") == "always"
    assert found.prefers("price=low,time=slow,size=large", "price=low,time=fast,size=small") == "never"
    assert found.prefers("price=middle,time=slow,size=small", "price=low,time=fast,size=small") == "sometimes"


def test_samples_agree_with_every_judgement_and_fill_the_set():
    said = read_judgements(
        [
            *ENDS,
            {"order": "price"},
            {
                "rank": [
                    "price=high,time=slow,size=small",
                    "price=middle,time=fast,size=small",
                    "price=low,time=slow,size=large",
                ]
            },
        ]
    )
    found = elicit(CASE, "A", said, samples=2000)
    x = np.column_stack([found.samples, np.zeros(len(found.samples))])
    assert (x @ found.polytope.a.T <= found.polytope.b + 1e-9).all()
    for issue, levels in found.values.items():
        for n, (low, _, high) in enumerate(levels.values()):
            column = 100 * found.samples[:, found.frame.column(list(CASE.issues).index(issue), n)]
            assert column.min() >= low - 1e-6
            assert column.max() <= high + 1e-6
            assert np.ptp(column) >= 0.8 * (high - low)


def test_hit_and_run_is_even_on_a_triangle():
    # x, y >= 0, x + y <= 1: means 1/3, P(x > 1/2) = 1/4
    simplex = Polytope(
        np.array([[-1.0, 0], [0, -1], [1, 1]]), np.array([0.0, 0, 1]), np.zeros((1, 2)), np.zeros(1)
    )
    points = simplex.sample(4000, np.random.default_rng(0))
    assert points.mean(axis=0) == pytest.approx([1 / 3, 1 / 3], abs=0.02)
    assert (points[:, 0] > 0.5).mean() == pytest.approx(0.25, abs=0.03)


def test_contradictions_are_shown_as_smallest_withdrawals():
    a, b, c = (
        "price=high,time=slow,size=small",
        "price=low,time=fast,size=small",
        "price=low,time=slow,size=large",
    )
    said = [*ENDS, {"prefer": a, "to": b}, {"prefer": b, "to": c}, {"prefer": c, "to": a}]
    found = elicit(CASE, "A", said)
    assert sorted(found.conflicts) == [(6,), (7,), (8,)]
    assert found.withdrawn in found.conflicts
    assert not found.polytope.empty
    document = found.to_dict()
    assert document["consistent"] is False
    assert "contradict" in found.explain()


@pytest.mark.parametrize("seed", range(20))
def test_smallest_withdrawals_against_all_subsets(seed):
    random = np.random.default_rng(seed)
    rows, k = random.integers(-2, 3, (6, 2)).astype(float), 6
    sides = random.integers(-2, 2, 6) / 4
    box = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    whole = Polytope(
        np.vstack([box, rows]), np.concatenate([[1.0, 0, 1, 0], sides]), np.zeros((1, 2)), np.zeros(1)
    )

    def works(gone):
        keep = [0, 1, 2, 3, *(4 + i for i in range(k) if i not in gone)]
        return not Polytope(whole.a[keep], whole.b[keep], whole.e, whole.f).empty

    smallest = next(
        {gone for gone in itertools.combinations(range(k), size) if works(gone)}
        for size in range(k + 1)
        if any(works(gone) for gone in itertools.combinations(range(k), size))
    )
    found = withdrawals(whole, [-1] * 4 + list(range(k)), 100)
    assert set(found) == (set() if smallest == {()} else smallest)


def test_the_preference_goes_into_the_case():
    found = elicit(
        CASE,
        "B",
        [
            {"swing": "price", "points": 100},
            {"swing": "time", "points": [20, 40]},
            {"swing": "size", "points": 10},
        ],
    )
    changed = found.applied()
    assert changed.preferences["B"].values["time"]["fast"].bounds == pytest.approx(
        (100 * 20 / 130, 100 * 40 / 150), abs=1e-4
    )
    assert changed.preferences["B"].values["size"]["large"] == 0
    assert found.to_json() == elicit(CASE, "B", list(found.judgements)).to_json()


def test_a_question_splits_what_is_not_known():
    found = elicit(CASE, "A", ENDS)
    first, second = found.question(np.random.default_rng(0))
    gap = found.samples @ (found.frame.package(first) - found.frame.package(second))[:-1]
    assert 0.3 < (gap > 0).mean() < 0.7


def test_every_wrong_judgement_is_listed():
    wrong = [
        {"swing": "price"},
        {"swing": "price", "points": 120},
        {"better": "x"},
        {"level": "price", "points": 3},
        {"same": ["a=b"]},
        5,
        {"prefer": "a=b"},
        {"order": "price", "way": "round"},
    ]
    with pytest.raises(CaseError) as caught:
        read_judgements(wrong, "said.yaml")
    assert len(caught.value.problems) == len(wrong)
    with pytest.raises(CaseError, match="judgements are a list"):
        read_judgements({"swing": "price"})


def test_what_cannot_be_elicited_is_said():
    for party, said, message in (
        ("Z", [], "unknown party"),
        ("A", [], "say which levels of 'price' are best and worst"),
        ("A", [*ENDS, {"swing": "x", "points": 3}], "unknown issue 'x'"),
        ("A", [*ENDS, {"level": "price=x", "points": 3}], "unknown level 'x'"),
        ("A", [{"best": "price=low"}, {"worst": "price=low"}, *ENDS[2:]], "are the same"),
    ):
        with pytest.raises(NeedsError, match=message):
            elicit(CASE, party, said)

"""Fair solutions on continuous issues against very fine grids: never worse, and no better than a step allows."""

import numpy as np
import pytest

from detente.analysis.agreement import agreement
from detente.case import from_data
from detente.space import compile_case

FINE = 1501


def random_case(random, continuous):
    """Two parties, some issues with levels and some continuous ones that bend up or down anywhere."""
    issues, values = {}, {"a": {"values": {}}, "b": {"values": {}}}
    for k in range(int(random.integers(0, 3))):
        names = [f"l{j}" for j in range(int(random.integers(2, 4)))]
        issues[f"d{k}"] = {"levels": names}
        for p in values:
            values[p]["values"][f"d{k}"] = {name: float(random.integers(0, 9)) for name in names}
    for k in range(continuous):
        issues[f"c{k}"] = {"levels": {"from": 0, "to": 10}}
        for p, sign in (("a", 1), ("b", -1)):
            bends = sorted({0.0, 10.0, *np.round(random.random(int(random.integers(0, 3))) * 10, 2).tolist()})
            rises = np.cumsum(random.integers(-1 if random.random() < 0.3 else 0, 6, len(bends)))
            values[p]["values"][f"c{k}"] = {
                f"{x:g}": float(sign * y) for x, y in zip(bends, rises, strict=True)
            }
    low = {p: float(np.round(random.normal(-2, 3), 2)) for p in values}
    return from_data(
        {"detente": 1, "id": "c", "title": "C", "parties": {"a": {}, "b": {}}, "issues": issues, "preferences": values, "no_deal": {"now": low}}
    )  # fmt: skip


def grid(case):
    """Gains of both parties at a fine grid of outcomes (n, 2), and how much they can differ between its points."""
    rows, error = [], 0.0
    for name, issue in case.issues.items():
        columns = []
        for p in ("a", "b"):
            levels = case.preferences[p].values[name]
            if issue.names:
                columns.append([float(levels[level]) for level in issue.names])
            else:
                at = sorted(levels, key=float)
                x, y = [float(v) for v in at], [float(levels[v]) for v in at]
                columns.append(np.interp(np.linspace(0, 10, FINE), x, y))
                error += max(abs(np.diff(y) / np.diff(x))) * 10 / (FINE - 1)
        rows.append(np.array(columns, dtype=float).T)
    total = np.zeros((1, 2))
    for row in rows:
        total = (total[:, None] + row).reshape(-1, 2)
    low = [float(case.no_deal.now.utilities[p]) for p in ("a", "b")]
    return total - low, error


@pytest.mark.parametrize("seed", range(60))
def test_solutions_lie_at_exact_points(seed):
    random = np.random.default_rng(seed)
    case = random_case(random, 1 if seed % 4 else 2)
    result = agreement(case)
    gains, error = grid(case)
    fine = gains[(gains >= -1e-9).all(axis=1)]
    if not len(fine):
        return
    assert result.zone.exists
    ideal = fine.max(axis=0)
    measures = {
        "nash": lambda g: np.maximum(g, 0).prod(axis=-1),
        "egalitarian": lambda g: g.min(axis=-1),
        "utilitarian": lambda g: g.sum(axis=-1),
    }
    for name, measure in measures.items():
        found = np.asarray(result.solutions[name].utilities) - result.reservation
        here, best = float(measure(found)), float(measure(fine).max())
        slack = error * (ideal.sum() + 2 * error + 1)
        assert here >= best - 1e-7, name
        assert here <= best + slack, name
    shares = np.asarray(result.solutions["kalai_smorodinsky"].utilities) - result.reservation
    if (ideal > 0.5).all():
        assert (shares / ideal).min() >= (fine / ideal).min(axis=1).max() - 3 * error / ideal.min()
    assert not result.exact
    assert any("fair solutions on continuous issues are exact" in w for w in result.source.warnings)


def price(first, second, most=100):
    """One price, straight values that pull apart, and what no deal is worth to each."""
    data = {
        "detente": 1, "id": "p", "title": "P", "parties": {"a": {}, "b": {}},
        "issues": {"price": {"levels": {"from": 0, "to": most}}},
        "preferences": {
            "a": {"values": {"price": {"0": 0, str(most): 100}}},
            "b": {"values": {"price": {"0": 100, str(most): 0}}},
        },
        "no_deal": {"now": {"a": first, "b": second}},
    }  # fmt: skip
    return from_data(data)


@pytest.mark.parametrize("most", [1, 100, 10**12])
def test_a_price_is_split_where_the_formula_says(most):
    """Nash and Kalai-Smorodinsky divide what lies between the two reservation values."""
    result = agreement(price(12.3456, 20.1, most))
    for rule in ("nash", "kalai_smorodinsky", "egalitarian"):
        assert result.solutions[rule].utilities[0] == pytest.approx((12.3456 + 79.9) / 2, abs=1e-9)


@pytest.mark.parametrize("most", [1, 100, 10**12])
def test_a_sliver_of_room_between_two_points_is_found(most):
    """No point of the even grid suits both; the price between them does."""
    case = price(50.4, 49.4, most)
    assert agreement(case).zone.exists
    space = compile_case(case)
    assert not any((space.utility((k,)) >= space.reservation("now")[0]).all() for k in range(space.size))


def test_other_rules_and_weights_are_not_called_exact():
    """What was worked out is detente's own rules, all parties weighing the same."""
    for options in ({"rules": "genius"}, {"rules": "negmas"}, {"weights": {"a": 2}}):
        warnings = agreement(price(1.0, 1.0), **options).source.warnings
        assert any("are those of the points used" in warning for warning in warnings)


def test_what_does_not_fit_keeps_its_points():
    """A space with numbers of its own, and three parties: the words say so."""
    random = np.random.default_rng(0)
    case = random_case(random, 1)
    space = compile_case(case)
    data = case.to_data()
    data["parties"]["c"], data["preferences"]["c"] = {}, data["preferences"]["a"]
    for asked in (space.with_factors({0: space.factors[1]}), compile_case(from_data(data))):
        result = agreement(asked)
        assert result.space.size == asked.size
        assert any("are those of the points used" in warning for warning in result.source.warnings)

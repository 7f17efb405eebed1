"""The forecast in the report: what it is comes first, baselines before the model, nothing confidential."""

from __future__ import annotations

import detente
from detente.case import from_data
from detente.report import build, render


def joint(**more):
    data = detente.load("flat-share").to_data()
    data["forecast"] = {
        "issues": {"rent": {"label": "Rent", "from": 0, "to": 100}},
        "actors": {
            name: {"capability": c, "position": {"rent": x}, "salience": {"rent": 60}}
            for name, c, x in (("tenants", 10, 20), ("owner", 30, 90), ("bank", 5, 60))
        },
    }
    return from_data({**data, **more})


def section(report, key="forecast"):
    return next((s for s in report.sections if s.key == key), None)


def test_a_case_with_parties_has_it_beside_everything_else():
    report = build(joint())
    found = section(report)
    assert found.title == "Where it would drift without a package"
    text = " ".join(str(block) for block in found.blocks)
    assert text.index("it does not say what the parties would agree to") < text.index("Baselines")
    assert text.index("Baselines") < text.index("In this model.")
    assert section(report, "packages") is not None
    assert "accura" not in render(joint(), form="md").lower()
    assert section(build(detente.load("flat-share"))) is None


def test_a_confidential_position_takes_its_actor_along():
    party = next(iter(detente.load("flat-share").parties))
    case = joint(confidential=[{"path": "forecast.actors.bank.position"}])
    whole, part = (render(case, form="md", audience=a) for a in ("analyst", f"party:{party}"))
    assert "bank" in whole
    assert "bank" not in part
    assert "owner" in part


def test_many_actors_are_not_asked_and_that_is_said():
    data = joint().to_data()
    actor = next(iter(data["forecast"]["actors"].values()))
    data["forecast"]["actors"] = {f"A{i}": actor for i in range(101)}
    text = render(from_data(data), form="md")
    assert "Where it would drift was not asked: more than 100 actors" in text

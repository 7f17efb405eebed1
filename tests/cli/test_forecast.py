"""`detente forecast`: the contract, exit codes, and what people read."""

from __future__ import annotations

import json
import sys

import pytest

from detente.cli import main

HEAD = {"detente", "analysis", "case", "case_hash", "parties", "issues", "options", "warnings"}


@pytest.fixture
def run(capsys, monkeypatch):
    def call(*args):
        monkeypatch.setattr(sys, "argv", ["detente", "forecast", *map(str, args)])
        code = 0
        try:
            main()
        except SystemExit as leave:
            code = leave.code or 0
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.mark.parametrize("name", ["car-emissions", "china-energy", "seven-actors"])
def test_json_has_the_start_and_every_turn(run, name):
    code, out, err = run(name, "--model", "smp", "--turns", 3, "--json")
    document = json.loads(out)
    assert (code, err) == (0, "")
    assert set(document) >= HEAD
    assert document["model"] == "smp"
    assert len(document["turns"]) == 4
    issues = len(document["scales"])
    assert all(len(p) == issues for turn in document["turns"] for p in turn.values())


def test_every_setting_reaches_the_model(run):
    chosen = {
        "vote": "cubic", "victory": "octic", "election": "markov-uniform", "risk-range": "max", "risk-adjust": "half",
        "commitment": "none", "interpolation": "s1p1", "bargain": "both", "transition": "random",
    }  # fmt: skip
    flags = [part for name, rule in chosen.items() for part in (f"--{name}", rule)]
    code, out, _ = run("seven-actors", "--turns", 2, "--seed", 5, "--json", *flags)
    document = json.loads(out)
    assert code == 0
    assert document["options"]["rules"] == {name.replace("-", "_"): rule for name, rule in chosen.items()}
    assert document["seed"] == 5
    document = json.loads(run("seven-actors", "--stop-share", 0, "--stop-most", 14, "--json")[1])
    assert len(document["turns"]) == 15
    assert document["options"]["stop"] == {"least": 2, "most": 14, "share": 0.0}
    noted = json.loads(run("seven-actors", "--stop-most", 14, "--turns", 1, "--json")[1])
    assert noted["warnings"] == ["when to stop was not asked: turns are given"]


def test_levers_and_words(run):
    code, out, _ = run("car-emissions", "--turns", 2, "--levers", "--json")
    assert code == 0
    assert {"actor", "issue", "from", "to", "effect", "size"} == set(json.loads(out)["levers"][0])
    code, out, _ = run("car-emissions", "--turns", 2, "--levers")
    assert code == 0
    assert out.startswith("Baselines")
    assert "What would move the result most" in out
    code, out, _ = run("car-emissions", "--model", "eum")
    assert "16 readings" in out


@pytest.mark.parametrize(("args", "code", "message"), [
    (("mill-contract",), 2, "case 'mill-contract' has no forecast section: actors with capability, position and salience"),
    (("car-emissions", "--model", "x"), 2, "model: 'x' is not a model; there are smp, eum, baselines"),
    (("car-emissions", "--vote", "x"), 2, "vote: 'x' is not a rule; there are proportional, binary,"),
    (("car-emissions", "--stop-least", "9", "--stop-most", "3"), 2, "stop: at least 1 turn, no fewer at most than at least"),
    (("car-emissions", "--turns", "-3"), 2, "turns: a number from 0 to 100,000; got -3"),
])  # fmt: skip
def test_bad_input(run, args, code, message):
    found, out, err = run(*args)
    assert (found, out) == (code, "")
    assert message in err

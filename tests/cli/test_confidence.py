"""The commands of the confidence analysis: contract, files, questions on the terminal, progress."""

import io
import json
import subprocess
import sys

import pytest
from tests.analysis.confidence.cases import price
from typer.testing import CliRunner

from detente.case import dump
from detente.cli import build
from detente.cli.progress import Progress, span


def run(*words, **more):
    done = CliRunner().invoke(build(), list(map(str, words)), catch_exceptions=False, **more)
    assert done.exit_code == 0, done.output
    return done


@pytest.fixture
def case(tmp_path):
    path = tmp_path / "case.yaml"
    data = price().to_data()
    data["variants"] = {"rich": [{"set": "preferences.buyer.values.deal.yes", "to": [1, 11]}]}
    from detente.case import from_data

    path.write_text(dump(from_data(data)))
    return path


def test_confidence_speaks_the_contract(case):
    document = json.loads(run("confidence", case, "--draws", 200, "--seed", 3, "--json").stdout)
    assert document["analysis"] == "confidence"
    assert (document["seed"], document["draws"]) == (3, 200)
    assert document["answers"]["deal_exists"]["verdict"] == "possible"
    assert document["levers"]
    assert document["drivers"]
    text = run(
        "confidence", case, "--draws", 200, "--no-levers", "--switch", "rich", "--sampling", "sobol"
    ).stdout
    assert "of the assumed cases" in text


def test_kept_chunks_are_taken_up(case, tmp_path):
    words = ("confidence", case, "--draws", 200, "--json", "--keep", tmp_path / "kept", "--no-levers")
    assert run(*words).stdout == run(*words).stdout
    assert len(list((tmp_path / "kept").glob("chunk-*"))) == 20


def test_compare_takes_all_variants_or_some(case):
    document = json.loads(run("compare", case, "--draws", 200, "--json").stdout)
    assert list(document["variants"]) == ["as it is", "rich"]
    assert "rich" in run("compare", case, "--draws", 200, "--variant", "rich").stdout


def test_compare_takes_the_options_of_a_forecast(tmp_path):
    from detente.case import from_data

    actors = {"a": {"x": [10, 20]}, "b": {"x": 90}}
    data = {
        "detente": 1,
        "id": "drift",
        "title": "Drift",
        "forecast": {
            "issues": {"x": {"from": 0, "to": 100}},
            "actors": {
                name: {"capability": 50, "position": row, "salience": {"x": 50}}
                for name, row in actors.items()
            },
        },
        "variants": {"strong": [{"set": "forecast.actors.b.capability", "to": 90}]},
    }
    path = tmp_path / "drift.yaml"
    path.write_text(dump(from_data(data)))
    words = ("compare", path, "--of", "forecast", "--draws", 20, "--json", "--model", "smp", "--turns")
    one, many = (
        json.loads(run(*words, turns, "--rules", "vote=cubic").stdout)["options"] for turns in (1, 9)
    )
    assert (one["turns"], many["turns"], one["rules"]) == (1, 9, {"vote": "cubic"})


def test_bad_input_ends_with_two(case, tmp_path):
    for words in (
        ("confidence", case, "--switch", "nobody"),
        ("confidence", case, "--concept", "seq"),
        ("confidence", case, "--of", "roadmap"),
        ("compare", case, "--variant", "nobody"),
        ("elicit", case, "nobody"),
        ("elicit", case, "buyer", "--judgements", tmp_path / "none.yaml"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "detente", *map(str, words)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 2, done.stderr
        assert done.stderr
        assert "Traceback" not in done.stderr


def test_elicit_reads_a_file_and_saves_a_case(case, tmp_path):
    said, saved = tmp_path / "said.yaml", tmp_path / "new.yaml"
    said.write_text("- {swing: deal, points: 100}\n")
    document = json.loads(
        run("elicit", case, "seller", "--judgements", said, "--save", saved, "--json").stdout
    )
    assert document["consistent"]
    assert "100.0" in saved.read_text()


def test_elicit_asks(tmp_path):
    from tests.analysis.confidence.test_elicitation import CASE

    path = tmp_path / "three.yaml"
    path.write_text(dump(CASE))
    answers = [
        "high",
        "",
        "wrong",
        "fast",
        "slow",
        "small",
        "large",
        "100",
        "200",
        "60",
        "20-40",
        "50-x",
        "30",
        "A",
        "?",
        "=",
    ]
    done = run("elicit", path, "A", "--pairs", 2, "--json", input="\n".join(answers) + "\n")
    document = json.loads(done.stdout[done.stdout.index("{") :])
    assert document["party"] == "A"
    assert len(document["judgements"]) in (
        11,
        12,
    )  # the second pair is asked only where preferences disagree on one


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_shows_on_a_terminal_only():
    for stream, shown in ((Terminal(), True), (io.StringIO(), False)):
        progress = Progress("roadmap", stream)
        for done in range(5):
            progress.last = 0.0
            progress(done, 4)
        progress.clear()
        assert ("75 %" in stream.getvalue()) == shown
        assert ("left" in stream.getvalue()) == shown
    assert [span(s) for s in (5, 125, 7300)] == ["5 s", "2 min", "2.0 h"]

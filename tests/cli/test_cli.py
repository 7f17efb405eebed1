"""The command line: exit codes, messages, the JSON contract."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from detente import catalog
from detente.cli import main

HEAD = {"detente", "analysis", "case", "case_hash", "parties", "issues", "options", "warnings"}
FORECASTS = ("car-emissions", "china-energy", "seven-actors")
NEGOTIABLE = [name for name in catalog.names() if name not in FORECASTS]


@pytest.fixture
def run(capsys, monkeypatch):
    def call(*args):
        monkeypatch.setattr(sys, "argv", ["detente", *map(str, args)])
        code = 0
        try:
            main()
        except SystemExit as leave:
            code = leave.code or 0
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_help_names_every_command(run):
    code, out, _ = run("--help")
    assert code == 0
    for command in ("check", "agreement", "report", "examples", "init", "schema"):
        assert command in out


def test_every_command_has_help(run):
    for command in ("check", "agreement", "report", "examples", "init", "schema"):
        code, out, _ = run(command, "--help")
        assert code == 0
        assert len(out.splitlines()) > 5


@pytest.mark.parametrize("name", NEGOTIABLE)
def test_agreement_json_keeps_the_contract(run, name):
    code, out, err = run("agreement", name, "--json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert set(document) >= HEAD | {"outcomes", "reservation", "zopa", "pareto", "solutions"}
    assert document["analysis"] == "agreement"
    assert document["case"] == name
    assert len(document["case_hash"]) == 64
    assert set(document["zopa"]) >= {"exists", "count", "ranges"}
    assert set(document["pareto"]) >= {"exact", "count", "points"}
    assert set(document["solutions"]) >= {"nash", "kalai_smorodinsky", "egalitarian", "utilitarian"}
    points = document["pareto"]["points"]
    first = next(iter(points[0]["utilities"]))
    assert [p["utilities"][first] for p in points] == sorted(
        (p["utilities"][first] for p in points), reverse=True
    )
    for point in points:
        assert set(point) == {"utilities", "outcome", "multiplicity", "rational"}


def test_people_get_words_and_tables(run):
    code, out, err = run("agreement", "stockholm-2019")
    assert (code, err) == (0, "")
    assert out.startswith(
        "Yes: there are outcomes no worse than no deal for each of United States, North Korea and South Korea,"
    )
    assert "\nsolutions\n" in out


def test_the_questions_of_a_negotiator(run):
    code, out, _ = run(
        "agreement",
        "mill-contract",
        "--json",
        "--from",
        "wage=3",
        "--meso",
        "union",
        "-n",
        "2",
        "--weights",
        "union=2",
    )
    assert code == 0
    document = json.loads(out)
    assert document["joint_gains"]["possible"] is True
    assert len(document["meso"]["offers"]) == 2
    assert document["solutions"]["weighted_nash"]["definition"] == "nash-1950/weighted-product"
    code, out, _ = run(
        "agreement", "mill-contract", "--json", "--reply", "union", "--from", "wage=2", "--aspiration", "0.8"
    )
    assert code == 0
    assert json.loads(out)["reply"]["accept"] is False


def test_bad_input_ends_with_2_and_every_problem(run, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(
        "detente: 1\nid: x\ntitle: t\nparties: {A: {patienc: 1}}\nissues: {p: {levels: [a, b], by: B}}\n"
    )
    code, out, err = run("check", path)
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        f"{path}:4:15 parties.A.patienc: unknown key 'patienc'; expected 'label', 'roles', 'for', 'patience', "
        "'breach_cost', 'why' or 'note'. Did you mean 'patience'?",
        f"{path}:5:30 issues.p.by[0]: unknown party 'B'; expected 'A'",
    ]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("agreement", "stokholm-2019"),
            "no file and no catalogue case is called 'stokholm-2019'. Did you mean 'stockholm-2019'?",
        ),
        (("agreement", "stockholm-2019", "--variant", "adviser"), "unknown variant 'adviser'"),
        (("agreement", "car-emissions"), "has no issues and no outcomes"),
        (("agreement", "stockholm-2019", "--no-deal", "never"), "is not one of 'now', 'deadline'"),
        (
            ("agreement", "stockholm-2019", "--from", "nuclear=half"),
            "unknown level 'half' of issue 'nuclear'",
        ),
        (
            ("agreement", "stockholm-2019", "--meso", "Sweden"),
            "unknown party 'Sweden', or it has no preferences",
        ),
        (("agreement", "stockholm-2019", "-o", "x.xlsx"), "the name ends in .parquet, .csv or .json"),
        (("agreement", "flat-share", "--meso", "ada"), "this question needs preferences in numbers"),
        (("report", "stockholm-2019", "--format", "odt"), "unknown format 'odt'"),
        (("report", "stockholm-2019", "--audience", "everyone"), "unknown audience 'everyone'"),
        (("examples", "stockholm"), "no catalogue case is called 'stockholm'"),
    ],
)
def test_a_question_that_does_not_fit(run, args, message):
    code, out, err = run(*args)
    assert code == 2
    assert out == ""
    assert message in err
    assert "Traceback" not in err


def test_a_question_that_costs_too_much_ends_with_3(run, tmp_path):
    levels = ", ".join(f"l{i}" for i in range(40))
    issues = "\n".join(f"  i{k}: {{levels: [{levels}]}}" for k in range(8))
    path = tmp_path / "wide.yaml"
    tied = " and ".join(f"i{k} == l1" for k in range(8))
    path.write_text(
        f"detente: 1\nid: wide\ntitle: t\nparties: {{A: }}\nissues:\n{issues}\n"
        f"preferences: {{A: {{priorities: ['{tied}']}}}}\n"
    )
    code, out, err = run("agreement", path)
    assert (code, out) == (3, "")
    assert "Instead:" in err


def test_a_table_is_written_as_the_name_says(run, tmp_path):
    import polars

    for suffix, read in (
        (".parquet", polars.read_parquet),
        (".csv", polars.read_csv),
        (".json", polars.read_json),
    ):
        path = tmp_path / f"front{suffix}"
        assert run("agreement", "parts-supply", "-o", path)[0] == 0
        assert len(read(path)) > 10


def test_init_writes_a_case_that_runs(run, tmp_path):
    path = tmp_path / "my sale.yaml"
    assert run("init", path)[0] == 0
    assert run("check", path)[0] == 0
    assert run("agreement", path)[1].startswith("Yes")
    code, _, err = run("init", path)
    assert code == 2
    assert "exists already" in err


def test_init_writes_the_schema_for_editors(run, tmp_path):
    path = tmp_path / "sale.yaml"
    assert run("init", path, "--schema")[0] == 0
    assert path.read_text().startswith("# yaml-language-server: $schema=detente.schema.json\n")
    known = json.loads((tmp_path / "detente.schema.json").read_text())
    assert known["properties"]["parties"]["description"]
    assert run("check", path)[0] == 0


def test_a_terminal_of_another_encoding_is_no_fault(tmp_path):
    path = tmp_path / "case.yaml"
    path.write_text(
        "detente: 1\nid: größer\ntitle: t\nparties: {A: }\nissues: {p: {levels: [a, b]}}\n", encoding="utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "detente", "check", str(path)],
        capture_output=True, encoding="utf-8", check=False, env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("größer: a sound case")


def test_every_broken_variant_is_named(run, tmp_path):
    path = tmp_path / "case.yaml"
    path.write_text(
        "detente: 1\nid: x\ntitle: t\nparties: {A: }\nissues: {p: {levels: [a, b]}}\nvariants:\n"
        "  one: [{set: status_quo.p, to: c}]\n  two: [{set: issues.p.by, to: B}]\n"
    )
    code, out, err = run("check", path)
    assert (code, out) == (2, "")
    assert "in variants.one: unknown level 'c'" in err
    assert "in variants.two: unknown party 'B'" in err


def test_check_reports_variants_and_assumptions(run):
    code, out, _ = run("check", "stockholm-2019")
    assert code == 0
    assert "a sound case" in out
    assert "Assumed, without evidence" in out
    code, out, err = run("check", "stockholm-2019", "--json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert set(document) >= HEAD | {"assumptions", "variants"}
    assert document["analysis"] == "check"
    assert "preferences.US" in document["assumptions"]
    variant = json.loads(run("check", "stockholm-2019", "--variant", "no-deadline", "--json")[1])
    assert variant["case_hash"] != document["case_hash"]


def test_examples_lists_and_prints(run):
    code, out, _ = run("examples")
    assert code == 0
    assert len(out.splitlines()) == len(catalog.names())
    assert run("examples", "chicken")[1].count("detente: 1") == 1


HELP = """import sys; sys.argv = ['detente', '--help']
from detente.cli import main
try: main()
except SystemExit: pass"""


def test_importing_detente_and_asking_for_help_load_no_numpy():
    for code in (
        "import detente",
        "import detente.cli",
        "import sys; sys.argv = ['detente', 'check', 'stockholm-2019']; from detente.cli import main; main()",
        "import sys; sys.argv = ['detente', 'schema']; from detente.cli import main; main()",
        HELP,
    ):
        check = "\nimport sys; loaded = {'numpy', 'numba', 'scipy', 'polars', 'lark', 'jinja2'} & set(sys.modules); assert not loaded, loaded"
        done = subprocess.run(
            [sys.executable, "-c", code + check], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_small_cases_run_without_the_compiler():
    code = "import detente; detente.agreement(detente.load('stockholm-2019')).to_json(); import sys; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


ROADMAP = {
    "target", "order", "threat", "exists", "least_gap", "nash_product", "fewest_steps", "roadmap", "patience",
    "longest_answer_time", "at_once", "credible", "guarantee",
}  # fmt: skip


def test_roadmap_speaks_the_contract(run):
    code, out, err = run(
        "roadmap", "stockholm-2019", "--to", "nuclear=freeze,relief=partial", "--no-patience", "--json"
    )
    assert (code, err) == (0, "")
    data = json.loads(out)
    assert set(data) >= HEAD | ROADMAP
    assert data["target"] == {
        "nuclear": "freeze",
        "relief": "partial",
        "assurance": "words",
        "projects": "none",
    }
    assert data["exists"] is True


def test_roadmap_says_the_answer_first(run):
    code, out, _ = run(
        "roadmap", "stockholm-2019", "--to", "freeze", "--no-patience", "--no-remedies", "--order", "single"
    )
    assert code == 0
    assert out.startswith(
        "Steps to Denuclearisation: freeze, Sanctions relief: partial can hold in this model"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--to", "nowhere"], "'nowhere' is no target of the case"),
        (["--to", "freeze", "--threat", "pause:x"], "unknown threat 'pause:x'"),
        (["--to", "freeze", "--formula", "none-such"], "none-such"),
    ],
)
def test_roadmap_refuses_what_does_not_fit(run, options, message):
    code, out, err = run("roadmap", "stockholm-2019", *options)
    assert (code, out) == (2, "")
    assert message in err

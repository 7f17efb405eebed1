"""The HTTP API: the same answers as the command line, live redraws, jobs, comparison, reports, the blind view, a class."""

from __future__ import annotations

import concurrent.futures
import csv
import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

import detente
from detente.web.app import ENDPOINTS, openapi
from detente.web.controls import sliders, switches
from detente.web.live import live, outcome
from tests.web.served import CASE, SECRET, Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("bench")
    (folder / "case.yaml").write_text(CASE)
    with serving(folder / "case.yaml", folder / "state", "--class") as found:
        yield found


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    with served.client() as found:
        yield found


def test_the_case_as_the_page_gets_it(client: httpx.Client) -> None:
    case = client.get("/api/case").json()
    assert case["title"] == "A mill and its union"
    assert [q["name"] for q in case["questions"]] == [
        "agreement",
        "standoff",
        "roadmap",
        "table",
        "confidence",
    ]
    assert case["variants"] == ["poor-year"]
    assert {s["path"] for s in case["sliders"]} >= {
        "parties.mill.patience",
        "preferences.mill.values.wage.low",
    }


def test_check_has_the_messages_of_the_command_line(client: httpx.Client, tmp_path: Path) -> None:
    broken = CASE.replace("low: 10", "lowest: 10").replace("patience: 0.9", "patience: 2")
    (tmp_path / "case.yaml").write_text(broken)
    told = subprocess.run(
        [sys.executable, "-m", "detente", "check", "case.yaml"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert told.returncode == 2
    problems = client.post("/api/check", json={"text": broken}).json()["problems"]
    lines = [f"case.yaml:{p['line']}:{p['column']} {p['message']}" for p in problems]
    assert lines
    assert lines == told.stderr.strip().splitlines()
    change = {"set": "preferences.mill.values.wage.low", "to": "much"}
    assert client.post("/api/check", json={"changes": [change]}).json()["problems"]
    assert client.get("/api/case").json()["text"] == CASE


@pytest.mark.parametrize("analysis", ["agreement", "standoff", "roadmap", "table", "confidence"])
def test_the_document_is_that_of_json(client: httpx.Client, analysis: str) -> None:
    options = {
        "roadmap": {"to": "wage=middle,shifts=new"},
        "confidence": {"draws": 50},
        "table": {"runs": 50},
    }.get(analysis, {})
    answer = client.post(f"/api/ask/{analysis}", json={"options": options}).json()
    from detente.web.ask import QUESTIONS, options_of

    result = QUESTIONS[analysis].run(
        detente.CaseFile.parse(CASE).case, lambda *_: None, **options_of(analysis, options)
    )
    assert answer["result"] == json.loads(result.to_json())
    assert answer["words"]
    for figure in answer["figures"]:
        assert figure["svg"].startswith("<svg")
        assert figure["alt"]
        assert figure["rows"]


def test_live_agrees_with_the_analysis_on_the_changed_case(client: httpx.Client) -> None:
    changes = [{"set": "preferences.union.values.wage.high", "to": 2.5}]
    found = client.post("/api/live", json={"changes": changes}).json()
    case = detente.CaseFile.parse(CASE).change(*changes).case
    result = detente.agreement(case)
    assert found["zone"] == {"exists": result.zone.exists, "count": result.zone.count}
    assert len(found["front"]) == len(result.front)
    assert found["words"] == result.explain().split("\n")[0]
    space = detente.compile_case(case)
    assert found["numbers"] == list(range(space.size))
    told = client.post("/api/outcome", json={"changes": changes, "number": 4}).json()
    assert told["outcome"] == space.outcome(space.levels(4))
    worth = space.utility(space.levels(4)) - result.reservation
    assert [p["gain"] > 0 for p in told["parties"]] == [w > 0 for w in worth]
    near = client.post("/api/outcome", json={"changes": changes, "at": found["points"][4]}).json()
    assert near["number"] == 4


def test_many_outcomes_are_counted_in_cells() -> None:
    levels = [str(k) for k in range(10)]
    issues = {f"i{k}": {"levels": levels} for k in range(5)}
    values = {
        name: {level: (3 * j + k) % 7 for j, level in enumerate(levels)} for k, name in enumerate(issues)
    }
    other = {
        name: {level: (5 * j + 2 * k) % 11 for j, level in enumerate(levels)} for k, name in enumerate(issues)
    }
    from detente.case import from_data

    case = from_data({"detente": 1, "id": "x", "title": "X", "parties": {"a": {}, "b": {}}, "issues": issues,
                      "preferences": {"a": {"values": values}, "b": {"values": other}}})  # fmt: skip
    found = live(case)
    assert found["points"] is None
    assert sum(found["density"]["counts"]) == 100_000
    assert outcome(case, 99_999)["possible"]


def test_sliders_and_switches_make_sound_changes() -> None:
    from detente.case import with_changes
    from detente.case.paths import find, parse_path

    for name in ("stockholm-2019", "mill-contract", "parts-supply"):
        case = detente.load(name)
        data = case.to_data()
        for slider in sliders(case):
            assert slider["low"] <= slider["at"] <= slider["high"], slider
            if not slider["path"].startswith("parties."):
                find(data, parse_path(slider["path"]))
        for slider in sliders(case)[::3]:
            for value in (slider["low"], slider["high"]):
                if "start" in slider:
                    value = (date.fromisoformat(slider["start"]) + timedelta(days=value)).isoformat()
                with_changes(case, [{"set": slider["path"], "to": value}])
        for switch in switches(case):
            for changes in (switch["to_on"], switch["to_off"]):
                with_changes(case, changes)


def test_a_job_can_be_stopped_and_the_newest_wins(client: httpx.Client) -> None:
    def start(runs: int) -> int:
        options = {"runs": runs, "rounds": 100_000 if runs > 1000 else 10}
        body = {"kind": "ask", "channel": "c", "analysis": "table", "options": options}
        return int(client.post("/api/jobs", json=body).json()["id"])

    slow = start(1_000_000)
    time.sleep(0.5)
    newest = start(20)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        states = [client.get(f"/api/jobs/{n}").json()["state"] for n in (slow, newest)]
        if states == ["stopped", "done"]:
            break
        time.sleep(0.1)
    assert states == ["stopped", "done"]
    third = start(1_000_000)
    time.sleep(0.3)
    begun = time.monotonic()
    state = client.request("DELETE", f"/api/jobs/{third}", json={}).json()
    assert state["state"] == "stopped"
    assert time.monotonic() - begun < 5
    events = client.get(f"/api/jobs/{newest}/events").text
    assert json.loads(events.removeprefix("data: ").strip())["state"] == "done"


def finished(client: httpx.Client, body: dict[str, Any]) -> Any:
    number = client.post("/api/jobs", json=body).json()["id"]
    while (state := client.get(f"/api/jobs/{number}").json())["state"] not in ("done", "failed", "stopped"):
        time.sleep(0.05)
    assert state["state"] == "done", state
    return state["result"]


def test_two_states_side_by_side(client: httpx.Client) -> None:
    other = {"variant": "poor-year"}
    found = finished(client, {"kind": "compare", "analysis": "agreement", "changes": [], "other": other})
    paths = {row["path"] for row in found["differences"]}
    assert any(path.startswith("pareto.points") for path in paths)
    same = finished(client, {"kind": "compare", "analysis": "agreement", "other": {}})
    assert same["count"] == 0


def test_a_report_of_a_changed_state(client: httpx.Client) -> None:
    changes = [{"set": "title", "to": "A mill, in another light"}]
    text = finished(client, {"kind": "report", "form": "html", "changes": changes})["text"]
    assert "<h1>A mill, in another light</h1>" in text


def test_errors_of_work_come_back_with_their_message(client: httpx.Client) -> None:
    answer = client.post("/api/ask/roadmap", json={"options": {"to": "wage=huge"}})
    assert answer.status_code == 422
    assert "unknown level 'huge' of issue 'wage'" in answer.json()["message"]


def test_ten_clients_and_a_thousand_moves(served: Served) -> None:
    def moves(k: int) -> list[str]:
        words = []
        with served.client() as client:
            for step in range(100):
                changes = [{"set": "preferences.union.values.wage.high", "to": k + step / 100}]
                words.append(client.post("/api/live", json={"changes": changes}).json()["words"])
        return words

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        found = list(pool.map(moves, range(10)))
    for k, words in enumerate(found):
        case = detente.CaseFile.parse(CASE).set("preferences.union.values.wage.high", k + 0.99).case
        assert words[-1] == detente.agreement(case).explain().split("\n")[0]


def test_no_acknowledged_edit_is_lost_in_a_kill(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(CASE)
    last = 0
    with serving(tmp_path / "case.yaml", tmp_path / "state") as served, served.client() as client:
        revision = client.get("/api/case").json()["revision"]
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            killer = pool.submit(lambda: (time.sleep(0.7), served.kill()))
            try:
                for value in range(1, 10_000):
                    body = {
                        "revision": revision,
                        "changes": [{"set": "preferences.mill.values.wage.low", "to": value}],
                    }
                    revision = client.post("/api/edit", json=body).json()["revision"]
                    last = value
            except httpx.HTTPError:
                pass
            killer.result()
    assert last > 3
    with serving(tmp_path / "case.yaml", tmp_path / "state") as served, served.client() as client:
        case = client.get("/api/case").json()
        assert case["document"]["preferences"]["mill"]["values"]["wage"]["low"] in (last, last + 1)
        assert case["dirty"]
        assert case["can_undo"]
    assert (tmp_path / "case.yaml").read_text() == CASE


SECRETS = ("7391.25", "6482.75", "SECRETWORD", "7391", "6482")


def test_nothing_confidential_leaves_a_blind_server(tmp_path: Path) -> None:
    """Every byte of every answer is searched for what the mill keeps to itself."""
    (tmp_path / "case.yaml").write_text(SECRET)
    with (
        serving(tmp_path / "case.yaml", tmp_path / "state", "--audience", "party:union") as served,
        served.client() as client,
    ):
        sent = all_answers(client, {})
        text = client.get(
            "/api/case", params={"audience": "party:mill"}
        ).text  # nobody else's view can be asked for
        edit = client.post("/api/edit", json={"revision": 1, "changes": [{"set": "title", "to": "x"}]})
        assert edit.status_code == 403
        check = client.post(
            "/api/check", json={"changes": [{"set": "preferences.mill.values.wage.low", "to": "x"}]}
        )
        assert check.status_code == 403
    for secret in SECRETS:
        assert all(secret not in part for part in [*sent, text]), secret


def test_nothing_confidential_is_in_a_view_of_an_open_server(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(SECRET)
    with serving(tmp_path / "case.yaml", tmp_path / "state") as served, served.client() as client:
        assert "SECRETWORD" in client.get("/api/case").text
        sent = all_answers(client, {"audience": "party:union"})
    for secret in SECRETS:
        assert all(secret not in part for part in sent), secret


def all_answers(client: httpx.Client, view: dict[str, Any]) -> list[str]:
    sent = [client.get("/api/case", params=view).text, client.get("/").text]
    changes: list[dict[str, Any]] = [{"set": "parties.union.patience", "to": 0.7}]
    for body in ({**view}, {**view, "changes": changes}, {**view, "variant": "poor-year"}):
        sent.append(client.post("/api/live", json=body).text)
        sent.append(client.post("/api/outcome", json={**body, "number": 1}).text)
        sent += [
            client.post(f"/api/ask/{a}", json=body).text
            for a in ("agreement", "standoff", "roadmap", "table", "confidence")
        ]
        for more in ({"kind": "report", "form": "html"}, {"kind": "report", "form": "json", "audience": "analyst"},
                     {"kind": "compare", "analysis": "agreement", "other": {"changes": changes}}):  # fmt: skip
            begun = client.post("/api/jobs", json={**body, **more, **view})
            sent.append(begun.text)
            if begun.status_code != 200:
                continue
            number = begun.json()["id"]
            while (state := client.get(f"/api/jobs/{number}")).json()["state"] not in (
                "done",
                "failed",
                "stopped",
            ):
                time.sleep(0.05)
            sent.append(state.text)
            sent.append(client.get(f"/api/jobs/{number}/events").text)
    return sent


def test_two_participants_of_a_class(served: Served, client: httpx.Client) -> None:
    def join(code: str, name: str) -> httpx.Response:
        origin = {"origin": served.address}
        return httpx.post(
            f"{served.address}/api/class/join", json={"code": code, "name": name}, headers=origin
        )

    assert join("WRONG1", "Ann").json()["message"] == "this code is not the one of the class"
    tokens = [join(served.code.lower(), name).json()["token"] for name in ("Ann Nimm", "Ben Beck")]

    def enter(token: str, entry: dict[str, Any]) -> httpx.Response:
        return httpx.post(
            f"{served.address}/api/class/entry", json=entry, headers={"authorization": f"Bearer {token}"}
        )

    assert enter(tokens[0], {"outcome": {"wage": "middle", "shifts": "new"}}).json() == {"taken": True}
    values = {"wage": {"low": 0, "middle": 1, "high": 2}, "shifts": {"old": 1, "new": 0}}
    assert enter(tokens[1], {"party": "union", "values": values}).json() == {"taken": True}
    assert "unknown level" in enter(tokens[1], {"outcome": {"wage": "huge"}}).json()["message"]
    assert enter(tokens[1], {"party": "union", "values": {"wage": {"low": "x"}}}).status_code == 422
    hers = httpx.get(f"{served.address}/api/class/task", headers={"authorization": f"Bearer {tokens[0]}"})
    assert "values" not in hers.text
    for path in ("/api/case", "/api/class", "/api/class/export.csv"):
        assert (
            httpx.get(f"{served.address}{path}", headers={"authorization": f"Bearer {tokens[0]}"}).status_code
            == 403
        )
    seen = client.get("/api/class").json()
    assert [row["name"] for row in seen["participants"]] == ["Ann Nimm", "Ben Beck"]
    assert seen["participants"][0]["worth"] is not None
    export = client.get("/api/class/export.csv").text
    assert "Ann" not in export
    assert "Ben" not in export
    rows = list(csv.DictReader(io.StringIO(export)))
    assert {row["result"] for row in rows} == {"wage=middle; shifts=new", ""}


def test_openapi_names_every_route_once() -> None:
    document = openapi()
    assert document["openapi"] == "3.1.0"
    listed = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert listed == {(e.method.lower(), e.path) for e in ENDPOINTS}
    assert len({e.name for e in ENDPOINTS}) == len(ENDPOINTS)


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--host", "10.0.0.1"], "10.0.0.1 can be reached by other machines: say --shared if that is meant"),
     (["--host", "0.0.0.0", "--shared"], "name the address that others will use, not 0.0.0.0"),
     (["--audience", "party:nobody"], "unknown party 'nobody'; there are 'mill' or 'union'"),
     (["--audience", "analyst"], "unknown audience 'analyst'; it is party:ID")],
)  # fmt: skip
def test_what_serve_refuses(tmp_path: Path, options: list[str], message: str) -> None:
    (tmp_path / "case.yaml").write_text(CASE)
    told = subprocess.run(
        [sys.executable, "-m", "detente", "serve", "case.yaml", "--no-browser", *options],
        capture_output=True, text=True, cwd=tmp_path, check=False, env={**__import__("os").environ, "XDG_STATE_HOME": str(tmp_path)},
    )  # fmt: skip
    assert told.returncode == 2
    assert told.stderr.strip() == message


def test_the_reference_lists_every_endpoint() -> None:
    text = (Path(__file__).parents[2] / "docs" / "reference" / "http.md").read_text()
    for endpoint in ENDPOINTS:
        assert f"| `{endpoint.method}` | `{endpoint.path}` | {endpoint.what} |" in text


def test_a_case_is_asked_what_it_can_be_asked() -> None:
    from detente.web.ask import menu

    assert [q["name"] for q in menu(detente.load("chicken"))] == [
        "agreement",
        "standoff",
        "table",
        "confidence",
    ]
    assert [q["name"] for q in menu(detente.load("china-energy"))] == ["forecast", "confidence"]
    assert [q["name"] for q in menu(detente.load("mill-contract"))] == ["agreement", "table", "confidence"]
    assert sliders(detente.load("stockholm-2019"))[3]["path"] == "time.deadline"

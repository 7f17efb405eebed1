"""Who is answered: the right address, the right token, our own pages; bounded bodies."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from detente.web import guard as guard_
from detente.web.app import ENDPOINTS, STATIC, Workbench, application
from detente.web.classroom import Classroom, Participant
from detente.web.guard import Guard
from detente.web.jobs import Job
from detente.web.workbook import Workbook
from tests.web.served import CASE

HOST = "127.0.0.1:8123"
ORIGIN = {"origin": f"http://{HOST}"}


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    file = tmp_path / "case.yaml"
    file.write_text(CASE)
    return Workbench(Workbook(file, CASE, tmp_path / "history.sqlite3"), hosts={HOST})


class Local:
    """Talks to an application in this process."""

    def __init__(self, bench: Workbench, token: str | None = None) -> None:
        self.app, self.cookies = application(bench), httpx.Cookies()
        if token is not None:
            self.cookies.set("detente", token)

    def request(self, method: str, path: str, **request: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url=f"http://{HOST}", cookies=self.cookies
            ) as client:
                answer = await client.request(method, path, **request)
                self.cookies.update(client.cookies)
                return answer

        return asyncio.run(asked())

    def get(self, path: str, **request: Any) -> httpx.Response:
        return self.request("GET", path, **request)

    def post(self, path: str, **request: Any) -> httpx.Response:
        return self.request("POST", path, **request)

    def raw(self, path: str) -> tuple[int, bytes]:
        """An answer to a path as it stands, which clients would tidy up."""
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        cookie = f"detente={self.cookies['detente']}".encode()
        scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
                 "headers": [(b"host", HOST.encode()), (b"cookie", cookie)], "scheme": "http", "http_version": "1.1",
                 "server": ("127.0.0.1", 8123), "client": ("127.0.0.1", 1), "extensions": {}}  # fmt: skip
        asyncio.run(self.app(scope, receive, send))
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


@pytest.fixture
def client(bench: Workbench) -> Local:
    return Local(bench, bench.token)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1", "127.0.0.1:8124", "evil.example:8123", "localhost.evil.example:8123", ""],
)
def test_another_host_is_not_answered(client: Local, host: str) -> None:
    for path in ("/", "/api/case", "/static/app.js"):
        answer = client.get(path, headers={"host": host})
        assert answer.status_code == 421
        assert answer.json()["message"] == "this address is not served here"


def test_no_token_no_answer(bench: Workbench) -> None:
    client = Local(bench)
    for path in ("/", "/api/case", "/api/openapi.json", "/nowhere"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers={"authorization": "Bearer wrong"}).status_code == 401
        assert client.get(path, headers={"cookie": "detente=wrong"}).status_code == 401
        assert client.get(f"{path}?token=wrong").status_code == 401
    assert client.post("/api/undo", json={"revision": 1}, headers=ORIGIN).status_code == 401


def test_the_token_moves_into_a_cookie(bench: Workbench) -> None:
    client = Local(bench)
    answer = client.get(f"/?token={bench.token}")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://evil.example"}, {"origin": "null"}, {"origin": "http://127.0.0.1:9999"},
     {"origin": f"https://{HOST}"}, {**ORIGIN, "sec-fetch-site": "cross-site"}, {**ORIGIN, "sec-fetch-site": "same-site"}, {}],
)  # fmt: skip
def test_posts_of_other_pages_are_refused(client: Local, bench: Workbench, headers: dict[str, str]) -> None:
    body = {"revision": 1, "changes": [{"set": "title", "to": "theirs"}]}
    answer = client.post("/api/edit", json=body, headers=headers)
    assert answer.status_code == 403
    assert bench.book.state.revision == 1


def test_forms_and_plain_text_are_refused(client: Local) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = client.post("/api/edit", content="{}", headers={**ORIGIN, "content-type": kind})
        assert answer.status_code == 415


def test_nothing_is_shared_with_other_origins(client: Local) -> None:
    for path in ("/", "/api/case", "/static/app.js", "/nowhere"):
        answer = client.get(path)
        assert not [key for key in answer.headers if key.startswith("access-control-")]
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
    options = client.request(
        "OPTIONS",
        "/api/edit",
        headers={"origin": "http://evil.example", "access-control-request-method": "POST"},
    )
    assert options.status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/....//app.py",
        "/static//etc/passwd",
        "/static/%2fetc/passwd",
        "/static/vendor/..%5c..%5capp.py",
    ],
)
def test_no_path_leaves_the_folder(client: Local, path: str) -> None:
    status, body = client.raw(path)
    assert status == 404
    assert b"def " not in body
    assert b"root:" not in body


def test_a_large_body_is_refused(client: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_, "MOST_BYTES", 1000)
    answer = client.post("/api/check", json={"text": "x" * 1001}, headers=ORIGIN)
    assert answer.status_code == 413
    assert answer.json()["message"] == "a body has 1,000 bytes at most"

    async def parts() -> Any:  # without a length
        for _ in range(11):
            yield b"x" * 100

    answer = client.post(
        "/api/check", content=parts(), headers={**ORIGIN, "content-type": "application/json"}
    )
    assert answer.status_code == 413


def test_a_slow_body_is_ended() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("not reached")

    async def receive() -> Any:
        await asyncio.sleep(0.03)
        return {"type": "http.request", "body": b"x", "more_body": True}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    guard = Guard(
        app, hosts=lambda: {HOST}, identify=lambda token: "leader", open_paths=(), cookie="c", seconds=0.1
    )
    headers = [
        (b"host", HOST.encode()),
        (b"origin", f"http://{HOST}".encode()),
        (b"content-type", b"application/json"),
    ]
    scope = {"type": "http", "method": "POST", "path": "/api/edit", "headers": headers, "query_string": b""}
    asyncio.run(guard(scope, receive, send))
    assert sent[0]["status"] == 408


def test_pages_hold_no_inline_script_or_style() -> None:
    import re

    for page in STATIC.glob("*.html"):
        text = page.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text)
        assert not re.search(r"<style|\bstyle=|\bon[a-z]+=|javascript:", text)
    for script in STATIC.glob("*.js"):
        text = script.read_text()
        assert not re.search(r"\beval\(|new Function|https?://(?!www\.w3\.org)", text), script.name


def test_bad_bodies_have_messages(client: Local) -> None:
    def post(path: str, body: Any) -> Any:
        return client.post(path, json=body, headers=ORIGIN)

    assert post("/api/edit", []).json()["message"] == "a body is one JSON object"
    assert post("/api/edit", {}).json()["message"] == "revision: the whole number that the case came with"
    assert (
        post("/api/edit", {"revision": 1}).json()["message"]
        == "changes: a list of {set|add|remove: path, to: value}"
    )
    assert "unknown question 'luck'" in post("/api/ask/luck", {}).json()["message"]
    assert (
        "unknown option 'speed' of agreement"
        in post("/api/ask/agreement", {"options": {"speed": 1}}).json()["message"]
    )
    assert (
        "no_deal: unknown choice 'never'"
        in post("/api/ask/agreement", {"options": {"no_deal": "never"}}).json()["message"]
    )
    assert post("/api/jobs", {"kind": "magic"}).json()["message"].startswith("unknown kind of work 'magic'")
    assert client.get("/api/jobs/99").json()["message"] == "there is no job 99"
    assert (
        post("/api/live", {"changes": 3}).json()["message"]
        == "changes: a list of {set|add|remove: path, to: value}"
    )
    broken = client.post("/api/edit", content=b"{", headers={**ORIGIN, "content-type": "application/json"})
    assert broken.status_code == 422
    assert broken.json()["message"].startswith("the body is not JSON")


WORDS = [None, True, 3, -1.5, 10**40, "", "party:mill", "party:nobody", "union", "analyst", [], [1], ["mill", "union"], {}, {"set": 3},
         [{"set": "title"}], [{"set": "title", "add": "x", "to": 1}], [{"remove": "preferences"}], [{"set": "no.where", "to": 1}]]  # fmt: skip
FIELDS = ["revision", "changes", "variant", "audience", "options", "pair", "number", "at", "text", "kind", "analysis", "other",
          "overwrite", "outcome", "values", "party", "code", "name", "channel", "form"]  # fmt: skip


def test_no_body_is_a_fault_of_ours(client: Local, bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any field of any shape, at every address: an answer or a message, never a fault."""
    import random

    monkeypatch.setattr(bench.jobs, "start", lambda *asked: Job(1, "", "done", result={}))
    bench.classroom = Classroom()
    bench.classroom.people["participant"] = Participant("Ann")
    rng, seed = random.Random(5), 5
    addresses = [
        e.path.replace("{analysis}", "agreement").replace("{number}", "7")
        for e in ENDPOINTS
        if e.method == "POST"
    ]
    refused = 0
    for count in range(1500):
        body = {field: rng.choice(WORDS) for field in rng.sample(FIELDS, rng.randint(0, 6))}
        path = rng.choice(addresses)
        who = {"authorization": "Bearer participant"} if "/class/" in path else ORIGIN
        answer = client.post(path, json=body, headers=who)
        assert answer.status_code in (200, 403, 409, 422), (seed, count, path, body, answer.text)
        refused += answer.status_code == 422
        if answer.status_code == 422:
            assert answer.json()["message"], (path, body)
    assert refused > 300


def test_an_audience_that_is_not_understood_is_refused(client: Local) -> None:
    for audience in ("union", "party:nobody", 3, ["party:union"]):
        answer = client.post("/api/live", json={"audience": audience}, headers=ORIGIN)
        assert answer.status_code == 422, audience
    assert client.get("/api/case", params={"audience": "union"}).status_code == 422


def test_the_move_of_the_token_stays_here(bench: Workbench) -> None:
    answer = Local(bench).get(f"http://{HOST}//evil.example/?token={bench.token}")
    assert answer.headers["location"] == "/evil.example/"

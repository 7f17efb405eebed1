"""The application: one table of routes, from which both the routing and the OpenAPI document are made."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

import detente
from detente.analysis.result import to_plain
from detente.case import Case, assumptions, loads
from detente.case.model import Change
from detente.errors import CaseError, DetenteError, NeedsError
from detente.web import ask, live
from detente.web.classroom import Classroom
from detente.web.controls import sliders, switches
from detente.web.guard import Guard, same
from detente.web.jobs import Job, Jobs, told
from detente.web.workbook import ConflictError, State, Workbook

STATIC = Path(__file__).with_name("static")
LEADER, PARTICIPANT, ANYBODY = "leader", "participant", "anybody"
Body = Mapping[str, Any]


@dataclass(frozen=True)
class Endpoint:
    """One entry of the API. ``body`` and ``answer`` describe JSON fields in words; ``who`` may call it."""

    method: str
    path: str
    name: str
    what: str
    body: Mapping[str, str] = field(default_factory=dict)
    answer: Mapping[str, str] = field(default_factory=dict)
    who: str = LEADER
    edits: bool = False


CHANGES = {
    "changes": "what-if changes in the form of variants: [{set|add|remove: path, to: value}]",
    "variant": "a variant of the case, or null",
    "audience": "party:ID for what this party may see",
}
STATE = {
    "revision": "grows with every change",
    "document": "the case as plain data",
    "text": "the case file",
    "problems": "[]",
}
EDIT = {"revision": "the revision that the change rests on; 409 where it is no longer the newest"}
JOB = {
    "id": "number of the job",
    "state": "waiting, running, done, failed or stopped",
    "result": "the answer when done",
    "error": "kind and message when failed",
}
ENDPOINTS = (
    Endpoint("GET", "/api/case", "get_case", "The case, its text, where editing stands, what it can be asked, sliders and switches.", answer=STATE),
    Endpoint("POST", "/api/check", "check", "What is wrong with a text or with changes; nothing is changed.", {"text": "a case file", **CHANGES}, {"problems": "path, line, column, message of each"}, edits=True),
    Endpoint("POST", "/api/edit", "edit", "Makes changes, or replaces the text; durable when answered.", {**EDIT, "changes": CHANGES["changes"], "text": "the whole text instead"}, STATE, edits=True),
    Endpoint("POST", "/api/undo", "undo", "Takes the last change back.", EDIT, STATE, edits=True),
    Endpoint("POST", "/api/redo", "redo", "Makes it again.", EDIT, STATE, edits=True),
    Endpoint("POST", "/api/save", "save", "Writes the file; 409 with the difference where it has changed on disk.", {**EDIT, "overwrite": "the hash of the text on disk that may be lost"}, STATE, edits=True),
    Endpoint("POST", "/api/reload", "reload", "Takes the text that is on disk.", EDIT, STATE, edits=True),
    Endpoint("POST", "/api/live", "redraw", "One redraw of the scatter, from changed numbers.", {**CHANGES, "pair": "two parties"}, {"points": "of up to 5,000 outcomes", "density": "counts of cells above", "front": "efficient points", "zone": "exists, count"}),
    Endpoint("POST", "/api/outcome", "outcome", "What an outcome is and who gains.", {**CHANGES, "number": "of the outcome, or", "at": "[x, y]: the nearest one", "pair": "two parties"}, {"outcome": "levels by issue", "parties": "worth and gain of each"}),
    Endpoint("POST", "/api/ask/{analysis}", "asked", "The answer to a question: words, figures, tables, and the JSON contract's document.", {**CHANGES, "options": "of the question"}, {"words": "paragraphs", "figures": "SVG, alt text and rows", "tables": "rows by name", "result": "the document that `--json` prints"}),
    Endpoint("POST", "/api/jobs", "start", "Begins work: ask, report or compare; stops what runs on the same channel.", {"kind": "ask, report or compare", "channel": "the newest on a channel wins", "analysis": "of ask and compare", "options": "of the question", **CHANGES, "other": "compare: changes and variant of the other state", "form": "report: html, md or json", "audience": "report: analyst, principal or party:ID"}, JOB),
    Endpoint("GET", "/api/jobs/{number}", "job", "How far work is.", answer=JOB),
    Endpoint("GET", "/api/jobs/{number}/events", "events", "The same as server-sent events, until it is over.", answer=JOB),
    Endpoint("DELETE", "/api/jobs/{number}", "stop", "Ends work.", answer=JOB),
    Endpoint("GET", "/api/openapi.json", "openapi", "This description."),
    Endpoint("POST", "/api/class/join", "join", "Joins the class.", {"code": "of the class", "name": "of the participant"}, {"token": "of the participant"}, ANYBODY),
    Endpoint("GET", "/api/class/task", "task", "What a participant sees of the case.", who=PARTICIPANT),
    Endpoint("POST", "/api/class/entry", "entry", "Enters a result or preferences.", {"outcome": "level by issue, or", "party": "and", "values": "by issue and level"}, who=PARTICIPANT),
    Endpoint("GET", "/api/class", "overview", "Who has entered what."),
    Endpoint("GET", "/api/class/export.csv", "export", "Results without names, in an order of chance."),
)  # fmt: skip


class Workbench:
    """What the handlers share. ``audience`` makes the whole server a blind view of one party: nothing can be edited."""

    def __init__(self, book: Workbook, *, audience: str | None = None, classroom: Classroom | None = None,
                 hosts: set[str] | None = None, token: str | None = None) -> None:  # fmt: skip
        ask.seen_by(book.case, audience)
        self.book, self.audience, self.classroom = book, audience, classroom
        self.hosts = hosts if hosts is not None else set()
        self.token = token or secrets.token_urlsafe(32)
        self.jobs = Jobs()

    def identify(self, token: str) -> str | None:
        """Who holds a token."""
        if token and same(token, self.token):
            return LEADER
        if self.classroom is not None and token in self.classroom.people:
            return token
        return None

    def case(self, body: Body | None = None, others: tuple[str, ...] = ()) -> Case:
        """The case with the changes of a request, as whoever asks may see it."""
        body = body or {}
        variant = body.get("variant")
        if not (variant is None or isinstance(variant, str)):
            raise NeedsError("variant: a name")
        return ask.what_if(self.book.case, _changes(body, []), variant, self._view(body, others))

    def _view(self, body: Body, others: tuple[str, ...] = ()) -> str | None:
        """Whose view is asked for: that of the server where it has one, else what the request says.

        ``others`` are audiences that are no party's; a view that is not understood is refused, never left out.
        """
        asked = body.get("audience") or None
        if self.audience is not None or asked is None or asked in others:
            return self.audience
        if not isinstance(asked, str):
            raise NeedsError("audience: party:ID")
        ask.seen_by(self.book.case, asked)
        return asked

    @property
    def folder(self) -> str:
        return str(self.book.folder)

    # the case -----------------------------------------------------------------------------------

    def described(self, state: State, audience: str | None = None) -> dict[str, Any]:
        """The case as the page shows it to an audience."""
        case = ask.seen_by(state.file.case, audience)
        text = state.file.text
        if audience is not None:
            from detente.case import dump

            text = dump(case)
        found: dict[str, Any] = to_plain({
            "revision": state.revision, "name": self.book.path.name, "title": case.title, "dirty": state.dirty,
            "can_undo": state.can_undo, "can_redo": state.can_redo, "disk": state.disk, "audience": audience,
            "document": case.to_data(), "text": text, "problems": [], "variants": list(case.variants),
            "labels": {name: case.label(name) for name in (*case.parties, *case.issues)},
            "assumptions": list(assumptions(case)), "questions": ask.menu(case),
            "sliders": sliders(case), "switches": switches(case), "class": self.classroom and self.classroom.code,
        })  # fmt: skip
        return found

    def get_case(self, body: Body, path: Mapping[str, str]) -> Any:
        return self.described(self.book.state, self._view(body))

    def check(self, body: Body, path: Mapping[str, str]) -> Any:
        try:
            if "text" in body:
                loads(_text(body, "text"), self.book.path.name, Path(self.folder))
            else:
                self.book.state.file.change(*_changes(body))
        except CaseError as error:
            return {"problems": told(error)["problems"]}
        return {"problems": []}

    def edit(self, body: Body, path: Mapping[str, str]) -> Any:
        revision = _revision(body)
        if "text" in body:
            return self.described(self.book.rewrite(revision, _text(body, "text")))
        return self.described(self.book.edit(revision, _changes(body)))

    def undo(self, body: Body, path: Mapping[str, str]) -> Any:
        return self.described(self.book.undo(_revision(body)))

    def redo(self, body: Body, path: Mapping[str, str]) -> Any:
        return self.described(self.book.redo(_revision(body)))

    def save(self, body: Body, path: Mapping[str, str]) -> Any:
        return self.described(self.book.save(_revision(body), body.get("overwrite")))

    def reload(self, body: Body, path: Mapping[str, str]) -> Any:
        return self.described(self.book.reload(_revision(body)))

    # questions ----------------------------------------------------------------------------------

    def redraw(self, body: Body, path: Mapping[str, str]) -> Any:
        return live.live(self.case(body), _pair(body))

    def outcome(self, body: Body, path: Mapping[str, str]) -> Any:
        case, number = self.case(body), body.get("number")
        at = body.get("at")
        if isinstance(at, list) and len(at) == 2 and all(isinstance(v, int | float) for v in at):
            number = live.nearest(case, _pair(body), (at[0], at[1]))
        if not isinstance(number, int):
            raise NeedsError("number: the number of an outcome, or at: a place")
        return live.outcome(case, number)

    async def asked(self, body: Body, path: Mapping[str, str]) -> Any:
        job = await run_in_threadpool(self._begin, "ask", {**body, "analysis": path["analysis"]}, True)
        while not job.over:
            await asyncio.sleep(0.01)
        if job.result is None:
            return JSONResponse(
                job.error or {"kind": "stopped", "message": "stopped"}, 422 if job.error else 409
            )
        return job.result

    def start(self, body: Body, path: Mapping[str, str]) -> Any:
        return self._begin(str(body.get("kind", "ask")), body, bool(body.get("whole", False))).to_data()

    def _begin(self, kind: str, body: Body, whole: bool) -> Job:
        if kind not in ask.WORK:
            raise NeedsError(f"unknown kind of work '{kind}'; there are {', '.join(ask.WORK)}")
        arguments = {"ask": self._question, "compare": self._comparison, "report": self._report}[kind](body)
        if kind == "ask":
            arguments["whole"] = whole
        return self.jobs.start(kind, {**arguments, "folder": self.folder}, str(body.get("channel", "")))

    def _question(self, body: Body) -> dict[str, Any]:
        options = body.get("options") or {}
        if not isinstance(options, dict):
            raise NeedsError("options: a value by name")
        analysis = str(body.get("analysis", ""))
        options = ask.options_of(analysis, options)
        return {"data": self.case(body).to_data(), "analysis": analysis, "options": options}

    def _comparison(self, body: Body) -> dict[str, Any]:
        other = body.get("other") or {}
        if not isinstance(other, dict):
            raise NeedsError("other: the changes and variant of the other state")
        asked = self._question(body)
        other = self.case({**other, "audience": body.get("audience")})
        return {"a": asked.pop("data"), "b": other.to_data(), **asked}

    def _report(self, body: Body) -> dict[str, Any]:
        plain = ("analyst", "principal")
        case, view = self.case(body, plain), self._view(body, plain)
        audience = view or (body.get("audience") if body.get("audience") in plain else "analyst")
        return {"data": case.to_data(), "form": str(body.get("form", "html")), "audience": audience}

    def job(self, body: Body, path: Mapping[str, str]) -> Any:
        return self.jobs.get(_number(path)).to_data()

    def events(self, body: Body, path: Mapping[str, str]) -> Any:
        job = self.jobs.get(_number(path))

        async def stream() -> AsyncIterator[str]:
            last = ""
            while True:
                over = job.over
                text = json.dumps(job.to_data(), ensure_ascii=False)
                key = f"{job.state} {job.done}"
                if key != last:
                    yield f"data: {text}\n\n"
                    last = key
                if over:
                    return
                await asyncio.sleep(0.05)

        return StreamingResponse(stream(), media_type="text/event-stream")

    def stop(self, body: Body, path: Mapping[str, str]) -> Any:
        return self.jobs.stop(_number(path)).to_data()

    def openapi(self, body: Body, path: Mapping[str, str]) -> Any:
        return openapi()

    # the class ----------------------------------------------------------------------------------

    @property
    def _class(self) -> Classroom:
        if self.classroom is None:
            raise NeedsError("there is no class: start with `detente serve CASE --class`")
        return self.classroom

    def join(self, body: Body, path: Mapping[str, str]) -> Any:
        return {"token": self._class.join(str(body.get("code", "")), str(body.get("name", "")))}

    def task(self, body: Body, path: Mapping[str, str]) -> Any:
        case = self.case()
        issues = {
            name: {"label": case.label(name), "levels": list(issue.names)}
            for name, issue in case.issues.items()
        }
        return {"title": case.title, "issues": issues, "outcomes": list(case.outcomes or ()),
                "parties": {name: case.label(name) for name in case.preferences}}  # fmt: skip

    def entry(self, body: Body, path: Mapping[str, str]) -> Any:
        who = path["who"]
        if who == LEADER:
            raise NeedsError("the leader enters nothing")
        self._class.enter(who, self.case(), dict(body))
        return {"taken": True}

    def overview(self, body: Body, path: Mapping[str, str]) -> Any:
        return self._class.overview(self.case())

    def export(self, body: Body, path: Mapping[str, str]) -> Any:
        return PlainTextResponse(self._class.export(self.case()), media_type="text/csv")


def _revision(body: Body) -> int:
    value = body.get("revision")
    if not isinstance(value, int) or isinstance(value, bool):
        raise NeedsError("revision: the whole number that the case came with")
    return value


def _text(body: Body, key: str) -> str:
    if not isinstance(body.get(key), str):
        raise NeedsError(f"{key}: a text")
    return str(body[key])


def _changes(body: Body, default: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
    """The changes of a body, of the right shape; the ``default`` where it has none."""
    changes = body.get("changes")
    if changes is None and default is not None:
        return default
    what = "changes: a list of {set|add|remove: path, to: value}"
    if not isinstance(changes, list):
        raise NeedsError(what)
    for change in changes:
        try:
            Change.model_validate(change)
        except ValidationError as error:
            raise NeedsError(f"{what}; got {change!r:.80}") from error
    return changes


def _pair(body: Body) -> tuple[str, str] | None:
    pair = body.get("pair")
    if pair is None:
        return None
    if not isinstance(pair, list) or len(pair) != 2 or pair[0] == pair[1]:
        raise NeedsError("pair: two parties")
    return str(pair[0]), str(pair[1])


def _number(path: Mapping[str, str]) -> int:
    if not path["number"].isdigit():
        raise NeedsError("a job is named by its number")
    return int(path["number"])


def _parsed(raw: bytes) -> dict[str, Any]:
    """A body as data."""
    try:
        body = json.loads(raw) if raw else {}
    except (ValueError, RecursionError) as error:
        raise NeedsError(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise NeedsError("a body is one JSON object")
    return body


def _handler(bench: Workbench, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    call = getattr(bench, endpoint.name)

    async def handle(request: Request) -> Response:
        who = request.scope["who"]
        if endpoint.who == LEADER and who != LEADER:
            return JSONResponse({"kind": "refused", "message": "this is the leader's"}, 403)
        if endpoint.edits and bench.audience is not None:
            return JSONResponse({"kind": "refused", "message": "a view of one party cannot be edited"}, 403)
        try:
            body = _parsed(await request.body()) or dict(request.query_params)
            path = {**request.path_params, "who": str(who)}
            if asyncio.iscoroutinefunction(call):
                found = await call(body, path)
            else:
                found = await run_in_threadpool(call, body, path)
        except ConflictError as error:
            return JSONResponse({"kind": "conflict", "message": str(error), **error.found}, 409)
        except DetenteError as error:
            return JSONResponse(told(error), 422)
        return found if isinstance(found, Response) else JSONResponse(found)

    return handle


def application(bench: Workbench) -> Guard:
    """The guarded application."""

    async def page(request: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    async def joining(request: Request) -> Response:
        return FileResponse(STATIC / "join.html")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        bench.jobs.close()

    routes: list[Any] = [Route("/", page)]
    if bench.classroom is not None:
        routes.append(Route("/join", joining))
    routes += [Route(e.path, _handler(bench, e), methods=[e.method]) for e in ENDPOINTS]
    routes.append(Mount("/static", StaticFiles(directory=STATIC)))
    open_paths = ("/static", *(("/join", "/api/class/join") if bench.classroom is not None else ()))
    return Guard(
        Starlette(routes=routes, lifespan=lifespan),
        hosts=lambda: bench.hosts,
        identify=bench.identify,
        open_paths=open_paths,
        cookie="detente",
    )


def openapi() -> dict[str, Any]:
    """The OpenAPI document of the routes."""
    paths: dict[str, Any] = {}
    for endpoint in ENDPOINTS:
        operation: dict[str, Any] = {
            "operationId": endpoint.name,
            "summary": endpoint.what,
            "responses": {
                "200": {"description": "The answer.", "content": {"application/json": {"schema": _schema(endpoint.answer)}}},
                "401": {"description": "The token is missing."},
                "409": {"description": "It rests on something older than what is there."},
                "422": {"description": "What was asked does not fit; the message says why."},
            },
        }  # fmt: skip
        if endpoint.body:
            content = {"application/json": {"schema": _schema(endpoint.body)}}
            operation["requestBody"] = {"required": True, "content": content}
        names = [part[1:-1] for part in endpoint.path.split("/") if part.startswith("{")]
        if names:
            operation["parameters"] = [
                {"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names
            ]
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "detente workbench", "version": detente.__version__},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "security": [{"token": []}],
        "paths": paths,
    }


def _schema(fields: Mapping[str, str]) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"description": what} for name, what in fields.items()}}

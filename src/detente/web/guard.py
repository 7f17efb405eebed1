"""What stands between the workbench and the rest of the machine's browser tabs and network.

Only requests to the very address that was opened are answered (a foreign name that resolves here is not), only with the
token of this run, and whatever changes something must come from a page of ours. Bodies are bounded in size and time.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BYTES = 20 * 2**20
"""The largest body: a case file may have 20 MB."""
MOST_SECONDS = 10.0
"""How long a body may take to arrive."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
SAFE = ("GET", "HEAD")


class Guard:
    """Wraps an application. ``hosts`` are the values of Host that are answered; ``open_paths`` need no token.

    ``identify`` says who holds a token: a name for the handlers (in ``scope["who"]``), or None.
    """

    def __init__(
        self,
        app: App,
        *,
        hosts: Callable[[], set[str]],
        identify: Callable[[str], str | None],
        open_paths: tuple[str, ...],
        cookie: str,
        seconds: float = MOST_SECONDS,
    ) -> None:
        self._app, self._hosts, self._identify = app, hosts, identify
        self._open, self.cookie, self._seconds = open_paths, cookie, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        send = _with_headers(send)
        if headers.get("host", "").lower() not in self._hosts():
            await _refuse(send, 421, "this address is not served here")
            return
        method, path = scope["method"], scope["path"]
        if problem := self._foreign(method, headers):
            await _refuse(send, 403, problem)
            return
        if method == "GET" and (move := self._first_visit(scope)) is not None:
            await send({"type": "http.response.start", "status": 303, "headers": move})
            await send({"type": "http.response.body", "body": b""})
            return
        scope["who"] = self._identify(_token(headers, self.cookie))
        if scope["who"] is None and not any(path == p or path.startswith(f"{p}/") for p in self._open):
            await _refuse(
                send, 401, "the token of this run is missing: open the address that `detente serve` printed"
            )
            return
        if method in SAFE:
            await self._app(scope, receive, send)
            return
        if not headers.get("content-type", "").lower().startswith("application/json"):
            await _refuse(send, 415, "a body is application/json")
            return
        body = await self._body(headers, receive, send)
        if body is not None:
            await self._app(scope, _replay(body, receive), send)

    def _foreign(self, method: str, headers: Mapping[str, str]) -> str:
        """Why a request is not from a page of ours, or nothing."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        if origin is not None and origin.lower() not in {f"http://{host}" for host in self._hosts()}:
            return "this request comes from another page"
        if method not in SAFE and site not in ("same-origin", "none"):
            return "this request comes from another page"
        if method not in SAFE and origin is None and "authorization" not in headers:
            return "a request that changes something names its origin"
        return ""

    def _first_visit(self, scope: Scope) -> list[tuple[bytes, bytes]] | None:
        """Headers that move the token from the address into a cookie."""
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        token = query.pop("token", [""])[0]
        if not token or self._identify(token) is None:
            return None
        rest = urlencode(query, doseq=True)
        cookie = f"{self.cookie}={token}; Path=/; HttpOnly; SameSite=Strict"
        place = "/" + scope["path"].lstrip("/") + (f"?{rest}" if rest else "")
        return [(b"location", place.encode("latin-1", "replace")), (b"set-cookie", cookie.encode())]

    async def _body(self, headers: Mapping[str, str], receive: Receive, send: Send) -> bytes | None:
        """The whole body, or None after a refusal."""
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            await _refuse(send, 413, f"a body has {MOST_BYTES:,} bytes at most")
            return None
        parts, size, more = [], 0, True
        try:
            async with asyncio.timeout(self._seconds):
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    more = message.get("more_body", False)
                    if size > MOST_BYTES:
                        await _refuse(send, 413, f"a body has {MOST_BYTES:,} bytes at most")
                        return None
        except TimeoutError:
            await _refuse(send, 408, f"a body arrives within {self._seconds:g} seconds")
            return None
        return b"".join(parts)


def same(one: str, other: str) -> bool:
    """Whether two secrets are the same, in a time that does not tell."""
    return hmac.compare_digest(one.encode(), other.encode())


def _token(headers: Mapping[str, str], cookie: str) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(cookie)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            there = {key.lower() for key, _ in message.get("headers", ())}
            more = [(k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in there]
            message = {**message, "headers": [*message.get("headers", ()), *more]}
        await send(message)

    return sending


async def _refuse(send: Send, status: int, message: str) -> None:
    body = json.dumps({"kind": "refused", "message": message}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _replay(body: bytes, receive: Receive) -> Receive:
    told = False

    async def receiving() -> MutableMapping[str, Any]:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receiving

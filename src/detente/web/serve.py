"""Opening the workbench: a socket, a token, a server, a browser."""

from __future__ import annotations

import socket
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from detente import adapters, catalog
from detente.case import dump, tree
from detente.errors import MissingExtraError, NeedsError
from detente.loading import load

if TYPE_CHECKING:
    from detente.web.workbook import Workbook

HTTP = 80
"""The port that browsers leave out of Host."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def open_book(source: str, history: Path | None = None) -> Workbook:
    """The workbook of a case: a case file is edited in place; a catalogue case or another tool's file becomes a new
    case file in the current folder when saved."""
    from detente.web.workbook import Workbook, history_of

    path = Path(source)
    known = catalog.find(source) if not path.exists() else None
    case = load(source)
    if known is not None:
        text, target, folder = tree.read_text(known), Path(f"{case.id}.yaml").absolute(), known.parent
    elif path.is_dir() or adapters.recognise(adapters.Source(path)) is not None:
        text, target, folder = dump(case), Path(f"{case.id}.yaml").absolute(), path.parent
    else:
        text, target, folder = tree.read_text(path), path.absolute(), path.absolute().parent
    return Workbook(target, text, history or history_of(target), folder)


def serve(
    source: str,
    *,
    port: int = 0,
    host: str = "127.0.0.1",
    shared: bool = False,
    audience: str | None = None,
    with_class: bool = False,
    browser: bool = True,
) -> None:
    """Serves the workbench of a case until it is interrupted; prints its address, which holds the token of this run.

    ``port`` 0 takes a free one. Another ``host`` than loopback needs ``shared``; whoever has no token gets nothing
    there either. Raises `MissingExtraError` without the extra ``web``, `NeedsError` for an address that cannot be had.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise MissingExtraError("starlette", "web") from error
    from detente.web.app import Workbench, application
    from detente.web.classroom import Classroom

    if host not in LOOPBACK and not shared:
        raise NeedsError(f"{host} can be reached by other machines: say --shared if that is meant")
    if host in ("0.0.0.0", "::"):  # noqa: S104  refused, not bound
        raise NeedsError(f"name the address that others will use, not {host}")
    book = open_book(source)
    bench = Workbench(book, audience=audience, classroom=Classroom() if with_class else None)
    try:
        found = _listening(host, port)
    except OSError as error:
        raise NeedsError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    number = found.getsockname()[1]
    name = f"[{host}]" if ":" in host else host
    bench.jobs.warm()
    names = {name, "localhost"} if host in LOOPBACK else {name}
    bench.hosts |= {f"{n}:{number}" for n in names} | (names if number == HTTP else set())
    address = f"http://{name}:{number}/?token={bench.token}"
    print(address, flush=True)
    if bench.classroom is not None:
        print(
            f"Participants join at http://{name}:{number}/join with the code {bench.classroom.code}",
            flush=True,
        )
    if browser:
        webbrowser.open(address)
    config = uvicorn.Config(
        application(bench),
        log_level="warning",
        server_header=False,
        timeout_keep_alive=5,
        limit_concurrency=200,
        ws="none",
    )
    try:
        uvicorn.Server(config).run(sockets=[found])
    finally:
        book.close()


def _listening(host: str, port: int) -> socket.socket:
    """A socket that says its protocol: asyncio sends small answers at once only over what it knows to be TCP."""
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(kind, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(128)
    except OSError:
        found.close()
        raise
    return found

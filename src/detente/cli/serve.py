"""`detente serve`: the workbench."""

from __future__ import annotations

from typing import Annotated

import typer

from detente.cli.common import CaseArgument


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("serve")(serve)


def serve(
    case: CaseArgument,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
    audience: Annotated[
        str | None,
        typer.Option(
            "--audience", metavar="party:ID", help="Show what this party may see, and nothing else."
        ),
    ] = None,
    with_class: Annotated[
        bool, typer.Option("--class", help="Let participants join by a code and enter their own.")
    ] = False,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="The address to listen on.")
    ] = "127.0.0.1",
    shared: Annotated[
        bool, typer.Option("--shared", help="Allow an address that other machines can reach.")
    ] = False,
) -> None:
    """Open the case in the browser, with live what-if. Stays on this machine; needs the extra web."""
    from detente.web import serve as open_workbench

    open_workbench(
        case, port=port, host=host, shared=shared, audience=audience, with_class=with_class, browser=browser
    )

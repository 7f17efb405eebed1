"""`detente agreement`: is there a deal?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from detente.cli.common import (
    JsonOption,
    OutputOption,
    ReadingOption,
    VariantOption,
    counter,
    emit,
    pairs,
)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("agreement")(agreement)


def agreement(
    case: Annotated[
        str | None,
        typer.Argument(
            metavar="CASE",
            help="A case file, another tool's file or folder, or a catalogue name.",
            show_default=False,
        ),
    ] = None,
    variant: VariantOption = None,
    as_json: JsonOption = False,
    output: OutputOption = None,
    no_deal: Annotated[
        Literal["now", "deadline", "breakdown"],
        typer.Option("--no-deal", help="Which no deal: now, deadline or breakdown."),
    ] = "now",
    rules: Annotated[
        Literal["detente", "genius", "negmas"],
        typer.Option("--rules", help="Whose solution concepts: detente, genius or negmas."),
    ] = "detente",
    weights: Annotated[
        str | None,
        typer.Option("--weights", metavar="PARTY=W,...", help="Add a Nash solution with these weights."),
    ] = None,
    origin: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="ISSUE=LEVEL,...", help="Who could still gain from this outcome, nobody losing?"
        ),
    ] = None,
    meso: Annotated[
        str | None,
        typer.Option(
            "--meso",
            metavar="PARTY",
            help="Offers that are worth the same to this party, as different as can be.",
        ),
    ] = None,
    number: Annotated[int, typer.Option("-n", min=1, max=100, help="How many such offers.")] = 3,
    reply: Annotated[
        str | None,
        typer.Option("--reply", metavar="PARTY", help="This party's best reply to the outcome of --from."),
    ] = None,
    aspiration: Annotated[
        float | None,
        typer.Option(
            "--aspiration", min=0, max=1, help="How much of its possible gain the party holds out for."
        ),
    ] = None,
    reading: ReadingOption = None,
    every: Annotated[
        Path | None,
        typer.Option(
            "--all",
            metavar="FOLDER",
            help="Every scenario below this folder, into the table of -o, on all cores.",
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Points that an exact front may take in memory.")
    ] = None,
) -> None:
    """Is there a deal? Zone of agreement, exact Pareto front, fair solutions, who trades what, how far apart."""
    from detente.analysis.agreement import agreement as analyse
    from detente.analysis.agreement import best_reply, equivalent_offers, joint_gains
    from detente.errors import NeedsError
    from detente.loading import load
    from detente.space import compile_case

    if every is not None:
        options: dict[str, Any] = {"no_deal": no_deal, "rules": rules, "reading": reading, "limit": limit}
        _every(every, output, as_json, options, other=case or variant or weights or origin or meso or reply)
        return
    if case is None:
        raise NeedsError("name a case, or a folder with --all")
    space = compile_case(load(case, variant, reading=reading))
    result = analyse(space, rules=rules, weights=_numbers(weights), no_deal=no_deal, limit=limit)
    parts = []
    start = None if origin is None else _outcome(origin)
    if start is not None and reply is None:
        parts.append(joint_gains(space, start, no_deal=no_deal))
    if reply is not None:
        if start is None:
            raise NeedsError("--reply needs --from: the offer that is replied to")
        parts.append(best_reply(space, reply, start, aspiration=aspiration, no_deal=no_deal))
    if meso is not None:
        parts.append(equivalent_offers(space, meso, number, aspiration=aspiration, no_deal=no_deal))
    emit(result, as_json, output, {part.key: part.to_plain() for part in parts})
    if not as_json:
        for part in parts:
            typer.echo("\n" + part.explain())


def _every(
    folder: Path, output: Path | None, as_json: bool, options: dict[str, Any], other: str | None
) -> None:
    """Answers for every scenario below a folder; finished chunks lie beside the table until it is whole."""
    import json
    import shutil

    from detente.collection import agreement_of_all, check_output
    from detente.errors import NeedsError

    if other:
        raise NeedsError("--all takes no case, and no option that is about one case")
    if output is None and not as_json:
        raise NeedsError("--all writes a table: name it with -o table.parquet")
    keep = None
    if output is not None:
        check_output(output)
        keep = output.with_name(output.name + ".parts")
    found = agreement_of_all(folder, keep=keep, report=counter("chunks"), **options)
    if output is not None and keep is not None:
        found.write(output)
        shutil.rmtree(keep, ignore_errors=True)
    if as_json:
        typer.echo(json.dumps({"scenarios": found.rows, "unknown": found.unknown}, ensure_ascii=False))
        return
    deals = sum(bool(row.get("deal")) for row in found.rows)
    typer.echo(f"{len(found.rows):,} scenarios: a deal exists in {deals:,}; {output} has the table.")
    for name, error in found.failed:
        typer.echo(f"Not answered: {name}: {error}")
    if found.unknown:
        typer.echo(
            f"In no format that is read: {', '.join(found.unknown[:10])}"
            + (" ..." if len(found.unknown) > 10 else "")
        )


def _numbers(text: str | None) -> dict[str, float] | None:
    from detente.errors import NeedsError

    if text is None:
        return None
    try:
        return {party: float(number) for party, number in pairs(text, "--weights").items()}
    except ValueError:
        raise NeedsError(f"--weights: '{text}' is not of the form party=number,...") from None


def _outcome(text: str) -> dict[str, str] | str:
    return pairs(text, "--from") if "=" in text else text

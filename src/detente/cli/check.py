"""`detente check`: is this a case, and what does it rest on?"""

from __future__ import annotations

import json

import typer

from detente.cli.common import CaseArgument, JsonOption, ReadingOption, VariantOption


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("check")(check)


def check(
    case: CaseArgument,
    variant: VariantOption = None,
    as_json: JsonOption = False,
    reading: ReadingOption = None,
) -> None:
    """Check a case file and all its variants; list every problem, then what the case assumes."""
    import detente
    from detente.case import assumptions, check_variants, warnings
    from detente.loading import load

    loaded = load(case, variant, reading=reading)
    if variant is None:
        check_variants(loaded)
    notes, open_inputs = warnings(loaded), assumptions(loaded)
    if as_json:
        document = {
            "detente": detente.__version__,
            "analysis": "check",
            "case": loaded.id,
            "case_hash": loaded.hash,
            "parties": list(loaded.parties),
            "issues": list(loaded.issues),
            "options": {"variant": variant},
            "warnings": notes,
            "assumptions": open_inputs,
            "variants": list(loaded.variants),
        }
        typer.echo(json.dumps(document, ensure_ascii=False))
        return
    what = f"{len(loaded.outcomes)} outcomes" if loaded.graph_form else f"{len(loaded.issues)} issues"
    actors = f", {len(loaded.forecast.actors)} actors of a forecast" if loaded.forecast is not None else ""
    typer.echo(
        f"{loaded.id}: a sound case. {len(loaded.parties)} parties, {what}, {len(loaded.variants)} variants{actors}."
    )
    for note in notes:
        typer.echo(f"Note: {note}.")
    if open_inputs:
        typer.echo("Assumed, without evidence: " + ", ".join(open_inputs) + ".")

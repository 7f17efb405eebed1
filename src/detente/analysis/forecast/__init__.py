"""Where will it drift? Influence models of actors with position, salience and capability.

The theory page on forecasts has the definitions; `forecast` is the entry. Baselines come before every model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np

from detente.analysis.forecast import eum, smp
from detente.analysis.forecast.baselines import baselines, weighted_mean
from detente.analysis.forecast.eum import MATCHING, READINGS, Reading
from detente.analysis.forecast.inputs import Inputs, forecast_of, full_salience, inputs_of, uncertain_inputs
from detente.analysis.forecast.result import ForecastResult, Paths
from detente.analysis.forecast.rules import STOP, Rules, Stop
from detente.analysis.result import Provenance
from detente.case import Case
from detente.case.uncertain import mode
from detente.errors import CostError, NeedsError
from detente.space.tables import Array

__all__ = [
    "MATCHING", "READINGS", "STOP", "ForecastResult", "Inputs", "Model", "Reading", "Rules", "Stop", "forecast",
    "inputs_of", "result_of", "simulate", "uncertain_inputs",
]  # fmt: skip

Model = Literal["smp", "eum", "baselines"]
MOST_TURNS = 100_000
STIR = 0.005
"""A move of this share of a scale in the last turn is no rest."""
MOST_NUMBERS = 250_000_000
"""Numbers of positions over turns that a run may keep: 2 GB."""
MOST_STEPS = 5e10
"""Steps of the innermost loop that a run may take: twenty minutes or more."""
STEPS_A_MINUTE = 2e9
MOST_ACTORS = 5_000
"""Beyond that many actors, who sees whom no longer fits in memory: some arrays of 200 MB."""


def forecast(
    case: Case,
    *,
    model: Model = "smp",
    turns: int | None = None,
    seed: int = 0,
    stop: Stop = STOP,
    only: str | None = None,
    draws: Mapping[str, Array] | None = None,
    **rules: Any,
) -> ForecastResult:
    """Where will it drift? Positions of actors over turns, where nothing but influence is at work.

    Parameters
    ----------
    case
        A case with a ``forecast`` section; nothing else in it is used.
    model
        ``smp``: the spatial model of politics of KTAB. ``eum``: the expected-utility model in all its readings,
        reported as a spread. ``baselines``: only where weights alone would put it. Baselines come with every model.
    turns
        Exactly so many turns. Without it, ``smp`` runs until ``stop`` holds, ``eum`` until no reading's median moves,
        at most 10 rounds.
    seed
        Of the transition ``random``; nothing else is drawn.
    stop
        When ``smp`` ends by itself; used only without ``turns``.
    only
        Of ``eum``: one reading by name (``all-weighted-1-own``), to compare with a replication; never as a forecast.
    draws
        Values (D,) of inputs by path, as `uncertain_inputs` names them: the model is run on each draw. Other inputs
        keep their mode.
    rules
        Settings of ``smp`` by name, see `Rules`: vote, victory, election, risk_range, risk_adjust, commitment,
        interpolation, bargain, transition.

    Raises
    ------
    NeedsError
        Without a forecast section, or where an option does not fit.
    CostError
        Where it would take hours, or positions over turns would not fit in memory.

    Cost: of ``smp``, D n^3 a turn for D draws of n actors; 100 actors take about 30 ms a turn.

    Sources: KAPSARC Toolkit for Behavioral Analysis; Scholz, Calbert and Smith (2011); Achen (2006).

    >>> import detente
    >>> result = detente.forecast(detente.load("car-emissions"), model="eum", turns=10)
    >>> low, high = result.range_of_result("years")
    >>> round(low, 1), round(high, 1)
    (4.0, 7.6)
    """
    settings = _rules(model, rules)
    _check(model, turns, only)
    inputs = inputs_of(case, draws)
    notes = [*_notes(case, inputs, model), *_unused(model, turns, settings, stop)]
    inputs = _within(inputs) if model == "smp" else inputs
    paths = _paths(inputs, model, turns, settings, stop, seed, only)
    options = {
        "model": model,
        "turns": turns,
        "only": only,
        **_further(case, model, turns, draws, settings, stop),
    }
    return ForecastResult(
        source=_provenance(case, options, [*notes, *_restless(paths, turns, stop)], seed),
        method=_METHODS[model],
        case=case,
        model=model,
        inputs=inputs,
        base=baselines(inputs),
        paths=paths,
        rules=settings,
        seed=seed,
    )


_METHODS = {
    "smp": "spatial model of politics, as KTAB defines it",
    "eum": "expected-utility model, each reading run one issue at a time",
    "baselines": "weighted mean, weighted median and bargaining solution of the stated positions",
}


def simulate(
    inputs: Inputs,
    *,
    model: Model = "smp",
    turns: int | None = None,
    seed: int = 0,
    stop: Stop = STOP,
    **rules: Any,
) -> Array:
    """Where everybody ends, on the scales of the file, for many draws at once: (V, n, K).

    ``inputs`` is what `inputs_of` makes of a case and draws of its uncertain inputs. V is the number D of draws for
    ``smp``; for ``eum`` there is one block of D for each reading. ``baselines`` leaves everybody in place.
    """
    settings = _rules(model, rules)
    _check(model, turns, None)
    inputs = _within(inputs) if model == "smp" else inputs
    paths = _paths(inputs, model, turns, settings, stop, seed, None)
    return inputs.on_scale(paths.positions[-1])


def result_of(inputs: Inputs, positions: Array, model: Model = "smp") -> Array:
    """The result, the mean of positions weighted with capability times salience, on the scales of the file: (V, K).

    ``positions`` (V, n, K) are ends as `simulate` gives them, in blocks of the draws. NaN where nobody with weight cares.
    """
    weight = (_within(inputs) if model == "smp" else inputs).weight
    return np.round(weighted_mean(positions, np.tile(weight, (len(positions) // inputs.draws, 1, 1))), 10)


def _rules(model: Model, rules: Mapping[str, Any]) -> Rules:
    if model not in get_args(Model):
        raise NeedsError(f"model: '{model}' is not a model; there are {', '.join(get_args(Model))}")
    known = Rules().named()
    for name in rules:
        if name not in known:
            raise NeedsError(f"'{name}' is not a setting; there are {', '.join(known)}")
    return Rules(**rules)


def _check(model: Model, turns: int | None, only: str | None) -> None:
    if turns is not None and not 0 <= turns <= MOST_TURNS:
        raise NeedsError(f"turns: a number from 0 to {MOST_TURNS:,}; got {turns}")
    if only is not None and model != "eum":
        raise NeedsError(f"only: the expected-utility model (eum) has readings; the model is {model}")
    if only is not None and only not in {r.name for r in READINGS}:
        raise NeedsError(f"only: '{only}' is not a reading; there are {', '.join(r.name for r in READINGS)}")


def _paths(
    inputs: Inputs, model: Model, turns: int | None, rules: Rules, stop: Stop, seed: int, only: str | None
) -> Paths:
    readings = tuple(r for r in READINGS if only in (None, r.name)) if model == "eum" else ()
    most = {"smp": stop.most if turns is None else turns, "eum": eum.MOST_ROUNDS if turns is None else turns}
    _allow(inputs, most.get(model, 0), len(readings))
    if model == "smp":
        return Paths.of_run(smp.run(inputs, rules, turns, stop=stop, seed=seed))
    if model == "eum":
        return Paths.of_rounds(eum.run(inputs, readings, turns), readings)
    return Paths.of_start(inputs)


def _allow(inputs: Inputs, turns: int, readings: int) -> None:
    """Refuses what would take hours or not fit in memory, and says how large it is."""
    actors, runs = len(inputs.actors), inputs.draws * max(1, readings)
    if turns and actors > MOST_ACTORS:
        raise CostError("pairs of actors", f"{actors:,} actors", f"up to {MOST_ACTORS:,}, or only baselines")
    numbers = (turns + 1) * runs * actors * len(inputs.issues)
    if numbers > MOST_NUMBERS:
        size = f"{8 * numbers / 1e9:.1f} GB"
        raise CostError("positions of all turns, draws and readings", size, "fewer turns or draws")
    steps = turns * runs * actors**3 * (len(inputs.issues) if readings else 1)
    if steps > MOST_STEPS:
        size = f"about {steps / STEPS_A_MINUTE:,.0f} minutes for up to {turns:,} turns"
        raise CostError(f"{actors:,} actors", size, "fewer turns or draws")


def _within(inputs: Inputs) -> Inputs:
    """Saliences of an actor that sum to more than full attention, as shares of it: the spatial model needs that."""
    total = inputs.salience.sum(axis=2, keepdims=True)
    return replace(inputs, salience=inputs.salience / np.maximum(total, 1))


def _notes(case: Case, inputs: Inputs, model: Model) -> list[str]:
    """What the reader should know of the inputs."""
    section, full = forecast_of(case), full_salience(forecast_of(case))
    found = []
    if model == "smp":
        sums = {name: sum(mode(z) for z in actor.salience.values()) for name, actor in section.actors.items()}
        over = [f"{name} ({total:g})" for name, total in sums.items() if total > full * (1 + 1e-9)]
        if over:
            found.append(
                f"saliences sum to more than {full:g} over all issues and were scaled down to it: {', '.join(over)}"
            )
    cares = inputs.weight.sum(axis=2)
    if silent := [name for i, name in enumerate(inputs.actors) if not cares[:, i].any()]:
        found.append(f"without capability or salience, and so without influence: {', '.join(silent)}")
    flat = inputs.position.max(axis=(0, 1)) == inputs.position.min(axis=(0, 1))
    if len(inputs.actors) > 1 and flat.any():
        names = ", ".join(k for k, one in zip(inputs.issues, flat, strict=True) if one)
        found.append(f"all actors hold one position, so nothing can move: {names}")
    if model == "eum" and len(inputs.issues) > 1:
        found.append("the expected-utility model takes each issue by itself")
    return found


def _unused(model: Model, turns: int | None, rules: Rules, stop: Stop) -> list[str]:
    found = []
    if model == "baselines" and turns is not None:
        found.append("baselines have no turns: only the start is listed")
    if model != "smp" and rules != Rules():
        found.append(f"settings of the spatial model play no part in the model {model}")
    if stop != STOP and (turns is not None or model != "smp"):
        found.append(
            "when to stop was not asked: "
            + ("turns are given" if model == "smp" else f"the model is {model}")
        )
    return found


def _restless(paths: Paths, turns: int | None, stop: Stop) -> list[str]:
    """Whether a run was ended while positions still swing."""
    if paths.run is None or turns is not None:
        return []
    moves = np.abs(paths.positions[-1] - paths.positions[-2]).max(axis=(1, 2)) > STIR
    swinging = int(((paths.run.lengths == stop.most) & moves).sum())
    if not swinging:
        return []
    runs = "the run" if len(moves) == 1 else f"{swinging} of {len(moves)} runs"
    return [f"{runs} did not come to rest in {stop.most} turns: where it ends depends on when one looks"]


def _further(
    case: Case, model: Model, turns: int | None, draws: Mapping[str, Array] | None, rules: Rules, stop: Stop
) -> dict[str, Any]:
    """The options that only some models have."""
    return {
        "full_salience": full_salience(forecast_of(case)),
        "draws": len(next(iter(draws.values()))) if draws else None,
        "rules": rules.named() if model == "smp" else None,
        "stop": _stop_options(model, turns, stop),
    }


def _stop_options(model: Model, turns: int | None, stop: Stop) -> dict[str, Any] | None:
    if turns is not None or model == "baselines":
        return None
    if model == "eum":
        return {"most": eum.MOST_ROUNDS, "still": eum.STILL}
    return {"least": stop.least, "most": stop.most, "share": stop.share}


def _provenance(case: Case, options: Mapping[str, Any], notes: list[str], seed: int) -> Provenance:
    return Provenance(
        case=case.id,
        case_hash=case.hash,
        title=case.title,
        parties=tuple(case.parties),
        issues=tuple(case.issues),
        labels={name: case.label(name) for name in (*case.parties, *case.issues)},
        options=dict(options),
        warnings=tuple(notes),
        seed=seed,
    )

"""The forecast in words. It says where talks would drift, never what the deal will be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from detente.analysis.forecast import figures
from detente.analysis.forecast.baselines import weighted_median
from detente.analysis.forecast.levers import Lever
from detente.analysis.result import Row

if TYPE_CHECKING:
    from detente.analysis.forecast.result import ForecastResult

MOST = 3
STILL = 0.005
"""Movement, as a share of the scale, that is not worth a word."""
BASELINES = {"mean": "weighted mean", "median": "weighted median", "bargaining": "Nash bargaining"}
WHAT_IT_IS = (
    "This is where talks would drift if nothing but influence were at work and nobody put a package on the table; "
    "it is not what the parties would agree to."
)


def explain(result: ForecastResult) -> str:
    """Baselines first; then where the model goes, who moved whom, and what this is."""
    lines = [_baselines(result), *_drift(result), _movers(result), WHAT_IT_IS]
    lines += [f"Note: {warning}." for warning in result.source.warnings]
    return "\n".join(line for line in lines if line)


def number(value: float) -> str:
    """A position as people read it: on a scale, three digits are enough."""
    return "none" if np.isnan(value) else f"{value:.4g}" if abs(value) >= 1000 else f"{value:.3g}"


def _baselines(result: ForecastResult) -> str:
    rows = [
        {name: value if isinstance(value, str) else number(value) for name, value in row.items()}
        for row in baseline_rows(result)
    ]
    told = [f"{BASELINES[key]} {', '.join(str(row[BASELINES[key]]) for row in rows)}" for key in BASELINES]
    of = ", ".join(result.label(issue) for issue in result.inputs.issues)
    return f"Baselines ({of}): {'; '.join(told)}."


def _drift(result: ForecastResult) -> list[str]:
    if not result.turns:
        return []
    if result.model == "eum":
        width = "  The width of the spread is the finding: the description does not settle one number."
        return [spread(result), *([width] if len(result.paths.readings) > 1 else [])]
    options = result.source.options
    length = result.paths.run.lengths if result.paths.run is not None else np.array([result.turns])
    stops = "as asked" if options["turns"] is not None else _stopped(length, int(options["stop"]["most"]))
    lines = [f"The spatial model of politics, {_count(int(length.max()), 'turn')} {stops}:"]
    lines += [f"  {_issue(result, k)}" for k in range(len(result.inputs.issues))]
    return lines


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _stopped(lengths: np.ndarray, most: int) -> str:
    if (lengths >= most).any():
        return "at most, without coming to rest"
    return "until movement died down"


def _issue(result: ForecastResult, k: int) -> str:
    name = result.label(result.inputs.issues[k])
    start, end = result.result[0, :, k], result.result[-1, :, k]
    at = result.positions[-1, :, :, k]
    if result.paths.many:
        return (
            f"{name}: the weighted mean of positions starts at {_range(start)} and ends at {_range(end)} "
            f"over {_count(at.shape[0], 'draw')}."
        )
    return (
        f"{name}: the weighted mean of positions goes from {number(start[0])} to {number(end[0])}; "
        f"actors end between {number(at.min())} and {number(at.max())}."
    )


def _range(values: np.ndarray) -> str:
    low, high = number(float(values.min())), number(float(values.max()))
    return low if low == high else f"{low} to {high}"


def spread(result: ForecastResult) -> str:
    """How far the readings of the expected-utility model lie apart, in a sentence for each issue."""
    readings = result.paths.readings
    if len(readings) == 1:
        head = f"One reading of the expected-utility model ({readings[0].name}), for comparison only:"
    else:
        head = f"The expected-utility model, {len(readings)} readings of one description:"
    parts = []
    for k, issue in enumerate(result.inputs.issues):
        median = result.inputs.on_scale(weighted_median(result.paths.positions[-1], result.weight))[:, k]
        parts.append(
            f"{result.label(issue)}: after {_count(result.turns, 'round')} the weighted mean lies at "
            f"{_range(result.result[-1, :, k])} and the weighted median at {_range(median)}."
        )
    return "\n  ".join([head, *parts])


def _movers(result: ForecastResult) -> str:
    rows = influence_rows(result)[:MOST]
    if not rows:
        return "" if not result.turns else "Nobody moves."
    told = [f"{row['moved']} by {row['by']} ({_length(row['share of the scale'])})" for row in rows]
    return "Who moved whom most: " + "; ".join(told) + "."


def _length(share: float) -> str:
    """How far somebody was moved in all: going to and fro adds up to more than the scale."""
    return f"{share:.0%} of the scale" if share <= 1 else f"to and fro, {share:.1f} times the scale"


def levers_text(result: ForecastResult, found: list[Lever]) -> str:
    """Whose change of position would move the result most, in a sentence."""
    strong = [lever for lever in found if lever.size > STILL / 10][:MOST]
    if not strong:
        return "No single actor's change of position would move the result."
    return f"What would move the result most: {'; '.join(_told(result, lever) for lever in strong)}."


def _told(result: ForecastResult, lever: Lever) -> str:
    alone = len(lever.effect) == 1
    on = "" if alone else f" on {result.label(lever.issue)}"
    moves = [
        f"{'the result' if alone else result.label(k)} by {_effect(v)}"
        for k, v in lever.effect.items()
        if max(map(abs, v)) > 0
    ]
    return (
        f"{result.label(lever.actor)} at {number(lever.changed)} instead of {number(lever.start)}{on} "
        f"would move {' and '.join(moves)}"
    )


def _effect(values: tuple[float, float]) -> str:
    low, high = (f"{v:+.2g}" for v in values)
    return low if low == high else f"{low} to {high}"


# tables ---------------------------------------------------------------------------------------------------------


def baseline_rows(result: ForecastResult) -> list[Row]:
    """The baselines of each issue; means over draws."""
    on_scale = {key: result.inputs.on_scale(getattr(result.base, key)) for key in BASELINES}
    return [
        {
            "issue": result.label(issue),
            **{BASELINES[key]: _one_or_range(on_scale[key][:, k]) for key in BASELINES},
        }
        for k, issue in enumerate(result.inputs.issues)
    ]


def _one_or_range(values: np.ndarray) -> float | str:
    """One number where draws agree, else a range in words."""
    low, high = float(values.min()), float(values.max())
    return low if len(values) == 1 or low == high else _range(values)


def position_rows(result: ForecastResult) -> list[Row]:
    """Where each actor starts and ends, with what it brings."""
    rows: list[Row] = []
    for i, actor in enumerate(result.actors):
        for k, issue in enumerate(result.inputs.issues):
            at = result.positions[:, :, i, k]
            ends = {"end": float(at[-1, 0])} if not result.paths.many else {
                "least end": float(at[-1].min()), "greatest end": float(at[-1].max()),
            }  # fmt: skip
            rows.append({
                "actor": result.label(actor), "issue": result.label(issue),
                "capability": float(result.inputs.capability[:, i].mean()),
                "salience": f"{result.inputs.salience[:, i, k].mean():.0%}",
                "start": float(at[0].mean()), **ends,
            })  # fmt: skip
    return rows


def influence_rows(result: ForecastResult) -> list[Row]:
    """Who moved whom, the largest first."""
    pairs = np.argwhere(result.influence > STILL)
    ordered = sorted(pairs.tolist(), key=lambda ab: (-result.influence[ab[0], ab[1]], ab))
    return [
        {"by": result.label(result.actors[a]), "moved": result.label(result.actors[b]),
         "share of the scale": float(result.influence[a, b])}
        for a, b in ordered
    ]  # fmt: skip


def reading_rows(result: ForecastResult) -> list[Row]:
    """Each reading with its median and mean on each issue."""
    return [
        {
            "reading": str(r["name"]),
            **{f"{result.label(k)}: median": r["median"][k] for k in result.inputs.issues},
            **{f"{result.label(k)}: mean": r["mean"][k] for k in result.inputs.issues},
        }
        for r in result._readings()
    ]


def lever_rows(result: ForecastResult, found: list[Lever], most: int = 20) -> list[Row]:
    """The strongest levers."""
    return [
        {
            "actor": result.label(lever.actor), "issue": result.label(lever.issue), "from": lever.start,
            "to": lever.changed, **{f"moves {result.label(k)} by": _effect(v) for k, v in lever.effect.items()},
        }
        for lever in found[:most]
    ]  # fmt: skip


def standing_rows(result: ForecastResult) -> list[Row]:
    """Where the weight stands at the start and at the end, over all readings and draws; empty parts are left out."""
    rows: list[Row] = []
    for k, issue in enumerate(result.inputs.issues):
        found = figures.standing(result, k)
        for start, end in zip(found[: len(found) // 2], found[len(found) // 2 :], strict=True):
            if start["share"] or end["share"]:
                rows.append({
                    "issue": result.label(issue), "from": start["from"], "to": start["to"],
                    "share of weight at the start": start["share"], "at the end": end["share"],
                })  # fmt: skip
    return rows

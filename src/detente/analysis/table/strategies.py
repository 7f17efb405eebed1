"""The strategies that come with detente, under the names that the field uses.

Sources: time-dependent and tit-for-tat tactics, Faratin, Sierra and Jennings (1998); trade-offs by similarity, the
same (2002); acceptance conditions, Baarslag, Hindriks and Jonker (2013); MiCRO, de Jonge (2022); hybrid, Keskin, Cakan
and Aydogan (2021); nice tit for tat, Baarslag, Hindriks and Jonker (2013); frequency models, Tunali, Aydogan and
Sanchez-Anguix (2017); Bayesian model, Hindriks and Tykhonov (2008).
"""

from __future__ import annotations

from functools import cache

import numpy as np

from detente.analysis.table.own import Own, own
from detente.analysis.table.parts import Acceptance, Offering, Strategy
from detente.case.structure import among, did_you_mean
from detente.errors import NeedsError

VARIED = "varied"
EXPONENTS = tuple(float(x) for x in np.geomspace(0.2, 5.0, 41))
"""Concession exponents among which `varied` draws: from very soft to very hard, evenly in logarithm."""
_BOULWARE, _CONCEDER = 4.0, 0.25


def _time(exponent: float | None, **more: object) -> Offering:
    return Offering("time", exponent=exponent, **more)  # type: ignore[arg-type]


@cache
def strategies() -> dict[str, Strategy]:
    """All strategies by name."""
    found = [*_timed(), *_answering(), *_listing(), *_guessing(), *_accepting()]
    return {strategy.name: strategy for strategy in found}


def _timed() -> list[Strategy]:
    curves = {"boulware": _BOULWARE, "linear": 1.0, "conceder": _CONCEDER}
    random = [
        Strategy(
            f"{name}-random", _time(e, pick="any", width=0.1), about=f"{name}, any outcome just above its aim"
        )
        for name, e in curves.items()
    ]
    return [
        Strategy("boulware", _time(_BOULWARE), about="concedes late: t^4"),
        Strategy("linear", _time(1.0), about="concedes evenly: t"),
        Strategy("conceder", _time(_CONCEDER), about="concedes early: t^(1/4)"),
        Strategy("last-minute", _time(40.0), about="holds its best until the deadline is close: t^40"),
        Strategy("hardliner", _time(None), about="asks for its best and takes nothing less"),
        Strategy("aspiration", _time(_BOULWARE), Acceptance("target"), about="boulware; accepts by its aim"),
        *random,
    ]


def _answering() -> list[Strategy]:
    return [
        Strategy("relative-tit-for-tat", Offering("relative"), about="concedes in the proportion that the other did"),
        Strategy("absolute-tit-for-tat", Offering("absolute"), about="concedes by as much as the other did"),
        Strategy("random-tit-for-tat", Offering("absolute", noise=0.05), about="the same, with a random shift"),
        Strategy("averaged-tit-for-tat", Offering("averaged", amount=4.0), about="by the other's last four concessions"),
        Strategy("delayed-tit-for-tat", Offering("relative", amount=2.0), about="by the concession before the last"),
        Strategy("naive-tit-for-tat", Offering("naive", amount=0.0), about="gives in all what the other has given in all"),
        Strategy("kind-tit-for-tat", Offering("naive", amount=0.01), about="the same, and a little more each round"),
        Strategy(
            "nice-tit-for-tat", Offering("nice", pick="model"), Acceptance("combined"), "frequency",
            about="gives as the other nears the Nash point it expects",
        ),
        Strategy("hybrid", Offering("hybrid"), about="time and the other's behaviour mixed"),
        Strategy("micro", Offering("micro"), Acceptance("micro"), about="one step down its list for each new offer heard"),
    ]  # fmt: skip


def _listing() -> list[Strategy]:
    ways: tuple[tuple[str, str, str], ...] = (("b", "better", "what beats all before"), ("n", "best", "what no offer before beats"), ("r", "any", "anything rational"))  # fmt: skip
    found = [
        Strategy("random", Offering("random"), about="any outcome no worse than no deal"),
        Strategy("nice", Offering("random"), Acceptance("any"), about="random, and accepts anything rational"),
        Strategy("top-fraction", Offering("top", amount=0.05), Acceptance("constant", level=0.95), about="its best 5 % only"),
    ]  # fmt: skip
    for letter, kind, words in ways:
        accept = Acceptance(kind)  # type: ignore[arg-type]
        found.append(
            Strategy(f"ca{letter}", Offering("steps"), accept, about=f"down its list; accepts {words}")
        )
        found.append(
            Strategy(f"wa{letter}", Offering("waste"), accept, about=f"wastes time first; accepts {words}")
        )
    return found


def _guessing() -> list[Strategy]:
    found = []
    for name, e in {"boulware": _BOULWARE, "linear": 1.0, "conceder": _CONCEDER}.items():
        found.append(
            Strategy(
                f"{name}-trade-off",
                _time(e, pick="alike", width=0.1),
                about=f"{name}, the most alike to what was offered",
            )
        )
        for model in ("frequency", "hardheaded", "bayes"):
            offering = _time(e, pick="model", width=0.1)
            about = f"{name}, the best for the others by a {model} model"
            found.append(Strategy(f"{name}-{model}", offering, model=model, about=about))
    for anchor in ("first", "best"):
        offering = _time(_BOULWARE, pick="alike", width=0.1, anchor=anchor)
        found.append(
            Strategy(f"{anchor}-offer-oriented", offering, about=f"boulware, near the other's {anchor} offer")
        )
    return found


def _accepting() -> list[Strategy]:
    boulware = _time(_BOULWARE)
    return [
        Strategy("boulware-constant", boulware, Acceptance("constant", level=0.8), about="accepts 80 % of its span"),
        Strategy("boulware-time", boulware, Acceptance("time", when=0.95), about="accepts anything rational at the end"),
        Strategy("boulware-combined", boulware, Acceptance("combined"), about="accepts by its next, or the best lately"),
        Strategy("boulware-previous", boulware, Acceptance("previous"), about="accepts what equals its last offer"),
        Strategy("boulware-leaving", boulware, leave=0.5, about="leaves half-way if nothing acceptable was heard"),
    ]  # fmt: skip


def strategy(text: str | Strategy | Own) -> list[Strategy | Own]:
    """The strategies that a text names, one of which is drawn in each run.

    A name (`strategies` lists them), ``time:EXPONENT``, ``varied`` (time-dependent with an exponent drawn among
    `EXPONENTS`), ``file.py:Class`` (see `own`), or several of these with ``|`` between them.
    """
    if not isinstance(text, str):
        return [text]
    found: list[Strategy | Own] = []
    for name in (part.strip() for part in text.split("|")):
        found += [own(name)] if ".py:" in name else _one(name)
    return found


def _one(name: str) -> list[Strategy]:
    if name == VARIED:
        return [Strategy(f"time:{e:.3g}", _time(e)) for e in EXPONENTS]
    if name.startswith("time:"):
        try:
            exponent = float(name.removeprefix("time:"))
        except ValueError:
            raise NeedsError(f"strategy '{name}': the exponent is a number above 0") from None
        if not 0 < exponent < 1e6:
            raise NeedsError(f"strategy '{name}': the exponent is a number above 0")
        return [Strategy(name, _time(exponent))]
    known = strategies()
    if name not in known:
        hint = (
            did_you_mean(name, [*known, VARIED])
            or f"There are {among(sorted(known), 60)}, {VARIED}, time:EXPONENT."
        )
        raise NeedsError(f"no strategy is called '{name}'. {hint}")
    return [known[name]]

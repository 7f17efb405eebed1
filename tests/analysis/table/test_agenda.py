"""Talks issue by issue against the same held by hand, one run and one issue at a time."""

import numpy as np
import pytest

import detente
from detente.analysis.table import table
from detente.analysis.table.agenda import issue_by_issue, ordered
from detente.analysis.table.effects import effects
from detente.analysis.table.game import Setting, Terms, setting
from detente.analysis.table.held import one
from detente.analysis.table.runs import ENDS, plan_runs
from detente.case import from_data
from detente.errors import NeedsError
from detente.kernels import table as kernel
from detente.space import compile_case
from tests.analysis.table.random_games import random_strategy


def random_case(random):
    """Two or three parties and up to four issues, some outcomes impossible, the status quo anywhere possible."""
    parties = ["a", "b", "c"][: int(random.integers(2, 4))]
    issues = {
        f"i{k}": {"levels": [f"l{j}" for j in range(int(random.integers(1, 5)))]}
        for k in range(int(random.integers(1, 5)))
    }
    if all(len(issue["levels"]) == 1 for issue in issues.values()):
        issues["i0"]["levels"] = ["l0", "l1"]
    values = {
        p: {
            "values": {
                i: {level: float(random.integers(0, 7)) for level in issue["levels"]}
                for i, issue in issues.items()
            }
        }
        for p in parties
    }
    data = {
        "detente": 1, "id": "r", "title": "R", "parties": {p: {} for p in parties}, "issues": issues, "preferences": values,
        "status_quo": {i: str(random.choice(issue["levels"])) for i, issue in issues.items()},
    }  # fmt: skip
    if random.random() < 0.4:
        data["no_deal"] = {"now": {p: float(random.integers(-2, 9)) for p in parties}}
    if random.random() < 0.4 and len(issues) > 1 and data["status_quo"]["i0"] != issues["i0"]["levels"][-1]:
        data["impossible"] = [{"when": f"i0 == {issues['i0']['levels'][-1]} and i1 == l0", "why": "x"}]
    return from_data(data)


def by_hand(here: Setting, strategies, items, seed, run, opener, draw, rounds):
    """One run: for each issue a little game over its levels, written out."""
    space, now, first = here.space, list(here.space.start), 0
    when, who = rounds - 1, -1
    for turn, issue in enumerate(items):
        last = rounds * (turn + 1) // len(items)
        options = [[*now[:issue], level, *now[issue + 1 :]] for level in range(space.sizes[issue])]
        options = [o for o in options if space.possible(o)]
        numbers = np.array([space.number(o) for o in options])
        places = [int(np.flatnonzero(here.numbers == n)[0]) for n in numbers]
        small = setting_of(
            here, places, numbers, options, issue, now, Terms(last - first, here.terms.risk[first:last])
        )
        state = int(kernel.streams(seed ^ 0xA6E * (turn + 1), np.array([run]))[0])
        talks = one(small, strategies, opener, state, draw)
        if talks.end == kernel.DEAL:
            now = list(options[talks.outcome])
            when, who = first + talks.round, talks.by
        elif talks.end in (kernel.BROKEN, kernel.WALKED):
            return talks.end, -1, first + talks.round, talks.by
        first = last
    number = space.number(now)
    place = int(np.flatnonzero(here.numbers == number)[0])
    good = all(here.utilities[draw, p, place] >= here.reservation[draw, p] - 1e-9 for p in here.seats)
    if now == list(space.start) or not good:
        return kernel.DEADLINE, -1, rounds - 1, -1
    return kernel.DEAL, place, when, who


def setting_of(here, places, numbers, options, issue, now, terms):
    from dataclasses import replace

    from detente.analysis.table.game import arrays

    stay = int(np.flatnonzero(here.numbers == here.space.number(now))[0])
    u = here.utilities[:, :, places]
    low = here.utilities[:, :, stay]
    levels = np.array([[o[issue]] for o in options], dtype=np.int32)
    seats = list(here.seats)
    game = arrays(u[:, seats], low[:, seats], levels, np.array([here.space.sizes[issue]]), terms)
    return replace(here, numbers=numbers, utilities=u, reservation=low, game=game, terms=terms)


def test_runs_are_those_held_by_hand() -> None:
    seen = set()
    for seed in range(150):
        random = np.random.default_rng(seed)
        space = compile_case(random_case(random))
        if not space.possible(space.start):
            continue
        rounds = int(random.integers(4, 25))
        here = setting(space, Terms(rounds, np.full(rounds, random.choice([0.0, 0.1]))))
        agenda = list(random.permutation(space.issues))[: int(random.integers(0, len(space.issues) + 1))]
        choices = [[random_strategy(random)] for _ in here.seats]
        found = issue_by_issue(here, choices, agenda, 4, seed, None)
        plan, _, _ = plan_runs(1, choices, 4, seed, None)
        for run in range(4):
            want = by_hand(
                here, [c[0] for c in choices], ordered(here, agenda), seed, run, int(plan[run, 1]), 0, rounds
            )
            got = (int(found.end[run]), int(found.outcome[run]), int(found.round[run]), int(found.by[run]))
            assert got == want, f"seed {seed}, run {run}"
            seen.add(ENDS[want[0]])
    assert {"deal", "deadline", "breakdown"} <= seen


def test_one_issue_is_the_whole_package() -> None:
    """With a single issue and today as no deal, talks on it are talks on the package."""
    data = {
        "detente": 1, "id": "pie", "title": "A pie", "parties": {"a": {}, "b": {}},
        "issues": {"share": {"levels": ["none", *[str(k) for k in range(11)]]}},
        "preferences": {
            "a": {"values": {"share": {"none": 0, **{str(k): k for k in range(11)}}}},
            "b": {"values": {"share": {"none": 0, **{str(k): 10 - k for k in range(11)}}}},
        },
    }  # fmt: skip
    case = from_data(data)
    for names in ("boulware", "linear", "micro"):
        both = [
            table(case, protocol=p, strategies=names, rounds=30, runs=40, opener="a")
            for p in ("alternating", "issue-by-issue")
        ]
        assert (both[0].ends.end == both[1].ends.end).all()
        if names != "micro":
            assert (both[0].ends.outcome == both[1].ends.outcome).all()
            assert (both[0].ends.round == both[1].ends.round).all()


def test_packages_trade_what_single_issues_cannot() -> None:
    """Two issues that pull apart: nothing moves on either alone, while the package is better for both."""
    result = table(detente.load("stockholm-2019"), protocol="issue-by-issue", runs=50)
    assert result.deal_rate == 0
    assert table(detente.load("stockholm-2019"), runs=50).deal_rate == 1
    change = effects(detente.load("mill-contract"), rounds=20, runs=200)[-1]
    assert change.name == "issue by issue, not in packages"
    assert all(row.mean < 0 for row in change.utilities.values())


@pytest.mark.parametrize(
    ("case", "options", "message"),
    [
        (
            "mill-contract",
            {"agenda": ["pay"]},
            "agenda: 'pay' is no issue; there are wage, shifts, security, length",
        ),
        ("mill-contract", {"agenda": ["wage", "wage"]}, "agenda: an issue comes up once"),
        ("mill-contract", {"rounds": 3}, "issue by issue needs a round for each of 4 issues; there are 3"),
    ],
)
def test_bad_agendas(case, options, message) -> None:
    with pytest.raises(NeedsError) as caught:
        table(detente.load(case), protocol="issue-by-issue", **options)
    assert str(caught.value) == message

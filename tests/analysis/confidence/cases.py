"""Small cases for the confidence analysis."""

from __future__ import annotations

import numpy as np

from detente.case import from_data

HEAD = {"detente": 1, "id": "small", "title": "A small case"}


def price(worth=None, cost=None, **more):
    """A buyer and a seller; one issue, settle or not. A deal exists where worth > 5 and cost < 5."""
    worth, cost = [0, 10] if worth is None else worth, 3 if cost is None else cost
    return from_data(
        {
            **HEAD,
            "parties": {"buyer": {}, "seller": {}},
            "issues": {"deal": {"by": "buyer", "levels": ["no", "yes"]}},
            "status_quo": {"deal": "no"},
            "preferences": {
                "buyer": {"values": {"deal": {"no": 5, "yes": worth}}},
                "seller": {"values": {"deal": {"no": cost, "yes": 5}}},
            },
            **more,
        }
    )


def number(random, spread=3.0):
    """An uncertain number of a random form; whole numbers are common, so that ties are."""
    middle = float(random.integers(-3, 4))
    kind = random.integers(0, 6)
    if kind <= 1:
        return middle
    low, high = middle - float(random.integers(0, spread)), middle + float(random.integers(0, spread))
    if kind == 2:
        return [low, high]
    if kind == 3:
        return [low, middle, high]
    if kind == 4:
        return {"normal": [middle, 1.0]}
    return {"discrete": [[low, 0.25], [middle, 0.5], [high, 0.25]]}


def random_case(seed, graph=False):
    """A random case of two or three parties: values, weights, tables, priorities, bonuses, impossible outcomes."""
    random = np.random.default_rng(seed)
    parties = ["A", "B", "C"][: int(random.integers(2, 4))]
    sizes = [int(random.integers(2, 4)) for _ in range(int(random.integers(2, 4)))]
    issues = {
        f"i{k}": {"by": parties[k % len(parties)], "levels": [f"l{n}" for n in range(size)]}
        for k, size in enumerate(sizes)
    }
    if random.random() < 0.3:
        issues["i0"]["retreat"] = {"l1": "l1"}
    preferences = {
        party: _preference(random, sizes, ordinal=not graph and random.random() < 0.2) for party in parties
    }
    data = {**HEAD, "parties": {p: {} for p in parties}, "issues": issues, "preferences": preferences}
    if random.random() < 0.4:
        data["impossible"] = ["i0 == l1 and i1 == l1"]
    if random.random() < 0.5:
        data["no_deal"] = {"now": {parties[0]: number(random)}}
        data["status_quo"] = {name: "l0" for name in issues}
    elif random.random() < 0.7:
        data["status_quo"] = {name: "l0" for name in issues}
    return from_data(data)


def _preference(random, sizes, ordinal):
    if ordinal:
        return {"priorities": ["i0 >= l1", "not i1 == l0"]}
    if random.random() < 0.2:
        return {"table": [number(random) for _ in range(int(np.prod(sizes)))]}
    values = {
        f"i{k}": {f"l{n}": number(random) for n in range(size)}
        for k, size in enumerate(sizes)
        if random.random() < 0.8
    }
    found = {"values": values}
    if random.random() < 0.4:
        found["bonuses"] = [{"when": "i0 == l1 and i1 == l0", "add": number(random)}]
    if random.random() < 0.3 and values:
        found["weights"] = {name: [0.5, 1.5] for name in values}
    return found

"""Strategies as people write them, good and bad, for the tests."""

import time


class Patient:
    """Asks for its best for two thirds of the time, then goes down its list; takes what is as good as its next offer."""

    def __init__(self, view):
        self.view = view

    def offers(self, round):
        late = max(0, round - 2 * self.view.rounds // 3)
        good = [
            o
            for o, u in zip(self.view.outcomes, self.view.utilities, strict=True)
            if u >= self.view.reservation
        ]
        return good[min(late, len(good) - 1)] if good else None

    def accepts(self, round, offer):
        mine = self.offers(round)
        return mine is not None and self.view.utility(offer) >= self.view.utility(mine)


class Raises(Patient):
    def offers(self, round):
        raise ValueError("no idea")


class Hangs(Patient):
    def offers(self, round):
        time.sleep(60)


class Exits(Patient):
    def offers(self, round):
        raise SystemExit(3)


class Nonsense(Patient):
    def offers(self, round):
        return {"price": "a million"}


class Chatty(Patient):
    def offers(self, round):
        print("thinking aloud")
        return super().offers(round)

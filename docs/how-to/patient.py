class Patient:
    """Asks for its best until two thirds of the time are gone, then goes down its list."""

    def __init__(self, view):
        self.view = view
        self.good = [o for o in view.outcomes if view.utility(o) >= view.reservation]

    def offers(self, round):
        """What it asks for in this round; None to leave."""
        late = max(0, round - 2 * self.view.rounds // 3)
        return self.good[min(late, len(self.good) - 1)] if self.good else None

    def accepts(self, round, offer):
        """Whether it takes the offer of another."""
        mine = self.offers(round)
        return mine is not None and self.view.utility(offer) >= self.view.utility(mine)

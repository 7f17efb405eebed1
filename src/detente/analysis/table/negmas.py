"""NegMAS and detente at one table, for comparison: its negotiators in our talks, our strategies in its mechanism.

Needs the extra ``peers``. Outcomes are handed over as tuples of level names in issue order, utilities as a table, no deal
as the reserved value. NegMAS counts time from 1/(n + 1) to n/(n + 1): use `Terms(open_clock=True)` for equal curves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from detente.analysis.table.game import Setting
from detente.analysis.table.held import plain
from detente.analysis.table.parts import Strategy
from detente.analysis.table.plain import Bargainer, Talks, Turn, alternating
from detente.errors import MissingExtraError, NeedsError
from detente.kernels import table as kernel
from detente.kernels.table import Stream


def _negmas() -> Any:
    try:
        import negmas
        import negmas.sao
    except ImportError as error:
        raise MissingExtraError("negmas", "peers") from error
    return negmas


def tuples(setting: Setting) -> list[tuple[str, ...]]:
    """The outcomes of a setting as NegMAS has them."""
    space = setting.space
    return [
        tuple(names[level] for names, level in zip(space.level_names, space.levels(int(number)), strict=True))
        for number in setting.numbers
    ]


def mechanism(
    setting: Setting,
    players: Sequence[Any],
    state: int = 0,
    draw: int = 0,
    seat_names: Sequence[str] | None = None,
) -> Any:
    """A NegMAS mechanism of stacked alternating offers over a setting, with its players seated and ready to `run`.

    Players are strategies of detente (`Strategy`) or NegMAS negotiators, one for each seat; the first opens.
    """
    negmas = _negmas()
    outcomes, names = tuples(setting), seat_names or setting.names
    session = negmas.sao.SAOMechanism(outcomes=outcomes, n_steps=setting.terms.rounds)
    uniform = Stream(state)
    for seat, (player, name) in enumerate(zip(players, names, strict=True)):
        if isinstance(player, Strategy):
            player = _ours(negmas)(outcomes, plain(setting, player, seat, uniform, draw), name=name)
        if not session.add(player, ufun=_ufun(negmas, setting, outcomes, seat, draw)):
            raise NeedsError(f"NegMAS does not let {player} take part")
    return session


def _ufun(negmas: Any, setting: Setting, outcomes: Sequence[tuple[str, ...]], seat: int, draw: int) -> Any:
    from negmas.preferences import MappingUtilityFunction

    values = setting.game.u[draw, seat].tolist()
    return MappingUtilityFunction(
        dict(zip(outcomes, values, strict=True)),
        outcomes=list(outcomes),
        reserved_value=float(setting.reservation[draw, setting.seats[seat]]),
    )


def _ours(negmas: Any) -> type:
    """The class of NegMAS negotiators that play a strategy of detente."""

    class Ours(negmas.sao.SAONegotiator):  # type: ignore[misc]
        def __init__(self, outcomes: Sequence[tuple[str, ...]], inner: Bargainer, **more: Any) -> None:
            super().__init__(**more)
            self._outcomes = outcomes
            self._places = {outcome: place for place, outcome in enumerate(outcomes)}
            self._inner = inner
            self._planned: tuple[int, Any] = (-1, None)

        def respond(self, state: Any, source: str | None = None) -> Any:
            offer = self._places[tuple(state.current_offer)]
            ids = list(self.nmi.negotiator_ids)
            self._inner.hears(state.step, offer, ids.index(state.current_proposer))
            self._planned = (state.step, self._inner.plan(state.step))
            taken = self._inner.accepts(state.step, offer)
            return negmas.ResponseType.ACCEPT_OFFER if taken else negmas.ResponseType.REJECT_OFFER

        def propose(self, state: Any, dest: str | None = None) -> Any:
            if self._planned[0] != state.step:
                self._planned = (state.step, self._inner.plan(state.step))
            outcome = self._planned[1]
            if outcome is None:
                return None
            self._inner.proposed(outcome)
            return self._outcomes[outcome]

    return Ours


class Visitor:
    """A NegMAS negotiator in a seat of our talks."""

    def __init__(self, setting: Setting, negotiator: Any, seat: int, draw: int = 0) -> None:
        self._negmas = _negmas()
        self._outcomes = tuples(setting)
        self._places = {outcome: place for place, outcome in enumerate(self._outcomes)}
        self._rounds = setting.terms.rounds
        self._session = self._negmas.sao.SAOMechanism(outcomes=self._outcomes, n_steps=self._rounds)
        self._ids: list[str] = []
        for other in range(len(setting.seats)):
            who = negotiator if other == seat else self._negmas.sao.ToughNegotiator()
            ufun = _ufun(self._negmas, setting, self._outcomes, other if other == seat else seat, draw)
            if not self._session.add(who, ufun=ufun):
                raise NeedsError(f"NegMAS does not let {who} take part")
            self._ids.append(who.id)
        self.negotiator = negotiator
        self._standing: tuple[int, int] | None = None
        self._takes = False
        negotiator._on_negotiation_start(self._state(0))

    def _state(self, round: int) -> Any:
        from negmas.sao import SAOState

        state = SAOState(
            running=True, started=True, step=round, relative_time=(round + 1) / (self._rounds + 1),
            n_negotiators=len(self._ids),
        )  # fmt: skip
        if self._standing is not None:
            place, by = self._standing
            state.current_offer, state.current_proposer = self._outcomes[place], self._ids[by]
        return state

    def plan(self, round: int) -> int | None:
        """Asks the negotiator for its turn."""
        response = self.negotiator(self._state(round))
        self._takes = response.response == self._negmas.ResponseType.ACCEPT_OFFER
        if response.response == self._negmas.ResponseType.END_NEGOTIATION or response.outcome is None:
            return None
        return self._places[tuple(response.outcome)]

    def accepts(self, round: int, offer: int) -> bool:
        """Whether it took the standing offer this turn."""
        return self._takes

    def proposed(self, outcome: int) -> None:
        """Its offer is on the table."""
        self._standing = None

    def hears(self, round: int, offer: int, by: int) -> None:
        """Another's offer is on the table."""
        self._standing = (offer, by)
        self.negotiator.on_partner_proposal(self._state(round), self._ids[by], self._outcomes[offer])


def talks(setting: Setting, players: Sequence[Any], state: int = 0, opener: int = 0, draw: int = 0) -> Talks:
    """Our talks between strategies of detente and NegMAS negotiators, one for each seat."""
    uniform = Stream(state)
    seated: list[Bargainer] = [
        plain(setting, player, seat, uniform, draw)
        if isinstance(player, Strategy)
        else Visitor(setting, player, seat, draw)
        for seat, player in enumerate(players)
    ]
    return alternating(seated, setting.game.risk.tolist(), opener, uniform)


def turns(setting: Setting, session: Any) -> Talks:
    """A NegMAS mechanism that has run, as talks: its offers in order (acceptances but the last are not in its trace)."""
    places = {outcome: place for place, outcome in enumerate(tuples(setting))}
    ids = list(session.negotiator_ids)
    found = [
        Turn(item.step, ids.index(item.negotiator), False, places[tuple(item.offer)])
        for item in session.full_trace
        if item.offer is not None
    ]
    agreement = session.agreement
    end = kernel.DEAL if agreement is not None else kernel.WALKED if session.state.broken else kernel.DEADLINE
    return Talks(
        end,
        None if agreement is None else places[tuple(agreement)],
        min(int(session.state.step), setting.terms.rounds - 1),
        -1,
        tuple(found),
    )

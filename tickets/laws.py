"""The life of tickets as the store asks for it: one object with what life.py and clockwork.py decide; pure."""

from __future__ import annotations

from collections.abc import Mapping

from tickets import clockwork, life
from tickets.acts import Act
from tickets.clockwork import Mark
from tickets.doing import Actor, Outcome
from tickets.policy import Policy
from tickets.ticket import Ticket


class TicketLaws:
    """Fits tickets.store.laws.Laws."""

    def step(self, ticket: Ticket, act: Act, facts: Mapping[str, object], *, now: float, actor: Actor, policy: Policy) -> Outcome:
        """Do an act; IntentRefused, Forbidden or BadInput when it cannot be done."""
        return life.step(ticket, act, facts, now=now, actor=actor, policy=policy)

    def next_mark_at(self, ticket: Ticket, fired: frozenset[str], policy: Policy) -> float | None:
        """When the clockwork has to look at this ticket again (epoch seconds); None: no limit stands."""
        return clockwork.next_mark_at(ticket, fired, policy)

    def to_fire(self, ticket: Ticket, fired: frozenset[str], policy: Policy, now: float) -> tuple[Mark, ...]:
        """The marks whose time has come and that were not fired yet, by time."""
        return clockwork.to_fire(ticket, fired, policy, now)

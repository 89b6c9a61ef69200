"""Owns what the store asks of a ticket's life and clockwork: it keeps what these decide, and decides nothing itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from tickets import clockwork, life
from tickets.acts import Act
from tickets.ticket import Ticket


class Actor(Protocol):
    """Who acts: the login as `name`, and the role of the rights table."""

    @property
    def name(self) -> str: ...
    @property
    def role(self) -> str: ...


class Notify(Protocol):
    """Somebody is to be told: `audience` is "unit:KEY", "head:KEY", "centre" or "leadership"."""

    @property
    def audience(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def facts(self) -> Mapping[str, object]: ...


class Mark(Protocol):
    """Something to be told at `at` (epoch seconds): `limit` is a limit's key or "phone"; the key is the ticket's own, for good."""

    @property
    def key(self) -> str: ...
    @property
    def at(self) -> float: ...
    @property
    def kind(self) -> str: ...
    @property
    def limit(self) -> str: ...
    @property
    def audience(self) -> str: ...


class Outcome(Protocol):
    """What became of an act: the ticket after it, what its step keeps, whom to tell."""

    @property
    def ticket(self) -> Ticket: ...
    @property
    def facts(self) -> Mapping[str, object]: ...
    @property
    def commands(self) -> Sequence[Notify]: ...


class Laws(Protocol):
    """The life of tickets: pure, called inside the transaction with the row locked."""

    def step(self, ticket: Ticket, act: Act, facts: Mapping[str, object], *, now: float, actor: Any, policy: Any) -> Outcome:
        """Do an act; IntentRefused, Forbidden or BadInput when it cannot be done."""
        ...

    def next_mark_at(self, ticket: Ticket, fired: frozenset[str], policy: Any) -> float | None:
        """When the clockwork has to look at this ticket again (epoch seconds); None: no limit stands."""
        ...

    def to_fire(self, ticket: Ticket, fired: frozenset[str], policy: Any, now: float) -> Sequence[Mark]:
        """The marks whose time has come and that were not fired yet."""
        ...


@dataclass(frozen=True, slots=True)
class TicketLaws:
    """The laws in service: tickets/life.py and tickets/clockwork.py."""

    def step(self, ticket: Ticket, act: Act, facts: Mapping[str, object], *, now: float, actor: Any, policy: Any) -> Outcome:
        """As tickets.life.step."""
        return life.step(ticket, act, facts, now=now, actor=actor, policy=policy)

    def next_mark_at(self, ticket: Ticket, fired: frozenset[str], policy: Any) -> float | None:
        """As tickets.clockwork.next_mark_at."""
        return clockwork.next_mark_at(ticket, fired, policy)

    def to_fire(self, ticket: Ticket, fired: frozenset[str], policy: Any, now: float) -> Sequence[Mark]:
        """As tickets.clockwork.to_fire."""
        return clockwork.to_fire(ticket, fired, policy, now)


LAWS: Final[Laws] = TicketLaws()

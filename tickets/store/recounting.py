"""Owns counting anew when holidays or profiles changed: limits that were provisional, with a step each, and when to look again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, Engine, literal_column, select, update

from hotline_core.adapters.engine import reading, writing
from hotline_core.errors import HotlineError
from tickets.clockwork import next_mark_at
from tickets.policy import Policy
from tickets.standing import open_limits, standing
from tickets.store import form
from tickets.store.orders import fired_marks, keep, notify, read_ticket
from tickets.store.outbox import enqueue
from tickets.store.schema import tickets
from tickets.store.seals import write_step
from tickets.ticket import Life, Ticket

ACT = "recount"
NOTICE = "recounted"
ACTOR = "clockwork"
ROLE = "system"


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told that a limit moved; `facts` have the limit, and all that moved with former and present ends (epoch seconds)."""

    audience: str
    kind: str
    facts: dict[str, object]


@dataclass(frozen=True, slots=True)
class Counted:
    """One batch: the last number looked at (empty: that was all), how many tickets changed, which could not be counted and why."""

    after: str
    changed: int
    troubles: tuple[tuple[str, str], ...] = ()


class Recounting:
    """Goes through tickets in batches, each in a transaction of its own; synchronous."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def provisional(self, policy: Policy, after: str, limit: int, *, now: float) -> Counted:
        """Count the limits of provisional tickets anew: what the holidays changed is a step and a notice."""

        def counted(_connection: Connection, ticket: Ticket) -> Ticket | None:
            life = standing(ticket, policy).life
            return None if life == ticket.life else replace(ticket, life=replace(life, version=ticket.life.version + 1))

        def write(connection: Connection, before: Ticket, after: Ticket) -> None:
            _keep(connection, before, after, policy, now)

        # the literal, not a parameter: only then is the partial index used
        return self._walk(literal_column("is_provisional = 1"), after, limit, counted, write)

    def marks(self, policy: Policy, after: str, limit: int, *, now: float) -> Counted:
        """When the clockwork has to look at each ticket again, as the reminders stand now."""

        def looks_at(connection: Connection, ticket: Ticket) -> float | None:
            return next_mark_at(ticket, fired_marks(connection, ticket.number), policy)

        def counted(connection: Connection, ticket: Ticket) -> Ticket | None:
            kept = connection.scalar(select(tickets.c.next_mark_at).where(tickets.c.number == ticket.number))
            return None if looks_at(connection, ticket) == kept else ticket

        def write(connection: Connection, _before: Ticket, ticket: Ticket) -> None:
            values = {"next_mark_at": looks_at(connection, ticket)}
            connection.execute(update(tickets).where(tickets.c.number == ticket.number).values(values))

        return self._walk(tickets.c.next_mark_at.is_not(None), after, limit, counted, write)

    def _walk(
        self, which: ColumnElement[bool], after: str, limit: int, counted: Callable[[Connection, Ticket], Ticket | None],
        write: Callable[[Connection, Ticket, Ticket], None],
    ) -> Counted:  # fmt: skip
        """Look at a batch without a lock; what `counted` finds otherwise than it is kept is counted and written under one."""
        query = select(tickets.c.number).where(which, tickets.c.number > after).order_by(tickets.c.number).limit(limit)
        stale, troubles = [], []
        with reading(self._engine) as connection:
            numbers = list(connection.scalars(query))
            for number in numbers:
                try:
                    ticket = read_ticket(connection, number)
                    if ticket is not None and counted(connection, ticket) is not None:
                        stale.append(number)
                except HotlineError as error:  # its profile's file is gone
                    troubles.append((number, error.code))
        changed = 0
        for number in stale:
            try:
                with writing(self._engine) as connection:
                    connection.execute(select(tickets.c.number).where(tickets.c.number == number).with_for_update())
                    before = read_ticket(connection, number)
                    found = None if before is None else counted(connection, before)
                    if before is not None and found is not None:
                        write(connection, before, found)
                        changed += 1
            except HotlineError as error:
                troubles.append((number, error.code))
        return Counted(numbers[-1] if len(numbers) == limit else "", changed, tuple(troubles))


def _keep(connection: Connection, before: Ticket, after: Ticket, policy: Policy, now: float) -> None:
    looks_at = next_mark_at(after, fired_marks(connection, after.number), policy)
    keep(connection, before, after, now=now, looks_at=looks_at)
    moved = _moved(before.life, after.life)
    facts: dict[str, object] = {"moved": moved, "is_provisional": after.life.is_provisional}
    told = [Told(audience, NOTICE, facts | {"limit": next(iter(moved))}) for audience in _audiences(after.life, moved)]
    notify(connection, after.number, told, now)
    write_step(
        connection, after.number, after.life.version, at=now, actor=ACTOR, role=ROLE, act=ACT, stage=after.life.stage,
        facts=form.dumped(facts), content=form.dumped(after.content), life=form.dumped(after.life),
    )  # fmt: skip
    enqueue(connection, after, ACT, now)


def _audiences(life: Life, moved: object) -> Sequence[str]:
    """Nobody when no limit moved; else the unit that has the ticket, and the centre."""
    if not moved:
        return ()
    return (f"unit:{life.unit}", "centre") if life.unit else ("centre",)


def _moved(before: Life, after: Life) -> dict[str, dict[str, float | None]]:
    """The limits that wait to be kept and end at another moment than they did."""
    return {
        limit: {"before": before.stands.get(limit), "at": at}
        for limit, at in open_limits(after).items()
        if before.stands.get(limit) != at
    }

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

        def count(connection: Connection, ticket: Ticket) -> bool:
            counted = standing(ticket, policy).life
            if not ticket.life.is_provisional or counted == ticket.life:
                return False
            _keep(connection, ticket, replace(ticket, life=replace(counted, version=ticket.life.version + 1)), policy, now)
            return True

        # the literal, not a parameter: only then is the partial index used
        return self._walk(literal_column("is_provisional = 1"), after, limit, count)

    def marks(self, policy: Policy, after: str, limit: int, *, now: float) -> Counted:
        """When the clockwork has to look at each ticket again, as the reminders stand now."""

        def count(connection: Connection, ticket: Ticket) -> bool:
            looks_at = next_mark_at(ticket, fired_marks(connection, ticket.number), policy)
            row = tickets.c.number == ticket.number
            if connection.scalar(select(tickets.c.next_mark_at).where(row)) == looks_at:
                return False
            connection.execute(update(tickets).where(row).values(next_mark_at=looks_at))
            return True

        return self._walk(tickets.c.next_mark_at.is_not(None), after, limit, count)

    def _walk(
        self, which: ColumnElement[bool], after: str, limit: int, count: Callable[[Connection, Ticket], bool]
    ) -> Counted:  # fmt: skip
        query = select(tickets.c.number).where(which, tickets.c.number > after)
        with reading(self._engine) as connection:
            numbers = list(connection.scalars(query.order_by(tickets.c.number).limit(limit)))
        changed, troubles = 0, []
        for number in numbers:
            try:
                changed += self._one(number, count)
            except HotlineError as error:  # its profile's file is gone
                troubles.append((number, error.code))
        return Counted(numbers[-1] if len(numbers) == limit else "", changed, tuple(troubles))

    def _one(self, number: str, count: Callable[[Connection, Ticket], bool]) -> bool:
        with writing(self._engine) as connection:
            connection.execute(select(tickets.c.number).where(tickets.c.number == number).with_for_update())
            ticket = read_ticket(connection, number)
            return ticket is not None and count(connection, ticket)


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

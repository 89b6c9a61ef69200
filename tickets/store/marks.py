"""Owns that a reminder or an escalation fires exactly once: its key is written down with what it tells, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from hotline_core.adapters.audit import Facts, write_audit
from hotline_core.adapters.engine import reading, writing
from hotline_core.errors import HotlineError
from tickets.store import form
from tickets.store.laws import LAWS, Laws, Mark
from tickets.store.orders import fired_marks, read_ticket
from tickets.store.schema import notices, ticket_marks, tickets

AGAIN_S = 600.0  # a ticket that cannot be judged now (its profile's file is gone) is looked at again then
CLOCKWORK = "clockwork"


@dataclass(frozen=True, slots=True)
class Fired:
    """What one look at the due tickets did: how many were looked at, marks fired, and what went wrong (number, code)."""

    looked: int
    marks: int
    troubles: tuple[tuple[str, str], ...]


class Marks:
    """Fires what is due; synchronous. Each ticket is a transaction of its own: a kill at any moment leaves none half fired."""

    def __init__(self, engine: Engine, laws: Laws = LAWS) -> None:
        self._engine = engine
        self._laws = laws

    def due(self, now: float, limit: int) -> list[str]:
        """Numbers of the tickets to be looked at, the longest due first."""
        query = select(tickets.c.number).where(tickets.c.next_mark_at <= now).order_by(tickets.c.next_mark_at, tickets.c.number)
        with reading(self._engine) as connection:
            return list(connection.scalars(query.limit(limit)))

    def next_at(self) -> float | None:
        """When the next ticket has to be looked at (epoch seconds); None: no limit stands."""
        query = select(tickets.c.next_mark_at).where(tickets.c.next_mark_at.is_not(None)).order_by(tickets.c.next_mark_at).limit(1)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one_or_none()

    def fire(self, now: float, policy: Any, limit: int = 100) -> Fired:
        """Fire all marks of up to `limit` due tickets; a database's own error goes through and leaves whole tickets behind."""
        fired, troubles, numbers = 0, [], self.due(now, limit)
        for number in numbers:
            try:
                fired += self._fire_one(number, now, policy)
            except HotlineError as error:
                troubles.append((number, error.code))
                with writing(self._engine) as connection:
                    later = update(tickets).where(tickets.c.number == number, tickets.c.next_mark_at <= now)
                    connection.execute(later.values(next_mark_at=now + AGAIN_S))
        return Fired(len(numbers), fired, tuple(troubles))

    def _fire_one(self, number: str, now: float, policy: Any) -> int:
        with writing(self._engine) as connection:
            locked = select(tickets.c.next_mark_at).where(tickets.c.number == number).with_for_update()
            looks_at = connection.execute(locked).scalar_one_or_none()
            ticket = read_ticket(connection, number)
            if looks_at is None or looks_at > now or ticket is None:
                return 0  # somebody acted, or another clockwork was here, since it was found due
            before = fired_marks(connection, number)
            marks = self._laws.to_fire(ticket, before, policy, now)
            if marks:
                _write(connection, number, marks, now, ticket.life.stands)
            after = self._laws.next_mark_at(ticket, before | {mark.key for mark in marks}, policy)
            connection.execute(update(tickets).where(tickets.c.number == number).values(next_mark_at=after))
            return len(marks)


def _write(connection: Connection, number: str, marks: Any, now: float, stands: Any) -> None:
    found: list[Mark] = list(marks)
    keys = [{"number": number, "key": mark.key, "due_at": mark.at, "fired_at": now} for mark in found]
    connection.execute(ticket_marks.insert(), keys)
    told = [
        {
            "number": number, "audience": mark.audience, "kind": mark.kind, "at": now,
            "facts": form.dumped({"limit": mark.limit, "due_at": stands.get(mark.limit), "mark": mark.key}),
        }
        for mark in found
    ]  # fmt: skip
    connection.execute(notices.insert(), told)
    kinds = ",".join(dict.fromkeys(mark.kind for mark in found))
    facts: Facts = {"marks": len(found), "kinds": kinds, "first": found[0].key}
    write_audit(connection, at=now, actor=CLOCKWORK, act="ticket_marks", subject=number, facts=facts)

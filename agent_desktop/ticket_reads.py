"""Owns the audit of who reads a ticket that is not of their own work: once a person, ticket and hour (R96); synchronous."""

from __future__ import annotations

from threading import Lock

from sqlalchemy import Engine, exists, select

from hotline_core.adapters.audit import write_audit
from hotline_core.adapters.engine import writing
from hotline_core.adapters.tickets_schema import audit

ACT = "ticket_read"
HOUR_S = 3600.0


class TicketReads:
    """Writes the row before the ticket is told; call it off the event loop. What was written this hour is remembered, so that a
    page that looks again every few seconds asks the database once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = Lock()
        self._hour = 0
        self._written: set[tuple[str, str]] = set()

    def read(self, login: str, role: str, number: str, now: float) -> None:
        """Keep that somebody read this ticket at `now` (epoch seconds); SQLAlchemy's errors when it cannot be kept."""
        hour = int(now // HOUR_S)
        with self._lock:
            if hour != self._hour:
                self._hour, self._written = hour, set()
            if (login, number) in self._written:
                return
            with writing(self._engine) as connection:
                before = (audit.c.subject == number, audit.c.act == ACT, audit.c.actor == login, audit.c.at >= hour * HOUR_S)
                if not connection.scalar(select(exists().where(*before))):
                    write_audit(connection, at=now, actor=login, act=ACT, subject=number, facts={"role": role})
            self._written.add((login, number))

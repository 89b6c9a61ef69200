"""Owns what the tickets database tells of calls: which work orders a call belongs to, which are complaints, when they closed.

A call to a citizen belongs to the work orders of the call that it is about, too: so the talk in which a result was told is kept as
long as the complaint itself.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Engine, select

from hotline_core.adapters.calls_schema import CALLS
from hotline_core.adapters.engine import reading
from recordings.retention import Ticket
from tickets.store.schema import ticket_bodies, tickets

COMPLAINTS: Final = frozenset({"complaint", "report"})
BATCH: Final = 500
LONGEST_CHAIN: Final = 20  # of tickets merged into tickets
LONGEST_ABOUT: Final = 20  # of calls about calls
MOST_CHANGED: Final = 2000


class TicketFacts:
    """Reads only; SQLAlchemyError goes through: then nothing is decided about any recording."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_calls(self, calls: Collection[str]) -> Mapping[str, tuple[Ticket, ...]]:
        """The tickets of these calls; one that was merged counts as the one it was merged into, a void one not at all."""
        found: dict[str, list[Ticket]] = {}
        with reading(self._engine) as connection:
            query = select(tickets.c.call_id, *_COLUMNS).where(tickets.c.call_id.in_(calls)).order_by(tickets.c.number)
            for row in connection.execute(query).all():
                last = _merged_into(connection, row) if row.stage == "merged" else row
                if last is not None and last.stage != "void":
                    found.setdefault(row.call_id, []).append(Ticket(last.number, last.klass in COMPLAINTS, last.closed_at))
        return {call_id: tuple(each) for call_id, each in found.items()}

    def changed(self, after: tuple[float, str]) -> tuple[tuple[str, ...], tuple[float, str]]:
        """The calls of tickets changed after that place (changed_at, number), oldest first, and the place to go on from."""
        at, number = after
        later = (tickets.c.changed_at > at) | ((tickets.c.changed_at == at) & (tickets.c.number > number))
        query = select(tickets.c.call_id, tickets.c.changed_at, tickets.c.number).where(later)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(tickets.c.changed_at, tickets.c.number).limit(MOST_CHANGED)).all()
        calls = tuple(dict.fromkeys(row.call_id for row in rows if row.call_id))
        return calls, (rows[-1].changed_at, rows[-1].number) if rows else after


_COLUMNS: Final = (tickets.c.number, tickets.c.stage, tickets.c.klass, tickets.c.closed_at)


def whom_about(connection: Connection, calls: Collection[str]) -> dict[str, tuple[str, ...]]:
    """By each of these calls: itself, the call that it is about, the one that this is about, and so on. Of the calls database."""
    found = {call_id: [call_id] for call_id in calls}
    ends = {call_id: [call_id] for call_id in calls}  # whose chain has got as far as this call
    for _ in range(LONGEST_ABOUT):
        query = select(CALLS.c.call_id, CALLS.c.about).where(CALLS.c.call_id.in_(list(ends)), CALLS.c.about.is_not(None))
        further: dict[str, list[str]] = {}
        for row in connection.execute(query):
            for call_id in ends[row.call_id]:
                if row.about not in found[call_id]:
                    found[call_id].append(row.about)
                    further.setdefault(row.about, []).append(call_id)
        if not further:
            break
        ends = further
    return {call_id: tuple(each) for call_id, each in found.items()}


def about_whom(connection: Connection, calls: Sequence[str]) -> tuple[str, ...]:
    """These calls, and all that are about them, directly or by another; in that order. Of the calls database."""
    found = dict.fromkeys(calls)
    some = list(found)
    for _ in range(LONGEST_ABOUT):
        fresh: list[str] = []
        for start in range(0, len(some), BATCH):
            query = select(CALLS.c.call_id).where(CALLS.c.about.in_(some[start : start + BATCH])).order_by(CALLS.c.call_id)
            fresh += [call_id for call_id in connection.execute(query).scalars() if call_id not in found]
        if not fresh:
            break
        found |= dict.fromkeys(fresh)
        some = fresh
    return tuple(found)


def _merged_into(connection: Connection, row: Any) -> Any:
    """The ticket at the end; None where it leads in a circle."""
    for _ in range(LONGEST_CHAIN):
        if row is None or row.stage != "merged":
            return row
        life = connection.execute(select(ticket_bodies.c.life).where(ticket_bodies.c.number == row.number)).scalar_one()
        into = json.loads(life).get("merged_into")
        row = connection.execute(select(*_COLUMNS).where(tickets.c.number == into)).one_or_none()
    return None

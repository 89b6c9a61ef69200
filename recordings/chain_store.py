"""Owns the chain's rows: appended in the transaction of what they tell of, closed when their day is over, read in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, insert, select, text, update

from hotline_core.adapters.calls_schema import CHAIN, DAYS
from recordings.chain import FIRST_PREV, Day, Fact, Kind, Link, day_of, link
from recordings.naming import Piece

_LOCK: Final = 0x72656373  # any number; one writer of the chain at a time on PostgreSQL too
AT_ONCE: Final = 1000


def append(connection: Connection, kind: Kind, piece: Piece, facts: Mapping[str, Fact], now: float) -> Link:
    """The next link, in the caller's transaction. A clock that was set back makes no link in a day that is over."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    last = connection.execute(select(DAYS).order_by(DAYS.c.day.desc()).limit(1)).one_or_none()
    today = day_of(now)
    if last is None or last.day < today or last.closed_at is not None:
        if last is not None and last.day >= today:  # closed, and the clock went back behind it
            today = _following(last.day)
        head = FIRST_PREV if last is None else last.head
        connection.execute(insert(DAYS).values(day=today, prev=head, count=0, head=head))
        count = 0
    else:
        today, head, count = last.day, last.head, last._mapping["count"]
    made = link(head, today, count + 1, kind, piece, facts)
    connection.execute(insert(CHAIN).values(asdict(made)))
    connection.execute(update(DAYS).where(DAYS.c.day == today).values(count=made.position, head=made.hash))
    return made


def are_open(connection: Connection, now: float) -> bool:
    """Whether a day that is over is not closed yet."""
    return connection.execute(_days().where(DAYS.c.closed_at.is_(None), DAYS.c.day < day_of(now)).limit(1)).first() is not None


def close_days(connection: Connection, now: float) -> None:
    """Close each day that is over: from then on its head does not change."""
    over = (DAYS.c.closed_at.is_(None), DAYS.c.day < day_of(now))
    connection.execute(update(DAYS).where(*over).values(closed_at=now))


def untold_days(connection: Connection) -> list[Day]:
    """Closed days whose heads are not outside yet, oldest first."""
    return [_day(row) for row in connection.execute(_days().where(DAYS.c.closed_at.is_not(None), DAYS.c.told_at.is_(None)))]


def mark_told(connection: Connection, days: list[Day], now: float) -> None:
    """Their heads are outside."""
    connection.execute(update(DAYS).where(DAYS.c.day.in_([day.day for day in days])).values(told_at=now))


def all_days(connection: Connection) -> Iterator[Day]:
    """In order."""
    for row in connection.execution_options(yield_per=AT_ONCE).execute(_days()):
        yield _day(row)


def all_links(connection: Connection) -> Iterator[Link]:
    """In order; memory flat."""
    query = select(CHAIN).order_by(CHAIN.c.day, CHAIN.c.position)
    for row in connection.execution_options(yield_per=AT_ONCE).execute(query):
        yield Link(**row._mapping)


def _days() -> Select[Any]:
    return select(DAYS.c.day, DAYS.c.prev, DAYS.c.count, DAYS.c.head).order_by(DAYS.c.day)


def _day(row: Row[Any]) -> Day:
    return Day(**row._mapping)


def _following(day: str) -> str:
    """The day after that one."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()

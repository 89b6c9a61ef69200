"""Owns what people are to be told of tickets, and that somebody has seen it; synchronous, call it off the event loop.

An audience is "unit:KEY", "head:KEY", "centre" or "leadership"; what one of an audience has seen is seen.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Select, func, select, update

from hotline_core.adapters.engine import reading, writing
from tickets.store.schema import notices


@dataclass(frozen=True, slots=True)
class Notice:
    """Something of a ticket that an audience is told; times are epoch seconds, `facts` hold nothing of the citizen."""

    id: int
    number: str
    audience: str
    kind: str
    at: float
    facts: Mapping[str, Any]
    seen_at: float | None
    seen_by: str | None


class Notices:
    """Reads notices and marks them as seen; they are written with the act or the mark that made them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_ticket(self, number: str, limit: int, audiences: Collection[str] | None = None) -> tuple[Notice, ...]:
        """The newest notices of a ticket; `audiences` None: to whomever they went."""
        query = select(notices).where(notices.c.number == number)
        if audiences is not None:
            query = query.where(notices.c.audience.in_(sorted(audiences)))
        return self._read(query.order_by(notices.c.id.desc()).limit(limit))

    def told(self, audiences: Collection[str], limit: int, *, unseen: bool = False) -> tuple[Notice, ...]:
        """The newest notices to these audiences."""
        query = select(notices).where(notices.c.audience.in_(sorted(audiences)))
        if unseen:
            query = query.where(notices.c.seen_at.is_(None))
        return self._read(query.order_by(notices.c.at.desc(), notices.c.id.desc()).limit(limit))

    def unseen(self, audiences: Collection[str]) -> int:
        """How many nobody of these audiences has seen yet."""
        query = select(func.count()).where(notices.c.audience.in_(sorted(audiences)), notices.c.seen_at.is_(None))
        with reading(self._engine) as connection:
            return int(connection.scalar(query) or 0)

    def seen(self, ids: Iterable[int], audiences: Collection[str], *, by: str, now: float) -> int:
        """Mark as seen what is to these audiences and was not seen before; how many that were."""
        wanted = (notices.c.id.in_(sorted(ids)), notices.c.audience.in_(sorted(audiences)), notices.c.seen_at.is_(None))
        with writing(self._engine) as connection:
            return int(connection.execute(update(notices).where(*wanted).values(seen_at=now, seen_by=by)).rowcount)

    def _read(self, query: Select[Any]) -> tuple[Notice, ...]:
        with reading(self._engine) as connection:
            return tuple(
                Notice(row.id, row.number, row.audience, row.kind, row.at, json.loads(row.facts), row.seen_at, row.seen_by)
                for row in connection.execute(query)
            )

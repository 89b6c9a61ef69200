"""Owns the filters that people have saved: each person's own, in the order they chose; synchronous, call it off the event loop."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Engine, delete, func, select, update

from hotline_core.adapters.engine import reading, writing
from hotline_core.adapters.tickets_schema import people
from hotline_core.errors import Conflict, NotFound
from tickets.store.schema import saved_filters

MOST = 30
Query = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """A filter under the name its person gave it; `query` is what a list is asked with."""

    name: str
    query: Query
    position: int


class SavedFilters:
    """Reads and writes saved filters."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, login: str) -> tuple[SavedFilter, ...]:
        """Somebody's filters, in their order."""
        query = select(saved_filters).where(saved_filters.c.login == login).order_by(saved_filters.c.position, saved_filters.c.name)
        with reading(self._engine) as connection:
            return tuple(SavedFilter(row.name, json.loads(row.query), row.position) for row in connection.execute(query))

    def put(self, login: str, saved: SavedFilter) -> None:
        """Add a filter or change the one of that name; Conflict `too_many_filters` (most)."""
        row = {"query": json.dumps(saved.query, ensure_ascii=False, sort_keys=True), "position": saved.position}
        with writing(self._engine) as connection:
            _one_at_a_time(connection, login)
            if connection.execute(update(saved_filters).where(*_is(login, saved.name)).values(row)).rowcount:
                return
            if int(connection.scalar(select(func.count()).where(saved_filters.c.login == login)) or 0) >= MOST:
                raise Conflict("too_many_filters", most=MOST)
            connection.execute(saved_filters.insert().values(login=login, name=saved.name, **row))

    def remove(self, login: str, name: str) -> None:
        """Forget a filter; NotFound `unknown_filter`."""
        with writing(self._engine) as connection:
            if not connection.execute(delete(saved_filters).where(*_is(login, name))).rowcount:
                raise NotFound("unknown_filter")


def _is(login: str, name: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return saved_filters.c.login == login, saved_filters.c.name == name


def _one_at_a_time(connection: Connection, login: str) -> None:
    """Two pages of the same person save one after the other (PostgreSQL)."""
    connection.execute(select(people.c.login).where(people.c.login == login).with_for_update())

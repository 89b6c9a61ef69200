"""Owns which tickets a citizen already has: made from calls of the number, or with it as the number to be reached at."""

from __future__ import annotations

import re
from collections.abc import Collection

from sqlalchemy import Engine, select

from hotline_core.adapters.engine import reading
from hotline_core.domain.numbers import of_caller
from tickets.store.listing import Filter, Row, conditions, of_row
from tickets.store.orders import Orders
from tickets.store.schema import tickets
from tickets.store.search import Search

_GROUPS = (
    re.compile(r"(1[3-9][0-9])([0-9]{4})([0-9]{4})"),
    re.compile(r"(0(?:10|2[0-9]))([0-9]{7,8})"),
    re.compile(r"(0[3-9][0-9]{2})([0-9]{7,8})"),
)
MOST_CALLS = 200  # ids that one query asks for


class History:
    """Reads what was written before; synchronous, call it off the event loop."""

    def __init__(self, engine: Engine, orders: Orders, search: Search) -> None:
        self._engine = engine
        self._orders = orders
        self._search = search

    def of_caller(
        self, number: str, calls: Collection[str], *, area_code: str, visible: frozenset[str] | None, now: float, limit: int = 20
    ) -> tuple[Row, ...]:
        """Tickets of every line and source, newest first; `number` is whole and in national form, `calls` are the ids of its calls.

        A number that only stands in somebody's words is not that citizen's: what was found by it is compared with the ticket's own.
        """
        wanted = Filter(visible=visible)
        found = {row.number: row for row in self._of_calls(calls, wanted, now)}
        if number:
            page = self._search.page(in_groups(number), wanted, now=now, people_too=True, limit=2 * limit)
            others = {row.number: row for row in page.rows if row.number not in found}
            contents = self._orders.contents(others) if others else {}
            found |= {key: others[key] for key, each in contents.items() if of_caller(each.number, area_code) == number}
        return tuple(sorted(found.values(), key=lambda row: row.number, reverse=True)[:limit])

    def _of_calls(self, calls: Collection[str], wanted: Filter, now: float) -> tuple[Row, ...]:
        ids = sorted(calls)[-MOST_CALLS:]
        if not ids:
            return ()
        columns = [tickets.c[name] for name in Row.__dataclass_fields__]
        query = select(*columns).where(tickets.c.call_id.in_(ids), *conditions(wanted, now))
        with reading(self._engine) as connection:
            return tuple(of_row(each) for each in connection.execute(query))


def in_groups(number: str) -> str:
    """The number in the groups people write it in, as words: each stands in it whether it was written with blanks or without."""
    for pattern in _GROUPS:
        if found := pattern.fullmatch(number):
            return " ".join(found.groups())
    return number

"""Owns tickets as a table for other programs: a page at a time, never more in memory (tickets/store/sheets.py writes it)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from hotline_core.domain.day import day_start
from tickets.names import Names
from tickets.policy import Policy
from tickets.store.listing import DAY_S, LARGEST_PAGE, SOON_S, Filter, Listing, Page, Row
from tickets.store.orders import Orders
from tickets.store.search import Search
from tickets.store.sheets import Headings, Sheet, told_at
from tickets.ticket import Content

COLUMNS = Path(__file__).parents[1] / "export.yaml"
MOST_ROWS = 1_000_000  # a sheet has 48 576 more
_WIDE = {"title": 30, "text": 60, "place": 24, "address": 24}  # characters of a column


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to export and for whom: `veiled` takes out of a content what the reader must not see; `query` as in a search."""

    kept: Filter
    now: float
    veiled: Callable[[Content], Content]
    query: str = ""
    people_too: bool = False


class Export:
    """Writes tables of tickets, newest first; synchronous and long, call it off the event loop."""

    def __init__(self, engine: Engine, headings: Headings, names: Names, policy: Policy) -> None:
        self._listing = Listing(engine)
        self._search = Search(engine)
        self._orders = Orders(engine)
        self._headings = headings
        self._names = names
        self._policy = policy

    def sheet(self, wanted: Wanted) -> Sheet:
        """Every ticket that is wanted, as a table."""
        return Sheet(self._headings, self._pages(wanted), _WIDE)

    def _pages(self, wanted: Wanted) -> Iterator[list[list[str]]]:
        cursor: str | None = None
        for _ in range(MOST_ROWS // LARGEST_PAGE):
            page = self._page(wanted, cursor)
            contents = self._orders.contents([row.number for row in page.rows])
            yield [self._cells(row, wanted.veiled(contents[row.number]), wanted.now) for row in page.rows if row.number in contents]
            cursor = page.next
            if cursor is None:
                return

    def _page(self, wanted: Wanted, cursor: str | None) -> Page:
        if wanted.query:
            return self._search.page(
                wanted.query, wanted.kept, now=wanted.now, people_too=wanted.people_too, after=cursor, limit=LARGEST_PAGE
            )
        return self._listing.page(wanted.kept, "newest", cursor, LARGEST_PAGE, now=wanted.now)

    def _cells(self, row: Row, content: Content, now: float) -> list[str]:
        catalogue, names = self._policy.catalogue, self._names
        unit = self._policy.units.get(row.unit)
        found = {
            "number": row.number, "stage": names.stages.get(row.stage, row.stage), "line": row.line,
            "source": catalogue.sources.get(row.source, row.source), "klass": catalogue.class_name(row.line, row.klass),
            "field": catalogue.field_name(row.line, row.field), "area": catalogue.areas.get(row.area, row.area),
            "topic": catalogue.topics.get(row.topic, row.topic), "is_urgent": self._headings.yes if row.is_urgent else "",
            "is_safety": self._headings.yes if row.is_safety else "", "title": content.title, "text": content.text,
            "place": content.place, "object": content.object, "happened_at": content.happened_at,
            "caller_kind": names.caller_kinds.get(content.caller_kind, content.caller_kind), "name": content.name,
            "telephone": content.number, "address": content.address, "unit": unit.name if unit is not None else row.unit,
            "made_at": told_at(row.created_at), "changed_at": told_at(row.changed_at), "due_at": told_at(row.due_at),
            "left": names.left[left_of(row.due_at, now)], "closed_at": told_at(row.closed_at),
        }  # fmt: skip
        return [found[key] for key in self._headings.columns]


def left_of(due_at: float | None, now: float) -> str:
    """The key of the time left, as the filter `left` has it."""
    if due_at is None:
        return "none"
    if due_at < now:
        return "late"
    tomorrow = day_start(now) + DAY_S
    return "today" if due_at < tomorrow else "soon" if due_at < max(tomorrow, now + SOON_S) else "calm"

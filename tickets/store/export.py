"""Owns tickets as a table for other programs: CSV and XLSX, a page at a time, never more in memory, no cell a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import xlsxwriter
import yaml
from sqlalchemy import Engine

from hotline_core.domain.day import day_start
from tickets.limits import SHANGHAI
from tickets.names import Names
from tickets.policy import Policy
from tickets.store.listing import DAY_S, LARGEST_PAGE, SOON_S, Filter, Listing, Page, Row
from tickets.store.orders import Orders
from tickets.store.search import Search
from tickets.ticket import Content

COLUMNS = Path(__file__).parents[1] / "export.yaml"
MOST_ROWS = 1_000_000  # a sheet has 48 576 more
_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_WIDE = {"title": 30, "text": 60, "place": 24, "address": 24}  # characters of a column; others 16


@dataclass(frozen=True, slots=True)
class Headings:
    """What export.yaml says: columns in order with their headings, the word in a cell that is true, the sheet's name."""

    columns: Mapping[str, str]
    yes: str
    sheet: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to export and for whom: `veiled` takes out of a content what the reader must not see; `query` as in a search."""

    kept: Filter
    now: float
    veiled: Callable[[Content], Content]
    query: str = ""
    people_too: bool = False


def load_headings(path: Path = COLUMNS) -> Headings:
    """Read them."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    columns = {str(key): str(name) for key, name in data["columns"].items()}
    return Headings(columns, str(data["yes"]), str(data["sheet"]))


class Export:
    """Writes tables of tickets, newest first; synchronous and long, call it off the event loop."""

    def __init__(self, engine: Engine, headings: Headings, names: Names, policy: Policy) -> None:
        self._listing = Listing(engine)
        self._search = Search(engine)
        self._orders = Orders(engine)
        self._headings = headings
        self._names = names
        self._policy = policy

    def csv(self, wanted: Wanted) -> Iterator[bytes]:
        """UTF-8 with its mark, a piece for each page; a cell that a spreadsheet would compute begins with an apostrophe."""
        yield "\ufeff".encode() + _lines([list(self._headings.columns.values())])
        for page in self._pages(wanted):
            yield _lines([[_harmless(cell) for cell in cells] for cells in page])

    def xlsx(self, wanted: Wanted, path: Path) -> int:
        """Write a workbook; the number of tickets in it. Every cell is text."""
        # what it sets aside while writing is citizens' data too: beside the file, not in a folder of everybody's
        options = {
            "tmpdir": str(path.parent), "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
            "strings_to_numbers": False,
        }  # fmt: skip
        count = 0
        with xlsxwriter.Workbook(path, options) as book:
            sheet = book.add_worksheet(self._headings.sheet)
            bold = book.add_format({"bold": True})
            for place, (key, name) in enumerate(self._headings.columns.items()):
                sheet.set_column(place, place, _WIDE.get(key, 16))
                sheet.write_string(0, place, name, bold)
            sheet.freeze_panes(1, 1)
            for page in self._pages(wanted):
                for cells in page:
                    count += 1
                    for place, cell in enumerate(cells):
                        sheet.write_string(count, place, cell)
        return count

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
            "made_at": _told(row.created_at), "changed_at": _told(row.changed_at), "due_at": _told(row.due_at),
            "left": names.left[left_of(row.due_at, now)], "closed_at": _told(row.closed_at),
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


def _told(at: float | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_BEGINS_FORMULA) else cell


def _lines(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()

"""Owns the ledger of improper returns (R52): which ones were judged in a period, how many of each unit, and the same as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, select, tuple_

from hotline_core.adapters.engine import reading
from hotline_core.errors import BadInput
from tickets.store.schema import improper_returns, tickets
from tickets.store.sheets import Headings, Sheet, told_at
from tickets.units import Units

COLUMNS = Path(__file__).parents[1] / "returns.yaml"
LARGEST_PAGE = 200
MOST_ROWS = 1_000_000
_WIDE = {"title": 30, "unit": 24, "reason": 60}
_C = improper_returns.c


@dataclass(frozen=True, slots=True)
class Period:
    """Judged from `since` on and before `until` (epoch seconds; None: open), by any of `units` (empty: all)."""

    since: float | None = None
    until: float | None = None
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A judgement: the `nth` of its ticket; times are epoch seconds; withdrawn by a review where `withdrawn_at` is given."""

    number: str
    nth: int
    unit: str
    asked_at: float
    reason: str
    judged_by: str
    judged_at: float
    withdrawn_by: str
    withdrawn_at: float | None
    title: str


@dataclass(frozen=True, slots=True)
class OfUnit:
    """How many returns of a unit were judged improper and still are, and of how many the judgement was withdrawn."""

    unit: str
    count: int
    withdrawn: int


class Returns:
    """Reads the ledger; synchronous, call it off the event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def page(self, period: Period, after: str | None = None, limit: int = 50) -> tuple[tuple[Entry, ...], str | None]:
        """Entries, the newest judgement first, and the key that the next page begins after; BadInput `bad_cursor`."""
        limit = max(1, min(limit, LARGEST_PAGE))
        columns = [_C[name] for name in Entry.__dataclass_fields__ if name != "title"]
        query = select(*columns, tickets.c.title).join(tickets, tickets.c.number == _C.number).where(*_kept(period))
        if after is not None:
            query = query.where(tuple_(_C.judged_at, _C.number, _C.nth) < tuple_(*_read_cursor(after)))
        query = query.order_by(_C.judged_at.desc(), _C.number.desc(), _C.nth.desc()).limit(limit + 1)
        with reading(self._engine) as connection:
            found = [Entry(**row._mapping) for row in connection.execute(query)]
        last = found[limit - 1] if len(found) > limit else None
        return tuple(found[:limit]), None if last is None else f"{last.judged_at!r}~{last.number}~{last.nth}"

    def by_unit(self, period: Period) -> tuple[OfUnit, ...]:
        """The figure of each unit in the period, most first."""
        query = select(_C.unit, func.count().label("all"), func.count(_C.withdrawn_at).label("withdrawn")).where(*_kept(period))
        with reading(self._engine) as connection:
            rows = connection.execute(query.group_by(_C.unit)).all()
        found = [OfUnit(row.unit, row.all - row.withdrawn, row.withdrawn) for row in rows]
        return tuple(sorted(found, key=lambda each: (-each.count, -each.withdrawn, each.unit)))

    def sheet(
        self, period: Period, headings: Headings, units: Units, names: Mapping[str, str],
        veiled: Callable[[tuple[Entry, ...]], tuple[Entry, ...]],
    ) -> Sheet:  # fmt: skip
        """The entries of the period as a table; `names` of people by login, `veiled` takes out what the reader may not know."""

        def pages() -> Iterator[list[list[str]]]:
            cursor: str | None = None
            for _ in range(MOST_ROWS // LARGEST_PAGE):
                page, cursor = self.page(period, cursor, LARGEST_PAGE)
                yield [_cells(each, headings, units, names) for each in veiled(page)]
                if cursor is None:
                    return

        return Sheet(headings, pages(), _WIDE)


def _cells(entry: Entry, headings: Headings, units: Units, names: Mapping[str, str]) -> list[str]:
    unit = units.get(entry.unit)
    found = {
        "number": entry.number, "title": entry.title, "unit": unit.name if unit is not None else entry.unit,
        "asked_at": told_at(entry.asked_at), "reason": entry.reason, "judged_by": names.get(entry.judged_by, entry.judged_by),
        "judged_at": told_at(entry.judged_at), "withdrawn": headings.yes if entry.withdrawn_at is not None else "",
        "withdrawn_by": names.get(entry.withdrawn_by, entry.withdrawn_by), "withdrawn_at": told_at(entry.withdrawn_at),
    }  # fmt: skip
    return [found[key] for key in headings.columns]


def _kept(period: Period) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [_C.judged_at >= period.since] if period.since is not None else []
    found += [_C.judged_at < period.until] if period.until is not None else []
    return [*found, _C.unit.in_(period.units)] if period.units else found


def _read_cursor(cursor: str) -> tuple[Any, ...]:
    at, _, rest = cursor.partition("~")
    number, _, nth = rest.partition("~")
    try:
        place = float(at), number, int(nth)
    except ValueError as error:
        raise BadInput("bad_cursor", field="after") from error
    if not 0 <= place[2] <= MOST_ROWS:  # no database has a place for any number of digits
        raise BadInput("bad_cursor", field="after")
    return place

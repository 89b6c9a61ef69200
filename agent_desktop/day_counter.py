"""Keeps the day's counts fresh: asks the calls database when the ledger was applied further, and tells the hub."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass

from sqlalchemy import Engine

from agent_desktop.blocking import Blocking
from agent_desktop.refusals import Unavailable
from hotline_core.adapters.day_store import DayStore, Ends
from hotline_core.city import City, Indicators
from hotline_core.domain.day import LineDay, Rate, average_wait, connect_rate, day_start, service_level, total

EVERY_S = 1.0
WAIT_S = 3.0
Told = dict[str, object]


@dataclass(frozen=True, slots=True)
class Count:
    """What one look at the calls database gave."""

    applied: int
    start: float
    lines: tuple[LineDay, ...]
    ended: tuple[Ends, ...]


class DayCounter:
    """The counts of today; `ended` are the ends of calls since the desk started, by line and outcome."""

    def __init__(self, engine: Engine, city: City, now: Callable[[], float], on_change: Callable[[Told], None]) -> None:
        self._store = DayStore(engine)
        self._city = city
        self._now = now
        self._on_change = on_change
        # A thread of its own: a database that hangs holds up neither the lists nor, behind them, this.
        self._thread = Blocking(1, code="calls_database_down")
        self._count: Count | None = None
        self._seq = 0
        self._is_sure = False
        self.ended: dict[tuple[str, str], int] = {}

    async def run(self) -> None:
        """Look once a second until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY_S)

    def close(self) -> None:
        """Take no more work."""
        self._thread.close()

    async def look(self) -> None:
        """One look; what was known last stays, marked unsure, while the database is away."""
        now = self._now()
        try:
            count = await self._thread.run(lambda: self._read(now), timeout_s=WAIT_S)
        except Unavailable:
            if self._is_sure and self._count is not None:
                self._is_sure = False
                self._tell(self._count, now)
            return
        if count is None and self._is_sure:
            return
        self._is_sure = True
        if count is not None:
            self._count = count
            for ends in count.ended:
                key = (ends.line, ends.outcome)
                self.ended[key] = self.ended.get(key, 0) + ends.count
        if self._count is not None:
            self._tell(self._count, now)

    def _read(self, now: float) -> Count | None:
        """In the thread: a fresh count, or None when nothing can have changed since the last."""
        known, start = self._count, day_start(now)
        applied = self._store.applied()
        if known is not None and known.applied == applied and known.start == start:
            return None
        # Calls that ended before the desk started are not ours to count; a database made anew begins at 0 again.
        after = known.applied if known is not None and known.applied <= applied else applied
        ended = self._store.ended(after, applied) if applied > after else ()
        return Count(applied, start, self._store.lines(start, self._city.indicators.answer_within_s), ended)

    def _tell(self, count: Count, now: float) -> None:
        self._seq += 1
        self._on_change({"seq": self._seq, "at": now, "sure": self._is_sure, **told(count, self._city)})


def told(count: Count, city: City) -> Told:
    """A day as the API and the pages tell it; every line of the city has a row, in the city's order."""
    found = {day.line: day for day in count.lines}
    names = {key: line.name for key, line in city.lines.items()}
    days = [found.pop(key, LineDay(key)) for key in names] + list(found.values())
    return {
        "start": count.start,
        "limits": city.indicators.model_dump(),
        "lines": [{**_line(day, city.indicators), "name": names.get(day.line, "")} for day in days],
        "total": _line(total(days), city.indicators),
    }


def _line(day: LineDay, how: Indicators) -> Told:
    counts = {name: value for name, value in asdict(day).items() if name not in ("waited_s", "longest_s")}
    return {
        **counts,
        "by_person": day.by_person,
        "longest_wait_s": day.longest_s,
        "connect_rate": _rate(connect_rate(day)),
        "service_level": _rate(service_level(day, how.service_formula)),
        "average_wait_s": _rate(average_wait(day)),
    }


def _rate(rate: Rate) -> Told:
    return {"value": rate.value, "numerator": rate.numerator, "denominator": rate.denominator}

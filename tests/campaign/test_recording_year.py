"""A city's year of recordings, a million rows: what a night's look costs; and by another way, that nothing ended early or late."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, insert, select

from agent_desktop.migrate import migrate_tickets
from hotline_core.adapters.calls_schema import CALLS, DELETIONS, HELD, HOLDS, RECORDINGS
from hotline_core.adapters.engine import make_engine, reading, writing
from hotline_core.adapters.migrate import migrate_calls
from hotline_core.adapters.recording_search import RecordingFilter, RecordingSearch
from recordings.naming import SHANGHAI
from recordings.verifying import verify
from tests.bench.processes import own_megabytes
from tests.bench.report import rank
from tests.campaign.conftest import OpenTable
from tests.integration.keeping_room import DAY_S, LINE, Room
from tests.integration.servers import own_postgres
from tickets.store.schema import ticket_bodies, tickets

pytestmark = pytest.mark.campaign
ROWS, FILES, AT_ONCE = 1_000_000, 300, 20_000
NIGHTS = (8, 1, 1)  # so many days lie before the next look
MEMORY_MB = 60.0


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database of each kind, with calls and tickets."""
    if request.param == "SQLite":
        migrate_tickets(f"sqlite:///{tmp_path / 'year.sqlite'}")
        yield from _opened(f"sqlite:///{tmp_path / 'year.sqlite'}")
    else:
        with own_postgres() as server:
            url = server.new_database()
            migrate_tickets(url)
            yield from _opened(url)


def _opened(url: str) -> Iterator[Engine]:
    migrate_calls(url)
    made = make_engine(url)
    yield made
    made.dispose()


def test_a_year_of_a_city_is_kept_as_long_as_it_must_and_no_longer(
    engine: Engine, tmp_path: Path, runs: Callable[[int], int], table: OpenTable
) -> None:
    """The last nights before the first ones end and the first nights after: with tickets, emergencies and holds among them."""
    count = runs(ROWS)
    room = Room(engine, tmp_path / "home")
    end = room.now
    room.now = first = end - 359 * DAY_S  # the first ones end within the week
    for number in range(min(FILES, count // 100)):
        room.kept(f"true-{number}")
    room.now = end
    rows_took = _timed(lambda: _fill(engine, first, end, count))
    room.started_again()
    looks: list[float] = []
    with _Memory() as memory:
        for days in NIGHTS:
            began = time.monotonic()
            room.keeper.sweep_all(room.now)
            looks.append(time.monotonic() - began)
            began = time.monotonic()
            while room.keeper.acts.deleting.due(room.now):
                room.keeper._delete(room.now)
            deleting_s = time.monotonic() - began
            room.now += days * DAY_S
            room.counted += days * DAY_S
    gone = _check_all(engine, room.now - NIGHTS[-1] * DAY_S)
    assert gone > count / 365 * 2
    assert not list(tmp_path.rglob("h1-true-0.ogg.enc"))
    proof = verify(engine, room.cabinet, {}, lambda _: None, with_files=False)
    assert [one.code for one in proof.findings if str(one.facts.get("call_id", "")).startswith("h1-true")] == []
    pages = _pages(engine, Random(5), first, end)
    results = table(
        "recording_year", "A year of recordings", "database", "rows", "filled in s", "first look s", "later look s",
        "memory of all looks MB", "deleted", "last night's deletions s", "page of recordings p95 ms",
    )  # fmt: skip
    kind = engine.dialect.name
    results.add(
        kind, count, round(rows_took), round(looks[0], 1), round(rank(looks[1:], 50), 1), round(memory.grown_mb, 1), gone,
        round(deleting_s, 1), round(rank(pages, 95) * 1000, 1),
    )  # fmt: skip
    assert memory.grown_mb < MEMORY_MB


def _fill(engine: Engine, first: float, end: float, count: int) -> None:
    chance = Random(17)
    step = (end - first) / count
    for start in range(0, count, AT_ONCE):
        calls, sounds, orders, bodies = [], [], [], []
        for number in range(start, min(count, start + AT_ONCE)):
            call_id, at = f"h1-{number:07}", first + number * step
            is_urgent = chance.random() < 0.01
            calls.append({
                "call_id": call_id, "line": LINE, "caller": f"138{number % 100_000_000:08}", "dialled": LINE, "state": "ended",
                "arrived_at": at, "ended_at": at + 180, "agent": str(1001 + number % 60), "urgent": is_urgent,
            })  # fmt: skip
            sound = {"call_id": call_id, "started_at": at, "length_s": 180.0, "state": "ready"}
            sounds.append({**sound, "path": f"x/{call_id}", "cipher": "x"})
            if chance.random() < 0.1:
                closed_at = None if chance.random() < 0.1 else at + chance.random() * 30 * DAY_S
                same = dict.fromkeys(("line", "source", "field", "area", "topic", "title", "unit", "made_by"), "x")
                orders.append({
                    **same, "number": f"2026{number:010}", "version": 1, "stage": "in_hand" if closed_at is None else "closed",
                    "klass": chance.choice(("help", "complaint", "consult")), "is_urgent": 0, "is_safety": 0, "call_id": call_id,
                    "created_at": at, "changed_at": at, "closed_at": closed_at,
                })  # fmt: skip
                bodies.append({"number": f"2026{number:010}", "content": "{}", "life": "{}"})
        with writing(engine) as connection:
            connection.execute(insert(CALLS), calls)
            connection.execute(insert(RECORDINGS), sounds)
            connection.execute(insert(tickets), orders)
            connection.execute(insert(ticket_bodies), bodies)
    held = [f"h1-{chance.randrange(count // 50):07}" for _ in range(200)]
    with writing(engine) as connection:
        connection.execute(insert(HOLDS), [{"key": "case", "reason": "x", "by": "x", "at": first}])
        connection.execute(insert(HELD), [{"key": "case", "call_id": each} for each in sorted(set(held))])


def _check_all(engine: Engine, now: float) -> int:
    """Every row by another way: SQL for what belongs to it, the calendar of Python for how long; how many are gone."""
    with reading(engine) as connection:
        held = set(connection.execute(select(HELD.c.call_id)).scalars())
        bound = {row.call_id: row.closed_at for row in connection.execute(select(tickets.c.call_id, tickets.c.closed_at))}
        ended = dict(connection.execute(select(DELETIONS.c.call_id, DELETIONS.c.certified_at)).tuples().all())
        joined = RECORDINGS.outerjoin(CALLS, CALLS.c.call_id == RECORDINGS.c.call_id)
        query = select(RECORDINGS.c.call_id, RECORDINGS.c.state, RECORDINGS.c.started_at, CALLS.c.urgent).select_from(joined)
        gone = 0
        for row in connection.execution_options(yield_per=AT_ONCE).execute(query):
            years = 3 if row.urgent else 1
            least = _years_after(row.started_at, years)
            if row.call_id in bound:
                closed_at = bound[row.call_id]
                least = float("inf") if closed_at is None else max(least, _years_after(closed_at, 5))
            if row.state == "deleted":
                gone += 1
                assert ended[row.call_id] >= least, f"{row.call_id} ended early"
                assert row.call_id not in held, f"{row.call_id} was held"
            else:
                assert row.state == "ready"
                assert row.call_id in held or now < least + 2 * DAY_S, f"{row.call_id} is kept beyond its end"
        return gone


def _years_after(moment: float, years: int) -> float:
    """Midnight after the same day so many years later."""
    day = datetime.fromtimestamp(moment, SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        later = day.replace(year=day.year + years)
    except ValueError:
        later = day.replace(year=day.year + years, month=3, day=1)
    return (later + timedelta(days=1)).timestamp()


def _pages(engine: Engine, chance: Random, first: float, end: float) -> list[float]:
    search, took = RecordingSearch(engine), list[float]()
    for number in range(40):
        at = first + chance.random() * (end - first)
        asked = (RecordingFilter(), RecordingFilter(until=at), RecordingFilter(state="deleted"), RecordingFilter(agent="1007"))
        took.append(_timed(lambda: search.page(asked[number % len(asked)])))  # noqa: B023
    return took


def _timed(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


class _Memory:
    """How much larger this process became, looked at twenty times a second."""

    def __enter__(self) -> _Memory:
        self._start, self._most, self._stop = own_megabytes(os.getpid()), 0.0, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def _look(self) -> None:
        while not self._stop.wait(0.05):
            self._most = max(self._most, own_megabytes(os.getpid()))

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.grown_mb = max(0.0, self._most - self._start)



"""A city's year of recordings, a million rows: what a night's look costs; and by another way, that nothing ended early or late."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, func, select

from agent_desktop.migrate import migrate_tickets
from hotline_core.adapters.calls_schema import RECORDINGS
from hotline_core.adapters.engine import make_engine, reading
from hotline_core.adapters.migrate import migrate_calls
from hotline_core.adapters.recording_search import RecordingFilter, RecordingSearch
from recordings.retention import CLASSES
from recordings.verifying import verify
from tests.bench.processes import own_megabytes
from tests.bench.report import rank
from tests.campaign.conftest import OpenTable
from tests.integration.keeping_room import DAY_S, Room
from tests.integration.servers import own_postgres
from tests.integration.year_check import Checked, check_year
from tests.integration.year_city import CASES, agent_of, caller_of, fill, third_of, ticket_number, year_id
from tests.integration.year_disk import bytes_of_a_minute, bytes_of_key, bytes_of_rows
from tickets.store.schema import tickets

pytestmark = pytest.mark.campaign
ROWS, FILES = 1_000_000, 300
NIGHTS = (8, 1, 1)  # so many days lie before the next look
MEMORY_MB = 60.0
LOOKS, P95_MS = 20, 100.0  # design.md, section 5
GB = 1e9


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
    rows_took = _timed(lambda: fill(engine, first, end, count))
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
    checked = check_year(engine, room.now - NIGHTS[-1] * DAY_S)
    gone = checked.deleted.total()
    _told_classes(engine, checked, table)
    found = _searched(engine, Random(5), first, end, count)
    slow = _told_searches(engine, found, table)
    _told_disk(engine, room, tmp_path / "minute", table)
    results = table(
        "recording_year", "A year of recordings", "database", "rows", "filled in s", "first look s", "later look s",
        "memory of all looks MB", "deleted", "last night's deletions s", "page of recordings p95 ms",
    )  # fmt: skip
    everything = [one for each in found.values() for one in each]
    results.add(
        engine.dialect.name, checked.rows.total(), round(rows_took), round(looks[0], 1), round(rank(looks[1:], 50), 1),
        round(memory.grown_mb, 1), gone, round(deleting_s, 1), round(rank(everything, 95), 1),
    )  # fmt: skip
    assert checked.faults == []
    assert (checked.early, checked.late) == (0, 0)
    assert gone > count / 365 * 2
    assert all(checked.deleted[klass] for klass in CLASSES), "some of each class ended in these nights"
    assert checked.held, "some were kept beyond their end by a case alone"
    assert not list(tmp_path.rglob("h1-true-0.ogg.enc"))
    proof = verify(engine, room.cabinet, {}, lambda _: None, with_files=False)
    assert [one.code for one in proof.findings if str(one.facts.get("call_id", "")).startswith("h1-true")] == []
    assert memory.grown_mb < MEMORY_MB
    assert slow == []


def _told_classes(engine: Engine, checked: Checked, table: OpenTable) -> None:
    rows = table(
        "recording_year_classes", "A year of recordings: every row by its class", "database", "class", "recordings and segments",
        "deleted in these nights", "kept beyond their end by a case", "early", "late",
    )  # fmt: skip
    for klass in CLASSES:
        counts = checked.rows[klass], checked.deleted[klass], checked.held[klass]
        rows.add(engine.dialect.name, klass, *counts, "", "")
    rows.add(
        engine.dialect.name, "all", checked.rows.total(), checked.deleted.total(), checked.held.total(), checked.early, checked.late
    )


def _asks(chance: Random, first: float, end: float, count: int) -> dict[str, RecordingFilter]:
    """One of each kind that the desk offers, another one each time."""
    since = first + chance.random() * (end - first) * 0.9
    length_s = 600.0 + chance.random() * 3000
    return {
        "nothing asked": RecordingFilter(),
        "caller": RecordingFilter(caller=(caller_of(chance),)),
        "agent": RecordingFilter(agent=agent_of(chance)),
        "number dialled": RecordingFilter(dialled=(caller_of(chance),)),
        "third, by number": RecordingFilter(third=(third_of(chance),)),
        "third, by party": RecordingFilter(party=chance.choice(("metro", "rescue"))),
        "time": RecordingFilter(since=since, until=since + chance.random() * 30 * DAY_S),
        "length": RecordingFilter(shortest_s=length_s, longest_s=length_s + 600),
        "class": RecordingFilter(klass=chance.choice(CLASSES)),
        "hold, any": RecordingFilter(is_held=True),
        "hold, one case": RecordingFilter(hold=f"case {chance.randrange(CASES)}"),
        "state": RecordingFilter(state="deleted"),
        "agent, class, time": RecordingFilter(agent=agent_of(chance), klass=chance.choice(CLASSES), since=since),
    }


def _searched(engine: Engine, chance: Random, first: float, end: float, count: int) -> dict[str, list[float]]:
    """By kind: how long each page of fifty took, in milliseconds; of a ticket with the finding of its call and those about it."""
    search, took = RecordingSearch(engine), dict[str, list[float]]()
    for _ in range(LOOKS):
        for name, wanted in _asks(chance, first, end, count).items():
            took.setdefault(name, []).append(_timed(lambda: search.page(wanted)) * 1000)  # noqa: B023
        number = chance.randrange(count // 10) * 10
        took.setdefault("ticket", []).append(_timed(lambda: _of_ticket(engine, search, number)) * 1000)  # noqa: B023
    return took


def _of_ticket(engine: Engine, search: RecordingSearch, number: int) -> None:
    with reading(engine) as connection:
        found = connection.execute(select(tickets.c.call_id).where(tickets.c.number == ticket_number(number))).scalar_one()
    assert found == year_id(number)
    search.page(RecordingFilter(calls=search.with_calls_about(found)))


def _told_searches(engine: Engine, found: dict[str, list[float]], table: OpenTable) -> list[str]:
    """A row for each kind; those that take too long."""
    columns = ("database", "asked", "looks", "median ms", "p95 ms", "budget ms")
    rows = table("recording_year_search", "A year of recordings: finding one", *columns)
    for name, each in found.items():
        rows.add(engine.dialect.name, name, len(each), round(rank(each, 50), 1), round(rank(each, 95), 1), P95_MS)
    return [f"{name}: {rank(each, 95):.0f} ms" for name, each in found.items() if rank(each, 95) > P95_MS]


def _told_disk(engine: Engine, room: Room, folder: Path, table: OpenTable) -> None:
    rows = table("recording_year_disk", "A year of recordings: the disk", "database", "what", "bytes", "of")
    kind, each = engine.dialect.name, bytes_of_rows(engine)
    for name, size in each.items():
        rows.add(kind, f"a row of {name}, with its indexes", round(size), "the database after the last night")
    sound, picture = bytes_of_a_minute(room, folder)
    key = bytes_of_key(room)
    rows.add(kind, "a key", round(key), "the file of keys")
    rows.add(kind, "a minute of sound", round(sound), "both sides like speech, encoded and encrypted")
    rows.add(kind, "the picture of a minute", round(picture), "the same")
    with reading(engine) as connection:
        query = select(func.count(), func.avg(RECORDINGS.c.length_s)).where(RECORDINGS.c.length_s.is_not(None))
        count, mean_s = connection.execute(query).one()
    minutes = count * float(mean_s) / 60
    registered = count * (each["recordings"] + each.get("recording_chain", 0.0) + key) + minutes * picture
    rows.add(kind, f"{count} recordings, mean {float(mean_s):.0f} s: sound, GB", f"{minutes * sound / GB:.1f}", "by the minute")
    rows.add(kind, "their rows, links, keys and pictures, GB", f"{registered / GB:.2f}", "recordings by the sizes above")
    rows.add(kind, "their calls, GB", f"{count * each['calls'] / GB:.2f}", "the same")


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



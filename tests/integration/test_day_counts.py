"""The day's counts from the calls database, on SQLite and PostgreSQL, against a recount from the raw rows; and the desk's pages."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, delete, insert
from websockets.asyncio.client import ClientConnection

from hotline_core.adapters.calls_schema import CALL_EVENTS, CALLS, PROJECTOR
from hotline_core.adapters.day_store import DayStore, Ends
from hotline_core.adapters.engine import make_engine, writing
from hotline_core.domain.day import LineDay, day_start
from hotline_core.domain.records import CallRow
from hotline_core.settings import Settings
from tests.integration.desk_kit import NOW, ORIGIN, Part, open_page, prepare, settings_of, told
from tests.integration.servers import PostgresServer, RedisServer

pytestmark = pytest.mark.integration
MIDNIGHT = 1_795_276_800.0
OUTCOMES = (None, "answered", "duty", "party", "abandoned", "callback", "lost")


def day_of_calls(seed: int, count: int = 300) -> list[CallRow]:
    """Calls of two lines around one day, of every outcome, asked for a person or not; eighths of a second add up exactly."""
    dice = random.Random(seed)
    rows = []
    for number in range(count):
        arrived = MIDNIGHT + dice.randrange(-4000, 8 * 86_400 + 4000) / 8
        outcome = dice.choice(OUTCOMES)
        queued = arrived + dice.randrange(0, 200) / 8 if dice.random() < 0.8 else None
        until = (queued or arrived) + dice.randrange(0, 400) / 8
        is_answered = outcome in ("answered", "duty", "party")
        is_over = outcome in ("abandoned", "lost") or (outcome is not None and dice.random() < 0.8)
        line, state = dice.choice(("12328", "12345")), "ended" if is_over else "waiting"
        times = (arrived, queued, until if is_answered else None, until + 30 * is_answered if is_over else None)
        rows.append(CallRow(f"h1-{seed}.{number}", line, "13800001111", "12328", state, *times, outcome=outcome))
    return rows


def recount(rows: Sequence[CallRow], line: str, within_s: float) -> LineDay:
    """The same counts in plain words, call by call."""
    counts: dict[str, Any] = {one.name: 0 for one in fields(LineDay)} | {"line": line}
    for row in rows:
        if row.line != line or not MIDNIGHT <= row.arrived_at < MIDNIGHT + 86_400:
            continue
        is_asked = row.queued_at is not None or row.outcome in ("answered", "duty", "callback")
        asked_at = row.arrived_at if row.queued_at is None else row.queued_at
        counts["arrived"] += 1
        counts["asked"] += is_asked
        if row.outcome is None:
            counts["waiting" if is_asked else "in_menu"] += 1
        elif not is_asked and row.outcome in ("abandoned", "lost"):
            counts["left_menu"] += 1
        else:
            counts[row.outcome] += 1
        if row.outcome in ("answered", "duty"):
            assert row.answered_at is not None
            counts["waited_s"] += row.answered_at - row.arrived_at
            counts["longest_s"] = max(counts["longest_s"], row.answered_at - row.arrived_at)
            counts["within"] += row.answered_at - asked_at <= within_s
        elif is_asked and row.outcome != "party" and row.ended_at is not None:
            counts["longest_s"] = max(counts["longest_s"], row.ended_at - row.arrived_at)
            counts["abandoned_within"] += row.outcome == "abandoned" and row.ended_at - asked_at <= within_s
    return LineDay(**counts)


@pytest.fixture
def engine(calls_url: str) -> Iterator[Engine]:
    engine = make_engine(calls_url)
    yield engine
    engine.dispose()


@pytest.mark.parametrize(("seed", "within_s"), [(1, 15.0), (2, 10.0), (3, 20.0)])
def test_the_counts_of_a_day_equal_a_recount_from_the_raw_rows(engine: Engine, seed: int, within_s: float) -> None:
    """Every outcome, both lines, calls at both edges of the day; each call counted in exactly one place."""
    rows = day_of_calls(seed)
    with writing(engine) as connection:
        connection.execute(insert(CALLS), [asdict(row) for row in rows])
    counted = {day.line: day for day in DayStore(engine).lines(MIDNIGHT, within_s)}
    assert counted == {line: recount(rows, line, within_s) for line in ("12328", "12345")}
    for day in counted.values():
        todays = [row for row in rows if row.line == day.line and MIDNIGHT <= row.arrived_at < MIDNIGHT + 86_400]
        party_unasked = sum(row.outcome == "party" and row.queued_at is None for row in todays)
        assert day.arrived == day.asked + day.in_menu + day.left_menu + party_unasked
        outcomes = day.answered + day.duty + day.abandoned + day.callback + day.lost + day.waiting + day.party - party_unasked
        assert day.asked == outcomes


def test_a_day_without_calls_has_no_lines_and_no_ends(engine: Engine) -> None:
    """A fresh database answers."""
    store = DayStore(engine)
    assert (store.applied(), store.lines(MIDNIGHT, 15.0), store.ended(0, 100)) == (0, (), ())


def test_ends_of_calls_are_counted_once_by_the_records_that_tell_them(engine: Engine) -> None:
    """By line and outcome, only those between two ledger records."""
    rows = [CallRow(f"h1-1.{n}", "12328" if n % 2 else "12345", "1", "1", "ended", MIDNIGHT, outcome="answered") for n in range(5)]
    events = [
        {"seq": 10 * n + part, "call_id": f"h1-1.{n}", "at": MIDNIGHT, "kind": kind, "facts": {}}
        for n in range(5)
        for part, kind in enumerate(("agent_answered", "call_ended"))
    ]
    with writing(engine) as connection:
        connection.execute(insert(CALLS), [asdict(row) for row in rows])
        connection.execute(insert(CALL_EVENTS), events)
    store = DayStore(engine)
    assert sorted(store.ended(0, 41), key=str) == [Ends("12328", "answered", 2), Ends("12345", "answered", 3)]
    assert sorted(store.ended(11, 31), key=str) == [Ends("12328", "answered", 1), Ends("12345", "answered", 1)]


@pytest.fixture
def settings(short_folder: Path, redis_server: RedisServer, postgres: PostgresServer) -> Settings:
    made = settings_of(short_folder, redis_url=redis_server.url, calls_database=postgres.new_database())
    prepare(made)
    return made


@pytest.fixture
async def http(settings: Settings) -> AsyncGenerator[httpx.AsyncClient, None]:
    """A client of a running desk."""
    more = {"HOTLINE_REDIS_URL": settings.redis, "HOTLINE_CALLS_DATABASE": settings.calls_url}
    part = Part("agent_desktop", settings, settings.paths.desk_socket, **more).start()
    transport = httpx.AsyncHTTPTransport(uds=str(settings.paths.desk_socket))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        yield client
    part.close()


def apply(settings: Settings, seq: int, *rows: CallRow) -> None:
    """What the worker does with one batch of the ledger."""
    engine = make_engine(settings.calls_url)
    with writing(engine) as connection:
        connection.execute(insert(CALLS), [asdict(row) for row in rows])
        connection.execute(delete(PROJECTOR))
        connection.execute(insert(PROJECTOR), {"id": 1, "seq": seq, "updated_at": NOW})
    engine.dispose()


def has_arrived(count: int, *, sure: bool = True) -> Callable[[dict[str, Any]], bool]:
    def is_so(message: dict[str, Any]) -> bool:
        day = message.get("day")
        return day is not None and (day["total"]["arrived"], day["sure"]) == (count, sure)

    return is_so


async def all_told(page: ClientConnection) -> AsyncGenerator[dict[str, Any], None]:
    """Everything that has come to a page by now."""
    with suppress(TimeoutError):
        while True:
            yield json.loads(await asyncio.wait_for(page.recv(), 0.3))


async def test_a_call_changes_the_days_counts_on_the_supervisors_page_and_no_agent_gets_them(
    settings: Settings, http: httpx.AsyncClient, postgres: PostgresServer
) -> None:
    """Pushed after the worker's commit; the same by plain HTTP; with the database away the last figures stay, unsure."""
    agent, supervisor = await open_page(settings, http, "agent1"), await open_page(settings, http, "supervisor1")
    start = day_start(time.time())
    times = (start + 1, start + 5, start + 9, start + 60)
    answered = CallRow("h1-1.1", "12328", "1", "1", "ended", *times, "1001", outcome="answered")
    apply(settings, 5, answered)
    day = (await told(supervisor, has_arrived(1)))["day"]
    assert day["start"] == start
    assert [(line["line"], line["name"], line["answered"]) for line in day["lines"]] == [
        ("12328", "交通运输服务监督热线", 1), ("12345", "政务服务便民热线", 0),
    ]  # fmt: skip
    assert day["total"]["average_wait_s"] == {"value": 8.0, "numerator": 8.0, "denominator": 1}
    assert day["total"]["service_level"] == {"value": 1.0, "numerator": 1, "denominator": 1}
    apply(settings, 9, CallRow("h1-1.2", "12345", "1", "1", "waiting", start + 100, start + 110))
    fresh = (await told(supervisor, has_arrived(2)))["day"]
    assert (fresh["seq"], fresh["total"]["waiting"], fresh["total"]["connect_rate"]["denominator"]) == (day["seq"] + 1, 1, 1)
    assert (await http.get("/api/day")).json() == fresh

    back = asyncio.create_task(asyncio.to_thread(postgres.restart, 3.0))
    await told(supervisor, has_arrived(2, sure=False))
    late = await open_page(settings, http, "supervisor1")
    assert (await told(late, lambda message: message["type"] == "snapshot"))["day"]["sure"] is False
    await back
    await told(late, has_arrived(2))
    heard = [message async for message in all_told(agent)]
    assert {message["type"] for message in heard} <= {"snapshot", "parts"}
    assert heard[0]["day"] is None
    for page in (agent, supervisor, late):
        await page.close()

"""Finding one recording among millions: each condition, and several at once, how long the slow ones take, on both databases."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, insert, text

from hotline_core.adapters.calls_schema import ATTEMPTS, CALLS, HELD, HOLDS, RECORDINGS, TRANSFERS
from hotline_core.adapters.engine import make_engine, writing
from hotline_core.adapters.migrate import migrate_calls
from hotline_core.adapters.recording_search import RecordingFilter, RecordingSearch
from tests.bench.report import rank
from tests.campaign.conftest import OpenTable
from tests.integration.servers import own_postgres

pytestmark = pytest.mark.campaign
ROWS, AT_ONCE, LOOKS, YEAR_S = 3_000_000, 20_000, 30, 365 * 86_400.0
BEGIN = 1_763_000_000.0
P95_MS = 100.0  # design.md, section 5


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A calls database of each kind."""
    if request.param == "SQLite":
        yield from _opened(f"sqlite:///{tmp_path / 'calls.sqlite'}")
    else:
        with own_postgres() as server:
            yield from _opened(server.new_database())


def _opened(url: str) -> Iterator[Engine]:
    migrate_calls(url)
    made = make_engine(url)
    yield made
    made.dispose()


def _fill(engine: Engine, count: int) -> None:
    """A year: sixty agents, one of a hundred calls with a third, one of two thousand held, few long ones, complaints of a month."""
    chance, step = Random(17), YEAR_S / count
    for start in range(0, count, AT_ONCE):
        calls, sounds, asked, tried, held = [], [], [], [], []
        for number in range(start, min(count, start + AT_ONCE)):
            call_id, at = f"h1-{number:07}", BEGIN + number * step
            is_out, caller = chance.random() < 0.05, f"13{chance.randrange(10**6) * 997 % 10**9:09}"
            calls.append({
                "call_id": call_id, "line": "12328" if number % 3 else "12345", "caller": caller, "state": "ended",
                "arrived_at": at, "dialled": caller if is_out else "12328", "ended_at": at + 180,
                "agent": str(1001 + chance.randrange(60)), "direction": "out" if is_out else "in",
            })  # fmt: skip
            is_complaint = number < count // 12 and number % 40 == 0
            klass = "complaint" if is_complaint else "ticket" if number % 10 == 0 else "ordinary"
            length_s = 3600.0 + chance.random() * 600 if number % 2500 == 7 else chance.expovariate(1 / 150)
            state = "failed" if number % 100_000 == 9 else "ready"
            sounds.append({"call_id": call_id, "started_at": at + 8, "length_s": length_s, "state": state, "klass": klass})
            if number % 100 == 0:
                is_rare = number % 50_000 == 0
                party, third = ("rescue", "12395") if is_rare else ("metro", f"0557{3_000_000 + number % 700:07}")
                empty = dict.fromkeys(("kind", "to", "queue", "by"), "")
                same = {"call_id": call_id, "n": 1}
                asked.append({**same, "way": "consult", "asked_at": at + 60, "party": party, "name": party, **empty})
                tried.append({**same, "attempt": 1, "dialled_at": at + 61, "number": third, "trunk": "t"})
            if number % 2000 == 3:
                held.append({"key": f"case {number % 17}", "call_id": call_id})
        with writing(engine) as connection:
            for table, rows in ((CALLS, calls), (RECORDINGS, sounds), (TRANSFERS, asked), (ATTEMPTS, tried), (HELD, held)):
                if rows:
                    connection.execute(insert(table), rows)
    with writing(engine) as connection:
        connection.execute(insert(HOLDS), [{"key": f"case {n}", "reason": "x", "by": "x", "at": BEGIN} for n in range(17)])
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))  # as autovacuum does within a minute


def _asks(chance: Random) -> dict[str, RecordingFilter]:
    """One of each kind, with other numbers, agents and days each time."""
    since = BEGIN + chance.random() * YEAR_S * 0.9
    caller, agent = f"13{chance.randrange(10**6) * 997 % 10**9:09}", str(1001 + chance.randrange(60))
    until = since + YEAR_S / 12
    return {
        "nothing asked": RecordingFilter(),
        "a month": RecordingFilter(since=since, until=until),
        "caller, whole number": RecordingFilter(caller=(caller,)),
        "caller, first three digits": RecordingFilter(caller=(caller[:3],)),
        "caller, seven digits": RecordingFilter(caller=(caller[:7],)),
        "number dialled by us": RecordingFilter(dialled=(caller,)),
        "number dialled by citizens": RecordingFilter(dialled=("12345",)),
        "agent": RecordingFilter(agent=agent),
        "agent, a month": RecordingFilter(agent=agent, since=since, until=until),
        "agent who never was": RecordingFilter(agent="1999"),
        "third party, rare": RecordingFilter(party="rescue"),
        "third party, frequent": RecordingFilter(party="metro"),
        "third's number": RecordingFilter(third=(f"0557{3_000_000 + chance.randrange(7) * 100:07}",)),
        "ticket (its call)": RecordingFilter(calls=(f"h1-{chance.randrange(1000):07}",)),
        "an hour and longer": RecordingFilter(shortest_s=3600.0),
        "ten minutes and longer": RecordingFilter(shortest_s=600.0),
        "class complaint (of one month)": RecordingFilter(klass="complaint"),
        "class ticket, agent": RecordingFilter(klass="ticket", agent=agent),
        "class emergency (there is none)": RecordingFilter(klass="emergency"),
        "held": RecordingFilter(is_held=True),
        "of a case, agent": RecordingFilter(hold="case 3", agent=agent),
        "failed": RecordingFilter(state="failed"),
        "class ordinary, long, agent, a month": RecordingFilter(
            klass="ordinary", agent=agent, shortest_s=900.0, since=since, until=until
        ),
        "ticket class, frequent third, line": RecordingFilter(klass="ticket", party="metro", line="12345"),
    }


def test_a_recording_is_found_among_millions_whatever_is_asked(
    engine: Engine, runs: Callable[[int], int], table: OpenTable
) -> None:
    """A page of fifty, asked cold and warm; the page after it too, where there is one."""
    count = runs(ROWS)
    _fill(engine, count)
    search, chance = RecordingSearch(engine), Random(5)
    took: dict[str, list[float]] = {}
    told: dict[str, tuple[int, bool]] = {}
    for _ in range(LOOKS):
        for name, wanted in _asks(chance).items():
            began = time.monotonic()
            page = search.page(wanted)
            took.setdefault(name, []).append((time.monotonic() - began) * 1000)
            told[name] = (len(page.recordings), page.looked_until is not None)
            if page.next is not None:
                began = time.monotonic()
                search.page(wanted, after=page.next)
                took[name].append((time.monotonic() - began) * 1000)
    results = table(
        "recording_search", "Finding recordings", "database", "rows", "asked", "looks", "median ms", "p95 ms", "rows told",
        "goes on later",
    )  # fmt: skip
    kind, everything = engine.dialect.name, [one for each in took.values() for one in each]
    for name, each in (*took.items(), ("all", everything)):
        rows, goes_on = told.get(name, ("", ""))
        results.add(kind, count, name, len(each), round(rank(each, 50), 1), round(rank(each, 95), 1), rows, goes_on)
    assert rank(everything, 95) <= P95_MS

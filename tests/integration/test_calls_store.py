"""The calls database on SQLite and PostgreSQL: migrations, lists, waiting for a busy writer."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, inspect, text

from hotline_core.adapters.calls_schema import CALL_EVENTS, CALLS, METADATA, RECORDINGS
from hotline_core.adapters.calls_store import CallFilter, CallsStore
from hotline_core.adapters.engine import make_engine, reading, writing
from hotline_core.adapters.migrate import CALLS_MIGRATIONS, CALLS_VERSION_TABLE, is_migrated, migrate, migrate_calls, revisions
from hotline_core.adapters.transfer_store import CallEvidence, TransferStore
from hotline_core.domain.records import CallRow
from hotline_core.errors import BadInput

pytestmark = pytest.mark.integration


@pytest.fixture
def engine(calls_url: str) -> Iterator[Engine]:
    """An engine on a fresh calls database."""
    engine = make_engine(calls_url)
    yield engine
    engine.dispose()


def _row(number: int, **changes: object) -> dict[str, object]:
    row = CallRow(f"h1-1.{number:03d}", "12328", "13800001111", "12328", "ended", 1795301234.25 + number)
    return asdict(row) | changes


def _store(engine: Engine, *rows: dict[str, object]) -> CallsStore:
    with writing(engine) as connection:
        connection.execute(insert(CALLS), list(rows))
    return CallsStore(engine)


def _ids(store: CallsStore, wanted: CallFilter) -> list[str]:
    return [listed.call.call_id for listed in store.list_calls(wanted).calls]


def test_the_migrations_make_exactly_the_tables_the_code_knows(calls_url: str, engine: Engine) -> None:
    """Tables, columns, their kinds and indexes: what runs in service is what the code was written for."""
    assert is_migrated(calls_url, CALLS_MIGRATIONS, CALLS_VERSION_TABLE)
    found = inspect(engine)
    for table in METADATA.sorted_tables:
        columns = {column["name"]: column for column in found.get_columns(table.name)}
        assert list(columns) == [column.name for column in table.columns]
        assert [columns[column.name]["nullable"] for column in table.columns] == [c.nullable for c in table.columns]
        expected = {str(column.type.compile(engine.dialect)) for column in table.columns}
        assert {str(column["type"].compile(engine.dialect)) for column in columns.values()} == expected
        assert {index["name"] for index in found.get_indexes(table.name)} == {index.name for index in table.indexes}


def test_migrating_twice_at_once_is_the_same_as_once(database_url: str) -> None:
    """Two starters wait for each other; nothing fails."""
    reached: list[str] = []
    threads = [threading.Thread(target=lambda: reached.append(migrate_calls(database_url))) for _ in range(2)]
    migrate_calls(database_url)
    for thread in threads:  # alembic's context is one per process, so only the second run is at once
        thread.start()
        thread.join()
    assert reached == [revisions(CALLS_MIGRATIONS)[-1]] * 2


def test_calls_of_the_form_before_directions_are_calls_from_citizens(database_url: str, tmp_path: Path) -> None:
    """A database in service is carried forward with all it holds; nothing was dialled then."""
    former = tmp_path / "former"
    shutil.copytree(CALLS_MIGRATIONS, former, ignore=shutil.ignore_patterns("000[2-9]*", "__pycache__"))
    assert migrate(database_url, former, CALLS_VERSION_TABLE) == "0001"
    engine = make_engine(database_url)
    with writing(engine) as connection:
        connection.execute(text(
            "INSERT INTO calls (call_id, line, caller, dialled, state, arrived_at, outcome) "
            "VALUES ('h1-1.1', '12328', '13800001111', '12328', 'ended', 1795301234.25, 'abandoned')"
        ))  # fmt: skip
    migrate_calls(database_url)
    (listed,) = CallsStore(engine).list_calls(CallFilter()).calls
    assert listed.call == CallRow("h1-1.1", "12328", "13800001111", "12328", "ended", 1795301234.25, outcome="abandoned")
    assert (listed.call.direction, listed.call.about, listed.call.urgent) == ("in", None, False)
    engine.dispose()


def test_a_database_from_before_transfers_is_carried_forward_with_all_it_holds(database_url: str, tmp_path: Path) -> None:
    """Calls and their recordings stay as they were; nobody else was on the line."""
    former = tmp_path / "former"
    shutil.copytree(CALLS_MIGRATIONS, former, ignore=shutil.ignore_patterns("000[4-9]*", "__pycache__"))
    assert migrate(database_url, former, CALLS_VERSION_TABLE) == "0003"
    engine = make_engine(database_url)
    with writing(engine) as connection:
        connection.execute(insert(CALLS), _row(1, urgent=True))
        ready = {"path": "a.wav", "length_s": 1.0, "sha256": "ab", "size": 4, "state": "ready"}
        connection.execute(insert(RECORDINGS), {"call_id": "h1-1.001", "started_at": 5.0, **ready})
    migrate_calls(database_url)
    listed = CallsStore(engine).call("h1-1.001")
    assert listed is not None
    assert (listed.call.urgent, listed.recording) == (True, True)
    assert TransferStore(engine).of_call("h1-1.001") == CallEvidence()
    engine.dispose()


def test_another_part_keeps_its_own_migrations_in_the_same_database(calls_url: str) -> None:
    """PostgreSQL may hold calls and tickets together: each has its own version table."""
    engine = make_engine(calls_url)
    with writing(engine) as connection:
        for table in METADATA.sorted_tables:
            table.drop(connection)
    migrate(calls_url, CALLS_MIGRATIONS, "alembic_version_other")
    assert {"alembic_version_calls", "alembic_version_other"} <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_calls_are_listed_newest_first_page_by_page_none_twice(engine: Engine) -> None:
    """Also when several arrived at the same moment."""
    store = _store(engine, *(_row(number, arrived_at=1795301234.25 + number // 4) for number in range(25)))
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(4):
        page = store.list_calls(CallFilter(limit=7, before=cursor))
        seen += [listed.call.call_id for listed in page.calls]
        cursor = page.next
    assert cursor is None
    assert seen == [f"h1-1.{number:03d}" for number in reversed(range(25))]


def test_each_filter_keeps_the_right_calls(engine: Engine) -> None:
    """Caller, line, since, state, agent."""
    store = _store(
        engine,
        _row(1, caller="13900002222"),
        _row(2, line="12345"),
        _row(3, state="talking", agent="1001"),
        _row(4),
    )
    assert _ids(store, CallFilter(caller="13900002222")) == ["h1-1.001"]
    assert _ids(store, CallFilter(line="12345")) == ["h1-1.002"]
    assert _ids(store, CallFilter(state="talking")) == ["h1-1.003"]
    assert _ids(store, CallFilter(agent="1001")) == ["h1-1.003"]
    assert _ids(store, CallFilter(since=1795301234.25 + 3)) == ["h1-1.004", "h1-1.003"]
    with pytest.raises(BadInput):
        store.list_calls(CallFilter(before="yesterday"))


def test_earlier_calls_of_a_number_and_none_for_a_hidden_one(engine: Engine) -> None:
    """What the ticket shows when a call is offered."""
    store = _store(engine, *(_row(number) for number in range(1, 5)), _row(9, caller=""), _row(10, caller=""))
    earlier = store.earlier_calls("13800001111", before=1795301234.25 + 4, limit=2)
    assert [listed.call.call_id for listed in earlier] == ["h1-1.003", "h1-1.002"]
    assert store.earlier_calls("", before=1895301234.0, limit=5) == ()


def test_a_call_with_its_timeline_and_its_recording(engine: Engine) -> None:
    """Events in order with their facts; times exact to the microsecond; no such call is None."""
    store = _store(engine, _row(1), _row(2))
    with writing(engine) as connection:
        events = [
            {"seq": seq, "call_id": "h1-1.001", "at": 1795301234.123456, "kind": kind, "facts": {"agent": "1001", "n": 1}}
            for seq, kind in ((9, "call_ended"), (3, "agent_rung"))
        ]
        connection.execute(insert(CALL_EVENTS), events)
        ready = {"path": "2026/11/21/h1-1.001.wav", "length_s": 12.5, "sha256": "ab", "size": 2**33, "detail": None}
        rows = [
            {"call_id": "h1-1.001", "started_at": 5.0, "state": "ready", **ready},
            {"call_id": "h1-1.002", "started_at": 6.0, "state": "failed", **dict.fromkeys(ready), "detail": "no_sound"},
        ]
        connection.execute(insert(RECORDINGS), rows)
    listed = store.call("h1-1.001")
    assert listed is not None
    assert listed.recording
    assert (listed.call.arrived_at, store.call("h1-9.9")) == (1795301235.25, None)
    timeline = [(entry.seq, entry.at, entry.kind, entry.facts) for entry in store.timeline("h1-1.001")]
    facts = {"agent": "1001", "n": 1}
    assert timeline == [(3, 1795301234.123456, "agent_rung", facts), (9, 1795301234.123456, "call_ended", facts)]
    recording = store.recording("h1-1.001")
    assert recording is not None
    assert (recording.size, recording.length_s, store.recording("h1-9.9")) == (2**33, 12.5, None)


def test_a_reader_never_waits_for_a_writer(engine: Engine) -> None:
    """The desk lists calls while the worker is in the middle of a transaction, and sees it after the commit."""
    store = CallsStore(engine)
    with writing(engine) as connection:
        connection.execute(insert(CALLS), _row(1))
        began = time.monotonic()
        assert store.list_calls(CallFilter()).calls == ()
        assert time.monotonic() - began < 1.0
    assert len(store.list_calls(CallFilter()).calls) == 1


def test_two_writers_wait_for_each_other_and_both_succeed(engine: Engine) -> None:
    """BEGIN IMMEDIATE: the second waits instead of failing half-way with "database is locked"."""
    inside = threading.Event()

    def slow() -> None:
        with writing(engine) as connection:
            connection.execute(insert(CALLS), _row(1))
            inside.set()
            time.sleep(0.3)

    thread = threading.Thread(target=slow)
    thread.start()
    assert inside.wait(5)
    with writing(engine) as connection:
        connection.execute(text("SELECT count(*) FROM calls"))
        connection.execute(insert(CALLS), _row(2))
    thread.join()
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM calls")).scalar() == 2

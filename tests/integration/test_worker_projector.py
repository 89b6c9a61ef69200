"""The projector on a real ledger and real databases: nothing lost, nothing twice."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import OperationalError

from hotline_core.adapters.callback_store import CallbackStore
from hotline_core.adapters.calls_schema import CALL_EVENTS, RECORDINGS
from hotline_core.adapters.calls_store import CallFilter, CallsStore
from hotline_core.adapters.day_store import DayStore
from hotline_core.adapters.engine import make_engine, reading
from hotline_core.adapters.ledger import Fact, LedgerReader, LedgerWriter
from hotline_core.adapters.migrate import migrate_calls
from hotline_core.adapters.transfer_store import TransferStore
from hotline_core.domain.callbacks import callback_list
from hotline_core.domain.day import day_start
from hotline_core.log import Log
from tests.integration.servers import PostgresServer, wait_until
from worker.projector import Projector

pytestmark = pytest.mark.integration


class Said:
    """A log that remembers its sentences."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def debug(self, event: str, **keys: object) -> None: ...
    def info(self, event: str, **keys: object) -> None: ...
    def warning(self, event: str, **keys: object) -> None: ...

    def error(self, event: str, **keys: object) -> None:
        self.errors.append(event)


@pytest.fixture
def log() -> Said:
    """Where the worker writes."""
    return Said()


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[LedgerWriter]:
    """The bridge's side."""
    writer = LedgerWriter(tmp_path / "ledger", now=time.time, on_trouble=lambda trouble: None)
    yield writer
    writer.close()


@pytest.fixture
def engine(calls_url: str) -> Iterator[Engine]:
    """An engine on a fresh calls database."""
    engine = make_engine(calls_url)
    yield engine
    engine.dispose()


def _projector(engine: Engine, tmp_path: Path, log: Log) -> Projector:
    return Projector(engine, LedgerReader(tmp_path / "ledger"), now=time.time, log=log)


def _one_call(writer: LedgerWriter, call_id: str, at: float = 1795301234.5) -> None:
    writer.append("call_arrived", call_id, at, {"line": "12328"}, {"caller": "13800001111", "dialled": "12328"})
    writer.append("recording_started", call_id, at + 0.2)
    writer.append("queue_entered", call_id, at + 8, {"queue": "main", "priority": 0, "by": "bridge"})
    writer.append("agent_answered", call_id, at + 12, {"agent": "1001"})
    writer.append("call_ended", call_id, at + 60, {"by": "caller", "cause": 16})


def _one_transfer(writer: LedgerWriter, call_id: str, at: float = 1795301260.0) -> None:
    """Busy at the first number; the second answers and hangs up after a minute."""
    facts: dict[str, Fact] = {"n": 1, "way": "consult", "party": "railway", "kind": "hotline", "to": "", "queue": "", "by": "1001"}
    writer.append("third_asked", call_id, at, facts, {"name": "rail"})
    writer.append("third_dialled", call_id, at, {"n": 1, "attempt": 1, "of": 2, "leg": 1, "trunk": "main"}, {"number": "12306"})
    writer.append("third_failed", call_id, at + 2, {"n": 1, "attempt": 1, "cause": 17, "result": "busy"})
    writer.append("third_dialled", call_id, at + 2, {"n": 1, "attempt": 2, "of": 2, "leg": 2, "trunk": "main"}, {"number": "95306"})
    writer.append("third_answered", call_id, at + 5, {"n": 1, "attempt": 2, "waited_s": 5.0})
    writer.append("third_left", call_id, at + 65, {"n": 1, "by": "third", "cause": 16})
    writer.append("transfer_ended", call_id, at + 65, {"n": 1, "outcome": "returned", "last": "third"})


def _drain(projector: Projector) -> int:
    total = 0
    while taken := projector.step():
        total += taken
    return total


def _events(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(CALL_EVENTS)).scalar_one()


def test_a_call_in_the_ledger_becomes_a_row_a_timeline_and_work_for_the_finaliser(
    engine: Engine, writer: LedgerWriter, tmp_path: Path, log: Log
) -> None:
    """Personal facts go into the row only, agents' states into the events only."""
    writer.append("agent_ready", "", 1795301230.0, {"agent": "1001", "reason": "signed_in"})
    _one_call(writer, "h1-1.1")
    assert _drain(_projector(engine, tmp_path, log)) == 6
    store = CallsStore(engine)
    listed = store.list_calls(CallFilter()).calls
    assert [(one.call.call_id, one.call.state, one.call.outcome) for one in listed] == [("h1-1.1", "ended", "answered")]
    assert listed[0].call.caller == "13800001111"
    assert [entry.kind for entry in store.timeline("h1-1.1")][-1] == "call_ended"
    recording = store.recording("h1-1.1")
    assert recording is not None
    assert (recording.state, recording.started_at) == ("pending", 1795301234.7)
    assert store.projector()[0] == 6


def test_a_transfer_in_the_ledger_becomes_rows_for_who_was_asked_each_attempt_and_the_third_s_own_recording(
    engine: Engine, writer: LedgerWriter, tmp_path: Path, log: Log
) -> None:
    """In one batch or in two, and once more by a worker that starts anew: the same rows (R31)."""
    projector = _projector(engine, tmp_path, log)
    _one_call(writer, "h1-1.1")
    _one_transfer(writer, "h1-1.1")
    writer.append("third_asked", "h1-1.2", 1795301300.0, {"n": 1, "way": "add"})
    assert _drain(projector) == 13
    writer.append("transfer_ended", "h1-1.2", 1795301301.0, {"n": 1, "outcome": "cancelled", "last": ""})
    assert _drain(projector) == 1
    assert _drain(_projector(engine, tmp_path, log)) == 0
    found = TransferStore(engine).of_call("h1-1.1")
    (row,) = found.transfers
    assert (row.party, row.name, row.by, row.waited_s) == ("railway", "rail", "1001", 5.0)
    assert (row.outcome, row.last) == ("returned", "third")
    assert [(one.number, one.result, one.cause) for one in found.attempts] == [("12306", "busy", 17), ("95306", "answered", 16)]
    (segment,) = found.segments
    assert (segment.leg, segment.n, segment.access, segment.state, segment.started_at) == (2, 1, "consult", "pending", 1795301265.0)
    other = TransferStore(engine).of_call("h1-1.2")
    assert [(one.way, one.outcome) for one in other.transfers] == [("add", "cancelled")]
    assert other.segments == ()


def test_a_call_that_others_joined_is_answered_once_in_the_day_and_called_back_only_if_it_waited_again_in_vain(
    engine: Engine, writer: LedgerWriter, tmp_path: Path, log: Log
) -> None:
    """Led on by the agent; left by a unit that was done; requeued and given up; an emergency that Asterisk's death cut off."""
    at = 1795301234.5
    rest: dict[str, tuple[tuple[str, float, dict[str, Fact]], ...]] = {
        "led": (("third_asked", 20, {"n": 1, "way": "blind"}), ("party_rung", 21, {}), ("party_answered", 25, {})),
        "done": (("third_asked", 20, {"n": 1, "way": "add"}), ("citizen_alone", 40, {})),
        "given_up": (("third_asked", 20, {"n": 1, "way": "requeue"}), ("queue_entered", 21, {})),
        "danger": (("third_asked", 20, {"n": 1, "way": "emergency"}), ("third_answered", 30, {"n": 1, "attempt": 1})),
    }
    for place, (name, records) in enumerate(rest.items()):
        personal = {"caller": f"1380000111{place}", "dialled": "12328"}
        writer.append("call_arrived", name, at, {"line": "12328"}, personal)
        writer.append("queue_entered", name, at + 8, {"queue": "main"})
        writer.append("agent_answered", name, at + 12, {"agent": "1001"})
        for kind, after_s, facts in records:
            writer.append(kind, name, at + after_s, facts)
        writer.append("call_ended", name, at + 60, {"by": "system" if name == "danger" else "caller", "cause": 16})
    _drain(_projector(engine, tmp_path, log))
    (day,) = DayStore(engine).lines(day_start(at), 15.0)
    assert (day.arrived, day.asked, day.answered, day.within, day.party, day.waiting) == (4, 4, 4, 4, 0, 0)
    listed = callback_list(CallbackStore(engine).calls(at - 1), (), at + 100)
    assert [(row.call_id, row.kind) for row in listed.rows] == [("danger", "in_danger"), ("given_up", "cut_off")]


def test_a_worker_that_starts_again_and_a_second_one_apply_nothing_twice(
    engine: Engine, writer: LedgerWriter, tmp_path: Path, log: Log
) -> None:
    """Each has read the same records; only one of them writes them."""
    _one_call(writer, "h1-1.1")
    first, second = _projector(engine, tmp_path, log), _projector(engine, tmp_path, log)
    second.step()
    assert _drain(first) == 0
    _one_call(writer, "h1-1.2")
    assert _drain(first) == 5
    assert _drain(second) == 5
    assert _events(engine) == 10
    assert _drain(_projector(engine, tmp_path, log)) == 0


def test_a_thousand_calls_are_applied_in_batches_over_segments(engine: Engine, tmp_path: Path, log: Log) -> None:
    """A worker that was away catches up; each call is whole."""
    writer = LedgerWriter(tmp_path / "ledger", now=time.time, on_trouble=lambda trouble: None, segment_records=777)
    for number in range(1000):
        _one_call(writer, f"h1-1.{number}", 1795301234.0 + number)
    writer.close()
    assert _drain(_projector(engine, tmp_path, log)) == 5000
    assert _events(engine) == 5000
    with reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(RECORDINGS)).scalar_one() == 1000
    assert CallsStore(engine).list_calls(CallFilter(state="ended", limit=500)).next is not None


def test_a_batch_that_fails_half_way_leaves_nothing_and_is_applied_whole_later(
    engine: Engine, writer: LedgerWriter, tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last statement of the transaction fails once."""
    _one_call(writer, "h1-1.1")
    projector = _projector(engine, tmp_path, log)

    def fail(*_: object) -> None:
        raise OperationalError("as if the disk were full", None, Exception())

    with monkeypatch.context() as patched:
        patched.setattr(Projector, "_note_sound", fail)
        with pytest.raises(OperationalError):
            projector.step()
    assert _events(engine) == 0
    assert _drain(projector) == 5
    assert _events(engine) == 5


def test_records_of_a_call_whose_beginning_was_lost_are_still_shown(
    engine: Engine, writer: LedgerWriter, tmp_path: Path, log: Log
) -> None:
    """A gap and an unknown kind of a newer bridge do no harm."""
    writer.append("gap", "", 1795301234.0, {"lost": 1})
    writer.append("a_kind_of_next_year", "h1-1.1", 1795301235.0, {"x": True})
    writer.append("agent_answered", "h1-1.1", 1795301236.0, {"agent": "1001"})
    assert _drain(_projector(engine, tmp_path, log)) == 3
    found = CallsStore(engine).call("h1-1.1")
    assert found is not None
    assert (found.call.state, found.call.caller, found.call.agent) == ("talking", "", "1001")


def test_an_altered_line_of_the_ledger_does_not_stop_the_calls_after_it(
    engine: Engine, writer: LedgerWriter, tmp_path: Path, log: Said
) -> None:
    """It is passed over and told once, with its place."""
    _one_call(writer, "h1-1.1")
    chain = tmp_path / "ledger" / "00000001.chain.jsonl"
    chain.write_bytes(chain.read_bytes().replace(b'"1001"', b'"1002"'))
    projector = _projector(engine, tmp_path, log)
    assert _drain(projector) == 4
    _drain(projector)
    assert log.errors == ["a line of the ledger was altered and is passed over"]


def test_a_ledger_that_ends_before_what_was_applied_is_told(
    engine: Engine, writer: LedgerWriter, tmp_path: Path, log: Said
) -> None:
    """Somebody put an empty folder in its place: the operator must know."""
    _one_call(writer, "h1-1.1")
    _drain(_projector(engine, tmp_path, log))
    _drain(_projector(engine, tmp_path, log))
    assert log.errors == []
    Projector(engine, LedgerReader(tmp_path / "empty"), now=time.time, log=log).step()
    assert log.errors == ["the ledger ends before what was applied already"]


def test_a_locked_sqlite_delays_calls_and_loses_none(tmp_path: Path, writer: LedgerWriter, log: Log) -> None:
    """Somebody holds the write lock for 7 s, longer than the busy timeout; the row is there soon after."""
    url = f"sqlite:///{tmp_path / 'calls.sqlite'}"
    migrate_calls(url)
    engine = make_engine(url)
    projector = _projector(engine, tmp_path, log)
    stop = threading.Event()
    thread = threading.Thread(target=projector.run, args=(stop,))
    thread.start()
    holder = sqlite3.connect(tmp_path / "calls.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    _one_call(writer, "h1-1.1")
    wait_until(lambda: projector.database.state == "down", 7.0, "the lock is told")
    holder.execute("ROLLBACK")
    holder.close()
    wait_until(lambda: projector.seq == 5, 7.0, "the call is applied")
    assert projector.database.state == "up"
    stop.set()
    thread.join(5)
    assert _events(engine) == 5
    engine.dispose()


def test_a_postgresql_that_was_away_gets_every_call(
    postgres: PostgresServer, tmp_path: Path, writer: LedgerWriter, log: Log
) -> None:
    """The server is stopped at once in the middle and comes back after a second."""
    url = postgres.new_database()
    migrate_calls(url)
    engine = make_engine(url)
    projector = _projector(engine, tmp_path, log)
    stop = threading.Event()
    thread = threading.Thread(target=projector.run, args=(stop,))
    thread.start()
    for number in range(50):
        _one_call(writer, f"h1-1.{number}")
    postgres.kill_sessions()
    restart = threading.Thread(target=postgres.restart, args=(1.0,))
    restart.start()
    for number in range(50, 100):
        _one_call(writer, f"h1-1.{number}")
    restart.join(30)
    wait_until(lambda: projector.seq == 500, 15.0, "every record is applied")
    stop.set()
    thread.join(5)
    assert _events(engine) == 500
    engine.dispose()


def test_a_worker_that_starts_before_the_migration_waits_for_it(
    database_url: str, tmp_path: Path, writer: LedgerWriter, log: Log
) -> None:
    """No tables yet is no reason to die."""
    engine = make_engine(database_url)
    projector = _projector(engine, tmp_path, log)
    _one_call(writer, "h1-1.1")
    stop = threading.Event()
    thread = threading.Thread(target=projector.run, args=(stop,))
    thread.start()
    wait_until(lambda: projector.database.state == "down", 5.0, "the missing tables are told")
    migrate_calls(database_url)
    wait_until(lambda: projector.seq == 5, 5.0, "the call is applied")
    stop.set()
    thread.join(5)
    engine.dispose()

"""`python -m worker` as a process: latency, heartbeat, kill -9, SIGTERM."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import func, select

from agent_desktop.migrate import migrate_tickets
from hotline_core.adapters.calls_schema import CALL_EVENTS
from hotline_core.adapters.calls_store import CallsStore
from hotline_core.adapters.engine import make_engine, reading
from hotline_core.adapters.ledger import LedgerWriter
from recordings.naming import spool_names
from tests.integration.servers import RedisServer, wait_until

pytestmark = pytest.mark.integration


class Worker:
    """The process and the bridge's ledger beside it."""

    def __init__(self, home: Path, calls_url: str, redis_url: str) -> None:
        self.home = home
        self.store = CallsStore(make_engine(calls_url))
        self._environment = os.environ | {
            "HOTLINE_HOME": str(home),
            "HOTLINE_CALLS_DATABASE": calls_url,
            "HOTLINE_REDIS_URL": redis_url,
        }
        self.ledger = LedgerWriter(home / "ledger", now=time.time, on_trouble=lambda trouble: None)
        self.log = home / "worker.log"
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        """Start it, again if need be."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "worker"], env=self._environment, stderr=log)
        return self.process

    def arrive(self, call_id: str) -> None:
        """One citizen."""
        facts = {"line": "12328", "channel": "PJSIP/x"}
        self.ledger.append("call_arrived", call_id, time.time(), facts, {"caller": "13800001111", "dialled": "12328"})

    def shows(self, call_id: str, timeout_s: float = 10.0) -> None:
        """Wait until the call is in the database."""
        wait_until(lambda: self.store.call(call_id) is not None, timeout_s, f"{call_id} is shown")

    def close(self) -> None:
        """End what still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(5)
        self.ledger.close()


@pytest.fixture
def worker(calls_url: str, redis_server: RedisServer, short_folder: Path) -> Iterator[Worker]:
    """A running worker on each kind of database, past its start."""
    migrate_tickets(f"sqlite:///{short_folder / 'db/tickets.sqlite'}")
    worker = Worker(short_folder, calls_url, redis_server.url)
    worker.arrive("h1-1.0")
    worker.shows("h1-1.0")
    yield worker
    worker.close()


def _sign(redis_server: RedisServer) -> dict[str, Any] | None:
    with redis.Redis.from_url(redis_server.url) as client:
        value = client.get("hotline:part:worker")
    return json.loads(value) if isinstance(value, bytes) else None


def _told_about_redis(worker: Worker) -> list[str]:
    events = [json.loads(line) for line in worker.log.read_text().splitlines()]
    return [event["event"] for event in events if event.get("what") == "redis"]


def test_a_call_is_in_the_list_within_a_third_of_a_second(worker: Worker) -> None:
    """From the ledger to the row, twenty calls one after the other."""
    took = []
    for number in range(1, 21):
        began = time.monotonic()
        worker.arrive(f"h1-1.{number}")
        worker.shows(f"h1-1.{number}")
        took.append(time.monotonic() - began)
    assert max(took) <= 0.3, took


def test_the_worker_gives_a_sign_of_life_with_how_far_it_is(worker: Worker, redis_server: RedisServer) -> None:
    """Every second; it goes on when Redis comes back and stops with the worker."""
    wait_until(lambda: (_sign(redis_server) or {}).get("seq") == 1, 3.0, "the sign tells the last record")
    redis_server.kill()
    wait_until(lambda: _told_about_redis(worker) == ["lost"], 3.0, "the loss is told")
    worker.arrive("h1-1.1")
    worker.shows("h1-1.1")
    redis_server.start()
    wait_until(lambda: (_sign(redis_server) or {}).get("seq") == 2, 4.0, "the sign is back")
    sign = _sign(redis_server)
    assert sign is not None
    assert sign["calls_database"]["state"] == "up"
    assert _told_about_redis(worker) == ["lost", "back"]


def test_kill_9_in_the_middle_of_much_work_applies_nothing_twice_and_loses_nothing(worker: Worker) -> None:
    """Killed five times while calls pour in."""
    for round_ in range(5):
        for number in range(400):
            worker.arrive(f"h1-2.{round_}-{number}")
        wait_until(lambda: worker.store.projector()[0] > 1 + 400 * round_, 10.0, "it works again")  # noqa: B023
        worker.process.send_signal(signal.SIGKILL)
        worker.process.wait(5)
        worker.start()
    wait_until(lambda: worker.store.projector()[0] == 2001, 15.0, "everything is applied")
    with reading(worker.store._engine) as connection:
        assert connection.execute(select(func.count()).select_from(CALL_EVENTS)).scalar_one() == 2001


def test_an_ended_call_s_recording_is_ready_soon(worker: Worker) -> None:
    """Spool files, end of the call, one file; the plain sound is gone."""
    spool = worker.home / "spool"
    spool.mkdir()
    data = bytes(16000 * 60)
    fmt = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    head = b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<I", 16) + fmt
    head += b"data" + struct.pack("<I", len(data))
    for name in spool_names("h1-1.0").all[:3]:
        (spool / name).write_bytes(head + data)
    worker.ledger.append("call_ended", "h1-1.0", time.time(), {"by": "caller", "cause": 16})

    def is_ready() -> bool:
        row = worker.store.recording("h1-1.0")
        return row is not None and row.state == "ready"

    wait_until(is_ready, 5.0, "the recording is ready")
    wait_until(lambda: list(spool.iterdir()) == [], 1.0, "the plain sound is gone")
    row = worker.store.recording("h1-1.0")
    assert row is not None
    assert row.path is not None
    assert (worker.home / "recordings" / row.path).is_file()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_worker_ends_within_two_seconds_when_told(worker: Worker, number: signal.Signals) -> None:
    """Cleanly, with 0."""
    began = time.monotonic()
    worker.process.send_signal(number)
    assert worker.process.wait(5) == 0
    assert time.monotonic() - began < 2.0


def test_no_number_of_a_citizen_is_in_the_worker_s_log(worker: Worker) -> None:
    """Not even when the database refuses a row with a number in it."""
    engine = make_engine(str(worker.store._engine.url.render_as_string(hide_password=False)))
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE calls RENAME COLUMN caller TO gone")
    worker.arrive("h1-1.5")
    wait_until(lambda: '"lost"' in worker.log.read_text(), 5.0, "the trouble is told")
    assert "13800001111" not in worker.log.read_text()
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE calls RENAME COLUMN gone TO caller")
    engine.dispose()
    worker.shows("h1-1.5")

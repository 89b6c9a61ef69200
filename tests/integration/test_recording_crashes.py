"""What a crash or a full disk costs of recordings: `kill -9` while they are made, a power cut, ten calls on a disk without room."""

from __future__ import annotations

import json
import os
import random
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import redis

from agent_desktop.migrate import migrate_tickets
from hotline_core.adapters.calls_store import CallsStore
from hotline_core.adapters.engine import make_engine
from hotline_core.adapters.ledger import LedgerWriter
from hotline_core.adapters.migrate import migrate_calls
from hotline_core.domain.records import RecordingRow
from hotline_core.settings import Settings
from recordings.cabinet import open_cabinet
from recordings.naming import spool_names
from recordings.verifying import verify
from tests.integration.servers import RedisServer, wait_until

pytestmark = pytest.mark.integration
RATE = 8000


class Place:
    """A home with a worker of its own, and calls that end with sound in the spool."""

    def __init__(self, home: Path, redis_url: str, *, is_new: bool = True) -> None:
        self.home = home
        self.settings = Settings(home=home, redis_url=redis_url)
        self.engine = make_engine(self.settings.calls_url)
        self.store = CallsStore(self.engine)
        self.redis_url = redis_url
        migrate_calls(self.settings.calls_url)
        migrate_tickets(self.settings.tickets_url)
        for folder in (home / "spool", home / "recordings"):
            folder.mkdir(mode=0o700, exist_ok=not is_new)
        self.ledger = LedgerWriter(home / "ledger", now=time.time, on_trouble=lambda trouble: None)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *wrapped: str) -> subprocess.Popen[bytes]:
        """The worker, behind a wrapping command if one is given."""
        environment = os.environ | {"HOTLINE_HOME": str(self.home), "HOTLINE_REDIS_URL": self.redis_url}
        with (self.home / "worker.log").open("ab") as log:
            self.process = subprocess.Popen([*wrapped, sys.executable, "-m", "worker"], env=environment, stderr=log)
        return self.process

    def kill(self) -> None:
        """`kill -9`."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(5)

    def call(self, call_id: str, seconds: float, *, cut_s: tuple[float, float] | None = None) -> None:
        """An ended call with so much sound on both sides.

        `cut_s`: the power went off; so much of rx and of tx had not reached the disk, and no header tells a length.
        """
        at = time.time() - seconds
        self.ledger.append("call_arrived", call_id, at, {"line": "12328"}, {"caller": "13800001111", "dialled": "12328"})
        self.ledger.append("recording_started", call_id, at)
        self.ledger.append("call_ended", call_id, time.time(), {"by": "caller", "cause": 16})
        names = spool_names(call_id)
        for number, (name, hz) in enumerate(((names.rx, 440.0), (names.tx, 1000.0))):
            frames = round((seconds - (cut_s[number] if cut_s else 0.0)) * RATE)
            sound = (8000 * np.sin(2 * np.pi * hz * np.arange(frames) / RATE)).astype("<i2").tobytes()
            told = 0 if cut_s else len(sound)
            form = struct.pack("<IHHIIHH", 16, 1, 1, RATE, RATE * 2, 2, 16)
            head = b"RIFF" + struct.pack("<I", told and 36 + told) + b"WAVEfmt " + form + b"data" + struct.pack("<I", told)
            (self.home / "spool" / name).write_bytes(head + sound)

    def row(self, call_id: str) -> RecordingRow | None:
        """What the desk shows."""
        return self.store.recording(call_id)

    def is_ready(self, call_id: str) -> bool:
        """Finished."""
        row = self.row(call_id)
        return row is not None and row.state == "ready"

    def troubles(self) -> list[str]:
        """What the worker's sign of life names."""
        with redis.Redis.from_url(self.redis_url) as client:
            sign = client.get("hotline:part:worker")
        return list(json.loads(sign)["recordings"]) if isinstance(sign, bytes) else []

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self.ledger.close()
        self.engine.dispose()


@pytest.fixture
def place(redis_server: RedisServer, short_folder: Path) -> Iterator[Place]:
    made = Place(short_folder, redis_server.url)
    yield made
    made.close()


def test_the_finaliser_killed_again_and_again_loses_nothing_and_leaves_nothing_half(place: Place) -> None:
    """Four minutes of sound; killed at moments that nobody chose; the recording is as long as the call, to the sample."""
    place.call("h1-1.1", 240)
    chance = random.Random(8)
    for _ in range(3):
        place.start()
        time.sleep(1.0 + chance.random() * 2)
        place.kill()
    place.start()
    wait_until(lambda: place.is_ready("h1-1.1"), 60.0, "the recording is made")
    wait_until(lambda: list((place.home / "spool").iterdir()) == [], 5.0, "the plain sound is gone")
    row = place.row("h1-1.1")
    assert row is not None
    assert (row.length_s, row.detail) == (240.0, None)
    cabinet = open_cabinet(place.settings)
    proof = verify(place.engine, cabinet, {}, lambda _: None)
    assert (proof.kept, proof.findings) == (1, [])
    assert [path.name for path in (place.home / "recordings").rglob("*") if path.is_file()] == ["h1-1.1.ogg.enc"]
    assert cabinet.keyring.count() == 1


def test_a_power_cut_costs_the_seconds_that_had_not_reached_the_disk_and_the_rest_is_repaired(place: Place) -> None:
    """All killed in mid-call, ten seconds of the one side and four of the other never written, a draft cut short."""
    place.call("h1-1.1", 60, cut_s=(10.0, 4.0))
    day = time.strftime("%Y/%m/%d", time.gmtime(time.time() + 8 * 3600))
    folder = place.home / "recordings" / day
    folder.mkdir(parents=True)
    (folder / "h1-1.1.ogg.enc.part").write_bytes(b"HLRECv1\n half a draft")
    (folder / "h1-1.1.ogg.enc").write_bytes(b"")  # renamed, its bytes never synced, its row never committed
    place.start()
    wait_until(lambda: place.is_ready("h1-1.1"), 30.0, "the recording is repaired")
    row = place.row("h1-1.1")
    assert row is not None
    assert (row.length_s, row.detail) == (56.0, "torn rx, torn tx")
    cabinet = open_cabinet(place.settings)
    assert verify(place.engine, cabinet, {}, lambda _: None).findings == []
    sound = cabinet.reader.wav(row)
    both = np.frombuffer(b"".join(sound.blocks(44, sound.size)), dtype="<i2").reshape(-1, 2).astype(float)
    sound.close()
    assert np.abs(both[: 49 * RATE, 0]).max() > 7000
    assert np.abs(both[51 * RATE :, 0]).max() < 200, "what was lost is silence, not somebody else's sound"
    assert np.abs(both[51 * RATE :, 1]).max() > 7000


def test_ten_calls_end_while_the_disk_of_recordings_is_full_and_each_is_made_when_there_is_room(place: Place) -> None:
    """Nothing half, nothing lost, an alarm; the sound waits in the spool; then all ten are whole."""
    calls = [f"h1-1.{number}" for number in range(10)]
    mount = f"mount -t tmpfs -o size=320k,mode=700 tmpfs {place.home}/recordings"
    process = place.start("unshare", "-Urm", "sh", "-c", f'{mount} && exec "$@"', "sh")
    wait_until(lambda: "worker started" in (place.home / "worker.log").read_text(), 20.0, "the worker runs")
    for call_id in calls:
        place.call(call_id, 20)
    wait_until(lambda: all((row := place.row(one)) and row.state in ("ready", "failed") for one in calls), 90.0, "all were tried")
    ready = [one for one in calls if place.is_ready(one)]
    failed = [row for one in calls if (row := place.row(one)) is not None and row.state == "failed"]
    assert 1 <= len(ready) <= 4
    assert {row.detail for row in failed} == {"os_error: No space left on device"}
    left = {path.name for path in (place.home / "spool").iterdir()}
    for row in failed:
        assert {spool_names(row.call_id).rx, spool_names(row.call_id).tx} <= left, "the sound of each still waits"
    wait_until(lambda: "failed" in place.troubles(), 45.0, "it is an alarm")
    inside = f"/proc/{process.pid}/root{place.home}/recordings"
    assert not [path for path in Path(inside).rglob("*.part") if path.is_file()], "no half file takes what room there is"
    room = ["nsenter", "-t", str(process.pid), "-U", "-m", "--preserve-credentials", "mount", "-o", "remount,size=50m"]
    subprocess.run([*room, f"{place.home}/recordings"], check=True, capture_output=True, timeout=10)
    wait_until(lambda: all(place.is_ready(one) for one in calls), 60.0, "all ten are made")
    rows = [place.row(one) for one in calls]
    assert [row and row.length_s for row in rows] == [20.0] * 10
    wait_until(lambda: "failed" not in place.troubles(), 45.0, "the alarm is over")
    there = place.settings.model_copy(update={"archive": None})
    cabinet = open_cabinet(there)
    cabinet.stores.local.root = Path(inside)
    assert verify(place.engine, cabinet, {}, lambda _: None).findings == []

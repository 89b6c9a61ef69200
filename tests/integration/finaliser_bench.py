"""A finaliser with its folders, its rows and a clock that a test moves."""

from __future__ import annotations

import os
import struct
import wave
from array import array
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import Engine, insert

from hotline_core.adapters.calls_schema import CALLS, RECORDINGS
from hotline_core.adapters.calls_store import CallsStore
from hotline_core.adapters.engine import writing
from hotline_core.domain.records import CallRow, RecordingRow
from hotline_core.log import open_log
from recordings.naming import spool_names
from worker.finaliser import Finaliser

CALL = "h1-1795278600.7"
ARRIVED = 1795278600.0  # 00:30 of 22 November 2026 in Shanghai
NAMES = spool_names(CALL)


class Bench:
    """A finaliser with its folders and a clock the test moves."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.now = ARRIVED + 100
        self.set_by_s = 0.0  # by how much the wall clock was set on, or back
        self.spool = folder / "spool"
        self.recordings = folder / "recordings"
        self.spool.mkdir()
        self.finaliser = self.started_again()

    def started_again(self) -> Finaliser:
        """A finaliser that knows nothing of before."""
        self.finaliser = Finaliser(
            self.engine, self.spool, self.recordings, lambda: self.now + self.set_by_s, open_log("test"), lambda: self.now
        )  # fmt: skip
        return self.finaliser

    def ended_call(self, state: str = "ended", recording: str = "pending") -> None:
        """What the projector leaves."""
        row = CallRow(CALL, "12328", "13800001111", "12328", state, ARRIVED)
        with writing(self.engine) as connection:
            connection.execute(insert(CALLS), asdict(row))
            connection.execute(insert(RECORDINGS), {"call_id": CALL, "started_at": ARRIVED, "state": recording})

    def sound(self, name: str, value: int, frames: int, *, told: int | None = None) -> None:
        """A spool file; `told` is what its header says of its length."""
        data = array("h", [value] * frames).tobytes()
        size = len(data) if told is None else told
        fmt = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
        head = b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack("<I", 16) + fmt
        (self.spool / name).write_bytes(head + b"data" + struct.pack("<I", size) + data)

    def steps(self, *after_s: float) -> int:
        """Look, and look again after so many seconds each."""
        ready = self.finaliser.step()
        for wait_s in after_s:
            self.now += wait_s
            ready += self.finaliser.step()
        return ready

    @property
    def row(self) -> RecordingRow:
        row = CallsStore(self.engine).recording(CALL)
        assert row is not None
        return row

    @property
    def left(self) -> list[str]:
        """What is still in the spool."""
        return sorted(path.name for path in self.spool.iterdir())

    def age(self, name: str, than: Path) -> None:
        """Make a spool file older than a recording."""
        made = than.stat()
        os.utime(self.spool / name, ns=(made.st_atime_ns - 10**9, made.st_mtime_ns - 10**9))

    def stereo(self, path: str | None = None) -> tuple[list[int], list[int]]:
        """Left and right of a recording, the call's main one if not told."""
        path = path or self.row.path
        assert path is not None
        with wave.open(str(self.recordings / path)) as file:
            both = array("h", file.readframes(file.getnframes()))
        return list(both[0::2]), list(both[1::2])

"""A finaliser with its folders, its rows and a clock that a test moves."""

from __future__ import annotations

import io
import os
import struct
import wave
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sqlalchemy import Engine, insert

from hotline_core.adapters.calls_schema import CALLS, RECORDINGS
from hotline_core.adapters.calls_store import CallsStore
from hotline_core.adapters.engine import writing
from hotline_core.domain.records import CallRow, RecordingRow, SegmentRow
from hotline_core.log import open_log
from hotline_core.settings import DEFAULT_CITY, load_city
from recordings.cabinet import Cabinet, has_encrypted
from recordings.keyring import Keyring
from recordings.naming import spool_names
from recordings.reading import Reader
from recordings.store.stores import Stores
from tickets.policy import load_policy
from worker.finaliser import Finaliser
from worker.keeping_rules import KeepingRules

CALL = "h1-1795278600.7"
ARRIVED = 1795278600.0  # 00:30 of 22 November 2026 in Shanghai
NAMES = spool_names(CALL)
STEP_HZ = 320.0
WINDOW = 500  # samples, a whole number of periods of every tone
POLICY = load_policy(Path("/nowhere"), load_city(DEFAULT_CITY))


class Bench:
    """A finaliser with its folders and a clock the test moves."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.now = ARRIVED + 100
        self.set_by_s = 0.0  # by how much the wall clock was set on, or back
        self.spool = folder / "spool"
        self.recordings = folder / "recordings"
        self.spool.mkdir()
        self.folder = folder
        stores = Stores(self.recordings)
        keyring = Keyring(folder / "keys/recordings.sqlite", folder / "masters.json", lambda: not has_encrypted(engine))
        self.cabinet = Cabinet(stores, keyring, Reader(stores, keyring))
        self.finaliser = self.started_again()

    def started_again(self) -> Finaliser:
        """A finaliser that knows nothing of before."""
        log = open_log("test")
        self.finaliser = Finaliser(
            self.engine, self.spool, self.cabinet, KeepingRules(self.folder / "retention.yaml", lambda: POLICY, log),
            lambda: self.now + self.set_by_s, log, lambda: self.now,
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
        data = tone(value, frames)
        size = len(data) if told is None else told
        fmt = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
        head = b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack("<I", 16) + fmt
        (self.spool / name).write_bytes(head + b"data" + struct.pack("<I", size) + data)
        self.age(name, 0.001)

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

    def age(self, name: str, after_s: float) -> None:
        """A spool file was written so long after this moment."""
        at = self.now + self.set_by_s + after_s
        os.utime(self.spool / name, (at, at))

    def stereo(self, row: RecordingRow | SegmentRow | None = None) -> tuple[list[int], list[int]]:
        """Which `value` sounds at each sample, 0 for silence, left and right; of the call's main recording if not told."""
        sound = self.cabinet.reader.wav(row or self.row)
        with wave.open(io.BytesIO(b"".join(sound.blocks(0, sound.size)))) as file:
            both = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        sound.close()
        return heard(both[0::2]), heard(both[1::2])


def tone(value: int, frames: int) -> bytes:
    """A tone that tells `value`, loud."""
    return (9000 * np.sin(2 * np.pi * STEP_HZ * value * np.arange(frames) / 8000)).astype("<i2").tobytes()


def heard(side: npt.NDArray[np.int16]) -> list[int]:
    """The reverse, for each sample; every piece of WINDOW samples has one of the tones or none."""
    found: list[int] = []
    for start in range(0, len(side), WINDOW):
        piece = side[start : start + WINDOW].astype(float)
        turns = np.arange(len(piece)) * STEP_HZ / 8000
        levels = [abs(np.mean(piece * np.exp(-2j * np.pi * value * turns))) for value in range(1, 8)]
        loudest = int(np.argmax(levels))
        found += [loudest + 1 if levels[loudest] > 1000 else 0] * len(piece)
    return found

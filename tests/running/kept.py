"""A finished recording put into a home as the worker keeps it: Opus, encrypted with a key of its own, its row and its picture."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import delete, insert

from hotline_core.adapters.calls_schema import PEAKS, RECORDINGS
from hotline_core.adapters.engine import make_engine, writing
from hotline_core.settings import Settings
from recordings.cabinet import Cabinet, open_cabinet
from recordings.making import Made
from recordings.naming import Piece
from recordings.opus import encode, encoding_file
from recordings.vault import seal

Stereo = npt.NDArray[np.int16]
RATE_HZ = 8000


@dataclass(frozen=True, slots=True)
class Kept:
    """Where it lies (below the folder of recordings), what wrote it, and what its row holds."""

    path: str
    cabinet: Cabinet
    made: Made


def keep_sound(settings: Settings, call_id: str, sound: Stereo, started_at: float) -> Kept:
    """Keep 16 bit stereo at 8 kHz (frames, 2) as the main recording of a call; a row of before is replaced."""
    engine = make_engine(settings.calls_url)
    cabinet, piece, path = open_cabinet(settings, engine), Piece(call_id), f"kept/{call_id}.ogg.enc"

    def blocks() -> Iterator[array[int]]:
        for start in range(0, len(sound), RATE_HZ):
            yield array("h", sound[start : start + RATE_HZ].astype("<i2").tobytes())

    store = cabinet.stores.local
    with encoding_file() as file:
        encoded = encode(blocks(), len(sound), file)
        made = Made(path, seal(file, store.draft(path), cabinet.keyring.make(piece), lambda: False), encoded)
    store.adopt(path)
    with writing(engine) as connection:
        connection.execute(delete(RECORDINGS).where(RECORDINGS.c.call_id == call_id))
        connection.execute(insert(RECORDINGS), {"call_id": call_id, "started_at": started_at, "state": "ready", **made.values})
        connection.execute(insert(PEAKS), {"call_id": call_id, "leg": 0, "peaks": encoded.peaks})
    engine.dispose()
    return Kept(path, cabinet, made)

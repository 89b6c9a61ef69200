"""Owns the taking in of recordings from before there was encryption: proven by their hash, encrypted as they are, and chained.

Their WAV stays WAV: it is evidence, and encoding it anew would make another recording of it. Only then does the plain file go.
"""

from __future__ import annotations

import wave
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, delete, insert, select, update

from hotline_core.adapters.calls_schema import PEAKS, RECORDINGS, SEGMENTS
from hotline_core.adapters.engine import reading, writing
from hotline_core.errors import NotFound
from recordings.cabinet import Cabinet
from recordings.naming import ENCRYPTED_WAV, Piece
from recordings.opus import peaks_of
from recordings.remarks import CHANGED, with_remark
from recordings.sound import RATE
from recordings.vault import CIPHER, seal
from worker.binding import append_kept
from worker.pieces import has_remark, row_of

BATCH: Final = 5
WAV: Final = "wav"


@dataclass(slots=True)
class Taken:
    """What one look did; `changed`: the file is not what its row says, so it stays as it is and is told."""

    taken: int = 0
    changed: int = 0


class TakingIn:
    """SQLAlchemyError, OSError, sqlite3.Error and Interrupted go through: what was begun is begun again later."""

    def __init__(self, calls: Engine, cabinet: Cabinet, is_stopped: Callable[[], bool]) -> None:
        self._calls, self._cabinet, self._is_stopped = calls, cabinet, is_stopped

    def step(self, now: float) -> Taken:
        """Take some in, the newest first."""
        done = Taken()
        for piece, row in self._plain():
            if self._is_stopped():
                break
            try:
                self._take(piece, row, now, done)
            except NotFound:
                continue  # the look over all files tells it
        return done

    def _plain(self) -> list[tuple[Piece, Any]]:
        found = []
        with reading(self._calls) as connection:
            for table in (RECORDINGS, SEGMENTS):
                old = (table.c.state == "ready", table.c.cipher.is_(None), table.c.path.is_not(None))
                query = select(table).where(*old, ~has_remark(table, CHANGED)).order_by(table.c.started_at.desc()).limit(BATCH)
                found += [(Piece(row.call_id, row._mapping.get("leg", 0)), row) for row in connection.execute(query)]
        return found

    def _take(self, piece: Piece, row: Any, now: float, done: Taken) -> None:
        store = self._cabinet.stores.local
        table, same = row_of(piece)
        if store.digest(row.path, is_stopped=self._is_stopped) != (row.size, row.sha256):
            with writing(self._calls) as connection:
                connection.execute(update(table).where(same).values(detail=with_remark(row.detail, CHANGED)))
            done.changed += 1
            return
        path = f"{row.path.removesuffix('.wav')}{ENCRYPTED_WAV}"
        plain = store.root / row.path
        with plain.open("rb") as source:
            sealed = seal(source, store.draft(path), self._cabinet.keyring.make(piece), self._is_stopped)
        store.adopt(path)
        told = {
            "path": path, "store": store.name, "cipher": CIPHER, "codec": WAV, "size": sealed.size, "sha256": sealed.sha256,
            "plain_size": sealed.plain_size, "plain_sha256": sealed.plain_sha256,
        }  # fmt: skip
        peaks = peaks_of(_blocks(plain), round(row.length_s * RATE))
        with writing(self._calls) as connection:
            still = (table.c.state == "ready", table.c.path == row.path)
            changed = connection.execute(update(table).where(same, *still).values(told))
            if changed.rowcount != 1:
                return
            connection.execute(delete(PEAKS).where(PEAKS.c.call_id == piece.call_id, PEAKS.c.leg == piece.leg))
            connection.execute(insert(PEAKS).values(call_id=piece.call_id, leg=piece.leg, peaks=peaks))
            append_kept(connection, piece, now)
        store.remove(row.path)
        done.taken += 1


def _blocks(file: Path) -> Iterator[array[int]]:
    """The samples of a WAV of ours, a second at a time; none of one that is not, whose bytes are kept all the same."""
    try:
        with wave.open(str(file)) as sound:
            if (sound.getnchannels(), sound.getsampwidth()) != (2, 2):
                return
            while block := sound.readframes(RATE):
                yield array("h", block)
    except (wave.Error, EOFError):
        return

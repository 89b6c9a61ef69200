"""Owns the moves to the archive: compared, copied, read back and compared, told in the row, and only then is the first copy gone.

What is old enough moves; while the local disk is low the oldest move whatever their age. Nothing is ever deleted to make room.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, select, update

from hotline_core.adapters.calls_schema import RECORDINGS, SEGMENTS
from hotline_core.adapters.engine import reading, writing
from hotline_core.errors import NotFound
from recordings.cabinet import Cabinet
from recordings.naming import Piece
from recordings.remarks import CHANGED, with_remark
from recordings.sound import Interrupted
from worker.pieces import has_remark, row_of

BATCH: Final = 20
LOW_MB: Final = 5 * 1024  # as the self-check tells it


@dataclass(slots=True)
class Moved:
    """What one look did; `is_low`: the local disk, with whatever was moved."""

    moved: int = 0
    refused: int = 0  # the copy was not what the first one is: it is thrown away, the first stays
    altered: int = 0  # the first one is not what its row says: it stays, is marked so, and is looked at no more
    is_low: bool = False


class Moving:
    """`archive_days`: how old recordings are that move. SQLAlchemyError and OSError go through."""

    def __init__(self, calls: Engine, cabinet: Cabinet, archive_days: int, is_stopped: Callable[[], bool]) -> None:
        self._calls, self._cabinet, self._archive_days, self._is_stopped = calls, cabinet, archive_days, is_stopped

    def step(self, now: float) -> Moved:
        """Move some of what is due."""
        done = Moved(is_low=self._is_low())
        archive = self._cabinet.stores.archive
        if archive is None:
            return done
        before = now if done.is_low else now - self._archive_days * 86_400.0
        for piece, row in self._oldest(before):
            if self._is_stopped():
                break
            try:
                self._move(piece, row, done)
            except Interrupted:
                break
        done.is_low = self._is_low()
        return done

    def _is_low(self) -> bool:
        free_mb = self._cabinet.stores.local.free_mb()
        return free_mb is not None and free_mb < LOW_MB

    def _oldest(self, before: float) -> list[tuple[Piece, Any]]:
        """Encrypted ones alone: what is still plain is taken in first. None that is known to be altered."""
        found = []
        with reading(self._calls) as connection:
            for table in (RECORDINGS, SEGMENTS):
                here = (table.c.state == "ready", table.c.store == self._cabinet.stores.local.name, table.c.cipher.is_not(None))
                query = select(table).where(*here, ~has_remark(table, CHANGED), table.c.started_at < before)
                rows = connection.execute(query.order_by(table.c.started_at).limit(BATCH)).all()
                found += [(Piece(row.call_id, row._mapping.get("leg", 0)), row) for row in rows]
        return sorted(found, key=lambda one: one[1].started_at)[:BATCH]

    def _move(self, piece: Piece, row: Any, done: Moved) -> None:
        stores = self._cabinet.stores
        assert stores.archive is not None
        table, same = row_of(piece)
        try:
            if stores.local.digest(row.path, is_stopped=self._is_stopped) != (row.size, row.sha256):
                with writing(self._calls) as connection:
                    connection.execute(update(table).where(same).values(detail=with_remark(row.detail, CHANGED)))
                done.altered += 1
                return
            stores.archive.put(row.path, stores.local.root / row.path)
            there = stores.archive.digest(row.path, is_stopped=self._is_stopped)
        except (FileNotFoundError, NotFound):
            return  # gone from here: the look over all files tells it
        if there != (row.size, row.sha256):
            stores.archive.remove(row.path)
            done.refused += 1
            return
        with writing(self._calls) as connection:
            still = (table.c.state == "ready", table.c.store == stores.local.name, table.c.path == row.path)
            told = connection.execute(update(table).where(same, *still).values(store=stores.archive.name))
        if told.rowcount == 1:
            stores.local.remove(row.path)
            done.moved += 1

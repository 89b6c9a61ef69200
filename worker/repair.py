"""Owns the comparing of rows and files, after a start and every night: what a crash left is cleared, what is missing is told.

A file that no row knows is told and never deleted. A row whose file is gone is `missing` until the file is back; one whose file
was found altered keeps that remark until the file is again what was written. Other remarks of a row stay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from sqlalchemy import Engine, Table, select, tuple_, update

from hotline_core.adapters.calls_schema import RECORDINGS, SEGMENTS
from hotline_core.adapters.engine import reading, writing
from hotline_core.errors import NotFound
from recordings.cabinet import Cabinet
from recordings.naming import Piece, piece_of_path
from recordings.remarks import CHANGED, MISSING, remarks, with_remark, without_remark
from recordings.sound import Interrupted
from recordings.store.folder import Folder
from worker.pieces import row_of

BATCH: Final = 500
DRAFT_AGE_S: Final = 3600.0
MOST_TOLD: Final = 100


@dataclass(slots=True)
class Repaired:
    """What one pass found; the lists hold the first ones."""

    looked: int = 0
    cleared: int = 0  # drafts, and files of recordings that were deleted or moved
    missing: int = 0  # rows whose file is gone, all of them, not only those found now
    back: int = 0  # missing ones whose file is there again
    unknown: list[str] = field(default_factory=list)  # files of no row
    away: list[str] = field(default_factory=list)  # stores that do not answer


class Repair:
    """SQLAlchemyError goes through; a store that does not answer is told and left out."""

    def __init__(self, calls: Engine, cabinet: Cabinet, is_stopped: Callable[[], bool]) -> None:
        self._calls, self._cabinet, self._is_stopped = calls, cabinet, is_stopped

    def run(self, now: float) -> Repaired:
        """Both ways over everything; memory flat. Interrupted when the worker is to end."""
        found = Repaired()
        for store in self._cabinet.stores.all:
            try:
                self._files(store, now, found)
            except OSError:
                found.away.append(store.name)
        for table in (RECORDINGS, SEGMENTS):
            self._rows(table, found)
        return found

    def away(self) -> int:
        """How many stores do not answer at this moment."""
        count = 0
        for store in self._cabinet.stores.all:
            try:
                store.check()
            except OSError:
                count += 1
        return count

    def _files(self, store: Folder, now: float, found: Repaired) -> None:
        for draft in store.drafts():
            try:
                is_left = now - draft.stat().st_mtime > DRAFT_AGE_S
            except FileNotFoundError:
                continue  # the finaliser gave it its name just now
            if is_left:
                draft.unlink(missing_ok=True)
                found.cleared += 1
        paths = store.paths()
        while some := list(islice(paths, BATCH)):
            self._stop()
            known = self._known([piece for path in some if (piece := piece_of_path(path)) is not None])
            for path in some:
                found.looked += 1
                piece = piece_of_path(path)
                row = known.get(piece) if piece is not None else None
                if row is None:
                    if len(found.unknown) < MOST_TOLD:
                        found.unknown.append(path)
                elif self._is_left_over(store, path, row):
                    store.remove(path)
                    found.cleared += 1

    def _is_left_over(self, store: Folder, path: str, row: Any) -> bool:
        """Of a recording that was deleted (its key is gone); or that lies elsewhere, whole, and was not cleared here."""
        if row.state == "deleted":
            return True
        place = (row.path, row.store or self._cabinet.stores.local.name)
        if row.state != "ready" or row.path is None or place == (path, store.name):
            return False
        return self._is_whole(row)

    def _rows(self, table: Table, found: Repaired) -> None:
        after: tuple[str, int] = ("", -1)
        while True:
            self._stop()
            rows = self._batch(table, after)
            told = list[tuple[Any, str, str | None]]()
            for row in rows:
                try:
                    is_there = self._cabinet.stores.of(row.store).has(row.path)
                except (OSError, NotFound):
                    continue  # the store is away: nothing is known
                found.missing += not is_there
                if is_there and row.state == "missing":
                    told.append((row, "ready", without_remark(row.detail, MISSING)))
                    found.back += 1
                elif not is_there and row.state == "ready":
                    told.append((row, "missing", with_remark(row.detail, MISSING)))
                elif is_there and CHANGED in remarks(row.detail) and self._is_whole(row):
                    told.append((row, row.state, without_remark(row.detail, CHANGED)))
            self._tell(table, told)
            if len(rows) < BATCH:
                return
            after = (rows[-1].call_id, rows[-1]._mapping.get("leg", 0))

    def _is_whole(self, row: Any) -> bool:
        try:
            return self._cabinet.stores.of(row.store).digest(row.path, is_stopped=self._is_stopped) == (row.size, row.sha256)
        except (OSError, NotFound):
            return False

    def _tell(self, table: Table, told: Sequence[tuple[Any, str, str | None]]) -> None:
        """Rows with the state and the remarks that they are to have."""
        if not told:
            return
        with writing(self._calls) as connection:
            for row, state, detail in told:
                _, same = row_of(Piece(row.call_id, row._mapping.get("leg", 0)))
                was = table.c.state == row.state  # a deletion or a move may have come in between
                connection.execute(update(table).where(same, was, table.c.path == row.path).values(state=state, detail=detail))

    def _batch(self, table: Table, after: tuple[str, int]) -> Sequence[Any]:
        is_segment = table is SEGMENTS
        place = tuple_(table.c.call_id, table.c.leg) > tuple_(*after) if is_segment else table.c.call_id > after[0]
        order = (table.c.call_id, table.c.leg) if is_segment else (table.c.call_id,)
        query = select(table).where(place, table.c.state.in_(("ready", "missing")), table.c.path.is_not(None))
        with reading(self._calls) as connection:
            return connection.execute(query.order_by(*order).limit(BATCH)).all()

    def _known(self, pieces: Sequence[Piece]) -> dict[Piece, Any]:
        ids = {piece.call_id for piece in pieces}
        found: dict[Piece, Any] = {}
        with reading(self._calls) as connection:
            for table in (RECORDINGS, SEGMENTS):
                for row in connection.execute(select(table).where(table.c.call_id.in_(ids))):
                    found[Piece(row.call_id, row._mapping.get("leg", 0))] = row
        return found

    def _stop(self) -> None:
        if self._is_stopped():
            raise Interrupted



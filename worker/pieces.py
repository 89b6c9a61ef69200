"""The recordings to be made, as rows: main ones of ended calls and segments of thirds; what is due, ready or failed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, Table, and_, insert, select, update

from hotline_core.adapters.calls_schema import ATTEMPTS, CALLS, RECORDINGS, SEGMENTS
from hotline_core.adapters.engine import reading, writing
from recordings.naming import Piece
from recordings.sound import Written
from worker.transfer_rows import CONSULT

BATCH = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """A recording that is due to be looked at.

    `is_over`: the leg is known to be gone, its files grow no more. `is_ended`: the citizen's own leg is. `cut_s`: seconds of a
    segment after which its third was the call's agent, whose every word is in the main recording.
    """

    piece: Piece
    arrived_at: float
    is_over: bool = True
    is_ended: bool = True
    cut_s: float | None = None


class Pieces:
    """Reads and writes the rows; SQLAlchemyError goes through to the caller."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def due(self, again: Collection[Piece]) -> list[Wanted]:
        """Pending ones, of ended calls and of any thirds, and those of `again` that had failed."""
        ids = {piece.call_id for piece in again}
        with reading(self._engine) as connection:
            due = _looked_up(connection, "pending", None)
            failed = _looked_up(connection, "failed", ids) if ids else []
        return due + [one for one in failed if one.piece in again]

    def failed(self, young: float) -> list[Piece]:
        """Failed ones that may still succeed, newest first: none that left no sound and began before `young`, epoch seconds."""
        found: list[Piece] = []
        with reading(self._engine) as connection:
            for table in (RECORDINGS, SEGMENTS):
                may = (table.c.detail != "no_sound") | (table.c.started_at > young)
                query = select(table).where(table.c.state == "failed", may).order_by(table.c.started_at.desc())
                found += [Piece(row.call_id, row._mapping.get("leg", 0)) for row in connection.execute(query.limit(BATCH))]
        return found

    def ready_path(self, piece: Piece) -> str | None:
        """Where the finished recording lies, None if it is not finished."""
        table, same = _row(piece)
        with reading(self._engine) as connection:
            return connection.execute(select(table.c.path).where(same, table.c.state == "ready")).scalar()

    def unknown(self, pieces: Collection[Piece]) -> list[Piece]:
        """Those of these segments that have no row: nobody told of their thirds, but their sound is there."""
        with reading(self._engine) as connection:
            query = select(SEGMENTS.c.call_id, SEGMENTS.c.leg).where(SEGMENTS.c.call_id.in_({one.call_id for one in pieces}))
            known = {Piece(row.call_id, row.leg) for row in connection.execute(query)}
        return [one for one in pieces if one not in known]

    def note_segment(self, piece: Piece, started_at: float) -> None:
        """A pending row for a segment that has none, bound to its transfer if that is known."""
        with writing(self._engine) as connection:
            whose = select(ATTEMPTS.c.n).where(ATTEMPTS.c.call_id == piece.call_id, ATTEMPTS.c.leg == piece.leg)
            values = {"call_id": piece.call_id, "leg": piece.leg, "access": CONSULT, "started_at": started_at, "state": "pending"}
            connection.execute(insert(SEGMENTS), {**values, "n": connection.execute(whose).scalars().first()})

    def tell_ready(self, piece: Piece, path: str, written: Written, detail: str | None) -> None:
        """The file is in its place."""
        made = {"path": path, "length_s": written.length_s, "sha256": written.sha256, "size": written.size}
        self._tell(piece, {**made, "state": "ready", "detail": detail})

    def tell_failed(self, piece: Piece, detail: str) -> None:
        """Nothing can be made of it now."""
        self._tell(piece, {"state": "failed", "detail": detail})

    def _tell(self, piece: Piece, values: dict[str, Any]) -> None:
        table, same = _row(piece)
        with writing(self._engine) as connection:
            connection.execute(update(table).where(same).values(values))


def _row(piece: Piece) -> tuple[Table, Any]:
    if piece.leg:
        return SEGMENTS, and_(SEGMENTS.c.call_id == piece.call_id, SEGMENTS.c.leg == piece.leg)
    return RECORDINGS, RECORDINGS.c.call_id == piece.call_id


def _looked_up(connection: Connection, state: str, ids: set[str] | None) -> list[Wanted]:
    found = []
    for table, query in ((RECORDINGS, _mains()), (SEGMENTS, _segments())):
        query = query.where(table.c.state == state).order_by(table.c.started_at)
        query = query.limit(BATCH) if ids is None else query.where(table.c.call_id.in_(ids))
        found += [_wanted(row) for row in connection.execute(query)]
    return found


def _mains() -> Select[Any]:
    joined = RECORDINGS.join(CALLS, CALLS.c.call_id == RECORDINGS.c.call_id)
    return select(CALLS.c.call_id, CALLS.c.arrived_at).select_from(joined).where(CALLS.c.state == "ended")


def _segments() -> Select[Any]:
    """A third may go on after the citizen's end, or leave long before it: its segment does not wait for the call."""
    leg = and_(ATTEMPTS.c.call_id == SEGMENTS.c.call_id, ATTEMPTS.c.n == SEGMENTS.c.n, ATTEMPTS.c.leg == SEGMENTS.c.leg)
    joined = SEGMENTS.join(CALLS, CALLS.c.call_id == SEGMENTS.c.call_id).outerjoin(ATTEMPTS, leg)
    columns = (SEGMENTS.c.call_id, SEGMENTS.c.leg, SEGMENTS.c.started_at, CALLS.c.arrived_at, CALLS.c.state)
    return select(*columns, ATTEMPTS.c.ended_at, ATTEMPTS.c.took_over_at).select_from(joined)


def _wanted(row: Row[Any]) -> Wanted:
    leg = row._mapping.get("leg", 0)
    if not leg:
        return Wanted(Piece(row.call_id), row.arrived_at)
    cut_s = None if row.took_over_at is None else max(0.0, row.took_over_at - row.started_at)
    return Wanted(Piece(row.call_id, leg), row.arrived_at, row.ended_at is not None, row.state == "ended", cut_s)

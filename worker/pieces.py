"""The recordings to be made, as rows: main ones of ended calls and segments of thirds; what is due, ready or failed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    Table,
    and_,
    delete,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)

from hotline_core.adapters.calls_schema import ATTEMPTS, CALL_EVENTS, CALLS, PEAKS, RECORDINGS, SEGMENTS, TRANSFERS
from hotline_core.adapters.calls_store import HAD
from hotline_core.adapters.engine import reading, writing
from hotline_core.errors import NotFound
from recordings.making import Made
from recordings.naming import Piece
from recordings.retention import FOREVER, Keeping
from worker.binding import append_kept
from worker.transfer_rows import CONSULT

BATCH = 200
GOING = ("deleting", "deleted")


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
    line: str = ""
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finished recording lies, and when it was made (epoch seconds; None: it is of before that was told)."""

    store: str | None
    path: str
    ready_at: float | None


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
        """All failed ones that may still succeed, newest first: none that left no sound and began before `young`, epoch seconds."""
        found: list[tuple[float, Piece]] = []
        for table in (RECORDINGS, SEGMENTS):
            order = (table.c.call_id, *([table.c.leg] if table is SEGMENTS else []))
            may = (table.c.state == "failed", (table.c.detail != "no_sound") | (table.c.started_at > young))
            some = select(*order, table.c.started_at).where(*may).order_by(*order).limit(BATCH)
            query: Select[Any] | None = some
            while query is not None:
                with reading(self._engine) as connection:
                    rows = connection.execute(query).all()
                found += [(row.started_at, Piece(row.call_id, row._mapping.get("leg", 0))) for row in rows]
                query = some.where(tuple_(*order) > tuple_(*rows[-1][:-1])) if len(rows) == BATCH else None
        return [piece for _, piece in sorted(found, reverse=True)]

    def ready_place(self, piece: Piece) -> Place | None:
        """Where the finished recording lies, None if it is not finished."""
        table, same = row_of(piece)
        with reading(self._engine) as connection:
            query = select(table.c.store, table.c.path, table.c.ready_at).where(same, table.c.state == "ready")
            row = connection.execute(query).one_or_none()
        return None if row is None or not row.path else Place(row.store, row.path, row.ready_at)

    def unknown(self, pieces: Collection[Piece]) -> list[Piece]:
        """Those of these segments that have no row: nobody told of their thirds, but their sound is there."""
        with reading(self._engine) as connection:
            query = select(SEGMENTS.c.call_id, SEGMENTS.c.leg).where(SEGMENTS.c.call_id.in_({one.call_id for one in pieces}))
            known = {Piece(row.call_id, row.leg) for row in connection.execute(query)}
        return [one for one in pieces if one not in known]

    def unknown_mains(self, pieces: Collection[Piece]) -> list[Piece]:
        """Those of these main recordings that have no row, of calls that are over or that nobody told of at all."""
        ids = {one.call_id for one in pieces}
        with reading(self._engine) as connection:
            known = set(connection.execute(select(RECORDINGS.c.call_id).where(RECORDINGS.c.call_id.in_(ids))).scalars())
            running = select(CALLS.c.call_id).where(CALLS.c.call_id.in_(ids), CALLS.c.state != "ended")
            known |= set(connection.execute(running).scalars())
        return [one for one in pieces if one.call_id not in known]

    def note_main(self, piece: Piece, started_at: float) -> None:
        """A pending row for a main recording that has none."""
        with writing(self._engine) as connection:
            connection.execute(insert(RECORDINGS).values(call_id=piece.call_id, started_at=started_at, state="pending"))

    def note_segment(self, piece: Piece, started_at: float) -> None:
        """A pending row for a segment that has none, bound to its transfer if that is known."""
        with writing(self._engine) as connection:
            whose = select(ATTEMPTS.c.n).where(ATTEMPTS.c.call_id == piece.call_id, ATTEMPTS.c.leg == piece.leg)
            values = {"call_id": piece.call_id, "leg": piece.leg, "access": CONSULT, "started_at": started_at, "state": "pending"}
            connection.execute(insert(SEGMENTS), {**values, "n": connection.execute(whose).scalars().first()})

    def tell_ready(self, piece: Piece, made: Made, keeping: Keeping | None, detail: str | None, now: float) -> None:
        """The file is in its place: its row, its picture and its link of the day's chain, all or nothing.

        NotFound recording_deleted: its time was over meanwhile, and what was made must go.
        """
        table, same = row_of(piece)
        with writing(self._engine) as connection:
            told = {**made.values, **(kept_columns(keeping) if keeping else {}), "parties": parties_of(connection, piece)}
            is_left = table.c.state.not_in(GOING)
            ready = update(table).where(same, is_left).values(**told, state="ready", detail=detail, ready_at=now)
            if connection.execute(ready).rowcount != 1:
                raise NotFound("recording_deleted")
            connection.execute(delete(PEAKS).where(PEAKS.c.call_id == piece.call_id, PEAKS.c.leg == piece.leg))
            connection.execute(insert(PEAKS).values(call_id=piece.call_id, leg=piece.leg, peaks=made.encoded.peaks))
            append_kept(connection, piece, now)

    def tell_failed(self, piece: Piece, detail: str) -> None:
        """Nothing can be made of it now. One that is finished stays so, whatever went wrong afterwards."""
        table, same = row_of(piece)
        with writing(self._engine) as connection:
            is_open = table.c.state.in_(("pending", "failed"))
            connection.execute(update(table).where(same, is_open).values(state="failed", detail=detail))


def row_of(piece: Piece) -> tuple[Table, Any]:
    """The table of a piece, and what finds its row there."""
    if piece.leg:
        return SEGMENTS, and_(SEGMENTS.c.call_id == piece.call_id, SEGMENTS.c.leg == piece.leg)
    return RECORDINGS, RECORDINGS.c.call_id == piece.call_id


def has_remark(table: Table, remark: str) -> ColumnElement[bool]:
    """Whether this one is among the remarks of a row (recordings/remarks.py)."""
    return (literal(", ") + func.coalesce(table.c.detail, "") + ",").like(f"%, {remark},%")


def kept_columns(keeping: Keeping) -> dict[str, object]:
    """How long it is kept, as its row tells it; no end while a ticket is open."""
    until = None if keeping.keep_until == FOREVER else keeping.keep_until
    return {"klass": keeping.klass, "kept_from": keeping.ground.kept_from, "keep_until": until, "rule": keeping.rule}


def parties_of(connection: Connection, piece: Piece) -> dict[str, list[str]]:
    """Who is on which side; of people outside no number, of agents their extensions."""
    if not piece.leg:
        of_call = select(CALL_EVENTS.c.kind, CALL_EVENTS.c.facts).where(CALL_EVENTS.c.call_id == piece.call_id)
        found = connection.execute(of_call.order_by(CALL_EVENTS.c.seq))
        agents = [str(row.facts["agent"]) for row in found if row.kind in HAD and row.facts.get("agent")]
        return {"left": ["citizen"], "right": [f"agent:{each}" for each in dict.fromkeys(agents)]}
    joined = TRANSFERS.join(SEGMENTS, and_(SEGMENTS.c.call_id == TRANSFERS.c.call_id, SEGMENTS.c.n == TRANSFERS.c.n))
    query = select(TRANSFERS.c.party, TRANSFERS.c.to, TRANSFERS.c.by).select_from(joined)
    row = connection.execute(query.where(SEGMENTS.c.call_id == piece.call_id, SEGMENTS.c.leg == piece.leg)).first()
    if row is None:
        return {"left": ["third"], "right": []}
    third = f"agent:{row.to}" if row.to else f"party:{row.party}" if row.party else "third"
    return {"left": [third], "right": ["citizen", *([f"agent:{row.by}"] if row.by else [])]}


def _looked_up(connection: Connection, state: str, ids: set[str] | None) -> list[Wanted]:
    found = []
    for table, query in ((RECORDINGS, _mains()), (SEGMENTS, _segments())):
        query = query.where(table.c.state == state).order_by(table.c.started_at)
        query = query.limit(BATCH) if ids is None else query.where(table.c.call_id.in_(ids))
        found += [_wanted(row) for row in connection.execute(query)]
    return found


def _mains() -> Select[Any]:
    """Of ended calls; and of those whose own events were all lost."""
    joined = RECORDINGS.outerjoin(CALLS, CALLS.c.call_id == RECORDINGS.c.call_id)
    columns = (RECORDINGS.c.call_id, RECORDINGS.c.started_at, CALLS.c.arrived_at, CALLS.c.line, CALLS.c.urgent)
    return select(*columns).select_from(joined).where(CALLS.c.state.is_(None) | (CALLS.c.state == "ended"))


def _segments() -> Select[Any]:
    """A third may go on after the citizen's end, or leave long before it: its segment does not wait for the call."""
    leg = and_(ATTEMPTS.c.call_id == SEGMENTS.c.call_id, ATTEMPTS.c.n == SEGMENTS.c.n, ATTEMPTS.c.leg == SEGMENTS.c.leg)
    joined = SEGMENTS.join(CALLS, CALLS.c.call_id == SEGMENTS.c.call_id).outerjoin(ATTEMPTS, leg)
    columns = (SEGMENTS.c.call_id, SEGMENTS.c.leg, SEGMENTS.c.started_at, CALLS.c.arrived_at, CALLS.c.state)
    return select(*columns, CALLS.c.line, CALLS.c.urgent, ATTEMPTS.c.ended_at, ATTEMPTS.c.took_over_at).select_from(joined)


def _wanted(row: Row[Any]) -> Wanted:
    leg = row._mapping.get("leg", 0)
    if not leg:
        if row.arrived_at is None:  # nobody told that it is over either
            return Wanted(Piece(row.call_id), row.started_at, is_over=False)
        return Wanted(Piece(row.call_id), row.arrived_at, line=row.line, is_urgent=row.urgent)
    cut_s = None if row.took_over_at is None else max(0.0, row.took_over_at - row.started_at)
    is_over, is_ended = row.ended_at is not None, row.state == "ended"
    return Wanted(Piece(row.call_id, leg), row.arrived_at, is_over, is_ended, cut_s, row.line, row.urgent)

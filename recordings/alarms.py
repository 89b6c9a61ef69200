"""Owns the alarms about recordings, as rows of the calls database: each stays until it is cured, or settled with a reason."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, Engine, and_, func, insert, select, update

from hotline_core.adapters.calls_schema import ALARMS, RECORDINGS, SEGMENTS
from hotline_core.adapters.engine import writing
from recordings.holds import alone
from recordings.naming import Piece
from recordings.remarks import CHANGED, with_remark

ALTERED: Final = "altered"  # not what was written
FAILED: Final = "failed"  # could not be made; its plain sound lies in the spool
MISSING: Final = "missing"  # a row without its file
UNKNOWN: Final = "unknown"  # a file without a row
UNRECORDED: Final = "unrecorded"  # a call that somebody answered, and no sound of it


def raise_alarm(connection: Connection, kind: str, subject: str, leg: int, now: float) -> None:
    """Note it, unless it is noted; one that was settled stays so while it is not cured. After `alone`."""
    same = and_(ALARMS.c.kind == kind, ALARMS.c.subject == subject, ALARMS.c.leg == leg)
    if connection.execute(select(ALARMS.c.since).where(same)).first() is None:
        connection.execute(insert(ALARMS).values(kind=kind, subject=subject, leg=leg, since=now))


def open_alarms(connection: Connection) -> dict[str, int]:
    """How many of each kind nobody has settled."""
    query = select(ALARMS.c.kind, func.count()).where(ALARMS.c.settled_at.is_(None)).group_by(ALARMS.c.kind)
    return {str(kind): int(count) for kind, count in connection.execute(query)}


def tell_altered(calls: Engine, piece: Piece, now: float) -> None:
    """Whoever wanted to hear it found it altered: an alarm, and a remark that every page shows. SQLAlchemyError goes through."""
    table = SEGMENTS if piece.leg else RECORDINGS
    same = table.c.call_id == piece.call_id
    if piece.leg:
        same = and_(same, table.c.leg == piece.leg)
    with writing(calls) as connection:
        alone(connection)
        raise_alarm(connection, ALTERED, piece.call_id, piece.leg, now)
        row = connection.execute(select(table.c.detail).where(same)).one_or_none()
        if row is not None:
            connection.execute(update(table).where(same).values(detail=with_remark(row.detail, CHANGED)))

"""Owns certified deletion: looked at once more, then key, file, picture and plain sound go, and a certificate stays for ever.

Row first: `deleting` is committed before anything is destroyed, so that a crash in between is finished at the next look and never
leaves a recording half there. The certificate is a row and a link of the day's chain: hash, reason, rule, time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, Table, and_, delete, select, update

from hotline_core.adapters.calls_schema import DELETIONS, PEAKS, SALTS
from hotline_core.adapters.engine import reading, writing
from recordings import chain_store
from recordings.cabinet import Cabinet
from recordings.chain import Fact
from recordings.holds import alone, held_among
from recordings.naming import Piece, is_call_id, spool_names
from recordings.plan import Act, Planned, decide
from recordings.training import taught_since
from worker.pieces import row_of
from worker.sweep import Sweep, rows_of

BATCH: Final = 200


@dataclass(slots=True)
class Deleted:
    """What one look did: certified deletions, and plans that did not hold any more."""

    certified: int = 0
    left: int = 0


class Deleting:
    """`now` in epoch seconds. SQLAlchemyError, OSError and sqlite3.Error go through: what was begun is finished later."""

    def __init__(self, calls: Engine, sweep: Sweep, cabinet: Cabinet, spool: Path) -> None:
        self._calls, self._sweep, self._cabinet, self._spool = calls, sweep, cabinet, spool

    def due(self, now: float) -> list[Piece]:
        """What is announced for now or earlier and not done, the oldest first; and what was begun and not ended."""
        is_due = and_(DELETIONS.c.certified_at.is_(None), DELETIONS.c.planned_for <= now)
        planned = select(DELETIONS.c.call_id, DELETIONS.c.leg).where(is_due)
        with reading(self._calls) as connection:
            rows = connection.execute(planned.order_by(DELETIONS.c.planned_for).limit(BATCH)).all()
            return [Piece(row.call_id, row.leg) for row in rows]

    def delete(self, piece: Piece, now: float, done: Deleted) -> None:
        """Delete one recording if all that was asked of its deletion still holds."""
        table, same = row_of(piece)
        if not self._begin(table, same, piece, now):
            done.left += 1
            return
        self._destroy(table, same, piece)
        self._certify(table, same, piece, now)
        done.certified += 1

    def _begin(self, table: Table, same: Any, piece: Piece, now: float) -> bool:
        with reading(self._calls) as connection:
            row = connection.execute(rows_of(table).where(same)).one_or_none()
        if row is None:
            return False
        if row.state == "deleting":
            return True
        keeping = self._sweep.keeping(table, row, now)
        with writing(self._calls) as connection:
            alone(connection)
            planned = connection.execute(_plan(piece)).one_or_none()
            is_held = bool(held_among(connection, [piece.call_id]))
            state = connection.execute(select(table.c.state).where(same)).scalar_one()
            if taught_since(connection, [piece.call_id]).get(piece.call_id) != row.training_since:
                return False  # taken as training material, or given up, since it was judged
            if planned is None or state not in ("ready", "missing", "failed"):
                return False
            step = decide(keeping, Planned(planned.planned_at, planned.planned_for), now, is_held=is_held)
            if step.act is not Act.DELETE:
                return False  # the next sweep takes it off the list, or puts it on for another day
            connection.execute(update(table).where(same).values(state="deleting"))
        return True

    def _destroy(self, table: Table, same: Any, piece: Piece) -> None:
        """The key first: whatever copies of the file there are, none can be read from here on."""
        self._cabinet.keyring.destroy(piece)
        with reading(self._calls) as connection:
            path = connection.execute(select(table.c.path).where(same)).scalar_one()
        if path is not None:
            for store in self._cabinet.stores.all:
                store.remove(path)
        if is_call_id(piece.call_id):  # what could never be made lies there as it was recorded
            for name in spool_names(piece.call_id, piece.leg).all:
                (self._spool / name).unlink(missing_ok=True)

    def _certify(self, table: Table, same: Any, piece: Piece, now: float) -> None:
        with writing(self._calls) as connection:
            planned = connection.execute(_plan(piece)).one()
            row = connection.execute(select(table.c.sha256, table.c.plain_sha256, table.c.started_at).where(same)).one()
            facts: dict[str, Fact] = {
                "sha256": row.sha256, "plain_sha256": row.plain_sha256, "started_at": row.started_at, "reason": planned.reason,
                "rule": planned.rule, "klass": planned.klass, "planned_at": planned.planned_at, "planned_for": planned.planned_for,
                "at": now,
            }  # fmt: skip
            link = chain_store.append(connection, "deleted", piece, facts, now)
            certificate = {"certified_at": now, "certified_hash": link.hash, "sha256": row.sha256}
            connection.execute(update(DELETIONS).where(_of(piece)).values(certificate))
            for beside in (PEAKS, SALTS):
                connection.execute(delete(beside).where(beside.c.call_id == piece.call_id, beside.c.leg == piece.leg))
            connection.execute(update(table).where(same).values(state="deleted", path=None, parties=None))


def _of(piece: Piece) -> Any:
    return and_(DELETIONS.c.call_id == piece.call_id, DELETIONS.c.leg == piece.leg)


def _plan(piece: Piece) -> Any:
    return select(DELETIONS).where(_of(piece), DELETIONS.c.certified_at.is_(None))



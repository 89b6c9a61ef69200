"""Applying the ledger to the calls database: in order, each record once, nothing lost while the database is away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from hotline_core.adapters.calls_schema import CALL_EVENTS, CALLS, PROJECTOR, RECORDINGS
from hotline_core.adapters.engine import reading, writing
from hotline_core.adapters.ledger import CALL_KINDS, LedgerReader, LedgerRecord
from hotline_core.domain.records import CallRow
from hotline_core.log import Log
from worker.backoff import Backoff
from worker.binding import bind_changes, known_before
from worker.pause_rows import apply_pauses
from worker.projection import project
from worker.transfer_rows import apply_transfers

BATCH = 500
POLL_S = 0.05
_CALL_COLUMNS = tuple(name for name in CallRow.__dataclass_fields__ if name != "call_id")


class Projector:
    """One thread's work; `seq` is the last record applied and committed."""

    def __init__(self, engine: Engine, reader: LedgerReader, *, now: Callable[[], float], log: Log) -> None:
        self._engine = engine
        self._reader = reader
        self._now = now
        self._log = log
        self._waiting: list[LedgerRecord] = []  # read but not yet committed
        self._read_seq: int | None = None  # None until the database told where we are
        self._told_bad_line: tuple[int, int] | None = None
        self.database = Backoff(log, now, "calls database")
        self.seq = 0
        self.ticked_at = now()

    def run(self, stop: threading.Event) -> None:
        """Until stopped: apply what is new, wait a little."""
        while not stop.is_set():
            self.ticked_at = self._now()
            try:
                applied = self.step()
            except (SQLAlchemyError, OSError) as error:  # OSError: the ledger's folder cannot be read
                stop.wait(self.database.failed(error))
                continue
            if applied == 0:
                stop.wait(POLL_S)

    def step(self) -> int:
        """Apply one batch in one transaction; the number of records taken from the ledger, 0 if there is nothing new."""
        if self._read_seq is None:
            self._read_seq = self.seq = self._stored_seq()
            self.database.worked()
            self._warn_if_ledger_is_behind()
        if not self._waiting:
            self._waiting = self._reader.after(self._read_seq, BATCH)
            self._tell_bad_line()
            if not self._waiting:
                return 0
            self._read_seq = self._waiting[-1].seq
        with writing(self._engine) as connection:
            self._apply(connection, self._waiting)
        taken = len(self._waiting)
        self.seq, self._waiting = self._waiting[-1].seq, []
        self.database.worked()
        return taken

    def _stored_seq(self) -> int:
        with reading(self._engine) as connection:
            return connection.execute(select(PROJECTOR.c.seq)).scalar() or 0

    def _warn_if_ledger_is_behind(self) -> None:
        if self.seq and not self._reader.holds(self.seq):
            self._log.error("the ledger ends before what was applied already", applied_seq=self.seq)

    def _tell_bad_line(self) -> None:
        if self._reader.bad_line != self._told_bad_line:
            self._told_bad_line = segment, offset = self._reader.bad_line or (0, 0)
            self._log.error("a line of the ledger was altered and is passed over", segment=segment, byte=offset)

    def _apply(self, connection: Connection, batch: list[LedgerRecord]) -> None:
        """All or nothing; what another worker applied in the meantime is left out."""
        stored = connection.execute(select(PROJECTOR.c.seq).with_for_update()).scalar()
        fresh = [record for record in batch if record.seq > (stored or 0)]
        if not fresh:
            return
        connection.execute(insert(CALL_EVENTS), [_event(record) for record in fresh])
        of_calls = [record for record in fresh if record.call_id and record.kind in CALL_KINDS]
        known = known_before(connection, {record.call_id for record in of_calls})
        self._apply_calls(connection, of_calls)
        apply_transfers(connection, of_calls)
        apply_pauses(connection, of_calls)
        bind_changes(connection, known, self._now())
        place = {"seq": fresh[-1].seq, "updated_at": self._now()}
        if stored is None:
            connection.execute(insert(PROJECTOR), {"id": 1, **place})
        else:
            connection.execute(update(PROJECTOR), place)

    def _apply_calls(self, connection: Connection, records: list[LedgerRecord]) -> None:
        ids = {record.call_id for record in records}
        if not ids:
            return
        found = connection.execute(select(CALLS).where(CALLS.c.call_id.in_(ids)))
        rows = {row.call_id: CallRow(**row._mapping) for row in found}
        known = dict(rows)
        sound: dict[str, float] = {}
        for record in records:
            row = rows[record.call_id] = project(rows.get(record.call_id), record)
            if record.kind in ("recording_started", "citizen_answered"):
                sound.setdefault(record.call_id, record.at)
            elif record.kind == "call_ended" and (row.direction == "in" or row.answered_at is not None):
                sound.setdefault(record.call_id, row.arrived_at)
        made = [asdict(row) for call_id, row in rows.items() if call_id not in known]
        changed = [_keyed(row) for call_id, row in rows.items() if call_id in known and known[call_id] != row]
        if made:
            connection.execute(insert(CALLS), made)
        if changed:
            values: dict[str, Any] = {name: bindparam(name) for name in _CALL_COLUMNS}
            connection.execute(update(CALLS).where(CALLS.c.call_id == bindparam("key")).values(values), changed)
        if sound:
            self._note_sound(connection, sound)

    @staticmethod
    def _note_sound(connection: Connection, sound: dict[str, float]) -> None:
        """A pending recording for each call that has none yet: the finaliser's list of work."""
        query = select(RECORDINGS.c.call_id).where(RECORDINGS.c.call_id.in_(sound))
        there = set(connection.execute(query).scalars())
        pending = [
            {"call_id": call_id, "started_at": at, "state": "pending"} for call_id, at in sound.items() if call_id not in there
        ]
        if pending:
            connection.execute(insert(RECORDINGS), pending)


def _event(record: LedgerRecord) -> dict[str, Any]:
    return {
        "seq": record.seq,
        "call_id": record.call_id,
        "at": record.at,
        "kind": record.kind,
        "facts": dict(record.facts),
    }


def _keyed(row: CallRow) -> dict[str, Any]:
    values = asdict(row)
    values["key"] = values.pop("call_id")
    return values

"""Writing what the ledger tells of transfers into the calls database, inside the projector's own transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update

from hotline_core.adapters.calls_schema import ATTEMPTS, SEGMENTS, TRANSFERS
from hotline_core.adapters.ledger import LedgerRecord
from hotline_core.domain.records import AttemptRow, TransferRow
from worker.transfer_projection import TRANSFER_PROJECTIONS, CallTransfers, project_transfers

CONSULT = "consult"  # the access class of every segment so far


def apply_transfers(connection: Connection, records: Iterable[LedgerRecord]) -> None:
    """Bring the rows of all calls in `records` up to date; a pending segment for each third that answered."""
    told = [record for record in records if record.kind in TRANSFER_PROJECTIONS]
    if not told:
        return
    known = _read(connection, {record.call_id for record in told})
    calls = dict(known)
    for record in told:
        before = calls.get(record.call_id) or CallTransfers(record.call_id)
        calls[record.call_id] = project_transfers(before, record)
    for call_id, after in calls.items():
        before = known.get(call_id) or CallTransfers(call_id)
        _write(connection, TRANSFERS, before.transfers, after.transfers)
        _write(connection, ATTEMPTS, before.attempts, after.attempts)
        fresh = [one for key, one in after.attempts.items() if one.answered_at and one.leg and not _is_answered(before, key)]
        _note_segments(connection, fresh)


def _is_answered(of: CallTransfers, key: tuple[int, int]) -> bool:
    known = of.attempts.get(key)
    return known is not None and known.answered_at is not None


def _read(connection: Connection, call_ids: set[str]) -> dict[str, CallTransfers]:
    found: dict[str, CallTransfers] = {}
    for row in connection.execute(select(TRANSFERS).where(TRANSFERS.c.call_id.in_(call_ids))):
        transfer = TransferRow(**row._mapping)
        found[row.call_id] = found.get(row.call_id, CallTransfers(row.call_id)).with_transfer(transfer)
    for row in connection.execute(select(ATTEMPTS).where(ATTEMPTS.c.call_id.in_(call_ids))):
        attempt = AttemptRow(**row._mapping)
        found[row.call_id] = found.get(row.call_id, CallTransfers(row.call_id)).with_attempt(attempt)
    return found


def _write(connection: Connection, table: Table, before: Any, after: Any) -> None:
    """Rows that are new, and all columns of rows that changed."""
    made = [asdict(row) for key, row in after.items() if key not in before]
    changed = [asdict(row) for key, row in after.items() if key in before and before[key] != row]
    if made:
        connection.execute(insert(table), made)
    if changed:
        keys = [column.name for column in table.primary_key]
        values: dict[str, Any] = {column.name: bindparam(column.name) for column in table.c if column.name not in keys}
        statement = update(table).where(*(table.c[name] == bindparam(f"key_{name}") for name in keys)).values(values)
        connection.execute(statement, [_keyed(row, keys) for row in changed])


def _keyed(row: dict[str, Any], keys: list[str]) -> dict[str, Any]:
    return {f"key_{name}" if name in keys else name: value for name, value in row.items()}


def _note_segments(connection: Connection, answered: list[AttemptRow]) -> None:
    for one in answered:
        same = (SEGMENTS.c.call_id == one.call_id, SEGMENTS.c.leg == one.leg)
        if connection.execute(select(SEGMENTS.c.leg).where(*same)).one_or_none() is not None:  # its sound was found first
            connection.execute(update(SEGMENTS).where(*same).values(n=one.n, started_at=one.answered_at))
        else:
            values = {"call_id": one.call_id, "leg": one.leg, "n": one.n, "access": CONSULT, "started_at": one.answered_at}
            connection.execute(insert(SEGMENTS), {**values, "state": "pending"})

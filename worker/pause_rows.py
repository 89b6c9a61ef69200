"""Pauses of recordings as rows of the calls database: each record of the ledger adds or closes one, in its transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from hotline_core.adapters.calls_schema import PAUSES
from hotline_core.adapters.ledger import LedgerRecord


def apply_pauses(connection: Connection, records: Sequence[LedgerRecord]) -> None:
    """Write what the records tell of pauses; the end of one whose beginning was lost leaves no row."""
    for record in records:
        if record.kind == "recording_paused":
            _begin(connection, record)
        elif record.kind == "recording_resumed":
            ended_by = str(record.facts.get("by") or "")
            still = (PAUSES.c.call_id == record.call_id) & PAUSES.c.resumed_at.is_(None)
            connection.execute(update(PAUSES).where(still).values(resumed_at=record.at, ended_by=ended_by))


def _begin(connection: Connection, record: LedgerRecord) -> None:
    same = (PAUSES.c.call_id == record.call_id) & (PAUSES.c.paused_at == record.at)
    if connection.execute(select(PAUSES.c.call_id).where(same)).first() is None:
        agent = str(record.facts.get("agent") or "")
        connection.execute(insert(PAUSES).values(call_id=record.call_id, paused_at=record.at, agent=agent))

"""The audit trail: one chained row per change, written in the same transaction as the change."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256

from sqlalchemy import Connection, select, update

from hotline_core.adapters.tickets_schema import audit, audit_head

Facts = Mapping[str, str | int | float | bool | None]
FIRST_PREV = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row of the trail as stored."""

    seq: int
    at: float
    actor: str
    act: str
    subject: str
    facts: str
    prev: str
    hash: str


def row_hash(prev: str, seq: int, at: float, actor: str, act: str, subject: str, facts: str) -> str:
    """The hash of a row over its predecessor's."""
    body = json.dumps([seq, at, actor, act, subject, facts], ensure_ascii=False, separators=(",", ":"))
    return sha256(f"{prev}{body}".encode()).hexdigest()


def write_audit(connection: Connection, *, at: float, actor: str, act: str, subject: str, facts: Facts) -> int:
    """Append a row in the transaction of `connection`; its sequence number."""
    # The update comes first: it takes the row lock (PostgreSQL) that keeps the chain in one line.
    connection.execute(update(audit_head).where(audit_head.c.id == 1).values(seq=audit_head.c.seq + 1))
    head = connection.execute(select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.id == 1)).one()
    told = json.dumps(dict(facts), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    made = row_hash(head.hash, head.seq, at, actor, act, subject, told)
    row = AuditRow(head.seq, at, actor, act, subject, told, head.hash, made)
    connection.execute(audit.insert().values(asdict(row)))
    connection.execute(update(audit_head).where(audit_head.c.id == 1).values(hash=made))
    return int(head.seq)


def read_audit(connection: Connection, after: int = 0, limit: int = 1000) -> list[AuditRow]:
    """Rows after `after`, in order."""
    rows = connection.execute(select(audit).where(audit.c.seq > after).order_by(audit.c.seq).limit(limit))
    return [AuditRow(**row._mapping) for row in rows]


def first_broken(rows: Iterable[AuditRow], prev: str = FIRST_PREV) -> int | None:
    """The sequence number of the first row that does not fit its predecessor, or None."""
    expected = None
    for row in rows:
        is_next = row.prev == prev and (expected is None or row.seq == expected)
        if not is_next or row.hash != row_hash(prev, row.seq, row.at, row.actor, row.act, row.subject, row.facts):
            return row.seq
        prev, expected = row.hash, row.seq + 1
    return None

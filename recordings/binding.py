"""Owns what the chain says of a recording beside its sound: who was on it, whose ear may hear it, the remarks of its making.

People stand in a link as hashes alone, salted with 32 random bytes of the recording's own, which lie beside its row and go when it
is deleted: from then on nobody can try out numbers. What is told late (a ledger read again after a crash) makes a link `bound`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, Table, select

from hotline_core.adapters.calls_schema import ATTEMPTS, CALLS, CHAIN, RECORDINGS, SALTS, SEGMENTS, TRANSFERS
from hotline_core.domain.records import RecordingRow, SegmentRow
from recordings.chain import Fact, Link
from recordings.naming import Piece
from recordings.remarks import CHANGED, MISSING, without_remark

Row = RecordingRow | SegmentRow
SALT_BYTES: Final = 32
PEOPLE: Final = ("parties", "call", "third")  # salted hashes
BOUND: Final = ("started_at", "ready_at", "remarks", "n", "access", *PEOPLE)
OF_CALL: Final = ("caller", "dialled", "line", "direction", "about", "arrived_at", "agent")  # the last: who may hear the main one
OF_TRANSFER: Final = ("way", "party", "to", "by")  # who was asked in, and by whom: they may hear the segment


def new_salt() -> str:
    """Hexadecimal."""
    return secrets.token_hex(SALT_BYTES)


def rows_of(connection: Connection, calls: Collection[str]) -> dict[Piece, Row]:
    """All recordings and segments of these calls."""
    found: dict[Piece, Row] = {}
    for table in (RECORDINGS, SEGMENTS):
        for told in connection.execute(select(table).where(table.c.call_id.in_(calls))):
            row = row_from(table, told)
            found[Piece(row.call_id, row.leg)] = row
    return found


def row_from(table: Table, told: Any) -> Row:
    """A row of either table as a value."""
    return SegmentRow(**told._mapping) if table is SEGMENTS else RecordingRow(**told._mapping)


def bound_facts(connection: Connection, rows: Mapping[Piece, Row]) -> dict[Piece, dict[str, Fact]]:
    """What a link is to say of each of these rows as they stand: of BOUND what there is. Without a salt nothing of people."""
    calls = {piece.call_id for piece in rows}
    salts = {Piece(row.call_id, row.leg): row.salt for row in connection.execute(select(SALTS).where(SALTS.c.call_id.in_(calls)))}
    of_call = _of_calls(connection, calls) if salts else {}
    of_third = _of_thirds(connection, {piece.call_id for piece in rows if piece.leg}) if salts else {}
    found = dict[Piece, dict[str, Fact]]()
    for piece, row in rows.items():
        facts: dict[str, Fact] = {"started_at": row.started_at, "ready_at": row.ready_at, "remarks": _of_making(row.detail)}
        if isinstance(row, SegmentRow):
            facts |= {"n": row.n, "access": row.access}
        if (salt := salts.get(piece)) is not None:
            call = of_call.get(piece.call_id)
            if isinstance(row, SegmentRow):  # made while the call may go on to another agent, whom it does not concern
                transfers, attempts = of_third.get(piece.call_id, ({}, {}))
                whose = transfers.get(row.n) if row.n is not None else None
                facts["third"] = _hidden(salt, "third", [whose, attempts.get(row.leg)])
                call = call[:-1] if call else None
            facts |= {"parties": _hidden(salt, "parties", row.parties), "call": _hidden(salt, "call", call)}
        found[piece] = facts
    return found


def told_facts(connection: Connection, calls: Collection[str]) -> dict[Piece, dict[str, Fact]]:
    """What the chain says by now of the recordings that these calls keep: the link of each, with what was bound later."""
    found = dict[Piece, dict[str, Fact]]()
    query = select(CHAIN).where(CHAIN.c.call_id.in_(calls), CHAIN.c.kind.in_(("kept", "bound")))
    for row in connection.execute(query.order_by(CHAIN.c.day, CHAIN.c.position)):
        link = Link(**row._mapping)
        if link.kind == "kept":
            found[link.piece] = dict(link.facts())
        elif link.piece in found:
            found[link.piece] |= {name: fact for name, fact in link.facts().items() if name in BOUND}
    return found


def differences(told: Mapping[str, Fact], row: Row, facts: Mapping[str, Fact]) -> list[str]:
    """Which of what was bound the row does not say any more; `facts` are of `bound_facts`. People end with their recording."""
    names = [name for name in BOUND if name in told and not (name in PEOPLE and row.state == "deleted")]
    if any(name in PEOPLE for name in names) and not any(name in facts for name in PEOPLE):
        return ["salt", *(name for name in names if name not in PEOPLE and told[name] != facts.get(name))]
    return [name for name in names if told[name] != facts.get(name)]


def _of_making(detail: str | None) -> str | None:
    """Without the remarks that come and go afterwards."""
    return without_remark(without_remark(detail, CHANGED), MISSING)


def _hidden(salt: str, what: str, told: object) -> str:
    return sha256(json.dumps([salt, what, told], sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _of_calls(connection: Connection, calls: Collection[str]) -> dict[str, list[Any]]:
    query = select(CALLS.c.call_id, *(CALLS.c[name] for name in OF_CALL)).where(CALLS.c.call_id.in_(calls))
    return {row.call_id: list(row[1:]) for row in connection.execute(query)}


def _of_thirds(connection: Connection, calls: Collection[str]) -> dict[str, tuple[dict[int, list[Any]], dict[int, list[Any]]]]:
    """Of each call its transfers by number, and by leg the numbers dialled."""
    found: dict[str, tuple[dict[int, list[Any]], dict[int, list[Any]]]] = {call_id: ({}, {}) for call_id in calls}
    columns = (TRANSFERS.c.call_id, TRANSFERS.c.n, *(TRANSFERS.c[name] for name in OF_TRANSFER))
    for row in connection.execute(select(*columns).where(TRANSFERS.c.call_id.in_(calls))):
        found[row.call_id][0][row.n] = list(row[2:])
    query = select(ATTEMPTS.c.call_id, ATTEMPTS.c.leg, ATTEMPTS.c.n, ATTEMPTS.c.number)
    query = query.where(ATTEMPTS.c.call_id.in_(calls), ATTEMPTS.c.leg.is_not(None))
    for row in connection.execute(query.order_by(ATTEMPTS.c.n, ATTEMPTS.c.attempt)):
        found[row.call_id][1].setdefault(row.leg, []).append([row.n, row.number])
    return found

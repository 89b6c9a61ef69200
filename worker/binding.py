"""Owns the writing of what the chain says of people on recordings: with the making, later from the ledger, and for those of before.

What the ledger tells late is bound anew only where the rows still said what was bound: a row that somebody altered stays found.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, Engine, and_, insert, select

from hotline_core.adapters.calls_schema import CHAIN, RECORDINGS, SALTS, SEGMENTS
from hotline_core.adapters.engine import reading, writing
from recordings import chain_store
from recordings.binding import Row, bound_facts, differences, new_salt, rows_of, told_facts
from recordings.chain import Fact
from recordings.holds import alone
from recordings.naming import Piece

BATCH: Final = 50
OF_SOUND: Final = ("length_s", "codec", "cipher", "size", "sha256", "plain_size", "plain_sha256")


@dataclass(frozen=True, slots=True)
class Known:
    """What the chain says of a recording, and the rows said too, before records of the ledger are applied."""

    facts: Mapping[str, Fact]


def append_kept(connection: Connection, piece: Piece, now: float) -> None:
    """The link of a recording whose row was just written, and its salt, in the same transaction."""
    if connection.execute(select(SALTS.c.salt).where(_of(piece))).first() is None:
        connection.execute(insert(SALTS).values(call_id=piece.call_id, leg=piece.leg, salt=new_salt()))
    row = rows_of(connection, [piece.call_id])[piece]
    sound: dict[str, Fact] = {name: getattr(row, name) for name in OF_SOUND}
    chain_store.append(connection, "kept", piece, sound | bound_facts(connection, {piece: row})[piece], now)


def known_before(connection: Connection, calls: Collection[str]) -> dict[Piece, Known]:
    """Of the kept recordings of these calls those whose rows are what the chain says; few calls have any while records come."""
    rows = _kept(connection, calls)
    if not rows:
        return {}
    told, facts = told_facts(connection, {piece.call_id for piece in rows}), bound_facts(connection, rows)
    same = (piece for piece, row in rows.items() if piece in told and not differences(told[piece], row, facts[piece]))
    return {piece: Known(facts[piece]) for piece in same}


def bind_changes(connection: Connection, known: Mapping[Piece, Known], now: float) -> int:
    """A link for each recording of which the records just applied told something else; how many."""
    if not known:
        return 0
    rows = {piece: row for piece, row in _kept(connection, {piece.call_id for piece in known}).items() if piece in known}
    count = 0
    for piece, facts in sorted(bound_facts(connection, rows).items()):
        if changed := {name: fact for name, fact in facts.items() if known[piece].facts.get(name) != fact}:
            chain_store.append(connection, "bound", piece, changed, now)
            count += 1
    return count


class Binding:
    """Of recordings that were kept before people stood in the chain. SQLAlchemyError goes through."""

    def __init__(self, calls: Engine) -> None:
        self._calls = calls

    def step(self, now: float) -> int:
        """Bind some of them; how many."""
        pieces = self._unbound()
        if not pieces:
            return 0
        with writing(self._calls) as connection:
            alone(connection)  # none of them is deleted meanwhile
            rows = {piece: row for piece, row in _kept(connection, {one.call_id for one in pieces}).items() if piece in set(pieces)}
            if rows:
                salts = [{"call_id": piece.call_id, "leg": piece.leg, "salt": new_salt()} for piece in rows]
                connection.execute(insert(SALTS), salts)
            told = told_facts(connection, {piece.call_id for piece in rows})
            for piece, facts in sorted(bound_facts(connection, rows).items()):
                if more := {name: fact for name, fact in facts.items() if name not in told[piece]}:
                    chain_store.append(connection, "bound", piece, more, now)
        return len(rows)

    def _unbound(self) -> list[Piece]:
        found = list[Piece]()
        with reading(self._calls) as connection:
            for table in (RECORDINGS, SEGMENTS):
                leg = table.c.leg if table is SEGMENTS else 0
                salted = select(SALTS.c.salt).where(and_(SALTS.c.call_id == table.c.call_id, SALTS.c.leg == leg)).exists()
                link = and_(CHAIN.c.call_id == table.c.call_id, CHAIN.c.leg == leg, CHAIN.c.kind == "kept")
                linked = select(CHAIN.c.hash).where(link).exists()
                kept = (table.c.state.in_(("ready", "missing")), table.c.cipher.is_not(None), ~salted, linked)
                order = (table.c.call_id, *([table.c.leg] if table is SEGMENTS else []))
                rows = connection.execute(select(*order).where(*kept).limit(BATCH)).all()
                found += [Piece(*row) for row in rows]
        return found[:BATCH]


def _kept(connection: Connection, calls: Collection[str]) -> dict[Piece, Row]:
    return {piece: row for piece, row in rows_of(connection, calls).items() if row.state in ("ready", "missing")}


def _of(piece: Piece) -> ColumnElement[bool]:
    return and_(SALTS.c.call_id == piece.call_id, SALTS.c.leg == piece.leg)

"""Owns the looking over all recordings: how long each is kept as things stand now, and which deletions are announced or withdrawn.

Every row once a night, in batches, memory flat; those of tickets that changed within a minute. Nothing is deleted here
(worker/deleting.py), and nothing is decided while the tickets database is away: what a call belongs to is not known then.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, and_, bindparam, delete, insert, select, tuple_, update

from hotline_core.adapters.calls_schema import CALLS, DELETIONS, RECORDINGS, SEGMENTS, TRAINING
from hotline_core.adapters.engine import reading, writing
from recordings.holds import alone, held_among
from recordings.naming import Piece, piece_of_spool
from recordings.plan import Act, Planned, decide
from recordings.retention import Facts, Keeping, Ticket
from worker.keeping_rules import KeepingRules
from worker.pieces import kept_columns
from worker.ticket_facts import TicketFacts, about_whom, whom_about

BATCH: Final = 500
KEPT: Final = ("ready", "missing", "failed")
NO_SOUND: Final = "no_sound"  # of a failed one: nothing lies anywhere


@dataclass(slots=True)
class Swept:
    """What one pass did."""

    looked: int = 0
    changed: int = 0
    announced: int = 0
    withdrawn: int = 0
    overdue: list[Piece] = field(default_factory=list)  # kept too long without a hold; the first ones

    MOST_TOLD = 100


@dataclass(frozen=True, slots=True)
class _Row:
    table: Table
    piece: Piece
    told: Any  # klass, keep_until, rule, started_at, sha256
    facts: Facts
    line: str


class Sweep:
    """`now` in epoch seconds. SQLAlchemyError goes through, SetupError and SettingsError too: no rules, nothing is done.

    What could not be made ends like what could: its plain sound lies in the spool. Where there was no sound at all nothing ends.
    """

    def __init__(self, calls: Engine, tickets: TicketFacts, rules: KeepingRules, spool: Path) -> None:
        self._calls, self._tickets, self._rules, self._spool = calls, tickets, rules, spool

    def batch(self, table: Table, after: tuple[str, int], now: float, swept: Swept) -> tuple[str, int] | None:
        """Look over the next rows of a table; the place to go on from, None at its end."""
        leg = table.c.leg if table is SEGMENTS else None
        place = table.c.call_id > after[0] if leg is None else tuple_(table.c.call_id, leg) > tuple_(*after)
        order = (table.c.call_id,) if leg is None else (table.c.call_id, leg)
        query = _rows(table).where(place, table.c.state.in_(KEPT)).order_by(*order).limit(BATCH)
        with reading(self._calls) as connection:
            rows = connection.execute(query).all()
        self._look_over(table, self._with_sound(rows), now, swept)
        if len(rows) < BATCH:
            return None
        return rows[-1].call_id, rows[-1]._mapping.get("leg", 0)

    def calls(self, call_ids: Sequence[str], now: float, swept: Swept) -> None:
        """Look over all recordings of these calls, and of calls to citizens about them."""
        with reading(self._calls) as connection:
            call_ids = about_whom(connection, call_ids)
        for start in range(0, len(call_ids), BATCH):
            some = call_ids[start : start + BATCH]
            for table in (RECORDINGS, SEGMENTS):
                with reading(self._calls) as connection:
                    rows = connection.execute(_rows(table).where(table.c.call_id.in_(some), table.c.state.in_(KEPT))).all()
                self._look_over(table, self._with_sound(rows), now, swept)

    def _with_sound(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Without those that nothing lies here of."""
        if not any(row.detail == NO_SOUND for row in rows):
            return rows
        try:
            there = {piece_of_spool(name) for name in os.listdir(self._spool)}
        except FileNotFoundError:
            there = set()
        return [row for row in rows if row.detail != NO_SOUND or Piece(*_key(row)) in there]

    def keeping(self, table: Table, row: Any, now: float) -> Keeping:
        """How long the recording of one row (of `_rows`) is kept."""
        return self._rules.judge(facts_of(row, self._tickets_of([row])[row.call_id]), row.line or "", now)

    def _tickets_of(self, rows: Sequence[Any]) -> dict[str, tuple[Ticket, ...]]:
        """The tickets of each row's call, and of the call that it is about."""
        with reading(self._calls) as connection:
            whom = whom_about(connection, {row.call_id for row in rows})
        tickets = self._tickets.of_calls({call_id for each in whom.values() for call_id in each})
        return {call_id: tuple(ticket for one in each for ticket in tickets.get(one, ())) for call_id, each in whom.items()}

    def _look_over(self, table: Table, rows: Sequence[Any], now: float, swept: Swept) -> None:
        if not rows:
            return
        tickets = self._tickets_of(rows)
        judged = [(row, self._rules.judge(facts_of(row, tickets[row.call_id]), row.line or "", now)) for row in rows]
        swept.looked += len(rows)
        changed = [(row, keeping) for row, keeping in judged if _differs(row, keeping)]
        with reading(self._calls) as connection:
            plans = _plans(connection, [row for row, _ in judged])
            held = held_among(connection, {row.call_id for row in rows})
        steps = [(row, keeping, decide(keeping, plans.get(_key(row)), now, is_held=row.call_id in held)) for row, keeping in judged]
        for row, _, step in steps:
            if step.is_overdue and len(swept.overdue) < Swept.MOST_TOLD:
                swept.overdue.append(Piece(*_key(row)))
        todo = [(row, keeping, step) for row, keeping, step in steps if step.act in (Act.ANNOUNCE, Act.WITHDRAW)]
        if changed or todo:
            with writing(self._calls) as connection:
                alone(connection)
                self._write(connection, table, changed, todo, now)
        swept.changed += len(changed)
        swept.announced += sum(step.act is Act.ANNOUNCE for _, _, step in todo)
        swept.withdrawn += sum(step.act is Act.WITHDRAW for _, _, step in todo)

    def _write(self, connection: Connection, table: Table, changed: list[Any], todo: list[Any], now: float) -> None:
        if changed:
            keys = ("call_id", "leg") if table is SEGMENTS else ("call_id",)
            fresh = [{**{f"key_{key}": getattr(row, key) for key in keys}, **kept_columns(keeping)} for row, keeping in changed]
            columns: dict[str, Any] = {name: bindparam(name) for name in kept_columns(changed[0][1])}
            same_row = [table.c[key] == bindparam(f"key_{key}") for key in keys]
            connection.execute(update(table).where(*same_row).values(columns), fresh)
        for row, keeping, step in todo:
            call_id, leg = _key(row)
            same = (DELETIONS.c.call_id == call_id, DELETIONS.c.leg == leg, DELETIONS.c.certified_at.is_(None))
            connection.execute(delete(DELETIONS).where(*same))
            if step.act is Act.ANNOUNCE:
                reason = "overdue" if step.is_overdue else "expired"
                values = {"call_id": call_id, "leg": leg, "planned_at": now, "planned_for": step.planned_for, "reason": reason}
                told = {"rule": keeping.rule, "klass": keeping.klass, "started_at": row.started_at, "sha256": row.sha256}
                connection.execute(insert(DELETIONS).values(**values, **told))


def facts_of(row: Any, tickets: tuple[Any, ...]) -> Facts:
    """What the rules ask about; the call may have lost its own row, then it is an ordinary one."""
    return Facts(row.started_at, is_emergency=bool(row.urgent), training_since=row.training_since, tickets=tickets)


def rows_of(table: Table) -> Any:
    """Recordings with what the rules ask about."""
    return _rows(table)


def _rows(table: Table) -> Any:
    named = ("call_id", "started_at", "klass", "kept_from", "keep_until", "rule", "sha256", "state", "detail", "path", "store")
    columns = [table.c[name] for name in (*named, *(("leg",) if table is SEGMENTS else ()))]
    teaches = and_(TRAINING.c.call_id == table.c.call_id, TRAINING.c.ended_at.is_(None))
    joined = table.outerjoin(CALLS, CALLS.c.call_id == table.c.call_id).outerjoin(TRAINING, teaches)
    return select(*columns, CALLS.c.line, CALLS.c.urgent, TRAINING.c.taken_at.label("training_since")).select_from(joined)


def _differs(row: Any, keeping: Keeping) -> bool:
    return any(getattr(row, name) != value for name, value in kept_columns(keeping).items())


def _key(row: Any) -> tuple[str, int]:
    return row.call_id, row._mapping.get("leg", 0)


def _plans(connection: Connection, rows: Sequence[Any]) -> dict[tuple[str, int], Planned]:
    query = select(DELETIONS.c.call_id, DELETIONS.c.leg, DELETIONS.c.planned_at, DELETIONS.c.planned_for)
    query = query.where(DELETIONS.c.call_id.in_({row.call_id for row in rows}), DELETIONS.c.certified_at.is_(None))
    return {(row.call_id, row.leg): Planned(row.planned_at, row.planned_for) for row in connection.execute(query)}

"""Reading what is planned for recordings and what was done: planned deletions, certificates, one recording's own. Sync."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Engine, Select, and_, func, or_, select

from hotline_core.adapters.calls_schema import CALLS, DELETIONS
from hotline_core.adapters.engine import reading


@dataclass(frozen=True, slots=True)
class Deletion:
    """A planned deletion, or a certified one; with it who the call was with, None where the call is not known. Epoch seconds."""

    call_id: str
    leg: int
    planned_at: float
    planned_for: float
    reason: str
    rule: str
    klass: str
    started_at: float
    sha256: str | None
    certified_at: float | None
    certified_hash: str | None
    line: str | None
    caller: str | None
    agent: str | None


_COLUMNS = tuple(DELETIONS.c[name] for name in Deletion.__dataclass_fields__ if name in DELETIONS.c)


class KeepingStore:
    """Reads only; SQLAlchemyError goes through to the caller."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def planned(self, after: tuple[float, str, int] | None, limit: int) -> tuple[list[Deletion], int]:
        """What will be deleted, the nearest first, behind (planned_for, call id, leg) of the page before; and how many in all."""
        place: list[Column[Any]] = [DELETIONS.c.planned_for, DELETIONS.c.call_id, DELETIONS.c.leg]
        query = self._rows().where(DELETIONS.c.certified_at.is_(None)).order_by(*place).limit(limit)
        if after is not None:
            query = query.where(_behind(place, after))
        total = select(func.count()).select_from(DELETIONS).where(DELETIONS.c.certified_at.is_(None))
        with reading(self._engine) as connection:
            rows = [Deletion(**row._mapping) for row in connection.execute(query)]
            return rows, int(connection.execute(total).scalar_one())

    def certified(self, after: tuple[float, str, int] | None, limit: int) -> list[Deletion]:
        """What was deleted, the last first, behind (certified_at, call id, leg) of the page before: many share one moment."""
        at, call_id, leg = DELETIONS.c.certified_at, DELETIONS.c.call_id, DELETIONS.c.leg
        query = self._rows().where(at.is_not(None)).order_by(at.desc(), call_id, leg).limit(limit)
        if after is not None:
            query = query.where(or_(at < after[0], and_(at == after[0], _behind((call_id, leg), after[1:]))))
        with reading(self._engine) as connection:
            return [Deletion(**row._mapping) for row in connection.execute(query)]

    def of(self, call_id: str, leg: int) -> Deletion | None:
        """The plan or certificate of one recording."""
        query = self._rows().where((DELETIONS.c.call_id == call_id) & (DELETIONS.c.leg == leg))
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
            return Deletion(**row._mapping) if row is not None else None

    @staticmethod
    def _rows() -> Select[Any]:
        joined = DELETIONS.outerjoin(CALLS, CALLS.c.call_id == DELETIONS.c.call_id)
        return select(*_COLUMNS, CALLS.c.line, CALLS.c.caller, CALLS.c.agent).select_from(joined)


def _behind(place: Sequence[Column[Any]], after: Sequence[object]) -> ColumnElement[bool]:
    """Whether these columns, each ascending, lie behind the place; the first one decides, then the next."""
    first, value = place[0], after[0]
    if len(place) == 1:
        return first > value
    return or_(first > value, and_(first == value, _behind(place[1:], after[1:])))

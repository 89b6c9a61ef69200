"""Counting a day in the calls database: one pass over the day's calls, and the ends of calls since a ledger record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, case, func, or_, select

from hotline_core.adapters.calls_schema import CALL_EVENTS, CALLS, PROJECTOR
from hotline_core.adapters.engine import reading
from hotline_core.domain.day import DAY_S, LineDay


@dataclass(frozen=True, slots=True)
class Ends:
    """Calls of one line that ended with one outcome."""

    line: str
    outcome: str
    count: int


class DayStore:
    """Reads only; SQLAlchemyError goes through to the caller, who says that the database is away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def applied(self) -> int:
        """The last ledger record that the calls database holds; a new one means that a count may have changed."""
        with reading(self._engine) as connection:
            return connection.execute(select(PROJECTOR.c.seq)).scalar() or 0

    def lines(self, start: float, within_s: float) -> tuple[LineDay, ...]:
        """The counts of every line with a call in the day that began at `start`; `within_s` is T of the service level."""
        called = CALLS.c
        query = select(called.line, *(column.label(name) for name, column in _columns(within_s).items()))
        query = query.where(called.arrived_at >= start, called.arrived_at < start + DAY_S, called.direction == "in")
        with reading(self._engine) as connection:
            rows = connection.execute(query.group_by(called.line)).all()
        return tuple(LineDay(**row._mapping) for row in rows)

    def ended(self, after: int, upto: int) -> tuple[Ends, ...]:
        """How many calls ended in the ledger records after `after` up to `upto`, by line and outcome."""
        joined = CALL_EVENTS.join(CALLS, CALLS.c.call_id == CALL_EVENTS.c.call_id)
        query = select(CALLS.c.line, CALLS.c.outcome, func.count()).select_from(joined)
        query = query.where(CALL_EVENTS.c.seq > after, CALL_EVENTS.c.seq <= upto, CALL_EVENTS.c.kind == "call_ended")
        query = query.where(CALLS.c.direction == "in")
        with reading(self._engine) as connection:
            rows = connection.execute(query.group_by(CALLS.c.line, CALLS.c.outcome)).all()
        return tuple(Ends(line, outcome or "lost", count) for line, outcome, count in rows)


def _columns(within_s: float) -> dict[str, ColumnElement[Any]]:
    """LineDay's counts as SQL over the rows of one line."""
    call = CALLS.c
    # A call that was recovered from the dialplan's journal has no queued_at; its outcome then tells that it asked for a person.
    is_asked = or_(call.queued_at.is_not(None), func.coalesce(call.outcome, "").in_(("answered", "duty", "callback")))
    by_person = call.outcome.in_(("answered", "duty"))
    asked_at = func.coalesce(call.queued_at, call.arrived_at)
    is_open = call.outcome.is_(None)
    has_left = and_(is_asked, call.outcome == "abandoned")
    waited = case((by_person, call.answered_at - call.arrived_at), else_=call.ended_at - call.arrived_at)
    return {
        "arrived": func.count(),
        "in_menu": _count(is_open, ~is_asked),
        "left_menu": _count(~is_asked, call.outcome.in_(("abandoned", "lost"))),
        "asked": _count(is_asked),
        "waiting": _count(is_open, is_asked),
        "answered": _count(call.outcome == "answered"),
        "duty": _count(call.outcome == "duty"),
        "party": _count(call.outcome == "party"),
        "abandoned": _count(has_left),
        "callback": _count(call.outcome == "callback"),
        "lost": _count(is_asked, call.outcome == "lost"),
        "within": _count(by_person, call.answered_at - asked_at <= within_s),
        "abandoned_within": _count(has_left, call.ended_at - asked_at <= within_s),
        "waited_s": func.coalesce(func.sum(case((by_person, call.answered_at - call.arrived_at), else_=0.0)), 0.0),
        "longest_s": func.coalesce(func.max(case((and_(is_asked, call.outcome != "party"), waited), else_=0.0)), 0.0),
    }


def _count(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((and_(*conditions), 1), else_=0)), 0)

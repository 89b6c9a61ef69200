"""The calls that the call-back list is made of: missed ones of some days, and all others of the same numbers."""

from __future__ import annotations

from sqlalchemy import Engine, and_, or_, select

from hotline_core.adapters.calls_schema import CALLS
from hotline_core.adapters.engine import reading
from hotline_core.domain.records import CallRow

MOST_MISSED = 5000  # the newest ones; a day of ten thousand calls misses fewer
NUMBERS_AT_ONCE = 500


class CallbackStore:
    """Reads only; SQLAlchemyError goes through to the caller, who says that the database is away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def calls(self, since: float) -> tuple[CallRow, ...]:
        """Calls since then that may need a call-back, newest first, and every call with one of their numbers since then."""
        call = CALLS.c
        missed = or_(
            call.outcome.in_(("abandoned", "callback", "lost")), call.left_alone,
            and_(call.ended_by == "system", call.answered_at.is_not(None)),
        )  # fmt: skip
        query = select(CALLS).where(call.arrived_at >= since, call.state == "ended", missed)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(call.arrived_at.desc()).limit(MOST_MISSED)).all()
            found = {row.call_id: CallRow(**row._mapping) for row in rows}
            numbers = sorted({row.caller for row in rows if row.caller})
            for first in range(0, len(numbers), NUMBERS_AT_ONCE):
                some = numbers[first : first + NUMBERS_AT_ONCE]
                others = connection.execute(select(CALLS).where(call.caller.in_(some), call.arrived_at >= since)).all()
                found |= {row.call_id: CallRow(**row._mapping) for row in others}
        return tuple(found.values())

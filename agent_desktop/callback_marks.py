"""Who marked a citizen as done with and why: one row per missed call, audited in the same transaction; no number is kept."""

from __future__ import annotations

from typing import Literal, get_args

from sqlalchemy import Engine, delete, select
from sqlalchemy.exc import IntegrityError

from hotline_core.adapters.audit import write_audit
from hotline_core.adapters.engine import reading, writing
from hotline_core.adapters.tickets_schema import callback_marks

Reason = Literal["unreachable", "solved", "unwanted"]
REASONS: tuple[str, ...] = get_args(Reason)


class CallbackMarks:
    """Reads and writes the marks; synchronous, call it off the event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def done(self, since: float) -> frozenset[str]:
        """The missed calls marked as done since then."""
        with reading(self._engine) as connection:
            return frozenset(connection.scalars(select(callback_marks.c.call_id).where(callback_marks.c.at >= since)))

    def mark(self, call_id: str, reason: Reason, attempts: int, *, by: str, now: float, forget: float) -> None:
        """Mark a missed call as done; a second mark changes nothing. Marks before `forget` are of no use and go."""
        try:
            with writing(self._engine) as connection:
                connection.execute(delete(callback_marks).where(callback_marks.c.at < forget))
                if connection.execute(select(callback_marks.c.call_id).where(callback_marks.c.call_id == call_id)).first():
                    return
                connection.execute(callback_marks.insert().values(call_id=call_id, at=now, by=by, reason=reason))
                facts = {"reason": reason, "attempts": attempts}
                write_audit(connection, at=now, actor=by, act="callback_done", subject=call_id, facts=facts)
        except IntegrityError:  # PostgreSQL: two marks at once; the other one won, and both say done
            return

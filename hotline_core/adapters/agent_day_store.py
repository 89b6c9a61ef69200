"""What the calls database holds of the agents' day: records of their states, and their calls, in one pass each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine, and_, case, func, select

from hotline_core.adapters.calls_schema import CALL_EVENTS, CALLS
from hotline_core.adapters.engine import reading
from hotline_core.domain.agent_day import STATES, Calls
from hotline_core.domain.day import DAY_S

BATCH = 2000


@dataclass(frozen=True, slots=True)
class StateTold:
    """A record of an agent's state."""

    seq: int
    at: float
    kind: str
    agent: str
    reason: str


class AgentDayStore:
    """Reads only; SQLAlchemyError goes through to the caller, who says that the database is away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def states(self, start: float, after: int) -> tuple[StateTold, ...]:
        """Records of states from `start` (epoch seconds) on with a higher number than `after`, in order.

        Read from the newest back, so that a day costs the same whatever years lie before it.
        """
        of = CALL_EVENTS.c
        found: list[StateTold] = []
        below: int | None = None
        with reading(self._engine) as connection:
            while True:
                query = select(of.seq, of.at, of.kind, of.facts).where(of.call_id == "", of.seq > after)
                if below is not None:
                    query = query.where(of.seq < below)
                rows = connection.execute(query.order_by(of.seq.desc()).limit(BATCH)).all()
                for row in rows:
                    if row.at >= start and row.kind in STATES:
                        agent, reason = str(row.facts.get("agent", "")), str(row.facts.get("reason", ""))
                        found.append(StateTold(row.seq, row.at, row.kind, agent, reason))
                if len(rows) < BATCH or rows[-1].at < start:
                    return tuple(reversed(found))
                below = rows[-1].seq

    def calls(self, start: float) -> Mapping[str, Calls]:
        """The calls of every agent in the day that began at `start`: those that somebody spoke in, also while they run."""
        called = CALLS.c
        talk = func.coalesce(called.ended_at - called.answered_at, 0.0)
        is_out = called.direction == "out"
        columns = (
            func.sum(case((is_out, 0), else_=1)), func.sum(case((is_out, 1), else_=0)),
            func.count(called.ended_at), func.sum(talk), func.max(talk),
        )  # fmt: skip
        today = and_(called.arrived_at >= start, called.arrived_at < start + DAY_S)
        kept = and_(today, called.answered_at.is_not(None), called.outcome == "answered", called.agent.is_not(None))
        with reading(self._engine) as connection:
            rows = connection.execute(select(called.agent, *columns).where(kept).group_by(called.agent)).all()
        return {row[0]: Calls(int(row[1]), int(row[2]), int(row[3]), float(row[4]), float(row[5])) for row in rows}

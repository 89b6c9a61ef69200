"""Owns the settling of alarms about recordings: somebody has seen to them and says how, in the audit trail; then they end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from sqlalchemy import Engine, and_, select, update

from hotline_core.adapters.audit import Facts, write_audit
from hotline_core.adapters.calls_schema import ALARMS
from hotline_core.adapters.engine import reading, writing
from hotline_core.errors import SetupError

LONGEST_REASON: Final = 500


def settle(calls: Engine, tickets: Engine, reason: str, now: float) -> Mapping[str, int]:
    """End the alarms that are open now, the audit row first; how many of each kind.

    SetupError no_settle_reason, nothing_to_settle. SQLAlchemyError: then no alarm ended.
    """
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise SetupError("no_settle_reason", most=LONGEST_REASON)
    is_open = ALARMS.c.settled_at.is_(None)
    with reading(calls) as connection:
        found = connection.execute(select(ALARMS.c.kind, ALARMS.c.subject, ALARMS.c.leg).where(is_open)).all()
    if not found:
        raise SetupError("nothing_to_settle")
    counts = Counter(str(row.kind) for row in found)
    with writing(tickets) as connection:
        facts: Facts = {"reason": reason, **counts}
        write_audit(connection, at=now, actor="operator", act="recording_alarms_settled", subject="recordings", facts=facts)
    with writing(calls) as connection:
        for row in found:  # and none that came meanwhile
            same = and_(ALARMS.c.kind == row.kind, ALARMS.c.subject == row.subject, ALARMS.c.leg == row.leg)
            connection.execute(update(ALARMS).where(same, is_open).values(settled_at=now))
    return counts

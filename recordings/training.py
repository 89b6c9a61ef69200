"""Owns which calls were taken as training material: by whom, why, until when (PIPL art. 19); their class of keeping is `training`.

Held in the calls database like a legal hold: of a taking and a deletion at once exactly one is first. Taken again after its end,
a call counts from its first day, so that nobody can put its end off for ever. It changes how long is kept, never who may hear.
The desk asks `refuse_take` and `refuse_end`, writes the audit row, then acts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine, insert, select, update

from hotline_core.adapters.calls_schema import RECORDINGS, TRAINING
from hotline_core.adapters.engine import reading, writing
from hotline_core.errors import BadInput, Conflict, NotFound
from recordings.holds import GONE, alone

LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """One call; `ended_at` None: it teaches. Times in epoch seconds."""

    call_id: str
    taken_at: float
    by: str
    reason: str
    ended_at: float | None = None
    ended_by: str | None = None
    end_reason: str | None = None


class Training:
    """SQLAlchemyError goes through to the caller, who says that the database is away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_call(self, call_id: str) -> Taken | None:
        """Whether and how a call was taken, None if it never was."""
        with reading(self._engine) as connection:
            row = connection.execute(select(TRAINING).where(TRAINING.c.call_id == call_id)).one_or_none()
        return Taken(**row._mapping) if row is not None else None

    def refuse_take(self, call_id: str, reason: str) -> None:
        """What `take` would be refused for as things stand."""
        _check(reason)
        with reading(self._engine) as connection:
            _is_new(connection, call_id)

    def refuse_end(self, call_id: str, reason: str) -> None:
        """What `end` would be refused for as things stand."""
        _check(reason)
        with reading(self._engine) as connection:
            if not taught_since(connection, [call_id]):
                raise NotFound("not_training")

    def take(self, call_id: str, reason: str, by: str, now: float) -> None:
        """BadInput reason; NotFound recording_not_ready; Conflict training_taken, recording_deleted: the sound is gone."""
        _check(reason)
        with writing(self._engine) as connection:
            alone(connection)
            if _is_new(connection, call_id):
                connection.execute(insert(TRAINING).values(call_id=call_id, taken_at=now, by=by, reason=reason))
                return
            again = {"by": by, "reason": reason, "ended_at": None, "ended_by": None, "end_reason": None}
            connection.execute(update(TRAINING).where(TRAINING.c.call_id == call_id).values(again))

    def end(self, call_id: str, reason: str, by: str, now: float) -> None:
        """The other rules alone hold again. BadInput reason; NotFound not_training."""
        _check(reason)
        with writing(self._engine) as connection:
            alone(connection)
            told = {"ended_at": now, "ended_by": by, "end_reason": reason}
            same = (TRAINING.c.call_id == call_id, TRAINING.c.ended_at.is_(None))
            if connection.execute(update(TRAINING).where(*same).values(told)).rowcount != 1:
                raise NotFound("not_training")


def _is_new(connection: Connection, call_id: str) -> bool:
    """Whether this call was never taken before; raises as `take` does."""
    state = connection.execute(select(RECORDINGS.c.state).where(RECORDINGS.c.call_id == call_id)).scalar_one_or_none()
    if state is None or state == "pending":
        raise NotFound("recording_not_ready")
    if state in GONE:
        raise Conflict("recording_deleted")
    before = connection.execute(select(TRAINING.c.ended_at).where(TRAINING.c.call_id == call_id)).one_or_none()
    if before is not None and before.ended_at is None:
        raise Conflict("training_taken")
    return before is None


def taught_since(connection: Connection, calls: Collection[str]) -> Mapping[str, float]:
    """Since when those of these calls teach that do; in the transaction that decides about them."""
    query = select(TRAINING.c.call_id, TRAINING.c.taken_at)
    rows = connection.execute(query.where(TRAINING.c.call_id.in_(calls), TRAINING.c.ended_at.is_(None)))
    return {row.call_id: float(row.taken_at) for row in rows}


def _check(reason: str) -> None:
    if not 1 < len(reason.strip()) <= LONGEST_REASON:
        raise BadInput("note_needed", field="reason")

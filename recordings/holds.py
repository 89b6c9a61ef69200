"""Owns legal holds: a case, why and by whom, and the calls whose evidence it keeps from every deletion (PIPL art. 47).

Held in the calls database, where deletions are certified: of a hold and a deletion at once exactly one is first, and the hold's
answer tells which calls it came too late for. The desk asks `refuse_put` and `refuse_release`, writes the audit row, then acts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, Select, func, insert, select, text, update

from hotline_core.adapters.calls_schema import CALLS, DELETIONS, HELD, HOLDS, RECORDINGS, SEGMENTS
from hotline_core.adapters.engine import reading, writing
from hotline_core.errors import BadInput, Conflict, NotFound
from recordings.naming import is_call_id

LONGEST_KEY: Final = 60
LONGEST_REASON: Final = 500
MOST_CALLS: Final = 2000  # of one case
SHOWN: Final = 5  # calls named in a refusal
PIECE: Final = 500  # ids of one query
GONE: Final = ("deleting", "deleted")
_LOCK: Final = 0x686F6C64  # any number


@dataclass(frozen=True, slots=True)
class Hold:
    """One case; `calls` is how many it keeps. `released_at` None: it is in force. Times in epoch seconds."""

    key: str
    reason: str
    by: str
    at: float
    calls: int
    released_at: float | None = None
    released_by: str | None = None
    release_reason: str | None = None


class Holds:
    """SQLAlchemyError goes through to the caller, who says that the database is away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def everyone(self, *, in_force: bool = True, limit: int = 500) -> tuple[Hold, ...]:
        """Holds in force, or all, newest first."""
        query = _holds().order_by(HOLDS.c.at.desc(), HOLDS.c.key).limit(limit)
        if in_force:
            query = query.where(HOLDS.c.released_at.is_(None))
        with reading(self._engine) as connection:
            return tuple(Hold(**row._mapping) for row in connection.execute(query))

    def of_call(self, call_id: str) -> tuple[Hold, ...]:
        """What holds this call now."""
        held = select(HELD.c.key).where(HELD.c.call_id == call_id)
        query = _holds().where(HOLDS.c.key.in_(held), HOLDS.c.released_at.is_(None)).order_by(HOLDS.c.at)
        with reading(self._engine) as connection:
            return tuple(Hold(**row._mapping) for row in connection.execute(query))

    def calls_of(self, key: str) -> tuple[str, ...]:
        """The calls of a case, in order."""
        with reading(self._engine) as connection:
            query = select(HELD.c.call_id).where(HELD.c.key == key).order_by(HELD.c.call_id).limit(MOST_CALLS)
            return tuple(connection.execute(query).scalars())

    def refuse_put(self, key: str, calls: Collection[str], reason: str) -> None:
        """What `put` would be refused for as things stand, and BadInput unknown_calls for calls that nothing at all is known of."""
        _check(key, calls, reason)
        with reading(self._engine) as connection:
            _fresh(connection, key, calls)
            unknown = sorted(set(calls) - _known(connection, sorted(set(calls))))
        if unknown:
            raise BadInput("unknown_calls", calls=", ".join(unknown[:SHOWN]))

    def refuse_release(self, key: str, reason: str) -> None:
        """What `release` would be refused for as things stand."""
        _check_reason(reason)
        with reading(self._engine) as connection:
            _must_be_in_force(connection, key)

    def put(self, key: str, calls: Collection[str], reason: str, by: str, now: float) -> tuple[str, ...]:
        """Hold these calls under a case, a new one or one in force; the calls it came too late for, whose sound is gone.

        BadInput key, reason, calls; Conflict hold_released for a case that is over.
        """
        _check(key, calls, reason)
        wanted = sorted(set(calls))
        with writing(self._engine) as connection:
            alone(connection)
            is_new, fresh = _fresh(connection, key, wanted)
            if is_new:
                connection.execute(insert(HOLDS).values(key=key, reason=reason, by=by, at=now))
            if fresh:
                connection.execute(insert(HELD), [{"key": key, "call_id": call_id} for call_id in fresh])
            return _gone(connection, wanted)

    def release(self, key: str, reason: str, by: str, now: float) -> None:
        """The case is over: from now on the ordinary rules hold. NotFound unknown_hold, Conflict hold_released, BadInput reason."""
        _check_reason(reason)
        with writing(self._engine) as connection:
            alone(connection)
            _must_be_in_force(connection, key)
            told = {"released_at": now, "released_by": by, "release_reason": reason}
            connection.execute(update(HOLDS).where(HOLDS.c.key == key).values(told))


def held_among(connection: Connection, calls: Collection[str]) -> set[str]:
    """Those of these calls that a hold in force keeps; in the transaction that decides about them."""
    query = select(HELD.c.call_id).join(HOLDS, HOLDS.c.key == HELD.c.key)
    return set(connection.execute(query.where(HELD.c.call_id.in_(calls), HOLDS.c.released_at.is_(None))).scalars())


def _holds() -> Select[Any]:
    count = select(func.count()).where(HELD.c.key == HOLDS.c.key).scalar_subquery().label("calls")
    return select(HOLDS, count)


def alone(connection: Connection) -> None:
    """Nobody else sets a hold or begins a deletion until this transaction ends; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _fresh(connection: Connection, key: str, calls: Collection[str]) -> tuple[bool, list[str]]:
    """Whether the case is a new one, and the calls it does not hold yet; Conflict hold_released, BadInput too_many."""
    known = connection.execute(select(HOLDS.c.released_at).where(HOLDS.c.key == key)).one_or_none()
    if known is not None and known.released_at is not None:
        raise Conflict("hold_released", key=key)
    there = set(connection.execute(select(HELD.c.call_id).where(HELD.c.key == key)).scalars())
    fresh = sorted(set(calls) - there)
    if len(there) + len(fresh) > MOST_CALLS:
        raise BadInput("too_many", field="calls", most=MOST_CALLS)
    return known is None, fresh


def _must_be_in_force(connection: Connection, key: str) -> None:
    known = connection.execute(select(HOLDS.c.released_at).where(HOLDS.c.key == key)).one_or_none()
    if known is None:
        raise NotFound("unknown_hold")
    if known.released_at is not None:
        raise Conflict("hold_released", key=key)


def _known(connection: Connection, calls: Sequence[str]) -> set[str]:
    """Those that have a row as a call or a recording: one whose call was lost can be held too."""
    found: set[str] = set()
    for start in range(0, len(calls), PIECE):
        piece = calls[start : start + PIECE]
        for table in (CALLS, RECORDINGS, SEGMENTS):
            found |= set(connection.execute(select(table.c.call_id).where(table.c.call_id.in_(piece))).scalars())
    return found


def _gone(connection: Connection, calls: Sequence[str]) -> tuple[str, ...]:
    found: set[str] = set()
    for table in (RECORDINGS, SEGMENTS):
        query = select(table.c.call_id).where(table.c.call_id.in_(calls), table.c.state.in_(GONE))
        found |= set(connection.execute(query).scalars())
    certified = select(DELETIONS.c.call_id).where(DELETIONS.c.call_id.in_(calls), DELETIONS.c.certified_at.is_not(None))
    return tuple(sorted(found | set(connection.execute(certified).scalars())))


def _check(key: str, calls: Collection[str], reason: str) -> None:
    if not 0 < len(key.strip()) <= LONGEST_KEY:
        raise BadInput(field="key")
    _check_reason(reason)
    if not calls or len(calls) > MOST_CALLS or not all(is_call_id(call_id) for call_id in calls):
        raise BadInput(field="calls")


def _check_reason(reason: str) -> None:
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise BadInput(field="reason")

"""Reading the calls database: lists, one call, its timeline, its recording. Sync; the desk calls it in a thread."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, Select, and_, or_, select

from hotline_core.adapters.calls_schema import CALL_EVENTS, CALLS, PROJECTOR, RECORDINGS
from hotline_core.adapters.engine import reading
from hotline_core.domain.records import CallRow, RecordingRow
from hotline_core.errors import BadInput

LARGEST_PAGE = 500
LONGEST_NUMBER = 24  # digits, more than any telephone number has
HAD = ("agent_answered", "talk_started", "agent_resumed", "agent_took_over", "taken_back")  # records of who had a call
_ASKED, _CAME = "third_asked", "third_answered"


@dataclass(frozen=True, slots=True)
class CallFilter:
    """What to list, newest first; `before` is the `next` of the page before. `begins`: numbers of callers as far as they are known,
    one of which the caller's begins with. Of the times (epoch seconds of the arrival) the first is included, the last is not."""

    caller: str | None = None
    line: str | None = None
    since: float | None = None
    state: str | None = None
    limit: int = 50
    before: str | None = None
    agent: str | None = None
    until: float | None = None
    outcome: str | None = None
    is_open: bool = False  # those that still run
    begins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedCall:
    """A call in a list, and whether its recording can be played."""

    call: CallRow
    recording: bool


@dataclass(frozen=True, slots=True)
class CallPage:
    """One page of calls; `next` is None on the last one."""

    calls: tuple[ListedCall, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One event of a call."""

    seq: int
    at: float
    kind: str
    facts: Mapping[str, Any]


class CallsStore:
    """Reads only; SQLAlchemyError goes through to the caller, who says that the database is away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_calls(self, wanted: CallFilter) -> CallPage:
        """Calls, newest first."""
        limit = max(1, min(wanted.limit, LARGEST_PAGE))
        conditions: list[ColumnElement[bool]] = []
        for name in ("caller", "line", "state", "agent", "outcome"):
            value = getattr(wanted, name)
            if value is not None:
                conditions.append(CALLS.c[name] == value)
        if wanted.since is not None:
            conditions.append(CALLS.c.arrived_at >= wanted.since)
        if wanted.until is not None:
            conditions.append(CALLS.c.arrived_at < wanted.until)
        if wanted.is_open:
            conditions.append(CALLS.c.ended_at.is_(None))
        if wanted.begins:
            conditions.append(or_(*(_begins_with(digits) for digits in wanted.begins)))
        if wanted.before is not None:
            conditions.append(_before(CALLS.c.arrived_at, CALLS.c.call_id, wanted.before))
        found = self._listed(_calls_with_recording().where(*conditions).limit(limit + 1))
        page = found[:limit]
        last = page[-1].call if len(found) > limit else None
        return CallPage(page, cursor_of(last.arrived_at, last.call_id) if last else None)

    def call(self, call_id: str) -> ListedCall | None:
        """One call."""
        found = self._listed(_calls_with_recording().where(CALLS.c.call_id == call_id))
        return found[0] if found else None

    def calls_of(self, call_ids: Collection[str]) -> Mapping[str, ListedCall]:
        """The calls of these ids, as far as there are such, by id."""
        found = self._listed(_calls_with_recording().where(CALLS.c.call_id.in_(sorted(call_ids)))) if call_ids else ()
        return {each.call.call_id: each for each in found}

    def earlier_calls(self, caller: str, before: float, limit: int) -> tuple[ListedCall, ...]:
        """Calls of the same number that arrived before, newest first; none for a hidden number."""
        if not caller:
            return ()
        query = _calls_with_recording().where(CALLS.c.caller == caller, CALLS.c.arrived_at < before)
        return self._listed(query.limit(max(1, min(limit, LARGEST_PAGE))))

    def timeline(self, call_id: str) -> tuple[TimelineEntry, ...]:
        """What happened to a call, in order."""
        columns = (CALL_EVENTS.c.seq, CALL_EVENTS.c.at, CALL_EVENTS.c.kind, CALL_EVENTS.c.facts)
        query = select(*columns).where(CALL_EVENTS.c.call_id == call_id).order_by(CALL_EVENTS.c.seq)
        with reading(self._engine) as connection:
            return tuple(TimelineEntry(*row) for row in connection.execute(query))

    def agents_of(self, call_id: str) -> frozenset[str]:
        """The extensions of all who ever had a call, or were consulted about it and answered."""
        columns = (CALL_EVENTS.c.kind, CALL_EVENTS.c.facts)
        wanted = CALL_EVENTS.c.kind.in_((*HAD, _ASKED, _CAME))
        with reading(self._engine) as connection:
            rows = connection.execute(select(*columns).where(CALL_EVENTS.c.call_id == call_id, wanted)).all()
        came = {row.facts.get("n") for row in rows if row.kind == _CAME}
        had = {row.facts.get("agent") for row in rows if row.kind in HAD}
        consulted = {row.facts.get("to") for row in rows if row.kind == _ASKED and row.facts.get("n") in came}
        return frozenset(str(each) for each in had | consulted if each)

    def recording(self, call_id: str) -> RecordingRow | None:
        """The recording of a call."""
        query = select(RECORDINGS).where(RECORDINGS.c.call_id == call_id)
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return RecordingRow(**row._mapping) if row else None

    def projector(self) -> tuple[int, float]:
        """How far the ledger is applied, and when that was; also the cheapest question whether the database answers."""
        with reading(self._engine) as connection:
            row = connection.execute(select(PROJECTOR.c.seq, PROJECTOR.c.updated_at)).one_or_none()
        return (row.seq, row.updated_at) if row else (0, 0.0)

    def _listed(self, query: Select[Any]) -> tuple[ListedCall, ...]:
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return tuple(ListedCall(_call(row, "c_"), row.recording_state == "ready") for row in rows)


def _labelled(table: Any, prefix: str) -> list[Any]:
    return [column.label(prefix + column.name) for column in table.c]


def _calls_with_recording() -> Select[Any]:
    joined = CALLS.outerjoin(RECORDINGS, CALLS.c.call_id == RECORDINGS.c.call_id)
    query = select(*_labelled(CALLS, "c_"), RECORDINGS.c.state.label("recording_state")).select_from(joined)
    return query.order_by(CALLS.c.arrived_at.desc(), CALLS.c.call_id.desc())


def _call(row: Row[Any], prefix: str) -> CallRow:
    return CallRow(**{name: row._mapping[prefix + name] for name in CallRow.__dataclass_fields__})


def _begins_with(digits: str) -> ColumnElement[bool]:
    """A stretch of the index on numbers, whatever the database's order of signs is: all of them are digits."""
    column = CALLS.c.caller
    return and_(column >= digits, column <= digits + "9" * LONGEST_NUMBER, column.startswith(digits, autoescape=True))


def cursor_of(at: float, call_id: str) -> str:
    """The key that a page begins after."""
    return f"{at!r}~{call_id}"


def _before(at_column: Any, id_column: Any, cursor: str) -> ColumnElement[bool]:
    at_text, _, call_id = cursor.partition("~")
    try:
        at = float(at_text)
    except ValueError as error:
        raise BadInput(field="before") from error
    return or_(at_column < at, and_(at_column == at, id_column < call_id))

"""Reading the calls database: lists, one call, its timeline, its recording. Sync; the desk calls it in a thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, Select, and_, or_, select

from hotline_core.adapters.calls_schema import CALL_EVENTS, CALLS, PROJECTOR, RECORDINGS
from hotline_core.adapters.engine import reading
from hotline_core.domain.records import CallRow, RecordingRow
from hotline_core.errors import BadInput

LARGEST_PAGE = 500
_HAD = ("agent_answered", "talk_started", "agent_resumed", "agent_took_over", "taken_back")  # records of who had a call
_ASKED, _CAME = "third_asked", "third_answered"


@dataclass(frozen=True, slots=True)
class CallFilter:
    """What to list, newest first; `before` is the `next` of the page before."""

    caller: str | None = None
    line: str | None = None
    since: float | None = None
    state: str | None = None
    limit: int = 50
    before: str | None = None
    agent: str | None = None


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


@dataclass(frozen=True, slots=True)
class ListedRecording:
    """A recording with its call; `call` is None if the call's own events were lost."""

    recording: RecordingRow
    call: CallRow | None


@dataclass(frozen=True, slots=True)
class RecordingPage:
    """One page of recordings, newest first."""

    recordings: tuple[ListedRecording, ...]
    next: str | None


class CallsStore:
    """Reads only; SQLAlchemyError goes through to the caller, who says that the database is away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list_calls(self, wanted: CallFilter) -> CallPage:
        """Calls, newest first."""
        limit = max(1, min(wanted.limit, LARGEST_PAGE))
        conditions: list[ColumnElement[bool]] = []
        for name in ("caller", "line", "state", "agent"):
            value = getattr(wanted, name)
            if value is not None:
                conditions.append(CALLS.c[name] == value)
        if wanted.since is not None:
            conditions.append(CALLS.c.arrived_at >= wanted.since)
        if wanted.before is not None:
            conditions.append(_before(CALLS.c.arrived_at, CALLS.c.call_id, wanted.before))
        found = self._listed(_calls_with_recording().where(*conditions).limit(limit + 1))
        page = found[:limit]
        last = page[-1].call if len(found) > limit else None
        return CallPage(page, _cursor(last.arrived_at, last.call_id) if last else None)

    def call(self, call_id: str) -> ListedCall | None:
        """One call."""
        found = self._listed(_calls_with_recording().where(CALLS.c.call_id == call_id))
        return found[0] if found else None

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
        wanted = CALL_EVENTS.c.kind.in_((*_HAD, _ASKED, _CAME))
        with reading(self._engine) as connection:
            rows = connection.execute(select(*columns).where(CALL_EVENTS.c.call_id == call_id, wanted)).all()
        came = {row.facts.get("n") for row in rows if row.kind == _CAME}
        had = {row.facts.get("agent") for row in rows if row.kind in _HAD}
        consulted = {row.facts.get("to") for row in rows if row.kind == _ASKED and row.facts.get("n") in came}
        return frozenset(str(each) for each in had | consulted if each)

    def recording(self, call_id: str) -> RecordingRow | None:
        """The recording of a call."""
        query = select(RECORDINGS).where(RECORDINGS.c.call_id == call_id)
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return RecordingRow(**row._mapping) if row else None

    def recordings(
        self, limit: int = 50, before: str | None = None, *, agent: str | None = None, since: float = 0, state: str | None = None
    ) -> RecordingPage:
        """Recordings with their calls, newest first; `agent` keeps those of one agent, of calls from `since` on."""
        limit = max(1, min(limit, LARGEST_PAGE))
        joined = RECORDINGS.outerjoin(CALLS, CALLS.c.call_id == RECORDINGS.c.call_id)
        query = select(*_labelled(RECORDINGS, "r_"), *_labelled(CALLS, "c_")).select_from(joined)
        query = query.order_by(RECORDINGS.c.started_at.desc(), RECORDINGS.c.call_id.desc()).limit(limit + 1)
        if before is not None:
            query = query.where(_before(RECORDINGS.c.started_at, RECORDINGS.c.call_id, before))
        if agent is not None:
            query = query.where(CALLS.c.agent == agent, CALLS.c.arrived_at >= since)
        if state is not None:
            query = query.where(RECORDINGS.c.state == state)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        found = tuple(_listed_recording(row) for row in rows)
        page = found[:limit]
        last = page[-1].recording if len(found) > limit else None
        return RecordingPage(page, _cursor(last.started_at, last.call_id) if last else None)

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


def _listed_recording(row: Row[Any]) -> ListedRecording:
    recording = RecordingRow(**{name: row._mapping["r_" + name] for name in RecordingRow.__dataclass_fields__})
    return ListedRecording(recording, _call(row, "c_") if row._mapping["c_call_id"] is not None else None)


def _cursor(at: float, call_id: str) -> str:
    return f"{at!r}~{call_id}"


def _before(at_column: Any, id_column: Any, cursor: str) -> ColumnElement[bool]:
    at_text, _, call_id = cursor.partition("~")
    try:
        at = float(at_text)
    except ValueError as error:
        raise BadInput(field="before") from error
    return or_(at_column < at, and_(at_column == at, id_column < call_id))

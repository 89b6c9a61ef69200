"""The tables of the calls database and their rows as frozen values; written by the worker alone."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import JSON, BigInteger, Column, Double, Index, Integer, MetaData, Table, Text

METADATA = MetaData()

CALLS = Table(
    "calls",
    METADATA,
    Column("call_id", Text, primary_key=True),
    Column("line", Text, nullable=False),
    Column("caller", Text, nullable=False),
    Column("dialled", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("arrived_at", Double, nullable=False),
    Column("queued_at", Double),
    Column("answered_at", Double),
    Column("ended_at", Double),
    Column("agent", Text),
    Column("ended_by", Text),
    Column("cause", Integer),
    Column("outcome", Text),
    Index("calls_by_caller", "caller", "arrived_at"),
    Index("calls_by_state", "state", "arrived_at"),
    Index("calls_by_line", "line", "arrived_at"),
    Index("calls_by_arrival", "arrived_at", "call_id"),
)

CALL_EVENTS = Table(
    "call_events",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("call_id", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("kind", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Index("call_events_by_call", "call_id", "seq"),
)

RECORDINGS = Table(
    "recordings",
    METADATA,
    Column("call_id", Text, primary_key=True),
    Column("path", Text),
    Column("started_at", Double, nullable=False),
    Column("length_s", Double),
    Column("sha256", Text),
    Column("size", BigInteger),
    Column("state", Text, nullable=False),
    Column("detail", Text),
    Index("recordings_by_state", "state", "started_at"),
    Index("recordings_by_start", "started_at", "call_id"),
)

PROJECTOR = Table(
    "projector",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("updated_at", Double, nullable=False),
)


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call as stored. state: greeting, waiting, ringing, talking, held, duty, ended.

    outcome: None while open, then answered, abandoned, callback, duty or lost.
    """

    call_id: str
    line: str
    caller: str
    dialled: str
    state: str
    arrived_at: float
    queued_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    agent: str | None = None
    ended_by: str | None = None
    cause: int | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """One recording as stored; path is relative to the folder of recordings; state: pending, ready, failed."""

    call_id: str
    path: str | None
    started_at: float
    length_s: float | None
    sha256: str | None
    size: int | None
    state: str
    detail: str | None

"""The tables of the calls database; written by the worker alone. Their rows as values are in domain/records.py."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, Index, Integer, MetaData, Table, Text, false

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
    Column("direction", Text, nullable=False, server_default="in"),
    Column("about", Text),
    Column("urgent", Boolean, nullable=False, server_default=false()),
    Column("left_alone", Boolean, nullable=False, server_default=false()),
    Index("calls_by_caller", "caller", "arrived_at"),
    Index("calls_by_state", "state", "arrived_at"),
    Index("calls_by_outcome", "outcome", "arrived_at"),
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

TRANSFERS = Table(
    "transfers",
    METADATA,
    Column("call_id", Text, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("way", Text, nullable=False),
    Column("asked_at", Double, nullable=False),
    Column("party", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("to", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("answered_at", Double),
    Column("waited_s", Double),
    Column("result", Text),
    Column("ended_at", Double),
    Column("outcome", Text),
    Column("last", Text),
    Index("transfers_by_party", "party", "asked_at"),
)

ATTEMPTS = Table(
    "transfer_attempts",
    METADATA,
    Column("call_id", Text, primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("dialled_at", Double, nullable=False),
    Column("leg", Integer),
    Column("number", Text, nullable=False),
    Column("trunk", Text, nullable=False),
    Column("answered_at", Double),
    Column("waited_s", Double),
    Column("cause", Integer),
    Column("result", Text),
    Column("ended_at", Double),
    Column("ended_by", Text),
    Column("took_over_at", Double),
)

SEGMENTS = Table(
    "recording_segments",
    METADATA,
    Column("call_id", Text, primary_key=True),
    Column("leg", Integer, primary_key=True, autoincrement=False),
    Column("n", Integer),
    Column("access", Text, nullable=False),
    Column("path", Text),
    Column("started_at", Double, nullable=False),
    Column("length_s", Double),
    Column("sha256", Text),
    Column("size", BigInteger),
    Column("state", Text, nullable=False),
    Column("detail", Text),
    Index("recording_segments_by_state", "state", "started_at"),
)

PROJECTOR = Table(
    "projector",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("updated_at", Double, nullable=False),
)

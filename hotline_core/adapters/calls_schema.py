"""The tables of the calls database. Their rows as values are in domain/records.py.

The worker alone writes them, but for legal holds and training material, which the desk's people set (recordings/holds.py,
training.py), and the alarm of a recording that the desk finds altered (alarms.py): what forbids a deletion must be in one
database with it, so that of two at once exactly one is first.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, Index, Integer, LargeBinary, MetaData, Table, Text, false

METADATA = MetaData()


def _kept() -> list[Column[Any]]:
    """How a recording or a segment is stored and for how long (domain/records.py tells the words)."""
    return [
        Column("store", Text),
        Column("cipher", Text),
        Column("codec", Text),
        Column("plain_size", BigInteger),
        Column("plain_sha256", Text),
        Column("parties", JSON),
        Column("klass", Text, nullable=False, server_default="ordinary"),
        Column("kept_from", Double),
        Column("keep_until", Double),
        Column("rule", Text),
        Column("ready_at", Double),
    ]


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
    Index("calls_by_about", "about"),
    Index("calls_by_agent", "agent", "arrived_at", "call_id"),
    Index("calls_by_dialled", "dialled", "arrived_at"),
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
    *_kept(),
    Index("recordings_by_state", "state", "started_at"),
    Index("recordings_by_start", "started_at", "call_id"),
    Index("recordings_by_end", "state", "keep_until"),
    Index("recordings_by_class", "klass", "started_at"),
    Index("recordings_by_length", "length_s", "started_at"),
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
    Index("transfer_attempts_by_number", "number", "dialled_at"),
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
    *_kept(),
    Index("recording_segments_by_state", "state", "started_at"),
    Index("recording_segments_by_end", "state", "keep_until"),
)

# For the player's picture: pairs of unsigned bytes (left, right), apart from the rows that lists walk through.
PEAKS = Table(
    "recording_peaks",
    METADATA,
    Column("call_id", Text, primary_key=True),
    Column("leg", Integer, primary_key=True, autoincrement=False),
    Column("peaks", LargeBinary, nullable=False),
)

PAUSES = Table(
    "recording_pauses",
    METADATA,
    Column("call_id", Text, primary_key=True),
    Column("paused_at", Double, primary_key=True),
    Column("resumed_at", Double),
    Column("agent", Text, nullable=False),
    Column("ended_by", Text),
)

# A legal hold is a case; what it holds are calls, each with all of its evidence set.
HOLDS = Table(
    "recording_holds",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("released_at", Double),
    Column("released_by", Text),
    Column("release_reason", Text),
)

HELD = Table(
    "recording_held",
    METADATA,
    Column("key", Text, primary_key=True),
    Column("call_id", Text, primary_key=True),
    Index("recording_held_by_call", "call_id"),
)

# A call whose evidence set teaches others: taken by whoever leads, with a reason; `ended_at` None while it does.
TRAINING = Table(
    "recording_training",
    METADATA,
    Column("call_id", Text, primary_key=True),
    Column("taken_at", Double, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("ended_at", Double),
    Column("ended_by", Text),
    Column("end_reason", Text),
)

# A planned deletion, and once it is done its certificate: then the row stays for ever.
DELETIONS = Table(
    "recording_deletions",
    METADATA,
    Column("call_id", Text, primary_key=True),
    Column("leg", Integer, primary_key=True, autoincrement=False),
    Column("planned_at", Double, nullable=False),
    Column("planned_for", Double, nullable=False),
    Column("reason", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("klass", Text, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("sha256", Text),
    Column("certified_at", Double),
    Column("certified_hash", Text),
    Index("recording_deletions_by_day", "certified_at", "planned_for"),
)

# The chain: what was kept and what was deleted on each day (of Shanghai), in order; `prev` is the head of the day before.
DAYS = Table(
    "recording_days",
    METADATA,
    Column("day", Text, primary_key=True),
    Column("prev", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("head", Text, nullable=False),
    Column("closed_at", Double),
    Column("told_at", Double),
)

CHAIN = Table(
    "recording_chain",
    METADATA,
    Column("day", Text, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("call_id", Text, nullable=False),
    Column("leg", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("recording_chain_by_call", "call_id", "leg"),
)

# What the hashes of people in the chain are salted with (recordings/binding.py); it goes with the recording.
SALTS = Table(
    "recording_salts",
    METADATA,
    Column("call_id", Text, primary_key=True),
    Column("leg", Integer, primary_key=True, autoincrement=False),
    Column("salt", Text, nullable=False),
)

# What is not well with recordings (worker/alarms.py): `subject` is a call or a path; until it is cured, or settled with a reason.
ALARMS = Table(
    "recording_alarms",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("leg", Integer, primary_key=True, autoincrement=False),
    Column("since", Double, nullable=False),
    Column("settled_at", Double),
)

# One row: when the keeper of recordings last trusted the wall clock, and for how many counted seconds it has doubted it since.
TRUST = Table(
    "recording_trust",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("trusted_at", Double, nullable=False),
    Column("waited_s", Double, nullable=False),
)

PROJECTOR = Table(
    "projector",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("updated_at", Double, nullable=False),
)

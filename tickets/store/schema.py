"""The tables of tickets, in the tickets and people database (agent_desktop/migrations makes them)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text, text
from sqlalchemy.dialects.postgresql import TSVECTOR

from hotline_core.adapters.tickets_schema import metadata

__all__ = ["metadata", "tickets"]  # the same metadata, with people, audit and tickets on it once this is imported

tickets = Table(
    "tickets",
    metadata,
    Column("number", String(20), primary_key=True),  # YYYYMMDD and six digits of the day
    Column("version", Integer, nullable=False),
    # for lists, kept in step with the two JSON values of ticket_bodies
    Column("stage", String(20), nullable=False),
    Column("line", String(10), nullable=False),
    Column("source", String(30), nullable=False),
    Column("klass", String(20), nullable=False),
    Column("field", String(40), nullable=False),
    Column("area", String(40), nullable=False),
    Column("topic", String(40), nullable=False),
    Column("title", String(200), nullable=False),
    Column("unit", String(40), nullable=False),
    Column("is_urgent", Integer, nullable=False),
    Column("is_safety", Integer, nullable=False),
    Column("call_id", String(64)),
    Column("made_by", String(80), nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("changed_at", Float(53), nullable=False),
    Column("due_at", Float(53)),  # the nearest limit that stands, null when none does
    Column("closed_at", Float(53)),
    Column("next_mark_at", Float(53)),  # when the clockwork has to look at it again
    Column("is_provisional", Integer, nullable=False, server_default="0"),
    # the order of every list is one of these indexes, so that a page costs the same whatever lies before it
    Index("tickets_by_stage", "stage", "due_at", "number"),
    Index("tickets_by_stage_made", "stage", "number"),
    Index("tickets_by_stage_changed", "stage", "changed_at", "number"),
    Index("tickets_by_due", "due_at", "number"),
    Index("tickets_by_made", "created_at"),
    Index("tickets_by_changed", "changed_at", "number"),
    Index("tickets_by_call", "call_id"),
    Index("tickets_by_mark", "next_mark_at"),
    Index("tickets_provisional", "number", sqlite_where=text("is_provisional = 1"), postgresql_where=text("is_provisional = 1")),
)

# The ticket itself, apart from the narrow rows that lists walk through.
ticket_bodies = Table(
    "ticket_bodies",
    metadata,
    Column("number", String(20), primary_key=True),
    Column("content", Text, nullable=False),  # JSON of tickets.ticket.Content
    Column("life", Text, nullable=False),  # JSON of tickets.ticket.Life
)

# The pieces that a ticket is found by (tickets/grams.py); `id` is its number as an integer, so newest first is the index's order.
# SQLite's full-text index ticket_search (FTS5) is kept in step by triggers, PostgreSQL's is the GIN index below.
ticket_words = Table(
    "ticket_words",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("grams", Text().with_variant(TSVECTOR, "postgresql"), nullable=False),
    Index("ticket_words_by_gram", "grams", postgresql_using="gin").ddl_if(dialect="postgresql"),
)

# A step is never changed or deleted; a correction is a step of its own with what stood there before.
ticket_steps = Table(
    "ticket_steps",
    metadata,
    Column("number", String(20), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),  # of the ticket after this step
    Column("at", Float(53), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("role", String(20), nullable=False),
    Column("act", String(20), nullable=False),
    Column("stage", String(20), nullable=False),  # after the step
    Column("facts", Text, nullable=False),  # JSON
    Column("salt", String(32), nullable=False),  # of the digests that the audit trail has of this step (tickets/store/seals.py)
)

# Which units may see a ticket: the lead's chain and the co-handling ones. What a unit's own lists are ordered by stands here too.
ticket_units = Table(
    "ticket_units",
    metadata,
    Column("unit", String(40), primary_key=True),
    Column("number", String(20), primary_key=True),
    Column("part", String(10), nullable=False),  # lead, above, co, copy
    Column("stage", String(20), nullable=False),
    Column("changed_at", Float(53), nullable=False),
    Column("due_at", Float(53)),
    Index("ticket_units_by_ticket", "number"),
    Index("ticket_units_by_due", "unit", "stage", "due_at", "number"),
    Index("ticket_units_by_made", "unit", "stage", "number"),
    Index("ticket_units_by_changed", "unit", "stage", "changed_at", "number"),
)

# Returns that were judged improper (R52), as the lives of their tickets say: what the ledger is read from.
improper_returns = Table(
    "improper_returns",
    metadata,
    Column("number", String(20), primary_key=True),
    Column("nth", Integer, primary_key=True, autoincrement=False),  # judgement of its ticket
    Column("unit", String(40), nullable=False),  # that asked the return
    Column("asked_at", Float(53), nullable=False),
    Column("reason", Text, nullable=False),
    Column("judged_by", String(80), nullable=False),
    Column("judged_at", Float(53), nullable=False),
    Column("withdrawn_by", String(80), nullable=False),
    Column("withdrawn_at", Float(53)),
    Index("improper_returns_by_time", "judged_at", "number", "nth"),
)

# A reminder or an escalation that was fired: its key is unique, so that it fires once whatever happens.
ticket_marks = Table(
    "ticket_marks",
    metadata,
    Column("number", String(20), primary_key=True),
    Column("key", String(60), primary_key=True),
    Column("due_at", Float(53), nullable=False),  # when it was to fire
    Column("fired_at", Float(53), nullable=False),
)

# What somebody is to be told: `audience` is "unit:KEY", "head:KEY", "person:LOGIN", "centre" or
# "leadership".
notices = Table(
    "notices",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("number", String(20), nullable=False),
    Column("audience", String(80), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("facts", Text, nullable=False),  # JSON
    Column("seen_at", Float(53)),
    Column("seen_by", String(80)),
    Index("notices_by_audience", "audience", "seen_at", "at"),
    Index("notices_by_ticket", "number"),
)

# What other systems called us with and the ticket that became of it: the same call again gives the same ticket.
foreign_numbers = Table(
    "foreign_numbers",
    metadata,
    Column("system", String(40), primary_key=True),
    Column("foreign_number", String(80), primary_key=True),
    Column("number", String(20), nullable=False),
    Column("digest", String(64), nullable=False),  # of what was sent, to tell a repetition from another matter
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("url", String(400), nullable=False),
    Column("secret", String(80), nullable=False),
    Column("acts", String(400), nullable=False),  # with commas between; empty: all
    Column("made_at", Float(53), nullable=False),
)

# One row a webhook and step that is still to be told; deleted when the other side has taken it.
outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("webhook", String(40), nullable=False),
    Column("number", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", Float(53), nullable=False),
    Column("last_error", String(60), nullable=False, server_default=""),
    Column("made_at", Float(53), nullable=False),
    Index("outbox_by_webhook", "webhook", "next_at"),
    Index("outbox_by_ticket", "webhook", "number", "id"),
)

attachments = Table(
    "attachments",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("number", String(20), nullable=False),
    Column("name", String(200), nullable=False),
    Column("kind", String(80), nullable=False),  # MIME type, by content
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("at", Float(53), nullable=False),
    Column("by", String(80), nullable=False),
    Column("removed_at", Float(53)),  # nothing is deleted: a removed one is not shown any more
    Column("removed_by", String(80)),
    Index("attachments_by_ticket", "number"),
)

saved_filters = Table(
    "saved_filters",
    metadata,
    Column("login", String(64), primary_key=True),
    Column("name", String(40), primary_key=True),
    Column("query", Text, nullable=False),  # JSON
    Column("position", Integer, nullable=False),
)

# What differs from units.yaml: one row overrides the unit of the same key, or is a new one.
units = Table(
    "units",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("data", Text),  # JSON; null: removed, also when the file has it
)

# From which day on an administrator chose which profile for a line ("other": what has none); the past stays as it was.
profile_choices = Table(
    "profile_choices",
    metadata,
    Column("line", String(20), primary_key=True),
    Column("begins", String(10), primary_key=True),  # YYYY-MM-DD, in Shanghai
    Column("profile", String(60), nullable=False),  # a profile's key
    Column("by", String(80), nullable=False),
    Column("made_at", Float(53), nullable=False),
)

# One row a day: the last number given.
ticket_days = Table(
    "ticket_days",
    metadata,
    Column("day", String(8), primary_key=True),
    Column("last", Integer, nullable=False),
)

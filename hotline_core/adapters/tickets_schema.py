"""The tables of the tickets and people database; the desk is their one writer (migrations/ makes them)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

people = Table(
    "people",
    metadata,
    Column("login", String(64), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("role", String(20), nullable=False),
    Column("extension", String(8), unique=True),
    Column("password_hash", String(200), nullable=False),
    Column("made_at", Float(53), nullable=False),
    Column("disabled_at", Float(53)),
    # keys of city.queues with commas between; empty is the city's first queue
    Column("queues", String(400), nullable=False, server_default=""),
    Column("phone_kind", String(10), nullable=False, server_default="page"),
    Column("phone_digest", String(32)),  # H(A1) of a hardware telephone's password; null: none made
    # sessions from before this are over, but for the one that changed its own password
    Column("sessions_from", Float(53), nullable=False, server_default="0"),
    Column("kept_sid", String(32)),
    # calls from before this were somebody else's, though the extension is the same
    Column("extension_since", Float(53), nullable=False, server_default="0"),
    Column("unit", String(40), nullable=False, server_default=""),  # whose officer this is (roles unit, unit_head)
)

# Which sign-in an extension's telephone belongs to; set_at: Asterisk has confirmed it.
phone_holders = Table(
    "phone_holders",
    metadata,
    Column("extension", String(8), primary_key=True),
    Column("login", String(64), nullable=False),
    Column("role", String(20), nullable=False),
    Column("sid", String(32), nullable=False),
    Column("issued", Float(53), nullable=False),
    Column("set_at", Float(53)),
)

# What differs from pause_reasons.yaml: one row overrides the reason of the same code, or is a new one.
pause_reasons = Table(
    "pause_reasons",
    metadata,
    Column("code", String(30), primary_key=True),
    Column("name", String(20), nullable=False),
    Column("position", Integer, nullable=False),
    Column("is_active", Integer, nullable=False),
)

# What differs from the city's outside_parties: one row overrides the party of the same key, or is a new one.
parties = Table(
    "parties",
    metadata,
    Column("key", String(31), primary_key=True),
    Column("data", Text),  # JSON; null: removed, also when the city's file has it
)

favourite_parties = Table(
    "favourite_parties",
    metadata,
    Column("login", String(64), primary_key=True),
    Column("party", String(31), primary_key=True),
)

# One row per failed (or still running) try; deleted when the try succeeds.
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("login", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("at", Float(53), nullable=False),
    Index("sign_in_failures_login", "login", "at"),
    Index("sign_in_failures_address", "address", "at"),
)

# Where a name has signed in before: a stranger elsewhere cannot lock it out there.
known_addresses = Table(
    "known_addresses",
    metadata,
    Column("login", String(64), primary_key=True),
    Column("address", String(64), primary_key=True),
    Column("last_at", Float(53), nullable=False),
)

# Sessions signed out before their twelve hours were over.
ended_sessions = Table(
    "ended_sessions",
    metadata,
    Column("sid", String(32), primary_key=True),
    Column("ended_at", Float(53), nullable=False),
)

service_tokens = Table(
    "service_tokens",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("made_at", Float(53), nullable=False),
    Column("expires", Float(53), nullable=False),
    Column("system", String(40), nullable=False, server_default=""),  # whose tickets it may file; empty: nobody's
)

drafts = Table(
    "drafts",
    metadata,
    Column("call_id", String(64), primary_key=True),
    Column("text", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("saved_at", Float(53), nullable=False),
    Column("saved_by", String(64), nullable=False),
    Column("fields", Text, nullable=False, server_default="{}"),  # JSON: the form, by tickets.ticket.Content
)

# Missed callers whom nobody needs to call any more, by their call; the citizen's number stays in the calls database.
callback_marks = Table(
    "callback_marks",
    metadata,
    Column("call_id", String(64), primary_key=True),
    Column("at", Float(53), nullable=False),
    Column("by", String(80), nullable=False),
    Column("reason", String(20), nullable=False),
)

# What agents look up in a call (agent_desktop/knowledge). The words as they stand now:
knowledge_articles = Table(
    "knowledge_articles",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("version", Integer, nullable=False),
    Column("title", String(80), nullable=False),
    Column("text", Text, nullable=False),
    Column("keywords", String(200), nullable=False),
    Column("line", String(20), nullable=False),  # empty: of every line
    Column("valid_until", Float(53)),  # excluded; null: without end
    Column("is_withdrawn", Integer, nullable=False),
    Column("changed_at", Float(53), nullable=False),
    Column("changed_by", String(80), nullable=False),
    Index("knowledge_articles_by_changed", "changed_at", "id"),
)

# Every version there ever was; never changed, never deleted.
knowledge_versions = Table(
    "knowledge_versions",
    metadata,
    Column("article", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("title", String(80), nullable=False),
    Column("text", Text, nullable=False),
    Column("keywords", String(200), nullable=False),
    Column("line", String(20), nullable=False),
    Column("valid_until", Float(53)),
    Column("is_withdrawn", Integer, nullable=False),
    Column("at", Float(53), nullable=False),
    Column("by", String(80), nullable=False),
    Column("note", String(200), nullable=False),
)

# The pieces that an article is found by (tickets/grams.py), with the weight of the best place each stands in. A city has thousands
# of articles, not millions: a table does on either database, and counting how many pieces fit finds what is only near, too.
knowledge_pieces = Table(
    "knowledge_pieces",
    metadata,
    Column("piece", String(8), primary_key=True),
    Column("article", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("weight", Integer, nullable=False),
    Index("knowledge_pieces_by_article", "article"),
)

# Hash chain: hash = sha256(prev + canonical JSON of the row). What a program writes into facts never holds a citizen's data. Why
# somebody heard, held, released or exported stands there as that person typed it, and a case's key as the subject: a reason must be
# in the trail. Their pages ask not to name a citizen there (docs/privacy.md).
audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Float(53), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("act", String(40), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("facts", Text, nullable=False),
    Column("prev", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("audit_by_subject", "subject", "seq"),
    Index("audit_by_actor", "actor", "seq"),
    Index("audit_by_act", "act", "seq"),
)

# One row: the end of the chain; updating it first makes writers queue up on either database.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)

# What a listener writes at a second of a recording; leg 0 is the main one. Taken away it stays, with `removed_at`.
recording_notes = Table(
    "recording_notes",
    metadata,
    Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True),
    Column("call_id", String(80), nullable=False),
    Column("leg", Integer, nullable=False),
    Column("at_s", Float(53), nullable=False),
    Column("text", String(200), nullable=False),
    Column("by", String(80), nullable=False),
    Column("made_at", Float(53), nullable=False),
    Column("removed_at", Float(53)),
    Index("recording_notes_by_call", "call_id", "leg", "at_s"),
)

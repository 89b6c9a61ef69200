"""Tickets with all that belongs to them; the form beside a draft; whose officer a person is."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "tickets_0006"
down_revision = "tickets_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """No tickets yet; drafts have no form; nobody belongs to a unit."""
    op.create_table(
        "attachments",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(80), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("removed_at", sa.Float(53), nullable=True),
        sa.Column("removed_by", sa.String(80), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("attachments_by_ticket", "attachments", ["number"])
    op.create_table(
        "foreign_numbers",
        sa.Column("system", sa.String(40), nullable=False),
        sa.Column("foreign_number", sa.String(80), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("system", "foreign_number"),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("audience", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("seen_at", sa.Float(53), nullable=True),
        sa.Column("seen_by", sa.String(80), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("notices_by_audience", "notices", ["audience", "seen_at", "at"])
    op.create_index("notices_by_ticket", "notices", ["number"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("webhook", sa.String(40), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_at", sa.Float(53), nullable=False),
        sa.Column("last_error", sa.String(60), server_default="", nullable=False),
        sa.Column("made_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("outbox_by_ticket", "outbox", ["webhook", "number", "id"])
    op.create_index("outbox_by_webhook", "outbox", ["webhook", "next_at"])
    op.create_table(
        "saved_filters",
        sa.Column("login", sa.String(64), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("login", "name"),
    )
    op.create_table(
        "ticket_days",
        sa.Column("day", sa.String(8), nullable=False),
        sa.Column("last", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )
    op.create_table(
        "ticket_marks",
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("key", sa.String(60), nullable=False),
        sa.Column("due_at", sa.Float(53), nullable=False),
        sa.Column("fired_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("number", "key"),
    )
    op.create_table(
        "ticket_steps",
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("act", sa.String(20), nullable=False),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("number", "version"),
    )
    op.create_table(
        "ticket_units",
        sa.Column("unit", sa.String(40), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("part", sa.String(10), nullable=False),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("changed_at", sa.Float(53), nullable=False),
        sa.Column("due_at", sa.Float(53), nullable=True),
        sa.PrimaryKeyConstraint("unit", "number"),
    )
    op.create_index("ticket_units_by_changed", "ticket_units", ["unit", "stage", "changed_at", "number"])
    op.create_index("ticket_units_by_due", "ticket_units", ["unit", "stage", "due_at", "number"])
    op.create_index("ticket_units_by_made", "ticket_units", ["unit", "stage", "number"])
    op.create_index("ticket_units_by_ticket", "ticket_units", ["number"])
    op.create_table(
        "tickets",
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("line", sa.String(10), nullable=False),
        sa.Column("source", sa.String(30), nullable=False),
        sa.Column("klass", sa.String(20), nullable=False),
        sa.Column("field", sa.String(40), nullable=False),
        sa.Column("area", sa.String(40), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("unit", sa.String(40), nullable=False),
        sa.Column("is_urgent", sa.Integer, nullable=False),
        sa.Column("is_safety", sa.Integer, nullable=False),
        sa.Column("call_id", sa.String(64), nullable=True),
        sa.Column("made_by", sa.String(80), nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("changed_at", sa.Float(53), nullable=False),
        sa.Column("due_at", sa.Float(53), nullable=True),
        sa.Column("closed_at", sa.Float(53), nullable=True),
        sa.Column("next_mark_at", sa.Float(53), nullable=True),
        sa.Column("is_provisional", sa.Integer, server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("tickets_by_call", "tickets", ["call_id"])
    op.create_index("tickets_by_changed", "tickets", ["changed_at", "number"])
    op.create_index("tickets_by_due", "tickets", ["due_at", "number"])
    op.create_index("tickets_by_made", "tickets", ["created_at"])
    op.create_index("tickets_by_mark", "tickets", ["next_mark_at"])
    op.create_index("tickets_by_stage", "tickets", ["stage", "due_at", "number"])
    op.create_index("tickets_by_stage_changed", "tickets", ["stage", "changed_at", "number"])
    op.create_index("tickets_by_stage_made", "tickets", ["stage", "number"])
    is_such = sa.text("is_provisional = 1")
    op.create_index("tickets_provisional", "tickets", ["number"], sqlite_where=is_such, postgresql_where=is_such)
    op.create_table(
        "ticket_bodies",
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("life", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "ticket_words",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("grams", sa.Text().with_variant(TSVECTOR, "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _search_index()
    op.create_table(
        "units",
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("data", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "webhooks",
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("url", sa.String(400), nullable=False),
        sa.Column("secret", sa.String(80), nullable=False),
        sa.Column("acts", sa.String(400), nullable=False),
        sa.Column("made_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.add_column("drafts", sa.Column("fields", sa.Text, server_default="{}", nullable=False))
    op.add_column("people", sa.Column("unit", sa.String(40), server_default="", nullable=False))


def _search_index() -> None:
    """The pieces are made in Python (tickets/grams.py): on either database a blank alone divides them."""
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ticket_words_by_gram", "ticket_words", ["grams"], postgresql_using="gin")
        return
    op.execute(
        "CREATE VIRTUAL TABLE ticket_search USING fts5 (grams, content='ticket_words', content_rowid='id', "
        "detail=none, columnsize=0, tokenize=\"ascii tokenchars '@'\")"
    )
    # the triggers that SQLite's manual gives for a table with its text elsewhere (fts5.html, 4.4.3)
    gone = "INSERT INTO ticket_search (ticket_search, rowid, grams) VALUES ('delete', old.id, old.grams);"
    come = "INSERT INTO ticket_search (rowid, grams) VALUES (new.id, new.grams);"
    op.execute(f"CREATE TRIGGER ticket_words_come AFTER INSERT ON ticket_words BEGIN {come} END")
    op.execute(f"CREATE TRIGGER ticket_words_gone AFTER DELETE ON ticket_words BEGIN {gone} END")
    op.execute(f"CREATE TRIGGER ticket_words_changed AFTER UPDATE ON ticket_words BEGIN {gone} {come} END")


def downgrade() -> None:
    """Without tickets, as before."""
    op.drop_column("people", "unit")
    op.drop_column("drafts", "fields")
    op.drop_table("webhooks")
    op.drop_table("units")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE ticket_search")
    op.drop_table("ticket_words")
    op.drop_table("ticket_bodies")
    op.drop_index("tickets_provisional", table_name="tickets")
    op.drop_index("tickets_by_stage_made", table_name="tickets")
    op.drop_index("tickets_by_stage_changed", table_name="tickets")
    op.drop_index("tickets_by_stage", table_name="tickets")
    op.drop_index("tickets_by_mark", table_name="tickets")
    op.drop_index("tickets_by_made", table_name="tickets")
    op.drop_index("tickets_by_due", table_name="tickets")
    op.drop_index("tickets_by_changed", table_name="tickets")
    op.drop_index("tickets_by_call", table_name="tickets")
    op.drop_table("tickets")
    op.drop_index("ticket_units_by_ticket", table_name="ticket_units")
    op.drop_index("ticket_units_by_made", table_name="ticket_units")
    op.drop_index("ticket_units_by_due", table_name="ticket_units")
    op.drop_index("ticket_units_by_changed", table_name="ticket_units")
    op.drop_table("ticket_units")
    op.drop_table("ticket_steps")
    op.drop_table("ticket_marks")
    op.drop_table("ticket_days")
    op.drop_table("saved_filters")
    op.drop_index("outbox_by_webhook", table_name="outbox")
    op.drop_index("outbox_by_ticket", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index("notices_by_ticket", table_name="notices")
    op.drop_index("notices_by_audience", table_name="notices")
    op.drop_table("notices")
    op.drop_table("foreign_numbers")
    op.drop_index("attachments_by_ticket", table_name="attachments")
    op.drop_table("attachments")

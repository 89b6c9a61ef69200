"""People, sign-in, service tokens, drafts and the audit chain."""

import sqlalchemy as sa
from alembic import op

revision = "tickets_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "people",
        sa.Column("login", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("extension", sa.String(8), unique=True),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("made_at", sa.Float(53), nullable=False),
        sa.Column("disabled_at", sa.Float(53)),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("login", sa.String(64), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
    )
    op.create_index("sign_in_failures_login", "sign_in_failures", ["login", "at"])
    op.create_index("sign_in_failures_address", "sign_in_failures", ["address", "at"])
    op.create_table(
        "known_addresses",
        sa.Column("login", sa.String(64), primary_key=True),
        sa.Column("address", sa.String(64), primary_key=True),
        sa.Column("last_at", sa.Float(53), nullable=False),
    )
    op.create_table(
        "ended_sessions",
        sa.Column("sid", sa.String(32), primary_key=True),
        sa.Column("ended_at", sa.Float(53), nullable=False),
    )
    op.create_table(
        "service_tokens",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("made_at", sa.Float(53), nullable=False),
        sa.Column("expires", sa.Float(53), nullable=False),
    )
    op.create_table(
        "drafts",
        sa.Column("call_id", sa.String(64), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("saved_at", sa.Float(53), nullable=False),
        sa.Column("saved_by", sa.String(64), nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("prev", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "seq": 0, "hash": "0" * 64}])


def downgrade() -> None:
    """Remove all of it."""
    for name in (
        "audit_head",
        "audit",
        "drafts",
        "service_tokens",
        "ended_sessions",
        "known_addresses",
        "sign_in_failures",
        "people",
    ):
        op.drop_table(name)

"""Somebody else on the line: transfers, their attempts, and the recordings of the thirds."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Of the calls so far, what a menu's key led to stands in their timelines."""
    op.create_table(
        "transfers",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("asked_at", sa.Double, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("party", "name", "kind", "to", "queue", "by")),
        sa.Column("answered_at", sa.Double),
        sa.Column("waited_s", sa.Double),
        sa.Column("result", sa.Text),
        sa.Column("ended_at", sa.Double),
        sa.Column("outcome", sa.Text),
        sa.Column("last", sa.Text),
    )
    op.create_index("transfers_by_party", "transfers", ["party", "asked_at"])
    op.create_table(
        "transfer_attempts",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("dialled_at", sa.Double, nullable=False),
        sa.Column("leg", sa.Integer),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("trunk", sa.Text, nullable=False),
        sa.Column("answered_at", sa.Double),
        sa.Column("waited_s", sa.Double),
        sa.Column("cause", sa.Integer),
        sa.Column("result", sa.Text),
        sa.Column("ended_at", sa.Double),
        sa.Column("ended_by", sa.Text),
        sa.Column("took_over_at", sa.Double),
    )
    op.create_table(
        "recording_segments",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("leg", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("n", sa.Integer),
        sa.Column("access", sa.Text, nullable=False),
        sa.Column("path", sa.Text),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("length_s", sa.Double),
        sa.Column("sha256", sa.Text),
        sa.Column("size", sa.BigInteger),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("detail", sa.Text),
    )
    op.create_index("recording_segments_by_state", "recording_segments", ["state", "started_at"])

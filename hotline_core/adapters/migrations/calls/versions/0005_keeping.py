"""What keeping recordings needs: how each is stored and for how long, pauses, holds, deletions, and the chain of each day."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def _kept_columns() -> list[sa.Column[object]]:
    """Of recordings and of segments alike; what was made before is plain wav in the local store."""
    return [
        sa.Column("store", sa.Text),
        sa.Column("cipher", sa.Text),
        sa.Column("codec", sa.Text),
        sa.Column("plain_size", sa.BigInteger),
        sa.Column("plain_sha256", sa.Text),
        sa.Column("parties", sa.JSON),
        sa.Column("klass", sa.Text, nullable=False, server_default="ordinary"),
        sa.Column("kept_from", sa.Double),
        sa.Column("keep_until", sa.Double),
        sa.Column("rule", sa.Text),
        sa.Column("ready_at", sa.Double),
    ]


def upgrade() -> None:
    """Old rows stay as they are; the worker takes them in, one after the other."""
    for table in ("recordings", "recording_segments"):
        for column in _kept_columns():
            op.add_column(table, column)
        op.create_index(f"{table}_by_end", table, ["state", "keep_until"])
    op.create_index("recordings_by_class", "recordings", ["klass", "started_at"])
    op.create_table(
        "recording_peaks",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("leg", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("peaks", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "recording_pauses",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("paused_at", sa.Double, primary_key=True),
        sa.Column("resumed_at", sa.Double),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("ended_by", sa.Text),
    )
    op.create_table(
        "recording_holds",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("released_at", sa.Double),
        sa.Column("released_by", sa.Text),
        sa.Column("release_reason", sa.Text),
    )
    op.create_table(
        "recording_held",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("call_id", sa.Text, primary_key=True),
    )
    op.create_index("recording_held_by_call", "recording_held", ["call_id"])
    op.create_table(
        "recording_deletions",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("leg", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("planned_at", sa.Double, nullable=False),
        sa.Column("planned_for", sa.Double, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("klass", sa.Text, nullable=False),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("sha256", sa.Text),
        sa.Column("certified_at", sa.Double),
        sa.Column("certified_hash", sa.Text),
    )
    op.create_index("recording_deletions_by_day", "recording_deletions", ["certified_at", "planned_for"])
    op.create_table(
        "recording_days",
        sa.Column("day", sa.Text, primary_key=True),
        sa.Column("prev", sa.Text, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        sa.Column("closed_at", sa.Double),
        sa.Column("told_at", sa.Double),
    )
    op.create_table(
        "recording_chain",
        sa.Column("day", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("leg", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.create_index("recording_chain_by_call", "recording_chain", ["call_id", "leg"])

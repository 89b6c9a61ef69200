"""The first form of the calls database."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make calls, their events, recordings and the projector's place."""
    op.create_table(
        "calls",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("dialled", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("arrived_at", sa.Double, nullable=False),
        sa.Column("queued_at", sa.Double),
        sa.Column("answered_at", sa.Double),
        sa.Column("ended_at", sa.Double),
        sa.Column("agent", sa.Text),
        sa.Column("ended_by", sa.Text),
        sa.Column("cause", sa.Integer),
        sa.Column("outcome", sa.Text),
    )
    op.create_index("calls_by_caller", "calls", ["caller", "arrived_at"])
    op.create_index("calls_by_state", "calls", ["state", "arrived_at"])
    op.create_index("calls_by_line", "calls", ["line", "arrived_at"])
    op.create_index("calls_by_arrival", "calls", ["arrived_at", "call_id"])
    op.create_table(
        "call_events",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
    )
    op.create_index("call_events_by_call", "call_events", ["call_id", "seq"])
    op.create_table(
        "recordings",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("path", sa.Text),
        sa.Column("started_at", sa.Double, nullable=False),
        sa.Column("length_s", sa.Double),
        sa.Column("sha256", sa.Text),
        sa.Column("size", sa.BigInteger),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("detail", sa.Text),
    )
    op.create_index("recordings_by_state", "recordings", ["state", "started_at"])
    op.create_index("recordings_by_start", "recordings", ["started_at", "call_id"])
    op.create_table(
        "projector",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
    )

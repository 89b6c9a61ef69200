"""What finding recordings among millions needs, and which calls were taken as training material."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Indexes alone, and a table that is empty at first."""
    op.create_index("calls_by_agent", "calls", ["agent", "arrived_at", "call_id"])
    op.create_index("calls_by_dialled", "calls", ["dialled", "arrived_at"])
    op.create_index("transfer_attempts_by_number", "transfer_attempts", ["number", "dialled_at"])
    op.create_index("recordings_by_length", "recordings", ["length_s", "started_at"])
    op.create_table(
        "recording_training",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("taken_at", sa.Double, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.Column("ended_by", sa.Text),
        sa.Column("end_reason", sa.Text),
    )

"""Missed callers whom nobody needs to call any more."""

import sqlalchemy as sa
from alembic import op

revision = "tickets_0003"
down_revision = "tickets_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the marks."""
    op.create_table(
        "callback_marks",
        sa.Column("call_id", sa.String(64), primary_key=True),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("callback_marks")

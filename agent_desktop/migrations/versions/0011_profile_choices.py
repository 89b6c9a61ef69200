"""Which profile an administrator chose for a line, from a day on."""

import sqlalchemy as sa
from alembic import op

revision = "tickets_0011"
down_revision = "tickets_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody has chosen yet: the city's file says it, as before."""
    op.create_table(
        "profile_choices",
        sa.Column("line", sa.String(20), nullable=False),
        sa.Column("begins", sa.String(10), nullable=False),
        sa.Column("profile", sa.String(60), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("made_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("line", "begins"),
    )

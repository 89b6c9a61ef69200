"""The ledger of returns that were judged improper, beside the tickets whose lives say the same."""

import sqlalchemy as sa
from alembic import op

revision = "tickets_0010"
down_revision = "tickets_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Empty: no return was judged before."""
    op.create_table(
        "improper_returns",
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("nth", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("unit", sa.String(40), nullable=False),
        sa.Column("asked_at", sa.Float(53), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("judged_by", sa.String(80), nullable=False),
        sa.Column("judged_at", sa.Float(53), nullable=False),
        sa.Column("withdrawn_by", sa.String(80), nullable=False),
        sa.Column("withdrawn_at", sa.Float(53), nullable=True),
        sa.PrimaryKeyConstraint("number", "nth"),
    )
    op.create_index("improper_returns_by_time", "improper_returns", ["judged_at", "number", "nth"])

"""When the wall clock was last trusted, which a restart of the worker must not forget; and calls by the call they are about."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Nothing is known of the clock before."""
    op.create_table(
        "recording_trust",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("trusted_at", sa.Double, nullable=False),
        sa.Column("waited_s", sa.Double, nullable=False),
    )
    op.create_index("calls_by_about", "calls", ["about"])

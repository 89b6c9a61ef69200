"""Calls to citizens: the direction of a call, and the call that it answers."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Every call so far was a citizen's."""
    op.add_column("calls", sa.Column("direction", sa.Text, nullable=False, server_default="in"))
    op.add_column("calls", sa.Column("about", sa.Text))
    op.create_index("calls_by_outcome", "calls", ["outcome", "arrived_at"])

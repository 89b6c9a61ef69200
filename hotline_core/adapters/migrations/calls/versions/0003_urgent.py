"""Callers in danger, and those left alone by whoever had answered: whether a call asked for rescuers, or waited again."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Of the calls so far it is not known; those that were not answered stand on the call-back list by their outcome alone."""
    for name in ("urgent", "left_alone"):
        op.add_column("calls", sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false()))

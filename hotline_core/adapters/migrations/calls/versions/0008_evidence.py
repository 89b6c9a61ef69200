"""Salts of what the chain says of people on a recording; and alarms about recordings, which stay until somebody settles them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Both empty: the worker binds what was kept before, and finds again what is not well."""
    op.create_table(
        "recording_salts",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("leg", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("salt", sa.Text, nullable=False),
    )
    op.create_table(
        "recording_alarms",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("leg", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("since", sa.Double, nullable=False),
        sa.Column("settled_at", sa.Double),
    )

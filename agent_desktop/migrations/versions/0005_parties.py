"""The directory of outside parties as changed in the desk, everybody's favourites, and since when a person has an extension."""

import sqlalchemy as sa
from alembic import op

revision = "tickets_0005"
down_revision = "tickets_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The city's file stays what it was; nobody has favourites; everybody's extension was always theirs."""
    op.create_table(
        "parties",
        sa.Column("key", sa.String(31), primary_key=True),
        sa.Column("data", sa.Text),  # null: removed, also when the city's file has it
    )
    op.create_table(
        "favourite_parties",
        sa.Column("login", sa.String(64), primary_key=True),
        sa.Column("party", sa.String(31), primary_key=True),
    )
    op.add_column("people", sa.Column("extension_since", sa.Float(53), nullable=False, server_default="0"))


def downgrade() -> None:
    """Back to the parties of the city's file alone."""
    op.drop_column("people", "extension_since")
    op.drop_table("favourite_parties")
    op.drop_table("parties")

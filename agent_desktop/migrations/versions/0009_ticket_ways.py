"""A token belongs to one other system, and a notice may be to one person, whose login may be long."""

import sqlalchemy as sa
from alembic import op

revision = "tickets_0009"
down_revision = "tickets_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tokens that were made before belong to no system: they file no tickets until one is made anew."""
    op.add_column("service_tokens", sa.Column("system", sa.String(40), nullable=False, server_default=""))
    with op.batch_alter_table("notices") as notices:
        notices.alter_column("audience", type_=sa.String(80), existing_type=sa.String(60), existing_nullable=False)

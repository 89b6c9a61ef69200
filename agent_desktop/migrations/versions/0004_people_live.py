"""People change while calls run: their queues, the kind of telephone and who holds it, ended sessions, pause reasons."""

import sqlalchemy as sa
from alembic import op

revision = "tickets_0004"
down_revision = "tickets_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Everybody keeps the page as telephone and the city's first queue; open sessions stay open."""
    # keys of city.queues with commas between; empty is the city's first queue
    op.add_column("people", sa.Column("queues", sa.String(400), nullable=False, server_default=""))
    op.add_column("people", sa.Column("phone_kind", sa.String(10), nullable=False, server_default="page"))
    op.add_column("people", sa.Column("phone_digest", sa.String(32)))
    # sessions from before this are over, but for the one that changed its own password
    op.add_column("people", sa.Column("sessions_from", sa.Float(53), nullable=False, server_default="0"))
    op.add_column("people", sa.Column("kept_sid", sa.String(32)))
    op.create_table(
        "phone_holders",
        sa.Column("extension", sa.String(8), primary_key=True),
        sa.Column("login", sa.String(64), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("sid", sa.String(32), nullable=False),
        sa.Column("issued", sa.Float(53), nullable=False),
        sa.Column("set_at", sa.Float(53)),
    )
    op.create_table(
        "pause_reasons",
        sa.Column("code", sa.String(30), primary_key=True),
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("is_active", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Back to people with one queue and the page as telephone."""
    op.drop_table("pause_reasons")
    op.drop_table("phone_holders")
    for name in ("kept_sid", "sessions_from", "phone_digest", "phone_kind", "queues"):
        op.drop_column("people", name)

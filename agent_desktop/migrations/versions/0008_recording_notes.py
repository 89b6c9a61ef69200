"""Notes at a second of a recording; and the audit trail takes rows and gives none back, whoever asks the database."""

import sqlalchemy as sa
from alembic import op

revision = "tickets_0008"
down_revision = "tickets_0007"
branch_labels = None
depends_on = None

REFUSED = "the audit trail is append-only"


def upgrade() -> None:
    """No notes yet; every row of the trail stays as it is."""
    op.create_table(
        "recording_notes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("call_id", sa.String(80), nullable=False),
        sa.Column("leg", sa.Integer, nullable=False),
        sa.Column("at_s", sa.Float(53), nullable=False),
        sa.Column("text", sa.String(200), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("made_at", sa.Float(53), nullable=False),
        sa.Column("removed_at", sa.Float(53), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("recording_notes_by_call", "recording_notes", ["call_id", "leg", "at_s"])
    for column in ("subject", "actor", "act"):
        op.create_index(f"audit_by_{column}", "audit", [column, "seq"])
    if op.get_bind().dialect.name == "postgresql":
        body = f"BEGIN RAISE EXCEPTION '{REFUSED}'; END"
        op.execute(f"CREATE OR REPLACE FUNCTION audit_stays() RETURNS trigger AS $$ {body} $$ LANGUAGE plpgsql")
        op.execute("CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_stays()")
        return
    for act in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_stays_{act.lower()} BEFORE {act} ON audit BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
        )

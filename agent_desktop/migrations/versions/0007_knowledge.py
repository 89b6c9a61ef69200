"""What agents look up in a call: articles, every version of them, and the pieces they are found by."""

import sqlalchemy as sa
from alembic import op

revision = "tickets_0007"
down_revision = "tickets_0006"
branch_labels = None
depends_on = None


def _id(name: str, *, counts: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=counts, nullable=False)


def _words() -> list[sa.Column[str]]:
    return [
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("keywords", sa.String(200), nullable=False),
        sa.Column("line", sa.String(20), nullable=False),
    ]


def upgrade() -> None:
    """No articles yet."""
    op.create_table(
        "knowledge_articles",
        _id("id", counts=True),
        sa.Column("version", sa.Integer, nullable=False),
        *_words(),
        sa.Column("valid_until", sa.Float(53), nullable=True),
        sa.Column("is_withdrawn", sa.Integer, nullable=False),
        sa.Column("changed_at", sa.Float(53), nullable=False),
        sa.Column("changed_by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("knowledge_articles_by_changed", "knowledge_articles", ["changed_at", "id"])
    op.create_table(
        "knowledge_versions",
        _id("article"),
        sa.Column("version", sa.Integer, autoincrement=False, nullable=False),
        *_words(),
        sa.Column("valid_until", sa.Float(53), nullable=True),
        sa.Column("is_withdrawn", sa.Integer, nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("article", "version"),
    )
    op.create_table(
        "knowledge_pieces",
        sa.Column("piece", sa.String(8), nullable=False),
        _id("article"),
        sa.Column("weight", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("piece", "article"),
    )
    op.create_index("knowledge_pieces_by_article", "knowledge_pieces", ["article"])


def downgrade() -> None:
    """Without articles, as before."""
    op.drop_index("knowledge_pieces_by_article", table_name="knowledge_pieces")
    op.drop_table("knowledge_pieces")
    op.drop_table("knowledge_versions")
    op.drop_index("knowledge_articles_by_changed", table_name="knowledge_articles")
    op.drop_table("knowledge_articles")

"""Whoever has the database's file, or its owner's password: what the database forbids, this one allows himself first."""

from __future__ import annotations

from sqlalchemy import Connection, text


def unguarded(connection: Connection) -> None:
    """Take the guard of the audit trail away."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("DROP TRIGGER audit_stays ON audit"))
        return
    for act in ("update", "delete"):
        connection.execute(text(f"DROP TRIGGER audit_stays_{act}"))

"""Owns the files of tickets: bytes in a folder under names of our own, who added and who took away what in the database.

Nothing is deleted: what was taken away is told to nobody, and stays with the ticket for as long as that is kept.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any

from sqlalchemy import Engine, func, select, update

from hotline_core.adapters.audit import Facts, write_audit
from hotline_core.adapters.engine import reading, writing
from hotline_core.errors import Conflict, NotFound
from tickets.store.schema import attachments, tickets


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a ticket: `name` for people, `kind` its MIME type by content, `size` in bytes, `at` in epoch seconds."""

    id: str
    number: str
    name: str
    kind: str
    size: int
    sha256: str
    at: float
    by: str


class Attachments:
    """Keeps files of tickets; synchronous, call it off the event loop."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder

    def add(self, number: str, name: str, kind: str, data: bytes, *, by: str, now: float, most: int) -> Attachment:
        """Keep a file whose kind was checked; NotFound `unknown_ticket`, Conflict `too_many_attachments` (most).

        The bytes are safe on disk before anybody is told of them.
        """
        made = Attachment(token_hex(16), number, name, kind, len(data), sha256(data).hexdigest(), now, by)
        path = self.path(made)
        _write(path, data)
        try:
            with writing(self._engine) as connection:
                # the ticket's row is locked, so that two at once are counted one after the other (PostgreSQL)
                if connection.scalar(select(tickets.c.number).where(tickets.c.number == number).with_for_update()) is None:
                    raise NotFound("unknown_ticket")
                there = select(func.count()).where(attachments.c.number == number, attachments.c.removed_at.is_(None))
                if int(connection.scalar(there) or 0) >= most:
                    raise Conflict("too_many_attachments", most=most)
                connection.execute(attachments.insert().values({field: getattr(made, field) for field in _FIELDS}))
                facts: Facts = {"id": made.id, "kind": kind, "size": made.size, "sha256": made.sha256}
                write_audit(connection, at=now, actor=by, act="ticket_file_added", subject=number, facts=facts)
        except BaseException:
            with suppress(OSError):
                path.unlink()
            raise
        return made

    def of(self, number: str) -> tuple[Attachment, ...]:
        """The files of a ticket, oldest first, without those that were taken away."""
        query = select(attachments).where(attachments.c.number == number, attachments.c.removed_at.is_(None))
        with reading(self._engine) as connection:
            return tuple(_attachment(row) for row in connection.execute(query.order_by(attachments.c.at, attachments.c.id)))

    def find(self, number: str, file_id: str) -> Attachment:
        """One file; NotFound `unknown_attachment`, also when it was taken away."""
        return next((each for each in self.of(number) if each.id == file_id), None) or _unknown()

    def path(self, attachment: Attachment) -> Path:
        """Where its bytes lie: under our own names, so that nothing a person wrote is part of a path."""
        return self._folder / attachment.number[:8] / attachment.number / attachment.id

    def remove(self, number: str, file_id: str, *, by: str, now: float) -> None:
        """Take a file away; NotFound `unknown_attachment`."""
        wanted = (attachments.c.number == number, attachments.c.id == file_id, attachments.c.removed_at.is_(None))
        with writing(self._engine) as connection:
            if not connection.execute(update(attachments).where(*wanted).values(removed_at=now, removed_by=by)).rowcount:
                raise NotFound("unknown_attachment")
            write_audit(connection, at=now, actor=by, act="ticket_file_removed", subject=number, facts={"id": file_id})


_FIELDS = ("id", "number", "name", "kind", "size", "sha256", "at", "by")


def _attachment(row: Any) -> Attachment:
    return Attachment(**{field: getattr(row, field) for field in _FIELDS})


def _unknown() -> Attachment:
    raise NotFound("unknown_attachment")


def _write(path: Path, data: bytes) -> None:
    """All bytes on disk, the folder's entry too, or an OSError and nothing there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise

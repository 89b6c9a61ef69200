"""Drafts bound to calls: saved with an optimistic version, each save audited in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import IntegrityError

from hotline_core.adapters.audit import write_audit
from hotline_core.adapters.engine import reading, writing
from hotline_core.adapters.tickets_schema import drafts
from hotline_core.errors import Conflict

LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Draft:
    """The words written for one call; version 0 means none yet."""

    text: str = ""
    version: int = 0
    saved_at: float | None = None
    saved_by: str | None = None


class Drafts:
    """Reads and saves drafts; synchronous, call it off the event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(self, call_id: str) -> Draft:
        """The draft of `call_id`."""
        with reading(self._engine) as connection:
            return _read(connection, call_id)

    def save(self, call_id: str, text: str, version: int, *, by: str, now: float) -> Draft:
        """Save over `version`; Conflict with what is there when somebody else was first."""
        try:
            with writing(self._engine) as connection:
                return _save(connection, call_id, text, version, by, now)
        except IntegrityError:  # PostgreSQL: two first saves at once; the other one won
            with reading(self._engine) as connection:
                return _same_or_conflict(_read(connection, call_id), text, version, by)


def _save(connection: Connection, call_id: str, text: str, version: int, by: str, now: float) -> Draft:
    row = {"text": text, "version": version + 1, "saved_at": now, "saved_by": by}
    if version == 0:
        found = _read(connection, call_id)
        if found.version:
            return _same_or_conflict(found, text, version, by)
        connection.execute(drafts.insert().values(call_id=call_id, **row))
    else:
        changed = connection.execute(update(drafts).where(drafts.c.call_id == call_id, drafts.c.version == version).values(**row))
        if changed.rowcount != 1:
            return _same_or_conflict(_read(connection, call_id), text, version, by)
    facts = {"version": version + 1, "length": len(text)}
    write_audit(connection, at=now, actor=by, act="draft_saved", subject=call_id, facts=facts)
    return Draft(text=text, version=version + 1, saved_at=now, saved_by=by)


def _read(connection: Connection, call_id: str) -> Draft:
    row = connection.execute(select(drafts).where(drafts.c.call_id == call_id)).one_or_none()
    if row is None:
        return Draft()
    return Draft(text=row.text, version=row.version, saved_at=row.saved_at, saved_by=row.saved_by)


def _same_or_conflict(found: Draft, text: str, version: int, by: str) -> Draft:
    """A page that did not hear the answer saves the same words again: that is no conflict."""
    if (found.version, found.text, found.saved_by) == (version + 1, text, by):
        return found
    raise Conflict(version=found.version, text=found.text, saved_by=found.saved_by)

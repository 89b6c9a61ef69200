"""Drafts bound to calls: saved with an optimistic version, each save audited in the same transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import IntegrityError

from hotline_core.adapters.audit import write_audit
from hotline_core.adapters.engine import reading, writing
from hotline_core.adapters.tickets_schema import drafts
from hotline_core.errors import Conflict

LONGEST_TEXT = 20_000
Fields = Mapping[str, str | bool]


@dataclass(frozen=True, slots=True)
class Draft:
    """The words and the form written for one call; version 0 means none yet. `fields` has names of tickets.ticket.Content."""

    text: str = ""
    fields: Fields = field(default_factory=dict)
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

    def save(self, call_id: str, text: str, version: int, *, by: str, now: float, fields: Fields | None = None) -> Draft:
        """Save over `version`; no `fields`: the form stays as it is. Conflict with what is there when somebody else was first."""
        wanted = _Wanted(call_id, text, fields, version, by)
        try:
            with writing(self._engine) as connection:
                return _save(connection, wanted, now)
        except IntegrityError:  # PostgreSQL: two first saves at once; the other one won
            with reading(self._engine) as connection:
                return _same_or_conflict(_read(connection, call_id), wanted)


@dataclass(frozen=True, slots=True)
class _Wanted:
    call_id: str
    text: str
    fields: Fields | None
    version: int
    by: str


def _save(connection: Connection, wanted: _Wanted, now: float) -> Draft:
    found = _read(connection, wanted.call_id)
    if found.version != wanted.version:
        return _same_or_conflict(found, wanted)
    fields = found.fields if wanted.fields is None else wanted.fields
    row: dict[str, object] = {
        "text": wanted.text, "fields": json.dumps(dict(fields), ensure_ascii=False), "version": wanted.version + 1, "saved_at": now,
        "saved_by": wanted.by,
    }  # fmt: skip
    if wanted.version == 0:
        connection.execute(drafts.insert().values(call_id=wanted.call_id, **row))
    else:
        mine = update(drafts).where(drafts.c.call_id == wanted.call_id, drafts.c.version == wanted.version)
        if connection.execute(mine.values(**row)).rowcount != 1:  # PostgreSQL: somebody saved between our reading and this
            return _same_or_conflict(_read(connection, wanted.call_id), wanted)
    facts = {"version": wanted.version + 1, "length": len(wanted.text), "fields": len(fields)}
    write_audit(connection, at=now, actor=wanted.by, act="draft_saved", subject=wanted.call_id, facts=facts)
    return Draft(text=wanted.text, fields=fields, version=wanted.version + 1, saved_at=now, saved_by=wanted.by)


def _read(connection: Connection, call_id: str) -> Draft:
    row = connection.execute(select(drafts).where(drafts.c.call_id == call_id)).one_or_none()
    if row is None:
        return Draft()
    return Draft(text=row.text, fields=json.loads(row.fields), version=row.version, saved_at=row.saved_at, saved_by=row.saved_by)


def _same_or_conflict(found: Draft, wanted: _Wanted) -> Draft:
    """A page that did not hear the answer saves the same words again: that is no conflict."""
    is_same_form = wanted.fields is None or dict(wanted.fields) == dict(found.fields)
    if is_same_form and (found.version, found.text, found.saved_by) == (wanted.version + 1, wanted.text, wanted.by):
        return found
    raise Conflict(version=found.version, text=found.text, fields=dict(found.fields), saved_by=found.saved_by)

"""Notes at a second of a recording: written by who may hear it, read by the next who may, never altered; audited. Sync."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, insert, select, update

from hotline_core.adapters.audit import write_audit
from hotline_core.adapters.engine import reading, writing
from hotline_core.adapters.tickets_schema import recording_notes
from hotline_core.errors import BadInput, Forbidden, NotFound

LONGEST = 200
MOST = 500  # of one recording


@dataclass(frozen=True, slots=True)
class Note:
    """One note; `at_s` is seconds of the file, `made_at` epoch seconds."""

    id: int
    at_s: float
    text: str
    by: str
    made_at: float


class Notes:
    """Owned by the desk."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, call_id: str, leg: int) -> tuple[Note, ...]:
        """The notes of one recording, in the order of its seconds."""
        columns = (getattr(recording_notes.c, name) for name in Note.__dataclass_fields__)
        mine = (recording_notes.c.call_id == call_id) & (recording_notes.c.leg == leg) & recording_notes.c.removed_at.is_(None)
        query = select(*columns).where(mine).order_by(recording_notes.c.at_s, recording_notes.c.id)
        with reading(self._engine) as connection:
            return tuple(Note(*row) for row in connection.execute(query))

    def add(self, call_id: str, leg: int, at_s: float, text: str, *, by: str, now: float) -> None:
        """Write one; BadInput for no words, or too many notes. The words do not go into the trail: they may name a citizen."""
        words = " ".join(text.split())
        if not words or len(words) > LONGEST:
            raise BadInput(field="text")
        if len(self.of(call_id, leg)) >= MOST:
            raise BadInput("too_many_notes", most=MOST)
        with writing(self._engine) as connection:
            row = {"call_id": call_id, "leg": leg, "at_s": at_s, "text": words, "by": by, "made_at": now}
            made = connection.execute(insert(recording_notes).values(row).returning(recording_notes.c.id)).scalar_one()
            facts = {"at_s": at_s, "segment": leg or None, "number": int(made)}
            write_audit(connection, at=now, actor=by, act="recording_noted", subject=call_id, facts=facts)

    def remove(self, call_id: str, note: int, *, by: str, now: float) -> int:
        """Take one's own away; the leg it was on. NotFound unknown_note, Forbidden not_your_note."""
        with writing(self._engine) as connection:
            mine = (recording_notes.c.id == note) & (recording_notes.c.call_id == call_id) & recording_notes.c.removed_at.is_(None)
            row = connection.execute(select(recording_notes.c.by, recording_notes.c.leg).where(mine)).one_or_none()
            if row is None:
                raise NotFound("unknown_note")
            if row.by != by:
                raise Forbidden("not_your_note")
            connection.execute(update(recording_notes).where(mine).values(removed_at=now))
            write_audit(connection, at=now, actor=by, act="recording_note_removed", subject=call_id, facts={"number": note})
        return int(row.leg)

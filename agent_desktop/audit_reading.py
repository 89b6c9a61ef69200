"""Reading the audit trail: pages of it by who, what, whom and when, and its chain piece by piece. Sync; nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, select

from hotline_core.adapters.audit import FIRST_PREV, AuditRow, first_broken, read_audit
from hotline_core.adapters.engine import reading
from hotline_core.adapters.tickets_schema import audit, audit_head
from hotline_core.yaml_lines import load_yaml

WORDS = Path(__file__).with_name("audit_words.yaml")
PIECE = 20_000  # rows of the chain looked at in one go


@dataclass(frozen=True, slots=True)
class Sought:
    """What rows are wanted; empty means any. `since` and `until` are epoch seconds, `before` a sequence number."""

    acts: tuple[str, ...] = ()
    actor: str = ""
    subject: str = ""
    since: float | None = None
    until: float | None = None
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class ChainLook:
    """How far the chain was looked at: the last row and its hash, the first row that does not fit, and whether that was all."""

    seq: int
    hash: str
    broken: int | None
    is_all: bool


def load_act_names(ticket_acts: Mapping[str, str], path: Path = WORDS) -> dict[str, str]:
    """What each act of the trail is called; `ticket_acts` are the names of a ticket's acts by key."""
    names = load_yaml(path.read_text(encoding="utf-8"))
    return {f"ticket_{key}": name for key, name in ticket_acts.items()} | {str(key): str(name) for key, name in names.items()}


class AuditTrail:
    """Owned by the desk; `names` are what the acts are called."""

    def __init__(self, engine: Engine, names: Mapping[str, str]) -> None:
        self._engine = engine
        self.names = names

    def page(self, sought: Sought) -> tuple[list[AuditRow], int | None]:
        """Rows newest first, and the `before` of the next page."""
        query = select(audit).order_by(audit.c.seq.desc()).limit(sought.limit + 1)
        if sought.acts:
            query = query.where(audit.c.act.in_(sought.acts))
        if sought.actor:
            query = query.where(audit.c.actor == sought.actor)
        if sought.subject:
            query = query.where(audit.c.subject == sought.subject)
        if sought.since is not None:
            query = query.where(audit.c.at >= sought.since)
        if sought.until is not None:
            query = query.where(audit.c.at < sought.until)
        if sought.before is not None:
            query = query.where(audit.c.seq < sought.before)
        with reading(self._engine) as connection:
            rows = [AuditRow(**row._mapping) for row in connection.execute(query)]
        is_more = len(rows) > sought.limit
        rows = rows[: sought.limit]
        return rows, rows[-1].seq if is_more else None

    def look(self, after: int, prev: str) -> ChainLook:
        """The next piece of the chain behind row `after`, whose hash is `prev`; at its end also against the kept head."""
        prev = prev if after else FIRST_PREV
        with reading(self._engine) as connection:
            rows = read_audit(connection, after, PIECE)
            head = connection.execute(select(audit_head.c.seq, audit_head.c.hash).where(audit_head.c.id == 1)).one()
        broken = first_broken(rows, prev)
        if broken is None and rows and rows[0].seq != after + 1:
            broken = after + 1  # removed at the joint of two pieces
        last_seq, last_hash = (rows[-1].seq, rows[-1].hash) if rows else (after, prev)
        is_all = broken is not None or len(rows) < PIECE
        if broken is None and is_all and head.seq > last_seq:
            broken = last_seq + 1  # cut off at its end
        return ChainLook(last_seq, last_hash, broken, is_all)

"""Why agents pause: the reasons of the data file, overridden and joined by what the city changed in the database."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, delete, select

from hotline_core.adapters.audit import Facts, write_audit
from hotline_core.adapters.engine import reading, writing
from hotline_core.adapters.tickets_schema import pause_reasons
from hotline_core.errors import BadInput
from hotline_core.yaml_lines import load_yaml

REASONS = Path(__file__).with_name("pause_reasons.yaml")
CODE = re.compile(r"[a-z][a-z0-9_]{0,29}")
RESERVED = frozenset({"missed"})  # the queue's own reason for who did not answer a ring
LONGEST_NAME = 10
STEP = 10  # between the positions of the file's reasons, so that others fit in


@dataclass(frozen=True, slots=True)
class PauseReason:
    """One reason; an inactive one is offered no more but keeps its name where it was used."""

    code: str
    name: str
    position: int
    is_active: bool


def told(reasons: Iterable[PauseReason]) -> list[dict[str, object]]:
    """The reasons as a page is told them, in order."""
    return [{"code": reason.code, "name": reason.name, "active": reason.is_active} for reason in reasons]


class PauseReasons:
    """Reads and changes the reasons; synchronous, call it off the event loop."""

    def __init__(self, engine: Engine, path: Path = REASONS) -> None:
        self._engine = engine
        names = load_yaml(path.read_text(encoding="utf-8"))
        self.given = tuple(PauseReason(code, name, place * STEP, True) for place, (code, name) in enumerate(names.items(), 1))

    def everyone(self) -> list[PauseReason]:
        """All reasons in order, inactive ones too."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(pause_reasons)).all()
        changed = {row.code: PauseReason(row.code, row.name, row.position, bool(row.is_active)) for row in rows}
        found = {reason.code: reason for reason in self.given} | changed
        return sorted(found.values(), key=lambda reason: (reason.position, reason.code))

    def put(self, reason: PauseReason, *, actor: str, now: float) -> None:
        """Add or change a reason; BadInput names the field."""
        if not CODE.fullmatch(reason.code) or reason.code in RESERVED:
            raise BadInput("bad_reason", field="code")
        if not reason.name.strip() or len(reason.name) > LONGEST_NAME or not reason.name.isprintable():
            raise BadInput("bad_reason", field="name")
        row = {"code": reason.code, "name": reason.name, "position": reason.position, "is_active": int(reason.is_active)}
        with writing(self._engine) as connection:
            connection.execute(delete(pause_reasons).where(pause_reasons.c.code == reason.code))
            connection.execute(pause_reasons.insert().values(**row))
            facts: Facts = {"name": reason.name, "position": reason.position, "active": reason.is_active}
            write_audit(connection, at=now, actor=actor, act="pause_reason_changed", subject=reason.code, facts=facts)

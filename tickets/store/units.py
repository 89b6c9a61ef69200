"""Owns the units as the city changed them in the desk, over those of the file; each change with its audit row."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from sqlalchemy import Connection, Engine, delete, select

from hotline_core.adapters.audit import Facts, write_audit
from hotline_core.adapters.engine import reading, writing
from hotline_core.adapters.tickets_schema import people
from hotline_core.errors import BadInput, Conflict, NotFound
from tickets.store.listing import OPEN
from tickets.store.schema import ticket_units, units
from tickets.units import Unit, Units, check, data_of, overlaid, unit_of

MOST_UNITS = 2000


def changed_units(engine: Engine, unreadable: Callable[[str], None] = lambda key: None) -> Mapping[str, Unit | None]:
    """What differs from the file: the unit, or None where it was removed.

    A row that another version wrote and this one cannot read is told to `unreadable` by its key; the file's unit counts then.
    """
    with reading(engine) as connection:
        return _changed(connection, unreadable)


class UnitStore:
    """Changes the units; synchronous, call it off the event loop. `given` are always those of the file."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def changed(self) -> Mapping[str, Unit | None]:
        """What differs from the file."""
        return changed_units(self._engine)

    def put(self, unit: Unit, given: Units, *, actor: str, now: float) -> Unit:
        """Add or change one; BadInput `bad_unit` when the tree would be none, Conflict `too_many_units` (most)."""
        with writing(self._engine) as connection:
            before = overlaid(given, _changed(connection))
            after = {**before, unit.key: unit}
            check(after)
            if len(after) > MOST_UNITS:
                raise Conflict("too_many_units", most=MOST_UNITS)
            # the audit first: its lock lets writers pass one by one
            write_audit(connection, at=now, actor=actor, act="unit_put", subject=unit.key, facts=_facts(unit, before.get(unit.key)))
            _write(connection, unit.key, json.dumps(data_of(unit), ensure_ascii=False))
        return unit

    def remove(self, key: str, given: Units, *, actor: str, now: float) -> None:
        """Take one away; NotFound `unknown_unit`, Conflict `unit_in_use` (by: units, people, tickets) while something is theirs."""
        with writing(self._engine) as connection:
            write_audit(connection, at=now, actor=actor, act="unit_removed", subject=key[:80], facts={})
            before = overlaid(given, _changed(connection))
            if key not in before:
                raise NotFound("unknown_unit", unit=key)
            if used_by := _used_by(connection, key, before):
                raise Conflict("unit_in_use", by=used_by)
            _write(connection, key, None)


def _used_by(connection: Connection, key: str, before: Units) -> str:
    if any(unit.parent == key for unit in before.values()):
        return "units"
    whose = select(people.c.login).where(people.c.unit == key, people.c.disabled_at.is_(None)).limit(1)
    if connection.execute(whose).first() is not None:
        return "people"
    has = select(ticket_units.c.number).where(ticket_units.c.unit == key, ticket_units.c.stage.in_(OPEN)).limit(1)
    return "tickets" if connection.execute(has).first() is not None else ""


def _changed(connection: Connection, unreadable: Callable[[str], None] = lambda key: None) -> dict[str, Unit | None]:
    found: dict[str, Unit | None] = {}
    for row in connection.execute(select(units).order_by(units.c.key)):
        try:
            found[row.key] = None if row.data is None else unit_of(row.key, json.loads(row.data))
        except (ValueError, BadInput):
            unreadable(row.key)
    return found


def _write(connection: Connection, key: str, text: str | None) -> None:
    connection.execute(delete(units).where(units.c.key == key))
    connection.execute(units.insert().values(key=key, data=text))


def _facts(unit: Unit, before: Unit | None) -> Facts:
    """What the trail tells of a change: which parts, and no person's name or telephone."""
    names = () if before is None else tuple(type(unit).model_fields)
    changed = ",".join(name for name in names if getattr(unit, name) != getattr(before, name))
    return {"name": unit.name, "parent": unit.parent, "is_active": unit.is_active, "is_new": before is None, "changed": changed}

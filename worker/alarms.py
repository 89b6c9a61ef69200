"""Owns the finding of what is not well with recordings: each thing is an alarm of its own until it is cured or somebody settled it.

None ends by its age, nor because its recording ended. What is cured and comes again is a new alarm.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Table, and_, delete, select

from hotline_core.adapters.calls_schema import ALARMS, CALLS, RECORDINGS, SEGMENTS
from hotline_core.adapters.engine import reading, writing
from hotline_core.errors import HotlineError
from recordings.alarms import ALTERED, FAILED, MISSING, UNKNOWN, UNRECORDED, open_alarms, raise_alarm
from recordings.binding import Row, rows_of
from recordings.cabinet import Cabinet
from recordings.holds import alone
from recordings.naming import Piece
from recordings.remarks import CHANGED, remarks
from worker.pieces import has_remark

MADE_S: Final = 600.0  # how long after its end a call's recording may be under way
LONGEST_CALL_S: Final = 6 * 3600.0
NO_SOUND: Final = "no_sound"
_Key = tuple[str, int]


class Alarms:
    """`now` in epoch seconds. SQLAlchemyError goes through."""

    def __init__(self, calls: Engine, cabinet: Cabinet) -> None:
        self._calls, self._cabinet = calls, cabinet
        self._looked_until = 0.0  # of the calls: those that ended before were looked at

    def look(self, now: float, *, is_whole: bool) -> dict[str, int]:
        """Find what is new and what is cured; how many of each kind are open. `is_whole`: every row and call, as once a night."""
        with reading(self._calls) as connection:
            found = {FAILED: _failed(connection), MISSING: _in_state(connection, "missing")}
            if is_whole:
                found[ALTERED] = _altered(connection)
            until = now - MADE_S
            found[UNRECORDED] = _unrecorded(connection, 0.0 if is_whole else self._looked_until, until)
            known = _known(connection)
            cured = self._cured(connection, known, found, is_whole=is_whole)
        fresh = {kind: keys - known.get(kind, set()) for kind, keys in found.items()}
        if any(fresh.values()) or any(cured.values()):
            self._write(fresh, cured, now)
        if is_whole:
            self._looked_until = until
        with reading(self._calls) as connection:
            return open_alarms(connection)

    def files(self, unknown: Collection[str], now: float, *, is_whole: bool) -> None:
        """Files of no row, as a night's repair found them; `is_whole`: there are no others."""
        found = {(path, 0) for path in unknown}
        with reading(self._calls) as connection:
            known = _known(connection).get(UNKNOWN, set())
        cured = known - found if is_whole else set()
        if found - known or cured:
            self._write({UNKNOWN: found - known}, {UNKNOWN: cured}, now)

    def _write(self, fresh: dict[str, set[_Key]], cured: dict[str, set[_Key]], now: float) -> None:
        with writing(self._calls) as connection:
            alone(connection)
            for kind, keys in cured.items():
                for subject, leg in keys:
                    same = and_(ALARMS.c.kind == kind, ALARMS.c.subject == subject, ALARMS.c.leg == leg)
                    connection.execute(delete(ALARMS).where(same))
            for kind, keys in fresh.items():
                for subject, leg in sorted(keys):
                    raise_alarm(connection, kind, subject, leg, now)

    def _cured(
        self, connection: Connection, known: dict[str, set[_Key]], found: dict[str, set[_Key]], *, is_whole: bool
    ) -> dict[str, set[_Key]]:
        """Those whose recording is well by now: no other end is a cure."""
        kinds = [FAILED, MISSING, *([ALTERED] if is_whole else [])]
        left = {kind: known.get(kind, set()) - found[kind] for kind in kinds}
        rows = rows_of(connection, {subject for keys in left.values() for subject, _ in keys})
        cured = {kind: {key for key in keys if _is(rows.get(Piece(*key)), "ready")} for kind, keys in left.items()}
        if is_whole:
            cured[ALTERED] = {key for key in cured[ALTERED] if self._opens(rows[Piece(*key)])}
        silent = known.get(UNRECORDED, set())
        made = rows_of(connection, {subject for subject, _ in silent})
        cured[UNRECORDED] = {key for key in silent if _is(made.get(Piece(key[0])), "ready")}
        return cured

    def _opens(self, row: Row) -> bool:
        """One whose key is not its own has a file that is just what was written."""
        try:
            self._cabinet.reader.open(row).close()
        except (HotlineError, OSError, sqlite3.Error):
            return False
        return CHANGED not in remarks(row.detail)


def _is(row: Row | None, state: str) -> bool:
    return row is not None and row.state == state


def _known(connection: Connection) -> dict[str, set[_Key]]:
    found = dict[str, set[_Key]]()
    for row in connection.execute(select(ALARMS.c.kind, ALARMS.c.subject, ALARMS.c.leg)):
        found.setdefault(row.kind, set()).add((row.subject, row.leg))
    return found


def _failed(connection: Connection) -> set[_Key]:
    """A call without any sound is no failure: nothing is missing of a caller who hung up at once."""
    found = set[_Key]()
    for table in (RECORDINGS, SEGMENTS):
        found |= _keys(connection, table, table.c.state == "failed", table.c.detail != NO_SOUND)
    return found


def _in_state(connection: Connection, state: str) -> set[_Key]:
    return {key for table in (RECORDINGS, SEGMENTS) for key in _keys(connection, table, table.c.state == state)}


def _altered(connection: Connection) -> set[_Key]:
    found = set[_Key]()
    for table in (RECORDINGS, SEGMENTS):
        is_told = (table.c.detail.is_not(None), has_remark(table, CHANGED))
        found |= _keys(connection, table, table.c.state.in_(("ready", "missing")), *is_told)
    return found


def _keys(connection: Connection, table: Table, *conditions: ColumnElement[bool]) -> set[_Key]:
    leg: Any = [table.c.leg] if table is SEGMENTS else []
    return {(row[0], row[1] if leg else 0) for row in connection.execute(select(table.c.call_id, *leg).where(*conditions))}


def _unrecorded(connection: Connection, after: float, until: float) -> set[_Key]:
    """Calls that somebody answered, that ended in this time, and of which no sound was kept."""
    silent = and_(RECORDINGS.c.state == "failed", RECORDINGS.c.detail == NO_SOUND)
    kept = select(RECORDINGS.c.call_id).where(RECORDINGS.c.call_id == CALLS.c.call_id, ~silent).exists()
    ended = (CALLS.c.state == "ended", CALLS.c.ended_at > after, CALLS.c.ended_at <= until)
    of_index = CALLS.c.arrived_at > after - LONGEST_CALL_S
    query = select(CALLS.c.call_id).where(*ended, of_index, CALLS.c.answered_at.is_not(None), ~kept)
    return {(str(call_id), 0) for call_id in connection.execute(query).scalars()}

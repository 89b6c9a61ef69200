"""Owns the finding of what is not well with recordings: each thing is an alarm of its own until it is cured or somebody settled it.

None ends by its age, nor because its recording ended. What is cured and comes again is a new alarm. The database itself leaves out
what is an alarm already: a look on millions of rows gives back what is new and what is cured, and nothing else.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Table, and_, delete, literal, select

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
YOUNG_S: Final = 7 * 86_400.0  # what fails later than so long after its call is found at night
LONGEST_CALL_S: Final = 6 * 3600.0
NO_SOUND: Final = "no_sound"
BATCH: Final = 500  # of one transaction: others wait for it
_Key = tuple[str, int]


class Alarms:
    """`now` in epoch seconds. SQLAlchemyError goes through."""

    def __init__(self, calls: Engine, cabinet: Cabinet) -> None:
        self._calls, self._cabinet = calls, cabinet
        self._looked_until = 0.0  # of the calls: those that ended before were looked at

    def look(self, now: float, *, is_whole: bool) -> dict[str, int]:
        """Find what is new and what is cured; how many of each kind are open. `is_whole`: every row and call, as once a night."""
        until, after, young = now - MADE_S, self._looked_until, now - YOUNG_S
        if is_whole:
            after = young = 0.0
        with reading(self._calls) as connection:
            fresh = {FAILED: _failed(connection, young), MISSING: _missing(connection)}
            fresh[UNRECORDED] = _unrecorded(connection, after, until)
            cured = {kind: _ready_again(connection, kind) for kind in (FAILED, MISSING, UNRECORDED)}
            if is_whole:
                fresh[ALTERED] = _altered(connection)
                cured[ALTERED] = self._whole_again(connection, _ready_again(connection, ALTERED))
        self._write(fresh, cured, now)
        if is_whole:
            self._looked_until = until
        with reading(self._calls) as connection:
            return open_alarms(connection)

    def files(self, unknown: Collection[str], now: float, *, is_whole: bool) -> None:
        """Files of no row, as a night's repair found them; `is_whole`: there are no others."""
        with reading(self._calls) as connection:
            known = set(connection.execute(select(ALARMS.c.subject).where(ALARMS.c.kind == UNKNOWN)).scalars())
        fresh = [(path, 0) for path in unknown if path not in known]
        cured = [(path, 0) for path in known.difference(unknown)] if is_whole else []
        self._write({UNKNOWN: fresh}, {UNKNOWN: cured}, now)

    def _write(self, fresh: Mapping[str, Sequence[_Key]], cured: Mapping[str, Sequence[_Key]], now: float) -> None:
        for kind, some in _batches(cured):
            with writing(self._calls) as connection:
                alone(connection)
                for subject, leg in some:
                    same = and_(ALARMS.c.kind == kind, ALARMS.c.subject == subject, ALARMS.c.leg == leg)
                    connection.execute(delete(ALARMS).where(same))
        for kind, some in _batches(fresh):
            with writing(self._calls) as connection:
                alone(connection)
                for subject, leg in some:
                    raise_alarm(connection, kind, subject, leg, now)

    def _whole_again(self, connection: Connection, keys: Sequence[_Key]) -> list[_Key]:
        """Those of these whose sound is what was written."""
        whole = list[_Key]()
        for start in range(0, len(keys), BATCH):
            some = keys[start : start + BATCH]
            rows = rows_of(connection, {subject for subject, _ in some})
            whole += [key for key in some if (row := rows.get(Piece(*key))) is not None and self._opens(row)]
        return whole

    def _opens(self, row: Row) -> bool:
        """One whose key is not its own has a file that is just what was written."""
        if CHANGED in remarks(row.detail):
            return False
        try:
            self._cabinet.reader.open(row).close()
        except (HotlineError, OSError, sqlite3.Error):
            return False
        return True


def _batches(found: Mapping[str, Sequence[_Key]]) -> list[tuple[str, Sequence[_Key]]]:
    return [(kind, keys[start : start + BATCH]) for kind, keys in found.items() for start in range(0, len(keys), BATCH)]


def _failed(connection: Connection, young: float) -> list[_Key]:
    """A call without any sound is no failure: nothing is missing of a caller who hung up at once."""
    found = list[_Key]()
    for table in (RECORDINGS, SEGMENTS):
        is_failed = (table.c.state == "failed", table.c.started_at > young, table.c.detail != NO_SOUND)
        found += _fresh(connection, FAILED, table, *is_failed)
    return found


def _missing(connection: Connection) -> list[_Key]:
    return [key for table in (RECORDINGS, SEGMENTS) for key in _fresh(connection, MISSING, table, table.c.state == "missing")]


def _altered(connection: Connection) -> list[_Key]:
    found = list[_Key]()
    for table in (RECORDINGS, SEGMENTS):
        is_told = (table.c.detail.is_not(None), has_remark(table, CHANGED))
        found += _fresh(connection, ALTERED, table, table.c.state.in_(("ready", "missing")), *is_told)
    return found


def _unrecorded(connection: Connection, after: float, until: float) -> list[_Key]:
    """Calls that somebody answered, that ended in this time, and of which no sound was kept."""
    silent = and_(RECORDINGS.c.state == "failed", RECORDINGS.c.detail == NO_SOUND)
    kept = select(RECORDINGS.c.call_id).where(RECORDINGS.c.call_id == CALLS.c.call_id, ~silent).exists()
    ended = (CALLS.c.state == "ended", CALLS.c.ended_at > after, CALLS.c.ended_at <= until)
    of_index = CALLS.c.arrived_at > after - LONGEST_CALL_S
    return _fresh(connection, UNRECORDED, CALLS, *ended, of_index, CALLS.c.answered_at.is_not(None), ~kept)


def _fresh(connection: Connection, kind: str, table: Table, *conditions: ColumnElement[bool]) -> list[_Key]:
    """What is so, and is no alarm yet, settled or not."""
    leg: Any = table.c.leg if table is SEGMENTS else literal(0)
    same = (ALARMS.c.kind == kind, ALARMS.c.subject == table.c.call_id, ALARMS.c.leg == leg)
    query = select(table.c.call_id, leg).where(*conditions, ~select(ALARMS.c.since).where(*same).exists())
    return [(str(row[0]), int(row[1])) for row in connection.execute(query)]


def _ready_again(connection: Connection, kind: str) -> list[_Key]:
    """Alarms of this kind whose recording is well by now: no other end is a cure."""
    found = list[_Key]()
    for table in (RECORDINGS, SEGMENTS):
        same = (table.c.call_id == ALARMS.c.subject, ALARMS.c.leg == (table.c.leg if table is SEGMENTS else 0))
        is_ready = select(table.c.call_id).where(*same, table.c.state == "ready").exists()
        query = select(ALARMS.c.subject, ALARMS.c.leg).where(ALARMS.c.kind == kind, is_ready)
        found += [(str(row.subject), int(row.leg)) for row in connection.execute(query)]
    return found

"""Are the newest finished recordings there, byte for byte what was written, and can they be opened? Is what keeps them well?"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Connection, Engine, Table, func, select
from sqlalchemy.exc import SQLAlchemyError

from doctor.checks.databases import is_there
from doctor.finding import Finding, bad, good, note, skipped
from doctor.subject import Subject
from hotline_core.adapters.calls_schema import ALARMS, CALLS, DELETIONS, RECORDINGS, SEGMENTS
from hotline_core.adapters.engine import make_engine, reading
from hotline_core.domain.records import RecordingRow
from hotline_core.errors import HotlineError, NotFound, SetupError
from hotline_core.settings import Settings
from recordings.alarms import ALTERED, FAILED, MISSING, UNKNOWN, UNRECORDED, open_alarms
from recordings.cabinet import KEYED
from recordings.key_copies import copy_of, missed
from recordings.keyring import Keyring
from recordings.masters import load_masters
from recordings.reading import Reader
from recordings.store.stores import Stores

NAME = "recordings"
NEWEST = 5
DAY_S = 86_400.0
WAITING_S = 900.0


@dataclass(frozen=True, slots=True)
class Kept:
    """One recording: whether its file is there, is what its row says, and can be opened with its key."""

    call_id: str
    is_there: bool
    is_same: bool
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Keeping:
    """How recordings are kept altogether; counts of rows."""

    failures: int = 0  # could not be made, and nobody has settled it
    missing: int = 0  # rows whose file is gone, and nobody has settled it
    overdue: int = 0  # deletions that should have been done two days ago
    masters: str = ""  # why the master keys cannot be used
    archive: str = ""  # the folder of an archive that is not there
    heads: str = ""  # the folder of the days' heads that is not there
    lost: int = 0  # keys that are not there, and that the copy beside the backups has
    gone: int = 0  # keys that nobody has
    spoilt: str = ""  # why the file of keys, or its copy, cannot be read
    unrecorded: int = 0  # answered calls without any sound that nobody has settled
    unknown: int = 0  # files of no row that nobody has settled
    waiting: int = 0  # of calls that ended a quarter of an hour ago, not made yet
    altered: int = 0  # found altered by whoever wanted to hear them, or by the worker
    encrypted: int = 0  # rows of recordings that only their keys open
    has_heads: bool = True


def examine(subject: Subject) -> list[Finding]:
    """Reads the newest files that the calls database names, and counts what is not well with all others."""
    if not is_there(subject.settings.calls_url):
        return [skipped(NAME, "not_started")]
    engine = make_engine(subject.settings.calls_url)
    try:
        with reading(engine) as connection:
            newest = select(RECORDINGS).where(RECORDINGS.c.state == "ready").order_by(RECORDINGS.c.started_at.desc()).limit(NEWEST)
            rows = [RecordingRow(**row._mapping) for row in connection.execute(newest)]
            counted = _counted(connection, subject.now)
        keeping, reader = _keeping(subject.settings, counted, engine)
    except SQLAlchemyError:
        return [skipped(NAME, "no_database")]
    finally:
        engine.dispose()
    return judge([_kept(row, reader) for row in rows], keeping, is_demo=subject.is_demo)


def judge(kept: Sequence[Kept], keeping: Keeping, *, is_demo: bool) -> list[Finding]:
    """One line for each recording that is gone, changed or closed, and one for each thing that concerns all of them."""
    found = [bad(NAME, "masters", reason=keeping.masters)] if keeping.masters else []
    found += [bad(NAME, "keys_spoilt", reason=keeping.spoilt)] if keeping.spoilt else []
    found += [bad(NAME, "keys_lost", count=keeping.lost)] if keeping.lost else []
    found += [note(NAME, "keys_gone", count=keeping.gone)] if keeping.gone else []
    found += [bad(NAME, "archive_away", folder=keeping.archive)] if keeping.archive else []
    found += [bad(NAME, "gone", call_id=one.call_id) for one in kept if not one.is_there]
    found += [bad(NAME, "changed", call_id=one.call_id) for one in kept if one.is_there and not one.is_same]
    found += [bad(NAME, "closed", call_id=one.call_id) for one in kept if one.is_same and not one.is_open and not keeping.masters]
    found += [bad(NAME, "missing", count=keeping.missing)] if keeping.missing else []
    found += [bad(NAME, "altered", count=keeping.altered)] if keeping.altered else []
    found += [bad(NAME, "unrecorded", count=keeping.unrecorded)] if keeping.unrecorded else []
    found += [note(NAME, "unknown", count=keeping.unknown)] if keeping.unknown else []
    found += [bad(NAME, "overdue", count=keeping.overdue)] if keeping.overdue else []
    found += [note(NAME, "waiting", count=keeping.waiting)] if keeping.waiting else []
    found += [note(NAME, "failed", count=keeping.failures)] if keeping.failures else []
    found += [note(NAME, "heads_away", folder=keeping.heads)] if keeping.heads else []
    found += [note(NAME, "no_heads")] if not keeping.has_heads and not is_demo else []
    return found or [good(NAME, "fine" if kept else "none", count=len(kept))]


def _counted(connection: Connection, now: float) -> Keeping:
    count = dict.fromkeys(("failures", "missing", "overdue", "encrypted"), 0)
    for table in (RECORDINGS, SEGMENTS):  # the rows and not the alarms alone: a worker that does not run finds none
        failed = (table.c.state == "failed", table.c.detail != "no_sound", ~_settled(table, FAILED))
        missing = (table.c.state == "missing", ~_settled(table, MISSING))
        encrypted = (table.c.state.in_(KEYED), table.c.cipher.is_not(None))
        for name, conditions in (("failures", failed), ("missing", missing), ("encrypted", encrypted)):
            count[name] += int(connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one())
    late = (DELETIONS.c.certified_at.is_(None), DELETIONS.c.planned_for < now - 2 * DAY_S)
    count["overdue"] = int(connection.execute(select(func.count()).select_from(DELETIONS).where(*late)).scalar_one())
    alarms = open_alarms(connection)
    pending = RECORDINGS.join(CALLS, CALLS.c.call_id == RECORDINGS.c.call_id)
    waits = (RECORDINGS.c.state == "pending", CALLS.c.state == "ended", CALLS.c.ended_at < now - WAITING_S)
    waiting = int(connection.execute(select(func.count()).select_from(pending).where(*waits)).scalar_one())
    for name, kind in (("failures", FAILED), ("missing", MISSING)):
        count[name] = max(count[name], alarms.get(kind, 0))
    return Keeping(  # an alarm stays when its recording's own time is over
        count["failures"], count["missing"], count["overdue"], encrypted=count["encrypted"], waiting=waiting,
        unrecorded=alarms.get(UNRECORDED, 0), unknown=alarms.get(UNKNOWN, 0), altered=alarms.get(ALTERED, 0),
    )  # fmt: skip


def _settled(table: Table, kind: str) -> ColumnElement[bool]:
    leg = table.c.leg if table is SEGMENTS else 0
    same = (ALARMS.c.kind == kind, ALARMS.c.subject == table.c.call_id, ALARMS.c.leg == leg)
    return select(ALARMS.c.since).where(*same, ALARMS.c.settled_at.is_not(None)).exists()


def _keeping(settings: Settings, counted: Keeping, calls: Engine) -> tuple[Keeping, Reader | None]:
    """With what the settings name, and what opens recordings; changes nothing."""
    stores = Stores(settings.paths.recordings, settings.archive)
    reader, masters, archive = None, "", ""
    try:
        home = Keyring(settings.paths.recording_keys, load_masters(settings.masters_file))
        reader = Reader(stores, home)
        counted = _missed(settings, home, counted, calls)
    except SetupError as error:
        is_new = error.code == "no_masters" and not settings.paths.recording_keys.exists() and not counted.encrypted
        masters = "" if is_new else error.code
    except OSError as error:
        masters = error.strerror or type(error).__name__
    if stores.archive is not None:
        try:
            stores.archive.check()
        except OSError:
            archive = str(settings.archive)
    heads = settings.recording_heads
    is_away = heads is not None and not heads.is_dir()
    away = str(heads) if is_away else ""
    return replace(counted, masters=masters, archive=archive, heads=away, has_heads=heads is not None), reader


def _missed(settings: Settings, home: Keyring, counted: Keeping, calls: Engine) -> Keeping:
    try:
        found = missed(home, copy_of(settings), calls)
    except sqlite3.Error as error:
        return replace(counted, spoilt=type(error).__name__)
    return replace(counted, lost=found.there, gone=found.closed + found.gone)


def _kept(row: RecordingRow, reader: Reader | None) -> Kept:
    if reader is None:
        return Kept(row.call_id, True, True, row.cipher is None)
    try:
        is_same = reader.stores.of(row.store).digest(row.path or "") == (row.size, row.sha256)
    except (OSError, NotFound):
        return Kept(row.call_id, False, False)
    try:
        reader.open(row).close()
    except (HotlineError, OSError, sqlite3.Error):
        return Kept(row.call_id, True, is_same, False)
    return Kept(row.call_id, True, is_same)

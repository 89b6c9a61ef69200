"""Owns the making of a backup while the hotline runs: taken, written down, proven by reading it again, old ones removed."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backup import manifest as form
from backup.databases import databases_of, size_of, taken
from backup.evidence import TicketFile, audit_end, audit_holds, recordings_of, shelve_ledger, ticket_files_of, write_list
from backup.files import Shelver, files_below
from backup.gone import keep_keys
from backup.home import DATABASES, LEDGER, RECORDINGS, SETTINGS, home_files, outside_files, settings_text
from backup.manifest import Chain, Database, Manifest
from backup.shelf import MANIFEST, PART, Backup, backups, name_of, newest, too_old
from backup.verify import Finding, findings_of, mark_verified, read_manifest, recordings_findings, ticket_files_findings
from hotline_core.adapters.ledger import HEAD_MISSING
from hotline_core.adapters.ledger import verify as verify_ledger
from hotline_core.adapters.ledger_files import sync_folder
from hotline_core.errors import SetupError
from hotline_core.settings import Settings
from recordings.key_copies import COPY

LOCK = ".lock"
RESERVE_BYTES = 256 * 2**20  # left free, because the backup may lie on the disk that calls are recorded on
MB = 2**20


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it; `backup.verified` is False if anything in `findings` is about the backup itself."""

    backup: Backup
    manifest: Manifest
    findings: tuple[Finding, ...]
    removed: tuple[Backup, ...]


def make(settings: Settings, environment: Mapping[str, str], now: Callable[[], float]) -> Made:
    """Make one and prove it; SetupError if it cannot be begun, OSError or a database's own error if it cannot be ended.

    What was begun and not ended is removed by the next one, and never taken for a backup.
    """
    shelf = shelf_of(settings)
    shelf.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(shelf):
        for left in shelf.glob(f"*{PART}"):
            shutil.rmtree(left)
        _check_room(settings, shelf)
        made_at = float(int(now()))
        part = shelf / f"{name_of(made_at)}{PART}"
        part.mkdir(mode=0o700)
        manifest, doubts = _fill(part, settings, environment, made_at, newest(shelf))
        folder = shelf / name_of(made_at)
        part.rename(folder)
        sync_folder(shelf)
        found = findings_of(folder, manifest, settings)
        found += [doubt for doubt in doubts if doubt not in found]
        if all(one.is_beside for one in found):
            mark_verified(folder, now())
        found += recordings_findings(folder, settings, is_thorough=False, told=lambda _: None)
        alone = keep_keys(settings, shelf)
        for code, count in (("recording_keys_lost", alone.needed), ("recording_keys_unknown", alone.unknown)):
            if count:
                found.append(Finding(code, {"count": count, "copy": shelf / COPY}, is_beside=True))
        gone = too_old(backups(shelf), now(), settings.backup_days)
        for old in gone:
            remove(old)
        is_whole = all(one.is_beside for one in found)
        return Made(Backup(folder, made_at, is_whole), manifest, tuple(found), tuple(gone))


def shelf_of(settings: Settings) -> Path:
    """Where backups lie; SetupError no_backup_folder while the operator has not said it."""
    if settings.backup is None:
        raise SetupError("no_backup_folder")
    return settings.backup


def remove(old: Backup) -> None:
    """Take a backup off the shelf, so that it is none from the first moment on."""
    doomed = old.folder.with_name(f"{old.folder.name}{PART}")
    old.folder.rename(doomed)
    shutil.rmtree(doomed)


@contextmanager
def _alone(shelf: Path) -> Iterator[None]:
    with (shelf / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SetupError("backup_runs", folder=shelf) from None
        yield


def _check_room(settings: Settings, shelf: Path) -> None:
    needed = sum(size_of(kept) for kept in databases_of(settings))
    needed += sum(path.stat().st_size for path in files_below(settings.paths.ledger))
    earlier, files = newest(shelf), settings.paths.attachments
    needed += sum(
        path.stat().st_size for path, kept in home_files(settings)
        if earlier is None or files not in path.parents or not (earlier.folder / kept).is_file()  # these are there once on the disk
    )  # fmt: skip
    free = shutil.disk_usage(shelf).free
    if free < needed + RESERVE_BYTES:
        raise SetupError("backup_disk_full", folder=shelf, free_mb=free // MB, needed_mb=(needed + RESERVE_BYTES) // MB)


def _fill(
    part: Path, settings: Settings, environment: Mapping[str, str], made_at: float, earlier: Backup | None
) -> tuple[Manifest, list[Finding]]:
    before, damaged = _manifest_before(earlier)
    known = {entry.path: entry for entry in before.entries} if before is not None else {}
    shelver = Shelver(part, earlier.folder if earlier is not None else None, known)
    databases, audit, count, tickets_files, doubts = _take_databases(part, settings, shelver, before)
    doubts += damaged
    # after the calls database: what that has applied must be in the ledger that is restored with it
    shelve_ledger(settings.paths.ledger, shelver)
    (part / LEDGER).mkdir(mode=0o700, exist_ok=True)
    for source, path in home_files(settings):
        try:
            if settings.paths.attachments in source.parents:
                shelver.keep(source, path)
            else:
                shelver.put(source, path)
        except FileNotFoundError:
            continue  # a draft that got its name meanwhile
    doubts += ticket_files_findings(tickets_files, shelver.entries)
    for source, path in outside_files(settings):
        shelver.put(source, path, was=str(source))
    (part / SETTINGS).write_text(settings_text(environment), encoding="utf-8")
    shelver.made(SETTINGS)
    # the last backup is the second place where the chain's end was kept: whoever rewrites all of it is found by that
    kept = (before.ledger.seq, before.ledger.head) if before is not None and before.ledger.seq else None
    ledger = verify_ledger(part / LEDGER, kept)
    if any(problem.what == HEAD_MISSING for problem in ledger.problems):
        doubts.append(Finding("ledger_rewritten"))
    entries = tuple(sorted(shelver.entries, key=lambda entry: entry.path))
    manifest = Manifest(made_at, entries, databases, Chain(ledger.last_seq, ledger.head), audit, count)
    with os.fdopen(os.open(part / MANIFEST, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(form.dumps(manifest))
        out.flush()
        os.fsync(out.fileno())
    shelver.sync()
    return manifest, doubts


def _manifest_before(earlier: Backup | None) -> tuple[Manifest | None, list[Finding]]:
    """What the last backup says; a damaged one is told, and is no reason to make none today."""
    if earlier is None:
        return None, []
    try:
        return read_manifest(earlier.folder), []
    except SetupError:
        return None, [Finding("earlier_damaged", {"folder": earlier.folder}, is_beside=True)]


def _take_databases(
    part: Path, settings: Settings, shelver: Shelver, before: Manifest | None
) -> tuple[dict[str, Database], Chain, int, list[TicketFile], list[Finding]]:
    folder = part / DATABASES
    folder.mkdir(mode=0o700)
    databases: dict[str, Database] = {}
    calls, tickets = databases_of(settings)
    with taken(calls, folder) as (databases[calls.name], connection, names):
        count = write_list(recordings_of(connection), part / RECORDINGS)
    shelver.made(RECORDINGS)
    with taken(tickets, folder) as (databases[tickets.name], connection, more):
        audit, broken = audit_end(connection)
        is_rewritten = before is not None and not audit_holds(connection, before.audit)
        files = list(ticket_files_of(connection))
    for name in [*names, *more]:
        shelver.made(f"{DATABASES}/{name}")
    doubts = [] if broken is None else [Finding("audit_broken", {"seq": broken})]
    return databases, audit, count, files, [*doubts, *([Finding("audit_rewritten")] if is_rewritten else [])]

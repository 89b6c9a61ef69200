"""Owns the proof of a backup: every byte read again, every hash, chain and count compared with what the manifest says."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from backup import manifest as form
from backup.databases import databases_of, frozen
from backup.evidence import TicketFile, audit_end, lost, read_list
from backup.files import digest, files_below
from backup.gone import accounted
from backup.home import DATABASES, HOME, LEDGER, RECORDINGS
from backup.manifest import Entry, Manifest
from backup.shelf import MANIFEST, VERIFIED
from hotline_core.adapters.ledger import verify as verify_ledger
from hotline_core.adapters.ledger_files import sync_folder
from hotline_core.errors import BadInput, SetupError
from hotline_core.settings import Settings

FOLDER_OF_FILES = "ticket-files"  # in the home
MOST_TOLD = 20  # of one kind; the count is told whole


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written down; `facts` for the sentence of this code in texts.yaml.

    `is_beside`: it is not the backup itself that is wrong, but recordings, or an earlier backup.
    """

    code: str
    facts: dict[str, object] = field(default_factory=dict)
    is_beside: bool = False


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup; SetupError no_manifest or backup_form (from a newer version)."""
    try:
        with (folder / MANIFEST).open("rb") as file:
            return form.loads(file.read(form.LARGEST_BYTES))
    except (BadInput, OSError) as error:
        raise SetupError(error.code if isinstance(error, BadInput) else "no_manifest", folder=folder) from error


def findings_of(folder: Path, manifest: Manifest, settings: Settings) -> list[Finding]:
    """All that is wrong with the backup itself; none: it is whole. OSError only if the folder itself cannot be read."""
    found = [*_files(folder, manifest.entries)]
    if found:
        return found  # what lies in damaged files is not worth asking
    return [*_ledger(folder, manifest), *_databases(folder, manifest, settings)]


def recordings_findings(folder: Path, settings: Settings, *, is_thorough: bool, told: Callable[[int], None]) -> list[Finding]:
    """The recordings that the backup names and that are gone, not lawfully deleted since, or are others."""
    stores = [one for one in (settings.paths.recordings, settings.archive) if one is not None]
    gone = lost(read_list(folder / RECORDINGS), stores, is_thorough=is_thorough, told=told)
    known = accounted(settings, gone.missing) if gone.missing else set()
    missing = tuple(one.path for one in gone.missing if one.path not in known)
    kinds = {"recordings_missing": missing, "recordings_changed": gone.changed}
    return [_of_recordings(code, paths) for code, paths in kinds.items() if paths]


def _of_recordings(code: str, paths: tuple[str, ...]) -> Finding:
    return Finding(code, {"count": len(paths), "paths": list(paths[:MOST_TOLD])}, is_beside=True)


def ticket_files_findings(files: Iterable[TicketFile], entries: Iterable[Entry]) -> list[Finding]:
    """The files of tickets that the database names and the backup does not hold, or with other bytes: they were lost in service."""
    there = {entry.path: entry.sha256 for entry in entries}
    named = [(f"{HOME}/{FOLDER_OF_FILES}/{one.path}", one.sha256) for one in files]
    kinds = {
        "ticket_files_missing": [path for path, _ in named if path not in there],
        "ticket_files_changed": [path for path, made in named if there.get(path, made) != made],
    }
    told = {code: {"count": len(paths), "paths": paths[:MOST_TOLD]} for code, paths in kinds.items() if paths}
    return [Finding(code, facts, is_beside=True) for code, facts in told.items()]


def mark_verified(folder: Path, at: float) -> None:
    """Write down that this very manifest was proven, and when (epoch seconds)."""
    made = sha256((folder / MANIFEST).read_bytes()).hexdigest()
    draft = folder / f"{VERIFIED}.new"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as out:
        json.dump({"manifest": made, "at": at}, out)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(folder / VERIFIED)
    sync_folder(folder)


def unmark_verified(folder: Path) -> None:
    """It was proven once, and is not whole any more."""
    (folder / VERIFIED).unlink(missing_ok=True)


def _files(folder: Path, entries: tuple[Entry, ...]) -> Iterator[Finding]:
    for entry in entries:
        try:
            same = digest(folder / entry.path) == (entry.size, entry.sha256)
        except FileNotFoundError:
            yield Finding("entry_missing", {"path": entry.path})
            continue
        except OSError as error:
            yield Finding("entry_unreadable", {"path": entry.path, "reason": error.strerror})
            continue
        if not same:
            yield Finding("entry_changed", {"path": entry.path})
    known = {entry.path for entry in entries} | {MANIFEST, VERIFIED}
    for path in files_below(folder):
        if str(path.relative_to(folder)) not in known:
            yield Finding("entry_extra", {"path": str(path.relative_to(folder))})


def _ledger(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    head = (manifest.ledger.seq, manifest.ledger.head) if manifest.ledger.seq else None
    result = verify_ledger(folder / LEDGER, head)
    for problem in result.problems[:MOST_TOLD]:
        yield Finding("ledger_broken", {"segment": problem.segment, "line": problem.line, "what": problem.what})
    if (result.last_seq, result.head) != (manifest.ledger.seq, manifest.ledger.head) and not result.problems:
        yield Finding("ledger_broken", {"segment": 0, "line": 0, "what": "it does not end where the manifest says"})


def _databases(folder: Path, manifest: Manifest, settings: Settings) -> Iterator[Finding]:
    for kept in databases_of(settings):
        database = manifest.databases.get(kept.name)
        if database is None:
            yield Finding("database_missing", {"name": kept.name})
        elif database.kind == "sqlite":
            yield from _sqlite(folder / DATABASES / f"{kept.name}.sqlite", kept.name, manifest)
        else:
            for table, rows in database.rows.items():
                if _lines(folder / DATABASES / f"{kept.name}.{table}.copy") != rows:
                    yield Finding("rows_differ", {"name": kept.name, "table": table})


def _sqlite(file: Path, name: str, manifest: Manifest) -> Iterator[Finding]:
    try:
        with frozen(file) as connection:
            said = connection.execute(text("PRAGMA integrity_check")).scalar_one()
            if said != "ok":
                yield Finding("database_broken", {"name": name, "reason": str(said).splitlines()[0][:100]})
                return
            for table, rows in manifest.databases[name].rows.items():
                if connection.execute(text(f'SELECT count(*) FROM "{table}"')).scalar_one() != rows:  # noqa: S608 - a name of ours
                    yield Finding("rows_differ", {"name": name, "table": table})
            if name == "tickets":
                end, broken = audit_end(connection)
                if broken is not None or end != manifest.audit:
                    yield Finding("audit_broken", {"seq": end.seq if broken is None else broken})
    except SQLAlchemyError as error:
        yield Finding("database_broken", {"name": name, "reason": type(error).__name__})


def _lines(file: Path) -> int:
    """Rows of a COPY text: a newline within a value is written as two other characters."""
    with file.open("rb") as lines:
        return sum(piece.count(b"\n") for piece in iter(lambda: lines.read(2**20), b""))

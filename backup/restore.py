"""Owns the way back: a proven backup into an empty home, first beside it, then in one go, then compared once more."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backup.cut_off import end_open_calls
from backup.databases import Kept, check_target, counts, databases_of, load_postgresql, opened
from backup.evidence import audit_end
from backup.files import copy
from backup.gone import bring_keys
from backup.home import BESIDE, DATABASES, HOME, LEDGER, OUTSIDE, SETTINGS, STAGE
from backup.manifest import Entry, Manifest
from backup.shelf import Backup
from backup.ticket_numbers import skip_numbers
from backup.verify import Finding, findings_of, read_manifest, recordings_findings
from hotline_core.adapters import clock
from hotline_core.adapters.ledger import verify as verify_ledger
from hotline_core.adapters.ledger_files import sync_folder
from hotline_core.errors import SetupError
from hotline_core.settings import Settings

SECRETS = "secrets.json"
# The ledger's writer takes a mark of another boot for a crash and leaves a gap in the numbers: none that was given out
# after the backup is given out again.
OWNER_MARK = "writer.lock"


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back; `beside` are files whose own place is outside the home, as (now, place).

    `cut_off`: calls that were on the line when the backup was made; their ends are written now.
    """

    manifest: Manifest
    findings: tuple[Finding, ...]
    beside: tuple[tuple[Path, str], ...]
    cut_off: int


def restore(
    settings: Settings, backup: Backup, told: Callable[[int], None], now: Callable[[], float] = clock.now
) -> Restored:
    """Bring a backup back; SetupError home_not_empty, backup_broken, or what check_target says, and nothing was changed then.

    An OSError in the middle leaves an empty home and a folder `.restore` in it, which the next try removes.
    """
    manifest = read_manifest(backup.folder)
    home = settings.home
    _check_empty(home, manifest)
    kept = databases_of(settings)
    for one in kept:
        if one.name not in manifest.databases:
            raise SetupError("backup_broken", folder=backup.folder, count=1)
        check_target(one, manifest.databases[one.name])
    if broken := findings_of(backup.folder, manifest, settings):
        raise SetupError("backup_broken", folder=backup.folder, count=len(broken), findings=broken)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)
    stage = home / STAGE
    if stage.exists():
        shutil.rmtree(stage)
    stage.mkdir(mode=0o700)
    beside = _copy_files(backup.folder, manifest, stage)
    drafts = [draft for one in kept if (draft := _bring_database(one, manifest, backup.folder)) is not None]
    _put_in_place(stage, home, drafts)
    found = _compare(settings, kept, manifest, backup.folder, told)
    bring_keys(settings, backup.folder.parent)
    skip_numbers(kept[1], now())
    return Restored(manifest, tuple(found), tuple(beside), end_open_calls(settings.paths.ledger, manifest.made_at))


def _check_empty(home: Path, manifest: Manifest) -> None:
    """The recordings may be there already, brought back by their own way; nothing that the backup would write may."""
    names = {entry.path.split("/")[1] for entry in manifest.entries if entry.path.startswith(f"{HOME}/")}
    for name in sorted({*names, LEDGER, BESIDE}):
        path = home / name
        if path.exists() and not (path.is_dir() and not any(path.iterdir())):
            raise SetupError("home_not_empty", home=home, what=name)


def _copy_files(folder: Path, manifest: Manifest, stage: Path) -> list[tuple[Path, str]]:
    """All ordinary files into the stage, each compared while it is copied."""
    beside: list[tuple[Path, str]] = []
    for entry in manifest.entries:
        top, _, rest = entry.path.partition("/")
        target = {HOME: stage / rest, LEDGER: stage / LEDGER / rest, OUTSIDE: stage / BESIDE / rest}.get(top)
        if entry.path == SETTINGS:
            target = stage / BESIDE / SETTINGS
        if target is None:
            continue  # databases have their own way, the list of recordings stays in the backup
        _copied(folder, entry, target)
        if top in (OUTSIDE, SETTINGS):
            beside.append((target.relative_to(stage), entry.was))
    (stage / LEDGER).mkdir(mode=0o700, exist_ok=True)
    (stage / LEDGER / OWNER_MARK).write_text("restored", encoding="ascii")
    return beside


def _copied(folder: Path, entry: Entry, target: Path) -> None:
    if copy(folder / entry.path, target, mode=entry.mode & 0o700) != (entry.size, entry.sha256):
        raise SetupError("backup_broken", folder=folder, count=1)


def _bring_database(kept: Kept, manifest: Manifest, folder: Path) -> tuple[Path, Path] | None:
    """Fill a PostgreSQL; copy a SQLite file beside its place, and tell where it is and where it belongs."""
    if not kept.is_sqlite:
        load_postgresql(kept, manifest.databases[kept.name], folder / DATABASES)
        return None
    name = f"{kept.name}.sqlite"
    entry = next(entry for entry in manifest.entries if entry.path == f"{DATABASES}/{name}")
    draft = kept.file.with_name(f"{kept.file.name}.restore")
    kept.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft.unlink(missing_ok=True)
    _copied(folder, entry, draft)
    return draft, kept.file


def _put_in_place(stage: Path, home: Path, drafts: list[tuple[Path, Path]]) -> None:
    """Databases, then from the stage into the home, the secrets last: without them it is no hotline's home yet."""
    for draft, file in drafts:
        draft.replace(file)
        sync_folder(file.parent)
    names = [path.name for path in stage.iterdir()]
    for name in sorted(names, key=lambda name: (name == SECRETS, name)):
        target = home / name
        if target.is_dir():
            target.rmdir()  # looked at before: it is empty
        os.rename(stage / name, target)
    stage.rmdir()
    sync_folder(home)


def _compare(
    settings: Settings, kept: tuple[Kept, Kept], manifest: Manifest, folder: Path, told: Callable[[int], None]
) -> list[Finding]:
    found: list[Finding] = []
    ledger = verify_ledger(settings.paths.ledger, (manifest.ledger.seq, manifest.ledger.head) if manifest.ledger.seq else None)
    if not ledger.ok or ledger.last_seq != manifest.ledger.seq:
        found.append(Finding("ledger_broken", {"segment": 0, "line": 0, "what": "restored"}))
    for one in kept:
        with opened(one) as connection:
            for table, rows in counts(one, connection).items():
                if manifest.databases[one.name].rows.get(table) != rows:
                    found.append(Finding("rows_differ", {"name": one.name, "table": table}))
            if one.name == "tickets":
                end, broken = audit_end(connection)
                if broken is not None or end != manifest.audit:
                    found.append(Finding("audit_broken", {"seq": end.seq if broken is None else broken}))
    return found + recordings_findings(folder, settings, is_thorough=True, told=told)

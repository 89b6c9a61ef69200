"""Is there room, and can be written, wherever calls leave something? Is what lies there encrypted?"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from doctor.devices import Kind, kind_of
from doctor.finding import Finding, bad, good, note
from doctor.subject import Subject
from hotline_core.settings import Paths
from launcher.checks import NEEDED_MB

NAME = "disk"
ENCRYPTION = "encryption"
MB = 2**20
SOON_MB = 5 * 1024
NEEDED_FILES = 2_000
# A recorded hour: rx and tx in the spool (57.6 MB each) and the Opus file made of them (17 MB).
MB_AN_HOUR = 133


@dataclass(frozen=True, slots=True)
class Volume:
    """One file system and the folders on it; `free_files` None where it has no fixed number of them."""

    folders: tuple[Path, ...]
    free_mb: int
    free_files: int | None
    is_read_only: bool


def examine(subject: Subject) -> list[Finding]:
    """Asks the file system of each folder."""
    there = [folder for folder in folders_of(subject.settings.paths).values() if folder.exists()]
    return judge(volumes_of(there or [_nearest(subject.settings.home)]))


def examine_encryption(subject: Subject) -> list[Finding]:
    """Follows each folder that holds citizens' sound or data down to its disk."""
    folders = folders_of(subject.settings.paths)
    there = [folders[name] for name in ("spool", "recordings", "databases", "ledger") if folders[name].exists()]
    return [judge_encryption({folder: kind_of(folder) for folder in there or [_nearest(subject.settings.home)]}, subject.is_demo)]


def folders_of(paths: Paths) -> dict[str, Path]:
    """Where calls leave something."""
    return {
        "home": paths.home, "spool": paths.spool, "recordings": paths.recordings, "ledger": paths.ledger,
        "databases": paths.databases, "log": paths.log,
    }  # fmt: skip


def volumes_of(folders: Sequence[Path]) -> list[Volume]:
    """The file systems of these folders, each once."""
    by_device: dict[int, list[Path]] = {}
    for folder in folders:
        by_device.setdefault(folder.stat().st_dev, []).append(folder)
    found = []
    for there in by_device.values():
        told = os.statvfs(there[0])
        files = told.f_favail if told.f_files else None
        is_read_only = bool(told.f_flag & os.ST_RDONLY)
        found.append(Volume(tuple(there), told.f_bavail * told.f_frsize // MB, files, is_read_only))
    return found


def judge(volumes: Sequence[Volume]) -> list[Finding]:
    """One line for each file system that is full, or soon will be."""
    found = []
    for one in volumes:
        facts = {
            "folder": one.folders[0], "free_mb": one.free_mb, "needed_mb": NEEDED_MB, "hours": one.free_mb // MB_AN_HOUR,
            "files": one.free_files,
        }  # fmt: skip
        if one.is_read_only:
            found.append(bad(NAME, "read_only", **facts))
        elif one.free_mb < NEEDED_MB:
            found.append(bad(NAME, "full", **facts))
        elif one.free_files is not None and one.free_files < NEEDED_FILES:
            found.append(bad(NAME, "no_files", **facts))
        elif one.free_mb < SOON_MB:
            found.append(note(NAME, "soon", **facts))
    least = min((one.free_mb for one in volumes), default=0)
    return found or [good(NAME, free_gb=least // 1024, hours=least // MB_AN_HOUR)]


def judge_encryption(kinds: Mapping[Path, Kind], is_demo: bool) -> Finding:
    """Sound and data of citizens shall lie encrypted (docs/privacy.md); invented callers need none of it."""
    plain = [str(folder) for folder, kind in kinds.items() if kind == "plain"]
    unknown = [str(folder) for folder, kind in kinds.items() if kind == "unknown"]
    if is_demo:
        return good(ENCRYPTION, "demo")
    if plain:
        return note(ENCRYPTION, "plain", folders="、".join(plain))
    if unknown:
        return note(ENCRYPTION, "unknown", folders="、".join(unknown))
    return good(ENCRYPTION, count=len(kinds))


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(one for one in (folder, *folder.parents) if one.exists())

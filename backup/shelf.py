"""Owns the shelf: which folders under HOTLINE_BACKUP are backups, how old each is, and whether it was proven whole.

A backup is written under a name that ends in `.part` and gets its own name, the moment it was made, only when it is
complete; so whatever has a name of that form and a manifest is a whole backup, however the machine went down meanwhile.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

MANIFEST = "manifest.json"
VERIFIED = "verified.json"
PART = ".part"
_NAME = re.compile(r"\d{8}T\d{6}Z")
_FORM = "%Y%m%dT%H%M%SZ"
DAY_S = 86_400.0
ALWAYS_KEPT = 3  # a machine that was off for a month must not throw away what it has


@dataclass(frozen=True, slots=True)
class Backup:
    """One whole backup: its folder, when it was made (epoch seconds), and whether every byte of it was read again since."""

    folder: Path
    made_at: float
    verified: bool


def name_of(made_at: float) -> str:
    """The folder's name: the second in UTC, so that names sort by age."""
    return datetime.fromtimestamp(made_at, UTC).strftime(_FORM)


def backups(folder: Path) -> list[Backup]:
    """All whole backups, oldest first; none if the folder is not there. OSError if it cannot be read."""
    try:
        names = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except FileNotFoundError:
        return []
    return [Backup(path, _made_at(path.name), is_verified(path)) for path in names if (path / MANIFEST).is_file()]


def newest(folder: Path) -> Backup | None:
    """The youngest whole backup, or None if there is none yet; OSError if the folder cannot be read."""
    return max(backups(folder), key=lambda backup: backup.made_at, default=None)


def is_verified(backup: Path) -> bool:
    """True if this very manifest was proven; a manifest that was changed since is not."""
    try:
        told = json.loads((backup / VERIFIED).read_text(encoding="ascii"))
        return bool(told["manifest"] == sha256((backup / MANIFEST).read_bytes()).hexdigest())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def too_old(kept: Iterable[Backup], now: float, days: int) -> list[Backup]:
    """What may go: older than so many days, but never the three youngest, nor the youngest that was proven."""
    by_age = sorted(kept, key=lambda backup: backup.made_at, reverse=True)
    proven = next((backup for backup in by_age if backup.verified), None)
    return [one for one in by_age[ALWAYS_KEPT:] if now - one.made_at > days * DAY_S and one != proven]


def _made_at(name: str) -> float:
    return datetime.strptime(name, _FORM).replace(tzinfo=UTC).timestamp()

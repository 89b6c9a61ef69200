"""A file that an installation puts on the machine: its path, its text, who owns it and who may read it; and how it is written."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True, slots=True)
class InstalledFile:
    """One file of the installation; `path` is absolute on the target machine, `owner` a user whose own group gets it too."""

    path: PurePosixPath
    text: str
    mode: int = 0o644
    owner: str = "root"

    def __post_init__(self) -> None:
        if not self.path.is_absolute() or ".." in self.path.parts:
            raise ValueError(f"{self.path} is no absolute path")


def below(root: Path, path: PurePosixPath) -> Path:
    """Where a path of the target lies when its file system is mounted at `root`."""
    return root / path.relative_to("/")


def write(files: Iterable[InstalledFile], root: Path = Path("/")) -> list[InstalledFile]:
    """Write what is missing or different beneath `root`, each file whole or not at all; those that were written.

    Owners must exist on this machine (LookupError). Only root may give a file to another (PermissionError).
    """
    return [file for file in files if _write(file, below(root, file.path))]


def _write(file: InstalledFile, target: Path) -> bool:
    data = file.text.encode()
    if _is_there(file, target, data):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as out:
            out.write(data)
            if not _belongs(draft, file.owner):
                shutil.chown(draft, file.owner, file.owner)
            os.fchmod(out.fileno(), file.mode)  # after the owner: chown(2) takes set-id bits away
            out.flush()
            os.fsync(out.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return True


def _is_there(file: InstalledFile, target: Path, data: bytes) -> bool:
    """True when the file is already as it should be."""
    if not target.is_file() or target.is_symlink():
        return False
    return target.read_bytes() == data and target.stat().st_mode & 0o7777 == file.mode and _belongs(target, file.owner)


def _belongs(path: Path, owner: str) -> bool:
    try:
        return path.owner() == owner and path.group() == owner
    except KeyError:  # a number without a name
        return False

"""Owns the copying of files: hashed while they are read, synced, and shared with the last backup where nothing changed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from stat import S_IMODE, S_ISREG

from backup.manifest import Entry
from hotline_core.adapters.ledger_files import sync_folder

CHUNK = 2**20


def digest(path: Path) -> tuple[int, str]:
    """Size and SHA-256 of a file, read in pieces; OSError if it cannot be read."""
    made, size = sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            made.update(piece)
            size += len(piece)
    return size, made.hexdigest()


def copy(source: Path, target: Path, *, limit: int | None = None, mode: int = 0o600) -> tuple[int, str]:
    """Copy at most `limit` bytes into a new file, synced; size and SHA-256 of what was written."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made, size = sha256(), 0
    with source.open("rb") as file, os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while piece := file.read(CHUNK if limit is None else min(CHUNK, limit - size)):
            made.update(piece)
            size += len(piece)
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())
        os.fchmod(out.fileno(), mode)
    return size, made.hexdigest()


@dataclass(slots=True)
class Shelver:
    """Puts files into a new backup; one that the last backup has byte for byte becomes a second name of the same file."""

    folder: Path
    earlier: Path | None = None
    known: Mapping[str, Entry] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)

    def put(self, source: Path, path: str, *, limit: int | None = None, was: str = "") -> None:
        """Copy `source` to `path` of the backup; FileNotFoundError if it is gone."""
        target = self.folder / path
        mode = S_IMODE(source.stat().st_mode)
        size, made = copy(source, target, limit=limit)
        self._note(Entry(path, size, made, mode, was))

    def keep(self, source: Path, path: str) -> None:
        """As `put`, for a file that never changes: what the last backup has under this name and size is not read again here.

        Whoever proves the backup reads it; and a source that was damaged since does not take the place of what was whole.
        """
        before = self.known.get(path)
        earlier = None if self.earlier is None else self.earlier / path
        if before is None or earlier is None or not earlier.is_file() or earlier.stat().st_size != source.stat().st_size:
            self.put(source, path)
            return
        target = self.folder / path
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.link(earlier, target)
        self.entries.append(before)

    def made(self, path: str, mode: int = 0o600) -> None:
        """Take in a file that was written into the backup's folder by somebody else, and sync it."""
        target = self.folder / path
        target.chmod(0o600)
        with target.open("rb") as file:
            os.fsync(file.fileno())
        size, digested = digest(target)
        self._note(Entry(path, size, digested, mode))

    def _note(self, entry: Entry) -> None:
        before = self.known.get(entry.path)
        if self.earlier is not None and before is not None and (before.size, before.sha256) == (entry.size, entry.sha256):
            self._share(self.earlier / entry.path, self.folder / entry.path)
        self.entries.append(entry)

    @staticmethod
    def _share(earlier: Path, target: Path) -> None:
        """The same bytes once on the disk; only if the earlier file still holds them."""
        if not earlier.is_file() or digest(earlier) != digest(target):
            return
        draft = target.with_name(f"{target.name}.link")
        os.link(earlier, draft)
        draft.replace(target)

    def sync(self) -> None:
        """Make the names durable."""
        for folder in {self.folder, *(path.parent for path in (self.folder / entry.path for entry in self.entries))}:
            sync_folder(folder)


def files_below(folder: Path) -> Iterator[Path]:
    """All ordinary files in a folder, in order; links to files count as files, folders behind links are entered."""
    seen: set[str] = set()
    for at, folders, names in os.walk(folder, followlinks=True):
        folders.sort()
        real = os.path.realpath(at)
        if real in seen:  # a link that leads back up
            folders.clear()
            continue
        seen.add(real)
        for name in sorted(names):
            path = Path(at, name)
            try:
                is_file = S_ISREG(path.stat().st_mode)
            except FileNotFoundError:
                continue  # a draft that was renamed meanwhile, or a link to nothing
            if is_file:
                yield path

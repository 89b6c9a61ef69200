"""Owns a store that is a folder: of the local disk, or of an archive volume that is mounted somewhere."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from hashlib import sha256
from io import FileIO
from pathlib import Path, PurePosixPath
from typing import Final

from hotline_core.adapters.ledger_files import sync_folder
from hotline_core.errors import NotFound
from recordings.sound import Interrupted
from recordings.turns import Turns

CHUNK: Final = 2**20
DRAFT: Final = ".part"
MARK: Final = ".hotline-recordings"
_MB: Final = 2**20


class FolderBlob:
    """A file of it. It may be closed by another thread at any moment, and closes itself when nobody holds it any more."""

    def __init__(self, path: Path) -> None:
        self._file = FileIO(path)
        self._turns = Turns(self._file.close)
        self._size = os.fstat(self._file.fileno()).st_size

    @property
    def size(self) -> int:
        return self._size

    def read_at(self, offset: int, length: int) -> bytes:
        pieces = []
        with self._turns.reading():
            while length > 0 and (piece := os.pread(self._file.fileno(), length, offset)):
                pieces.append(piece)
                offset, length = offset + len(piece), length - len(piece)
        return b"".join(pieces)

    def forget(self) -> None:
        """What is read next comes from the disk itself, where that can be asked for."""
        with self._turns.reading():
            os.posix_fadvise(self._file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def close(self) -> None:
        self._turns.close()


class Folder:
    """All files under one folder; files 0600, folders 0700."""

    def __init__(self, name: str, root: Path, *, is_mounted: bool = False) -> None:
        """`is_mounted`: the folder is a volume that may be away; then a mark lies in it, and without that nothing is looked for.

        The mark is put there by the operator, once, who alone knows the volume from its bare mount point; never by a program.
        """
        self._name = name
        self.root = root
        self._is_mounted = is_mounted

    @property
    def name(self) -> str:
        return self._name

    def check(self) -> None:
        """OSError ENODEV while the volume is away: an empty mount point must not look like lost recordings, nor be written to."""
        if self._is_mounted and not (self.root / MARK).exists():
            raise OSError(errno.ENODEV, "the volume is not there", str(self.root))

    def put(self, path: str, source: Path) -> None:
        target = self._at(path)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = target.with_name(f"{target.name}{DRAFT}")
        try:
            with source.open("rb") as file, os.fdopen(_new(draft), "wb") as out:
                while piece := file.read(CHUNK):
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
            draft.rename(target)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        self._sync(target.parent)

    def open(self, path: str) -> FolderBlob:
        try:
            return FolderBlob(self._at(path))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotFound("recording_missing") from error

    def has(self, path: str) -> bool:
        return self._at(path).is_file()

    def remove(self, path: str) -> bool:
        target = self._at(path)
        try:
            target.unlink()
        except FileNotFoundError:
            return False
        self._sync(target.parent)
        return True

    def digest(self, path: str, *, is_stopped: Callable[[], bool] = bool) -> tuple[int, str]:
        blob, made, offset = self.open(path), sha256(), 0
        blob.forget()
        try:
            while piece := blob.read_at(offset, CHUNK):
                if is_stopped():
                    raise Interrupted
                made.update(piece)
                offset += len(piece)
        finally:
            blob.close()
        return offset, made.hexdigest()

    def paths(self) -> Iterator[str]:
        self.check()
        for at, folders, names in os.walk(self.root):
            folders.sort()
            for name in sorted(names):
                if not name.endswith(DRAFT) and name != MARK:
                    yield str(PurePosixPath(Path(at, name).relative_to(self.root)))

    def drafts(self) -> Iterator[Path]:
        """What was begun and never ended: by a crash, or just now."""
        self.check()
        for at, folders, names in os.walk(self.root):
            folders.sort()
            yield from (Path(at, name) for name in sorted(names) if name.endswith(DRAFT))

    def free_mb(self) -> int | None:
        there = next((folder for folder in (self.root, *self.root.parents) if folder.exists()), Path("/"))
        told = os.statvfs(there)
        return told.f_bavail * told.f_frsize // _MB

    def draft(self, path: str) -> Path:
        """Where a file may be written that `adopt` then puts in its place; its folders are made."""
        target = self._at(path)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return target.with_name(f"{target.name}{DRAFT}")

    def adopt(self, path: str) -> None:
        """Give the draft its name; durable when this returns."""
        target = self._at(path)
        target.with_name(f"{target.name}{DRAFT}").rename(target)
        self._sync(target.parent)

    def _at(self, path: str) -> Path:
        """The file under the root; a path that leads out of it is as good as none."""
        self.check()
        parts = PurePosixPath(path).parts
        if not parts or ".." in parts or path.startswith("/"):
            raise NotFound("recording_missing")
        return self.root.joinpath(*parts)

    def _sync(self, lowest: Path) -> None:
        """Make names durable, from the day's folder up."""
        folder = lowest
        while True:
            sync_folder(folder)
            if folder == self.root:
                return
            folder = folder.parent


def _new(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)

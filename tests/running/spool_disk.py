"""A small disk of its own under the folder of running sound, in memory, whose room is what a test says."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PLENTY = "2g"  # a limit, not memory that is taken
NOTHING = 16 * 1024  # bytes: half of what Asterisk writes at a time does not fit


class SpoolDisk:
    """A tmpfs under `folder`; needs root. Made smaller it never loses what is on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", f"size={PLENTY},mode=0700", "tmpfs", str(folder))

    @property
    def is_full(self) -> bool:
        """Nothing more can be written."""
        told = os.statvfs(self.folder)
        return told.f_bavail * told.f_frsize < NOTHING

    def leaves(self, free_bytes: int) -> None:
        """From now on so much more fits."""
        told = os.statvfs(self.folder)
        used = (told.f_blocks - told.f_bfree) * told.f_frsize
        self._remount(str(used + free_bytes))

    def has_plenty(self) -> None:
        """Somebody made room."""
        self._remount(PLENTY)

    def gone(self) -> None:
        """Not there any more, with what was on it."""
        _run("umount", "-l", str(self.folder))

    def _remount(self, size: str) -> None:
        _run("mount", "-o", f"remount,size={size}", str(self.folder))


@contextmanager
def spool_disk(folder: Path) -> Iterator[SpoolDisk]:
    """For the time of a block."""
    disk = SpoolDisk(folder)
    try:
        yield disk
    finally:
        disk.gone()


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, timeout=30)

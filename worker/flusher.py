"""Owns bringing running sound to the disk: a power cut costs seconds of a call, not the half minute a kernel may wait.

Asterisk writes and never syncs. Every EVERY_S each file of the spool that grew is synced by a handle of our own, and the folder
when it has new names. Nothing of a call waits for it: its thread is alone with the disk. It also looks how much room is left: sound
that does not fit is lost for good, and nobody else is told of that.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hotline_core.log import Log

EVERY_S: Final = 2.0
ROOM_MB: Final = 500  # as a start asks for; fifty calls fill it in five minutes
LATE_S: Final = 8.0  # with the 2 s that Asterisk holds back itself: 10 s are what a power cut may cost
_Stamp = tuple[int, int, int]


@dataclass(slots=True)
class Flusher:
    """`steady` in seconds, of a clock that is never set."""

    spool: Path
    steady: Callable[[], float]
    log: Log
    synced_at: float = field(init=False)  # steady: everything that lay here then is on the disk
    _seen: dict[str, _Stamp] = field(default_factory=dict)
    is_short: bool = False  # little room is left, or none
    _is_failing: bool = False

    def __post_init__(self) -> None:
        self.synced_at = self.steady()

    @property
    def is_late(self) -> bool:
        """Whether a power cut now would cost more than it may: the disk refuses, or takes too long."""
        return self._is_failing or self.steady() - self.synced_at > LATE_S

    def run(self, stop: threading.Event) -> None:
        """Until stopped; a disk that is slow is waited for here and nowhere else."""
        while not stop.is_set():
            began = self.steady()
            self.step()
            stop.wait(max(0.2, EVERY_S - (self.steady() - began)))

    def step(self) -> int:
        """Sync what grew; how many files that were. What fails is told once, and tried again at the next look."""
        began = self.steady()
        try:
            found = self._spool_files()
            grown = [name for name, stamp in found.items() if self._seen.get(name) != stamp]
            for name in grown:
                self._sync(self.spool / name, os.O_RDONLY)
            if found.keys() - self._seen.keys():
                self._sync(self.spool, os.O_RDONLY | os.O_DIRECTORY)
            self._look_for_room()
        except OSError as error:
            if not self._is_failing:
                self.log.error("running sound does not reach the disk", reason=error.strerror)
            self._is_failing = True
            return 0
        if self._is_failing:
            self.log.info("running sound reaches the disk again")
        self._seen, self._is_failing, self.synced_at = found, False, began
        return len(grown)

    def _look_for_room(self) -> None:
        try:
            told = os.statvfs(self.spool)
        except FileNotFoundError:
            return  # before the first start of Asterisk
        free_mb = told.f_bavail * told.f_frsize // 2**20
        was_short, self.is_short = self.is_short, free_mb < ROOM_MB
        if self.is_short and not was_short:
            self.log.error("little room for running sound", free_mb=free_mb)
        elif was_short and not self.is_short:
            self.log.info("room for running sound again", free_mb=free_mb)

    def _spool_files(self) -> dict[str, _Stamp]:
        found: dict[str, _Stamp] = {}
        try:
            entries = os.scandir(self.spool)
        except FileNotFoundError:
            return {}  # before the first start of Asterisk
        with entries:
            for entry in entries:
                try:
                    told = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # made into a recording meanwhile
                if entry.name.endswith(".wav") and stat.S_ISREG(told.st_mode):
                    found[entry.name] = (told.st_ino, told.st_size, told.st_mtime_ns)
        return found

    @staticmethod
    def _sync(path: Path, flags: int) -> None:
        try:
            descriptor = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return
        try:
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)

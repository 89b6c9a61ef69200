"""Who may use a HOTLINE_HOME: one `make run` alone, or the parts of a service side by side; never both."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import TextIO

from hotline_core.errors import SetupError
from hotline_core.settings import Paths

WAIT_S = 9.0  # an instance whose launcher was killed ends within 8 s by itself
LOOK_S = 0.1


def open_lock(paths: Paths) -> TextIO:
    """The file that is locked; OSError if it cannot be made."""
    return (paths.run / "launcher.lock").open("a+")


def take_alone(lock: TextIO, paths: Paths) -> None:
    """For `make run`: nobody else in this HOTLINE_HOME; its supervisor holds it too. SetupError names who is there."""
    if not _taken(lock, fcntl.LOCK_EX, paths):
        raise SetupError("service_running", home=paths.home)
    _name(lock, f"{os.getpid()}\n")


def take_for_preparing(lock: TextIO, paths: Paths) -> bool:
    """For `prepare`: True when nothing runs here, False when the parts of a service run; SetupError beside a `make run`."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        take_as_part(lock, paths)
        return False
    _name(lock, "")
    return True


def take_as_part(lock: TextIO, paths: Paths) -> None:
    """For a part that is started by itself: beside others of its kind; SetupError beside a `make run`."""
    if not _taken(lock, fcntl.LOCK_SH, paths):
        raise SetupError("being_prepared", home=paths.home)


def _taken(lock: TextIO, kind: int, paths: Paths) -> bool:
    """True when it was got in time; SetupError when a living launcher is written in it."""
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            pid = lock.read().strip()
            if pid and (Path(f"/proc/{pid}").exists() or time.monotonic() > deadline):
                raise SetupError("already_running", home=paths.home, pid=pid) from None
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_S)
        else:
            return True


def _name(lock: TextIO, text: str) -> None:
    lock.seek(0)
    lock.truncate()
    lock.write(text)
    lock.flush()

"""Whose settings are examined: those that the running hotline was started with, else those of this environment."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path

from hotline_core.settings import Settings

PREFIX = "HOTLINE_"


def settings_in_use(environment: Mapping[str, str]) -> dict[str, str]:
    """The HOTLINE_* variables of the `make run` that holds this HOTLINE_HOME, else those of `environment`.

    `make run` sets some itself (HOTLINE_DEMO) and may have been started in another shell; a service's come from its
    environment file and are given to us by the command `hotline`.
    """
    own = {name: value for name, value in environment.items() if name.startswith(PREFIX)}
    home = home_of(own)
    pid = _holder(home / "run/launcher.lock")
    if pid is None:
        return own
    try:
        entries = (Path("/proc") / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return own  # it ended in this moment, or is somebody else's
    theirs = dict(entry.decode(errors="replace").partition("=")[::2] for entry in entries if entry.startswith(PREFIX.encode()))
    return {**theirs, "HOTLINE_HOME": str(home)}


def home_of(environment: Mapping[str, str]) -> Path:
    """The folder of these settings, read or not."""
    return Path(environment.get("HOTLINE_HOME") or str(Settings.model_fields["home"].default)).expanduser()


def is_closed(home: Path) -> bool:
    """True where the folder is there and this user may not look into it: nothing could be told rightly."""
    try:
        home.stat()
    except FileNotFoundError:
        return False
    except PermissionError:
        return True
    return not os.access(home, os.R_OK | os.X_OK)


def _holder(lock: Path) -> int | None:
    """The process that holds the lock alone, as `make run` does; None where nobody does (a service's parts share it)."""
    try:
        with lock.open("r", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                said = file.read().strip()
                return int(said) if said.isdigit() else None
    except OSError:
        return None
    return None

"""Owns the telling of each day's head outside: a line in a file of the folder that the settings name, one file a year.

The folder is the operator's: it is never made here, for under a share that is not mounted it would lie inside.
"""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Engine

from hotline_core.adapters.engine import reading, writing
from recordings import chain_store
from recordings.chain import Day, told_heads


class Heads:
    """Without a folder the days are closed all the same; then nobody but the backups has their heads."""

    def __init__(self, calls: Engine, folder: Path | None) -> None:
        self._calls, self._folder = calls, folder

    def step(self, now: float) -> int:
        """Close the days that are over and tell those not told yet, epoch seconds; how many were told. OSError: again later."""
        with reading(self._calls) as connection:
            are_open = chain_store.are_open(connection, now)
        if are_open:
            with writing(self._calls) as connection:
                chain_store.close_days(connection, now)
        if self._folder is None:
            return 0
        with reading(self._calls) as connection:
            days = chain_store.untold_days(connection)
        for year in sorted({day.day[:4] for day in days}):
            self._write(self._folder / f"recordings-{year}.heads", [day for day in days if day.day[:4] == year])
        if days:
            with writing(self._calls) as connection:
                chain_store.mark_told(connection, days, now)
        return len(days)

    def _write(self, file: Path, days: list[Day]) -> None:
        """Only ever appended; a line that is there already (told, and then killed) is there twice, which changes nothing."""
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, told_heads(days).encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

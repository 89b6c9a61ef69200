"""What the desk knows of the last dial-tests: read from the probe's file, told to pages and metrics, told as old when it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from agent_desktop.blocking import Blocking
from agent_desktop.refusals import Unavailable
from hotline_core.adapters import dial_test_files
from hotline_core.domain.dial_tests import DialTests, as_json
from hotline_core.log import Log

EVERY_S = 2.0
WAIT_S = 2.0
Told = dict[str, object]


def told(tests: DialTests | None, now: float) -> Told:
    """As the API and the pages tell it: `known`, `stale` (the probe is gone), or `waiting` for the first round."""
    if tests is None:
        return {"state": "waiting", "tests": []}
    return {"state": "stale" if tests.is_stale(now) else "known", **as_json(tests)}


class DialTestReader:
    """Looks at the file every few seconds; nothing is told where the city has no probe."""

    def __init__(
        self, folder: Path, *, is_wanted: bool, now: Callable[[], float], on_change: Callable[[Told], None], log: Log
    ) -> None:
        self._folder = folder
        self._is_wanted = is_wanted
        self._now = now
        self._on_change = on_change
        self._log = log
        self._thread = Blocking(1, code="down")  # a disk that hangs holds up nothing else
        self._is_readable = True
        self.last: Told | None = None

    async def run(self) -> None:
        """Look until cancelled."""
        while self._is_wanted:
            await self.look()
            await asyncio.sleep(EVERY_S)

    def close(self) -> None:
        """Take no more work."""
        self._thread.close()

    async def look(self) -> None:
        """One look; a file that cannot be read keeps what was known until that is too old, and is told once."""
        try:
            tests = await self._thread.run(lambda: dial_test_files.read(self._folder), timeout_s=WAIT_S)
        except (Unavailable, OSError, ValueError) as error:
            if self._is_readable:
                self._log.warning("the dial-tests cannot be read", kind=type(error).__name__)
            self._is_readable = False
            return
        self._is_readable = True
        fresh = told(tests, self._now())
        if fresh != self.last:
            self.last = fresh
            self._on_change(fresh)

"""Owns the last words of a child process: read as they come and kept in memory, so that no full disk can hurt who speaks."""

from __future__ import annotations

import threading
from collections import deque
from typing import IO

LONGEST_LINE = 500


class LastWords:
    """Reads a pipe to its end in a thread of its own; the newest lines are there at any time."""

    def __init__(self, pipe: IO[bytes], kept: int = 30) -> None:
        self._lines: deque[str] = deque(maxlen=kept)
        self._pipe = pipe
        self._thread = threading.Thread(target=self._read, name="last words", daemon=True)
        self._thread.start()

    def lines(self, within_s: float = 0.0) -> list[str]:
        """What was said last; `within_s`: wait so long for the end of a speaker that has ended."""
        self._thread.join(within_s)
        return list(self._lines)

    def _read(self) -> None:
        while line := self._pipe.readline(65_536):
            self._lines.append(line.decode(errors="replace").rstrip()[:LONGEST_LINE])

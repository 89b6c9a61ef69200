"""Waiting longer after each failure, and telling the first failure and the return only once."""

from __future__ import annotations

from collections.abc import Callable

from hotline_core.log import Log

FIRST_S = 0.1
LONGEST_S = 5.0


class Backoff:
    """The link of one thread to the database: up or down since when, and how long to wait now."""

    def __init__(self, log: Log, now: Callable[[], float], what: str) -> None:
        self._log = log
        self._now = now
        self._what = what
        self._wait_s = FIRST_S
        self.state = "up"
        self.since = now()

    def failed(self, error: BaseException) -> float:
        """Note a failure and tell how long to wait."""
        if self.state == "up":
            self.state, self.since = "down", self._now()
            reason = type(getattr(error, "orig", None) or error).__name__  # the text may quote a caller's number
            self._log.error("lost", what=self._what, reason=reason)
        wait_s, self._wait_s = self._wait_s, min(self._wait_s * 2, LONGEST_S)
        return wait_s

    def worked(self) -> None:
        """Note that it works."""
        if self.state == "down":
            self._log.info("back", what=self._what, away_s=round(self._now() - self.since, 1))
            self.state, self.since = "up", self._now()
        self._wait_s = FIRST_S

"""Owns the pace of something that is done again and again: a few at once, of a crowd one in each moment; pure."""

from __future__ import annotations


class Pace:
    """Tells how long to wait after each, so that what comes now and then never waits and a crowd's are done together."""

    def __init__(self, every_s: float, at_once: int) -> None:
        """One in `every_s` seconds in the long run; so many one right after the other are let through before any waits."""
        self._every_s = every_s
        self._credit_s = at_once * every_s
        self._due = float("-inf")  # when as many as were done would have been due

    def wait_s(self, now: float) -> float:
        """One was done at `now` (seconds, monotonic); how long the next is to wait, 0 for not at all."""
        self._due = max(self._due + self._every_s, now)
        return max(0.0, self._due - now - self._credit_s)

"""The only place that reads the clocks; everything else is handed the time."""

from __future__ import annotations

import time


def now() -> float:
    """Seconds since the epoch, UTC."""
    return time.time()  # noqa: TID251 - the one home of the clock


def steady() -> float:
    """Seconds of a clock that nobody sets, for waits: comparable within this process alone."""
    return time.monotonic()

"""The only place that reads the wall clock; everything else is handed the time."""

from __future__ import annotations

import time


def now() -> float:
    """Seconds since the epoch, UTC."""
    return time.time()  # noqa: TID251 - the one home of the clock

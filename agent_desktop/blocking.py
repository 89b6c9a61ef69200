"""Databases and hashing off the event loop: bounded threads, bounded waits, and one refusal when a database is away."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from agent_desktop.refusals import Unavailable

T = TypeVar("T")


class Blocking:
    """Threads for one kind of work; a caller waits at most `timeout_s`, then is told `code`."""

    def __init__(self, threads: int, *, code: str, timeout_s: float = 5.0) -> None:
        self._limiter = anyio.CapacityLimiter(threads)
        self._code = code
        self._timeout_s = timeout_s

    async def run(self, work: Callable[[], T], timeout_s: float = math.inf) -> T:
        """Do `work` in a thread; Unavailable when it takes too long or the database is away."""
        try:
            async with asyncio.timeout(min(timeout_s, self._timeout_s)):
                return await anyio.to_thread.run_sync(work, limiter=self._limiter, abandon_on_cancel=True)
        except (TimeoutError, DBAPIError, PoolTimeout) as error:
            raise Unavailable(self._code, reason=type(error).__name__) from error

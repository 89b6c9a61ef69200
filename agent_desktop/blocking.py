"""Databases and hashing off the event loop: bounded threads, bounded waits, and one refusal when a database is away."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from agent_desktop.refusals import Unavailable

T = TypeVar("T")


class Blocking:
    """Threads for one kind of work; a caller waits at most `timeout_s`, then is told `code`.

    An executor and not anyio.to_thread: anyio gives an abandoned thread's place to the next caller at once, so that a
    database that hangs would collect threads without end. Here the place stays taken, and the others are refused in time.
    """

    def __init__(self, threads: int, *, code: str, timeout_s: float = 5.0) -> None:
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=code)
        self._code = code
        self._timeout_s = timeout_s

    async def run(self, work: Callable[[], T], timeout_s: float = math.inf) -> T:
        """Do `work` in a thread; Unavailable when it takes too long or the database is away."""
        try:
            async with asyncio.timeout(min(timeout_s, self._timeout_s)):
                return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except (TimeoutError, DBAPIError, PoolTimeout) as error:
            raise Unavailable(self._code, reason=type(error).__name__) from error

    def close(self) -> None:
        """Take no more work; what hangs is left behind."""
        self._threads.shutdown(wait=False, cancel_futures=True)

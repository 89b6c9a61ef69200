"""Databases and hashing off the event loop: bounded threads, bounded waits, and one refusal when a database is away."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
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

    async def run(
        self, work: Callable[[], T], timeout_s: float = math.inf, *, give_back: Callable[[T], None] | None = None
    ) -> T:
        """Do `work` in a thread; Unavailable when it takes too long or the database is away.

        `give_back` gets a result that comes when nobody waits for it any more, like an open file; it is called once, in any thread.
        """
        future = self._threads.submit(work)
        is_taken = False
        try:
            async with asyncio.timeout(min(timeout_s, self._timeout_s)):
                result = await asyncio.wrap_future(future)
            is_taken = True
            return result
        except (TimeoutError, DBAPIError, PoolTimeout) as error:
            raise Unavailable(self._code, reason=type(error).__name__) from error
        finally:
            if give_back is not None and not is_taken:
                future.add_done_callback(partial(_given_back, give_back))

    def later(self, work: Callable[[], None]) -> None:
        """Do `work` in a thread when one is free; nobody waits for it or hears what it fails with: for giving back what was read.

        After `close` it is not done: what is open goes with the process.
        """
        with suppress(RuntimeError):
            self._threads.submit(work)

    def close(self) -> None:
        """Take no more work; what hangs is left behind."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _given_back(give_back: Callable[[T], None], future: Future[T]) -> None:
    if not future.cancelled() and future.exception() is None:
        give_back(future.result())

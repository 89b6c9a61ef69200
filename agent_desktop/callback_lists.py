"""The call-back list for all pages: made at most once in two seconds, however many of them look."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agent_desktop.blocking import Blocking
from agent_desktop.callback_marks import CallbackMarks, Reason
from agent_desktop.refusals import Unavailable
from hotline_core.adapters.callback_store import CallbackStore
from hotline_core.city import Callbacks
from hotline_core.domain.callbacks import Callback, CallbackList, callback_list

DAY_S = 86_400.0
FRESH_S = 2.0


class CallbackLists:
    """Reads calls and marks in threads; a mark made here is seen by the next look."""

    def __init__(
        self, *, calls: CallbackStore, marks: CallbackMarks, calls_threads: Blocking, tickets_threads: Blocking, rules: Callbacks,
        now: Callable[[], float],
    ) -> None:  # fmt: skip
        self._calls = calls
        self._marks = marks
        self._calls_threads = calls_threads
        self._tickets_threads = tickets_threads
        self._rules = rules
        self._now = now
        self._made_at = 0.0
        self._list = CallbackList((), 0)
        self._failure: Unavailable | None = None  # of the last try
        self._failed_at = 0.0
        self._making = asyncio.Lock()

    async def current(self) -> CallbackList:
        """The list, two seconds old at most; Unavailable while a database is away, told at once to all who waited for one try."""
        async with self._making:
            now = self._now()
            if not 0.0 <= now - self._made_at < FRESH_S:
                if self._failure is not None and 0.0 <= now - self._failed_at < FRESH_S:
                    raise Unavailable(self._failure.code, **self._failure.facts)
                try:
                    self._list = await self._make(now)
                except Unavailable as error:
                    self._failure, self._failed_at = error, self._now()
                    raise
                self._failure, self._made_at = None, now
            return self._list

    async def _make(self, now: float) -> CallbackList:
        since = now - self._rules.days * DAY_S
        done = await self._tickets_threads.run(lambda: self._marks.done(since))
        # In the thread to its end: a week of calls takes longer than a ring may wait for the event loop.
        return await self._calls_threads.run(lambda: callback_list(self._calls.calls(since), done, now))

    async def mark(self, row: Callback, call_id: str, reason: Reason, *, by: str) -> None:
        """Take the citizen off the list up to that call."""
        now = self._now()
        forget = now - 2 * self._rules.days * DAY_S
        await self._tickets_threads.run(
            lambda: self._marks.mark(call_id, reason, len(row.attempts), by=by, now=now, forget=forget)
        )
        async with self._making:  # a list that is being made may not know of it yet
            self._made_at = 0.0

"""Owns the agents' days as the desk tells them: one look at the calls database for everybody, at most every few seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Engine

from agent_desktop.blocking import Blocking
from agent_desktop.refusals import Unavailable
from hotline_core.adapters.agent_day_store import AgentDayStore
from hotline_core.domain.agent_day import Calls, Shift, step
from hotline_core.domain.day import day_start

FRESH_S = 5.0
WAIT_S = 3.0  # for a look
TURN_S = 4.0  # for who looks already, a little more
AWAY = "calls_database_down"


@dataclass(frozen=True, slots=True)
class AgentDay:
    """An agent's day so far; `looked_at` (epoch seconds) is when the calls database was asked."""

    calls: Calls
    shift: Shift
    start: float
    looked_at: float


class AgentDays:
    """Everybody's day since midnight in Shanghai."""

    def __init__(self, engine: Engine, threads: Blocking, now: Callable[[], float], wrap_up_s: float) -> None:
        self._store = AgentDayStore(engine)
        self._threads = threads
        self._now = now
        self._wrap_up_s = wrap_up_s
        self._looking = asyncio.Lock()
        self._start = 0.0
        self._seq = 0
        self._looked_at = float("-inf")
        self._failed_at = float("-inf")
        self._shifts: dict[str, Shift] = {}
        self._calls: Mapping[str, Calls] = {}

    async def of(self, agent: str) -> AgentDay:
        """The day of one extension; Unavailable while the calls database is away, for a few seconds without asking it again."""
        if not self._is_fresh(self._now()):
            try:
                async with asyncio.timeout(TURN_S):
                    await self._looking.acquire()
            except TimeoutError as error:
                raise Unavailable(AWAY, reason="TimeoutError") from error
            try:
                await self._look_if_due()
            finally:
                self._looking.release()
        now = self._now()
        shift = self._shifts.get(agent, Shift()).at(now, self._wrap_up_s)
        return AgentDay(self._calls.get(agent, Calls()), shift, self._start, self._looked_at)

    def _is_fresh(self, now: float) -> bool:
        return day_start(now) == self._start and 0 <= now - self._looked_at < FRESH_S

    async def _look_if_due(self) -> None:
        """Look, unless whoever had the turn before has looked just now: also in vain, or all who wait would do so one by one."""
        now = self._now()
        if self._is_fresh(now):
            return
        if 0 <= now - self._failed_at < FRESH_S:
            raise Unavailable(AWAY, reason="just now")
        try:
            await self._look(now)
        except Unavailable:
            self._failed_at = self._now()
            raise

    async def _look(self, now: float) -> None:
        start = day_start(now)
        after = self._seq if start == self._start else 0
        store = self._store
        states, calls = await self._threads.run(lambda: (store.states(start, after), store.calls(start)), timeout_s=WAIT_S)
        if start != self._start:
            self._shifts = {}
        for told in states:
            shift = self._shifts.get(told.agent, Shift())
            self._shifts[told.agent] = step(shift, told.kind, told.reason, told.at, self._wrap_up_s)
        self._start, self._calls, self._looked_at = start, calls, now
        self._seq = states[-1].seq if states else after

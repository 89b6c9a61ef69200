"""Owns one reader of the live view for many callers at once: the newest state of each caller's number, a few times a second."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

import httpx

from tests.running.instance import Hotline

EVERY_S = 0.15


class Watcher:
    """Reads `/api/live` while the block is entered; each wait is bounded."""

    def __init__(self, hotline: Hotline, api: httpx.Client) -> None:
        self.calls: dict[str, dict[str, Any]] = {}  # by caller's number; the last state seen, also after the end
        self.running: frozenset[str] = frozenset()
        self._hotline, self._api = hotline, api
        self._read = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Watcher:
        self._task = asyncio.create_task(self._watch(), name="watch the live view")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.result()

    async def until(self, number: str, *phases: str, timeout_s: float) -> dict[str, Any] | None:
        """The call of this number once it is in one of these phases; None when the time is over."""
        ends_at = asyncio.get_running_loop().time() + timeout_s
        while asyncio.get_running_loop().time() < ends_at:
            call = self.calls.get(number)
            if call is not None and call["phase"] in phases:
                return call
            await self._next()
        return None

    async def until_gone(self, number: str, timeout_s: float) -> bool:
        """True once the live view has no call of this number."""
        ends_at = asyncio.get_running_loop().time() + timeout_s
        while asyncio.get_running_loop().time() < ends_at:
            await self._next()
            if number not in self.running:
                return True
        return False

    async def _next(self) -> None:
        async with asyncio.timeout(10):
            await self._read.wait()

    async def _watch(self) -> None:
        while True:
            live = await asyncio.to_thread(self._hotline.live, self._api)
            self.calls |= {call["caller"]: call for call in live["calls"]}
            self.running = frozenset(call["caller"] for call in live["calls"])
            self._read.set()
            self._read = asyncio.Event()
            await asyncio.sleep(EVERY_S)

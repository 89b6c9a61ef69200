"""Owns Signal: an event that nobody waits for without a deadline."""

from __future__ import annotations

import asyncio


class Signal(asyncio.Event):
    """An event that is always waited for with a deadline."""

    async def within(self, timeout_s: float) -> None:
        """Return when set; TimeoutError when the deadline passes first."""
        async with asyncio.timeout(timeout_s):
            await self.wait()

    def pulse(self) -> None:
        """Wake those who wait now; who comes later waits for the next pulse."""
        self.set()
        self.clear()

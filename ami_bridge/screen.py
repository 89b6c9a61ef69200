"""Owns what the live view shows now: of each look at the board only what changed is told, in a crowd once in each moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping

from ami_bridge.view import Field
from hotline_core.adapters.pace import Pace

GATHER_S = 0.01  # in a crowd, of the 150 ms from a ring to the page: a look goes over every call, and what it finds to every desk
AT_ONCE = 10  # looks without a wait


class Screen:
    """`look` gives every field as it is now, `tell` takes what changed and what is gone."""

    def __init__(
        self, look: Callable[[], Mapping[str, Field]], tell: Callable[[Mapping[str, Field], Collection[str]], None]
    ) -> None:
        self._look = look
        self._tell = tell
        self._changed = asyncio.Event()
        self.fields: Mapping[str, Field] = {}  # as they were told last

    def changed(self) -> None:
        """Something may have changed: it is shown in the next turn of the loop, in a crowd within GATHER_S."""
        self._changed.set()

    async def run(self) -> None:
        """Show until cancelled; what was still to be shown is shown then."""
        pace, loop = Pace(GATHER_S, AT_ONCE), asyncio.get_running_loop()
        try:
            while True:
                await self._changed.wait()
                self._show()
                await asyncio.sleep(pace.wait_s(loop.time()))
        finally:
            if self._changed.is_set():
                self._show()

    def _show(self) -> None:
        self._changed.clear()
        fields = self._look()
        changed = {name: value for name, value in fields.items() if self.fields.get(name) != value}
        gone = [name for name in self.fields if name not in fields]
        if changed or gone:
            self.fields = fields
            self._tell(changed, gone)

"""Mends what a clock that was set back has stopped in Asterisk: looks, sets free, and looks again; one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ami_bridge import jumps
from ami_bridge.actions import Action
from ami_bridge.connection import Connection
from ami_bridge.protocol import Packet
from hotline_core.errors import AmiError
from hotline_core.log import Log

LOOKS = (  # seconds after the look before, and what is mended of those who have not moved since the first
    (2.5, "led on", jumps.stuck),  # the dialplan's own waits are a second or less
    (12.5, "taken out of the menu", jumps.unanswered),  # NOTICE_LIMIT_S after the first
    (45.0, "rings ended", jumps.ringing_on),  # no telephone is rung for a minute
)
TURN_S = 0.1
TURNS_S = 5.0  # for all together


class Mender:
    """Carries out `mend`; a second request begins anew."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._wanted = asyncio.Event()
        self._link: Connection | None = None

    def mend(self, link: Connection) -> None:
        """Waits may have stopped: set whoever is in one free."""
        self._link = link
        self._wanted.set()

    async def run(self) -> None:
        """Mend whenever it is wanted until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            link = self._link
            if link is None:
                continue
            try:
                await self._mend(link)
            except AmiError as error:
                self._log.warning("waits could not be looked at", why=str(error))

    async def _mend(self, link: Connection) -> None:
        first = await self._channels(link)
        await self._queue_anew(link, {packet.text("Channel") for packet in first})
        for later_s, what, found in LOOKS:
            if await self._is_wanted_within(later_s):
                return
            self._post(link, what, found(first, await self._channels(link)))

    async def _is_wanted_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._wanted.wait()
        except TimeoutError:
            return False

    async def _channels(self, link: Connection) -> list[Packet]:
        return [packet for packet in await link.ask_list("CoreShowChannels") if packet.text("Event") == "CoreShowChannel"]

    async def _queue_anew(self, link: Connection, left: set[str]) -> None:
        """One after the other, for each has a thread of its own; read before each, since a telephone may ring for the next.

        Who is rung for is read last: a ring that began, and was answered, after that reading and before the turn would be cut.
        """
        count = 0
        while True:
            entries = [packet for packet in await link.ask_list("QueueStatus") if packet.text("Event") == "QueueEntry"]
            turns = [action for action in jumps.waiters(await self._channels(link), entries) if dict(action[1])["Channel"] in left]
            if not turns:
                break
            count += 1
            left.discard(dict(turns[0][1])["Channel"])
            link.post(*turns[0])
            await asyncio.sleep(min(TURN_S, TURNS_S / (count + len(turns))))
        self._told("queued anew", count)

    def _post(self, link: Connection, what: str, actions: Sequence[Action]) -> None:
        for action, fields in actions:
            link.post(action, fields)
        self._told(what, len(actions))

    def _told(self, what: str, how_many: int) -> None:
        if how_many:
            self._log.info("waits that the clock had stopped", what=what, how_many=how_many)

"""Withdraws rings to telephones that are gone, so that the queue goes on to the next agent at once (decision 47)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable
from pathlib import Path

from ami_bridge.connection import Connection
from ami_bridge.protocol import Packet
from ami_bridge.translate import agent_of
from hotline_core.domain.ring_loss import ContactLost, ContactThere, Looked, RingEvent, RingOver, Rings, Rung, is_any_lost, step
from hotline_core.log import Log

LOOK_S = 0.25
OPENS_S = 1.0
NO_ANSWER = "19"  # Q.850: for the queue and the records a ring that was missed
GONE = ("Removed", "Unreachable")
_USER = re.compile(r"sips?:([^@;>]*)@")
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - addresses that are listened on, not ours


def heard(packet: Packet) -> list[RingEvent]:
    """What a packet says of rings and of agents' contacts; a page's is known by the user of its address, new with each load."""
    match packet.text("Event"):
        case "AgentCalled":
            agent, channel = agent_of(packet.text("Interface")), packet.text("DestChannel")
            return [Rung(agent, channel)] if agent and channel else []
        case "AgentConnect":
            return [RingOver(packet.text("DestChannel"))]
        case "Hangup":
            return [RingOver(packet.text("Channel"))]
        case "ContactStatus":
            agent, found = agent_of(packet.text("AOR")), _USER.match(packet.text("URI"))
            if not agent:
                return []
            contact = found[1] if found else ""
            return [ContactLost(agent, contact) if packet.text("ContactStatus") in GONE else ContactThere(agent, contact)]
    return []


class RingWatch:
    """One for the bridge; without a bridge a ring that nobody can answer lasts as long as any other."""

    def __init__(self, link: Connection, *, relay: Path, front: tuple[str, int], log: Log) -> None:
        self._link = link
        self._relay = relay
        self._front = front
        self._log = log
        self._rings: Rings = {}

    def see(self, packet: Packet) -> None:
        """Each event of Asterisk, in its order."""
        for event in heard(packet):
            self._take(event)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            if not self._link.is_up:
                self._rings = {}  # what ended meanwhile nobody tells
            elif is_any_lost(self._rings):
                self._take(Looked(await self._is_way_open()))

    def _take(self, event: RingEvent) -> None:
        self._rings, over = step(self._rings, event, asyncio.get_running_loop().time())
        for channel in over:
            self._log.warning("a telephone is gone, its ring is withdrawn", channel=channel)
            self._link.post("Hangup", [("Channel", channel), ("Cause", NO_ANSWER)])

    async def _is_way_open(self) -> bool:
        """Whether pages can reach Asterisk: a relay or a front that is just started again is no fault of theirs."""
        host, port = self._front
        return await _opens(asyncio.open_unix_connection(str(self._relay))) and await _opens(
            asyncio.open_connection(_ANYWHERE.get(host, host), port)
        )


async def _opens(opening: Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]) -> bool:
    try:
        async with asyncio.timeout(OPENS_S):
            _, writer = await opening
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True

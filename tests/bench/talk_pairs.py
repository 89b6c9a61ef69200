"""Owns pairs of people who talk through an Asterisk: brought together, listened to for a while, and parted."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import numpy as np

from tests.bench.processes import cpu_seconds
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.sip.rtp import RtpStream, Tone
from tests.sip.tones import level_of

CITIZEN_HZ, AGENT_HZ, SIGN_HZ = 500, 900, 1400
LOUD = 2000.0
SETTLE_S = 30.0
SIGN_S = 0.3  # how long a sign sounds
SIGNS_EVERY_S = 1.0

# One citizen's way to their agent: brings both legs, the citizen's first.
Connect = Callable[[], Awaitable[tuple[Call, Call]]]


@dataclass(slots=True)
class Talked:
    """What one round of talks showed."""

    talks: int
    seconds: float = 0.0
    cpu_s: float = 0.0  # of Asterisk
    ears_ms: list[float] = field(default_factory=list)  # from a sign spoken to the same sign heard
    wanted: int = 0  # packets, by their numbers
    came: int = 0
    longest_gap_ms: float = 0.0

    @property
    def percent_of_a_core(self) -> float:
        """Asterisk's processor time for one talk."""
        return 100 * self.cpu_s / self.seconds / self.talks

    @property
    def lost_percent(self) -> float:
        """Packets that did not come."""
        return 100 * (self.wanted - self.came) / self.wanted


async def talk(pid: int, ways: list[Connect], seconds: float) -> Talked:
    """All pairs talk for so long; AssertionError where one cannot hear the other. `pid` is the Asterisk's."""
    pairs = await asyncio.gather(*(way() for way in ways))
    try:
        await asyncio.gather(*(_hear_each_other(*pair) for pair in pairs))
        return await _listen(pid, pairs, seconds)
    finally:
        await asyncio.gather(*(citizen.hang_up() for citizen, _ in pairs))
        await asyncio.gather(*(agent.wait_ended(SETTLE_S) for _, agent in pairs))


async def ring(phone: SipCaller, number: str, agent: SipCaller) -> tuple[Call, Call]:
    """Dial what leads straight to that agent's telephone."""
    citizen = await phone.call(number, timeout_s=SETTLE_S, source=Tone(CITIZEN_HZ))
    leg = await agent.next_call(SETTLE_S)
    leg.send(Tone(AGENT_HZ))
    await leg.answered.within(SETTLE_S)
    return citizen, leg


async def _hear_each_other(citizen: Call, agent: Call) -> None:
    async with asyncio.timeout(SETTLE_S):
        while level_of(citizen.heard(0.2), AGENT_HZ) < LOUD or level_of(agent.heard(0.2), CITIZEN_HZ) < LOUD:
            assert not citizen.ended.is_set(), "a talk ended before it began"
            await asyncio.sleep(0.1)


async def _listen(pid: int, pairs: list[tuple[Call, Call]], seconds: float) -> Talked:
    legs = list(itertools.chain.from_iterable(pairs))
    seen = Talked(len(pairs))
    begin = [len(leg.rtp.packets) for leg in legs]
    used, began = cpu_seconds(pid), time.monotonic()
    signs = await asyncio.gather(*(_signs(*pair, began + seconds) for pair in pairs))
    seen.seconds, seen.cpu_s = time.monotonic() - began, cpu_seconds(pid) - used
    seen.ears_ms = list(itertools.chain.from_iterable(signs))
    for leg, first in zip(legs, begin, strict=True):
        packets = leg.rtp.packets[first:]
        seen.came += len(packets)
        seen.wanted += (packets[-1].sequence - packets[0].sequence) % (1 << 16) + 1
        gaps = np.diff([packet.arrived_s for packet in packets])
        seen.longest_gap_ms = max([seen.longest_gap_ms, *(1000 * gap for gap in gaps)])
    return seen


async def _signs(citizen: Call, agent: Call, ends_at: float) -> list[float]:
    """The agent's tone changes once a second; when does the citizen hear it?"""
    found, loop = list[float](), asyncio.get_running_loop()
    while time.monotonic() < ends_at:
        begin, said = len(citizen.rtp.packets), loop.time()
        agent.send(Tone(SIGN_HZ))
        await asyncio.sleep(SIGN_S)
        agent.send(Tone(AGENT_HZ))
        heard = _first(citizen.rtp, begin)
        assert heard is not None, f"a sign was not heard within {SIGN_S} s"
        found.append(1000 * (heard - said))
        await asyncio.sleep(SIGNS_EVERY_S - SIGN_S)
    return found


def _first(rtp: RtpStream, begin: int) -> float | None:
    return next((one.arrived_s for one in rtp.packets[begin:] if level_of(one.samples, SIGN_HZ) > LOUD), None)

"""Owns callers who are on the line while something is done to the hotline: who talks, who waits, and what each of them heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import numpy as np

from tests.running.hardware import hardware_agent
from tests.running.instance import Hotline
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.sip.rtp import PTIME_S, Silence, Tone
from tests.sip.tones import level_of

AGENT_HZ, CITIZEN_HZ = 900, 500
HEARD = 3000.0
NUMBERS = "1395599"  # what all callers' numbers begin with
TALK_S = 40.0
CATCH_UP = 250  # packets: what was late and is made up for within 5 s was not lost
TICK_S = 0.02


@dataclass(slots=True)
class Steady:
    """One caller; `agent` is the other end of who talks, None for who waits."""

    number: str
    call: Call
    agent: Call | None = None
    since_s: float = 0.0

    def begin(self) -> None:
        """From now on every hole counts."""
        self.since_s = asyncio.get_running_loop().time()

    def hole_ms(self) -> float:
        """The most sound this caller missed in one piece: packets that came never, nor later in a heap."""
        return missed_ms([packet.arrived_s for packet in self.call.rtp.packets if packet.arrived_s >= self.since_s])

    def deaf_ms(self) -> float:
        """The most that one of both ends missed of the other; 0 for who waits."""
        if self.agent is None:
            return 0.0
        return max(_without(self.call, AGENT_HZ, self.since_s), _without(self.agent, CITIZEN_HZ, self.since_s))


def missed_ms(times: Sequence[float]) -> float:
    """By how much the beat of 20 ms slipped at most, at one place; times in s.

    A listener on a busy machine reads a heap of packets late: that is no hole, for the beat is found again after it.
    """
    assert len(times) > 1, "no packets"
    beat = np.asarray(times) - np.arange(len(times)) * PTIME_S
    return max(float(np.min(beat[at + 1 : at + 1 + CATCH_UP]) - beat[at]) for at in range(len(beat) - 1)) * 1000


def _without(call: Call, hz: float, since_s: float) -> float:
    heard = [packet for packet in call.rtp.packets if packet.arrived_s >= since_s]
    assert len(heard) > 1, "no packets"
    with_tone = [packet.arrived_s for packet in heard if level_of(packet.samples, hz) > HEARD]
    return missed_ms([heard[0].arrived_s, *with_tone, heard[-1].arrived_s])


@asynccontextmanager
async def stalls() -> AsyncIterator[list[float]]:
    """How late this process itself was meanwhile, in s: what its own telephones did not say then, nobody can have heard."""
    loop, seen = asyncio.get_running_loop(), [0.0]

    async def tick() -> None:
        while True:
            due = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            seen.append(max(0.0, loop.time() - due))

    ticking = asyncio.create_task(tick())
    try:
        yield seen
    finally:
        ticking.cancel()


@asynccontextmanager
async def on_the_line(hotline: Hotline, agents: Sequence[tuple[str, str]], callers: int) -> AsyncIterator[list[Steady]]:
    """So many callers: as many as there are agents talk with one each, the others wait and hear music."""
    async with AsyncExitStack() as stack:
        desks = [await stack.enter_async_context(hardware_agent(hotline, *agent)) for agent in agents]
        steady: list[Steady] = []
        for number in range(callers):
            phone = await stack.enter_async_context(SipCaller(hotline.sip, f"{NUMBERS}{number:04d}"))
            is_talk = number < len(desks)
            call = await phone.call("12328", timeout_s=20, source=Tone(CITIZEN_HZ) if is_talk else Silence())
            await call.answered.within(20)
            await call.press("0")
            steady.append(Steady(f"{NUMBERS}{number:04d}", call))
        talks = await asyncio.gather(*(_talk(desk) for desk in desks))
        for talk in talks:
            steady_one = await _whose(steady, talk)
            steady_one.agent = talk
        yield steady


async def _talk(desk: SipCaller) -> Call:
    call = await desk.next_call(TALK_S)
    call.send(Tone(AGENT_HZ))
    await call.answered.within(10)
    return call


async def _whose(steady: Sequence[Steady], talk: Call) -> Steady:
    """The caller whose number the agent's telephone shows."""
    return next(one for one in steady if one.number == talk.caller_number)

"""Owns a steady load on a hotline: citizens who ring, are connected or give up, and agents who talk with each of them."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from tests.running.hardware import hardware_agent
from tests.running.instance import Hotline
from tests.sip.agent import SipCaller
from tests.sip.policy import Answer
from tests.sip.rtp import Silence, Tone
from tests.sip.tones import level_of

AGENTS = (("agent1", "1001"), ("agent2", "1002"))
CITIZENS = 3
AGENT_HZ = 900
TALK_S = (3.0, 5.0)
GIVES_UP = 0.2  # of the citizens, in the menu
LONGEST_STAY_S = 120.0
REGISTER_AGAIN_S = 120.0  # Asterisk keeps a telephone for 300 s
LOOK_S = 0.1


@dataclass(slots=True)
class Load:
    """What became of the citizens so far."""

    served: int = 0
    gave_up: int = 0
    faults: list[str] = field(default_factory=list)


@asynccontextmanager
async def steady_load(hotline: Hotline, seed: int) -> AsyncIterator[Load]:
    """Citizens ring one after the other, from now to the end of the block; then those on the line are hung up.

    A task that ends by itself has failed, and its error comes out of here.
    """
    load, numbers = Load(), itertools.count(13800000000)
    async with AsyncExitStack() as stack:
        phones = [
            await stack.enter_async_context(hardware_agent(hotline, *agent, policy=Answer(0.3))) for agent in AGENTS
        ]
        work: list[Coroutine[None, None, None]] = []
        for place, phone in enumerate(phones):
            work += [_agent(phone, random.Random(seed + place)), phone.refresh(REGISTER_AGAIN_S)]
        work += [_citizens(hotline, numbers, random.Random(seed + 100 + place), load) for place in range(CITIZENS)]
        tasks = [asyncio.create_task(one) for one in work]
        try:
            yield load
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()


async def _agent(phone: SipCaller, dice: random.Random) -> None:
    """Take each call, talk, hang up; nothing of an earlier call is kept, for this may go on for hours."""
    while True:
        call = await phone.next_call(LONGEST_STAY_S)
        call.send(Tone(AGENT_HZ))
        try:
            await call.answered.within(10)
        except TimeoutError:
            await call.close()  # the citizen gave up while it rang
        else:
            await asyncio.sleep(dice.uniform(*TALK_S))
            await call.hang_up()
            await call.close()
        phone.calls.remove(call)


async def _citizens(hotline: Hotline, numbers: itertools.count[int], dice: random.Random, load: Load) -> None:
    while True:
        await asyncio.sleep(dice.uniform(0.5, 2.0))
        number, line = str(next(numbers)), dice.choice(("12328", "12345"))
        try:
            if dice.random() < GIVES_UP:
                await _gives_up(hotline, number, line)
                load.gave_up += 1
            else:
                await _is_served(hotline, number, line)
                load.served += 1
        except (TimeoutError, AssertionError) as error:
            load.faults.append(f"{number} on {line}: {error!r}")


async def _gives_up(hotline: Hotline, number: str, line: str) -> None:
    """Rings, listens for a second, hangs up."""
    async with SipCaller(hotline.sip, number) as phone:
        call = await phone.call(line, timeout_s=15, source=Silence())
        await call.answered.within(15)
        await call.listen(1.0)
        await call.hang_up()


async def _is_served(hotline: Hotline, number: str, line: str) -> None:
    """Rings, asks for a person by key, waits, talks until the agent hangs up; AssertionError when no agent was heard."""
    async with SipCaller(hotline.sip, number) as phone:
        call = await phone.call(line, timeout_s=15, source=Silence())
        await call.answered.within(15)
        await call.listen(0.2)
        await call.press("0")
        heard_agent = False
        async with asyncio.timeout(LONGEST_STAY_S):
            while not call.ended.is_set():
                heard_agent = heard_agent or level_of(call.heard(0.3), AGENT_HZ) > 3000
                await asyncio.sleep(LOOK_S)
        assert heard_agent, f"the call ended by {call.ended_by} without an agent"

"""The machine's clock jumps while citizens wait: they reach a person as if it had not, and agents stay reachable."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.faults.clocked import FalseClock
from tests.faults.world import CITY
from tests.running.hardware import hardware_agent
from tests.running.instance import Hotline
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.sip.policy import Answer
from tests.sip.rtp import Tone

pytestmark = pytest.mark.asterisk

HOUR_S = 3600
SOON_S = 10.0  # a wait that the clock stops would be over in an hour
MENU_S = 20.0  # the longest that any question of the menu waits, and a notice
CITIZEN_HZ = 500


class Clocked(Hotline):
    """A hotline whose clock the test sets, and where nobody but an agent answers."""

    def __init__(self) -> None:
        super().__init__(CITY.replace("no_agent_s: 5", "no_agent_s: 60").replace("overflow_s: 180", "overflow_s: 0"))
        self.clock = FalseClock(self)

    async def jump(self, to_s: int, then_s: float = 2.0) -> None:
        """The clock is so far off from now on; every part has seen it."""
        self.clock.set(to_s)
        await asyncio.sleep(then_s)


@pytest.fixture(scope="module")
def clocked() -> Iterator[Clocked]:
    """One hotline for all jumps."""
    one = Clocked()
    one.start()
    one.clock.begun()
    try:
        yield one
    finally:
        one.close()
        one.clock.remove()


async def waits(clocked: Clocked, phone: SipCaller, *, presses: bool = True) -> tuple[Call, str]:
    """A citizen who rings and waits, and the call's id."""
    before = await asyncio.to_thread(clocked.callers)
    call = await phone.call("12328", timeout_s=10, source=Tone(CITIZEN_HZ))
    await call.answered.within(10)
    (call_id,) = set(await asyncio.to_thread(clocked.callers)) - set(before)
    if presses:
        await asyncio.sleep(0.3)
        call.press("0")
        await asyncio.sleep(1.0)
    return call, call_id


async def taken(agent: SipCaller, within_s: float = SOON_S) -> tuple[Call, str]:
    """The next call that the agent's telephone has answered, and its id; the citizen is heard."""
    leg = await agent.next_call(within_s)
    await leg.answered.within(5)
    await leg.rtp.hears_tone(CITIZEN_HZ)
    return leg, leg.invite.get("X-Call-Id") or ""


async def test_who_waits_while_the_clock_goes_an_hour_on_and_back_is_served_in_order(clocked: Clocked) -> None:
    """Asterisk would look for an agent again in an hour, and had forgotten the agent's telephone an hour ago."""
    async with (
        hardware_agent(clocked, "agent1", "1001", policy=Answer(0.3)) as agent,
        SipCaller(clocked.sip, "13855730001") as first, SipCaller(clocked.sip, "13855730002") as second,
        SipCaller(clocked.sip, "13855730003") as third, SipCaller(clocked.sip, "13855730004") as silent,
    ):  # fmt: skip
        talk, talk_id = await waits(clocked, first)
        leg, call_id = await taken(agent)
        assert call_id == talk_id
        waiting = [await waits(clocked, second)]
        await clocked.jump(HOUR_S)
        assert "agent-1001/" in await asyncio.to_thread(clocked.asterisk, "pjsip show contacts")
        waiting.append(await waits(clocked, third))
        in_menu = await waits(clocked, silent, presses=False)
        await asyncio.sleep(7.0)  # the question has been heard, its answer is waited for
        await clocked.jump(0)
        await leg.hang_up()
        await talk.wait_ended(5)
        for citizen, wanted in waiting:
            leg, call_id = await taken(agent)
            assert call_id == wanted
            await leg.hang_up()
            await citizen.wait_ended(5)
        leg, call_id = await taken(agent, MENU_S)
        assert call_id == in_menu[1]
        await leg.hang_up()
        await in_menu[0].wait_ended(5)


async def test_who_waits_with_nobody_there_while_the_clock_is_set_back_reaches_the_agent_who_comes(clocked: Clocked) -> None:
    """The dialplan plays music for a second between two trials: for an hour, if nobody ended it."""
    async with SipCaller(clocked.sip, "13855730005") as phone:
        call, wanted = await waits(clocked, phone)
        await clocked.jump(-HOUR_S)
        try:
            async with hardware_agent(clocked, "agent2", "1002", policy=Answer(0.3)) as agent:
                leg, call_id = await taken(agent)
                assert call_id == wanted
                await leg.hang_up()
                await call.wait_ended(5)
        finally:
            clocked.clock.set(0)
    assert clocked.health()["parts"]["watchdog"]["state"] == "up"

"""The bridge is killed, stopped or absent: every caller ends with an agent, and afterwards nothing is missing or wrong."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from tests.running.facts import live_equals_asterisk, stored_call
from tests.running.instance import Hotline
from tests.running.page import AGENT_HZ, Desk, ready_agent
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.sip.rtp import Tone
from tests.sip.tones import silent_ms

pytestmark = pytest.mark.desktop

CITIZEN_HZ = 500
RESCUE_S = 5.0  # design: callers in the menu or waiting reach an agent within 5 s of the bridge's death


async def both_hear_each_other(call: Call, desk: Desk) -> None:
    """Tones arrive on both sides."""
    await desk.hears_tone(CITIZEN_HZ)
    await call.rtp.hears_tone(AGENT_HZ)


async def end_and_check(hotline: Hotline, call: Call, desk: Desk) -> None:
    """The agent ends the call; it is in the list of calls with its agent; the live view equals Asterisk's own."""
    call_id = await desk.call_id()
    await asyncio.to_thread(hotline.wait, hotline.is_ready, 20, "the bridge is back")
    with hotline.api() as api:
        await live_equals_asterisk(hotline, api)
        await desk.page.click("#btn-hangup")
        await call.wait_ended(5)
        await stored_call(api, call_id, state="ended", outcome="answered", agent="1001", recording=True)
        await live_equals_asterisk(hotline, api)


@pytest.mark.parametrize("how", ["killed", "stopped for 10 s"])
async def test_a_caller_in_the_greeting_reaches_an_agent_when_the_bridge_is(hotline: Hotline, tmp_path: Path, how: str) -> None:
    """The watchdog takes the caller out of the dead bridge's hands within 5 s."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855703001") as phone:
        call = await phone.call("12328", source=Tone(CITIZEN_HZ))
        await call.answered.within(5)
        await call.listen(1.0)
        pid = hotline.pid("bridge")
        loop = asyncio.get_running_loop()
        died_at = loop.time()
        hotline.signal("bridge", signal.SIGKILL if how == "killed" else signal.SIGSTOP)
        try:
            await desk.state("ringing", 15)
            assert loop.time() - died_at < RESCUE_S
            await desk.answer()
            await both_hear_each_other(call, desk)
        finally:
            if how != "killed":
                await asyncio.sleep(max(0.0, died_at + 10 - loop.time()))
                hotline.signal("bridge", signal.SIGCONT)
        assert (hotline.pid("bridge") == pid) is (how != "killed")
        await end_and_check(hotline, call, desk)


async def test_a_caller_rescued_from_the_greeting_is_left_in_peace_when_the_bridge_goes_away_again(
    hotline: Hotline, tmp_path: Path
) -> None:
    """Who talks is in nobody's hands: a bridge away for 5 s does not make the watchdog pull the caller out of the talk."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855703005") as phone:
        call = await phone.call("12345", source=Tone(CITIZEN_HZ))
        await call.answered.within(5)
        await call.listen(1.0)
        hotline.signal("bridge", signal.SIGKILL)
        await desk.answer()
        await both_hear_each_other(call, desk)
        await asyncio.to_thread(hotline.wait, hotline.is_ready, 20, "the bridge is back")
        await asyncio.to_thread(hotline.stop, "bridge")
        try:
            await call.listen(5.0)
            assert silent_ms(call.heard(4.8)) < 100
            await both_hear_each_other(call, desk)
        finally:
            await asyncio.to_thread(hotline.start_again, "bridge")
        await end_and_check(hotline, call, desk)


async def test_a_caller_in_the_queue_reaches_an_agent_when_the_bridge_is_killed(hotline: Hotline, tmp_path: Path) -> None:
    """Asterisk keeps the place in the queue: behind another caller's talk, music all along, then the agent."""
    async with (
        ready_agent(hotline, tmp_path) as desk,
        SipCaller(hotline.sip, "13855703006") as first_phone,
        SipCaller(hotline.sip, "13855703002") as phone,
    ):
        first = await first_phone.call("12328")
        await desk.answer()
        call = await phone.call("12345", source=Tone(CITIZEN_HZ))
        await call.answered.within(5)
        await asyncio.to_thread(hotline.wait, lambda: "has 1 calls (" in hotline.asterisk("queue show hotline"), 15, "queued")
        hotline.signal("bridge", signal.SIGKILL)
        await call.listen(2.5)
        assert silent_ms(call.heard(2.0)) < 400, "the music goes on"
        await first.hang_up()
        await desk.answer()
        await both_hear_each_other(call, desk)
        await end_and_check(hotline, call, desk)


async def test_a_caller_who_talks_notices_nothing_when_the_bridge_is_killed(hotline: Hotline, tmp_path: Path) -> None:
    """The voice never depends on us."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855703003") as phone:
        call = await phone.call("12328", source=Tone(CITIZEN_HZ))
        await desk.answer()
        await call.listen(1.5)
        hotline.signal("bridge", signal.SIGKILL)
        await call.listen(4.0)
        assert silent_ms(call.heard(3.8)) < 100
        await both_hear_each_other(call, desk)
        await end_and_check(hotline, call, desk)


async def test_a_caller_who_comes_while_there_is_no_bridge_is_answered_and_later_listed(hotline: Hotline, tmp_path: Path) -> None:
    """Greeting, queue, agent, talk and end without any bridge; on its return the call is in the list, whole."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855703004") as phone:
        await asyncio.to_thread(hotline.stop, "bridge")
        try:
            await asyncio.sleep(2.5)  # the watchdog sees the counter stand still
            call = await phone.call("12345", source=Tone(CITIZEN_HZ))
            await desk.answer()
            call_id = await desk.call_id()
            await both_hear_each_other(call, desk)
            await desk.page.keyboard.press("Alt+X")
            await call.wait_ended(5)
        finally:
            await asyncio.to_thread(hotline.start_again, "bridge")
        await asyncio.to_thread(hotline.wait, hotline.is_ready, 20, "the bridge is back")
        with hotline.api() as api:
            stored = await stored_call(api, call_id, state="ended", outcome="answered", agent="1001", line="12345", recording=True)
            assert stored["caller"] == "13855703004"
            await live_equals_asterisk(hotline, api)

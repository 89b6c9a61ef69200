"""Redis, the relay, the desk or Asterisk dies while an agent works: what goes on, what comes back by itself."""

from __future__ import annotations

import asyncio
import re
import signal
from pathlib import Path

import pytest
from playwright.async_api import WebSocketRoute, expect

from ami_bridge.jumps import kept
from ami_bridge.telephones import CONTACTS
from tests.running.facts import live_equals_asterisk, stored_call
from tests.running.instance import Hotline
from tests.running.page import AGENT_HZ, Agents, ready_agent
from tests.running.switchboard import Switchboard
from tests.sip.agent import SipCaller
from tests.sip.rtp import Tone
from tests.sip.tones import silent_ms

pytestmark = pytest.mark.desktop

CITIZEN_HZ = 500


async def back(hotline: Hotline) -> None:
    """Every part is up again."""
    await asyncio.to_thread(hotline.wait, hotline.is_ready, 30, "every part is back")


async def test_a_caller_who_talks_notices_nothing_when_one_part_after_the_other_is_killed(hotline: Hotline, tmp_path: Path) -> None:
    """The sound goes on, each part comes back, the page finds it again, and both ends still end the call."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855708001") as phone:
        call = await phone.call("12328", source=Tone(CITIZEN_HZ))
        await desk.answer()
        call_id = await desk.call_id()
        await call.listen(1.5)
        for part in ("redis", "desk", "relay", "worker"):
            hotline.signal(part, signal.SIGKILL)
            await call.listen(3.0)
            assert silent_ms(call.heard(2.8)) < 100, part
            await back(hotline)
            await expect(desk.page.locator("#link-state")).to_have_attribute("data-state", "connected", timeout=15_000)
            await expect(desk.page.locator("#phone-state")).to_have_attribute("data-state", "registered", timeout=15_000)
            await desk.hears_tone(CITIZEN_HZ)
            await call.rtp.hears_tone(AGENT_HZ)
        await call.hang_up()
        await desk.state("ready", 15)
        with hotline.api() as api:
            await stored_call(api, call_id, state="ended", ended_by="caller", recording=True)
            await live_equals_asterisk(hotline, api)


async def test_a_caller_reaches_the_duty_telephone_when_the_relay_is_gone_and_an_agent_when_it_is_back(
    hotline: Hotline, tmp_path: Path
) -> None:
    """No page can be rung: duty after 5 s; the relay back: pages register by themselves and ring again."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855708002") as phone:
        await asyncio.to_thread(hotline.stop, "relay")
        try:
            call = await phone.call("12328")
            await asyncio.to_thread(hotline.wait, lambda: "@duty" in hotline.asterisk("core show channels"), 25, "duty rings")
            await call.hang_up()
        finally:
            await asyncio.to_thread(hotline.start_again, "relay")
        await expect(desk.page.locator("#phone-state")).to_have_attribute("data-state", "registered", timeout=15_000)
        again = await phone.call("12328", source=Tone(CITIZEN_HZ))
        await desk.answer()
        await desk.page.click("#btn-hangup")
        await again.wait_ended(5)


async def test_an_agent_who_answers_while_the_relay_is_away_talks_when_it_is_back(hotline: Hotline, tmp_path: Path) -> None:
    """The ring outlives its websocket: the answer goes out over the next one, and nobody has missed a call."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855708004") as phone:
        call = await phone.call("12328", source=Tone(CITIZEN_HZ))
        await desk.state("ringing", 25)
        hotline.signal("relay", signal.SIGKILL)
        await expect(desk.page.locator("#phone-state")).not_to_have_attribute("data-state", "registered", timeout=5_000)
        await desk.page.click("#btn-answer")
        await desk.state("talking", 18)
        await call.rtp.hears_tone(AGENT_HZ)
        await call.hang_up()
        await back(hotline)


async def test_a_caller_dropped_by_a_killed_asterisk_is_listed_and_the_next_one_is_answered(
    hotline: Hotline, tmp_path: Path
) -> None:
    """The drop cannot be helped on one node; the call is listed as lost with its sound, and service resumes by itself."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855708003") as phone:
        call = await phone.call("12345", source=Tone(CITIZEN_HZ))
        await desk.answer()
        call_id = await desk.call_id()
        await call.listen(4.0)
        hotline.signal("asterisk", signal.SIGKILL)
        await asyncio.to_thread(hotline.wait, lambda: not hotline.is_ready(), 5, "health tells the loss")
        await back(hotline)
        with hotline.api() as api:
            await stored_call(api, call_id, state="ended", caller="13855708003", recording=True)
            await live_equals_asterisk(hotline, api)
        await expect(desk.page.locator("#phone-state")).to_have_attribute("data-state", "registered", timeout=20_000)
        await desk.state("ready", 30)
        again = await phone.call("12345", source=Tone(CITIZEN_HZ))
        await desk.answer()
        await desk.hears_tone(CITIZEN_HZ)
        await desk.page.click("#btn-hangup")
        await again.wait_ended(5)


async def test_a_page_that_asterisk_has_forgotten_registers_again_by_itself(hotline: Hotline, tmp_path: Path) -> None:
    """Its clock jumped, or its database lost the registration: the websocket is up, and nobody tells the page but the live view."""
    async with (
        ready_agent(hotline, tmp_path) as desk, Switchboard(hotline) as board, SipCaller(hotline.sip, "13855708005") as phone,
    ):  # fmt: skip

        async def contact() -> tuple[str, str]:
            lines = await board.console(f"database show {CONTACTS}")
            key, _, told = next((line for line in lines if "agent-1001;@" in line), "").partition(":")
            return key.strip().rpartition("/")[2], told.strip()

        key, told = await contact()
        await board.action("DBPut", ("Family", CONTACTS), ("Key", key), ("Val", kept(told, -3600.0)))
        await board.console("channel originate PJSIP/agent-1001 application Wait 1")  # looked for, and forgotten
        assert await contact() == ("", "")
        async with asyncio.timeout(10):
            while not (await contact())[0]:  # noqa: ASYNC110 - Asterisk's word
                await asyncio.sleep(0.2)
        await desk.state("ready")
        call = await phone.call("12328", source=Tone(CITIZEN_HZ))
        await desk.answer()
        await desk.hears_tone(CITIZEN_HZ)
        await desk.page.click("#btn-hangup")
        await call.wait_ended(5)


async def test_a_page_whose_telephone_opens_and_gets_no_answer_opens_another_one(hotline: Hotline, tmp_path: Path) -> None:
    """As while Asterisk starts: it takes the websocket before it can answer. JsSIP alone would wait for 32 s."""
    opened: list[WebSocketRoute] = []

    def route(socket: WebSocketRoute) -> None:
        opened.append(socket)
        if len(opened) > 1:
            socket.connect_to_server()

    async with Agents(hotline, tmp_path) as agents:
        desk = await agents.browser()
        await desk.page.route_web_socket(re.compile("/sip"), route)
        await desk.enter("agent1")
        await expect(desk.page.locator("#phone-state")).to_have_attribute("data-state", "registered", timeout=15_000)
    assert len(opened) == 2

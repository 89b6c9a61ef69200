"""A page's network vanishes in a talk without a word: the page notices, says so, and is there again by itself; the talk goes on."""

from __future__ import annotations

import asyncio
from copy import copy
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.running.cable import Cable
from tests.running.instance import Hotline
from tests.running.page import AGENT_HZ, Agents
from tests.sip.agent import SipCaller
from tests.sip.rtp import Tone
from tests.sip.tones import silent_ms

pytestmark = pytest.mark.campaign

CITIZEN_HZ = 500
NOTICED_MS = 30_000  # 25 s, a look each second, a busy machine
BACK_MS = 20_000  # 6 s until an opening is given up, up to 5 s until the next one


async def test_a_page_whose_cable_is_pulled_says_so_and_comes_back_by_itself_and_the_talk_goes_on(
    hotline: Hotline, tmp_path: Path
) -> None:
    """Hub and telephone alike; sound has a way of its own and never stops; afterwards the page's button ends the talk."""
    async with Cable(hotline.settings.http_port) as cable, SipCaller(hotline.sip, "13855704101") as phone:
        behind = copy(hotline)
        behind.origin = cable.origin
        async with Agents(behind, tmp_path) as agents:
            desk = await agents.desk("agent1")
            await desk.become_ready()
            call = await phone.call("12328", source=Tone(CITIZEN_HZ))
            await desk.answer()
            link, telephone = desk.page.locator("#link-state"), desk.page.locator("#phone-state")
            before = len(call.heard())
            cable.pull()
            await asyncio.gather(
                expect(link).to_have_attribute("data-state", "down", timeout=NOTICED_MS),
                expect(telephone).not_to_have_attribute("data-state", "registered", timeout=NOTICED_MS),
            )
            await expect(desk.page.locator("#notice")).not_to_be_empty()
            assert not call.ended.is_set()
            cable.mend()
            await expect(link).to_have_attribute("data-state", "connected", timeout=BACK_MS)
            await expect(telephone).to_have_attribute("data-state", "registered", timeout=BACK_MS)
            await desk.hears_tone(CITIZEN_HZ)
            await call.rtp.hears_tone(AGENT_HZ)
            assert silent_ms(call.heard()[before:]) < 300
            await desk.page.click("#btn-hangup")
            await call.wait_ended(5)
            assert call.ended_by == "them"
            await desk.state("ready", 15)

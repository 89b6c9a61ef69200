"""One telephone for each agent: a second tab is told so, takes it over only after asking, and never out of a talk."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.running.instance import Hotline
from tests.running.page import AGENT_HZ, Desk, asks_for_a_person, ready_agent
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.desktop

CITIZEN_HZ = 500


async def test_a_second_tab_takes_the_telephone_over_after_asking_and_never_out_of_a_talk(hotline: Hotline, tmp_path: Path) -> None:
    """It looks on at first; asked in a talk the other says no and talks on; afterwards it hands over; closed, it gives back."""
    async with ready_agent(hotline, tmp_path) as first, SipCaller(hotline.sip, "13855709401") as phone:
        second = Desk(await first.page.context.new_page(), hotline)
        await second.open("elsewhere")
        await expect(second.page.locator("#notice")).to_contain_text("本页现在不接电话")
        await expect(second.page.locator("#btn-answer")).to_be_disabled()
        await expect(first.page.locator("#phone-state")).to_have_attribute("data-state", "registered")

        call = await asks_for_a_person(phone, "12328", CITIZEN_HZ)
        await first.answer()
        await second.page.click("#btn-take-over")
        await expect(second.page.locator("#notice, #state-hint").filter(has_text="另一页面正在通话").first).to_be_visible()
        await first.state("talking")
        await first.hears_tone(CITIZEN_HZ)
        await call.rtp.hears_tone(AGENT_HZ)
        await call.hang_up()
        await first.state("ready", 15)

        await second.page.click("#btn-take-over")
        await expect(second.page.locator("#phone-state")).to_have_attribute("data-state", "registered")
        await expect(first.page.locator("#phone-state")).to_have_attribute("data-state", "elsewhere")
        again = await asks_for_a_person(phone, "12345", CITIZEN_HZ)
        await second.answer()
        await second.hears_tone(CITIZEN_HZ)
        await again.hang_up()
        await second.state("ready", 15)
        await second.page.close()
        await expect(first.page.locator("#phone-state")).to_have_attribute("data-state", "registered", timeout=15_000)

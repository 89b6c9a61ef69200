"""A citizen who withholds the number: the agent sees it, and sees that it is withheld."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.running.instance import Hotline
from tests.running.page import ready_agent
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.desktop


async def test_an_agent_sees_the_number_that_the_network_asserts_and_that_the_citizen_withholds_it(
    hotline: Hotline, tmp_path: Path
) -> None:
    """From says anonymous, the trusted trunk says who; from the ring to the talk, and in the course of the call."""
    asserted = (("P-Asserted-Identity", "<tel:+8613855704321>"), ("Privacy", "id"))
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "anonymous") as phone:
        call = await phone.call("12345", headers=asserted)
        await call.answered.within(5)
        await call.listen(0.3)
        call.press("0")
        await desk.state("ringing", 25)
        await expect(desk.page.locator("#ticket-number")).to_have_text("13855704321")
        await expect(desk.page.locator("#ticket-withheld")).to_have_text("号码保密：市民要求不公开")
        await desk.answer()
        await expect(desk.page.locator("#ticket-number")).to_have_text("13855704321")
        await expect(desk.page.locator("#timeline")).to_contain_text("市民拨通 12345（号码保密）")
        await desk.screenshot(Path(os.environ.get("HOTLINE_TEST_PICTURES", tmp_path)) / "withheld.png")
        await call.hang_up()

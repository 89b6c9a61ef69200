"""A citizen who was here before calls again: who, from where, by which keys, with which orders, stands there while it rings."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.running.instance import Hotline
from tests.running.page import ready_agent
from tests.sip.agent import SipCaller
from tests.sip.rtp import Tone

pytestmark = pytest.mark.desktop

MATTER = {"klass": "complaint", "title": "出租车拒载", "text": "请回电。"}
MAKE = """async (content) => {
  const headers = {'X-Hotline': '1', 'Content-Type': 'application/json'};
  const answer = await fetch('/api/tickets', {method: 'POST', headers, body: JSON.stringify({content, act: '', facts: {}})});
  return (await answer.json()).number;
}"""


async def test_while_it_rings_the_page_tells_place_keys_and_the_orders_of_both_lines(hotline: Hotline, tmp_path: Path) -> None:
    """Keys 1 and 0 in the menu of 12328; one order of each line; the order opens in a page of its own."""
    pictures = Path(os.environ.get("HOTLINE_TEST_PICTURES", tmp_path))
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855700991") as phone:
        page = desk.page
        first = await page.evaluate(MAKE, {**MATTER, "line": "12328", "field": "city_passenger", "number": phone.user})
        second = await page.evaluate(MAKE, {**MATTER, "line": "12345", "field": "urban", "number": "138 5570 0991"})
        call = await phone.call("12328", source=Tone(500))
        await call.answered.within(5)
        await call.listen(0.3)
        await call.press("1")
        await call.listen(1.5)
        await call.press("0")
        await desk.state("ringing", 25)
        await expect(page.locator("#ticket-place")).to_have_text("安徽省宿州市")
        await expect(page.locator("#ticket-menu")).to_have_text("1 铁路 › 0 人工")
        rows = page.locator("#ticket-tickets li")
        await expect(rows).to_have_count(2)
        assert [await rows.nth(n).get_attribute("data-number") for n in (0, 1)] == [second, first]
        await expect(rows.nth(0).locator(".line")).to_have_attribute("data-line", "12345")
        await expect(rows.nth(0)).to_contain_text("草稿")
        await expect(page.locator("#ticket-repeat")).to_have_attribute("data-shown", "false")
        await desk.screenshot(pictures / "pop.png")
        async with page.context.expect_page() as opened:
            await rows.nth(1).locator("a").click()
        order = await opened.value
        await expect(order.locator("#one-number")).to_have_text(re.compile(first))
        await desk.page.bring_to_front()
        await page.keyboard.press("Alt+A")
        await desk.state("talking")
        await page.keyboard.press("Alt+X")
        await call.wait_ended(5)
        await expect(page.locator("#ticket-menu")).to_have_text("1 铁路 › 0 人工")

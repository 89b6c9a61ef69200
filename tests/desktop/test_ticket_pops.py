"""A citizen who was here before calls again: who, from where, by which keys, with which orders, stands there while it rings."""

from __future__ import annotations

import asyncio
import os
import re
import time
from pathlib import Path

import pytest
from playwright.async_api import expect

from agent_desktop.rights import load_rights
from hotline_core.adapters.engine import make_engine
from hotline_core.settings import load_city
from tests.running.instance import Hotline
from tests.running.page import asks_for_a_person, ready_agent
from tests.sip.agent import SipCaller
from tests.sip.rtp import Tone
from tickets.laws import TicketLaws
from tickets.life import Actor
from tickets.policy import load_policy
from tickets.store.orders import Orders
from tickets.ticket import Content

pytestmark = pytest.mark.desktop

MATTER = {"klass": "complaint", "title": "出租车拒载", "text": "请回电。"}
MAKE = """async (content) => {
  const headers = {'X-Hotline': '1', 'Content-Type': 'application/json'};
  const answer = await fetch('/api/tickets', {method: 'POST', headers, body: JSON.stringify({content, act: '', facts: {}})});
  return (await answer.json()).number;
}"""
# The mark of the line beside the number: its corners, and its colour.
MARK = """() => {
  const style = getComputedStyle(document.querySelector('#ticket-line .line'), '::before');
  return [style.borderRadius, style.backgroundColor];
}"""
DAY_S = 86_400.0


def raised_long_ago(hotline: Hotline, number: str) -> str:
    """A complaint of this citizen, taken on eight days ago and not over; its number."""
    settings, then = hotline.settings, time.time() - 8 * DAY_S
    policy = load_policy(settings.home, load_city(settings.city_file))
    clerk = Actor("clerk1", "clerk", load_rights().acts_of("clerk"))
    content = Content(line="12328", klass="complaint", field="city_passenger", title="站台无照明", text="看不清。", number=number)
    engine = make_engine(settings.tickets_url, durable=True)
    try:
        ticket = Orders(engine, TicketLaws()).create(
            content, by="clerk1", role="clerk", now=then, policy=policy, acts=(("accept", {}),), actor=clerk
        )
    finally:
        engine.dispose()
    return ticket.number


async def test_while_it_rings_the_page_tells_place_keys_and_the_orders_of_both_lines(hotline: Hotline, tmp_path: Path) -> None:
    """Keys 1 and 0 in the menu of 12328; one order of each line; the order opens in a page of its own.

    The next call, on 12345, bears the other line's mark, and names the matter of eight days ago that is not over as a repeat.
    """
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
        await desk.state("ready", 15)

        marks = [await page.evaluate(MARK)]
        old = await asyncio.to_thread(raised_long_ago, hotline, phone.user)
        again = await asks_for_a_person(phone, "12345")
        await desk.state("ringing", 25)
        await expect(page.locator("#ticket-line .line")).to_have_attribute("data-line", "12345")
        await expect(rows).to_have_count(3)
        repeat = page.locator("#ticket-repeat")
        await expect(repeat).to_have_attribute("data-shown", "true")
        await expect(repeat).to_contain_text("疑似重复")
        await expect(repeat).to_contain_text("提出已过 6 天未办结")
        await expect(repeat.locator("a")).to_have_attribute("href", f"/tickets/{old}")
        marks.append(await page.evaluate(MARK))
        for of_12328, of_12345 in zip(*marks, strict=True):
            assert of_12328 != of_12345, "the lines differ by shape and by colour"
        await again.hang_up()
        await desk.state("ready", 15)

"""The page of history in a real Chromium: a call and its ticket are found again by number, name and word, by keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.running.instance import Hotline
from tests.running.page import ready_agent
from tests.running.ticket_pages import made, officer
from tests.sip.agent import SipCaller
from tests.sip.rtp import Tone

pytestmark = pytest.mark.desktop
NUMBER = "13855741234"


async def test_a_supervisor_finds_a_call_and_a_ticket_again_and_opens_both_by_keyboard(hotline: Hotline, tmp_path: Path) -> None:
    """By the beginning of the number, then by a word; the call opens under its row, the ticket in its own page."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, NUMBER) as phone:
        call = await phone.call("12328", source=Tone(500))
        await desk.answer()
        call_id = await desk.call_id()
        await call.hang_up()
        await desk.state("ready", 15)
        browser = desk.page.context.browser
        clerk = await officer(browser, hotline, "clerk1")
        matter = ("12345", "complaint", "urban", "south", "灯箱伸出人行道挡住盲道", {"name": "欧阳先生", "number": NUMBER})
        (number,) = await made(clerk, matter)

        lead = await officer(browser, hotline, "supervisor1")
        page, keys = lead.page, lead.page.keyboard
        await lead.open("/history")
        rows = page.locator("#history tr[data-kind]")
        await expect(page.locator("#filter-q")).to_be_focused()
        await keys.type("138 5574 12")
        await expect(rows).to_have_count(2)
        await expect(rows.first).to_have_attribute("data-number", number)
        await keys.press("ArrowDown")
        await keys.press("ArrowDown")
        await keys.press("Enter")
        opened = page.locator(f"tr[data-call-id='{call_id}']")
        await expect(opened).to_have_attribute("data-open", "true")
        await expect(page.locator("tr.detail .timeline")).to_contain_text("接听")
        await keys.press("Escape")
        await expect(page.locator("#filter-q")).to_be_focused()
        for words in ("欧阳", "灯箱 盲道"):
            await page.fill("#filter-q", words)
            await expect(rows).to_have_count(1)
            await expect(rows.first).to_have_attribute("data-number", number)
        await page.select_option("[name=what]", "undone=true")
        await expect(rows).to_have_count(1)
        await page.select_option("[name=what]", "stage=archived")
        await expect(page.locator("#history tr.none")).to_contain_text("没有找到")
        await page.select_option("[name=what]", "undone=true")
        await expect(rows).to_have_count(1)
        await page.focus("#filter-q")
        await keys.press("ArrowDown")
        async with page.context.expect_page() as opening:
            await keys.press("Enter")
        assert f"/tickets/{number}" in (await opening.value).url

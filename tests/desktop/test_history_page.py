"""The page of history in a real Chromium: a call and its ticket are found again by number, name and word, by keyboard alone."""

from __future__ import annotations

import re
import time
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect
from sqlalchemy import insert

from hotline_core.adapters.calls_schema import CALLS
from hotline_core.adapters.engine import make_engine, writing
from hotline_core.domain.records import CallRow
from tests.running.facts import stored_call
from tests.running.instance import Hotline
from tests.running.page import Agents, ready_agent
from tests.running.ticket_pages import made, officer
from tests.sip.agent import SipCaller
from tests.sip.rtp import Tone

pytestmark = pytest.mark.desktop
NUMBER = "13855741234"
OWN_DAY = (("answered", "^[1-9][0-9]* 通$"), ("average_talk_s", r"^\d+:\d\d$"), ("average_after_call_s", r"^\d+:\d\d$"))
PAGE = 50  # rows at once (history.js)
SHANGHAI, DAY = ZoneInfo("Asia/Shanghai"), timedelta(days=1)


async def test_a_supervisor_finds_a_call_and_a_ticket_again_and_opens_both_by_keyboard(hotline: Hotline, tmp_path: Path) -> None:
    """By the beginning of the number, then by a word; the call opens under its row, the ticket in its own page."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, NUMBER) as phone:
        call = await phone.call("12328", source=Tone(500))
        await desk.answer()
        call_id = await desk.call_id()
        await call.listen(1.0)
        await call.hang_up()
        await desk.state("ready", 15)
        with hotline.api() as api:
            await stored_call(api, call_id, recording=True)
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
        for line, kind in (("12328", "call"), ("12345", "ticket")):
            await page.select_option("[name=line]", line)
            await expect(rows).to_have_count(1)
            await expect(rows.first).to_have_attribute("data-kind", kind)
        await page.select_option("[name=line]", "")
        today = datetime.now(SHANGHAI).date()
        for name, day, count in (("from", today, 2), ("from", today + DAY, 0), ("to", today, 2), ("to", today - DAY, 0)):
            await page.fill(f"#filters [name={name}]", day.isoformat())
            await expect(rows).to_have_count(count)
            await page.fill(f"#filters [name={name}]", "")
            await expect(rows).to_have_count(2)
        await page.focus("#filter-q")
        await keys.press("ArrowDown")
        await keys.press("ArrowDown")
        await keys.press("Enter")
        opened = page.locator(f"tr[data-call-id='{call_id}']")
        await expect(opened).to_have_attribute("data-open", "true")
        await expect(page.locator("tr.detail .timeline")).to_contain_text("接听")
        player = page.locator("tr.detail .player")
        await player.locator(".why select").select_option("recheck")
        await player.locator("[data-do=open]").click()
        await page.wait_for_function("() => [...document.querySelectorAll('audio')].some(sound => sound.currentTime > 0.2)")
        await opened.locator("button.open").focus()
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

        own = await desk.page.context.new_page()
        await own.goto(f"{hotline.origin}/history?mine=1")
        await expect(own.locator("#history tr.call").first).to_have_attribute("data-call-id", call_id)
        for name, words in OWN_DAY:
            await expect(own.locator(f"#own-day [data-figure={name}] dd")).to_have_text(re.compile(words))


async def test_more_than_a_page_of_calls_is_fetched_by_a_press_without_a_row_twice(hotline: Hotline, tmp_path: Path) -> None:
    """Fifty at once, the newest first; then the rest below, and no more to be pressed."""
    began = time.time() - 90 * 86_400
    calls = [
        CallRow(f"h1-300.{n}", "12345", f"1995581{n:04d}", "12345", "ended", at, at + 1, None, at + 9, outcome="abandoned")
        for n in range(PAGE + 7) for at in (began + n,)
    ]  # fmt: skip
    with writing(engine := make_engine(hotline.settings.calls_url)) as connection:
        connection.execute(insert(CALLS), [asdict(each) for each in calls])
    engine.dispose()
    async with Agents(hotline, tmp_path) as agents:
        lead = await officer((await agents.browser()).page.context.browser, hotline, "supervisor1")
        page = lead.page
        await lead.open("/history")
        await page.fill("#filter-q", "1995581")
        rows = page.locator("#history tr[data-kind]")
        await expect(rows).to_have_count(PAGE)
        await expect(rows.first).to_have_attribute("data-call-id", calls[-1].call_id)
        await page.press("#btn-more", "Enter")
        await expect(rows).to_have_count(PAGE + 7)
        await expect(page.locator("#btn-more")).to_be_disabled()
        shown = await rows.evaluate_all("rows => rows.map(row => row.dataset.callId)")
        assert shown == [call.call_id for call in reversed(calls)]

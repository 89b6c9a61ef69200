"""What is known, in a real Chromium: a supervisor writes it, an agent finds it in a call and puts it into the record, by keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.running.instance import Hotline
from tests.running.page import ready_agent
from tests.running.ticket_pages import officer
from tests.sip.agent import SipCaller
from tests.sip.rtp import Tone

pytestmark = pytest.mark.desktop


async def types(page: Page, **fields: str) -> None:
    """Into the open form, then saved by key."""
    for name, value in fields.items():
        await page.fill(f"#edit-form [name={name}]", value)
    await page.keyboard.press("Control+Enter")


async def test_what_a_supervisor_writes_an_agent_finds_in_a_call_and_puts_into_the_record(hotline: Hotline, tmp_path: Path) -> None:
    """The record keeps what was typed before and saves itself; the sheet makes room for the directory; a later version is read."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855751234") as citizen:
        browser = desk.page.context.browser
        lead = await officer(browser, hotline, "supervisor1")
        await lead.open("/knowledge")
        await expect(lead.page.locator("#page-count")).not_to_be_empty()
        await lead.page.evaluate("document.activeElement?.blur()")
        await lead.page.keyboard.press("n")
        await types(lead.page, title="", text="轮渡票价单程两元。")
        await expect(lead.page.locator("#edit-error")).to_contain_text("标题")
        await types(lead.page, title="轮渡票价", keywords="过江 摆渡", until="2035-12-31", note="初稿")
        await expect(lead.page.locator("#page-article")).to_contain_text("单程两元")

        call = await citizen.call("12328", source=Tone(500))
        await desk.answer()
        page, keys = desk.page, desk.page.keyboard
        await page.fill("#draft-text", "市民问过江要多少钱")
        await keys.press("Alt+.")
        await keys.type("摆渡")
        await expect(page.locator("#knowledge-rows [aria-selected=true]")).to_contain_text("轮渡票价")
        await keys.press("Enter")
        await expect(page.locator("#knowledge-article")).to_contain_text("单程两元")
        await expect(page.locator("#knowledge-article")).to_contain_text("有效至 2035年12月31日")
        await keys.press("Control+Enter")
        await expect(page.locator("#draft-text")).to_have_value("市民问过江要多少钱\n【轮渡票价】轮渡票价单程两元。\n")
        await expect(page.locator("#draft-state")).to_have_attribute("data-state", "saved")
        await keys.press("Escape")
        await expect(page.locator("#knowledge-q")).to_be_focused()
        await keys.press("Alt+Z")
        await expect(page.locator("#knowledge")).to_have_attribute("data-open", "false")
        await expect(page.locator("#transfer-search")).to_be_focused()

        await lead.page.click("#btn-edit")
        await types(lead.page, text="轮渡票价单程三元。", note="2027 年起调价")
        await expect(lead.page.locator("#page-article")).to_contain_text("单程三元")
        await lead.page.click("#versions summary")
        await expect(lead.page.locator("#version-rows li")).to_have_count(2)
        await keys.press("Alt+.")
        await page.fill("#knowledge-q", "dpj")
        await page.fill("#knowledge-q", "ldpj")
        await expect(page.locator("#knowledge-rows [aria-selected=true]")).to_contain_text("单程三元")
        await call.hang_up()


async def test_two_who_change_the_same_article_never_overwrite_each_other_unseen(hotline: Hotline, tmp_path: Path) -> None:
    """The second one is shown what the first one saved, keeps what was typed, and decides; a withdrawn one is found no more."""
    async with ready_agent(hotline, tmp_path) as desk:
        browser = desk.page.context.browser
        one, other = [await officer(browser, hotline, login) for login in ("supervisor1", "admin1")]
        await one.open("/knowledge")
        await one.page.click("#btn-new")
        await types(one.page, title="泊位计时", text="首小时免费。")
        await expect(one.page.locator("#page-article")).to_contain_text("首小时免费")
        await other.open("/knowledge")
        await other.page.fill("#page-q", "泊位计时")
        await expect(other.page.locator("#page-article h2")).to_contain_text("泊位计时")
        await other.page.click("#btn-edit")
        await one.page.click("#btn-edit")
        await types(one.page, text="前两小时免费。")
        await expect(one.page.locator("#page-article")).to_contain_text("前两小时免费")
        await types(other.page, text="首小时五元。")
        await expect(other.page.locator("#edit-other")).to_contain_text("前两小时免费")
        await expect(other.page.locator("#edit-form [name=text]")).to_have_value("首小时五元。")
        await other.page.keyboard.press("Control+Enter")
        await expect(other.page.locator("#page-article")).to_contain_text("首小时五元")
        for _ in range(2):
            await other.page.click("#btn-withdraw")
        await expect(other.page.locator("#page-rows .none")).to_be_visible()
        await other.page.select_option("[name=kept]", "withdrawn")
        await expect(other.page.locator("#page-rows [aria-selected=true]")).to_contain_text("泊位计时")

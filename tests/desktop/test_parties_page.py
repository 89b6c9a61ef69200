"""The directory's page in a real browser: what a supervisor changes is in an open desk at once, with no restart and no reload."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.running.instance import Hotline
from tests.running.page import Agents
from tests.running.ticket_pages import officer

pytestmark = pytest.mark.desktop

KEY, NAME, NEW_NAME, NUMBER = "ferry_watch", "轮渡值班室", "轮渡调度室", "05573029912"


async def test_a_unit_that_a_supervisor_adds_renames_and_takes_out_is_so_in_an_open_desk_at_once(
    hotline: Hotline, tmp_path: Path
) -> None:
    """Added by keyboard alone; hours that nobody can read are told in their place; the agent types what to look for once."""
    async with Agents(hotline, tmp_path) as agents:
        desk = await agents.browser()
        await desk.enter("agent3")
        await desk.page.fill("#transfer-search", "轮渡")
        offered = desk.page.locator(f"#transfer-list li[data-key='party-{KEY}']")
        await expect(offered).to_have_count(0)
        lead = await officer(desk.page.context.browser, hotline, "supervisor1")
        page, keys = lead.page, lead.page.keyboard
        await lead.open("/parties")
        await expect(page.locator("#parties tr[data-party]").first).to_be_visible()
        await page.press("#btn-add", "Enter")
        await expect(page.locator("#edit-form [name=key]")).to_be_focused()
        await keys.type(KEY)
        await keys.press("Tab")
        await keys.type(NAME)
        await keys.press("Tab")
        await keys.press("Tab")
        await keys.type("0557-3029912")
        await keys.press("Tab")
        await keys.type("周一到周五")
        await page.press("#btn-save", "Enter")
        await expect(page.locator("#edit-error")).to_contain_text("周一到周五")
        await page.fill("#edit-form [name=hours]", "1-5 08:30-17:30")
        await page.press("#btn-save", "Enter")
        row = page.locator(f"#parties tr[data-party={KEY}]")
        await expect(row).to_contain_text(NAME)
        await expect(row).to_contain_text(NUMBER)
        await expect(offered).to_contain_text(NAME)
        await expect(offered).to_contain_text(NUMBER)

        await row.locator("[data-act=change]").press("Enter")
        await page.fill("#edit-form [name=name]", NEW_NAME)
        await page.press("#btn-save", "Enter")
        await expect(row).to_contain_text(NEW_NAME)
        await expect(offered).to_contain_text(NEW_NAME)
        await expect(desk.page.locator("#transfer-search")).to_have_value("轮渡")
        for _ in range(2):  # asked once more before it acts
            await row.locator("[data-act=remove]").click()
        await expect(row).to_have_count(0)
        await expect(offered).to_have_count(0)

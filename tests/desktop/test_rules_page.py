"""The page of rules in a real browser: an administrator chooses which profile a line has from a day on, and takes it back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.running.instance import Hotline
from tests.running.page import Agents
from tests.running.ticket_pages import choose_profile, officer

pytestmark = pytest.mark.desktop


async def test_an_administrator_chooses_a_profile_for_a_later_day_takes_it_back_and_chooses_one_for_today(
    hotline: Hotline, tmp_path: Path
) -> None:
    """The sentence tells beforehand what becomes of it; a mistake is told beside the form; the others only read."""
    async with Agents(hotline, tmp_path) as agents:
        browser = (await agents.browser()).page.context.browser
        assert browser is not None
        admin, lead = [await officer(browser, hotline, login) for login in ("admin1", "supervisor1")]
        page = admin.page
        await admin.open("/rules")
        usual = page.locator("#profiles .profile", has_text="12345")
        own = str(await usual.get_attribute("data-profile")).split("@")[0]
        begins = await choose_profile(page, "12345", "sd-jinan", days=30)
        row = page.locator("#choices tr[data-line='12345']")
        await expect(row).to_contain_text(begins)
        await expect(row).to_have_attribute("data-state", "comes")
        await expect(page.locator("#choice-meaning")).to_contain_text("已经登记的不变")
        await expect(page.locator("#profiles [data-profile^=sd-jinan]")).to_have_count(0)
        await lead.open("/rules")
        await expect(lead.page.locator("#choices tr[data-line='12345']")).to_contain_text(begins)
        await expect(lead.page.locator("#choices button, #choice-form")).to_have_count(0)

        await row.locator("button").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#choice-told")).to_have_text("已撤回。")
        await expect(page.locator("#choices tr.none")).to_contain_text("没有改用过")

        await choose_profile(page, "12345", "sd-jinan", days=4000)
        await expect(page.locator("#choice-told")).to_contain_text("请核对年份")
        await choose_profile(page, "12345", "sd-jinan", days=0)
        await expect(row).to_have_attribute("data-state", "holds")
        await expect(page.locator("#profiles [data-profile^=sd-jinan]")).to_contain_text("12345")
        await expect(page.locator("#choice-meaning")).to_contain_text("现在执行的就是")

        await choose_profile(page, "12345", own, days=0)  # the hotline is shared: what a later caller's limits are is as before
        await expect(page.locator("#profiles [data-profile^=sd-jinan]")).to_have_count(0)
        await expect(usual).to_have_attribute("data-profile", re.compile(own))

"""The page's telephone when its password is not there yet, or a newer sign-in has it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.running.instance import Hotline
from tests.running.page import Agents

pytestmark = pytest.mark.desktop

LOGIN = "agent3"


async def test_a_page_whose_telephone_is_not_ready_says_so_and_gets_it_by_itself(hotline: Hotline, tmp_path: Path) -> None:
    """Signed in while the bridge is away: a sentence, no telephone; registered soon after it is back, without a click."""
    pictures = Path(os.environ.get("HOTLINE_TEST_PICTURES", tmp_path))
    async with Agents(hotline, tmp_path) as agents:
        desk = await agents.browser()
        await asyncio.to_thread(hotline.stop, "bridge")
        try:
            await desk.enter(LOGIN)
            await desk.open("preparing")
            await expect(desk.page.locator("#notice")).to_contain_text("电话还没有准备好")
            await expect(desk.page.locator("#btn-ready")).to_be_disabled()
            await desk.screenshot(pictures / "telephone-preparing.png")
        finally:
            await asyncio.to_thread(hotline.start_again, "bridge")
        await expect(desk.page.locator("#phone-state")).to_have_attribute("data-state", "registered", timeout=20_000)
        await asyncio.to_thread(hotline.wait, hotline.is_ready, 20, "the bridge is back")
        await desk.become_ready()


async def test_a_newer_sign_in_takes_the_telephone_and_the_older_page_says_so_at_once(hotline: Hotline, tmp_path: Path) -> None:
    """One person at two places: the telephone goes where the desk was opened last; the agent stays ready."""
    pictures = Path(os.environ.get("HOTLINE_TEST_PICTURES", tmp_path))
    async with Agents(hotline, tmp_path) as agents:
        older = await agents.desk(LOGIN)
        await older.become_ready()
        newer = await agents.desk(LOGIN)
        await expect(older.page.locator("#phone-state")).to_have_attribute("data-state", "displaced", timeout=10_000)
        await expect(older.page.locator("#notice")).to_contain_text("在别处登录")
        await older.screenshot(pictures / "telephone-displaced.png")
        await newer.state("ready")
        await asyncio.sleep(2)  # the older page must not take it back
        assert await newer.page.locator("#phone-state").get_attribute("data-state") == "registered"
        await newer.page.click("#btn-sign-out")
        await newer.page.wait_for_url("**/sign-in")

"""Sentences at hand in a talk: what to say now, what to write, what is told when a matter is not accepted; one sheet at a time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.running.instance import Hotline
from tests.running.page import asks_for_a_person, ready_agent
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.desktop


async def test_sentences_are_found_and_written_into_the_record_by_keys_alone(hotline: Hotline, tmp_path: Path) -> None:
    """Those of the moment come first; a written one goes where the writing stands, is saved, and the sheet makes room."""
    pictures = Path(os.environ.get("HOTLINE_TEST_PICTURES", tmp_path))
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855709401") as phone:
        page, keys = desk.page, desk.page.keyboard
        call = await asks_for_a_person(phone, "12345")
        await desk.answer()
        await page.fill("#draft-text", "楼道堆物。")
        await keys.press("Alt+,")
        await expect(page.locator("#phrases h3").first).to_have_text("询问")
        await expect(page.locator("#phrases-rows")).to_contain_text("您好，政务服务便民热线，请问")
        await desk.screenshot(pictures / "phrases.png")
        await keys.type("个人隐私")
        await expect(page.locator("#phrases h3")).to_have_text(["不予受理"])
        await page.fill("#phrases-q", "核查处理")
        await keys.press("Enter")
        await expect(page.locator("#phrases")).to_have_attribute("data-open", "false")
        await expect(page.locator("#draft-text")).to_have_value("楼道堆物。\n诉求：请核查处理并答复。")
        await expect(page.locator("#draft-text")).to_be_focused()
        await expect(page.locator("#draft-state")).to_have_attribute("data-state", "saved")
        await keys.press("Alt+,")
        await expect(page.locator("#phrases")).to_have_attribute("data-open", "true")
        await keys.press("Alt+.")
        await expect(page.locator("#phrases")).to_have_attribute("data-open", "false")
        await expect(page.locator("#knowledge")).to_have_attribute("data-open", "true")
        await page.click("#btn-headset")
        await expect(page.locator("#knowledge")).to_have_attribute("data-open", "false")
        await keys.press("Alt+X")
        await call.wait_ended(5)

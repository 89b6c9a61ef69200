"""A ring is noticed by ear, in the window's title and as a notification; over a record that is not saved yet it is only offered."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.running.instance import Hotline
from tests.running.noticing import SOUNDS, SPY, hush, loudest, notifications, sounds
from tests.running.page import Agents, asks_for_a_person
from tests.running.typing import READ
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.desktop

BASE = "热线桌面"
WORDS = "公交车末班车昨晚没有来，"
KEPT_S = 12.0


async def kept(page: Page, call_id: str, words: str) -> None:
    """Wait until the server has this record of the call."""
    told = ""
    for _ in range(int(KEPT_S / 0.2)):
        told = (await page.evaluate(READ, call_id))["text"]
        if told == words:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"the server has {told!r}")


async def test_a_ring_is_heard_shown_in_the_title_and_notified_and_never_covers_a_record_that_is_not_saved(
    hotline: Hotline, tmp_path: Path
) -> None:
    """The page asks for notifications with the agent's own press only; all three end with the answer.

    The second citizen rings while the server takes no record: the first record stays under the hands until Alt+N, and is kept.
    """
    async with (
        Agents(hotline, tmp_path) as agents, SipCaller(hotline.sip, "13855709601") as phone,
        SipCaller(hotline.sip, "13855709602") as other_phone,
    ):  # fmt: skip
        desk = await agents.browser()
        page, keys = desk.page, desk.page.keyboard
        await page.add_init_script(SPY)
        await desk.sign_in("agent1")
        assert await page.evaluate("Notification.permission") == "default", "nobody is asked before the first press"
        await desk.be_paused()
        await desk.become_ready()
        assert await page.evaluate("Notification.permission") == "granted"
        await expect(page).to_have_title(BASE)

        await page.evaluate("noticed.isAway = true")
        call = await asks_for_a_person(phone, "12328")
        await desk.state("ringing", 25)
        await expect(page).to_have_title(re.compile("^来电 12328 "))
        await sounds(page)
        (told,) = await notifications(page)
        assert (told["title"], told["isOpen"]) == ("12328 来电", True)
        assert "Alt+A" in str(told["body"])
        await keys.press("Alt+A")
        await desk.state("talking")
        await expect(page).to_have_title(BASE)
        await hush(page)
        assert [told["isOpen"] for told in await notifications(page)] == [False]
        first = await desk.call_id()

        await page.route("**/api/drafts/**", lambda route: route.abort())
        await page.focus("#draft-text")
        await keys.type(WORDS)
        await expect(page.locator("#draft-state")).to_have_attribute("data-state", "offline")
        assert await loudest(page) < SOUNDS, "the ring is over"
        await expect(page).to_have_title(BASE)
        await page.evaluate("noticed.isAway = false")
        await call.hang_up()
        await asks_for_a_person(other_phone, "12345")
        await desk.state("ringing", 25)
        await sounds(page)
        await expect(page).to_have_title(re.compile("^来电 12345 "))
        assert len(await notifications(page)) == 1, "whoever looks at the page needs none"
        await expect(page.locator("#offered")).to_have_attribute("data-shown", "true")
        await expect(page.locator("#offered-what")).to_contain_text("12345")
        assert await desk.call_id() == first
        await expect(page.locator("#draft-text")).to_have_value(WORDS)
        await expect(page.locator("#draft-text")).to_be_focused()
        await keys.press("Alt+N")
        await expect(page.locator("#ticket")).not_to_have_attribute("data-call-id", first)
        await expect(page.locator("#draft-text")).to_have_value("")
        await expect(page.locator("#offered")).to_have_attribute("data-shown", "false")
        await keys.press("Alt+A")
        await desk.state("talking")
        await page.unroute("**/api/drafts/**")
        await page.evaluate("dispatchEvent(new Event('online'))")
        await kept(page, first, WORDS)
        await kept(page, await desk.call_id(), "")
        await keys.press("Alt+X")
        await desk.state("ready", 15)

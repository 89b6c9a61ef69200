"""The supervisor's first view in a real Chromium: callers, agents and the day as calls come and go, led by keys alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.running.facts import stored_call
from tests.running.instance import Hotline
from tests.running.page import floor_beside, ready_agent
from tests.sip.agent import SipCaller
from tests.sip.rtp import Tone
from tests.sip.tones import silent_ms

pytestmark = pytest.mark.desktop
PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"
NUMBER = "13855706661"


async def count(page: Page, line: str, name: str) -> int:
    """One of the day's counts as the page shows it."""
    return int(await page.locator(f"tr[data-line-row='{line}'] [data-count='{name}']").inner_text())


async def test_a_supervisor_sees_a_caller_wait_and_talk_and_the_day_count_them(hotline: Hotline, tmp_path: Path) -> None:
    """One call from the menu to its end: each place it is shown at, each count it changes; arrow keys lead through the rows."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with (
        ready_agent(hotline, tmp_path) as desk, floor_beside(desk, hotline) as page, SipCaller(hotline.sip, NUMBER) as phone,
    ):  # fmt: skip
        before = {name: await count(page, "12345", name) for name in ("arrived", "answered")}
        agent = page.locator("#agents tr[data-agent='1001']")
        await expect(agent).to_have_attribute("data-state", "ready")
        await expect(agent).to_contain_text("张敏")
        call = await phone.call("12345", source=Tone(500))
        caller = page.locator("#callers tr", has_text=NUMBER)
        await expect(caller).to_have_attribute("data-phase", "greeting", timeout=10_000)
        await call.press("0")
        await desk.state("ringing", 15)
        await expect(caller).to_have_attribute("data-phase", "ringing")
        await expect(page.locator("#queues tr[data-queue='hotline'] td").first).to_have_text("1")
        await expect(page.locator("#queues tr[data-queue='second'] td").first).to_have_text("0")
        await desk.answer()
        await expect(caller).to_have_count(0)
        await expect(agent).to_have_attribute("data-state", "talking")
        await expect(agent.locator("a.call")).to_have_text(NUMBER)
        await expect(page.locator("tr[data-line-row='12345'] [data-count='answered']")).to_have_text(str(before["answered"] + 1))
        assert await count(page, "12345", "arrived") == before["arrived"] + 1
        assert await count(page, "total", "arrived") >= before["arrived"] + 1
        rate = page.locator("tr[data-line-row='12345'] td.rate").first
        await expect(rate).to_have_text(re.compile(r"[\d.]+%\d+/\d+"))

        await page.keyboard.press("ArrowDown")
        await expect(page.locator("#agents tr:focus")).to_have_attribute("data-agent", re.compile(r"\d+"))
        await page.keyboard.press("End")
        await page.keyboard.press("Home")
        await expect(page.locator("#agents tr").first).to_be_focused()
        await page.screenshot(path=PICTURES / "floor.png")
        call_id = await desk.call_id()
        async with page.context.expect_page() as opened:
            await agent.focus()
            await page.keyboard.press("Enter")
        assert f"call={call_id}" in (await opened.value).url
        await call.hang_up()
        await expect(agent).not_to_have_attribute("data-state", "talking", timeout=10_000)
        with hotline.api() as api:
            await stored_call(api, call_id, outcome="answered", state="ended")


async def test_a_supervisor_ends_a_pause_and_signs_out_an_agent_who_talks_by_keys_alone(hotline: Hotline, tmp_path: Path) -> None:
    """R on a paused row; X on a talking one asks first, Escape changes nothing, and the talk goes on after the sign-out."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with (
        ready_agent(hotline, tmp_path) as desk, floor_beside(desk, hotline) as page, SipCaller(hotline.sip, NUMBER) as phone,
    ):  # fmt: skip
        agent = page.locator("#agents tr[data-agent='1001']")
        end_pause, sign_out = (agent.locator(f"button[data-act='{act}']") for act in ("end-pause", "sign-out"))
        await expect(end_pause).to_be_disabled()
        await desk.page.keyboard.press("Alt+P")
        await expect(agent).to_have_attribute("data-state", "paused")
        await agent.focus()
        await page.keyboard.press("r")
        await expect(agent).to_have_attribute("data-state", "ready")
        await desk.state("ready")
        await expect(agent).to_be_focused()

        call = await phone.call("12328", source=Tone(500))
        await desk.answer()
        await expect(agent).to_have_attribute("data-state", "talking")
        await expect(agent).to_be_focused()
        await page.keyboard.press("x")
        await expect(page.locator("#confirm")).to_be_visible()
        await expect(page.locator("#btn-no")).to_be_focused()
        await page.screenshot(path=PICTURES / "floor-confirm.png")
        await page.keyboard.press("Escape")
        await expect(page.locator("#confirm")).to_be_hidden()
        await expect(agent).to_be_focused()
        await page.keyboard.press("x")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("#notice")).to_contain_text("已签出 1001 张敏", timeout=10_000)
        await call.listen(1.0)
        assert silent_ms(call.heard(0.8)) < 400, "the talk goes on"
        await expect(agent).to_have_attribute("data-state", "talking")
        await desk.page.click("#btn-hangup")
        await call.wait_ended(5)
        await expect(agent).to_have_attribute("data-state", "offline", timeout=10_000)
        await expect(sign_out).to_be_disabled()
        async with floor_beside(desk, hotline, "auditor1") as watching:
            await expect(watching.locator("#agents tr[data-agent='1001']")).to_be_visible()
            await expect(watching.locator("#agents button")).to_have_count(0)


async def test_the_floor_says_that_it_is_old_while_a_part_is_away_and_keeps_what_it_knew(hotline: Hotline, tmp_path: Path) -> None:
    """Worker gone: the day's counts are the last known; bridge gone: callers and agents are; both by themselves again."""
    async with ready_agent(hotline, tmp_path) as desk, floor_beside(desk, hotline) as page:
        arrived = await count(page, "total", "arrived")
        body = page.locator("body")
        hotline.stop("worker")
        await expect(body).to_have_attribute("data-day", "unsure", timeout=15_000)
        await expect(page.locator("#day-known")).to_have_text(re.compile("上次所知"))
        assert await count(page, "total", "arrived") == arrived
        await expect(body).to_have_attribute("data-live", "sure")
        hotline.start_again("worker")
        await expect(body).to_have_attribute("data-day", "sure", timeout=15_000)
        await expect(page.locator("#day-known")).to_have_text("")
        hotline.stop("bridge")
        await expect(body).to_have_attribute("data-live", "unsure", timeout=15_000)
        await expect(page.locator("#agents tr[data-agent='1001']")).to_be_visible()
        await expect(page.locator("main .last-known").first).to_be_visible()
        hotline.start_again("bridge")
        await expect(body).to_have_attribute("data-live", "sure", timeout=15_000)
    hotline.wait(hotline.is_ready, 20.0, "all parts are back")

"""Two agents and a supervisor at once, in three pages: two talks live, the floor tells both as they change, also past a hole."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.running.frames import Frames, make_a_hole
from tests.running.instance import Hotline
from tests.running.page import Agents, Desk, asks_for_a_person
from tests.running.ticket_pages import officer
from tests.running.typing import READ
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.desktop

FIRST_HZ, SECOND_HZ = 500, 700
FIRST, SECOND, THIRD = "13855709501", "13855709502", "13855709503"
SEEN_MS = 300  # a page shows what it is told at once; longer than that it shows what it will


def of_agent(floor: Page, extension: str) -> Locator:
    """The agent's row on the floor."""
    return floor.locator(f"#agents tr[data-agent='{extension}']")


async def talks(floor: Page, extension: str, number: str, line: str) -> None:
    """The floor shows this agent in a talk with that citizen on that line."""
    row = of_agent(floor, extension)
    await expect(row).to_have_attribute("data-state", "talking")
    await expect(row.locator("a.call")).to_have_text(number)
    await expect(row.locator(".caller .line")).to_have_attribute("data-line", line)


async def writes(desk: Desk, words: str) -> None:
    """The agent's own record, saved, with nothing of the colleague's in it."""
    await desk.page.fill("#draft-text", words)
    await expect(desk.page.locator("#draft-state")).to_have_attribute("data-state", "saved")
    assert (await desk.page.evaluate(READ, await desk.call_id()))["text"] == words


async def waiting_everywhere(desks: tuple[Desk, ...], floor: Page, line: str, count: int) -> None:
    """The agents' bars and the floor tell the same number of citizens who wait."""
    for desk in desks:
        await expect(desk.page.locator(f"#queue-now tr[data-line='{line}'] .count")).to_have_text(str(count), timeout=20_000)
    await expect(floor.locator("#callers tr[data-phase=waiting]")).to_have_count(count)


async def test_two_agents_talk_and_write_at_once_and_the_supervisors_page_tells_both_as_they_change(
    hotline: Hotline, tmp_path: Path
) -> None:
    """Each hears the own citizen and keeps the own record; hold, wait, end and ring of one leave the other's row alone.

    In the middle the desk misses some changes: every page gets a fresh snapshot, the talks go on, an old change alters nothing.
    """
    async with (
        Agents(hotline, tmp_path) as agents, SipCaller(hotline.sip, FIRST) as phone, SipCaller(hotline.sip, SECOND) as other_phone,
        SipCaller(hotline.sip, THIRD) as third_phone,
    ):  # fmt: skip
        first = await agents.desk("agent1")
        lead, frames = await officer(first.page.context.browser, hotline, "supervisor1"), Frames()
        floor = lead.page
        await frames.follow(floor)
        await lead.open("/floor")
        await expect(floor.locator("body")).to_have_attribute("data-live", "sure")
        await first.become_ready()
        call = await asks_for_a_person(phone, "12328", FIRST_HZ)
        await first.answer()
        second = await agents.desk("agent2")
        await second.become_ready()
        other = await asks_for_a_person(other_phone, "12345", SECOND_HZ)
        await second.answer()
        desks = (first, second)

        await talks(floor, "1001", FIRST, "12328")
        await talks(floor, "1002", SECOND, "12345")
        await expect(floor.locator("#agents-summary")).to_contain_text("通话 2")
        await asyncio.gather(first.hears_tone(FIRST_HZ), second.hears_tone(SECOND_HZ))
        await asyncio.gather(writes(first, "公交车末班车没有来。"), writes(second, "小区停水两天。"))
        await first.page.keyboard.press("Alt+H")
        await first.state("held")
        await expect(of_agent(floor, "1001").locator(".state")).to_contain_text("保持")
        await talks(floor, "1002", SECOND, "12345")
        await first.page.keyboard.press("Alt+H")
        await first.state("talking")

        before = len(frames.told)
        await make_a_hole(hotline)
        fresh = await frames.snapshot_after(before)
        assert {FIRST, SECOND} <= {told.get("caller") for told in fresh["calls"]}
        frames.slip_in(frames.of_agent("1001", "ringing"))
        await floor.wait_for_timeout(SEEN_MS)
        await talks(floor, "1001", FIRST, "12328")
        await first.state("talking")

        last = await asks_for_a_person(third_phone, "12328", FIRST_HZ)
        await waiting_everywhere(desks, floor, "12328", 1)
        await other.hang_up()
        await second.state("ringing", 25)
        await expect(of_agent(floor, "1002")).to_have_attribute("data-state", "ringing")
        await second.answer()
        await talks(floor, "1002", THIRD, "12328")
        await talks(floor, "1001", FIRST, "12328")
        await waiting_everywhere(desks, floor, "12328", 0)
        for desk, talk, extension in ((first, call, "1001"), (second, last, "1002")):
            await desk.page.keyboard.press("Alt+X")
            await talk.wait_ended(5)
            await desk.state("ready", 15)
            await expect(of_agent(floor, extension)).to_have_attribute("data-state", "ready")
            await expect(of_agent(floor, extension).locator("a.call")).to_have_count(0)

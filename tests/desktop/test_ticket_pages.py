"""The pages of tickets and units in a real browser: lists, views, search, files, corrections, and what goes wrong told in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.running.instance import Hotline
from tests.running.page import Agents
from tests.running.ticket_pages import MATTERS, made, officer

pytestmark = pytest.mark.desktop

PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cfc00000030101005a4d6ff10000000049454e44ae426082"
)


async def test_a_clerk_finds_filters_keeps_a_view_and_sends_many_at_once(hotline: Hotline, tmp_path: Path) -> None:
    """By keys: search in Chinese, a filter by initials kept under a name, three ticked and sent, one of them changed meanwhile."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with Agents(hotline, tmp_path) as agents:
        watcher = await agents.browser()
        clerk = await officer(watcher.page.context.browser, hotline, "clerk1")
        page = clerk.page
        numbers = await made(clerk, *MATTERS)
        await clerk.open("/tickets?stage=accepted&sort=newest")
        rows = page.locator("#tickets tr[data-number]")
        taxi, road = (page.locator(f"#tickets tr[data-number='{number}']") for number in numbers[:2])
        foreign = rows.filter(has_not_text="城市客运")  # other tests' tickets are there too
        await expect(rows.first).to_contain_text("个体户注销要带哪些材料")

        await page.keyboard.press("/")
        await page.keyboard.type("过期食品")
        await expect(taxi).to_have_count(0)
        await expect(rows.filter(has_not_text="过期食品")).to_have_count(0)
        await expect(rows.first).to_contain_text("过期食品")
        await page.fill("#filter-q", "")
        await expect(taxi).to_have_count(1)

        await page.focus("#filters [name=field]")
        await page.keyboard.type("cskyy")
        await page.keyboard.press("Backspace")
        await page.keyboard.press("Enter")
        await expect(road).to_have_count(0)
        await expect(taxi).to_have_count(1)
        await expect(foreign).to_have_count(0)
        await page.fill("#view-name", "客运待派")
        await page.press("#view-name", "Enter")
        view = page.locator("#own-views button[data-query]")
        await expect(view).to_have_text("客运待派")
        await page.press("#filters button[type=reset]", "Enter")
        await view.press("Enter")
        await expect(page).to_have_url(re.compile("field=city_passenger"))
        await expect(taxi).to_have_count(1)
        await expect(foreign).to_have_count(0)

        await clerk.open("/tickets?stage=accepted&sort=newest")
        for number in numbers[:3]:
            await page.locator(f"tr[data-number='{number}'] td.title a").focus()
            await page.keyboard.press("Space")
        await expect(page.locator("#bulk-count")).to_have_text("已选 3 件")
        other = await officer(watcher.page.context.browser, hotline, "supervisor1", dark=True)
        await other.ticket(numbers[1], "accepted")
        await other.does("dispatch", {"note": "请先设警示标志"}, stage="dispatched")
        await expect(other.page.locator("#one-duty")).not_to_be_empty()
        await other.page.screenshot(path=PICTURES / "ticket-dark.png")
        await page.focus("#bulk [name=unit]")
        await page.keyboard.type("市城管局")
        await page.keyboard.press("Enter")
        await page.press("#btn-bulk", "Enter")
        await expect(page.locator("#tickets-notice")).to_contain_text("已派发 2 件")
        await expect(page.locator("#tickets-notice")).to_contain_text("1 件没有派发")
        for number in numbers[:3]:
            await expect(page.locator(f"tr[data-number='{number}']")).to_have_count(0)
        await clerk.open("/tickets")
        await expect(page.locator(f"tr[data-number='{numbers[0]}'] td.unit")).to_have_text("市城管局")
        await page.screenshot(path=PICTURES / "tickets.png")
        for _ in range(2):
            await page.locator("#own-views .own .plain").click()
        await expect(view).to_have_count(0)


async def test_a_ticket_is_corrected_takes_files_and_hides_the_citizen_from_its_unit(hotline: Hotline, tmp_path: Path) -> None:
    """Changes stand in the course, a sheet outlives a reload, no file but a real one, a secret citizen has no name for the unit."""
    async with Agents(hotline, tmp_path) as agents:
        browser = (await agents.browser()).page.context.browser
        clerk = await officer(browser, hotline, "clerk1")
        (number,) = await made(clerk, MATTERS[5])
        await clerk.ticket(number, "accepted")
        await clerk.opens("correct")
        await clerk.page.fill("#act-form [name=place]", "人民路好又多超市")
        await clerk.page.keyboard.press("Escape")
        await clerk.opens("correct")
        await expect(clerk.page.locator("#act-form [name=place]")).to_have_value("人民路好又多超市")
        await clerk.page.fill("#act-form [name=reason]", "听录音补充")
        await clerk.page.keyboard.press("Control+Enter")
        await expect(clerk.page.locator("#steps")).to_contain_text("地点：（空） → 人民路好又多超市")
        await clerk.page.set_input_files("#file-add", {"name": "照片.png", "mimeType": "image/png", "buffer": PIXEL})
        await expect(clerk.page.locator("#files")).to_contain_text("照片.png")
        await clerk.page.set_input_files("#file-add", {"name": "程序.png", "mimeType": "image/png", "buffer": b"MZ\x90\x00" * 99})
        await expect(clerk.page.locator("#files-told")).to_have_attribute("data-kind", "trouble")
        await expect(clerk.page.locator("#files li")).to_have_count(1)
        words = clerk.page.locator("#act-form [name=note]")
        await clerk.opens("dispatch")
        await words.fill("先联系店长")
        for expected in ("先联系店长", ""):  # what was typed outlives a reload; what was cancelled does not
            await clerk.page.reload()
            await clerk.at("accepted")
            await clerk.opens("dispatch")
            await expect(words).to_have_value(expected)
            await words.press("Escape")
            await expect(clerk.page.locator("#act-form")).to_have_attribute("data-open", "false")
        await clerk.does("dispatch", {"unit": "scgj"}, stage="dispatched")
        assert await clerk.page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('hotline.sheet.'))") == []
        await clerk.page.fill("#note-form [name=text]", "已电话告知")
        await clerk.page.press("#note-form [name=text]", "Enter")
        await expect(clerk.page.locator("#steps li[data-act=note]")).to_have_count(1)

        unit = await officer(browser, hotline, "unit2")
        await unit.ticket(number, "dispatched")
        text = await unit.page.locator("#one").inner_text()
        assert "刘先生" not in text
        assert "13955709999" not in re.sub(r"\s", "", text)
        await expect(unit.page.locator("#one-title")).to_contain_text("过期食品")


async def test_a_supervisor_changes_the_units_and_a_clerk_is_suggested_the_new_one(hotline: Hotline, tmp_path: Path) -> None:
    """A unit with a duty is added by keyboard; its word in a ticket suggests it; one that has a ticket cannot be taken out."""
    async with Agents(hotline, tmp_path) as agents:
        browser = (await agents.browser()).page.context.browser
        lead = await officer(browser, hotline, "supervisor1")
        await lead.open("/units")
        page = lead.page
        await expect(page.locator("tr[data-unit=transport-passenger]")).to_contain_text("城市客运")
        await page.screenshot(path=PICTURES / "units.png")
        await page.press("#btn-add", "Enter")
        await page.keyboard.type("ferry")
        await page.keyboard.press("Tab")
        await page.keyboard.type("渡口管理所")
        await page.select_option("#edit-form [name=parent]", "maritime")
        await page.fill("#edit-duties .row:not(.head) [data-key=fields]", "没有这个领域")
        await page.press("#btn-save", "Enter")
        await expect(page.locator("#edit-error")).to_contain_text("没有这个领域")
        await page.fill("#edit-duties .row:not(.head) [data-key=fields]", "")
        await page.fill("#edit-duties .row:not(.head) [data-key=words]", "汽渡、轮渡票价")
        await page.press("#btn-save", "Enter")
        await expect(page.locator("tr[data-unit=ferry]")).to_contain_text("汽渡、轮渡票价")

        clerk = await officer(browser, hotline, "clerk1")
        (number,) = await made(clerk, ("12345", "consult", "other", "river", "轮渡票价是多少", {}))
        await clerk.ticket(number, "accepted")
        await clerk.opens("dispatch")
        await expect(clerk.page.locator("#act-form .suggested button").first).to_contain_text("渡口管理所")
        await clerk.page.keyboard.press("Control+Enter")
        await clerk.at("dispatched")
        for _ in range(2):
            await page.locator("tr[data-unit=ferry] .acts button").last.click()
        await expect(page.locator("#units-notice")).to_have_attribute("data-kind", "trouble")
        await expect(page.locator("tr[data-unit=ferry]")).to_have_count(1)

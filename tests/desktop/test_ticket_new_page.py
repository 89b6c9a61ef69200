"""A ticket that no call brought: entered by keys, kept over a reload, asked for what is missing; a doubt on its way and back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.running.instance import Hotline
from tests.running.page import Agents
from tests.running.ticket_pages import officer

pytestmark = pytest.mark.desktop

PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"
LETTER = {
    "title": "工资被拖欠三个月", "name": "王小明", "number": "13855700077", "place": "开发区三号工地", "address": "工人新村8幢",
}  # fmt: skip
FLAGS = ("is_safety", "is_secret")


async def choose(page: Page, name: str, words: str) -> None:
    """Type into a field that is searched, or go down a list by the arrow key, until it stands at these words."""
    place = page.locator(f"#ticket-form [name={name}]")
    await place.focus()
    if await place.get_attribute("role") == "combobox":
        await page.keyboard.type(words)
        await page.keyboard.press("Enter")
        return
    labels = await place.locator("option").all_text_contents()
    for _ in range(next(at for at, label in enumerate(labels) if words in label)):
        await page.keyboard.press("ArrowDown")
    assert words in str(await place.evaluate("list => list.selectedOptions[0].textContent"))


async def test_a_clerk_enters_a_letter_by_keys_and_sends_it_to_its_unit(hotline: Hotline, tmp_path: Path) -> None:
    """Source, kind, a named topic that asks for the real name, danger, secrecy; a reload loses nothing; dispatch; one more."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with Agents(hotline, tmp_path) as agents:
        clerk = await officer((await agents.browser()).page.context.browser, hotline, "clerk1")
        page, keys = clerk.page, clerk.page.keyboard
        await clerk.open("/tickets")
        await expect(page.locator("#new-ticket")).to_be_visible()
        await keys.press("n")
        await page.wait_for_url(re.compile("/tickets/new$"))
        await expect(page.locator("#ticket-form [name=source]")).to_be_focused()
        await expect(page.locator("#ticket-form [name=source] option")).not_to_have_count(1)
        await keys.press("Alt+G")
        await expect(page.locator("#form-notice")).to_have_text("请先选来源。")
        await choose(page, "source", "市长信箱")
        await choose(page, "line", "12345")
        await keys.press("Alt+O")
        await keys.type("投诉")
        await keys.press("Enter")
        await expect(page.locator("#limit-days .limit-day")).not_to_have_count(0)
        await choose(page, "field", "劳动")
        for name, words in LETTER.items():
            await page.fill(f"#ticket-form [name={name}]", words)
        await keys.press("Alt+T")
        await keys.type("来信反映项目部拖欠工资三个月，共十二人。")
        await choose(page, "topic", "拖欠农民工工资")
        await keys.press("Alt+G")
        await expect(page.locator("#form-notice")).to_have_text("这个专题要问来电人是否愿意留实名。")
        await expect(page.locator("#ticket-form [name=real_name]")).to_be_focused()
        await choose(page, "real_name", "实名")
        for flag in FLAGS:
            await page.focus(f"#ticket-form [name={flag}]")
            await keys.press("Space")
        await page.reload()
        await expect(page.locator("#ticket-form [name=title]")).to_have_value(LETTER["title"])
        await expect(page.locator("#ticket-form [name=source]")).to_have_value("mayor_mailbox")
        await expect(page.locator("#ticket-form [name=klass]")).to_have_value("投诉")
        for flag in FLAGS:
            await expect(page.locator(f"#ticket-form [name={flag}]")).to_be_checked()
        await page.screenshot(path=PICTURES / "ticket-new.png")
        await keys.press("Alt+G")
        await expect(page.locator("#act-sheet")).to_have_attribute("data-act", "dispatch")
        unit = page.locator("#act-sheet [name=unit]")
        await unit.focus()
        await keys.type("市住建局")
        await keys.press("Enter")
        await page.screenshot(path=PICTURES / "ticket-new-dispatch.png")
        await keys.press("Control+Enter")
        link = page.locator("#made-list a")
        await expect(link).to_have_count(1)
        number = str(await link.get_attribute("href")).rsplit("/", 1)[1]
        await page.click("#btn-one-more")
        await expect(page.locator("#ticket-form [name=title]")).to_have_value("")
        await expect(page.locator("#ticket-form [name=name]")).to_have_value("")
        await expect(page.locator("#ticket-form [name=source]")).to_have_value("mayor_mailbox")

        await clerk.ticket(number, "dispatched")
        facts = page.locator("#one-facts")
        for words in ("市长信箱", "实名", "拖欠农民工工资", LETTER["name"], LETTER["address"]):
            await expect(facts).to_contain_text(words)
        for flag in FLAGS:
            await expect(page.locator(f"#one-flags mark[data-flag={flag}]")).to_be_visible()
        await expect(page.locator("#one-units")).to_contain_text("市住建局")


async def test_a_doubt_is_asked_by_key_and_decided_by_the_supervisor(hotline: Hotline, tmp_path: Path) -> None:
    """Asked in the form without a call; the supervisor finds it among the reminders and answers; the clerk's page shows it."""
    async with Agents(hotline, tmp_path) as agents:
        browser = (await agents.browser()).page.context.browser
        clerk = await officer(browser, hotline, "clerk1")
        page, keys = clerk.page, clerk.page.keyboard
        await clerk.open("/tickets/new")
        await expect(page.locator("#ticket-form [name=source] option")).not_to_have_count(1)
        await choose(page, "source", "来信")
        await page.fill("#ticket-form [name=title]", "外地车辆在本市营运")
        await keys.press("Alt+T")
        await keys.type("来信人不在本市。")
        await keys.press("Alt+;")
        await expect(page.locator("#act-sheet")).to_have_attribute("data-act", "ask_superior")
        await keys.type("外地车辆能否受理？")
        await keys.press("Control+Enter")
        link = page.locator("#made-list a")
        await expect(link).to_have_count(1)
        number = str(await link.get_attribute("href")).rsplit("/", 1)[1]
        await clerk.ticket(number, "draft")
        await expect(page.locator("#one-doubt")).to_contain_text("还没有答复")

        leader = await officer(browser, hotline, "supervisor1")
        await leader.open("/tickets")
        await leader.page.click("#btn-notices")
        await expect(leader.page.locator("#notice-rows")).to_contain_text("有一件工单请示处理意见")
        await leader.ticket(number, "draft")
        await leader.does("advise", {"answer": "可以受理，转市交通运输局"}, stage="draft")
        await page.reload()
        await expect(page.locator("#one-doubt [data-decided=true]")).to_contain_text("可以受理，转市交通运输局")
        await page.screenshot(path=PICTURES / "ticket-doubt.png")
        assert (await clerk.course())[-2:] == ["ask_superior", "advise"]

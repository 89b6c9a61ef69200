"""A complaint from the ringing telephone to the archive, every person at their own page, by keys alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.running.instance import Hotline
from tests.running.page import Desk, ready_agent
from tests.running.ticket_pages import officer
from tests.sip.agent import SipCaller
from tests.sip.rtp import Tone

pytestmark = pytest.mark.desktop

CITIZEN_HZ = 500
PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"
WORDS = "来电人称昨晚 22:10 在火车站等 3 路公交末班车，等候约 40 分钟未到，要求核查并答复。"


async def writes_a_complaint(desk: Desk) -> None:
    """Class, field and place by pinyin initials, then the words, in the order of Tab."""
    keys = desk.page.keyboard
    await keys.press("Alt+O")
    for typed in ("ts", "jtcx", "zxcq"):
        await keys.type(typed)
        await keys.press("Tab")
    await expect(desk.page.locator("#ticket-form [name=klass]")).to_have_value("投诉")
    await expect(desk.page.locator("#ticket-form [name=field]")).to_have_value("交通出行")
    await expect(desk.page.locator("#limit-sentence")).to_contain_text("12 小时")
    await keys.press("Tab")
    await keys.type("火车站 3 路公交末班车未到站")
    await keys.press("Tab")
    await keys.type(WORDS)
    for typed in ("火车站公交站", "3 路公交", "昨晚 22:10", "王女士"):
        await keys.press("Tab")
        await keys.type(typed)


async def refuses_another_matter(desk: Desk) -> None:
    """The same citizen asks for what is not the hotline's: the sentence to be told stands there before it is done."""
    keys = desk.page.keyboard
    await desk.page.press("#btn-one-more", "Enter")
    await expect(desk.page.locator("#draft-text")).to_have_value("")
    await expect(desk.page.locator("#ticket-form [name=name]")).to_have_value("王女士")
    await keys.type("qz")
    await keys.press("Tab")
    await keys.type("gayj")
    await keys.press("Tab")
    await desk.page.fill("#ticket-form [name=title]", "要求告知邻居的住址")
    await desk.page.fill("#draft-text", "来电人要求查询邻居的住址和电话。")
    await keys.press("Alt+U")
    await expect(desk.page.locator("#act-sheet :focus")).to_have_count(1)
    await keys.type("n5")
    await keys.press("Enter")
    await expect(desk.page.locator("#act-sheet .tell")).to_contain_text("个人隐私")
    await desk.screenshot(PICTURES / "ticket-refused.png")
    await keys.press("Control+Enter")
    await expect(desk.page.locator("#made-list a")).to_have_count(2)
    await expect(desk.page.locator("#made-list a").last).to_contain_text("不予受理")


async def test_a_complaint_goes_from_the_ringing_telephone_to_the_archive(hotline: Hotline, tmp_path: Path) -> None:
    """Written and taken on in the call, sent to a unit, signed, prolonged, not given back, replied, checked, closed, archived."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855706101") as phone:
        browser = desk.page.context.browser
        call = await phone.call("12345", source=Tone(CITIZEN_HZ))
        await desk.answer()
        await writes_a_complaint(desk)
        await desk.screenshot(PICTURES / "ticket-form.png")
        await desk.page.keyboard.press("Alt+G")
        await expect(desk.page.locator("#act-sheet .suggested button").first).to_contain_text("客运管理处")
        await desk.screenshot(PICTURES / "ticket-accepted.png")
        await desk.page.keyboard.press("Control+Enter")
        made = desk.page.locator("#made-list a")
        await expect(made).to_contain_text("待派")
        number = str(await made.get_attribute("href")).rsplit("/", 1)[1]
        await refuses_another_matter(desk)
        await desk.page.click("#btn-hangup")
        await call.wait_ended(5)
        await desk.page.reload()
        await expect(desk.page.locator("#made-list a")).to_have_count(2)

        clerk = await officer(browser, hotline, "clerk1")
        await clerk.open("/tickets?stage=accepted")
        row = clerk.page.locator(f"tr[data-number='{number}']")
        await row.locator("td.title a").focus()
        await clerk.page.keyboard.press("Space")
        await expect(clerk.page.locator("#bulk-count")).to_have_text("已选 1 件")
        await clerk.page.focus("#bulk [name=unit]")
        await clerk.page.keyboard.type("jtysj")
        await clerk.page.keyboard.press("Enter")
        await clerk.page.press("#btn-bulk", "Enter")
        await expect(clerk.page.locator("#tickets-notice")).to_contain_text("已派发 1 件")
        await expect(row).to_have_count(0)

        stranger = await officer(browser, hotline, "unit2")
        await stranger.open(f"/tickets/{number}")
        await expect(stranger.page.locator("#one-notice")).not_to_be_empty()
        await expect(stranger.page.locator("#one")).to_have_attribute("data-empty", "true")

        unit = await officer(browser, hotline, "unit1")
        await unit.page.wait_for_url("**/tickets")
        await unit.page.locator(f"tr[data-number='{number}'] td.title a").press("Enter")
        await unit.at("dispatched")
        await unit.does("sign", stage="signed")
        await unit.does("contact", {"reached": True, "note": "已约定调取监控后答复"}, stage="in_hand")
        asked = {"ground": "dcqz", "amount": "2", "reason": "需调取公交公司定位和监控"}
        await unit.does("ask_extension", asked, stage="in_hand")
        await clerk.ticket(number, "in_hand")
        await clerk.does("grant_extension", {"reason": "情况属实"}, stage="in_hand")
        reply = clerk.page.locator(".limit[data-what=reply]")
        await reply.locator("summary").press("Enter")
        await expect(reply).to_contain_text("延期 2 天")
        await unit.ticket(number, "in_hand")
        back = {"reason": "线路由公交集团运营", "basis": "三定方案", "suggestion": "市城管局"}
        await unit.does("ask_return", back, stage="return_asked")
        await clerk.ticket(number, "return_asked")
        await clerk.does("refuse_return", {"reason": "客运管理属本单位职责"}, stage="in_hand")
        await unit.ticket(number, "in_hand")
        assert "ask_extension" not in await unit.offered(), "prolonged once already"
        told = {
            "facts": "末班车途中抛锚，未发替班车", "process": "调取定位，约谈线路负责人", "basis": "城市公共汽电车客运管理规定",
        }  # fmt: skip
        await unit.does("reply", told, stage="replied")
        await unit.page.screenshot(path=PICTURES / "ticket-unit.png")
        await clerk.ticket(number, "replied")
        await clerk.page.screenshot(path=PICTURES / "ticket.png")
        await clerk.does("check", stage="checked")
        await clerk.does("follow_up", {"reached": True, "satisfied": True, "solved": True}, stage="checked")
        await clerk.does("close", stage="closed")
        await clerk.does("archive", stage="archived")
        assert await clerk.course() == [
            "create", "accept", "dispatch", "sign", "contact", "ask_extension", "grant_extension", "ask_return", "refuse_return",
            "reply", "check", "follow_up", "close", "archive",
        ]  # fmt: skip
        await clerk.open(f"/tickets/{number}/print")
        await expect(clerk.page.locator("body")).to_have_attribute("data-state", "ready")
        await expect(clerk.page.locator("#sheet-limits")).to_contain_text("延期 2 天")
        await clerk.page.screenshot(path=PICTURES / "ticket-print.png", full_page=True)

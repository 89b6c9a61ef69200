"""A return judged improper, contested and settled, then found in the ledger; a unit that is late and chased: all by keys."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from agent_desktop.rights import load_rights
from hotline_core.adapters.engine import make_engine
from hotline_core.settings import load_city
from tests.running.accessible import everything
from tests.running.instance import Hotline
from tests.running.page import Agents
from tests.running.ticket_pages import made, officer
from tickets.acts import Act
from tickets.laws import TicketLaws
from tickets.life import Actor
from tickets.policy import OTHER, load_policy
from tickets.store.orders import Facts, Orders
from tickets.ticket import Content

pytestmark = pytest.mark.desktop

PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"
MATTER: tuple[Any, ...] = ("12345", "complaint", "urban", "south", "夜市占道经营堵塞消防通道", {})
NOT_OURS = {"reason": "占道经营由城管部门负责", "basis": "三定方案", "suggestion": "市城管局"}
WEEKS_S = 60 * 86_400.0


def late_ticket(hotline: Hotline) -> str:
    """A complaint that was sent to a unit two months ago, and that nobody has touched since."""
    settings, then = hotline.settings, time.time() - WEEKS_S
    policy = load_policy(settings.home, load_city(settings.city_file))
    clerk = Actor("clerk1", "clerk", load_rights().acts_of("clerk"))
    content = Content(line="12328", klass="complaint", field="city_passenger", title="公交车站台无照明", text="夜间看不清站牌。")
    engine = make_engine(settings.tickets_url, durable=True)
    try:
        acts: tuple[tuple[Act, Facts], ...] = (("accept", {}), ("dispatch", {"unit": "transport"}))
        ticket = Orders(engine, TicketLaws()).create(
            content, by="clerk1", role="clerk", now=then, policy=policy, acts=acts, actor=clerk
        )
    finally:
        engine.dispose()
    return ticket.number


def counted_return(hotline: Hotline) -> str:
    """A return that its unit asks under rules which count the improper ones."""
    settings, now = hotline.settings, time.time()
    policy = load_policy(settings.home, load_city(settings.city_file))
    policy = replace(policy, chosen={OTHER: "sd-dezhou-2021"})
    clerk = Actor("clerk1", "clerk", load_rights().acts_of("clerk"))
    unit = Actor("unit1", "unit", load_rights().acts_of("unit"), frozenset({"transport"}))
    content = Content(line="12345", klass="complaint", field="urban", title="公交站牌被遮挡", text="看不清站牌。")
    engine = make_engine(settings.tickets_url, durable=True)
    try:
        orders = Orders(engine, TicketLaws())
        sent: tuple[tuple[Act, Facts], ...] = (("accept", {}), ("dispatch", {"unit": "transport"}))
        ticket = orders.create(content, by="clerk1", role="clerk", now=now, policy=policy, acts=sent, actor=clerk)
        orders.act(ticket.number, ticket.life.version, "ask_return", NOT_OURS, now=now, actor=unit, policy=policy)
    finally:
        engine.dispose()
    return ticket.number


async def test_where_the_rules_count_improper_returns_the_clerk_says_it_and_the_form_does_not(
    hotline: Hotline, tmp_path: Path
) -> None:
    """Nothing is chosen before; what was not said is asked for, and nothing was sent."""
    async with Agents(hotline, tmp_path) as agents:
        browser = (await agents.browser()).page.context.browser
        number = await asyncio.to_thread(counted_return, hotline)
        clerk = await officer(browser, hotline, "clerk1")
        await clerk.ticket(number, "return_asked")
        await clerk.opens("refuse_return")
        form = clerk.page.locator("#act-form")
        await expect(form.locator("[name=improper]:checked")).to_have_count(0)
        await form.locator("[name=reason]").focus()
        await clerk.page.keyboard.type("站牌属客运管理")
        await clerk.page.keyboard.press("Control+Enter")
        await expect(form.locator(".trouble")).to_contain_text("属于不当退单")
        await expect(form.locator("[name=improper][value=yes]")).to_be_focused()
        await clerk.at("return_asked")
        await clerk.page.screenshot(path=PICTURES / "return-judged.png")
        await clerk.page.focus("#act-form [name=improper][value=no]")
        await clerk.page.keyboard.press("Space")
        await clerk.page.keyboard.press("Control+Enter")
        await expect(form).to_have_attribute("data-open", "false")
        await clerk.at("dispatched")


async def test_an_improper_return_is_contested_settled_and_found_in_the_ledger(hotline: Hotline, tmp_path: Path) -> None:
    """The clerk judges it, the unit contests, the supervisor confirms it; the ledger counts it for the unit."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with Agents(hotline, tmp_path) as agents:
        browser = (await agents.browser()).page.context.browser
        clerk = await officer(browser, hotline, "clerk1")
        (number,) = await made(clerk, MATTER)
        await clerk.ticket(number, "accepted")
        await clerk.does("dispatch", {"unit": "jtysj"}, stage="dispatched")
        unit = await officer(browser, hotline, "unit1")
        await unit.ticket(number, "dispatched")
        await unit.does("ask_return", NOT_OURS, stage="return_asked")
        await clerk.ticket(number, "return_asked")
        await clerk.does("refuse_return", {"reason": "堵塞的是公交专用道", "improper": True}, stage="dispatched")
        await unit.ticket(number, "dispatched")
        await unit.does("contest_return", {"reason": "公交专用道已移交城管", "basis": "移交协议"}, stage="dispatched")
        await expect(unit.page.locator("#one-dispute")).to_contain_text("等待裁定")
        assert not {"ask_return", "contest_return"} & await unit.offered()

        lead = await officer(browser, hotline, "supervisor1")
        await lead.ticket(number, "dispatched")
        await lead.opens("settle_dispute")
        await expect(lead.page.locator("#act-form [name=unit]")).to_have_value("")
        await lead.page.screenshot(path=PICTURES / "dispute-settle.png")
        await lead.page.keyboard.press("Escape")
        decided = {"unit": "jtysj", "reason": "协议未包括本路段", "basis": "移交协议附表", "members": "市司法局"}
        await lead.does("settle_dispute", decided, stage="dispatched")
        await expect(lead.page.locator("#one-dispute")).to_contain_text("已裁定由 市交通运输局 承办")
        await lead.page.screenshot(path=PICTURES / "dispute-settled.png")

        await lead.open("/tickets")
        await lead.page.press("#improper-returns", "Enter")
        row = lead.page.locator(f"#rows tr[data-number='{number}']")
        await expect(row).to_contain_text("堵塞的是公交专用道")
        figure = lead.page.locator("#units tr[data-unit=transport] b")
        await expect(figure).to_have_text("1")
        await lead.page.press("#units [data-only=transport]", "Enter")
        await expect(lead.page.locator("#filters [name=unit]")).to_have_value("市交通运输局")
        await expect(lead.page.locator("#units [aria-pressed=true]")).to_be_focused()
        await lead.page.screenshot(path=PICTURES / "returns.png")
        assert await everything(lead.page) == []
        async with lead.page.expect_download() as taken:
            await lead.page.press("#export-csv", "Enter")
        file = await (await taken.value).path()
        assert number in await asyncio.to_thread(file.read_text, "utf-8-sig")
        await lead.page.fill("#filter-to", "2020-01-01")
        await expect(lead.page.locator("#rows tr.none")).to_be_visible()
        await lead.page.press("#filters button[type=reset]", "Enter")
        await row.locator("a").press("Enter")
        await lead.page.wait_for_url(f"**/tickets/{number}")


async def test_a_unit_that_is_late_is_chased_by_the_first_key_and_the_course_says_what_was_said(
    hotline: Hotline, tmp_path: Path
) -> None:
    async with Agents(hotline, tmp_path) as agents:
        browser = (await agents.browser()).page.context.browser
        number = await asyncio.to_thread(late_ticket, hotline)
        clerk = await officer(browser, hotline, "clerk1")
        await clerk.ticket(number, "dispatched")
        await expect(clerk.page.locator("#one-duty")).to_contain_text("请催办")
        await expect(clerk.page.locator("#acts button").first).to_have_attribute("data-act", "chase")
        said = {"way": "dhcb", "whom": "值班室赵主任", "said": "今天下班前签收，明天答复"}
        await clerk.does("chase", said, stage="dispatched")
        await expect(clerk.page.locator("#one-duty")).to_have_text("")
        told = clerk.page.locator("#steps li[data-act=chase]")
        for words in ("电话催办", "值班室赵主任", "今天下班前签收"):
            await expect(told).to_contain_text(words)
        await expect(clerk.page.locator("#acts [data-act=chase]")).to_have_class("quiet-act")
        await clerk.page.screenshot(path=PICTURES / "chased.png")

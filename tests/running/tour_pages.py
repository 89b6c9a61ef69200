"""The tour through the pages beside the desk: signing in, tickets, knowledge, what is administered, recordings."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from tests.running.instance import Hotline
from tests.running.long_call import put_long_call
from tests.running.page import Agents
from tests.running.ticket_pages import MATTERS, Officer, choose_profile, made, officer

Look = Callable[[Page, str], Awaitable[None]]


async def signing_in(hotline: Hotline, folder: Path, look: Look) -> None:
    """Before and after a sign-in that fails; one's own password."""
    async with Agents(hotline, folder) as agents:
        page = (await agents.browser()).page
        await page.goto(f"{hotline.origin}/sign-in")
        await look(page, "sign-in")
        await page.fill("input[name=login]", "agent1")
        await page.fill("input[name=password]", "wrong-password")
        await page.keyboard.press("Enter")
        await expect(page.locator("#sign-in-error")).not_to_be_empty()
        await look(page, "sign-in-refused")
        clerk = await officer(browser_of(page), hotline, "clerk1")
        await clerk.open("/password")
        await look(clerk.page, "password")


async def tickets(hotline: Hotline, folder: Path, look: Look) -> None:
    """A clerk's lists and one ticket with each kind of form open; paper; what a unit sees."""
    async with Agents(hotline, folder) as agents:
        clerk = await officer(browser_of((await agents.browser()).page), hotline, "clerk1")
        page = clerk.page
        numbers = await made(clerk, *MATTERS[:4])
        await clerk.open("/tickets?stage=accepted&sort=newest")
        await expect(page.locator("#tickets tr[data-number]").first).to_be_visible()
        await look(page, "tickets")
        await page.focus("#filters [name=field]")
        await page.keyboard.type("cs")
        await look(page, "tickets-choosing")
        await page.keyboard.press("Escape")
        await page.click("#btn-notices")
        await look(page, "tickets-notices")
        await clerk.ticket(numbers[0], "accepted")
        await look(page, "ticket")
        for act in ("dispatch", "correct"):
            await clerk.opens(act)
            await look(page, f"ticket-{act}")
            await page.keyboard.press("Escape")
        await clerk.does("dispatch", {"unit": "客运"}, stage="dispatched")
        await clerk.open(f"/tickets/{numbers[0]}/print")
        await expect(page.locator("body")).to_have_attribute("data-state", "ready")
        await look(page, "ticket-paper")
        await clerk.open("/tickets/new")
        await expect(page.locator("#ticket-form [name=source] option")).not_to_have_count(1)
        await look(page, "ticket-new")
        unit = await officer(browser_of(page), hotline, "unit1")
        await unit.ticket(numbers[0], "dispatched")
        await look(unit.page, "ticket-unit")


async def knowledge(hotline: Hotline, folder: Path, look: Look) -> None:
    """The page of what is known: read by an agent, written by a supervisor, one that fits nothing; the sheet beside the record."""
    async with Agents(hotline, folder) as agents:
        desk = await agents.desk("agent1")
        lead = await officer(browser_of(desk.page), hotline, "supervisor1")
        page = lead.page
        await lead.open("/knowledge")
        await page.fill("#page-q", "敬老卡")
        await expect(page.locator("#page-article")).to_contain_text("持敬老卡免费")
        await page.click("#versions summary")
        await look(page, "knowledge")
        await page.click("#btn-edit")
        await look(page, "knowledge-form")
        await page.keyboard.press("Escape")
        await page.fill("#page-q", "火星")
        await expect(page.locator("#page-rows .none")).to_be_visible()
        await look(page, "knowledge-nothing")
        await desk.page.keyboard.press("Alt+.")
        await desk.page.keyboard.type("老年人坐公交")
        await expect(desk.page.locator("#knowledge-rows [aria-selected=true]")).to_contain_text("公交车票价")
        await look(desk.page, "desk-knowledge")
        await desk.page.keyboard.press("Enter")
        await expect(desk.page.locator("#knowledge-article")).to_contain_text("免费乘坐")
        await look(desk.page, "desk-knowledge-article")


async def administering(hotline: Hotline, folder: Path, look: Look) -> None:
    """People, units, directory and announcements, each with its form open; the ledger of returns, the rules."""
    async with Agents(hotline, folder) as agents:
        browser = browser_of((await agents.browser()).page)
        admin = await officer(browser, hotline, "admin1")
        lead = await officer(browser, hotline, "supervisor1")
        for name, who in (("people", admin), ("units", lead), ("parties", lead)):
            await _with_form(who, name, look)
        await lead.open("/topics")
        await expect(lead.page.locator("#topics tr").first).to_be_visible()
        await look(lead.page, "topics")
        await lead.open("/returns")
        await expect(lead.page.locator("#rows tr").first).not_to_contain_text("正在取")
        await look(lead.page, "returns")
        await admin.open("/rules")
        await expect(admin.page.locator(".profile").first).to_be_visible()
        await look(admin.page, "rules")
        await choose_profile(admin.page, "12345", "sd-jinan", days=30)
        await expect(admin.page.locator("#choices tr[data-state=comes]")).to_be_visible()
        await look(admin.page, "rules-chosen")


async def _with_form(who: Officer, name: str, look: Look) -> None:
    await who.open(f"/{name}")
    await expect(who.page.locator(f"#{name} .acts button").first).to_be_visible()
    await look(who.page, name)
    await who.page.keyboard.press("?")
    await look(who.page, f"{name}-keys")
    await who.page.keyboard.press("Escape")
    await who.page.click("#btn-add")
    await expect(who.page.locator("#edit")).to_be_visible()
    await look(who.page, f"{name}-form")


async def recordings(hotline: Hotline, folder: Path, look: Look) -> None:
    """A recording before and after the reason, what is kept how long, and the audit trail of it."""
    call_id = "h1-9400.1"
    put_long_call(hotline.settings, call_id, time.time() - 7200, length_s=120)
    async with Agents(hotline, folder) as agents:
        browser = browser_of((await agents.browser()).page)
        lead = await officer(browser, hotline, "supervisor1")
        await lead.open(f"/calls?call={call_id}")
        player = lead.page.locator(".player")
        await expect(player.locator(".marks li").first).to_be_visible()
        await look(lead.page, "player-asks")
        await player.locator(".why select").select_option("quality")
        await player.locator("[data-do=open]").click()
        await expect(player).to_have_attribute("data-open", "true")
        await lead.page.keyboard.press("Space")
        await look(lead.page, "player")
        await lead.open("/recordings?shortest=1")
        await expect(lead.page.locator(f"tr[data-call-id='{call_id}']")).to_be_visible()
        await lead.page.keyboard.press("ArrowDown")
        await lead.page.keyboard.press("Enter")
        await expect(lead.page.locator("tr.detail .player .marks li").first).to_be_visible()
        await look(lead.page, "recordings")
        await lead.open("/keeping")
        await expect(lead.page.locator("#holds li").first).to_be_visible()
        await look(lead.page, "keeping")
        auditor = await officer(browser, hotline, "auditor1")
        await auditor.open("/audit")
        await expect(auditor.page.locator("tr[data-act=recording_listened]").first).to_be_visible()
        await look(auditor.page, "audit")


def browser_of(page: Page) -> Browser:
    """The browser that shows it."""
    browser = page.context.browser
    assert browser is not None
    return browser

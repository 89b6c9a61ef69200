"""A tour through every page and state of the desk, made with real calls; whoever walks it is told each state by name."""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack
from pathlib import Path

from playwright.async_api import expect

from tests.running.instance import Hotline
from tests.running.outgoing import plug_in
from tests.running.page import Agents, Desk, asks_for_a_person, floor_beside
from tests.running.ticket_pages import made, officer
from tests.running.tour_pages import Look, administering, browser_of, knowledge, recordings, signing_in, tickets
from tests.sip.agent import SipCaller
from tests.sip.policy import BUSY, Answer
from tests.sip.rtp import Tone

__all__ = ["TOURS", "Look"]

NO_MICROPHONE = "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); }"
SIGN_OUT = "fetch('/api/sign-out', {method: 'POST', headers: {'X-Hotline': '1'}})"
CITIZEN, UNIT, BUSY_UNIT = "13855730001", "13955730002", "13955730003"
WAITING = (("13855730004", "12328"), ("13855730005", "12345"))
EARLIER = (
    ("12345", "help", "utilities", "west", "小区停水两天，无人通知", {"number": CITIZEN, "name": "陈芳"}),
    ("12328", "suggestion", "city_passenger", "central", "建议火车站东广场增设候车棚", {"number": CITIZEN, "name": "陈芳"}),
)


async def a_call(hotline: Hotline, folder: Path, look: Look) -> None:
    """An agent's desk from before the first call to after it, with a unit on the line and rescuers called."""
    async with (
        Agents(hotline, folder) as agents, SipCaller(hotline.sip, CITIZEN) as citizen,
        SipCaller(hotline.sip, UNIT, on_invite=Answer(1.0), voice=Tone(1300)) as unit,
        SipCaller(hotline.sip, BUSY_UNIT, on_invite=BUSY) as busy, AsyncExitStack() as stack,
    ):  # fmt: skip
        for telephone in (unit, busy):
            await asyncio.to_thread(plug_in, hotline, telephone)
        desk = await agents.desk("agent2")
        page, keys = desk.page, desk.page.keyboard
        clerk = await officer(browser_of(page), hotline, "clerk1")
        await made(clerk, *EARLIER)
        await look(page, "desk-offline")
        await keys.press("Alt+/")
        await look(page, "desk-keys")
        await keys.press("Escape")
        await desk.be_paused()
        await page.click("#btn-headset")
        await page.click("#btn-echo")
        await expect(page.locator("#echo-told")).to_have_attribute("data-state", "heard")
        await look(page, "desk-headset")
        await keys.press("Escape")
        await desk.become_ready()
        await look(page, "desk-ready")
        await keys.press("Alt+B")
        await keys.type("110")
        await keys.press("Enter")
        await expect(page.locator("#callbacks-notice")).not_to_be_empty()
        await look(page, "desk-dial-refused")
        await keys.press("Escape")
        await keys.press("Alt+P")
        await desk.state("paused")
        await look(page, "desk-paused")
        await desk.become_ready()
        call = await asks_for_a_person(citizen, "12328")
        await desk.state("ringing", 25)
        await expect(page.locator("#ticket-tickets li")).to_have_count(len(EARLIER))
        await expect(page.locator("#timeline li[data-kind]").first).to_be_visible()
        await look(page, "desk-ringing")
        await keys.press("Alt+A")
        await desk.stage("single")
        phones = [(await stack.enter_async_context(SipCaller(hotline.sip, number)), line) for number, line in WAITING]
        waiting = [await asks_for_a_person(phone, line) for phone, line in phones]
        await _written(desk)
        await expect(page.locator("#waiting li[data-call-id]")).to_have_count(len(WAITING), timeout=20_000)
        await look(page, "desk-talking")
        for each in waiting:
            await each.hang_up()
        await keys.press("Alt+U")
        await expect(page.locator("#act-sheet")).to_have_attribute("data-open", "true")
        await look(page, "desk-refusing")
        await keys.press("Escape")
        await keys.press("Alt+,")
        await expect(page.locator("#phrases li").first).to_be_visible()
        await look(page, "desk-phrases")
        await keys.press("Escape")
        await keys.press("Alt+M")
        await expect(page.locator("#notice")).to_have_attribute("data-key", "speaks_muted")
        await look(page, "desk-muted")
        await keys.press("Alt+M")
        await keys.press("Alt+H")
        await desk.state("held")
        await look(page, "desk-held")
        await keys.press("Alt+H")
        await desk.state("talking")
        await keys.press("Alt+Z")
        await keys.type(unit.user)
        await keys.press("Enter")
        await desk.stage("consult")
        await look(page, "desk-consulting")
        await keys.press("Alt+C")
        await desk.stage("three")
        await look(page, "desk-three")
        await keys.press("Alt+K")
        await desk.stage("talk")
        await keys.press("Alt+Z")
        await keys.type(busy.user)
        await keys.press("Enter")
        await expect(page.locator("#line")).to_have_attribute("data-failed", "busy", timeout=20_000)
        await look(page, "desk-failed")
        async with floor_beside(desk, hotline) as floor:
            await keys.press("Alt+J")
            await keys.press("1")
            await desk.stage("adding", "three")
            await look(page, "desk-emergency")
            await expect(floor.locator("#alarm")).to_have_attribute("data-state", re.compile("calling|answered"))
            await look(floor, "floor-alarm")
        await keys.press("Alt+K")
        await desk.stage("talk")
        await keys.press("Alt+X")
        await call.wait_ended(5)
        await desk.state("wrap_up")
        await look(page, "desk-after-call")
        await keys.press("Alt+B")
        await look(page, "desk-callbacks")
        await page.goto(f"{hotline.origin}/history?mine=1")
        await expect(page.locator("#own-day [data-figure=answered] dd")).to_have_text(re.compile("[1-9][0-9]* 通"), timeout=15_000)
        await look(page, "own-day")
        await page.evaluate(SIGN_OUT)


async def _written(desk: Desk) -> None:
    """Class and field chosen by initials, a title and a record: the limit stands."""
    page = desk.page
    for name, typed in (("klass", "ts"), ("field", "csk")):
        await page.focus(f"#ticket-form [name={name}]")
        await page.keyboard.type(typed)
        await page.keyboard.press("Enter")
    await page.fill("#ticket-form [name=title]", "105 路末班车提前发车，乘客被落下")
    await page.fill("#draft-text", "昨晚 22:10 在火车站东广场等 105 路末班车，车辆提前五分钟发车，三名乘客没有上去。")
    await expect(page.locator("#limit-sentence")).not_to_be_empty()
    await expect(page.locator("#draft-state")).to_have_attribute("data-state", "saved", timeout=5000)


async def troubled(hotline: Hotline, folder: Path, look: Look) -> None:
    """A desk without its server, one whose telephone is in another tab, and one that was not given the microphone."""
    async with Agents(hotline, folder) as agents:
        desk = await agents.desk("agent1")
        await desk.become_ready()
        second = Desk(await desk.page.context.new_page(), hotline)
        await second.open("elsewhere")
        await look(second.page, "desk-second-tab")
        await second.page.close()
        await asyncio.to_thread(hotline.stop, "desk")
        try:
            await expect(desk.page.locator("#link-state")).not_to_have_attribute("data-state", "connected")
            await look(desk.page, "desk-link-lost")
        finally:
            await asyncio.to_thread(hotline.start_again, "desk")
        await expect(desk.page.locator("#link-state")).to_have_attribute("data-state", "connected", timeout=60_000)
        await desk.page.context.clear_permissions()
        await desk.page.add_init_script(NO_MICROPHONE)
        await desk.page.reload()
        await expect(desk.page.locator("#notice")).to_have_attribute("data-key", "mic_refused")
        await look(desk.page, "desk-no-microphone")
        await desk.page.evaluate(SIGN_OUT)


async def supervising(hotline: Hotline, folder: Path, look: Look) -> None:
    """The floor with two agents and a caller who waits, the question before somebody is signed out, the calls with one open."""
    async with (
        Agents(hotline, folder) as agents, SipCaller(hotline.sip, CITIZEN) as citizen,
        SipCaller(hotline.sip, WAITING[0][0]) as waiting,
    ):  # fmt: skip
        desk, other = await agents.desk("agent3"), await agents.desk("agent1")
        await desk.become_ready()
        await other.become_ready()
        await other.page.keyboard.press("Alt+P")
        await other.state("paused")
        call = await asks_for_a_person(citizen, "12345")
        await desk.answer()
        waits = await asks_for_a_person(waiting, "12328")
        async with floor_beside(desk, hotline) as page:
            await expect(page.locator("#callers tr[data-phase=waiting]")).to_have_count(1, timeout=15_000)
            await look(page, "floor")
            await waits.hang_up()
            await page.keyboard.press("?")
            await look(page, "floor-keys")
            await page.keyboard.press("Escape")
            agent = page.locator("#agents tr[data-agent='1003']")
            await agent.focus()
            await page.keyboard.press("x")
            await expect(page.locator("#confirm")).to_be_visible()
            await look(page, "floor-confirm")
            await page.keyboard.press("Escape")
            call_id = await desk.call_id()
            await call.hang_up()
            await desk.state("ready", 15)
            await page.goto(f"/calls?call={call_id}")
            await expect(page.locator("tr.detail .player [data-do=open]")).to_be_visible(timeout=15_000)
            await look(page, "calls")
            await page.goto("/history")
            await expect(page.locator("#history tr[data-kind]").first).to_be_visible()
            await page.keyboard.press("ArrowDown")
            await page.keyboard.press("Enter")
            await expect(page.locator("tr.detail .timeline li").first).to_be_visible()
            await look(page, "history")
            await page.fill("#filter-q", "没有这样的事")
            await expect(page.locator("#history tr.none")).to_be_visible()
            await look(page, "history-nothing")
            await page.goto("/desk")
            await expect(page.locator("#link-state")).to_have_attribute("data-state", "connected")
            await look(page, "desk-supervisor")
        for each in (desk, other):
            await each.page.evaluate(SIGN_OUT)


TOURS = (signing_in, supervising, a_call, troubled, recordings, tickets, knowledge, administering)

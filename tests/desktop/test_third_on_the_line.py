"""A third on the line, decided in a real page by keyboard alone: who is heard is measured, what the page says is read."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.running.facts import live_equals_asterisk, stored_call
from tests.running.instance import Hotline
from tests.running.outgoing import plug_in
from tests.running.page import AGENT_HZ, Agents, Desk, floor_beside, ready_agent
from tests.running.typing import both_write
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.sip.policy import Answer, RingForever
from tests.sip.rtp import Tone
from tests.sip.tones import level_of, silent_ms

pytestmark = pytest.mark.desktop

CITIZEN_HZ, UNIT_HZ = 500, 1300
HEARD = 3000.0  # of 8000 sent; what is not heard is far below 400
PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"


async def talk(desk: Desk, phone: SipCaller, line: str = "12328") -> Call:
    """A citizen calls and the agent answers by key."""
    call = await phone.call(line, source=Tone(CITIZEN_HZ))
    await desk.state("ringing", 25)
    await desk.page.keyboard.press("Alt+A")
    await desk.stage("single")
    return call


async def ear(call: Call, *, hears: tuple[int, ...], not_hears: tuple[int, ...] = ()) -> None:
    """Wait until this telephone hears these tones and not those."""
    levels: dict[int, float] = {}
    for _ in range(25):
        await call.listen(0.4)
        sound = call.heard(0.3)
        levels = {hz: level_of(sound, hz) for hz in (*hears, *not_hears)}
        if all(levels[hz] > HEARD for hz in hears) and all(levels[hz] < 400 for hz in not_hears):
            return
    raise AssertionError(f"wanted {hears}, not {not_hears}, heard {levels}")


async def test_an_agent_consults_a_unit_joins_it_swaps_sends_keys_and_leaves_by_keyboard_alone(
    hotline: Hotline, tmp_path: Path
) -> None:
    """Each stage with who hears whom, on the screen and in the ears; the draft is written meanwhile; the two talk on."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with (
        ready_agent(hotline, tmp_path) as desk,
        SipCaller(hotline.sip, "13855720001") as citizen,
        SipCaller(hotline.sip, "13955720002", on_invite=Answer(1.5), voice=Tone(UNIT_HZ)) as unit,
    ):
        await asyncio.to_thread(plug_in, hotline, unit)
        keys = desk.page.keyboard
        call = await talk(desk, citizen)
        await desk.seats("room", "room", "none")
        await desk.page.fill("#draft-text", "公交车末班车昨晚没有来，请公交集团答复。")
        await keys.press("Alt+Z")
        await keys.type(unit.user)
        await keys.press("Enter")
        await desk.stage("calling")
        await desk.seats("music", "room", "dialling")
        there = await unit.next_call(10)
        await desk.stage("consult")
        await desk.seats("music", "room", "room")
        await expect(desk.page.locator("#line-story")).to_contain_text("市民听音乐")
        await ear(there, hears=(AGENT_HZ,), not_hears=(CITIZEN_HZ,))
        await ear(call, hears=(), not_hears=(AGENT_HZ, UNIT_HZ))
        assert silent_ms(call.heard(0.6)) < 400, "the citizen hears music"
        await desk.screenshot(PICTURES / "consulting.png")

        await keys.press("Alt+I")
        await keys.type("2#")
        await expect(desk.page.locator("#keypad-sent")).to_contain_text("2#", timeout=10_000)
        await keys.press("Escape")
        for _ in range(40):
            if there.digits == "2#":
                break
            await there.listen(0.25)
        assert there.digits == "2#"

        await keys.press("Alt+C")
        await desk.stage("three")
        await desk.seats("room", "room", "room")
        await ear(call, hears=(AGENT_HZ, UNIT_HZ))
        await ear(there, hears=(AGENT_HZ, CITIZEN_HZ))
        await desk.screenshot(PICTURES / "three.png")
        await desk.page.focus("#btn-mute-third")
        await keys.press("Enter")
        await expect(desk.page.locator("#seat-third")).to_have_attribute("data-muted", "true", timeout=10_000)
        await ear(call, hears=(AGENT_HZ,), not_hears=(UNIT_HZ,))
        await keys.press("Enter")
        await expect(desk.page.locator("#seat-third")).to_have_attribute("data-muted", "false", timeout=10_000)

        await keys.press("Alt+S")
        await desk.stage("swapped")
        await desk.seats("room", "room", "music")
        await ear(call, hears=(AGENT_HZ,), not_hears=(UNIT_HZ,))
        await keys.press("Alt+C")
        await desk.stage("three")
        call_id = await desk.call_id()
        await keys.press("Alt+L")
        await desk.stage("handed")
        await desk.seats("room", "gone", "room")
        await ear(call, hears=(UNIT_HZ,), not_hears=(AGENT_HZ,))
        await keys.press("Alt+Q")  # whoever left the two may come back while they talk
        await desk.stage("three")
        await ear(call, hears=(AGENT_HZ, UNIT_HZ))
        await keys.press("Alt+L")
        await desk.state("ready", 15)
        await ear(call, hears=(UNIT_HZ,), not_hears=(AGENT_HZ,))
        await expect(desk.page.locator("#timeline")).to_contain_text("三方通话", timeout=15_000)
        await there.hang_up()
        await call.hang_up()
        with hotline.api() as api:
            await stored_call(api, call_id, state="ended")
            await live_equals_asterisk(hotline, api)


async def test_an_emergency_number_is_two_keys_away_alarms_the_supervisor_and_a_refused_one_is_told_in_its_place(
    hotline: Hotline, tmp_path: Path
) -> None:
    """12395 from the talk: the citizen is never let go, the floor shows it until seen; then a busy unit, and its notice."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with (
        ready_agent(hotline, tmp_path) as desk,
        floor_beside(desk, hotline) as floor,
        SipCaller(hotline.sip, "13855720003") as citizen,
        SipCaller(hotline.sip, "13955720005", on_invite=RingForever()) as engaged,
    ):
        keys = desk.page.keyboard
        await asyncio.to_thread(plug_in, hotline, engaged)
        await engaged_unit(floor, hotline, engaged.user)
        await expect(desk.page.locator("#emergency button")).to_have_count(5)
        await expect(floor.locator("#alarm")).to_have_attribute("data-state", "none")
        call = await talk(desk, citizen)
        await keys.press("Alt+J")
        await keys.press("1")
        await desk.stage("adding", "three")
        await expect(desk.page.locator("#line")).to_have_attribute("data-tone", "danger")
        await expect(floor.locator("#alarm")).to_have_attribute("data-state", re.compile("calling|answered"), timeout=10_000)
        await expect(desk.page.locator("#timeline")).to_contain_text("紧急呼叫：水上搜救", timeout=15_000)
        await desk.screenshot(PICTURES / "emergency.png")
        await floor.screenshot(path=PICTURES / "floor-alarm.png")
        await desk.stage("three")
        await expect(floor.locator("#alarm")).to_have_attribute("data-state", "answered", timeout=10_000)
        await floor.keyboard.press("k")
        await expect(floor.locator("#alarm")).to_have_attribute("data-seen", "true")
        await ear(call, hears=(AGENT_HZ,))
        await keys.press("Alt+K")
        await desk.stage("talk")

        await keys.press("Alt+Z")
        await keys.type("szx")
        await expect(desk.page.locator("#transfer-list li")).to_have_count(1, timeout=10_000)
        await keys.press("Shift+Enter")
        await desk.stage("adding")
        await desk.seats("room", "room", "dialling")
        (await engaged.next_call(10)).reject(486)
        await expect(desk.page.locator("#line")).to_have_attribute("data-failed", "busy", timeout=20_000)
        await desk.seats("room", "room", "failed")
        await expect(desk.page.locator("#line-story")).to_contain_text("试占线")
        await ear(call, hears=(AGENT_HZ,))
        await desk.screenshot(PICTURES / "failed.png")

        party = {"name": "试占线", "numbers": [engaged.user], "kind": "emergency"}
        assert await floor.evaluate(CHANGE, ["PUT", party]) == 200
        await expect(desk.page.locator("#emergency button")).to_have_count(6)
        await keys.press("Alt+J")
        await keys.press("6")
        (await engaged.next_call(10)).reject(486)
        await expect(floor.locator("#alarm")).to_have_attribute("data-state", "failed")
        await expect(desk.page.locator("#line")).to_have_attribute("data-tone", "danger")
        await keys.press("Alt+Z")
        await keys.type("综合")
        await keys.press("Enter")
        await desk.state("ringing", 30)
        await expect(desk.page.locator("#ticket-flags")).to_contain_text("已呼叫救援，对方未接")
        assert await floor.evaluate(CHANGE, ["DELETE", None]) == 200
        await call.hang_up()
        await expect(floor.locator("#alarm")).to_have_attribute("data-state", "none", timeout=10_000)


CHANGE = """
async ([method, data]) => (await fetch("/api/parties/engaged", {
  method, headers: {"X-Hotline": "1", "Content-Type": "application/json"}, body: data && JSON.stringify(data),
})).status
"""


async def engaged_unit(page: Page, hotline: Hotline, number: str) -> None:
    """A supervisor adds a party in the directory's page; a mistake is told in its place."""
    await page.goto(f"{hotline.origin}/parties")
    await expect(page.locator("tr[data-party=water_rescue] .numbers")).to_contain_text("12395")
    await page.screenshot(path=PICTURES / "directory.png")
    await page.focus("#btn-add")
    await page.keyboard.press("Enter")
    for text in ("engaged", "试占线"):
        await page.keyboard.type(text)
        await page.keyboard.press("Tab")
    await page.fill("textarea[name=hours]", "早到晚")
    await page.fill("textarea[name=numbers]", number)
    await page.click("#btn-save")
    await expect(page.locator("#edit-error")).to_contain_text("早到晚")
    await page.fill("textarea[name=hours]", "1-7 00:00-24:00")
    await page.click("#btn-save")
    await expect(page.locator("tr[data-party=engaged]")).to_contain_text(number, timeout=10_000)
    await page.goto(f"{hotline.origin}/floor")
    await expect(page.locator("body")).to_have_attribute("data-live", "sure", timeout=10_000)


async def test_an_agent_whose_browser_died_takes_the_citizen_back_with_one_key(hotline: Hotline, tmp_path: Path) -> None:
    """The citizen waits at the head of the queue meanwhile; the page that is back says so and asks nobody to be ready first."""
    async with Agents(hotline, tmp_path) as agents, SipCaller(hotline.sip, "13855720004") as citizen:
        desk = await agents.desk("agent1")
        await desk.become_ready()
        call = await talk(desk, citizen)
        kept = await agents.kill(desk)
        with hotline.api() as api:
            wanted = (citizen.user, "waiting", "1001")
            for _ in range(150):
                calls = (await asyncio.to_thread(hotline.live, api))["calls"]
                if wanted in [(each["caller"], each["phase"], each["lost_by"]) for each in calls]:
                    break
                await asyncio.sleep(0.2)
            else:
                raise AssertionError(f"the citizen does not wait: {calls}")
        desk = await agents.back(kept)
        await desk.stage("lost", "alone")
        await expect(desk.page.locator("#line-stage")).to_have_text("通话中断")
        await desk.page.keyboard.press("Alt+Q")
        await desk.state("talking", 20)
        await ear(call, hears=(AGENT_HZ,))
        await desk.page.keyboard.press("Alt+X")
        await call.wait_ended(5)


async def test_a_colleague_is_asked_in_finds_the_record_takes_the_call_over_and_gives_it_to_the_second_queue(
    hotline: Hotline, tmp_path: Path
) -> None:
    """Both pages say the same from their own side; the record of the first is there for the second; nobody is dropped.

    While both write in it neither overwrites the other unseen.
    """
    async with Agents(hotline, tmp_path) as agents, SipCaller(hotline.sip, "13855720006") as citizen:
        first = await agents.desk("agent1")
        await first.become_ready()
        call = await talk(first, citizen, "12345")
        second = await agents.desk("agent2")
        await second.become_ready()
        await first.page.fill("#draft-text", "暖气不热，已报修两次。")
        await expect(first.page.locator("#draft-state")).to_have_attribute("data-state", "saved", timeout=10_000)
        await first.page.keyboard.press("Alt+Z")
        await first.page.keyboard.type("1002")
        await first.page.keyboard.press("Enter")
        await second.state("ringing", 15)
        await expect(second.page.locator("#line-stage")).to_have_text("请您上线")
        await second.page.keyboard.press("Alt+A")
        for desk in (first, second):
            await desk.stage("consult")
        await expect(second.page.locator("#line-story")).to_contain_text("1001 张敏与您通话")
        await expect(second.page.locator("#draft-text")).to_have_value("暖气不热，已报修两次。", timeout=10_000)
        await both_write(first, second, "暖气不热，已报修两次。")
        await first.page.keyboard.press("Alt+L")
        await first.state("ready", 15)
        await second.stage("talk")
        await second.seats("room", "room", "none")
        await ear(call, hears=(AGENT_HZ,))
        await second.page.keyboard.press("Alt+Z")
        await second.page.keyboard.type("二线")
        await second.page.keyboard.press("Enter")
        await second.state("ready", 15)
        await second.stage("none")
        await call.listen(1.0)
        assert silent_ms(call.heard(0.6)) < 400, "the citizen hears music in the queue"
        await call.hang_up()


async def test_with_the_live_view_gone_an_emergency_is_dialled_all_the_same_and_the_page_says_what_it_cannot_see(
    hotline: Hotline, tmp_path: Path
) -> None:
    """Redis stopped while a unit is consulted, who then leaves: though the page still believes the unit there, the two keys reach
    the rescuers, all three meet, and nothing on the screen pretends to know."""
    async with (
        ready_agent(hotline, tmp_path) as desk,
        SipCaller(hotline.sip, "13855720007") as citizen,
        SipCaller(hotline.sip, "13955720008", on_invite=Answer(0.2)) as unit,
    ):
        await asyncio.to_thread(plug_in, hotline, unit)
        call = await talk(desk, citizen)
        call_id = await desk.call_id()
        await desk.page.keyboard.press("Alt+Z")
        await desk.page.keyboard.type(unit.user)
        await desk.page.keyboard.press("Enter")
        there = await unit.next_call(10)
        await desk.stage("consult")
        await asyncio.to_thread(hotline.stop, "redis")
        try:
            await expect(desk.page.locator("body")).to_have_attribute("data-live", "unsure", timeout=15_000)
            await there.hang_up()
            await ear(call, hears=(AGENT_HZ,))
            await desk.page.keyboard.press("Alt+J")
            await desk.page.keyboard.press("1")
            await expect(desk.page.locator("#line-stage")).to_have_text("已发出", timeout=10_000)
            await expect(desk.page.locator("#line-story")).to_contain_text("12395 水上搜救")
            for _ in range(60):
                rooms = await asyncio.to_thread(hotline.asterisk, f"confbridge list {call_id}")
                if rooms.count("PJSIP/") == 3:
                    break
                await asyncio.sleep(0.25)
            assert rooms.count("PJSIP/") == 3, rooms
            await ear(call, hears=(AGENT_HZ,))
        finally:
            await asyncio.to_thread(hotline.start_again, "redis")
        await asyncio.to_thread(hotline.wait, hotline.is_ready, 30.0, "all parts are back")
        await desk.stage("three")
        await desk.page.keyboard.press("Alt+K")
        await desk.stage("talk")
        await desk.page.keyboard.press("Alt+X")
        await call.wait_ended(5)

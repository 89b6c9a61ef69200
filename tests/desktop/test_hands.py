"""From the ring to the saved order and ready again: by keys alone, and by the mouse; what hands do is counted, the page timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.running.instance import Hotline
from tests.running.page import Agents, Desk, asks_for_a_person
from tests.sip.agent import SipCaller
from tests.sip.call import Call

pytestmark = pytest.mark.desktop

Tell = Callable[[str, object], None]
TITLE, TEXT = "3 路公交末班车未到站", "昨晚 22:10 在火车站等 3 路末班车，等候 40 分钟未到，要求核查。"
PLACE, OBJECT, WHEN, NAME = "火车站公交站", "3 路公交", "昨晚 22:10", "王女士"
PAGE_S = 8.0  # of a page and a server on a busy machine, for the whole order; a person's hands come on top
# The keystroke-level model (Card, Moran, Newell 1980): a key, a click with its pointing, a move between mouse and keys; seconds.
KEY_S, CLICK_S, HOMING_S = 0.2, 1.2, 0.4
SPY = """() => {
  window.hands = {keys: 0, chords: 0, clicks: 0, from: null, homings: 0};
  const hand = (kind) => { if (hands.from && hands.from !== kind) hands.homings += 1; hands.from = kind; };
  addEventListener('keydown', (event) => {
    if (!event.isTrusted || ['Alt', 'Control', 'Shift'].includes(event.key)) return;
    hands.keys += 1;
    if (event.altKey || event.ctrlKey || event.key.length > 1) hands.chords += 1;
    hand('keys');
  }, {capture: true});
  addEventListener('pointerdown', (event) => { if (event.isTrusted) { hands.clicks += 1; hand('mouse'); } }, {capture: true});
}"""


async def rung(desk: Desk, phone: SipCaller) -> tuple[Call, float]:
    """A citizen calls; the call and the moment when it rang."""
    await desk.become_ready()
    await desk.page.evaluate(SPY)
    call = await asks_for_a_person(phone, "12345")
    await desk.state("ringing", 25)
    return call, time.monotonic()


async def order_is_right(desk: Desk) -> None:
    """What was said by hand stands in the order, with its unit's limit."""
    link = desk.page.locator("#made-list a")
    await expect(link).to_contain_text("待派")
    number = str(await link.get_attribute("href")).rsplit("/", 1)[1]
    told = await desk.page.evaluate("async (number) => (await fetch(`/api/tickets/${number}`)).json()", number)
    content = told["content"]
    assert (content["klass"], content["title"], content["text"]) == ("complaint", TITLE, TEXT)
    assert (content["place"], content["object"], content["happened_at"], content["name"]) == (PLACE, OBJECT, WHEN, NAME)
    assert content["area"] == "central"
    assert (told["stage"], content["is_urgent"]) == ("accepted", True)


async def told(desk: Desk, tell: Tell, began: float) -> dict[str, Any]:
    """What hands did, and how long the page itself took, as nobody types faster than this test."""
    hands: dict[str, Any] = await desk.page.evaluate("hands")
    page_s = time.monotonic() - began
    hand_s = hands["chords"] * KEY_S + hands["clicks"] * CLICK_S + hands["homings"] * HOMING_S
    for name, value in {**hands, "page_s": round(page_s, 2), "hand_s": round(hand_s, 1)}.items():
        tell(name, value)
    assert page_s < PAGE_S
    return hands


async def test_from_the_ring_to_the_saved_order_and_ready_again_by_the_keyboard_alone(
    hotline: Hotline, tmp_path: Path, record_property: Tell
) -> None:
    """Not one press of a mouse's button; class, subject and place by their initials, in the order of Tab."""
    async with Agents(hotline, tmp_path) as agents, SipCaller(hotline.sip, "13855709201") as phone:
        desk = await agents.desk("agent1")
        call, began = await rung(desk, phone)
        keys = desk.page.keyboard
        await keys.press("Alt+A")
        await keys.press("Alt+O")
        for typed in ("ts", "jtcx", "zxcq"):
            await keys.type(typed)
            await keys.press("Tab")
        await expect(desk.page.locator("#limit-sentence")).not_to_be_empty()
        await keys.press("Tab")
        await keys.type(TITLE)
        for typed in (TEXT, PLACE, OBJECT, WHEN, NAME):
            await keys.press("Tab")
            await keys.type(typed)
        for _ in range(3):
            await keys.press("Tab")
        await keys.press("Space")
        await keys.press("Alt+G")
        await expect(desk.page.locator("#act-sheet")).to_have_attribute("data-open", "true")
        await keys.press("Control+Enter")
        await order_is_right(desk)
        hands = await told(desk, record_property, began)
        await keys.press("Alt+X")
        await call.wait_ended(5)
        await keys.press("Alt+R")
        await desk.state("ready")
        assert hands["clicks"] == 0
        assert hands["chords"] <= 20, "keys beside the words"


async def test_from_the_ring_to_the_saved_order_and_ready_again_by_the_mouse(
    hotline: Hotline, tmp_path: Path, record_property: Tell
) -> None:
    """Every act and every choice by a click; only words are typed."""
    async with Agents(hotline, tmp_path) as agents, SipCaller(hotline.sip, "13855709202") as phone:
        desk = await agents.desk("agent1")
        call, began = await rung(desk, phone)
        page = desk.page
        await page.click("#btn-answer")
        for field, choice in (("klass", "投诉"), ("field", "交通出行"), ("area", "中心城区")):
            await page.click(f"#ticket-form [name={field}]")
            await page.locator("#ticket-form .pick li[role=option]:visible", has_text=choice).first.click()
        await expect(page.locator("#limit-sentence")).not_to_be_empty()
        words = {"title": TITLE, "text": TEXT, "place": PLACE, "object": OBJECT, "happened_at": WHEN, "name": NAME}
        for field, typed in words.items():
            await page.click("#draft-text" if field == "text" else f"#ticket-form [name={field}]")
            await page.keyboard.type(typed)
        await page.click("#ticket-form [name=is_urgent]")
        await page.click("#ticket-form [data-do=accept]")
        await page.click("#btn-act-send")
        await order_is_right(desk)
        hands = await told(desk, record_property, began)
        await page.click("#btn-hangup")
        await call.wait_ended(5)
        if await page.locator("#state").get_attribute("data-state") == "wrap_up":
            await page.click("#btn-ready")
        await desk.state("ready")
        assert hands["chords"] == 0, "no key but those of the words"
        assert hands["clicks"] <= 17

"""An agent calls somebody: a number that was typed, a citizen once more, the citizen of an order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.running.facts import live_equals_asterisk, stored_call
from tests.running.instance import Hotline
from tests.running.outgoing import plug_in
from tests.running.page import AGENT_HZ, ready_agent
from tests.sip.agent import SipCaller
from tests.sip.policy import Answer
from tests.sip.rtp import Tone

pytestmark = pytest.mark.desktop

CITIZEN_HZ = 500
MATTER = {"line": "12328", "klass": "complaint", "field": "city_passenger", "title": "出租车拒载", "text": "请回电。"}
MAKE = """async (content) => {
  const headers = {'X-Hotline': '1', 'Content-Type': 'application/json'};
  const answer = await fetch('/api/tickets', {method: 'POST', headers, body: JSON.stringify({content, act: '', facts: {}})});
  return (await answer.json()).number;
}"""


async def test_a_typed_number_is_called_by_keys_alone_shown_the_chosen_line_recorded_and_called_once_more(
    hotline: Hotline, tmp_path: Path
) -> None:
    """One that is not allowed is refused in its place; the same citizen again by one press at the ticket, after the talk."""
    pictures = Path(os.environ.get("HOTLINE_TEST_PICTURES", tmp_path))
    with hotline.api() as api:
        async with (
            SipCaller(hotline.sip, "13855708101", on_invite=Answer(after_s=0.3)) as phone,
            ready_agent(hotline, tmp_path) as desk,
        ):
            plug_in(hotline, phone)
            page, keys = desk.page, desk.page.keyboard
            await keys.press("Alt+B")
            await keys.type("110")
            await keys.press("Enter")
            await expect(page.locator("#callbacks-notice")).to_contain_text("不在允许呼出的范围")
            await keys.press("Escape")
            await keys.press("Alt+B")
            await keys.type("138 5570 8101")  # in the place of the one that was refused
            await expect(page.locator("#dial-form [name=number]")).to_have_value("138 5570 8101")
            await page.select_option("#dial-form [name=line]", "12345")
            await desk.screenshot(pictures / "dial-typed.png")
            await page.press("#dial-form [name=number]", "Enter")
            call = await phone.next_call(10)
            assert call.caller_number == "12345"
            call.send(Tone(CITIZEN_HZ))
            await desk.state("talking", 15)
            call_id = await desk.call_id()
            await desk.hears_tone(CITIZEN_HZ)
            await call.rtp.hears_tone(AGENT_HZ)
            await keys.press("Alt+I")  # the menu of whom was called
            await expect(page.locator("#keypad-to")).to_contain_text("市民")
            await keys.type("3*")
            await expect(page.locator("#keypad-sent")).to_contain_text("3*")
            for _ in range(40):
                if call.digits == "3*":
                    break
                await call.listen(0.25)
            assert call.digits == "3*"
            await keys.press("Escape")
            await keys.press("Alt+X")
            await call.wait_ended(5)
            stored = await stored_call(api, call_id, state="ended", outcome="answered", direction="out")
            assert (stored["line"], stored["caller"], stored["agent"]) == ("12345", phone.user, "1001")
            await stored_call(api, call_id, recording=True)

            again = page.locator("#btn-call-again")
            await expect(again).to_be_enabled()
            await again.click()
            second = await phone.next_call(10)
            assert second.caller_number == "12345"
            await desk.state("talking", 15)
            await expect(again).to_be_disabled()
            await keys.press("Alt+X")
            await second.wait_ended(5)
            stored = await stored_call(api, await desk.call_id(), state="ended", direction="out")
            assert stored["about"] == call_id

            history = await page.context.new_page()
            await history.goto(f"{hotline.origin}/calls")
            await history.locator(f"tr.call[data-call-id='{call_id}'] button.open").click()
            await history.click("button.again")
            third = await phone.next_call(10)
            await desk.state("talking", 15)
            await keys.press("Alt+X")
            await third.wait_ended(5)
            await live_equals_asterisk(hotline, api)


async def test_the_citizen_of_an_order_is_called_from_its_page_and_talks_at_the_desk(hotline: Hotline, tmp_path: Path) -> None:
    """The order's page asks; the telephone is the desk's; the line's own number is shown."""
    async with (
        SipCaller(hotline.sip, "13855708102", on_invite=Answer(after_s=0.3)) as phone,
        ready_agent(hotline, tmp_path) as desk,
    ):
        plug_in(hotline, phone)
        number = await desk.page.evaluate(MAKE, {**MATTER, "number": phone.user})
        order = await desk.page.context.new_page()
        await order.goto(f"{hotline.origin}/tickets/{number}")
        await order.click("#btn-dial-citizen")
        await expect(order.locator("#one-notice")).to_contain_text("请到坐席桌面")
        call = await phone.next_call(10)
        assert call.caller_number == MATTER["line"]
        await desk.state("talking", 15)
        await expect(desk.page.locator(f"#ticket-tickets li[data-number='{number}']")).to_be_visible()
        await desk.page.keyboard.press("Alt+X")
        await call.wait_ended(5)

"""A citizen gives up waiting, appears in the agents' list, and is called back with one press."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Locator, expect

from tests.running.bridge_socket import ask
from tests.running.facts import live_equals_asterisk, recording_of, stored_call
from tests.running.instance import Hotline
from tests.running.outgoing import plug_in
from tests.running.page import AGENT_HZ, Desk, ready_agent
from tests.sip.agent import SipCaller
from tests.sip.policy import Answer, Refuse
from tests.sip.rtp import Tone
from tests.sip.tones import level_of, silent_ms
from tests.speech import Recogniser, sounds_like

pytestmark = pytest.mark.desktop

CITIZEN_HZ = 500
NOTICE = "本次通话将被录音。"
PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"


async def gives_up(hotline: Hotline, api: httpx.Client, phone: SipCaller, line: str = "12328") -> str:
    """The citizen asks for a person, waits a moment and hangs up; the call id."""
    call = await phone.call(line)
    await call.answered.within(5)
    await call.listen(0.3)
    await call.press("0")
    await call.listen(2.5)
    await call.hang_up()
    found: list[dict[str, Any]] = []
    for _ in range(50):
        found = (await asyncio.to_thread(api.get, "/api/calls", params={"caller": phone.user, "limit": 1})).json()["calls"]
        if found and found[0]["outcome"] == "abandoned":
            return str(found[0]["call_id"])
        await asyncio.sleep(0.1)
    raise AssertionError(f"never listed as abandoned: {found}")


async def row_of(desk: Desk, call_id: str) -> Locator:
    """The row of a missed call in the open list."""
    if await desk.page.locator("#callbacks").get_attribute("data-open") == "false":
        await desk.page.keyboard.press("Alt+B")
    row = desk.page.locator(f"#callback-rows li[data-call-id='{call_id}']")
    await expect(row).to_be_visible(timeout=12_000)
    return row


async def test_a_citizen_who_gave_up_is_called_back_with_one_press_hears_the_notice_and_leaves_the_list(
    hotline: Hotline, tmp_path: Path, recogniser: Recogniser
) -> None:
    """The line's number is shown, the notice comes before any voice, both are recorded on their sides, the row goes."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with hotline.api() as api:
        async with SipCaller(hotline.sip, "13855715001", on_invite=Answer(after_s=1.5)) as phone:
            missed = await gives_up(hotline, api, phone)
            async with ready_agent(hotline, tmp_path) as desk:
                plug_in(hotline, phone)
                row = await row_of(desk, missed)
                await expect(row).to_contain_text("138****5001")
                await desk.screenshot(PICTURES / "callbacks.png")
                await row.locator("button.dial").focus()
                await desk.page.keyboard.press("Enter")
                call = await phone.next_call(10)
                call.send(Tone(CITIZEN_HZ))
                assert call.caller_number == "12328"
                await desk.state("dialling", 5)
                second = await ask(hotline, "dial", "1002", number=phone.user, line="12328")
                assert second["code"] == "being_called", "two agents never call the same citizen at once"
                await desk.screenshot(PICTURES / "dialling.png")
                await desk.state("talking", 10)
                await expect(desk.page.locator("#ticket-number")).to_have_text(re.compile(r"138\s*5571\s*5001"))
                assert sounds_like(recogniser.text_of(call.heard(), 8000), NOTICE) > 0.5
                await desk.hears_tone(CITIZEN_HZ)
                await call.rtp.hears_tone(AGENT_HZ)
                await desk.page.keyboard.press("Alt+H")
                await desk.state("held")
                await call.listen(1.0)
                held = call.heard(0.6)
                assert level_of(held, AGENT_HZ) < 400
                assert silent_ms(held) < 400, "a citizen on hold hears music"
                await desk.page.keyboard.press("Alt+H")
                await desk.state("talking")
                await call.listen(1.5)
                call_id = await desk.call_id()
                await desk.page.click("#btn-hangup")
                await call.wait_ended(5)
                assert call.ended_by == "them"
                stored = await stored_call(
                    api, call_id, state="ended", outcome="answered", direction="out", about=missed, ended_by="agent", agent="1001"
                )
                assert (stored["caller"], stored["line"]) == (phone.user, "12328")
                await desk.page.keyboard.press("Alt+B")
                await expect(desk.page.locator(f"#callback-rows li[data-call-id='{missed}']")).to_have_count(0, timeout=12_000)
                citizen, agent = await recording_of(api, call_id)
                await live_equals_asterisk(hotline, api)
    assert level_of(citizen[800:8000], CITIZEN_HZ) < 50, "no voice of the citizen is kept before the notice has ended"
    assert level_of(citizen[-12000:-4000], CITIZEN_HZ) == pytest.approx(8000, rel=0.15)
    assert level_of(agent[-6000:-2000], AGENT_HZ) == pytest.approx(8000, rel=0.15)
    assert sounds_like(recogniser.text_of(agent[: 8000 * 3], 8000), NOTICE) > 0.5


async def test_a_citizen_who_is_engaged_stays_in_the_list_with_the_attempt_and_a_number_that_is_not_allowed_is_not_dialled(
    hotline: Hotline, tmp_path: Path
) -> None:
    """The agent is told why in both cases, loses nothing, and takes the second one off the list with a reason."""
    with hotline.api() as api:
        async with (
            SipCaller(hotline.sip, "13855715002", on_invite=Refuse(486)) as engaged,
            SipCaller(hotline.sip, "1258012345", on_invite=Answer()) as foreign,
        ):
            first = await gives_up(hotline, api, engaged)
            second = await gives_up(hotline, api, foreign, "12345")
            async with ready_agent(hotline, tmp_path) as desk:
                plug_in(hotline, engaged)
                await (await row_of(desk, first)).locator("button.dial").click()
                await engaged.next_call(10)
                await expect(desk.page.locator("#state-hint")).to_contain_text("占线", timeout=8000)
                await desk.state("ready", 15)
                await expect(await row_of(desk, first)).to_contain_text(re.compile("拨过 1 次.*占线"), timeout=12_000)

                row = await row_of(desk, second)
                await row.locator("button.dial").click()
                await expect(desk.page.locator("#callbacks-notice")).to_contain_text("不在允许呼出的范围内", timeout=8000)
                await desk.state("ready")
                await row.locator("select").select_option("unwanted")
                await expect(desk.page.locator(f"#callback-rows li[data-call-id='{second}']")).to_have_count(0, timeout=12_000)
                await expect(desk.page.locator(f"#callback-rows li[data-call-id='{first}']")).to_be_visible()
            assert all(call.invite.method == "INVITE" and not call.is_incoming for call in foreign.calls)
            await live_equals_asterisk(hotline, api)

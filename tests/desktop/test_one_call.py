"""One call, whole: a citizen's telephone, the greeting, the music, the agent's page, the talk, the recording."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.running.facts import greeting_of, live_equals_asterisk, recording_of, stored_call
from tests.running.instance import Hotline
from tests.running.page import AGENT_HZ, ready_agent
from tests.sip.agent import SipCaller
from tests.sip.rtp import Tone
from tests.sip.tones import level_of, silent_ms
from tests.speech import Recogniser, sounds_like

pytestmark = pytest.mark.desktop

CITIZEN_HZ = 500
PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"


async def test_a_citizen_calls_12328_and_an_agent_answers_talks_holds_mutes_and_ends_it(
    hotline: Hotline, tmp_path: Path, recogniser: Recogniser
) -> None:
    """Notice, music, ring with ticket, tones both ways, draft, hold, mute, end by the agent, recording, its player."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855701234") as phone:
        await desk.screenshot(PICTURES / "ready.png")
        call = await phone.call("12328", source=Tone(CITIZEN_HZ))
        await call.answered.within(5)

        await desk.state("ringing", 15)
        notice = call.heard()
        assert sounds_like(recogniser.text_of(notice, 8000), greeting_of("12328")) > 0.6
        await expect(desk.page.locator("#ticket-number")).to_have_text(re.compile(r"138\s*5570\s*1234"))
        await expect(desk.page.locator("#ticket-line")).to_contain_text("12328")
        await call.listen(1.5)
        assert silent_ms(call.heard(1.2)) < 400, "a waiting caller hears music"
        await desk.screenshot(PICTURES / "ringing.png")
        call_id = await desk.call_id()

        await desk.answer()
        await desk.hears_tone(CITIZEN_HZ)
        await call.rtp.hears_tone(AGENT_HZ)

        await desk.page.fill("#draft-text", "公交车末班车昨晚没有来")
        await expect(desk.page.locator("#draft-state")).to_have_attribute("data-state", "saved", timeout=5000)
        await desk.screenshot(PICTURES / "talking.png")

        await desk.page.click("#btn-hold")
        await desk.state("held")
        await call.listen(1.0)
        held = call.heard(0.6)
        assert level_of(held, AGENT_HZ) < 400
        assert silent_ms(held) < 400, "a caller on hold hears music"
        await desk.page.click("#btn-hold")
        await desk.state("talking")
        await desk.page.click("#btn-mute")
        await call.listen(1.2)
        assert level_of(call.heard(0.5), AGENT_HZ) < 100
        await desk.page.click("#btn-mute")
        await call.listen(1.2)
        await call.rtp.hears_tone(AGENT_HZ)

        await desk.page.click("#btn-hangup")
        await call.wait_ended(5)
        assert call.ended_by == "them"
        with hotline.api() as api:
            stored = await stored_call(api, call_id, state="ended", outcome="answered", ended_by="agent")
            assert (stored["line"], stored["caller"], stored["agent"]) == ("12328", "13855701234", "1001")
            kinds = [entry["kind"] for entry in stored["timeline"]]
            wanted = ["call_arrived", "notice_played", "recording_started", "queue_entered", "agent_rung", "agent_answered",
                      "hold_started", "hold_ended", "call_ended"]  # fmt: skip
            assert [kind for kind in kinds if kind in wanted] == wanted
            citizen, agent = await recording_of(api, call_id)
            await live_equals_asterisk(hotline, api)
        assert level_of(citizen[8000:32000], CITIZEN_HZ) < 50, "no voice of the citizen is kept before the notice has ended"
        assert level_of(citizen[-12000:-4000], CITIZEN_HZ) == pytest.approx(8000, rel=0.15)
        assert level_of(agent[-6000:-2000], AGENT_HZ) == pytest.approx(8000, rel=0.15)
        assert sounds_like(recogniser.text_of(agent[: 8000 * 8], 8000), greeting_of("12328")) > 0.6

        draft = await desk.page.evaluate(f"fetch('/api/calls/{call_id}/ticket').then(answer => answer.json())")
        assert draft["draft"]["text"] == "公交车末班车昨晚没有来"
        await desk.page.goto(f"{hotline.origin}/calls")
        row = desk.page.locator(f"[data-call-id='{call_id}']").first
        await row.click()
        await desk.page.locator(".player .why select").select_option("recheck")
        await desk.page.locator(".player [data-do=open]").click()
        await desk.page.wait_for_function("() => [...document.querySelectorAll('audio')].some(sound => sound.currentTime > 0.5)")
        await desk.screenshot(PICTURES / "calls.png")


async def test_a_citizen_calls_12345_and_hangs_up_first_and_is_known_at_the_next_call(hotline: Hotline, tmp_path: Path) -> None:
    """The other number, the other end; the second call shows the first one as an earlier call."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13955702345") as phone:
        call = await phone.call("12345", source=Tone(CITIZEN_HZ))
        await desk.answer()
        await expect(desk.page.locator("#ticket-line")).to_contain_text("12345")
        first = await desk.call_id()
        await desk.hears_tone(CITIZEN_HZ)
        await call.hang_up()
        await desk.state("ready", 5)
        with hotline.api() as api:
            await stored_call(api, first, state="ended", ended_by="caller", line="12345")
        again = await phone.call("12345", source=Tone(CITIZEN_HZ))
        await desk.state("ringing", 20)
        await expect(desk.page.locator("#ticket-earlier")).to_contain_text("12345")
        await desk.answer()
        await desk.page.click("#btn-hangup")
        await again.wait_ended(5)
        assert again.ended_by == "them"

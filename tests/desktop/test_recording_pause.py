"""The pause of the recording on the agent's page: one key, a clock that runs down, and the words in the course of the call."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.running.facts import stored_call
from tests.running.instance import Hotline
from tests.running.page import ready_agent
from tests.sip.agent import SipCaller
from tests.sip.rtp import Tone

pytestmark = pytest.mark.desktop

PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"


async def test_an_agent_pauses_the_recording_with_one_key_sees_it_and_ends_it(hotline: Hotline, tmp_path: Path) -> None:
    """Shown only once Asterisk has said so; the citizen is talked to all the while; the button never moves."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855704321") as phone:
        button = desk.page.locator("#btn-pause-recording")
        await expect(button).to_be_disabled()
        call = await phone.call("12328", source=Tone(500))
        await desk.answer()
        await desk.state("talking")
        call_id = await desk.call_id()
        place = await button.bounding_box()
        await desk.page.focus("#draft-text")
        await desk.page.keyboard.press("Alt+W")
        await expect(button).to_have_attribute("aria-pressed", "true")
        await expect(button).to_contain_text("恢复录音")
        await expect(desk.page.locator("#state-hint")).to_have_text(re.compile(r"录音已暂停，[01]:\d\d 后自动恢复"))
        await expect(desk.page.locator("#announce")).to_have_text("录音已暂停")
        assert await button.bounding_box() == place
        PICTURES.mkdir(parents=True, exist_ok=True)
        await desk.screenshot(PICTURES / "recording-paused.png")
        await desk.hears_tone(500)
        await desk.page.keyboard.press("Alt+W")
        await expect(button).to_have_attribute("aria-pressed", "false")
        await expect(desk.page.locator("#state-hint")).not_to_contain_text("录音已暂停")
        await call.hang_up()
        with hotline.api() as api:
            stored = await stored_call(api, call_id, state="ended")
        told = [(entry["kind"], entry["facts"]) for entry in stored["timeline"] if entry["kind"].startswith("recording_")]
        assert [kind for kind, _ in told] == ["recording_started", "recording_paused", "recording_resumed"]
        assert told[-1][1] == {"by": "agent"}
        await desk.page.goto(f"{hotline.origin}/calls?call={call_id}")
        course = desk.page.locator(f"tr.detail[data-of='{call_id}'] .timeline")
        await expect(course).to_contain_text("暂停录音，保护隐私")
        await expect(course).to_contain_text("录音恢复（坐席恢复）")

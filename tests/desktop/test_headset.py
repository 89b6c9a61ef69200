"""The agent's headset: tried with one's own echo before a citizen hears it, chosen once, watched while it is muted or bad."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.running.facts import live_equals_asterisk
from tests.running.instance import Hotline
from tests.running.noticing import SPY
from tests.running.page import AGENT_HZ, Agents, asks_for_a_person
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.desktop

CITIZEN_HZ = 500
REMINDED = "noticed.notes.filter(hertz => hertz === 520).length"  # how often the soft tone came; the ring has no such note
HALF_A_MINUTE_MS = 30_500
JUDGED = "async ([before, now]) => (await import('/static/js/quality.js')).judged(before, now)"
# What the page's own address is comes to light after a while, as on a computer that has no time.
SLOW_ADDRESS = r"""(() => {
  window.RTCPeerConnection = class extends RTCPeerConnection {
    #found = false;
    constructor(...its) {
      super(...its);
      this.addEventListener('icegatheringstatechange', (event) => this.#found || event.stopImmediatePropagation());
      this.addEventListener('icecandidate', (event) => {
        if (this.#found || !event.isTrusted) return; // an empty one of the page's own is for JsSIP
        event.stopImmediatePropagation();
        if (event.candidate) setTimeout(() => this.#tell(event.candidate), 1500);
      });
    }
    #tell(candidate) {
      this.#found = true;
      this.dispatchEvent(new RTCPeerConnectionIceEvent('icecandidate', {candidate}));
    }
    get iceGatheringState() { return this.#found ? super.iceGatheringState : 'gathering'; }
    get localDescription() {
      const {type, sdp} = super.localDescription ?? {};
      const bare = sdp?.replace(/^a=candidate:.*\r\n/gm, '').replace(/^m=audio \d+/m, 'm=audio 9');
      return sdp && {type, sdp: this.#found ? sdp : bare.replace(/^c=.*$/m, 'c=IN IP4 0.0.0.0')};
    }
  };
})()"""
SILENT = """(() => {
  const context = new AudioContext();
  navigator.mediaDevices.getUserMedia = async () => context.createMediaStreamDestination().stream;
})()"""
WARNED = """async (qualities) => {
  const {warned} = await import('/static/js/quality.js');
  let told = {worse: 0, better: 0, warning: null};
  return qualities.map((quality) => (told = warned(told, {quality})).warning?.quality ?? "");
}"""
GOOD = {"packetsIn": 100, "lost": 0, "jitterMs": 5, "roundTripMs": 40, "lossOut": 0}


async def test_an_agent_hears_the_own_echo_before_the_first_call_and_leaves_no_trace(hotline: Hotline, tmp_path: Path) -> None:
    """The level moves, the echo is found, nothing is listed or recorded; then the same telephone takes a citizen's call."""
    pictures = Path(os.environ.get("HOTLINE_TEST_PICTURES", tmp_path))
    with hotline.api() as api:
        before = [call["call_id"] for call in api.get("/api/calls").json()["calls"]]
        async with Agents(hotline, tmp_path) as agents, SipCaller(hotline.sip, "13855707101") as phone:
            desk = await agents.desk("agent1")
            await desk.be_paused()
            page = desk.page
            await page.click("#btn-headset")
            await page.wait_for_function("() => document.querySelector('#mic-level').value > 0.2")
            await page.click("#btn-echo")
            await expect(page.locator("#echo-told")).to_have_attribute("data-state", "heard")
            await desk.screenshot(pictures / "headset.png")
            assert "echo-test" in hotline.asterisk("core show channels concise")
            await page.click("#btn-echo")
            await expect(page.locator("#btn-echo .label")).to_have_text("试音")
            await expect(page.locator("#echo-told")).to_contain_text("听到回声")
            await page.keyboard.press("Escape")
            await expect(page.locator("#btn-headset")).to_be_focused()
            assert [call["call_id"] for call in api.get("/api/calls").json()["calls"]] == before
            await live_equals_asterisk(hotline, api)

            await desk.become_ready()
            call = await asks_for_a_person(phone, "12328")
            await desk.answer()
            await desk.hears_tone(CITIZEN_HZ)
            await call.rtp.hears_tone(AGENT_HZ)
            await call.hang_up()


async def test_whoever_speaks_into_a_muted_microphone_is_told_at_once(hotline: Hotline, tmp_path: Path) -> None:
    """The citizen hears nothing of it; a soft tone says it too, and again every half minute; open again the words go."""
    async with Agents(hotline, tmp_path) as agents, SipCaller(hotline.sip, "13855707102") as phone:
        desk = await agents.browser()
        await desk.page.add_init_script(SPY)
        await desk.sign_in("agent1")
        await desk.become_ready()
        call = await asks_for_a_person(phone, "12345")
        await desk.answer()
        await call.rtp.hears_tone(AGENT_HZ)
        await desk.page.keyboard.press("Alt+M")
        await expect(desk.page.locator("#notice")).to_have_attribute("data-key", "speaks_muted")
        await expect(desk.page.locator("#notice")).to_contain_text("您在说话，但已静音")
        await expect(desk.page.locator("#state-hint")).to_contain_text("已静音 0:")
        await desk.page.wait_for_function(f"() => {REMINDED} > 0", timeout=3000)
        reminded = await desk.page.evaluate(REMINDED)
        await desk.page.evaluate("ms => { noticed.aheadMs = ms; }", HALF_A_MINUTE_MS)
        await desk.page.wait_for_function(f"() => {REMINDED} > {reminded}", timeout=3000)
        await desk.page.evaluate("noticed.aheadMs = 0")
        await desk.page.keyboard.press("Alt+M")
        await expect(desk.page.locator("#notice")).not_to_have_attribute("data-key", "speaks_muted")
        await call.rtp.hears_tone(AGENT_HZ)
        await call.hang_up()


async def test_a_chosen_microphone_is_there_after_a_reload_and_one_that_is_gone_costs_no_call(
    hotline: Hotline, tmp_path: Path
) -> None:
    """A browser numbers devices anew at times: the name finds it again. Without it the system's own takes the call."""
    async with Agents(hotline, tmp_path) as agents, SipCaller(hotline.sip, "13855707103") as phone:
        desk = await agents.desk("agent1")
        page = desk.page
        await page.click("#btn-headset")
        options = page.locator("#headset-microphone option")
        await expect(options.nth(1)).to_be_attached()
        chosen = str(await options.nth(1).inner_text())
        await page.select_option("#headset-microphone", label=chosen)
        await page.evaluate("""() => {
          const kept = JSON.parse(localStorage.getItem('hotline.headset'));
          localStorage.setItem('hotline.headset', JSON.stringify({...kept, microphone: {...kept.microphone, id: 'numbered-anew'}}));
        }""")
        await desk.open()
        await page.click("#btn-headset")
        await expect(page.locator("#headset-microphone option:checked")).to_have_text(chosen)
        await page.evaluate("localStorage.setItem('hotline.headset', JSON.stringify({microphone: {id: 'gone', name: '耳麦 X'}}))")
        await desk.open()
        await page.click("#btn-headset")
        await expect(page.locator("#headset-microphone option:checked")).to_have_text("耳麦 X（未插好，暂用系统默认）")
        await desk.become_ready()
        call = await asks_for_a_person(phone, "12328")
        await desk.answer()
        assert await page.locator("#headset").get_attribute("data-open") == "false", "ringing is never hidden"
        await call.rtp.hears_tone(AGENT_HZ)
        await page.click("#btn-headset")
        await page.select_option("#headset-microphone", index=0)  # another microphone in mid-talk
        await call.listen(0.5)
        await call.rtp.hears_tone(AGENT_HZ)
        await expect(page.locator("#sound-figures")).to_contain_text("抖动")
        await call.hang_up()


async def test_an_agent_whose_computer_is_slow_to_find_its_own_address_hears_the_citizen_all_the_same(
    hotline: Hotline, tmp_path: Path
) -> None:
    """The answer waits for it: one that names no address carries no sound, and Asterisk soon cuts such a leg as vanished."""
    async with Agents(hotline, tmp_path) as agents, SipCaller(hotline.sip, "13855707104") as phone:
        desk = await agents.browser()
        await desk.page.add_init_script(SLOW_ADDRESS)
        await desk.sign_in("agent1")
        await desk.become_ready()
        call = await asks_for_a_person(phone, "12328")
        await desk.answer()
        await desk.hears_tone(CITIZEN_HZ)
        await call.rtp.hears_tone(AGENT_HZ)
        await call.hang_up()


async def test_a_microphone_that_is_switched_off_is_told_at_sign_in(hotline: Hotline, tmp_path: Path) -> None:
    """Allowed, but digital silence; the agent may still become ready, for the switch may be on by then."""
    async with Agents(hotline, tmp_path) as agents:
        desk = await agents.browser()
        await desk.page.add_init_script(SILENT)
        await desk.sign_in("agent1")
        await expect(desk.page.locator("#notice")).to_have_attribute("data-key", "mic_silent")
        await expect(desk.page.locator("#notice")).to_contain_text("静音开关")
        await expect(desk.page.locator("#btn-ready")).to_be_enabled()


async def test_the_sound_of_a_call_is_judged_by_loss_delay_and_jitter_in_both_directions(hotline: Hotline, tmp_path: Path) -> None:
    """At the borders: 2 % and 8 % of packets, 250 and 600 ms, 60 ms of jitter; what the other side lost counts as much."""
    cases: list[tuple[dict[str, Any], str]] = [
        (GOOD, "good"), (GOOD | {"lost": 2}, "good"), (GOOD | {"lost": 3}, "fair"), (GOOD | {"lost": 10}, "poor"),
        (GOOD | {"lossOut": 0.03}, "fair"), (GOOD | {"lossOut": 0.09}, "poor"), (GOOD | {"roundTripMs": 250}, "good"),
        (GOOD | {"roundTripMs": 251}, "fair"), (GOOD | {"roundTripMs": 601}, "poor"), (GOOD | {"jitterMs": 61}, "fair"),
        (GOOD | {"packetsIn": 0}, "poor"), (GOOD | {"roundTripMs": None, "lossOut": None}, "good"),
    ]  # fmt: skip
    async with Agents(hotline, tmp_path) as agents:
        desk = await agents.browser()
        await desk.page.goto(f"{hotline.origin}/sign-in")
        for now, wanted in cases:
            told = await desk.page.evaluate(JUDGED, [{"packetsIn": 0, "lost": 0}, now])
            assert told["quality"] == wanted, now
        assert told["delayMs"] is None
        for now, who in (
            (GOOD | {"lost": 10}, "agent"), (GOOD | {"lossOut": 0.09}, "citizen"), (GOOD | {"lost": 10, "lossOut": 0.09}, "both"),
            (GOOD | {"roundTripMs": 300}, "delay"), (GOOD | {"jitterMs": 61}, "agent"),
            (GOOD | {"lost": 10, "lossOut": 0.05}, "agent"),
        ):  # fmt: skip
            assert (await desk.page.evaluate(JUDGED, [{"packetsIn": 0, "lost": 0}, now]))["who"] == who, now
        course = ("poor", "good", "fair", "poor", "good", "fair", "good", "good", "good", "good")
        told = await desk.page.evaluate(WARNED, course)
        assert told == ["", "", "", "poor", "poor", "fair", "fair", "fair", "", ""], "after two bad ones, until three good ones"

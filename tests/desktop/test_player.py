"""The player in a real Chromium: no sound before a reason, then at once, events, silence, speed, keys, download."""

from __future__ import annotations

import time
import wave
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import insert

from hotline_core.adapters.calls_schema import CALLS
from hotline_core.adapters.engine import make_engine, writing
from hotline_core.domain.records import CallRow
from tests.running.accessible import everything
from tests.running.instance import Hotline
from tests.running.kept import RATE_HZ
from tests.running.long_call import LENGTH_S, put_long_call
from tests.running.page import Agents
from tests.running.ticket_pages import officer

pytestmark = pytest.mark.desktop

PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"
NUMBER = "13855700078"
AUDIO = "document.querySelector('.player audio')"
# From the press to the first moment at which the sound has moved on: what an ear waits for. How long that takes is measured on
# an hour of sound by tests/campaign/test_hour_of_sound.py; here it has to begin.
STARTS = """
async act => {
  const audio = document.querySelector('.player audio');
  const began = performance.now(), from = audio.currentTime;
  await eval(act)();
  await new Promise((done, failed) => {
    const look = () => {
      if (!audio.paused && !audio.seeking && audio.readyState >= 3 && audio.currentTime > from_(act, from)) done();
      else if (performance.now() - began > 15000) failed(new Error('never started'));
      else requestAnimationFrame(look);
    };
    const from_ = (given, at) => given.includes('currentTime =') ? Number(/currentTime = (\\d+)/.exec(given)[1]) : at;
    look();
  });
  return performance.now() - began;
}
"""


# A ticket of a call, as the desk makes it.
MADE_OF = """
async call_id => {
  const content = {klass: 'complaint', field: 'road', area: 'north', title: '路面坑洼', text: '国道 206 路面坑洼，两车爆胎'};
  const answer = await fetch('/api/tickets', {method: 'POST', headers: {'X-Hotline': '1', 'Content-Type': 'application/json'},
    body: JSON.stringify({call_id, content, act: 'accept', facts: {}})});
  return answer.json();
}
"""


@pytest.fixture(scope="module")
def long_call(hotline: Hotline) -> str:
    """One call of a quarter of an hour."""
    call_id = "h1-9000.1"
    put_long_call(hotline.settings, call_id, time.time() - 60)
    return call_id


async def opened(agents: Agents, hotline: Hotline, call_id: str, login: str = "supervisor1") -> Page:
    """The list of calls with that row open and its player there."""
    browser = (await agents.browser()).page.context.browser
    assert browser is not None
    page = (await officer(browser, hotline, login)).page
    await page.goto(f"/calls?call={call_id}")
    await expect(page.locator(".player .marks li").first).to_be_visible(timeout=15_000)
    return page


async def now_at(page: Page) -> float:
    """Where the sound is (seconds)."""
    return float(await page.evaluate(f"{AUDIO}.currentTime"))


async def test_a_recording_is_heard_once_the_reason_was_given_and_jumped_about_in(
    hotline: Hotline, tmp_path: Path, long_call: str
) -> None:
    """Nothing is loaded before; then start, a jump to the last minutes, events, silence, speed and keys."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    async with Agents(hotline, tmp_path) as agents:
        page = await opened(agents, hotline, long_call)
        player = page.locator(".player")
        assert await page.evaluate(f"{AUDIO}.src") == ""
        await page.screenshot(path=PICTURES / "player-asks.png")
        assert await everything(page) == []
        await player.locator("[data-do=open]").click()
        await expect(player.locator(".trouble")).to_have_text("请先选收听理由，会记入审计。")
        await player.locator(".why select").select_option("evidence")
        await player.locator("[data-do=open]").click()
        await expect(player.locator(".trouble")).to_have_text("请用一句话写明理由。")
        await player.locator(".why select").select_option("quality")
        await page.evaluate(STARTS, "() => document.querySelector('.player [data-do=open]').click()")
        await expect(player).to_have_attribute("data-open", "true")
        await page.evaluate(STARTS, f"() => {{ {AUDIO}.currentTime = {LENGTH_S - 60}; }}")
        assert await now_at(page) > LENGTH_S - 60
        await expect(player.locator(".clock")).to_contain_text("15:00")
        await _keys(page)
        await page.keyboard.press("m")
        await page.keyboard.type("口头承诺三天内答复")
        await page.keyboard.press("Enter")
        note = player.locator(".marks [data-kind=note]")
        await expect(note).to_contain_text("口头承诺三天内答复")
        await page.screenshot(path=PICTURES / "player.png")
        await note.locator("button.plain").click()
        await expect(note).to_have_count(0)
        assert await everything(page) == []


async def _keys(page: Page) -> None:
    """With the picture focused: pause, steps, events, speed, silence."""
    picture = page.locator(".player canvas")
    await picture.focus()
    await page.keyboard.press("Space")
    assert await page.evaluate(f"{AUDIO}.paused")
    await page.keyboard.press("Home")
    assert await now_at(page) == 0
    for wanted in (20, 300, 360, 600, 660, 700, 800):
        await page.keyboard.press("n")
        assert await now_at(page) == pytest.approx(wanted, abs=0.1)
    await page.keyboard.press("p")
    assert await now_at(page) == pytest.approx(700, abs=0.1)
    await page.keyboard.press("ArrowRight")
    assert await now_at(page) == pytest.approx(705, abs=0.1)
    await page.keyboard.press("ArrowLeft")
    assert await now_at(page) == pytest.approx(700, abs=0.1)
    await page.keyboard.press("]")
    assert await page.evaluate(f"{AUDIO}.playbackRate") == 1.25
    await page.locator(".marks [data-kind=hold_started] button.at").click()
    assert await now_at(page) == pytest.approx(300, abs=0.1)
    box = await picture.bounding_box()
    assert box is not None
    await page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert await now_at(page) == pytest.approx(LENGTH_S / 2, rel=0.01)
    await picture.focus()
    await page.keyboard.press("s")
    await page.evaluate(f"{AUDIO}.currentTime = 41")  # from 40 s to 50 s nobody speaks
    await page.keyboard.press("Space")
    await page.wait_for_function(f"() => {AUDIO}.currentTime > 49", timeout=3000)
    await page.keyboard.press("Space")


async def test_a_download_has_its_reason_and_is_a_file(hotline: Hotline, tmp_path: Path, long_call: str) -> None:
    """Named by the call; an agent is asked as everybody."""
    async with Agents(hotline, tmp_path) as agents:
        page = await opened(agents, hotline, long_call, "auditor1")
        player = page.locator(".player")
        await player.locator(".why select").select_option("audit")
        async with page.expect_download() as begun:
            await player.locator("[data-do=save]").click()
        saved: Any = await begun.value
        assert saved.suggested_filename == f"{long_call}.wav"
        await saved.save_as(tmp_path / "saved.wav")
    with wave.open(str(tmp_path / "saved.wav")) as sound:
        assert (sound.getnchannels(), sound.getnframes()) == (2, LENGTH_S * RATE_HZ)


async def test_a_ticket_plays_the_recording_of_its_call_and_its_keys_stay_the_players(
    hotline: Hotline, tmp_path: Path, long_call: str
) -> None:
    """In the ticket's own page a letter is the player's while the player has the focus, and the ticket's elsewhere."""
    async with Agents(hotline, tmp_path) as agents:
        browser = (await agents.browser()).page.context.browser
        assert browser is not None
        page = (await officer(browser, hotline, "supervisor1")).page
        made = await page.evaluate(MADE_OF, long_call)
        await page.goto(f"/tickets/{made['number']}")
        player = page.locator("#one-call .player")
        await expect(player.locator(".marks li").first).to_be_visible(timeout=10_000)
        await player.locator(".why select").select_option("ticket")
        await player.locator("[data-do=open]").click()
        await expect(player).to_have_attribute("data-open", "true")
        await player.locator("canvas").focus()
        await page.keyboard.press("Space")
        await page.keyboard.press("Home")
        await page.keyboard.press("n")
        assert await now_at(page) == pytest.approx(20, abs=0.1)
        await page.keyboard.press("p")
        assert f"/tickets/{made['number']}" in page.url
        assert len(page.context.pages) == 1, "P prints a ticket, but not from the player"
        await page.screenshot(path=PICTURES / "ticket-player.png", full_page=True)
        assert await everything(page) == []


async def test_a_call_that_is_long_past_opens_from_its_address(hotline: Hotline, tmp_path: Path) -> None:
    """As from a ticket: it stands above the newest calls, with course and recording; an unknown one leaves the list alone."""
    old, day_s = time.time() - 40 * 86400, 86400
    put_long_call(hotline.settings, "h1-100.1", old, length_s=30)
    with writing(engine := make_engine(hotline.settings.calls_url)) as connection:
        given_up = [
            CallRow(f"h1-101.{n}", "12345", NUMBER, "12345", "ended", at, at + 1, None, at + 9, "", "caller", 16, "abandoned")
            for n in range(50) for at in (old + day_s + n,)
        ]  # fmt: skip
        connection.execute(insert(CALLS), [asdict(each) for each in given_up])
    engine.dispose()
    async with Agents(hotline, tmp_path) as agents:
        page = await opened(agents, hotline, "h1-100.1")
        rows = page.locator("#calls tr.call")
        await expect(rows).to_have_count(51)
        await expect(rows.first).to_have_attribute("data-call-id", "h1-100.1")
        await page.goto("/calls?call=h1-9999.9")
        await expect(rows).to_have_count(50)

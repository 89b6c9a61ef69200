"""One agent's desk in a real Chromium with a fake microphone that plays a steady tone."""

from __future__ import annotations

import asyncio
import re
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from playwright.async_api import Browser, Page, StorageState, async_playwright, expect

from tests.running.instance import Hotline
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.sip.rtp import Tone
from tests.sip.tones import tone

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection", "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip
AGENT_HZ = 900
TRIES = 6
expect.set_options(timeout=10_000)  # ms; a page on a busy machine may take longer than the five seconds it had

LISTEN = """
async ({seconds, frequencies}) => {
  const stream = document.querySelector('#remote-audio').srcObject;
  const context = new AudioContext();
  await context.resume();
  const analyser = context.createAnalyser();
  analyser.fftSize = 8192;
  analyser.smoothingTimeConstant = 0;
  context.createMediaStreamSource(stream).connect(analyser);
  await new Promise(done => setTimeout(done, seconds * 1000));
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  const wide = context.sampleRate / analyser.fftSize;
  const at = hz => Math.max(...[-1, 0, 1].map(step => bins[Math.round(hz / wide) + step]));
  let best = Math.round(150 / wide);
  for (let i = best; i < Math.round(3500 / wide); i++) if (bins[i] > bins[best]) best = i;
  await context.close();
  return {dominant: best * wide, loudest: bins[best], levels: frequencies.map(at)};
}
"""


class Desk:
    """The page of one agent; every act is a key or a click as the agent would do it."""

    def __init__(self, page: Page, hotline: Hotline) -> None:
        self.page = page
        self._hotline = hotline

    async def enter(self, login: str) -> None:
        """Sign in and wait until the live view is there."""
        await self.page.goto(f"{self._hotline.origin}/sign-in")
        await self.page.fill("input[name=login]", login)
        await self.page.fill("input[name=password]", self._hotline.account(login))
        await self.page.keyboard.press("Enter")
        await self.page.wait_for_url(re.compile("/(desk|floor)"))
        if "/floor" in self.page.url:  # where who leads begins
            await self.page.goto(f"{self._hotline.origin}/desk")
        await expect(self.page.locator("#link-state")).to_have_attribute("data-state", "connected", timeout=10_000)

    async def sign_in(self, login: str) -> None:
        """Sign in and wait until the telephone is registered."""
        await self.enter(login)
        await self.open()

    async def open(self, telephone: str = "registered") -> None:
        """Open the desk's page as who is signed in, and wait until its telephone is registered, or a hardware one."""
        await self.page.goto(f"{self._hotline.origin}/desk?audio=raw")
        await expect(self.page.locator("#phone-state")).to_have_attribute("data-state", telephone, timeout=10_000)

    async def become_ready(self) -> None:
        """Ask for calls, unless still a ready member from before, and wait until Asterisk has confirmed it."""
        await expect(self.page.locator("#link-state")).to_have_attribute("data-state", "connected", timeout=10_000)
        if await self.page.locator("#state").get_attribute("data-state") not in ("ready", "wrap_up"):
            await self.page.click("#btn-ready")
        await self.state("ready")

    async def be_paused(self) -> None:
        """Take a pause, unless offline: whoever was a ready member before is one again after signing in."""
        await expect(self.page.locator("#link-state")).to_have_attribute("data-state", "connected", timeout=10_000)
        if await self.page.locator("#state").get_attribute("data-state") in ("ready", "wrap_up"):
            await self.page.keyboard.press("Alt+P")
            await self.state("paused")

    async def state(self, state: str, timeout_s: float = 10.0) -> None:
        """Wait until the top bar shows this state."""
        await expect(self.page.locator("#state")).to_have_attribute("data-state", state, timeout=timeout_s * 1000)

    async def answer(self) -> None:
        """Wait for the ring, answer, and wait until it is a talk."""
        await self.state("ringing", 25)
        await self.page.click("#btn-answer")
        await self.state("talking")

    async def stage(self, *stages: str, timeout_s: float = 15.0) -> None:
        """Wait until the strip of the line shows one of these stages."""
        one_of = re.compile("^(" + "|".join(stages) + ")$")
        await expect(self.page.locator("#line")).to_have_attribute("data-stage", one_of, timeout=timeout_s * 1000)

    async def seats(self, citizen: str, agent: str, third: str) -> None:
        """Wait until the three seats show these places: none, room, music, dialling, gone or failed."""
        for role, place in (("citizen", citizen), ("agent", agent), ("third", third)):
            await expect(self.page.locator(f"#seat-{role}")).to_have_attribute("data-place", place, timeout=10_000)

    async def hears(self, *frequencies: float, seconds: float = 1.0) -> dict[str, Any]:
        """What the page's loudspeaker gets: dominant frequency in Hz, its level and those of `frequencies` in dB."""
        heard: dict[str, Any] = await self.page.evaluate(LISTEN, {"seconds": seconds, "frequencies": list(frequencies)})
        return heard

    async def hears_tone(self, frequency: float) -> None:
        """The page's loudspeaker gets this tone above all others; a second spoilt by a busy machine is measured again."""
        for _ in range(TRIES):
            heard = await self.hears(frequency)
            if abs(heard["dominant"] - frequency) <= 12:
                return
        raise AssertionError(f"not {frequency} Hz but {heard}:\n{self._hotline.sound()}")

    async def call_id(self) -> str:
        """The call the ticket on the screen belongs to."""
        return str(await self.page.locator("#ticket").get_attribute("data-call-id"))

    async def screenshot(self, path: Path) -> None:
        """The page as the agent sees it."""
        await self.page.screenshot(path=path)


class Agents:
    """Desks in one Chromium; leaving the block closes it."""

    def __init__(self, hotline: Hotline, folder: Path) -> None:
        self._hotline = hotline
        self._folder = folder
        self._playwright = async_playwright()
        self._browser: Browser | None = None

    async def __aenter__(self) -> Agents:
        voice = self._folder / "voice.wav"
        with wave.open(str(voice), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(8000)
            out.writeframes(tone(AGENT_HZ, 10.0, 8000).astype(np.int16).tobytes())
        playwright = await self._playwright.__aenter__()
        flags = [*FLAGS, f"--use-file-for-fake-audio-capture={voice}"]
        self._browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._browser is not None
        await asyncio.wait_for(self._browser.close(), 10)
        await self._playwright.__aexit__(kind, error, trace)

    async def watcher(self, login: str) -> Desk:
        """The desk of somebody without a telephone, signed in."""
        desk = await self.browser()
        await desk.enter(login)
        return desk

    async def desk(self, login: str, *, dark: bool = False) -> Desk:
        """A fresh desk, signed in."""
        desk = await self.browser(dark=dark)
        await desk.sign_in(login)
        return desk

    async def kill(self, desk: Desk) -> StorageState:
        """End the agent's browser without a word to anybody; what it had kept on its disk."""
        kept = await desk.page.context.storage_state()
        await desk.page.context.close()
        return kept

    async def back(self, kept: StorageState) -> Desk:
        """The browser started again with what it had kept: still signed in."""
        desk = await self.browser(kept=kept)
        await desk.open()
        return desk

    async def browser(self, *, dark: bool = False, kept: StorageState | None = None) -> Desk:
        """A fresh browser that has opened nothing yet."""
        assert self._browser is not None
        context = await self._browser.new_context(
            viewport={"width": 1440, "height": 900}, permissions=["microphone"], locale="zh-CN", timezone_id="Asia/Shanghai",
            color_scheme="dark" if dark else "light", storage_state=kept,
        )  # fmt: skip
        return Desk(await context.new_page(), self._hotline)


async def asks_for_a_person(phone: SipCaller, line: str, hertz: float = 500) -> Call:
    """A citizen who calls a line and presses the key for a person at once, instead of hearing the menu to its end."""
    call = await phone.call(line, source=Tone(hertz))
    await call.answered.within(5)
    await call.listen(0.3)
    await call.press("0")
    return call


@asynccontextmanager
async def ready_agent(hotline: Hotline, folder: Path, login: str = "agent1") -> AsyncIterator[Desk]:
    """One agent, signed in and ready."""
    async with Agents(hotline, folder) as agents:
        desk = await agents.desk(login)
        await desk.become_ready()
        yield desk


@asynccontextmanager
async def floor_beside(desk: Desk, hotline: Hotline, login: str = "supervisor1") -> AsyncIterator[Page]:
    """The supervisor's page in the same Chromium, signed in, its live view there."""
    browser = desk.page.context.browser
    assert browser is not None
    context = await browser.new_context(
        viewport={"width": 1440, "height": 900}, locale="zh-CN", timezone_id="Asia/Shanghai", base_url=hotline.origin
    )
    page = await context.new_page()
    await page.goto("/sign-in")
    await page.fill("input[name=login]", login)
    await page.fill("input[name=password]", hotline.account(login))
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("/(desk|floor|calls)"))
    await page.goto("/floor")
    await expect(page.locator("body")).to_have_attribute("data-live", "sure", timeout=10_000)
    await expect(page.locator("body")).to_have_attribute("data-day", "sure", timeout=10_000)
    yield page
    await context.close()

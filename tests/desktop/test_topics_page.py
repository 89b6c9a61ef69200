"""The page of topics in a real browser: a supervisor uploads a recording, switches it on and off, and is told what is wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from ivr.catalogue import RECORDINGS_FOLDER
from tests.running.instance import Hotline
from tests.running.page import Agents

pytestmark = pytest.mark.desktop

FOG = RECORDINGS_FOLDER / "topic-example.wav"


async def test_a_supervisor_switches_a_topic_on_and_off_by_keyboard(hotline: Hotline, tmp_path: Path) -> None:
    """What the page shows is what callers of the line hear; a file that is no sound is refused in words."""
    played = hotline.settings.paths.topics / "12345.wav"
    async with Agents(hotline, tmp_path) as agents:
        desk = (await agents.watcher("supervisor1")).page
        await desk.goto(f"{hotline.origin}/topics")
        notice, row = desk.locator("#topics-notice"), desk.locator("#topic-12345")
        await desk.set_input_files("#upload-file", str(Path(__file__)))
        await desk.press("#upload-name", "Enter")
        await expect(notice).to_have_text("这不是 WAV 录音文件。")
        await desk.set_input_files("#upload-file", str(FOG))
        await desk.fill("#upload-name", "大雾停运")
        await desk.press("#upload-name", "Enter")
        await expect(notice).to_have_text("已添加录音“大雾停运”。")
        await row.locator("select").select_option("大雾停运")
        await row.locator("button").press("Enter")
        await expect(row.locator(".topic-state")).to_have_attribute("data-on", "true")
        assert await asyncio.to_thread(played.read_bytes) == FOG.read_bytes()
        await row.locator("button").press("Enter")
        await expect(row.locator(".topic-state")).to_have_attribute("data-on", "false")
        assert await asyncio.to_thread(played.read_bytes) != FOG.read_bytes()

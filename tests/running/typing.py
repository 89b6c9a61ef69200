"""An agent who goes on typing while something breaks, and what of it the server has afterwards."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import BrowserContext, Page, expect

from tests.running.instance import Hotline
from tests.running.page import Desk

KEY_MS = 12  # between two keys; no person types faster
SAVED_S = 40.0  # the page tries again at most 10 s after a database is back, a busy machine included
SENTENCE = "来电人称昨晚 22:10 在火车站等 3 路公交末班车，等候约 40 分钟未到，要求核查并答复。"
TICKET = "**/api/calls/*/ticket"
READ = """async (id) => {
  const told = await (await fetch(`/api/calls/${id}/ticket`)).json();
  return {text: told.draft.text, title: told.draft.fields.title ?? ''};
}"""

Harm = Callable[["Writer", float], Awaitable[None]]


class Writer:
    """One agent in a talk, writing its record and title; `typed` is all that was ever typed."""

    def __init__(self, desk: Desk, hotline: Hotline, call_id: str) -> None:
        self.desk = desk
        self.hotline = hotline
        self.call_id = call_id
        self.text = ""
        self.title = ""

    @property
    def page(self) -> Page:
        return self.desk.page

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    async def types(self, mark: str, words: str = SENTENCE) -> None:
        """Title and record go on, key by key, each with a mark of its own."""
        title = f"{mark}班车"
        await self._into("#ticket-form [name=title]", title)
        self.title += title
        await self._into("#draft-text", f"{mark}{words}")
        self.text += f"{mark}{words}"

    async def _into(self, field: str, words: str) -> None:
        box = self.page.locator(field)
        await expect(box).to_be_editable(timeout=15_000)
        await box.focus()
        await self.page.keyboard.press("Control+End")
        await self.page.keyboard.type(words, delay=KEY_MS)

    async def all_is_saved(self) -> float:
        """Seconds until page and server both have every key; AssertionError with what is missing."""
        began = time.monotonic()
        told: dict[str, Any] = {}
        shown: dict[str, str] = {}
        while time.monotonic() - began < SAVED_S:
            try:
                shown = {
                    "text": await self.page.locator("#draft-text").input_value(),
                    "title": await self.page.locator("#ticket-form [name=title]").input_value(),
                }
                told = await self.page.evaluate(READ, self.call_id)
            except Exception as error:  # noqa: BLE001 - the page is between two lives, or the desk does not answer
                told = {"error": str(error)[:200]}
            if told == shown == {"text": self.text, "title": self.title}:
                return time.monotonic() - began
            await asyncio.sleep(0.2)
        raise AssertionError(f"typed {self.title!r} {self.text!r}\nserver {told}\npage {shown}")


async def both_write(first: Desk, second: Desk, begun: str) -> None:
    """Two people at the same record, which says `begun` on both screens: who was second sees the other's words before deciding.

    The second keeps the own words, then the first takes those; nothing is replaced on a screen or in the server before that.
    """
    mine, theirs = f"{begun}五号楼。", f"{begun}家有老人。"
    pages = (first.page, second.page)
    for page in pages:  # neither page may learn of the other's words in another way
        await page.route(TICKET, lambda route: route.abort())
    await _writes(first.page, mine, "saved")
    await _writes(second.page, theirs, "conflict")
    await expect(second.page.locator("#draft-state")).to_contain_text("agent1")
    await expect(second.page.locator("#draft-other")).to_contain_text(mine)
    await expect(second.page.locator("#draft-text")).to_have_value(theirs)
    await second.page.press("#draft-mine", "Enter")
    await expect(second.page.locator("#draft-state")).to_have_attribute("data-state", "saved")
    await expect(first.page.locator("#draft-text")).to_have_value(mine)
    await _writes(first.page, f"{mine}三单元。", "conflict")
    await expect(first.page.locator("#draft-other")).to_contain_text(theirs)
    await first.page.press("#draft-theirs", "Enter")
    await expect(first.page.locator("#draft-text")).to_have_value(theirs)
    for page in pages:
        await expect(page.locator("#draft-conflict")).to_have_attribute("data-shown", "false")
        await page.unroute(TICKET)
    told = await first.page.evaluate(READ, await first.call_id())
    assert told["text"] == theirs


async def _writes(page: Page, words: str, state: str) -> None:
    await page.fill("#draft-text", words)
    await expect(page.locator("#draft-state")).to_have_attribute("data-state", state)


async def reloaded(writer: Writer, _seconds: float) -> None:
    """F5 between two keys."""
    await writer.page.reload(wait_until="commit")


async def tab_killed(writer: Writer, _seconds: float) -> None:
    """The tab's process dies; the agent opens the desk in a new tab."""
    context, dead = writer.context, writer.page
    session = await context.new_cdp_session(dead)
    crash = asyncio.ensure_future(session.send("Page.crash"))
    await asyncio.sleep(0.3)
    crash.cancel()
    writer.desk.page = await context.new_page()
    await writer.desk.open()
    await dead.close()


async def network_cut(writer: Writer, seconds: float) -> None:
    """Nothing of the page reaches the server; the agent types on."""
    await writer.context.set_offline(True)
    await writer.types("断", words="断网时写的。")
    await asyncio.sleep(seconds)
    await writer.types("仍", words="还断着。")
    await writer.context.set_offline(False)


async def desk_restarted(writer: Writer, _seconds: float) -> None:
    """Killed, and started again by the supervisor; the agent types on."""
    await asyncio.to_thread(writer.hotline.signal, "desk", signal.SIGKILL)
    await writer.types("重", words="重启时写的。")


async def redis_killed(writer: Writer, _seconds: float) -> None:
    """The live view is gone; the agent types on."""
    await asyncio.to_thread(writer.hotline.signal, "redis", signal.SIGKILL)
    await writer.types("缓", words="没有缓存时写的。")


async def database_locked(writer: Writer, seconds: float) -> None:
    """Somebody else writes to the tickets database and does not end; the agent types on."""
    async with _locked(writer.hotline):
        await writer.types("锁", words="锁住时写的。")
        await asyncio.sleep(seconds)
        await writer.types("还", words="还锁着。")


@asynccontextmanager
async def _locked(hotline: Hotline) -> AsyncIterator[None]:
    path = hotline.settings.tickets_url.removeprefix("sqlite:///")
    connection = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
    await asyncio.to_thread(connection.execute, "BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


# How long each lasts: in every run of the tests, and as the requirement has it.
HARMS: dict[str, tuple[Harm, float, float]] = {
    "page reloaded": (reloaded, 0.0, 0.0),
    "tab killed": (tab_killed, 0.0, 0.0),
    "network cut": (network_cut, 2.0, 30.0),
    "desk killed and restarted": (desk_restarted, 0.0, 0.0),
    "Redis killed": (redis_killed, 0.0, 0.0),
    "database locked": (database_locked, 2.0, 20.0),
}

"""The live view's websocket of one page: every frame kept, an old one slipped in, a hole made in what the desk hears."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from playwright.async_api import Page, WebSocketRoute

from hotline_core.adapters.live import LIVE_KEY, SEQ_KEY, open_redis
from tests.running.instance import Hotline

Frame = dict[str, Any]
LATER = 7  # a change that says so many others were before it which nobody heard
WAIT_S = 10.0


class Frames:
    """What a page was told since it opened; `follow` comes before the page is opened."""

    def __init__(self) -> None:
        self.told: list[Frame] = []
        self._page_side: WebSocketRoute | None = None

    async def follow(self, page: Page) -> None:
        """From the page's next opening on; nothing is held back or changed."""
        await page.route_web_socket(re.compile(r"/ws$"), self._opened)

    def _opened(self, page_side: WebSocketRoute) -> None:
        self._page_side = page_side
        server_side = page_side.connect_to_server()

        def told(text: str | bytes) -> None:
            self.told.append(json.loads(text))
            page_side.send(text)

        server_side.on_message(told)

    def slip_in(self, frame: Frame) -> None:
        """Tell the page this once more, as if it came now."""
        assert self._page_side is not None, "the page has no live view"
        self._page_side.send(json.dumps(frame))

    def of_agent(self, extension: str, state: str) -> Frame:
        """The first change that told this state of an agent; AssertionError if none did."""
        for frame in self.told:
            agents = frame.get("agents", ()) if frame["type"] == "delta" else ()
            if any(agent.get("id") == extension and agent.get("state") == state for agent in agents):
                return frame
        raise AssertionError(f"never told {state} of {extension}: {[frame['type'] for frame in self.told]}")

    async def snapshot_after(self, count: int) -> Frame:
        """The first snapshot among what was told after `count` frames; AssertionError if none comes."""
        ends_at = asyncio.get_running_loop().time() + WAIT_S
        while asyncio.get_running_loop().time() < ends_at:
            for frame in self.told[count:]:
                if frame["type"] == "snapshot":
                    return frame
            await asyncio.sleep(0.05)
        raise AssertionError(f"no snapshot: {[frame['type'] for frame in self.told[count:]]}")


async def make_a_hole(hotline: Hotline) -> None:
    """The desk hears a change whose number is not the next one: what was between them is lost to it."""
    redis = open_redis(hotline.settings.redis)
    try:
        mark: Frame = json.loads(await redis.get(SEQ_KEY) or "{}")
        await redis.publish(LIVE_KEY, json.dumps({"epoch": mark["epoch"], "seq": mark["seq"] + LATER, "set": {}, "del": []}))
    finally:
        await redis.aclose()

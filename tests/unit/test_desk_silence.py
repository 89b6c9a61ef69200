"""A page that is told nothing hears at least that the link lives, in time for what the page itself waits for."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from agent_desktop.gate import Caller
from agent_desktop.hub import Client, Hub
from agent_desktop.socket import TICK_S, next_or_tick
from agent_desktop.view import Viewer

pytestmark = pytest.mark.unit
SILENCE = Path(__file__).parents[2] / "agent_desktop/static/js/silence.js"
SHORT_S = 0.02
LONG_S = 5.0


async def a_page() -> Client:
    """A page that has its snapshot."""
    page = Hub(dict).attach(Caller("x", "x", "agent", "1001", "sid", 1e12), Viewer("1001", sees_all=False))
    first = await next_or_tick(page, LONG_S)
    assert first is not None
    assert first["type"] == "snapshot"
    return page


async def test_a_page_that_is_told_nothing_hears_a_tick() -> None:
    """Again and again, as long as there is nothing to tell."""
    page = await a_page()
    for _ in range(2):
        assert await next_or_tick(page, SHORT_S) == {"type": "tick"}


async def test_what_there_is_to_tell_comes_before_a_tick_and_none_of_it_is_lost_by_one() -> None:
    """Also what comes while a tick is waited for, and the end of the link."""
    page = await a_page()
    page.offer({"type": "delta", "seq": 1})
    assert await next_or_tick(page, SHORT_S) == {"type": "delta", "seq": 1}
    assert await next_or_tick(page, SHORT_S) == {"type": "tick"}
    asyncio.get_running_loop().call_later(SHORT_S, page.offer, {"type": "delta", "seq": 2})
    assert await next_or_tick(page, LONG_S) == {"type": "delta", "seq": 2}
    page.close(1000)
    assert await next_or_tick(page, SHORT_S) is None


def test_a_page_waits_for_longer_than_a_tick_takes_and_gives_up_after_25_seconds() -> None:
    """The script's own numbers: one tick may even be late."""
    times = {name: int(ms) / 1000 for name, ms in re.findall(r"const (\w+)_MS = (\d+);", SILENCE.read_text(encoding="utf-8"))}
    assert times["QUIET"] + times["ANSWER"] == 25
    assert times["QUIET"] > 1.5 * TICK_S

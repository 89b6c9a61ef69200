"""How many wait, and how long, is in sight all through a talk: a row for each line, quiet, and nothing moves for it."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.running.instance import Hotline
from tests.running.page import Agents, asks_for_a_person, ready_agent
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.desktop

# where everything stands but the state, whose own clock runs on
PLACES = """() => [...document.querySelectorAll('.bar *, .status, .zone, #draft-text')]
  .filter(node => !node.closest('#state'))
  .map(node => [node.id || node.className || node.tagName, node.getBoundingClientRect()])
  .map(([name, {x, y, height}]) => [name, x, y, height])"""
WAITS = """async ([queues, agent]) => {
  const {ownQueues, waitsByLine} = await import('/static/js/queue.js');
  return waitsByLine([...ownQueues(new Map(Object.entries(queues)), agent).values()]);
}"""
LATE = "async ([since, at]) => (await import('/static/js/queue.js')).isLate(since, at)"


async def waits(page: Page, line: str, count: str, longest: str) -> None:
    """The line's row in the bar shows these."""
    row = page.locator(f"#queue-now tr[data-line='{line}']")
    await expect(row.locator(".count")).to_have_text(count, timeout=20_000)
    await expect(row.locator(".longest")).to_have_text(re.compile(longest))


async def test_an_agent_who_talks_sees_of_each_line_how_many_wait_and_the_longest_wait_and_nothing_moves(
    hotline: Hotline, tmp_path: Path
) -> None:
    """Two of 12328 and one of 12345 come to wait; one gives up; the talk ends and the next of them rings."""
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(ready_agent(hotline, tmp_path))
        first, second, third, fourth = [
            await stack.enter_async_context(SipCaller(hotline.sip, f"1385571{number:04d}")) for number in range(4)
        ]  # fmt: skip
        talk = await asks_for_a_person(first, "12328")
        await desk.answer()
        for line in ("12328", "12345"):
            await waits(desk.page, line, "0", "^–$")
        await desk.page.focus("#draft-text")
        before: list[Any] = await desk.page.evaluate(PLACES)
        waiting = [await asks_for_a_person(phone, line) for phone, line in ((second, "12328"), (third, "12345"), (fourth, "12328"))]
        await waits(desk.page, "12328", "2", r"^\d+:\d\d$")
        await waits(desk.page, "12345", "1", r"^\d+:\d\d$")
        await expect(desk.page.locator("#waiting li[data-call-id]")).to_have_count(3)
        assert await desk.page.evaluate(PLACES) == before, "figures change, nothing moves"
        await expect(desk.page.locator("#draft-text")).to_be_focused()
        assert await desk.page.locator("#queue-now[aria-live], [aria-live] #queue-now").count() == 0, "nobody is read figures aloud"
        await waiting[0].hang_up()
        await waits(desk.page, "12328", "1", r"^\d+:\d\d$")
        await talk.hang_up()
        await desk.answer()
        for call in waiting[1:]:
            await call.hang_up()
        for line in ("12328", "12345"):
            await waits(desk.page, line, "0", "^–$")


async def test_an_agents_figures_are_of_the_own_queues_and_a_wait_of_a_minute_changes_its_shape(
    hotline: Hotline, tmp_path: Path
) -> None:
    """Over all own queues of a line: the sum, and the earliest beginning; all queues for whom none rings."""
    queues = {
        "a": {"lines": {"12328": {"waiting": 2, "longest_since": 50.0}, "12345": {"waiting": 1, "longest_since": 70.0}}},
        "b": {"lines": {"12328": {"waiting": 1, "longest_since": 40.0}}},
        "c": {"lines": {}}, "d": {},
    }  # fmt: skip
    one, both = {"waiting": 1, "longest_since": 40.0}, {"waiting": 3, "longest_since": 40.0}
    other = {"waiting": 1, "longest_since": 70.0}
    cases: list[tuple[dict[str, Any] | None, dict[str, Any]]] = [
        ({"queues": ["b"]}, {"12328": one}), ({"queues": ["a", "b"]}, {"12328": both, "12345": other}), ({"queues": ["c"]}, {}),
        ({"queues": []}, {"12328": both, "12345": other}), (None, {"12328": both, "12345": other}),
    ]  # fmt: skip
    async with Agents(hotline, tmp_path) as agents:
        page = (await agents.desk("agent1")).page
        for agent, wanted in cases:
            assert await page.evaluate(WAITS, [queues, agent]) == wanted, agent
        for since, is_late in ((940.5, False), (940.0, True), (None, False)):
            assert await page.evaluate(LATE, [since, 1000.0]) is is_late

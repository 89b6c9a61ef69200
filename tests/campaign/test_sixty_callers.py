"""Sixty callers of mixed patience on three agents: order kept, nobody rung twice, nobody forgotten, the live view true."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack

import httpx
import pytest

from hotline_core.settings import DEFAULT_CITY
from tests.campaign.conftest import OpenTable
from tests.campaign.crowd import Stay, crowd, passed_by, rung_twice, stay, work
from tests.campaign.walking import left_behind
from tests.running.facts import asterisk_view, live_equals_asterisk, our_view, stored_call
from tests.running.hardware import hardware_agent
from tests.running.instance import Hotline, pretty, running
from tests.sip.policy import Answer

pytestmark = pytest.mark.campaign

CALLERS = 60
OVER_S = 50.0
JUST_THEN_S = 1.5
AGENTS = (("agent1", "1001"), ("agent2", "1002"), ("agent3", "1003"))
PRIORITIES = {"12328": 0, "12345": 5}
COLUMNS = (
    "seed", "callers", "answered", "gave up", "longest wait of one answered s", "passed by, one agent free",
    "passed by, two free", "agents rung twice", "looks", "a moment late", "looks that differ", "left behind",
)  # fmt: skip


@pytest.fixture
def busy_hotline() -> Iterator[Hotline]:
    """Agents are free again after 1 s; 12345 goes before 12328."""
    city = DEFAULT_CITY.read_text(encoding="utf-8").replace("wrap_up_s: 5", "wrap_up_s: 1")
    before, line, after = city.partition('"12345":')
    with running(before + line + after.replace("priority: 0", f"priority: {PRIORITIES['12345']}", 1)) as one:
        yield one


async def watch(hotline: Hotline, api: httpx.Client, looks: list[int], late: list[str], faults: list[str]) -> None:
    """Once a second: what Asterisk says before and after our own view, alike both times, is what our view must say.

    app_queue lets go of a caller a moment before it tells of the answer (the agent's Gosub lies between), so a look that
    differs is taken again at once: what then still differs is a fault.
    """
    while True:
        looks.append(1)
        first = await look(hotline, api)
        late += first
        if first and (again := await look(hotline, api)):
            faults.append(f"look {len(looks)}: {first}, and at once {again}")
        await asyncio.sleep(1.0)


async def look(hotline: Hotline, api: httpx.Client) -> list[str]:
    """What differs between our view and what Asterisk says before and after it."""
    before = await asyncio.to_thread(asterisk_view, hotline)
    ours = our_view(await asyncio.to_thread(hotline.live, api))
    after = await asyncio.to_thread(asterisk_view, hotline)
    return [f"{name}: ours {ours[name]}, Asterisk {told}" for name, told in before.items() if told == after[name] != ours[name]]


async def test_a_crowd_is_served_in_order_and_everybody_is_accounted_for(
    busy_hotline: Hotline, table: OpenTable, runs: Callable[[int], int], seed: int
) -> None:
    """Each caller's own story, the list of calls, Asterisk's word every second."""
    people, dice = crowd(seed, runs(CALLERS), OVER_S * runs(CALLERS) / CALLERS), random.Random(seed)
    twice, looks, late, differing = list[str](), list[int](), list[str](), list[str]()
    with busy_hotline.api() as api:
        async with AsyncExitStack() as stack:
            phones = [
                await stack.enter_async_context(hardware_agent(busy_hotline, *agent, policy=Answer(dice.uniform(0.2, 1.0))))
                for agent in AGENTS
            ]
            tasks = [asyncio.create_task(work(phone, random.Random(seed + place), twice)) for place, phone in enumerate(phones)]
            tasks.append(asyncio.create_task(watch(busy_hotline, api, looks, late, differing)))
            try:
                stays = await asyncio.gather(*(stay(busy_hotline, person) for person in people))
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
            for task in tasks:
                if not task.cancelled():
                    task.result()
            await live_equals_asterisk(busy_hotline, api)
        calls = [await _stored(api, one) for one in stays]
    left, double = await left_behind(busy_hotline), [*twice, *rung_twice(calls)]
    order, spare = passed_by(calls, PRIORITIES, len(AGENTS))
    answered = [one for one in stays if one.answered]
    table("crowd", "A crowd on three agents", *COLUMNS).add(
        seed, len(stays), len(answered), sum(one.gave_up for one in stays), f"{max(one.waited_s for one in answered):.1f}",
        len(order), len(spare), len(double), len(looks), len(late), len(differing), len(left),
    )  # fmt: skip
    assert order == [], "\n".join(order)
    assert double == []
    assert differing == []
    assert left == []
    assert [one.person.number for one in stays if one.answered == one.gave_up] == [], "neither answered nor gone by themselves"


async def _stored(api: httpx.Client, one: Stay) -> dict[str, object]:
    """The call of this caller in the list, as the caller lived it."""
    found = (await asyncio.to_thread(api.get, "/api/calls", params={"caller": one.person.number})).raise_for_status().json()
    assert len(found["calls"]) == 1, one
    call_id = found["calls"][0]["call_id"]
    if one.answered:
        return await stored_call(api, call_id, state="ended", outcome="answered", ended_by="agent", line=one.person.line)
    stored = await stored_call(api, call_id, state="ended", ended_by="caller", line=one.person.line)
    # an agent may pick up in the very moment in which patience ends
    assert stored["outcome"] == "abandoned" or stored["ended_at"] - stored["answered_at"] < JUST_THEN_S, pretty(stored)
    return stored

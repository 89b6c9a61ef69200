"""Owns one round: citizens ring, agents work, a fault or several strike in the middle, and everything is looked at afterwards."""

from __future__ import annotations

import asyncio
import random
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx

from tests.campaign.harms import back
from tests.faults.catalogue import FREE, Cost, Fault
from tests.faults.citizens import Visit, crowd, visit
from tests.faults.clerks import Clerk
from tests.faults.invariants import Findings, check
from tests.faults.world import AGENTS, World
from tests.running.facts import live_equals_asterisk

CITIZENS = 8
OVER_S = 8.0
FIRST_STRIKE_S = (2.5, 6.0)
THEN_S = (1.0, 4.0)
LOOK_S = 1.0
START_S = 40.0
ROUND_S = 300.0


async def play(world: World, faults: Sequence[Fault], dice: random.Random, round_no: int, *, citizens: int = CITIZENS) -> Findings:
    """One round; the same dice give the same people, strikes and moments."""
    people = crowd(dice, round_no, citizens, OVER_S)
    moments = [dice.uniform(*(FIRST_STRIKE_S if place == 0 else THEN_S)) for place in range(len(faults))]
    with world.api() as api:
        async with asyncio.timeout(ROUND_S), at_work(world, api, dice) as clerks:
            async with asyncio.TaskGroup() as group:
                visits = [group.create_task(visit(world, person)) for person in people]
                differing = await _strike(world, api, faults, moments)
            seen: list[Visit] = [one.result() for one in visits]
            found = await check(world, api, seen, clerks, together([fault.cost for fault in faults]))
            found.faults += differing
            return found


async def _strike(world: World, api: httpx.Client, faults: Sequence[Fault], moments: Sequence[float]) -> list[str]:
    """One after the other, each over and every part back before the next; where the live view differs while calls go on."""
    for fault, wait_s in zip(faults, moments, strict=True):
        await asyncio.sleep(wait_s)
        async with fault.harm(world):
            pass
        await back(world)
    try:
        await live_equals_asterisk(world, api)
    except (AssertionError, httpx.HTTPError, subprocess.SubprocessError) as error:
        return [f"live view among calls: {error}"]
    return []


def together(costs: Sequence[Cost]) -> Cost:
    """What several faults may cost in one round."""
    total = FREE
    for cost in costs:
        total = replace(
            total, drops_calls=total.drops_calls or cost.drops_calls, cuts_talks=total.cuts_talks or cost.cuts_talks,
            tail_s=max(total.tail_s, cost.tail_s), gap_s=max(total.gap_s, cost.gap_s),
            unrecorded=total.unrecorded or cost.unrecorded, refuses_new=total.refuses_new or cost.refuses_new,
            leaves_journal=total.leaves_journal or cost.leaves_journal,
        )  # fmt: skip
    return total


@asynccontextmanager
async def at_work(world: World, api: httpx.Client, dice: random.Random) -> AsyncIterator[list[Clerk]]:
    """All agents signed in, ready, and ready again whenever they are paused or gone from the queue."""
    clerks = [Clerk(world, login, extension, random.Random(dice.random())) for login, extension in AGENTS]
    there = [asyncio.Event() for _ in clerks]
    tasks = [asyncio.create_task(clerk.work(ready), name=clerk.login) for clerk, ready in zip(clerks, there, strict=True)]
    try:
        async with asyncio.timeout(START_S):
            await asyncio.gather(*(ready.wait() for ready in there))
        tasks.append(asyncio.create_task(_keep_ready(world, api, clerks), name="keep ready"))
        yield clerks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.result()


async def _keep_ready(world: World, api: httpx.Client, clerks: Sequence[Clerk]) -> None:
    """What a person does who sees that no calls come: click."""
    while True:
        await asyncio.sleep(LOOK_S)
        try:
            live = await asyncio.to_thread(world.live, api)
        except httpx.HTTPError:
            continue
        states = {agent["id"]: agent["state"] for agent in live["agents"]}
        for clerk in clerks:
            if states.get(clerk.extension) in (None, "paused", "offline"):
                await clerk.ready()

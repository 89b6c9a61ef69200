"""`make restart` with twenty callers on the line: bridge, desk, relay, worker and front are new, and no caller has noticed."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from tests.running.facts import live_equals_asterisk, stored_call
from tests.running.instance import CHECKOUT, Hotline
from tests.running.steady import NUMBERS, on_the_line, stalls

pytestmark = pytest.mark.asterisk

AGENTS = (("agent1", "1001"), ("agent2", "1002"), ("agent3", "1003"))
OURS = ("bridge", "desk", "relay", "worker", "front")
OTHERS = ("asterisk", "redis")
CALLERS = 20
NOTICED_MS = 500.0  # who is moved misses less than this, who is lost misses seconds; beyond what the test itself was late
UNMOVED = {"agent_missed", "requeued", "fallback_entered", "agent_awaited", "call_ended", "agent_left"}


async def restarted(hotline: Hotline, *parts: str) -> str:
    """`make restart`, as its own process; what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "launcher", "restart", *parts, cwd=CHECKOUT, env={**hotline.environment, "HOTLINE_DEMO": "0"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(170):
        said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


def channels(hotline: Hotline) -> set[str]:
    """Every channel of these callers and of agents that Asterisk has, by its unique id."""
    rows = [row.split("!") for row in hotline.asterisk("core show channels concise").splitlines()]
    return {row[13] for row in rows if row[0].startswith("PJSIP/agent-") or any(NUMBERS in cell for cell in row)}


async def test_twenty_callers_notice_nothing_while_every_part_of_ours_is_restarted(hotline: Hotline) -> None:
    """Three talk, seventeen hear music; sound is measured at each ear; Asterisk's channels are the same before and after."""
    with hotline.api() as api:
        async with on_the_line(hotline, AGENTS, CALLERS) as callers:
            await live_equals_asterisk(hotline, api)
            pids = {part: hotline.pid(part) for part in (*OURS, *OTHERS)}
            before = await asyncio.to_thread(channels, hotline)
            for one in callers:
                one.begin()
            async with stalls() as own:
                said = await restarted(hotline)
            assert await asyncio.to_thread(channels, hotline) == before
            assert {part for part, pid in pids.items() if hotline.pid(part) != pid} == set(OURS), said
            assert max(max(one.hole_ms(), one.deaf_ms()) for one in callers) < NOTICED_MS + max(own) * 1000
            await live_equals_asterisk(hotline, api)
            calls = [call["id"] for call in hotline.live(api)["calls"]]
            assert len(calls) == CALLERS
            for call_id in calls:
                entry = await stored_call(api, call_id)
                kinds = [step["kind"] for step in entry["timeline"]]
                assert not UNMOVED & set(kinds), kinds
            for one in callers:
                await one.call.hang_up()
        for call_id in calls:
            await stored_call(api, call_id, state="ended", ended_by="caller", recording=True)
        await live_equals_asterisk(hotline, api)

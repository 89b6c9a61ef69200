"""Every harm of mid-typing as long as the requirement has it, in a talk of its own: nothing of what was typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.campaign.conftest import OpenTable
from tests.running.instance import Hotline
from tests.running.page import asks_for_a_person, ready_agent
from tests.running.typing import HARMS, Writer
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.campaign


@pytest.mark.parametrize("name", HARMS)
async def test_nothing_that_was_typed_is_lost(
    hotline: Hotline, tmp_path: Path, table: OpenTable, runs: Callable[[int], int], name: str
) -> None:
    """Words before, during and after; how long it took until the server had the last key."""
    columns = ("what broke", "for (s)", "keys", "lost", "saved after (s)")
    found = table("typing", "An agent types in a talk while something breaks", *columns)
    harm, _short, seconds = HARMS[name]
    for _ in range(runs(1)):
        async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855709102") as phone:
            call = await asks_for_a_person(phone, "12345")
            await desk.answer()
            writer = Writer(desk, hotline, await desk.call_id())
            await writer.types("前")
            await harm(writer, seconds)
            await writer.types("后")
            after_s = await writer.all_is_saved()
            assert not call.ended.is_set(), "the citizen is still there"
            await writer.page.keyboard.press("Alt+X")
            await call.wait_ended(5)
        found.add(name, f"{seconds:g}", str(len(writer.text) + len(writer.title)), "0", f"{after_s:.1f}")

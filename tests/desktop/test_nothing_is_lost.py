"""Whatever breaks while an agent types in a talk, every key that was pressed is in the record afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running.instance import Hotline
from tests.running.page import asks_for_a_person, ready_agent
from tests.running.typing import HARMS, Writer
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.desktop


async def test_nothing_that_was_typed_is_lost_whatever_breaks_in_mid_typing(hotline: Hotline, tmp_path: Path) -> None:
    """One talk, one record, one harm after the other: reload, dead tab, no network, dead desk, dead Redis, locked database."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855709101") as phone:
        call = await asks_for_a_person(phone, "12345")
        await desk.answer()
        writer = Writer(desk, hotline, await desk.call_id())
        for name, (harm, seconds, _whole) in HARMS.items():
            await writer.types(name[0], words="先写一半，")
            await harm(writer, seconds)
            await writer.types("后", words="再写一半。")
            await writer.all_is_saved()
        assert not call.ended.is_set(), "the citizen is still there"
        await writer.page.keyboard.press("Alt+X")
        await call.wait_ended(5)

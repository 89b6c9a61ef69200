"""A carrier goes on from another source in the middle of a call, whose packets have lower numbers: who hears the citizen then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running.facts import recording_of
from tests.running.instance import Hotline
from tests.running.page import AGENT_HZ, asks_for_a_person, ready_agent
from tests.sip.agent import SipCaller
from tests.sip.tones import RATE_HZ, level_of

pytestmark = pytest.mark.desktop

CITIZEN_HZ = 500


async def test_a_citizen_whose_sound_is_numbered_anew_is_heard_again_within_seconds_and_recorded(
    hotline: Hotline, tmp_path: Path
) -> None:
    """By the agent, whose page is not asked to do anything; three on the line: test_third."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855722001") as phone:
        citizen = await asks_for_a_person(phone, "12328", CITIZEN_HZ)
        await desk.answer()
        call_id = await desk.call_id()
        await desk.hears_tone(CITIZEN_HZ)
        citizen.rtp.begin_anew()
        await citizen.listen(0.2)
        await desk.hears_tone(CITIZEN_HZ)
        await citizen.rtp.hears_tone(AGENT_HZ)
        await citizen.hang_up()
        with hotline.api() as api:
            said, _ = await recording_of(api, call_id)
    assert level_of(said[-RATE_HZ:-RATE_HZ // 4], CITIZEN_HZ) > 3000

"""One call, whole: a citizen's telephone, the greeting, the music, the agent's page, the talk, the record."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running.instance import Hotline
from tests.running.page import AGENT_HZ, ready_agent
from tests.sip.agent import SipCaller
from tests.sip.rtp import Tone
from tests.sip.tones import level_of

pytestmark = pytest.mark.desktop
CITIZEN_HZ = 500


async def test_a_citizen_and_an_agent_hear_each_other(hotline: Hotline, tmp_path: Path) -> None:
    """12328 rings in the page, both tones arrive, the agent ends it."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855701234") as phone:
        call = await phone.call("12328", source=Tone(CITIZEN_HZ))
        await call.answered.within(5)
        await desk.answer()
        await desk.page.screenshot(path="/tmp/talking.png")
        heard = await desk.hears(CITIZEN_HZ)
        print(heard)
        await call.listen(1.0)
        print(level_of(call.heard(0.5), AGENT_HZ))
        await desk.page.click("#btn-hangup")
        await call.wait_ended(5)
        assert call.ended_by == "them"

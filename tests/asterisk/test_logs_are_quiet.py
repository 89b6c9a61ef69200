"""No number of a citizen stands in clear in any log of the hotline, Asterisk's own included."""

from __future__ import annotations

import asyncio

import pytest

from tests.running.instance import Hotline
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.asterisk

NUMBER = "13777654321"


async def test_a_callers_number_and_the_keys_pressed_are_in_no_log(hotline: Hotline) -> None:
    """A call with keys and an API question by number leave no trace of the number in any log file."""
    async with SipCaller(hotline.sip, NUMBER, display="李四") as phone:
        call = await phone.call("12328")
        await call.answered.within(5)
        await call.press("90817263")
        await call.listen(7)
        await call.hang_up()
    with hotline.api() as api:
        assert (await asyncio.to_thread(api.get, "/api/calls", params={"caller": NUMBER})).status_code == 200
    logs = [path for path in (hotline.home / "log").iterdir() if not path.name.startswith("carrier")]
    texts = {path.name: path.read_text(encoding="utf-8", errors="replace") for path in [*logs, hotline.home / "launcher.out"]}
    assert "call record" in texts["bridge.log"], "the call itself is logged"
    for secret in (NUMBER, "李四", "90817263"):
        assert [name for name, text in texts.items() if secret in text] == []

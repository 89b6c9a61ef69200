"""No agent can be reached: the duty telephones ring by the dialplan alone, then a call-back is noted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from hotline_core.settings import DEFAULT_CITY
from tests.running.facts import live_equals_asterisk, stored_call
from tests.running.instance import Hotline, running
from tests.sip.agent import SipCaller
from tests.sip.tones import silent_ms
from tests.speech import Recogniser, sounds_like

pytestmark = pytest.mark.asterisk


async def the_call_of(hotline: Hotline, number: str) -> str:
    """The call id of the newest call of a number."""
    with hotline.api() as api:
        for _ in range(50):
            calls = (await asyncio.to_thread(api.get, "/api/calls", params={"caller": number})).json()["calls"]
            if calls:
                return str(calls[0]["call_id"])
            await asyncio.sleep(0.1)
    raise AssertionError(f"no call of {number}")


@pytest.mark.parametrize("bridge", ["alive", "absent"])
async def test_a_caller_with_nobody_signed_in_reaches_the_duty_telephone(
    hotline: Hotline, recogniser: Recogniser, bridge: str
) -> None:
    """Music for 5 s, a sentence, the duty room's voice; with a bridge and without one."""
    number = f"1385570400{len(bridge)}"
    if bridge == "absent":
        await asyncio.to_thread(hotline.stop, "bridge")
        await asyncio.sleep(2.5)  # the watchdog sees the counter stand still
    async with SipCaller(hotline.sip, number) as phone:
        call = await phone.call("12328")
        await call.answered.within(5)
        await call.listen(11.0)  # the greeting and the menu are over by 8 s
        assert silent_ms(call.heard(3.0)) < 500, "music while nobody is there"
        await call.listen(14.0)
        heard = recogniser.text_of(call.heard(16.0), 8000)
        assert sounds_like(heard, "坐席暂时无法接听，正在为您转接值班电话，请不要挂机。您好，这里是值班室，请讲。") > 0.6, heard
        await call.hang_up()
    if bridge == "absent":
        await asyncio.to_thread(hotline.start_again, "bridge")
        await asyncio.to_thread(hotline.wait, hotline.is_ready, 20, "the bridge is back")
    call_id = await the_call_of(hotline, number)
    with hotline.api() as api:
        await stored_call(api, call_id, state="ended", outcome="duty", recording=True)
        await live_equals_asterisk(hotline, api)


@pytest.fixture
def busy_duty_room() -> Iterator[Hotline]:
    """A hotline whose one duty telephone is always engaged."""
    city = DEFAULT_CITY.read_text(encoding="utf-8").replace("05573020002", "0999003")
    with running(city) as one:
        yield one


async def test_a_caller_whom_nobody_can_take_is_promised_a_callback_and_may_wait_on(
    busy_duty_room: Hotline, recogniser: Recogniser
) -> None:
    """The duty telephone is engaged: a sentence, then music again; the call is kept for calling back."""
    async with SipCaller(busy_duty_room.sip, "13855704100") as phone:
        call = await phone.call("12345")
        await call.answered.within(5)
        await call.listen(27.0)
        heard = recogniser.text_of(call.heard(17.0), 8000)
        assert sounds_like(heard, "暂时无人接听，我们已记下您的来电号码，会尽快给您回电。您也可以不挂机继续等候。") > 0.5, heard
        await call.listen(5.0)
        assert not call.ended.is_set(), "who was told to stay on the line may stay"
        assert silent_ms(call.heard(3.0)) < 1500
        await call.hang_up()
    call_id = await the_call_of(busy_duty_room, "13855704100")
    with busy_duty_room.api() as api:
        await stored_call(api, call_id, state="ended", outcome="callback", ended_by="caller")


async def test_a_number_that_is_not_ours_is_refused_as_unknown(hotline: Hotline) -> None:
    """404 and Q.850 cause 1, no call is listed, nobody is rung."""
    async with SipCaller(hotline.sip, "13855705000") as phone:
        call = await phone.call("99999")
        await call.wait_ended(5)
        assert call.status == 404


async def test_a_stranger_who_calls_himself_an_agent_is_asked_for_a_password(hotline: Hotline) -> None:
    """The name in From opens nothing: 401, and no call reaches the lines."""
    async with SipCaller(hotline.sip, "agent-1001") as phone:
        call = await phone.call("12328")
        await call.wait_ended(5)
        assert call.status == 401

"""An agent calls a citizen by real telephones: what survives the bridge and the page, and what is refused or told."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from tests.running.bridge_socket import ask
from tests.running.facts import live_equals_asterisk, recording_of, stored_call
from tests.running.hardware import accounts, hardware_agent
from tests.running.instance import Hotline
from tests.running.outgoing import plug_in
from tests.running.page import AGENT_HZ, Desk, ready_agent
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.sip.policy import Answer, Refuse
from tests.sip.rtp import Tone
from tests.sip.tones import level_of, silent_ms
from tests.speech import Recogniser, sounds_like

pytestmark = pytest.mark.asterisk

CITIZEN_HZ = 500


async def called(hotline: Hotline, desk: Desk, phone: SipCaller) -> Call:
    """The citizen's side of a talk that agent 1001 began under 12345."""
    plug_in(hotline, phone)
    answer = await ask(hotline, "dial", "1001", number=phone.user, line="12345")
    assert answer["ok"], answer
    call = await phone.next_call(10)
    assert call.caller_number == "12345"
    call.send(Tone(CITIZEN_HZ))
    await desk.state("talking", 10)
    return call


async def both_hear_each_other(call: Call, desk: Desk) -> None:
    """Tones arrive on both sides."""
    await desk.hears_tone(CITIZEN_HZ)
    await call.rtp.hears_tone(AGENT_HZ)


async def test_a_citizen_who_was_called_notices_nothing_when_the_bridge_is_killed_and_the_call_is_listed(
    hotline: Hotline, tmp_path: Path
) -> None:
    """Killed in the talk, and away when the citizen hangs up: the talk goes on, and afterwards it is in the list, whole."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855714001") as phone:
        call = await called(hotline, desk, phone)
        call_id = await desk.call_id()
        hotline.signal("bridge", signal.SIGKILL)
        await call.listen(3.0)
        assert silent_ms(call.heard(2.8)) < 100
        await asyncio.to_thread(hotline.wait, hotline.is_ready, 20, "the bridge is back")
        with hotline.api() as api:
            await live_equals_asterisk(hotline, api)
            live = {row["id"]: row for row in (await asyncio.to_thread(hotline.live, api))["calls"]}
            assert (live[call_id]["phase"], live[call_id]["direction"], live[call_id]["agent"]) == ("talking", "out", "1001")
        await asyncio.to_thread(hotline.stop, "bridge")
        try:
            await both_hear_each_other(call, desk)
            await call.hang_up()
        finally:
            await asyncio.to_thread(hotline.start_again, "bridge")
        await asyncio.to_thread(hotline.wait, hotline.is_ready, 20, "the bridge is back")
        with hotline.api() as api:
            stored = await stored_call(
                api, call_id, state="ended", outcome="answered", direction="out", agent="1001", ended_by="caller", recording=True
            )
            assert (stored["caller"], stored["line"]) == ("13855714001", "12345")
            citizen, agent = await recording_of(api, call_id)
            await live_equals_asterisk(hotline, api)
        assert level_of(citizen[-12000:-4000], CITIZEN_HZ) == pytest.approx(8000, rel=0.15)
        assert level_of(agent[-12000:-4000], AGENT_HZ) == pytest.approx(8000, rel=0.15)


async def test_a_citizen_who_was_called_is_not_dropped_when_the_agents_page_is_reloaded(hotline: Hotline, tmp_path: Path) -> None:
    """The fresh page takes the talk up again by itself, as in a talk with a citizen who called."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855714002") as phone:
        call = await called(hotline, desk, phone)
        call_id = await desk.call_id()
        await desk.page.reload(wait_until="commit")
        await desk.page.wait_for_function("() => window.hotline?.phone.session === 'talking'", timeout=10_000)
        await both_hear_each_other(call, desk)
        assert not call.ended.is_set()
        await desk.page.click("#btn-hangup")
        await call.wait_ended(5)
        with hotline.api() as api:
            await stored_call(api, call_id, state="ended", outcome="answered", direction="out", ended_by="agent", recording=True)
            await live_equals_asterisk(hotline, api)


async def test_citizens_who_cannot_be_reached_are_told_in_words_and_in_the_timeline(hotline: Hotline, tmp_path: Path) -> None:
    """The agent hears a sentence, the call ends by itself, and the list says why."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855714003", on_invite=Refuse(603)) as phone:
        plug_in(hotline, phone)
        for _ in range(2):  # a telephone that is not there blocks neither its agent nor the number
            assert (await ask(hotline, "dial", "1019", number=phone.user, line="12328"))["ok"]
            await asyncio.sleep(1.0)
        await ends_unreached(hotline, desk, phone, "declined", "busy")
        phone.on_invite = Refuse(404)
        await ends_unreached(hotline, desk, phone, "unknown_number", "failed")
        with hotline.api() as api:
            await live_equals_asterisk(hotline, api)


async def ends_unreached(hotline: Hotline, desk: Desk, phone: SipCaller, reason: str, outcome: str) -> None:
    """One call of agent 1001 to that telephone, from the click to the list."""
    answer = await ask(hotline, "dial", "1001", number=phone.user, line="12328")
    assert answer["ok"], answer
    await phone.next_call(10)
    await desk.state("ready", 15)
    with hotline.api() as api:
        listed = (await asyncio.to_thread(api.get, "/api/calls", params={"caller": phone.user, "limit": 1})).json()["calls"]
        stored = await stored_call(api, listed[0]["call_id"], state="ended", outcome=outcome, direction="out")
    assert [entry["facts"] for entry in stored["timeline"] if entry["kind"] == "dial_failed"] == [{"reason": reason}]


async def test_a_hardware_telephone_is_rung_by_the_click_and_dials_by_itself_what_the_city_allows_and_nothing_else(
    hotline: Hotline, recogniser: Recogniser
) -> None:
    """Both ways: notice, tones, recording, the line's number; an emergency number is refused in words and never dialled."""
    try:
        async with (
            hardware_agent(hotline, "agent3", "1003", policy=Answer(0.5)) as telephone,
            SipCaller(hotline.sip, "13855714005", on_invite=Answer()) as citizen,
        ):
            plug_in(hotline, citizen)
            assert (await ask(hotline, "dial", "1003", number=citizen.user, line="12345"))["ok"]
            by_click = await telephone.next_call(10)
            await talks_and_hangs_up(hotline, by_click, await citizen.next_call(10), "12345")
            by_hand = await telephone.call(citizen.user)
            await talks_and_hangs_up(hotline, by_hand, await citizen.next_call(10), "12328")
            refused = await telephone.call("110")
            await refused.wait_ended(10)
            assert sounds_like(recogniser.text_of(refused.heard(), 8000), "这个号码不允许呼出。") > 0.5
            assert len(citizen.calls) == 2
        with hotline.api() as api:
            listed = (await asyncio.to_thread(api.get, "/api/calls", params={"limit": 5})).json()["calls"]
            assert "110" not in [call["caller"] for call in listed]
            await live_equals_asterisk(hotline, api)
    finally:
        await asyncio.to_thread(accounts, hotline, "change", "--login", "agent3", "--phone-kind", "page")


async def talks_and_hangs_up(hotline: Hotline, agent: Call, citizen: Call, line: str) -> None:
    """Agent and citizen hear each other after the notice; the agent hangs up; the call is listed whole."""
    assert citizen.caller_number == line
    agent.send(Tone(AGENT_HZ))
    citizen.send(Tone(CITIZEN_HZ))
    await citizen.listen(4.0)  # the notice takes two of them
    await citizen.rtp.hears_tone(AGENT_HZ)
    await agent.rtp.hears_tone(CITIZEN_HZ)
    await agent.hang_up()
    await citizen.wait_ended(5)
    with hotline.api() as api:
        listed = (await asyncio.to_thread(api.get, "/api/calls", params={"caller": "13855714005", "limit": 1})).json()["calls"]
        stored = await stored_call(
            api, listed[0]["call_id"], state="ended", outcome="answered", direction="out", agent="1003", line=line, recording=True
        )
        assert stored["ended_by"] == "agent"

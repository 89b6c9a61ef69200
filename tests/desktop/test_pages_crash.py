"""An agent's page is reloaded, killed or never comes back: the citizen is kept, hears a sentence, and goes on talking."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running.facts import live_equals_asterisk, recording_of, stored_call
from tests.running.instance import Hotline
from tests.running.page import AGENT_HZ, Agents, Desk, ready_agent
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.sip.rtp import Tone
from tests.sip.tones import absent_ms, level_of, silent_ms

pytestmark = pytest.mark.desktop

CITIZEN_HZ = 500
RELOAD_MS = 1000.0  # design: a reloaded page costs the citizen less than a second
VANISHED_MS = 3400.0  # 2 s until Asterisk believes that the page is gone, up to 1 s by its clock of whole seconds, a busy machine
TIMES = 2  # a page that took a talk up again may be lost too
NEXT_S = 12.0  # 3 s of grace, a second until the queue rings again, a busy machine; a ring is 20 s
HEAD_S = 25.0  # 3 s, then 10 s of waiting, then the ring

Tell = Callable[[str, object], None]


async def talk_is_back(desk: Desk, call: Call, call_id: str, *, within_s: float) -> None:
    """The page holds that call by itself, without a click, and tones arrive on both sides."""
    await desk.page.wait_for_function("() => window.hotline?.phone.session === 'talking'", timeout=within_s * 1000)
    assert await desk.call_id() == call_id
    await desk.hears_tone(CITIZEN_HZ)
    await call.listen(1.2)
    await call.rtp.hears_tone(AGENT_HZ)
    assert not call.ended.is_set()


async def agent_ends_it(hotline: Hotline, desk: Desk, call: Call, call_id: str, *kinds: str) -> None:
    """The agent hangs up; one call with these steps in its course, one recording with both sides to the end."""
    await desk.page.click("#btn-hangup")
    await call.wait_ended(5)
    assert call.ended_by == "them"
    with hotline.api() as api:
        stored = await stored_call(api, call_id, state="ended", outcome="answered", ended_by="agent")
        course = [entry["kind"] for entry in stored["timeline"] if entry["kind"] in {*kinds, "agent_answered", "call_ended"}]
        assert course == [*kinds, "call_ended"]
        citizen, agent = await recording_of(api, call_id)
        await live_equals_asterisk(hotline, api)
    assert level_of(citizen[-12000:-6000], CITIZEN_HZ) == pytest.approx(8000, rel=0.2)
    assert level_of(agent[-12000:-6000], AGENT_HZ) == pytest.approx(8000, rel=0.2)


async def test_an_agent_who_reloads_the_page_in_a_talk_goes_on_talking(
    hotline: Hotline, tmp_path: Path, record_property: Tell
) -> None:
    """The fresh page asks for the talk and answers by itself; the citizen misses less than a second, each time."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855704001") as phone:
        call = await phone.call("12328", source=Tone(CITIZEN_HZ))
        await desk.answer()
        call_id = await desk.call_id()
        for _ in range(TIMES):
            await call.listen(1.5)
            before = len(call.heard())
            await desk.page.reload(wait_until="commit")
            await talk_is_back(desk, call, call_id, within_s=5)
            gap = absent_ms(call.heard()[before - 4000 :], AGENT_HZ)
            record_property("gap_ms", gap)
            assert gap < RELOAD_MS
        await agent_ends_it(hotline, desk, call, call_id, "agent_answered", *["agent_awaited", "agent_resumed"] * TIMES)


async def test_an_agent_who_reloads_the_page_during_a_hold_has_the_citizen_back(hotline: Hotline, tmp_path: Path) -> None:
    """A fresh page knows of no hold: it talks, and the music is over."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855704002") as phone:
        call = await phone.call("12345", source=Tone(CITIZEN_HZ))
        await desk.answer()
        call_id = await desk.call_id()
        await desk.page.click("#btn-hold")
        await desk.state("held")
        await call.listen(1.5)
        before = len(call.heard())
        await desk.page.reload(wait_until="commit")
        await talk_is_back(desk, call, call_id, within_s=5)
        assert silent_ms(call.heard()[before:]) < RELOAD_MS
        await agent_ends_it(hotline, desk, call, call_id, "agent_answered", "agent_awaited", "agent_resumed")


async def test_a_killed_pages_agent_is_back_in_a_new_page_and_goes_on_talking(
    hotline: Hotline, tmp_path: Path, record_property: Tell
) -> None:
    """Silence until Asterisk notices, a sentence and music until the new page is there; also when that one is killed too."""
    async with Agents(hotline, tmp_path) as agents, SipCaller(hotline.sip, "13855704003") as phone:
        desk = await agents.desk("agent1")
        await desk.become_ready()
        call = await phone.call("12328", source=Tone(CITIZEN_HZ))
        await desk.answer()
        call_id = await desk.call_id()
        for _ in range(TIMES):
            await call.listen(1.0)
            before = len(call.heard())
            await desk.page.context.close()
            await asyncio.sleep(4.0)
            desk = await agents.desk("agent1")
            await talk_is_back(desk, call, call_id, within_s=12)
            record_property("silent_ms", silent_ms(call.heard()[before:]))
            record_property("gap_ms", absent_ms(call.heard()[before:], AGENT_HZ))
            assert silent_ms(call.heard()[before:]) < VANISHED_MS
        with hotline.api() as api:
            stored = await stored_call(api, call_id, state="talking")
            assert [entry["kind"] for entry in stored["timeline"]].count("agent_awaited") == TIMES
        await agent_ends_it(hotline, desk, call, call_id, "agent_answered", *["agent_awaited", "agent_resumed"] * TIMES)


async def test_a_citizen_whose_agent_does_not_come_back_is_the_next_one_in_the_queue(hotline: Hotline, tmp_path: Path) -> None:
    """Ten seconds are waited for the page; then the next free agent gets this citizen before one who waits already."""
    async with (
        Agents(hotline, tmp_path) as agents,
        SipCaller(hotline.sip, "13855704004") as phone,
        SipCaller(hotline.sip, "13855704005") as other_phone,
        SipCaller(hotline.sip, "13855704006") as waiting_phone,
    ):
        first = await agents.desk("agent1")
        await first.become_ready()
        call = await phone.call("12328", source=Tone(CITIZEN_HZ))
        await first.answer()
        call_id = await first.call_id()
        second = await agents.desk("agent2")
        await second.become_ready()
        other = await other_phone.call("12345")
        await second.answer()
        waiting = await waiting_phone.call("12345")
        await asyncio.to_thread(hotline.wait, lambda: "has 1 calls (" in hotline.asterisk("queue show hotline"), 25, "one waits")
        before = len(call.heard())
        await first.page.context.close()
        await asyncio.to_thread(hotline.wait, lambda: "has 2 calls (" in hotline.asterisk("queue show hotline"), HEAD_S, "two wait")
        assert silent_ms(call.heard()[before:]) < VANISHED_MS
        await second.page.click("#btn-hangup")
        await other.wait_ended(5)
        await second.answer()
        assert await second.call_id() == call_id
        await second.hears_tone(CITIZEN_HZ)
        await call.listen(1.2)
        await call.rtp.hears_tone(AGENT_HZ)
        await waiting.hang_up()
        await agent_ends_it(hotline, second, call, call_id, "agent_answered", "agent_awaited", "requeued", "agent_answered")


async def test_a_ring_whose_page_is_gone_goes_on_to_the_next_agent_within_seconds(hotline: Hotline, tmp_path: Path) -> None:
    """Killed: a colleague is rung. Reloaded: nobody is rung in vain any more, and "ready" brings the caller back."""
    async with Agents(hotline, tmp_path) as agents, SipCaller(hotline.sip, "13855704008") as phone:
        first, second = await agents.desk("agent1"), await agents.desk("agent2")
        await second.be_paused()
        await first.become_ready()
        call = await phone.call("12328", source=Tone(CITIZEN_HZ))
        await first.state("ringing", 25)
        await second.become_ready()
        await first.page.context.close()
        await second.state("ringing", NEXT_S)
        await second.page.reload(wait_until="commit")
        await second.state("paused", NEXT_S)
        assert not call.ended.is_set()
        await second.page.click("#btn-ready")
        await second.answer()
        call_id = await second.call_id()
        await second.hears_tone(CITIZEN_HZ)
        await second.page.click("#btn-hangup")
        await call.wait_ended(5)
        with hotline.api() as api:
            stored = await stored_call(api, call_id, state="ended", outcome="answered", ended_by="agent")
            told = [
                entry["kind"] for entry in stored["timeline"] if entry["kind"] in ("agent_rung", "agent_missed", "agent_answered")
            ]
            assert told == ["agent_rung", "agent_missed", "agent_rung", "agent_missed", "agent_rung", "agent_answered"]
            await live_equals_asterisk(hotline, api)


async def test_a_killed_pages_agent_is_back_also_when_there_is_no_bridge(hotline: Hotline, tmp_path: Path) -> None:
    """The dialplan alone waits for the page and calls it; the bridge's journal tells the rest when it is back."""
    async with Agents(hotline, tmp_path) as agents, SipCaller(hotline.sip, "13855704007") as phone:
        desk = await agents.desk("agent1")
        await desk.become_ready()
        call = await phone.call("12328", source=Tone(CITIZEN_HZ))
        await desk.answer()
        call_id = await desk.call_id()
        await call.listen(1.0)
        await asyncio.to_thread(hotline.stop, "bridge")
        try:
            before = len(call.heard())
            kept = await agents.kill(desk)
            await asyncio.sleep(4.0)
            desk = await agents.back(kept)  # a fresh sign-in would need the bridge for its telephone's password
            await talk_is_back(desk, call, call_id, within_s=12)
            assert silent_ms(call.heard()[before:]) < VANISHED_MS
        finally:
            await asyncio.to_thread(hotline.start_again, "bridge")
        await asyncio.to_thread(hotline.wait, hotline.is_ready, 20, "the bridge is back")
        with hotline.api() as api:
            await live_equals_asterisk(hotline, api)
        await agent_ends_it(hotline, desk, call, call_id, "agent_answered", "agent_answered")  # told again from the journal

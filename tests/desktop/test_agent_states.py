"""Agents of several queues: who is rung when, after-call work, rejected and missed rings, and what a supervisor may do."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect

from hotline_core.adapters import clock
from hotline_core.adapters.audit import read_audit
from hotline_core.adapters.engine import make_engine, reading
from hotline_core.settings import DEFAULT_CITY
from tests.running.bridge_socket import ask
from tests.running.facts import live_equals_asterisk
from tests.running.instance import Hotline, running
from tests.running.outgoing import plug_in
from tests.running.page import Agents, Desk
from tests.running.watch import Watch, at
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.sip.rtp import Tone

pytestmark = pytest.mark.desktop

WRAP_UP_S = 6
RING_S = 5
BOTH = ["hotline", "second"]


@pytest.fixture(scope="module")
def two_queues() -> Iterator[Hotline]:
    """12328 feeds one queue, 12345 the other; after-call work long enough to look at, rings short enough to wait for."""
    city = DEFAULT_CITY.read_text(encoding="utf-8")
    for before, after in (
        ("wrap_up_s: 5", f"wrap_up_s: {WRAP_UP_S}"), ("ring_s: 20", f"ring_s: {RING_S}"),
        ("announce_s: 60", "announce_s: 0"),  # nobody is rung while a sentence is spoken
        ("notice: notice-12345\n", "notice: notice-12345\n    queue: second\n"),
    ):  # fmt: skip
        assert city.count(before) == 1
        city = city.replace(before, after)
    with running(city) as one:
        yield one


@asynccontextmanager
async def agent_of_both(hotline: Hotline, folder: Path) -> AsyncIterator[tuple[Desk, Watch, SipCaller]]:
    """Agent 1001, ready in both queues; what Asterisk says; and a telephone of citizens."""
    async with Agents(hotline, folder) as agents, Watch(hotline) as watch, SipCaller(hotline.sip, "13855710001") as phone:
        desk = await agents.desk("agent1")
        await ask(hotline, "sign_out", "1001")
        await desk.become_ready()
        assert (await ask(hotline, "queues", "1001", queues=BOTH))["ok"] is True
        await watch.wait_for("QueueMemberAdded", Queue="second")
        yield desk, watch, phone
        await ask(hotline, "sign_out", "1001")


async def waiting(phone: SipCaller, watch: Watch, line: str, queue: str) -> Call:
    """A citizen who wants a person, in that queue."""
    since = clock.now() - 1
    call = await phone.call(line, source=Tone(500))
    await call.answered.within(5)
    await asyncio.sleep(0.7)  # the greeting has begun; a key pressed before the menu listens is lost
    await call.press("0")
    await watch.wait_for("QueueCallerJoin", since=since, timeout_s=15, Queue=queue)
    return call


async def talk_ends(desk: Desk, watch: Watch) -> float:
    """The agent hangs up; when the agent's leg ended (epoch seconds)."""
    since = clock.now()
    await desk.page.click("#btn-hangup")
    return await leg_ended(desk, watch, since)


async def citizen_leaves(call: Call, desk: Desk, watch: Watch) -> float:
    """The citizen hangs up; when the agent's leg ended (epoch seconds)."""
    since = clock.now()
    await call.hang_up()
    return await leg_ended(desk, watch, since)


async def leg_ended(desk: Desk, watch: Watch, since: float) -> float:
    """When the agent's leg ended after that moment (epoch seconds); the page shows after-call work."""
    while not (ended := [gone for gone in watch.events("Hangup", since=since - 1) if "agent-1001" in gone.text("Channel")]):
        assert clock.now() < since + 5, "the agent's leg did not end"
        await asyncio.sleep(0.02)
    await desk.state("wrap_up", 3)
    return at(ended[0])


async def missed_reasons(api: httpx.Client, call_id: str, count: int) -> list[str]:
    """Why rings of this call came to nothing, as its timeline tells; AssertionError if there are not so many within 5 s."""
    told: list[str] = []
    for _ in range(50):
        answer = await asyncio.to_thread(api.get, f"/api/calls/{call_id}")
        timeline = answer.json().get("timeline", [])
        told = [event["facts"]["reason"] for event in timeline if event["kind"] == "agent_missed"]
        if len(told) == count:
            return told
        await asyncio.sleep(0.1)
    raise AssertionError(f"{told} instead of {count} reasons")


async def test_an_agent_of_two_queues_is_rung_by_one_at_a_time_and_never_in_after_call_work(
    two_queues: Hotline, tmp_path: Path
) -> None:
    """While talking and in after-call work no ring of either queue; when it ends by itself one ring, of one queue."""
    async with agent_of_both(two_queues, tmp_path) as (desk, watch, phone):
        assert not watch.events("QueueMemberRemoved", since=at(watch.events("QueueMemberAdded")[0])), "moved without a sign-out"
        await waiting(phone, watch, "12328", "hotline")
        await desk.answer()
        others = [await waiting(phone, watch, "12345", "second"), await waiting(phone, watch, "12328", "hotline")]
        answered_at = at(watch.events("AgentConnect")[0])
        ended_at = await talk_ends(desk, watch)
        until = await desk.page.evaluate("hotline.desk.agent.until")
        assert until == pytest.approx(ended_at + WRAP_UP_S, abs=0.5)
        # the clock runs down from 0:06
        await expect(desk.page.locator("#state-clock")).to_have_text(re.compile("0:0[1-4]"), timeout=6000)
        await desk.state("ringing", WRAP_UP_S + 6)
        rings = watch.events("AgentCalled", since=answered_at)
        assert at(rings[0]) >= ended_at + WRAP_UP_S - 0.01
        await asyncio.sleep(2)
        assert len(watch.events("AgentCalled", since=answered_at)) == 1, "two queues, one telephone, one ring"
        assert not any(call.ended.is_set() for call in others)
        with two_queues.api() as api:
            await live_equals_asterisk(two_queues, api)


async def test_an_agent_in_after_call_work_who_presses_alt_r_is_rung_at_once(two_queues: Hotline, tmp_path: Path) -> None:
    """Ready ends it in both queues; the caller who waits is next."""
    async with agent_of_both(two_queues, tmp_path) as (desk, watch, phone):
        await waiting(phone, watch, "12345", "second")
        await desk.answer()
        await waiting(phone, watch, "12328", "hotline")
        ended_at = await talk_ends(desk, watch)
        await desk.page.keyboard.press("Alt+r")
        await desk.state("ringing", WRAP_UP_S - 2)
        assert at(watch.events("AgentCalled", since=ended_at)[0]) < ended_at + WRAP_UP_S - 1


async def test_a_ring_that_is_rejected_and_one_that_is_missed_pause_the_agent_and_say_which_it_was(
    two_queues: Hotline, tmp_path: Path
) -> None:
    """Both queues stop ringing, the page and the call's timeline say why, Alt+R ends it, a restarted bridge still knows."""
    async with agent_of_both(two_queues, tmp_path) as (desk, watch, phone):
        await waiting(phone, watch, "12328", "hotline")
        reasons = []
        for reason, words in (("rejected", "拒接后暂停"), ("missed", "未接来电后暂停")):
            reasons.append(reason)
            await desk.state("ringing", 10)
            call_id = await desk.call_id()
            if reason == "rejected":
                await desk.page.click("#btn-hangup")
            await desk.state("paused", RING_S + 5)
            await expect(desk.page.locator("#state-hint")).to_contain_text(words, timeout=2000)
            for queue in BOTH:
                assert "(paused" in two_queues.asterisk(f"queue show {queue}")
            with two_queues.api() as api:
                assert await missed_reasons(api, call_id, len(reasons)) == reasons
            if reason == "rejected":
                two_queues.signal("bridge", signal.SIGKILL)
                await asyncio.sleep(1)
                await asyncio.to_thread(two_queues.wait, two_queues.is_ready, 20, "the bridge is back")
                await expect(desk.page.locator("#state-hint")).to_contain_text(words, timeout=5000)
            await desk.page.keyboard.press("Alt+r")
        await desk.answer()


async def test_a_bridge_that_comes_back_in_after_call_work_shows_it_with_its_end(two_queues: Hotline, tmp_path: Path) -> None:
    """Asterisk holds it meanwhile; the page shows the same end as before, within Asterisk's whole seconds."""
    async with agent_of_both(two_queues, tmp_path) as (desk, watch, phone):
        await waiting(phone, watch, "12328", "hotline")
        await desk.answer()
        ended_at = await talk_ends(desk, watch)
        two_queues.signal("bridge", signal.SIGKILL)
        await asyncio.sleep(1)
        await asyncio.to_thread(two_queues.wait, two_queues.is_ready, 20, "the bridge is back")
        await desk.state("wrap_up", 2)
        until = await desk.page.evaluate("hotline.desk.agent.until")
        # Asterisk noted the end a moment before it told us, and keeps whole seconds
        assert ended_at - 0.2 + WRAP_UP_S - 1 < until <= ended_at + WRAP_UP_S + 0.1
        await desk.state("ready", WRAP_UP_S)


async def test_after_call_work_of_a_talk_taken_up_again_is_kept_and_ended_by_asterisk_alone(
    two_queues: Hotline, tmp_path: Path
) -> None:
    """The page was reloaded in the talk, so the leg is not app_queue's; the bridge goes away right after the hang-up."""
    async with agent_of_both(two_queues, tmp_path) as (desk, watch, phone):
        await waiting(phone, watch, "12328", "hotline")
        await desk.answer()
        await desk.page.reload()
        await desk.page.wait_for_function("() => window.hotline?.phone.session === 'talking'", timeout=8000)
        await waiting(phone, watch, "12328", "hotline")
        ended_at = await talk_ends(desk, watch)
        await asyncio.sleep(0.5)
        until = await desk.page.evaluate("hotline.desk.agent.until")
        assert until == pytest.approx(ended_at + WRAP_UP_S, abs=0.5)
        await asyncio.to_thread(two_queues.stop, "bridge")
        try:
            ring = await watch.wait_for("AgentCalled", since=ended_at, timeout_s=WRAP_UP_S + 8)
            assert at(ring) >= ended_at + WRAP_UP_S - 0.01
            await desk.state("ringing")
        finally:
            await asyncio.to_thread(two_queues.start_again, "bridge")
            await asyncio.to_thread(two_queues.wait, two_queues.is_ready, 20, "the bridge is back")


async def test_a_call_to_a_citizen_is_followed_by_after_call_work_and_so_is_the_next_one_out_of_it(
    two_queues: Hotline, tmp_path: Path
) -> None:
    """Whoever hangs up; an after-call work that the next call broke off begins anew, and Alt+R ends it."""
    async with agent_of_both(two_queues, tmp_path) as (desk, watch, phone):
        plug_in(two_queues, phone)
        for by in ("agent", "citizen"):
            assert (await ask(two_queues, "dial", "1001", number=phone.user, line="12328"))["ok"] is True
            call = await phone.next_call(10)
            call.send(Tone(500))
            await desk.state("talking", 10)
            ended_at = await (talk_ends(desk, watch) if by == "agent" else citizen_leaves(call, desk, watch))
            await asyncio.sleep(0.5)
            until = await desk.page.evaluate("hotline.desk.agent.until")
            assert until == pytest.approx(ended_at + WRAP_UP_S, abs=0.5)
            await asyncio.sleep(1)
        await desk.page.keyboard.press("Alt+r")
        await desk.state("ready", 2)
        assert "(paused" not in two_queues.asterisk("queue show")


async def test_a_supervisor_ends_an_agents_pause_and_signs_the_agent_out_and_the_page_says_so(
    two_queues: Hotline, tmp_path: Path
) -> None:
    """By the websocket, with an audit row each; an agent may not do it to a colleague, nor to somebody who is not there."""
    act = """
      ({op, target}) => new Promise((done) => {
        const socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws');
        const id = crypto.randomUUID();
        socket.onmessage = (event) => {
          const told = JSON.parse(event.data);
          if (told.type === 'snapshot') socket.send(JSON.stringify({type: 'intent', id, op, target}));
          if (told.type === 'ack' && told.id === id) { socket.close(); done(told); }
        };
      })
    """
    async with agent_of_both(two_queues, tmp_path) as (desk, _, _), Agents(two_queues, tmp_path) as agents:
        lead = await agents.watcher("supervisor1")
        await desk.page.click("#btn-pause")
        await desk.state("paused")
        told = await lead.page.evaluate(act, {"op": "ready", "target": "1001"})
        assert told["ok"], told
        await desk.state("ready")
        await expect(desk.page.locator("#notice")).to_contain_text("班长赵静已将您恢复就绪")
        refused = await lead.page.evaluate(act, {"op": "ready", "target": "1001"})
        assert (refused["code"], refused["message"]) == ("agent_not_paused", "该坐席没有在小休或话后整理，不需要恢复。")
        assert (await desk.page.evaluate(act, {"op": "sign_out", "target": "1002"}))["code"] == "forbidden"
        assert (await lead.page.evaluate(act, {"op": "sign_out", "target": "1002"}))["code"] == "agent_offline"
        told = await lead.page.evaluate(act, {"op": "sign_out", "target": "1001"})
        assert told["ok"], told
        await desk.state("offline")
        await expect(desk.page.locator("#state-name")).to_have_text("未就绪")
        await expect(desk.page.locator("#notice")).to_contain_text("班长赵静已将您签出")
        assert "agent-1001" not in two_queues.asterisk("queue show")
    engine = make_engine(two_queues.settings.tickets_url)
    with reading(engine) as connection:
        rows = [(row.actor, row.act, row.subject) for row in read_audit(connection) if row.act.startswith("agent_")]
    engine.dispose()
    assert rows == [("supervisor1", "agent_unpaused", "1001"), ("supervisor1", "agent_signed_out", "1001")]

"""Owns one caller at one stage of a call while something fails: what the citizen hears, and when an agent talks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from playwright.async_api import Error as PageError

from tests.campaign.harms import Harm, back
from tests.running.facts import live_equals_asterisk, recording_of, stored_call
from tests.running.instance import Hotline
from tests.running.page import AGENT_HZ, Desk
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.sip.rtp import Tone
from tests.sip.tones import absent_ms, level_of, silent_ms

CITIZEN_HZ = 500
REACH_S = 45.0
TALK_S = 3.0
SESSION = "over => (window.hotline?.phone.callId === over ? '' : window.hotline?.phone.session ?? '')"


@dataclass(slots=True)
class Seen:
    """One cell of the table; seconds count from the failure, or from when an agent was free if that came later."""

    call_id: str = ""
    silence_ms: float = 0.0  # longest silence the citizen heard from the failure to the talk
    rung_s: float = 0.0
    talk_s: float = 0.0
    recording_gap_ms: float = 0.0  # of the citizen's tone in the recording
    outcome: str = ""
    by: str = ""


Stage = Callable[[Hotline, Desk, SipCaller, Harm, str], Coroutine[Any, Any, tuple[Seen, Call]]]


async def menu(hotline: Hotline, desk: Desk, phone: SipCaller, harm: Harm, line: str) -> tuple[Seen, Call]:
    """One second into the greeting."""
    call = await phone.call(line, source=Tone(CITIZEN_HZ))
    await call.answered.within(5)
    await call.listen(1.0)
    return await _reached(hotline, desk, call, harm), call


async def waiting(hotline: Hotline, desk: Desk, phone: SipCaller, harm: Harm, line: str) -> tuple[Seen, Call]:
    """In the queue behind another caller's talk, which ends 3 s after the failure."""
    async with SipCaller(hotline.sip, "13855720099") as first_phone:
        first = await first_phone.call(line)
        await desk.answer()
        call = await phone.call(line, source=Tone(CITIZEN_HZ))
        await call.answered.within(5)
        await asyncio.to_thread(hotline.wait, lambda: "has 1 calls (" in hotline.asterisk("queue show hotline"), 20, "queued")
        await call.listen(1.0)
        return await _reached(hotline, desk, call, harm, first), call


async def ringing(hotline: Hotline, desk: Desk, phone: SipCaller, harm: Harm, line: str) -> tuple[Seen, Call]:
    """The agent's page rings; the click to answer comes a second after the failure."""
    call = await phone.call(line, source=Tone(CITIZEN_HZ))
    await desk.state("ringing", 25)
    await call.listen(0.5)
    return await _reached(hotline, desk, call, harm, pause_s=1.0), call


async def talking(hotline: Hotline, desk: Desk, phone: SipCaller, harm: Harm, line: str) -> tuple[Seen, Call]:
    """In the talk."""
    call = await phone.call(line, source=Tone(CITIZEN_HZ))
    await desk.answer()
    await call.listen(1.5)
    return await _reached(hotline, desk, call, harm), call


STAGES: dict[str, Stage] = {"menu": menu, "waiting": waiting, "ringing": ringing, "talking": talking}


async def _reached(
    hotline: Hotline, desk: Desk, call: Call, harm: Harm, first: Call | None = None, *, pause_s: float = 0.0
) -> Seen:
    loop, seen = asyncio.get_running_loop(), Seen()
    before, began = len(call.heard()), loop.time()
    over = await desk.call_id() if first is not None else ""
    async with harm(hotline):
        if first is not None:
            await call.listen(3.0)
            await first.hang_up()
            began = loop.time()
        await asyncio.sleep(pause_s)
        await _until_talk(desk, seen, began, over)
        await call.listen(TALK_S)
        seen.silence_ms = silent_ms(call.heard()[before:])
        assert level_of(call.heard(0.5), AGENT_HZ) > 4000, "the citizen does not hear the agent"
    await back(hotline)
    heard = await desk.hears(CITIZEN_HZ)
    assert abs(heard["dominant"] - CITIZEN_HZ) < 12, "the agent does not hear the citizen"
    return seen


async def _until_talk(desk: Desk, seen: Seen, began: float, over: str) -> None:
    """Answer whenever it rings, be ready again when a ring was missed; REACH_S at most. The talk of call `over` does not count."""
    loop = asyncio.get_running_loop()
    while loop.time() - began < REACH_S:
        session = await desk.page.evaluate(SESSION, over)
        state = await desk.page.locator("#state").get_attribute("data-state")
        if session == "talking":
            seen.talk_s = loop.time() - began
            seen.rung_s = seen.rung_s or seen.talk_s
            return
        if session == "ringing":
            seen.rung_s = seen.rung_s or loop.time() - began
            await _click(desk, "#btn-answer")
        elif state == "paused":
            await _click(desk, "#btn-ready")
        await asyncio.sleep(0.1)
    raise AssertionError(f"no talk within {REACH_S} s; the page shows {state}, its telephone {session!r}")


async def _click(desk: Desk, what: str) -> None:
    try:
        await desk.page.click(what, timeout=1000)
    except PageError:
        pass  # it changed under the pointer; the next look decides


async def ended_and_kept(hotline: Hotline, api: httpx.Client, desk: Desk, call: Call, seen: Seen) -> None:
    """The agent ends the call: it is listed with its agent, its recording holds the citizen without a gap, nothing is left."""
    seen.call_id = await desk.call_id()
    await desk.page.click("#btn-hangup")
    await call.wait_ended(10)
    stored = await stored_call(api, seen.call_id, state="ended", recording=True)
    seen.outcome, seen.by = stored["outcome"], stored["ended_by"]
    citizen, _ = await recording_of(api, seen.call_id)
    loud = np.flatnonzero(np.abs(citizen.astype(np.int32)) > 2000)
    seen.recording_gap_ms = absent_ms(citizen[loud[0] : loud[-1]], CITIZEN_HZ) if len(loud) else -1.0
    await live_equals_asterisk(hotline, api)

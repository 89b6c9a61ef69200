"""Owns what must be true after every fault: nobody lost, no draft, no sound, the live view Asterisk's, the figures the ledger's."""

from __future__ import annotations

import asyncio
import io
import signal
import subprocess
import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

from hotline_core.adapters.ledger import LedgerReader, verify
from tests.campaign.harms import back
from tests.campaign.walking import left_behind
from tests.faults.catalogue import Cost
from tests.faults.citizens import CITIZEN_HZ, Visit
from tests.faults.clerks import Clerk, Talk
from tests.faults.recount import calls_of, day_of, differences
from tests.faults.world import World
from tests.running.attack import tracebacks
from tests.running.facts import live_equals_asterisk
from tests.running.listening import sound_of
from tests.sip.tones import absent_ms

SETTLE_S = 25.0
BEGIN_S = 0.5  # between the word of a recording's begin and its first sample


@dataclass(slots=True)
class Findings:
    """What one round has shown; `faults` is empty when everything held."""

    talks: int = 0
    gave_up: int = 0
    dropped: int = 0
    cut: int = 0
    unanswered: int = 0
    drafts: int = 0
    unrecorded: int = 0
    longest_gap_ms: float = 0.0
    shortest_ms: float = 0.0  # how much the shortest recording lacks
    slowest_s: float = 0.0  # until an agent was heard
    faults: list[str] = field(default_factory=list)


async def check(world: World, api: httpx.Client, visits: Sequence[Visit], clerks: Sequence[Clerk], cost: Cost) -> Findings:
    """Everything that must hold, each violation a sentence."""
    seen = Findings()
    talks = [talk for clerk in clerks for talk in clerk.talks]
    seen.talks, seen.cut = len(talks), sum(talk.was_cut for talk in talks)
    for visit in visits:
        await _citizen(world, api, visit, talks, cost, seen)
    for clerk in clerks:
        seen.drafts += len(clerk.drafts)
        seen.faults += await clerk.lost_drafts(api)
    try:
        await live_equals_asterisk(world, api)
    except (AssertionError, httpx.HTTPError, subprocess.SubprocessError) as error:
        seen.faults.append(f"live view: {error}")
    left = await left_behind(world)
    if left and cost.leaves_journal:
        await asyncio.to_thread(world.signal, "bridge", signal.SIGKILL)
        await back(world)
        left = await left_behind(world)
    seen.faults += [f"left behind: {one}" for one in left]
    seen.faults += await figures(world, api)
    chain = await asyncio.to_thread(verify, world.home / "ledger")
    seen.faults += [f"ledger: {problem}" for problem in chain.problems]
    seen.faults += [f"traceback in {name}" for name in tracebacks(world)]
    return seen


async def _citizen(world: World, api: httpx.Client, visit: Visit, talks: Iterable[Talk], cost: Cost, seen: Findings) -> None:
    """One caller's own story against the list of calls, the call-back list and the recording."""
    number, may = visit.citizen.number, seen.faults.append
    listed = await _listed(api, number)
    if visit.end == "unanswered":
        seen.unanswered += 1
        if not cost.refuses_new:
            may(f"{number} rang and was not answered")
        return
    if len(listed) != 1:
        may(f"{number} ({visit.end}) stands {len(listed)} times in the list of calls")
        return
    call = listed[0]
    told = f"{number} {visit.end}, listed as {call['outcome']} by {call['ended_by']}"
    if call["state"] != "ended":
        may(f"{told}: still {call['state']}")
    own = [talk for talk in talks if talk.call_id == call["call_id"]]
    seen.slowest_s = max(seen.slowest_s, visit.reached_s)
    # a talk that ends when its citizen hangs up, as one does whose patience ends in the moment of the answer, is not cut
    if any(talk.was_cut and talk.ended_at < visit.left_at for talk in own) and not cost.cuts_talks:
        may(f"{told}: the talk was cut")
    match visit.end:
        case "talked":
            if call["outcome"] != "answered" or not call["agent"]:
                may(f"{told}: the talk is not listed")
            if call["ended_by"] == "system" and not cost.drops_calls:
                may(f"{told}: ended by us")
        case "dropped":
            seen.dropped += 1
            if not cost.drops_calls:
                may(f"{told}: dropped")
            elif not await _is_remembered(api, call["call_id"]):
                may(f"{told}: dropped and not to be called back")
        case "gave_up":
            seen.gave_up += 1
            if call["outcome"] not in ("abandoned", "answered") and not cost.drops_calls:
                may(told)
        case "stuck" if call["outcome"] == "duty":
            pass  # no agent could be reached for a while, and a duty telephone answered
        case _:
            may(f"{told}: {visit.end}")
    if own:
        await _sound(api, call, visit, cost, seen)


async def _sound(api: httpx.Client, call: dict[str, Any], visit: Visit, cost: Cost, seen: Findings) -> None:
    """The recording holds the citizen from its begin to the last that was heard, without a gap, but for what the fault may cost."""
    call_id = call["call_id"]
    timeline = (await asyncio.to_thread(api.get, f"/api/calls/{call_id}")).raise_for_status().json()["timeline"]
    begun = [entry["at"] for entry in timeline if entry["kind"] in ("recording_started", "agent_answered")]
    said_s = visit.heard_until - begun[0] if begun else 0.0
    answer = await asyncio.to_thread(sound_of, api, call_id)
    ends_at = asyncio.get_running_loop().time() + SETTLE_S
    while answer.status_code != 200 and asyncio.get_running_loop().time() < ends_at:
        await asyncio.sleep(0.5)
        answer = await asyncio.to_thread(sound_of, api, call_id)
    if answer.status_code != 200:
        seen.unrecorded += 1
        if not cost.unrecorded:
            seen.faults.append(f"{call_id}: no recording of {said_s:.1f} s ({answer.status_code})")
        return
    with wave.open(io.BytesIO(answer.content)) as sound:
        citizen = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").astype(np.int16)[0::2]
    loud = np.flatnonzero(np.abs(citizen.astype(np.int32)) > 2000)
    kept = citizen[loud[0] : loud[-1]] if len(loud) else citizen[:0]
    missing_s, gap_ms = said_s - len(kept) / 8000, absent_ms(kept, CITIZEN_HZ) - visit.paused_s * 1000
    seen.shortest_ms = max(seen.shortest_ms, missing_s * 1000)
    seen.longest_gap_ms = max(seen.longest_gap_ms, gap_ms)
    if cost.unrecorded:
        return
    if missing_s > cost.tail_s + BEGIN_S:
        seen.faults.append(f"{call_id}: {missing_s:.1f} s of {said_s:.1f} s are missing in the recording")
    if gap_ms > cost.gap_s * 1000:
        seen.faults.append(f"{call_id}: a gap of {gap_ms:.0f} ms in the recording")


async def _listed(api: httpx.Client, number: str) -> list[dict[str, Any]]:
    """The calls of this number, once each has ended; after SETTLE_S as they are."""
    ends_at = asyncio.get_running_loop().time() + SETTLE_S
    found: list[dict[str, Any]] = []
    while asyncio.get_running_loop().time() < ends_at:
        answer = await asyncio.to_thread(api.get, "/api/calls", params={"caller": number})
        if answer.status_code == 200:
            found = answer.json()["calls"]
            if found and all(call["state"] == "ended" for call in found):
                break
        await asyncio.sleep(0.3)
    return found


async def _is_remembered(api: httpx.Client, call_id: str) -> bool:
    rows = (await asyncio.to_thread(api.get, "/api/callbacks")).raise_for_status().json()["callbacks"]
    return any(row["call_id"] == call_id for row in rows)


async def figures(world: World, api: httpx.Client) -> list[str]:
    """What GET /api/day says otherwise than a recount from the ledger, once the worker has applied all of it."""
    found = ["never asked"]
    ends_at = asyncio.get_running_loop().time() + SETTLE_S
    while found and asyncio.get_running_loop().time() < ends_at:
        records = await asyncio.to_thread(lambda: LedgerReader(world.home / "ledger").after(0, 1_000_000))
        answer = await asyncio.to_thread(api.get, "/api/day")
        if answer.status_code == 200 and answer.json()["sure"]:
            day = answer.json()
            found = differences(day_of(calls_of(records), day["start"]), day["lines"])
        if found:
            await asyncio.sleep(0.5)
    return [f"figures: {one}" for one in found]

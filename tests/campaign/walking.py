"""Owns one caller who takes one walk through a menu, and what must be true of that call afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from ivr.menu import Menu
from tests.campaign.walks import GONE, QUEUE, Walk, way
from tests.campaign.watcher import Watcher
from tests.running.facts import stored_call
from tests.running.instance import Hotline
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.sip.tones import RATE_HZ, Samples
from tests.speech import Recogniser, sounds_like

SILENT_LIMIT_S = 8.0  # a caller who does nothing is in the queue by then (GB/T 33358)
MENU_S = 20.0  # the longest walk: three nodes and their waits
JOURNAL = ("hlcall", "hlans", "hlend", "hlleg", "ivr")
LED = {"water_rescue": "water-number"}  # what the dialplan says before it rings an outside party
CONNECTING = "connecting"
OPENING = ("call_arrived", "greeting_started", "notice_played", "recording_started")


@dataclass(slots=True)
class Walked:
    """One walk as it was: where it ended, how long to the end of the menu, and every fault found."""

    walk: Walk
    number: str
    way: str
    call_id: str = ""
    came_to: str = ""
    menu_s: float = 0.0
    heard: Samples | None = None
    alike: float | None = None
    faults: list[str] = field(default_factory=list)


async def take(hotline: Hotline, watcher: Watcher, api: httpx.Client, menu: Menu, walk: Walk, number: str) -> Walked:
    """Call, act at each node as the walk says, hang up at its end."""
    done = Walked(walk, number, way(menu, walk))
    async with SipCaller(hotline.sip, number) as phone:
        call = await phone.call(walk.line, timeout_s=10)
        await call.answered.within(10)
        listens_from = await _act(call, walk)
        if walk.end == GONE:
            await call.hang_up()
            done.came_to = GONE
        else:
            await _come_to(done, watcher, call, listens_from)
            await call.hang_up()
        if not await watcher.until_gone(number, 10):
            done.faults.append("still in the live view 10 s after the end")
    state = watcher.calls.get(number)
    done.call_id = state["id"] if state is not None else await listed(api, number)
    await _check_the_record(done, api)
    return done


async def listed(api: httpx.Client, number: str) -> str:
    """The id of the newest call of this number; empty when the list does not have it within 5 s."""
    for _ in range(25):
        found = (await asyncio.to_thread(api.get, "/api/calls", params={"caller": number})).raise_for_status().json()
        if found["calls"]:
            return str(found["calls"][0]["call_id"])
        await asyncio.sleep(0.2)
    return ""


async def _act(call: Call, walk: Walk) -> int:
    """Do what the walk says; the sample from which on what is heard is to be recognised."""
    begins, listens_from = 0, 0
    for place, act in enumerate(walk.acts):
        await _until_heard(call, begins + round(act.after_s * RATE_HZ))
        if act.keys:
            await call.press(act.keys)
            begins = len(call.heard())
            if place == 0:
                listens_from = begins
    return listens_from


async def _until_heard(call: Call, samples: int) -> None:
    missing_s = (samples - len(call.heard())) / RATE_HZ
    if missing_s > 0:
        await call.listen(missing_s)


async def _come_to(done: Walked, watcher: Watcher, call: Call, listens_from: int) -> None:
    state = await watcher.until(done.number, "waiting", "ringing", "party", timeout_s=MENU_S)
    if state is None:
        done.came_to = "nowhere"
        done.faults.append(f"nowhere {MENU_S} s after the last act")
        return
    done.came_to = state["party"] if state["phase"] == "party" else QUEUE
    if state["phase"] == "party":
        await call.listen(5.0)  # the sentence before the ring is part of what is to be understood
    done.heard = call.heard()[listens_from:]
    if done.walk.end and done.came_to != done.walk.end:
        done.faults.append(f"came to {done.came_to}")


async def _check_the_record(done: Walked, api: httpx.Client) -> None:
    if not done.call_id:
        done.faults.append("no such call in the list")
        return
    outcome = {GONE: "abandoned", QUEUE: "abandoned"}.get(done.came_to)
    stored = await stored_call(api, done.call_id, state="ended", ended_by="caller", **({"outcome": outcome} if outcome else {}))
    kinds = [entry["kind"] for entry in stored["timeline"] if not entry["kind"].startswith("duty")]
    times = {entry["kind"]: entry["at"] - stored["arrived_at"] for entry in reversed(stored["timeline"])}
    done.menu_s = times.get("recording_started", 0.0)
    if kinds != _expected_kinds(done, stored, kinds):
        done.faults.append(f"timeline {kinds}")
    if done.came_to != GONE:
        notices = [entry["facts"] for entry in stored["timeline"] if entry["kind"] == "notice_played"]
        if notices != [{"complete": not done.walk.cut} | ({"menu": done.way} if done.way else {})]:
            done.faults.append(f"notice {notices}")
    if not any(act.keys for act in done.walk.acts) and done.came_to == QUEUE and done.menu_s > SILENT_LIMIT_S:
        done.faults.append(f"a silent caller in the queue after {done.menu_s:.1f} s")


def _expected_kinds(done: Walked, stored: dict[str, Any], kinds: Sequence[str]) -> list[str]:
    if done.came_to == GONE:
        return ["call_arrived", "greeting_started", "call_ended"]
    if done.came_to == QUEUE:
        return [*OPENING, "call_ended"]
    answered = [kind for kind in kinds if kind in ("party_dialled", "party_missed", "party_answered")]
    wanted = "party" if "party_answered" in answered else "abandoned"
    if stored["outcome"] != wanted:
        done.faults.append(f"outcome {stored['outcome']}")
    return [*OPENING, "party_rung", *answered, "call_ended"]


def spoken(walk: Walk) -> tuple[str, ...]:
    """The prompts to be recognised: those of the menu said in full, and what leads to an outside party."""
    return walk.heard if walk.end in (QUEUE, GONE, "") else (*walk.heard, LED.get(walk.end, CONNECTING))


def recognise(done: Walked, ear: Recogniser, says: Mapping[str, str], all_spoken: Sequence[tuple[str, ...]]) -> None:
    """What was heard must sound more like the expected sentences than like any other that a menu says."""
    if done.heard is None or not spoken(done.walk):
        return
    text = ear.text_of(done.heard, RATE_HZ)
    likeness = {said: sounds_like(text, "".join(says[key] for key in said)) for said in {*all_spoken, spoken(done.walk)}}
    done.alike = likeness[spoken(done.walk)]
    best = max(likeness, key=lambda said: likeness[said])
    if likeness[best] > done.alike:
        done.faults.append(f"heard {'+'.join(best)} rather than {'+'.join(spoken(done.walk))}: {text}")


async def left_behind(hotline: Hotline) -> list[str]:
    """Channels and journal entries that no call owns any more; empty is well. Waits 5 s for the bridge to close the journal."""
    found: list[str] = []
    for _ in range(25):
        rows = (await asyncio.to_thread(hotline.asterisk, "core show channels concise")).splitlines()
        channels = [row for row in rows if row.startswith("PJSIP/trunk-")]
        entries = []
        for family in JOURNAL:
            shown = await asyncio.to_thread(hotline.asterisk, f"database show {family}")
            entries += [row for row in shown.splitlines() if row.startswith(f"/{family}/")]
        found = [*channels, *entries]
        if not found:
            break
        await asyncio.sleep(0.2)
    return found

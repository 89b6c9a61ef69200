"""What must be true of a running hotline whatever happened to it: the live view equals Asterisk, no call is missing."""

from __future__ import annotations

import asyncio
import io
import wave
from typing import Any

import httpx
import numpy as np

from ivr.catalogue import CATALOGUE_PATH, load_catalogue
from tests.running.instance import Hotline, pretty
from tests.running.listening import sound_of
from tests.sip.tones import Samples

SETTLE_S = 8.0


async def stored_call(api: httpx.Client, call_id: str, **wanted: object) -> dict[str, Any]:
    """The call in the list of calls, once its fields are as wanted; AssertionError if they never are."""
    ends_at = asyncio.get_running_loop().time() + SETTLE_S
    seen: dict[str, Any] = {}
    while asyncio.get_running_loop().time() < ends_at:
        answer = await asyncio.to_thread(api.get, f"/api/calls/{call_id}")
        if answer.status_code == 200:
            seen = answer.json()
            if all(seen.get(name) == value for name, value in wanted.items()):
                return seen
        await asyncio.sleep(0.1)
    raise AssertionError(f"{call_id}: wanted {wanted}, got {pretty(seen)}")


async def recording_of(api: httpx.Client, call_id: str) -> tuple[Samples, Samples]:
    """Citizen's and agent's side of the recording at 8 kHz, once it is finished."""
    await stored_call(api, call_id, recording=True)
    answer = await asyncio.to_thread(sound_of, api, call_id)
    answer.raise_for_status()
    with wave.open(io.BytesIO(answer.content)) as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getsampwidth()) == (2, 8000, 2)
        both = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").astype(np.int16)
    return both[0::2], both[1::2]


async def live_equals_asterisk(hotline: Hotline, api: httpx.Client) -> None:
    """The live view's callers and members are those of CoreShowChannels and QueueStatus, within a moment."""
    ends_at = asyncio.get_running_loop().time() + SETTLE_S
    ours: dict[str, object] = {}
    theirs: dict[str, object] = {}
    while asyncio.get_running_loop().time() < ends_at:
        ours, theirs = await asyncio.to_thread(_both_views, hotline, api)
        if ours == theirs:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"live view {pretty(ours)}\nAsterisk {pretty(theirs)}")


def _both_views(hotline: Hotline, api: httpx.Client) -> tuple[dict[str, object], dict[str, object]]:
    return our_view(hotline.live(api)), asterisk_view(hotline)


def our_view(live: dict[str, Any]) -> dict[str, object]:
    """What the live view says of callers and members."""
    return {
        "callers": sorted(call["id"] for call in live["calls"]),
        "talking": sorted(agent["id"] for agent in live["agents"] if agent["state"] == "talking"),
        "members": sorted(agent["id"] for agent in live["agents"] if agent["state"] != "offline" or agent["call_id"]),
        "paused": sorted(agent["id"] for agent in live["agents"] if agent["state"] == "paused"),
        "waiting": sum(queue["waiting"] for queue in live["queues"]),
    }


def asterisk_view(hotline: Hotline) -> dict[str, object]:
    """The same by Asterisk's own word: core show channels, queue show, the dialplan's journal of calls to citizens."""
    told = hotline.asterisk("core show channels concise").splitlines()
    rows = [row.split("!") for row in told if row.count("!") >= 13]  # other lines are the console's own words
    called = _called(hotline)
    callers = {
        row[13] for row in rows
        if row[0].startswith("PJSIP/trunk-") and row[1] not in ("from-trunk", "") and row[0] not in called.values()
        and not row[13].startswith("third-")
    }  # fmt: skip
    alive = {name for row in rows for name in (row[0], row[13])}
    callers |= {call_id for call_id, channel in called.items() if call_id in alive or channel in alive}
    legs = [row for row in rows if row[0].startswith("PJSIP/agent-") and row[4] == "Up"]
    queues = hotline.asterisk("queue show")
    members = [line for line in queues.splitlines() if "PJSIP/agent-" in line]
    waiting = [line for line in queues.splitlines() if "PJSIP/trunk-" in line]
    return {
        "callers": sorted(callers),
        "talking": sorted(row[0].split("-")[1] for row in legs),
        "members": sorted({_extension(line) for line in members}),
        "paused": sorted({_extension(line) for line in members if "(paused" in line}),
        "waiting": len(waiting) + sum(row[1] == "overflow" for row in rows),  # asked whether to be called back, and waiting on
    }


def _called(hotline: Hotline) -> dict[str, str]:
    """Calls to citizens by the dialplan's journal: call id, and the citizen's channel once answered."""
    entries = [line.partition(": ") for line in hotline.asterisk("database show hlout").splitlines() if line.startswith("/hlout/")]
    return {key.strip().removeprefix("/hlout/"): value.strip().split(",")[-1] for key, _, value in entries}


def _extension(line: str) -> str:
    return line.partition("PJSIP/agent-")[2][:4]


def greeting_of(line: str) -> str:
    """What a caller of the line hears first: the greeting with the notice, then the menu."""
    catalogue = load_catalogue(CATALOGUE_PATH)
    return "".join(catalogue.prompt(f"{part}-{line}").text for part in ("greet", "menu"))

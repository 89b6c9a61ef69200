"""Owns what a citizen goes through after something failed, by ear: the silence, and the time until the right voice is there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from tests.running.ears import AGENT, HEARD, HZ, THIRD
from tests.running.third import Cast, Talk
from tests.running.truth import Look
from tests.sip.tones import RATE_HZ, level_of, silent_ms

REACH_S = 45.0
STEADY_S = 0.5
AGREE_S = 12.0


@dataclass(frozen=True, slots=True)
class Rescue:
    """Where the citizen ended up, after how long, and the longest silence on the way (milliseconds)."""

    ended: str
    after_ms: float
    silence_ms: float


async def rescued(talk: Talk, wanted: str, began_s: float, *, heard_before: int) -> Rescue:
    """Wait until the citizen hears `wanted` (agent, third) steadily, or for the end of the call (`over`).

    Of several that are wanted (`agent third`) one is enough, and told is who it was.
    began_s: loop time of the failure; heard_before: samples the citizen had heard by then.
    """
    loop, entered = asyncio.get_running_loop(), len(talk.citizen.heard())
    if wanted == "over":
        await talk.citizen.wait_ended(REACH_S)
        assert talk.citizen.ended_s is not None
        return Rescue("over", (talk.citizen.ended_s - began_s) * 1000, silent_ms(talk.citizen.heard()[heard_before:]))
    voices, steady = [who for who in (AGENT, THIRD) if who in wanted], round(STEADY_S * RATE_HZ)
    while True:
        assert not talk.citizen.ended.is_set(), "the citizen was cut off"
        assert loop.time() - began_s < REACH_S, f"no {wanted} within {REACH_S} s"
        await asyncio.sleep(0.2)  # not for so much sound: there may be none for a while
        newest = talk.citizen.heard()[entered:][-steady:]  # who was heard before the failure proves nothing
        if len(newest) == steady and (there := [who for who in voices if level_of(newest, HZ[who]) >= HEARD]):
            break
    sound = talk.citizen.heard()[heard_before:]
    after_ms = max(0.0, (loop.time() - began_s - STEADY_S) * 1000)
    return Rescue(" ".join(there), after_ms, silent_ms(sound[: len(sound) - round(0.02 * RATE_HZ)]))


async def agreed(cast: Cast, call_id: str, *, agents: int = 1, may_end: bool = False, timeout_s: float = AGREE_S) -> Look:
    """The first moment in which nothing is wrong (see Look.faults); AssertionError with what stays wrong, or was grave."""
    ends_at = asyncio.get_running_loop().time() + timeout_s
    while True:
        look = await cast.look(call_id)
        grave = look.grave(agents=agents, may_end=may_end)
        assert grave == [], (grave, look)
        faults = look.faults(agents=agents, may_end=may_end)
        if not faults:
            return look
        assert asyncio.get_running_loop().time() < ends_at, (faults, look)
        await asyncio.sleep(0.15)


async def nothing_left(cast: Cast, call_id: str, timeout_s: float = AGREE_S) -> None:
    """Asterisk has no channel, no conference and no key of a call that is over, within a moment."""
    ends_at = asyncio.get_running_loop().time() + timeout_s
    while left := await cast.board.left_of(call_id):
        assert asyncio.get_running_loop().time() < ends_at, left
        await asyncio.sleep(0.2)

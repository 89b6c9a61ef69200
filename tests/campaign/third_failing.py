"""Owns one failure at one stage with a third party on the line, from the click to the evidence; what it cost the citizen."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from tests.campaign.harms import back
from tests.campaign.third_stages import AGENT, ANY, ENDS, HARMS, OVER, SAME, Scene, reach
from tests.running.ears import THIRD
from tests.running.evidence import whole
from tests.running.facts import live_equals_asterisk
from tests.running.rescue import agreed, nothing_left, rescued
from tests.running.third import Cast, Talk, talk_of
from tests.sip.tones import silent_ms

SILENCE_MS = 5000.0  # nobody waits in silence for longer
KEPT = {"talk": AGENT, "adding": AGENT, "swapped": AGENT, "three": "agent third", "handed": "third"}  # who is heard at a stage
AWAY_S = 22.0  # longer than the longest patience of the hold loops


@dataclass(frozen=True, slots=True)
class Cost:
    """Whom the citizen had in the end, after how long, the longest silence, the segments kept (whole, or it would have failed)."""

    ended: str
    after_ms: float
    silence_ms: float
    segments: int

    def cells(self) -> tuple[str, ...]:
        """As a row of a table."""
        return (self.ended, f"{self.after_ms:.0f}", f"{self.silence_ms:.0f}", f"whole, {self.segments} segments")


async def fail(cast: Cast, failure: str, stage: str) -> Cost:
    """One call; AssertionError if the citizen does not get whom the table names, or anything is missing or left over."""
    wanted = ENDS[failure][stage]
    async with talk_of(cast) as talk:
        scene = await reach(cast, talk, stage)
        before, began = len(talk.citizen.heard()), asyncio.get_running_loop().time()
        await HARMS[failure](scene)
        if wanted in (SAME, ANY):
            ended, after_ms, silence_ms = await _lived_on(scene, before, wanted)
        else:
            seen = await rescued(talk, wanted, began, heard_before=before)
            ended, after_ms, silence_ms = seen.ended, seen.after_ms, seen.silence_ms
            await agreed(cast, talk.call_id, may_end=wanted == OVER)  # agent and third may talk on without the citizen
        segments = await end_and_check(cast, talk)
    return Cost(ended, after_ms, silence_ms, segments)


async def without_a_bridge(cast: Cast, stage: str) -> tuple[Cost, str]:
    """No bridge for AWAY_S from this stage on; also the stage that the next bridge shows, which Asterisk agrees with."""
    async with talk_of(cast) as talk:
        await reach(cast, talk, stage)
        before, began = len(talk.citizen.heard()), asyncio.get_running_loop().time()
        await asyncio.to_thread(cast.hotline.stop, "bridge")
        try:
            seen = await rescued(talk, KEPT.get(stage, "agent third"), began, heard_before=before)
            await asyncio.sleep(max(0.0, began + AWAY_S - asyncio.get_running_loop().time()))
            silence_ms = silent_ms(talk.citizen.heard()[before:])
            assert not talk.citizen.ended.is_set(), "the citizen was cut off"
        finally:
            await asyncio.to_thread(cast.hotline.start_again, "bridge")
        await back(cast.hotline)
        look = await agreed(cast, talk.call_id)
        segments = await end_and_check(cast, talk)
    return Cost(seen.ended, seen.after_ms, silence_ms, segments), look.shown()


async def end_and_check(cast: Cast, talk: Talk) -> int:
    """Everybody hangs up who is still there: nothing is left, the evidence is whole, the live view is Asterisk's; its segments."""
    await talk.everybody_hangs_up()
    await nothing_left(cast, talk.call_id)
    evidence = await whole(cast, talk.call_id)
    await live_equals_asterisk(cast.hotline, cast.api)
    return len(evidence.segments)


async def _lived_on(scene: Scene, before: int, wanted: str) -> tuple[str, float, float]:
    """After the death of the bridge: everybody is still there, and the bridge that is back shows what Asterisk has."""
    talk, began = scene.talk, asyncio.get_running_loop().time()
    await back(talk.cast.hotline)
    if wanted == SAME:
        await talk.stage(scene.stage, timeout_s=20)
    look = await agreed(talk.cast, talk.call_id)
    back_ms = (asyncio.get_running_loop().time() - began) * 1000
    if look.stage() not in ("calling", "adding"):  # nobody's telephone is up yet
        await talk.hears(look.stage(), scene.third if look.leg(THIRD) is not None else None)
    assert not talk.citizen.ended.is_set(), "the citizen was cut off"
    ended = f"{look.stage()}, as before" if look.stage() == scene.stage else look.stage()
    return ended, back_ms, silent_ms(talk.citizen.heard()[before:])

"""Owns the citizens of a round: when each rings, how patient each is, and what each lived through."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass

from hotline_core.adapters import clock
from tests.faults.clerks import AGENT_HZ
from tests.faults.world import World
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.sip.rtp import Tone
from tests.sip.tones import level_of

CITIZEN_HZ = 500
LOOK_S = 0.2
DEAD_S = 10.0  # no packet for so long: nobody is there any more, and a carrier would end the call
REACH_S = 100.0  # who is patient reaches an agent within this, whatever fails
TALK_S = 60.0
LINES = ("12328", "12345")


@dataclass(frozen=True, slots=True)
class Citizen:
    """One caller to be."""

    number: str
    line: str
    comes_s: float
    patience_s: float
    presses: bool  # 0 at once; else silence leads to the queue within 8 s


@dataclass(slots=True)
class Visit:
    """What one caller saw; `end` is talked, gave_up, dropped, unanswered (no PBX was there) or stuck."""

    citizen: Citizen
    end: str = "stuck"
    came_at: float = 0.0  # loop time
    answered: bool = False
    reached_s: float = 0.0
    left_at: float = float("inf")  # loop time of hanging up, if this citizen did
    heard_until: float = 0.0  # epoch seconds of the last sound that came
    paused_s: float = 0.0  # how long the test's own machine let this citizen say nothing, at most


def crowd(dice: random.Random, round_no: int, count: int, over_s: float) -> list[Citizen]:
    """`count` citizens within `over_s` seconds, each with a number of their own; one of six has no patience."""
    people = []
    for place in range(count):
        patience_s = dice.uniform(4.0, 7.0) if dice.randrange(6) == 0 else REACH_S
        number = f"137{round_no:04d}{place:02d}{dice.randrange(100):02d}"
        people.append(Citizen(number, dice.choice(LINES), dice.uniform(0, over_s), patience_s, dice.randrange(4) > 0))
    return sorted(people, key=lambda one: one.comes_s)


async def _until_over(call: Call, within_s: float) -> None:
    ends_at = asyncio.get_running_loop().time() + within_s
    while not (call.ended.is_set() or _is_dead(call)):
        if asyncio.get_running_loop().time() > ends_at:
            return
        await asyncio.sleep(LOOK_S)


def _is_dead(call: Call) -> bool:
    newest_s = max((packet.arrived_s for packet in call.rtp.packets[-5:]), default=call.answered_s or 0.0)
    return asyncio.get_running_loop().time() - newest_s > DEAD_S


async def visit(world: World, citizen: Citizen) -> Visit:
    """Ring, wait as long as patience lasts, talk until somebody ends it."""
    seen, loop = Visit(citizen), asyncio.get_running_loop()
    await asyncio.sleep(citizen.comes_s)
    seen.came_at = loop.time()
    async with SipCaller(world.sip, citizen.number) as phone:
        try:
            call = await phone.call(citizen.line, timeout_s=20, source=Tone(CITIZEN_HZ))
            await call.answered.within(20)
        except TimeoutError:
            seen.end = "unanswered"
            return seen
        seen.answered, began = True, loop.time()
        wall_s = clock.now() - began
        if citizen.presses:
            await asyncio.sleep(0.3)
            call.press("0")
        while not call.ended.is_set() and loop.time() - began < citizen.patience_s and not _is_dead(call):
            if level_of(call.heard(0.3), AGENT_HZ) > 3000:
                seen.reached_s, seen.end = loop.time() - began, "talked"
                break
            await asyncio.sleep(LOOK_S)
        if seen.end == "talked":
            await _until_over(call, TALK_S)
            if not call.ended.is_set():
                seen.end = "dropped" if _is_dead(call) else "left on the line"
        elif call.ended.is_set() or _is_dead(call):
            seen.end = "dropped"
        else:
            seen.end = "gave_up" if citizen.patience_s < REACH_S else "stuck"
        if not call.ended.is_set():
            seen.left_at = loop.time()
            with suppress(TimeoutError):  # of a line that is dead, or cut at this moment; the list of calls tells what came of it
                await call.hang_up()
        seen.paused_s = call.rtp.longest_pause_s
        seen.heard_until = wall_s + max((packet.arrived_s for packet in call.rtp.packets[-5:]), default=began)
    return seen

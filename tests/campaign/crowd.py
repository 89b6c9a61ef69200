"""Owns a crowd: callers of mixed patience, agents who talk and hang up, and what must be true of all their calls together."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.running.instance import Hotline
from tests.sip.agent import SipCaller
from tests.sip.rtp import Silence, Tone
from tests.sip.tones import level_of

AGENT_HZ = 900
LOOK_S = 0.2
LONGEST_TALK_S = 30.0
LONGEST_STAY_S = 400.0
SLACK_S = 0.5  # a caller who has only just come may be overlooked once
LOOK_AGAIN_S = 1.6  # app_queue looks once a second for each caller: with two agents free the second may be rung for first


@dataclass(frozen=True, slots=True)
class Person:
    """One caller to be: when, which line, and for how long they wait for a person."""

    number: str
    line: str
    comes_s: float
    patience_s: float


@dataclass(slots=True)
class Stay:
    """What one caller saw."""

    person: Person
    answered: bool = False
    gave_up: bool = False
    waited_s: float = 0.0


def crowd(seed: int, count: int, over_s: float) -> list[Person]:
    """`count` people who come within `over_s` seconds; a third leaves soon, a third waits a while, a third for ever."""
    dice = random.Random(seed)
    people = []
    for place in range(count):
        patience_s = dice.choice((dice.uniform(2, 8), dice.uniform(15, 40), LONGEST_STAY_S))
        number, line = f"139{place:04d}{dice.randrange(10_000):04d}", dice.choice(("12328", "12345"))
        people.append(Person(number, line, dice.uniform(0, over_s), patience_s))
    return sorted(people, key=lambda person: person.comes_s)


async def stay(hotline: Hotline, person: Person) -> Stay:
    """Come, press 0, wait as long as patience lasts, talk until the agent ends it."""
    seen, loop = Stay(person), asyncio.get_running_loop()
    await asyncio.sleep(person.comes_s)
    async with SipCaller(hotline.sip, person.number) as phone:
        call = await phone.call(person.line, timeout_s=15, source=Silence())
        await call.answered.within(15)
        began = loop.time()
        await asyncio.sleep(0.3)
        await call.press("0")
        while not call.ended.is_set() and loop.time() - began < person.patience_s:
            if level_of(call.heard(0.3), AGENT_HZ) > 3000:
                seen.answered, seen.waited_s = True, loop.time() - began
                await call.wait_ended(LONGEST_TALK_S)
                return seen
            await asyncio.sleep(LOOK_S)
        seen.waited_s = loop.time() - began
        if not call.ended.is_set():
            seen.gave_up = True
            await call.hang_up()
    return seen


async def work(phone: SipCaller, dice: random.Random, faults: list[str]) -> None:
    """Take each call, talk for some seconds, hang up; two calls at one time would be a fault."""
    while True:
        call = await phone.next_call(LONGEST_STAY_S)
        open_calls = [one for one in phone.calls if not one.ended.is_set()]
        if len(open_calls) > 1:
            faults.append(f"{phone.user} is rung with {len(open_calls)} calls at once")
        call.send(Tone(AGENT_HZ))
        try:
            await call.answered.within(10)
        except TimeoutError:
            continue  # the caller gave up while it rang
        await asyncio.sleep(dice.uniform(1.5, 4.0))
        await call.hang_up()


def passed_by(calls: Sequence[Mapping[str, Any]], priorities: Mapping[str, int], agents: int) -> tuple[list[str], list[str]]:
    """Rings that passed somebody by who waited with a higher priority, or as high and longer: with one agent free, with more.

    app_queue lets each caller look once a second whether it is their turn. With one agent free that is the first one's turn
    alone; with two it is the second one's too, who may look first.
    """
    alone, spare = list[str](), list[str]()
    spans = agents_spans(calls)
    rings = [
        (entry["at"], entry["facts"]["agent"], call)
        for call in calls for entry in call["timeline"] if entry["kind"] == "agent_rung"
    ]  # fmt: skip
    for at, agent, rung in sorted(rings, key=lambda ring: ring[0]):
        busy = sum(any(begin - 0.05 <= at <= end for begin, end, _ in taken) for name, taken in spans.items() if name != agent)
        for other in calls:
            if other is rung or not (_waits(other, at) and _waits(other, at + LOOK_AGAIN_S)):
                continue
            ours, theirs = priorities[rung["line"]], priorities[other["line"]]
            if theirs > ours or (theirs == ours and _queued(other) < _queued(rung) - SLACK_S):
                told = f"{_story(other, at)} waited while rung for was {_story(rung, at)}"
                (alone if busy >= agents - 1 else spare).append(told)
    return alone, spare


def agents_spans(calls: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[float, float, str]]]:
    """From ring to the end of ring or talk, for each agent, with the call."""
    spans: dict[str, list[tuple[float, float, str]]] = {}
    for call in calls:
        begun: tuple[str, float] | None = None
        for entry in call["timeline"]:
            if entry["kind"] == "agent_rung":
                begun = (entry["facts"]["agent"], entry["at"])
            elif entry["kind"] in ("agent_missed", "agent_left", "call_ended") and begun is not None:
                spans.setdefault(begun[0], []).append((begun[1], entry["at"], call["call_id"]))
                begun = None
    return spans


def rung_twice(calls: Sequence[Mapping[str, Any]]) -> list[str]:
    """Agents who were rung for one call while they were rung for, or in, another."""
    return [
        f"{agent}: {one[2]} and {other[2]}"
        for agent, taken in agents_spans(calls).items()
        for one, other in zip(sorted(taken), sorted(taken)[1:], strict=False)
        if other[0] < one[1] - 0.05
    ]


def _story(call: Mapping[str, Any], at: float) -> str:
    steps = " ".join(f"{entry['kind']}@{entry['at'] - at:+.2f}" for entry in call["timeline"][2:])
    return f"[{call['line']}: {steps}]"


def _queued(call: Mapping[str, Any]) -> float:
    return float(next((entry["at"] for entry in call["timeline"] if entry["kind"] == "queue_entered"), float("inf")))


def _waits(call: Mapping[str, Any], at: float) -> bool:
    """True when the call was in the queue then, for a moment at least, and rang nowhere."""
    if _queued(call) > at - SLACK_S:
        return False
    state = "waiting"
    for entry in call["timeline"]:
        if entry["at"] > at + 0.05:
            break
        state = {"agent_rung": "ringing", "agent_missed": "waiting", "agent_answered": "talking", "call_ended": "ended"}.get(
            entry["kind"], state
        )
    return state == "waiting"

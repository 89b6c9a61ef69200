"""Owns one citizen on one random walk: each step done for real, and after each what must always be true."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from tests.campaign.third_walks import Step, walk
from tests.running.ears import HEARD, HZ
from tests.running.rescue import nothing_left
from tests.running.third import LOOK_S, Cast, Talk, running_calls, running_leg, talk_of
from tests.running.truth import Look
from tests.sip.agent import SipCaller
from tests.sip.policy import Answer, Policy, Refuse, RingForever
from tests.sip.tones import level_of

SETTLE_S = 30.0  # the dialplan's own patience is in it: 10 s for a telephone that vanished, 3 s alone, a ring of 20 s missed
EAR_S, PATIENCE_S = 4.0, 12.0
POLICIES: dict[str, Policy] = {
    "answers": Answer(0.2), "rings": RingForever(), "busy": Refuse(486), "declines": Refuse(603),
}  # fmt: skip
ENDING = ("agent hangs up",)  # a farewell to a citizen with nobody else on the line ends the call


@dataclass
class Walked:
    """One walk as it was."""

    number: int
    call_id: str = ""
    took: list[str] = field(default_factory=list)  # each step, what was answered, the stage it came to
    faults: list[str] = field(default_factory=list)
    refused: int = 0
    stages: set[str] = field(default_factory=set)
    over: bool = False  # the call ended by an agent's farewell before the citizen hung up


async def take(cast: Cast, seed: int, number: int) -> Walked:
    """Walk it to its end; what went wrong stands in `faults`."""
    walked, doing = Walked(number), "calls"
    party = f"139557{number % 100_000:05d}"
    try:
        phone = await cast.party(party)
        async with talk_of(cast, "12328" if number % 2 else "12345") as talk:
            walked.call_id = talk.call_id
            for step in walk(seed, number):
                await asyncio.sleep(step.pause_s)
                doing = str(step)
                answer = await _do(cast, talk, phone, step)
                walked.refused += not answer.startswith("ok")
                stage = await _settles(cast, talk, walked, step)
                if step.waits_for and stage != step.waits_for and not walked.faults and not walked.over:
                    stage = await _comes_to(cast, talk, walked, step)
                walked.stages.add(stage)
                walked.took.append(f"{step} -> {answer}, {stage}")
                if walked.faults or walked.over:
                    break
            await _rest_hangs_up(cast, phone, talk.call_id)
        await nothing_left(cast, walked.call_id, SETTLE_S)
    except (AssertionError, TimeoutError, ConnectionError) as error:
        walked.faults.append(f"{doing}: {type(error).__name__}: {error}"[:1500])
    return walked


async def _rest_hangs_up(cast: Cast, phone: SipCaller, call_id: str) -> None:
    """Agent and third may talk on without the citizen (a rescue goes on)."""
    legs = [call for one in cast.agents.values() for call in running_calls(one) if call.invite.get("X-Call-Id") == call_id]
    for call in (*legs, *running_calls(phone)):
        await call.hang_up()


async def _do(cast: Cast, talk: Talk, phone: SipCaller, step: Step) -> str:
    """One step; `ok`, or why it could not be done."""
    if step.policy:
        phone.on_invite = POLICIES[step.policy]
    match step.what:
        case "citizen hangs up":
            await talk.citizen.hang_up()
        case "third answers" | "third refuses":
            open_calls = (call for call in phone.calls if call.status is None and not call.ended.is_set())
            ringing = next((call for call in open_calls if call.ringing.is_set()), None)
            if ringing is None:
                return "nobody rings"
            if step.what == "third answers":
                ringing.answer()
            else:
                ringing.reject(486)
        case "third hangs up" | "agent hangs up" | "agent vanishes":
            who = phone if step.what.startswith("third") else cast.agents.get(talk.agent)
            try:
                leg = running_leg(who) if who is not None else None
            except AssertionError:
                leg = None
            if leg is None or (who is not phone and leg.invite.get("X-Call-Id") != talk.call_id):
                return "nobody is there"
            if step.what == "agent vanishes":
                await cast.vanishes(talk.agent)
            else:
                await leg.hang_up()
        case act:
            fields = {name: await _meant(cast, talk, phone, name, value) for name, value in step.fields.items()}
            answer = await talk.act(act, **fields)
            return "ok" if answer["ok"] else str(answer["code"])
    return "ok"


async def _meant(cast: Cast, talk: Talk, phone: SipCaller, name: str, value: str) -> str:
    if (name, value) == ("number", "own"):
        return phone.user
    if name == "to":
        view = await asyncio.to_thread(cast.hotline.live, cast.api)
        free = [agent["id"] for agent in view["agents"] if agent["state"] == "ready" and agent["id"] != talk.agent]
        return next(iter(sorted(free)), next(extension for extension in cast.agents if extension != talk.agent))
    return value


async def _settles(cast: Cast, talk: Talk, walked: Walked, step: Step) -> str:
    """Until nothing is wrong at this moment; the stage that it is. What is still wrong after SETTLE_S is a fault."""
    ends_at = asyncio.get_running_loop().time() + SETTLE_S
    gone = step.what == "citizen hangs up"
    while True:
        look = await cast.look(talk.call_id)
        may_end = gone or step.what in ENDING or walked.over
        agents = 2 if "to" in step.fields or _is_agent(look) else 1
        faults = look.faults(agents=agents, may_end=may_end)
        if not gone and talk.citizen.ended.is_set():
            walked.over = may_end
            if not may_end:
                walked.faults.append("the citizen was cut off")
                return "cut off"
        if not faults and (look.live is not None or look.seen.place(talk.call_id) == "gone"):
            if look.live is not None and look.live["agent"]:
                talk.agent = look.live["agent"]
            if not gone and not walked.over and (unheard := await _unheard(talk, look)):
                if (await cast.look(talk.call_id)).stage() != look.stage():
                    continue  # somebody had gone already, and Asterisk learnt it now
                walked.faults += unheard
            return look.stage() or look.seen.place(talk.call_id)
        if asyncio.get_running_loop().time() > ends_at:
            walked.faults += [*faults, f"after {step}", f"{look.roles}", f"{look.seen.legs}", f"{look.live}"]
            return "unsettled"
        await asyncio.sleep(LOOK_S)


async def _comes_to(cast: Cast, talk: Talk, walked: Walked, step: Step) -> str:
    """Where the map expects the walk, if it gets there within PATIENCE_S; what must always be true is so meanwhile."""
    ends_at, stage = asyncio.get_running_loop().time() + PATIENCE_S, ""
    while stage != step.waits_for and asyncio.get_running_loop().time() < ends_at and not walked.faults and not walked.over:
        await asyncio.sleep(LOOK_S)
        stage = await _settles(cast, talk, walked, step)
    return stage


def _is_agent(look: Look) -> bool:
    """Whether the third is another agent, who was asked for."""
    return any(leg.channel.startswith("PJSIP/agent-") for leg in look.seen.thirds(look.call_id))


async def _unheard(talk: Talk, look: Look) -> list[str]:
    """The citizen hears a party's tone wherever somebody talks with them."""
    if look.stage() not in ("talk", "adding", "swapped", "three", "handed"):
        return []
    ends_at = asyncio.get_running_loop().time() + EAR_S
    while asyncio.get_running_loop().time() < ends_at:
        await asyncio.sleep(0.2)
        if talk.citizen.ended.is_set():
            return []  # the next look tells
        newest = talk.citizen.heard(0.3)
        if any(level_of(newest, hz) > HEARD / 2 for hz in HZ.values()):
            return []
    return [f"the citizen hears nobody at {look.stage()}"]

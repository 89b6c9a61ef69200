"""Owns a call with a third party on the line, played by real telephones that send steady tones: citizen, agents, parties.

Acts go through the bridge's socket as a click does; where everybody is, Asterisk says; what a desk would show, the live view says.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from hotline_core.settings import DEFAULT_CITY
from tests.running.bridge_socket import ask
from tests.running.ears import AGENT, CITIZEN, HEARS, HZ, THIRD, Levels
from tests.running.instance import Hotline
from tests.running.outgoing import plug_in
from tests.running.switchboard import Switchboard
from tests.running.truth import Look
from tests.sip.agent import Refused, SipCaller
from tests.sip.call import Call
from tests.sip.policy import Answer, Policy
from tests.sip.rtp import Tone
from tests.sip.sdp import PCMA, PCMU

PARTIES: Mapping[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))["parties"]
G711 = (PCMA, PCMU)  # as real telephones do, they take the first that is offered
FIRST_AGENT = 1004  # the demo's people have the extensions before
IN_FORCE_S, ARRIVES_S, STAGE_S, EAR_S = 20.0, 20.0, 15.0, 6.0
LOOK_S, VANISHED_S = 0.1, 2.0
VOICES: Mapping[str, Tone] = {role: Tone(hz) for role, hz in HZ.items()}


def city_with_parties() -> str:
    """The default city with the parties of third.yaml, its rescuers behind telephones of ours, and a short after-call work."""
    text = DEFAULT_CITY.read_text(encoding="utf-8").replace("wrap_up_s: 5", "wrap_up_s: 1")
    text = text.replace('["12395"]', json.dumps(PARTIES["distress"]["numbers"]))
    more = "".join(f"  {key}: {json.dumps(party, ensure_ascii=False)}\n" for key, party in PARTIES.items())
    return text.replace("outside_parties:\n", f"outside_parties:\n{more}", 1)


@dataclass
class Cast:
    """Everybody who can be in a call of these tests; `own` are the telephones of the parties, by number."""

    hotline: Hotline
    api: httpx.Client
    board: Switchboard
    agents: dict[str, SipCaller] = field(default_factory=dict)
    own: dict[str, SipCaller] = field(default_factory=dict)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def party(self, number: str, policy: Policy = Answer(0.2)) -> SipCaller:  # noqa: B008 - frozen
        """The telephone behind a mobile's number, from now on answering so."""
        if number not in self.own:
            phone = await self.stack.enter_async_context(SipCaller(self.hotline.sip, number, voice=VOICES[THIRD], takes=G711))
            await asyncio.to_thread(plug_in, self.hotline, phone)
            self.own[number] = phone
        self.own[number].on_invite = policy
        return self.own[number]

    async def live(self, call_id: str) -> dict[str, Any] | None:
        """The call in the live view now, None if it is not there."""
        view = await asyncio.to_thread(self.hotline.live, self.api)
        return next((call for call in view["calls"] if call["id"] == call_id), None)

    async def look(self, call_id: str) -> Look:
        """Asterisk and the live view of a call, one after the other."""
        return Look(call_id, await self.board.look(), await self.board.roles(call_id), await self.live(call_id))

    async def vanishes(self, extension: str) -> None:
        """An agent's telephone falls silent, and 2 s later Asterisk gives its leg up with cause 44.

        So it is for a page; a hardware telephone is given more patience, so its end is ordered, by the cause a page's would have.
        """
        leg = running_leg(self.agents[extension])
        leg.rtp.pause()
        await asyncio.sleep(VANISHED_S)
        for each in (await self.board.look()).legs:
            if each.channel.startswith(f"PJSIP/agent-{extension}-") and each.state == "Up":
                await self.board.action("Hangup", ("Channel", each.channel), ("Cause", "44"))
        await leg.wait_ended(10)


REGISTERED_AGAIN_S = 100.0  # Asterisk forgets a telephone after 300 s, and a campaign lasts longer


@asynccontextmanager
async def cast_of(hotline: Hotline, agents: int = 2) -> AsyncIterator[Cast]:
    """That many agents on hardware telephones, signed in and ready; gone at the end with everybody else."""
    async with AsyncExitStack() as stack:
        api, manager = (stack.enter_context(hotline.api(role)) for role in ("supervisor", "administrator"))
        board = await stack.enter_async_context(Switchboard(hotline))
        cast = Cast(hotline, api, board, stack=stack)
        for extension in (str(FIRST_AGENT + place) for place in range(agents)):
            cast.agents[extension] = await stack.enter_async_context(
                SipCaller(hotline.sip, f"agent-{extension}", voice=VOICES[AGENT], on_invite=Answer(0.2), takes=G711)
            )
            await _signed_in(hotline, manager, cast.agents[extension], extension)
            stack.callback(asyncio.create_task(cast.agents[extension].refresh(REGISTERED_AGAIN_S), name=extension).cancel)
            stack.push_async_callback(_signed_out, hotline, manager, extension)
        yield cast


async def _signed_in(hotline: Hotline, manager: httpx.Client, phone: SipCaller, extension: str) -> None:
    login = f"third{extension}"
    person = {"login": login, "name": login, "role": "agent", "extension": extension, "phone_kind": "hardware"}
    (await asyncio.to_thread(manager.post, "/api/people", json=person)).raise_for_status()
    made = (await asyncio.to_thread(manager.post, f"/api/people/{login}/telephone")).raise_for_status()
    ends_at = asyncio.get_running_loop().time() + IN_FORCE_S
    while True:
        try:
            await phone.register(f"agent-{extension}", made.json()["password"])
            break
        except Refused:
            assert asyncio.get_running_loop().time() < ends_at, "the telephone is not in force"
            await asyncio.sleep(0.3)
    answer = await ask(hotline, "ready", extension)
    assert answer["ok"], answer


async def _signed_out(hotline: Hotline, manager: httpx.Client, extension: str) -> None:
    await ask(hotline, "sign_out", extension)
    await asyncio.to_thread(manager.delete, f"/api/people/third{extension}")


_numbers = itertools.count(13_855_730_000)


@dataclass
class Talk:
    """One citizen with an agent, and whoever comes to it."""

    cast: Cast
    phone: SipCaller
    citizen: Call
    call_id: str = ""
    agent: str = ""  # extension of who has the call

    async def act(self, op: str, **fields: object) -> dict[str, Any]:
        """One click; the answer, `ok` or refused with a code."""
        return await ask(self.cast.hotline, op, self.agent, call_id=self.call_id, **fields)

    async def does(self, op: str, **fields: object) -> None:
        """A click that must not be refused."""
        answer = await self.act(op, **fields)
        assert answer["ok"], (op, fields, answer)

    async def state(self, is_so: Callable[[dict[str, Any]], bool], what: str, timeout_s: float = STAGE_S) -> dict[str, Any]:
        """The call in the live view once it is so."""
        ends_at = asyncio.get_running_loop().time() + timeout_s
        call: dict[str, Any] | None = None
        while asyncio.get_running_loop().time() < ends_at:
            call = await self.cast.live(self.call_id)
            if call is not None and is_so(call):
                return call
            await asyncio.sleep(LOOK_S)
        raise AssertionError(f"not within {timeout_s} s: {what}; the live view has {call}; {(await self.cast.board.look()).legs}")

    async def stage(self, *wanted: str, timeout_s: float = STAGE_S) -> dict[str, Any]:
        """The call once the live view shows one of these stages of it; `talk` is also a talk that nobody joined yet."""

        def is_so(call: dict[str, Any]) -> bool:
            join = call.get("join")
            return (join["stage"] if join else {"talking": "talk"}.get(call["phase"], call["phase"])) in wanted

        return await self.state(is_so, f"stage {' or '.join(wanted)}", timeout_s)

    @property
    def agent_leg(self) -> Call:
        """The leg of the agent who has the call."""
        return running_leg(self.cast.agents[self.agent])

    async def everybody_hangs_up(self) -> None:
        """The citizen, and whoever talks on after that: agent and third may (a rescue goes on without the citizen)."""
        await self.citizen.hang_up()
        for phone in (*self.cast.agents.values(), *self.cast.own.values()):
            for call in running_calls(phone):
                await call.hang_up()

    def ear(self, role: str, third: SipCaller | None) -> Call:
        """The telephone's side of a role."""
        if role == CITIZEN:
            return self.citizen
        if role == AGENT:
            return self.agent_leg
        assert third is not None
        return running_leg(third)

    async def hears(
        self, stage: str, third: SipCaller | None = None, *, wanted: Mapping[str, tuple[str, ...]] | None = None
    ) -> dict[str, Levels]:
        """The levels at every ear of a stage, once they are as they must be; AssertionError with the last ones."""
        must = wanted if wanted is not None else HEARS[stage]
        ears = {role: self.ear(role, third) for role in must if role != THIRD or third is not None}
        ends_at = asyncio.get_running_loop().time() + EAR_S
        while True:
            await asyncio.sleep(1.0)  # not for so much sound: an ear that gets none is a fault below
            levels = {role: Levels.of(ear.heard(0.8)) for role, ear in ears.items()}
            faults = {role: found for role, one in levels.items() if (found := one.faults(must[role]))}
            if not faults:
                return levels
            assert asyncio.get_running_loop().time() < ends_at, f"{stage}: {faults}"

    async def anybody_has_it(self, timeout_s: float = ARRIVES_S) -> str:
        """The agent who talks with the citizen, in the first bridge or in the room; from now on the agent of this talk."""

        def is_so(call: dict[str, Any]) -> bool:
            return bool(call["agent"]) and call["phase"] in ("talking", "joined")

        self.agent = (await self.state(is_so, "an agent talks", timeout_s))["agent"]
        return self.agent

    async def anybody_answers(self, timeout_s: float = ARRIVES_S) -> str:
        """The agent who has the call now, by the live view; from now on the agent of this talk."""
        call = await self.state(lambda one: one["phase"] == "talking" and bool(one["agent"]), "an agent talks", timeout_s)
        self.agent = call["agent"]
        return self.agent


def running_leg(phone: SipCaller) -> Call:
    """The newest call of a telephone that is answered and not over."""
    running = running_calls(phone)
    assert running, f"{phone.user} has no running call"
    return running[-1]


def running_calls(phone: SipCaller) -> list[Call]:
    """Calls of a telephone that are answered and not over."""
    return [call for call in phone.calls if call.answered.is_set() and not call.ended.is_set()]


@asynccontextmanager
async def talk_of(cast: Cast, line: str = "12328", *, key: str = "0") -> AsyncIterator[Talk]:
    """A citizen who asked for a person and got one; with another key: who pressed it, and is where it leads."""
    number = str(next(_numbers))
    async with SipCaller(cast.hotline.sip, number) as phone:
        citizen = await phone.call(line, source=VOICES[CITIZEN], timeout_s=10.0)
        await citizen.answered.within(10)
        await citizen.listen(0.3)
        await citizen.press(key)
        talk = Talk(cast, phone, citizen)
        talk.call_id = await _call_id(cast, number)
        if key == "0":
            await talk.anybody_answers()
        yield talk


async def _call_id(cast: Cast, number: str) -> str:
    ends_at = asyncio.get_running_loop().time() + ARRIVES_S
    while asyncio.get_running_loop().time() < ends_at:
        view = await asyncio.to_thread(cast.hotline.live, cast.api)
        for call in view["calls"]:
            if call["caller"] == number:
                return str(call["id"])
        await asyncio.sleep(LOOK_S)
    raise AssertionError("the citizen's call is not in the live view")

"""Owns agents who work through a fault: each takes call after call, writes a draft for each, and clicks to be ready again."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from tests.faults.world import World
from tests.running.attack import sign_in
from tests.running.hardware import click_ready
from tests.sip.agent import Refused, SipCaller
from tests.sip.call import Call
from tests.sip.policy import Answer
from tests.sip.rtp import Tone

AGENT_HZ = 900
AGAIN_S = 0.5
REFRESH_S = 60.0
SAVED_S = 30.0


@dataclass(slots=True)
class Talk:
    """One call an agent had."""

    call_id: str
    agent: str
    length_s: float = 0.0
    was_cut: bool = False  # ended by somebody else than the agent
    ended_at: float = 0.0  # loop time


@dataclass(slots=True)
class Draft:
    """What an agent has written for a call, upon what the desk had, and how far the desk has said "saved"."""

    words: str = ""
    upon: str = ""  # a colleague's, who had the call before
    version: int = 0
    saved: str = ""  # of the words

    @property
    def is_saved(self) -> bool:
        """Nothing is left to be saved."""
        return self.saved == self.words


@dataclass(slots=True)
class Clerk:
    """One agent at work until the task is cancelled."""

    world: World
    login: str
    extension: str
    dice: random.Random
    talks: list[Talk] = field(default_factory=list)
    drafts: dict[str, Draft] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    cookie: str = ""
    _http: httpx.AsyncClient = field(init=False)

    async def work(self, is_there: asyncio.Event) -> None:
        """Sign in, register, be ready, take calls; `is_there` is set once a call may come."""
        self.cookie = await sign_in(self.world, self.login)
        policy = Answer(self.dice.uniform(0.2, 0.8))
        headers = {"Cookie": self.cookie, "X-Hotline": "1", "Origin": self.world.origin}
        async with (
            SipCaller(self.world.sip, f"agent-{self.extension}", on_invite=policy, voice=Tone(AGENT_HZ)) as phone,
            httpx.AsyncClient(base_url=self.world.origin, headers=headers, timeout=5.0) as self._http,
        ):
            await self._register(phone)
            await self.ready()
            is_there.set()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._stay_registered(phone))
                group.create_task(self._save())
                while True:
                    await self._take(await phone.next_call(3600.0), phone)

    async def ready(self) -> None:
        """Click; nothing comes of it while desk, bridge or Asterisk are away, and the next look clicks again."""
        url = f"ws://127.0.0.1:{self.world.settings.http_port}/ws"
        with suppress(OSError, WebSocketException, TimeoutError, AssertionError):
            async with connect(
                url, origin=Origin(self.world.origin), additional_headers={"Cookie": self.cookie}, proxy=None, open_timeout=3.0
            ) as page:
                await click_ready(page)

    async def _register(self, phone: SipCaller) -> None:
        user = f"agent-{self.extension}"
        for _ in range(60):
            with suppress(Refused, TimeoutError):
                await phone.register(user, self.world.passwords[self.login])
                return
            await asyncio.sleep(AGAIN_S)
        raise AssertionError(f"{user} cannot register")

    async def _stay_registered(self, phone: SipCaller) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            await self._register(phone)

    async def _take(self, call: Call, phone: SipCaller) -> None:
        open_calls = [one for one in phone.calls if not one.ended.is_set()]
        if len(open_calls) > 1:
            self.faults.append(f"{self.extension} has {len(open_calls)} calls at once")
        try:
            await call.answered.within(15)
        except TimeoutError:
            return  # the caller gave up, or Asterisk died, while it rang
        talk = Talk(call.invite.get("X-Call-Id") or "", self.extension)
        self.talks.append(talk)
        began, length_s = asyncio.get_running_loop().time(), self.dice.uniform(2.5, 6.0)
        self._write(talk.call_id, "市民来电")
        with suppress(TimeoutError):
            await call.ended.within(length_s)
        self._write(talk.call_id, f"，{self.extension} 记于第 {len(self.talks)} 通")
        talk.was_cut = call.ended.is_set() and call.ended_by == "them"
        talk.ended_at = asyncio.get_running_loop().time()
        talk.length_s = talk.ended_at - began
        with suppress(TimeoutError):
            await call.hang_up()

    def _write(self, call_id: str, words: str) -> None:
        if call_id:
            self.drafts.setdefault(call_id, Draft()).words += words

    async def _save(self) -> None:
        """As a page does: what is not saved is tried again, over the version that the desk told last."""
        while True:
            for call_id, draft in list(self.drafts.items()):
                if not draft.is_saved:
                    await self._save_one(call_id, draft)
            await asyncio.sleep(AGAIN_S)

    async def _save_one(self, call_id: str, draft: Draft) -> None:
        words = draft.words
        body = {"text": draft.upon + words, "version": draft.version}
        try:
            answer = await self._http.put(f"/api/drafts/{call_id}", json=body)
            if answer.status_code == 200:
                draft.version, draft.saved = answer.json()["version"], words
            elif answer.status_code == 409:  # a colleague's words, or our own whose answer never came: go on from there
                told = (await self._http.get(f"/api/calls/{call_id}/ticket")).raise_for_status().json()["draft"]
                draft.version, text = told["version"], told["text"]
                draft.upon = text.removesuffix(words) if text.endswith(words) else text.removesuffix(draft.saved)
        except httpx.HTTPError:
            return

    async def lost_drafts(self, supervisor: httpx.Client) -> list[str]:
        """Words that the desk does not have; every draft must become saved within SAVED_S, and be there for others to read."""
        ends_at = asyncio.get_running_loop().time() + SAVED_S
        while asyncio.get_running_loop().time() < ends_at:
            if all(draft.is_saved for draft in self.drafts.values()):
                break
            await asyncio.sleep(AGAIN_S)
        found = [f"draft of {call_id} was never saved" for call_id, draft in self.drafts.items() if not draft.is_saved]
        for call_id, draft in self.drafts.items():
            answer = await asyncio.to_thread(supervisor.get, f"/api/calls/{call_id}/ticket")
            told = answer.json()["draft"]["text"] if answer.status_code == 200 else f"status {answer.status_code}"
            if draft.words not in told:
                found.append(f"draft of {call_id}: wrote {draft.words!r}, found {told!r}")
        return [*found, *self.faults]

"""Owns agents who work through a fault: each takes call after call, writes a draft for each, and clicks to be ready again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

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


@dataclass(slots=True)
class Draft:
    """What an agent has written for a call, and how far the desk has said "saved"."""

    text: str
    version: int = 0
    saved: str = ""


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
        talk.length_s = asyncio.get_running_loop().time() - began
        with suppress(TimeoutError):
            await call.hang_up()

    def _write(self, call_id: str, words: str) -> None:
        if call_id:
            draft = self.drafts.setdefault(call_id, Draft(""))
            draft.text += words

    async def _save(self) -> None:
        """As a page does: what is not saved is tried again, over the version that the desk told last."""
        while True:
            for call_id, draft in list(self.drafts.items()):
                if draft.text != draft.saved:
                    await self._save_one(call_id, draft)
            await asyncio.sleep(AGAIN_S)

    async def _save_one(self, call_id: str, draft: Draft) -> None:
        text = draft.text
        try:
            answer = await self._http.put(f"/api/drafts/{call_id}", json={"text": text, "version": draft.version})
        except httpx.HTTPError:
            return
        if answer.status_code == 200:
            draft.version, draft.saved = answer.json()["version"], text
        elif answer.status_code == 409:
            # an answer that never came: the words are there under the next version, and newer ones go over it
            told = (await self._read(call_id)) or {}
            if draft.text.startswith(told.get("text") or "\0"):
                draft.version, draft.saved = told["version"], told["text"]
            else:
                self.faults.append(f"draft of {call_id}: the desk has other words than were written")
                draft.saved = draft.text

    async def _read(self, call_id: str) -> dict[str, Any] | None:
        try:
            answer = await self._http.get(f"/api/calls/{call_id}/ticket")
        except httpx.HTTPError:
            return None
        found: dict[str, Any] | None = answer.json()["draft"] if answer.status_code == 200 else None
        return found

    async def lost_drafts(self) -> list[str]:
        """Words that the desk does not have; every draft must become saved within SAVED_S, and be there when it is read again."""
        ends_at = asyncio.get_running_loop().time() + SAVED_S
        while any(draft.text != draft.saved for draft in self.drafts.values()):
            if asyncio.get_running_loop().time() > ends_at:
                break
            await asyncio.sleep(AGAIN_S)
        found = [f"draft of {call_id} was never saved" for call_id, draft in self.drafts.items() if draft.text != draft.saved]
        for call_id, draft in self.drafts.items():
            told: Mapping[str, Any] = (await self._read(call_id)) or {}
            if told.get("text") != draft.text:
                found.append(f"draft of {call_id}: wrote {draft.text!r}, found {told.get('text')!r}")
        return [*found, *self.faults]

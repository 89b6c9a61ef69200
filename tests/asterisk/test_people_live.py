"""People changed during running calls: added, re-passworded, moved between queues, removed; nothing reloads, no call notices."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager

import httpx
import numpy as np
import pytest

from tests.running.bridge_socket import ask
from tests.running.facts import live_equals_asterisk, stored_call
from tests.running.instance import Hotline
from tests.sip.agent import Refused, SipCaller
from tests.sip.call import Call
from tests.sip.rtp import Tone
from tests.sip.tones import absent_ms

pytestmark = pytest.mark.asterisk

PARTS = ("asterisk", "bridge", "desk")
LONGEST_GAP_MS = 400  # of a tone, on a busy machine; a call that was touched is gone for seconds or for good


class Worker:
    """One agent with a hardware telephone: the person, the signed-in browser, the SIP telephone."""

    def __init__(self, hotline: Hotline, manager: httpx.Client, extension: str) -> None:
        self.hotline, self.manager, self.extension = hotline, manager, extension
        self.login, self.user = f"live{extension}", f"agent-{extension}"
        self.telephone = SipCaller(hotline.sip, user=self.user)
        self.browser = httpx.Client(base_url=hotline.origin, headers={"Origin": hotline.origin, "X-Hotline": "1"}, timeout=10.0)
        person = {"login": self.login, "name": "临时坐席", "role": "agent", "extension": extension, "phone_kind": "hardware"}
        made = manager.post("/api/people", json=person).raise_for_status().json()
        assert made["in_force"] is True
        self.password = str(made["password"])

    def new_telephone(self) -> str:
        """The telephone's password, made anew."""
        return str(self.manager.post(f"/api/people/{self.login}/telephone").raise_for_status().json()["password"])

    def sign_in(self) -> int:
        """Sign in and open the desk's telephone; the status of signing in."""
        status = self.browser.post("/api/sign-in", json={"login": self.login, "password": self.password}).status_code
        if status == 200:
            assert self.browser.get("/api/phone").raise_for_status().json()["kind"] == "hardware"
        return status

    async def begins(self) -> None:
        """Register, sign in and be ready."""
        await self.telephone.register(self.user, await asyncio.to_thread(self.new_telephone))
        assert await asyncio.to_thread(self.sign_in) == 200
        assert (await ask(self.hotline, "ready", self.extension))["ok"] is True


@asynccontextmanager
async def workers(hotline: Hotline, manager: httpx.Client) -> AsyncIterator[list[Worker]]:
    """Agents that a test adds; all are removed afterwards."""
    made: list[Worker] = []
    yield made
    for worker in made:
        await worker.telephone.__aexit__(None, None, None)
        await asyncio.to_thread(manager.delete, f"/api/people/{worker.login}")
        worker.browser.close()


async def at_work(hotline: Hotline, manager: httpx.Client, made: list[Worker], extension: str) -> Worker:
    """One more agent, from nothing to ready."""
    worker = await asyncio.to_thread(Worker, hotline, manager, extension)
    made.append(worker)
    await worker.telephone.__aenter__()
    await worker.begins()
    return worker


async def talk(citizen: SipCaller, worker: Worker, line: str = "12328") -> tuple[Call, Call]:
    """A citizen's call that this agent answers: the citizen's leg and the telephone's."""
    call = await citizen.call(line, source=Tone(500))
    await call.answered.within(5)
    await call.listen(1.0)
    call.press("0")
    leg = await worker.telephone.next_call(25)
    leg.send(Tone(900))
    await leg.answered.within(5)
    return call, leg


@pytest.fixture
def manager(hotline: Hotline) -> Iterator[httpx.Client]:
    with hotline.api("administrator") as api:
        yield api


def running_parts(hotline: Hotline) -> list[int]:
    """Process ids of what must not start again."""
    return [hotline.pid(part) for part in PARTS]


def reloads(hotline: Hotline) -> int:
    """Seconds between Asterisk's start and its last reload; 0 when there was none."""
    told = dict(re.findall(r"(System uptime|Last reload): (\d+)", hotline.asterisk("core show uptime seconds")))
    return int(told["System uptime"]) - int(told["Last reload"])


def members(hotline: Hotline, queue: str) -> set[str]:
    """Extensions of the queue's members, by Asterisk."""
    return set(re.findall(r"PJSIP/agent-(\d+)", hotline.asterisk(f"queue show {queue}")))


async def refuses(worker: Worker, password: str) -> None:
    """AssertionError unless Asterisk refuses the password."""
    async with SipCaller(worker.hotline.sip, user=worker.user) as other:
        with pytest.raises(Refused):
            await other.register(worker.user, password)


async def test_people_change_during_calls_without_a_reload_and_no_call_notices(hotline: Hotline, manager: httpx.Client) -> None:
    """Two talks run on; a third agent is added and takes a call; passwords, queues and people change under them."""
    before = running_parts(hotline)
    loaded = reloads(hotline)
    with ExitStack() as stack:
        api = stack.enter_context(hotline.api())
        async with SipCaller(hotline.sip, "13855706101") as citizen, workers(hotline, manager) as made:
            first = await at_work(hotline, manager, made, "1011")
            talk_of_first = await talk(citizen, first)
            second = await at_work(hotline, manager, made, "1012")
            talk_of_second = await talk(citizen, second, "12345")
            heard_before = [len(call.heard()) for call, _ in (talk_of_first, talk_of_second)]

            third = await at_work(hotline, manager, made, "1013")  # added
            talk_of_third = await talk(citizen, third)

            old = first.telephone.credentials  # another password for the telephone, another one for the person
            assert old is not None
            fresh = await asyncio.to_thread(first.new_telephone)
            await refuses(first, old.password)
            await first.telephone.register(first.user, fresh)
            answer = await asyncio.to_thread(manager.post, f"/api/people/{first.login}/password")
            assert first.browser.get("/api/me").status_code == 401
            assert await asyncio.to_thread(first.sign_in) == 401
            first.password = answer.raise_for_status().json()["password"]
            assert await asyncio.to_thread(first.sign_in) == 200

            moved = await asyncio.to_thread(manager.patch, f"/api/people/{second.login}", json={"queues": ["second"]})  # moved
            assert moved.raise_for_status().json()["in_force"] is True

            gone = third.telephone.credentials
            assert gone is not None
            (await asyncio.to_thread(manager.delete, f"/api/people/{third.login}")).raise_for_status()  # removed
            assert third.browser.get("/api/me").status_code == 401
            await refuses(third, gone.password)
            assert "1013" not in members(hotline, "hotline")

            await talk_of_first[0].listen(1.0)
            for (call, leg), start in zip((talk_of_first, talk_of_second), heard_before, strict=True):
                assert not call.ended.is_set()
                assert not leg.ended.is_set()
                assert absent_ms(call.heard()[start:], 900) < LONGEST_GAP_MS
                assert absent_ms(leg.heard()[-8000:], 500) < LONGEST_GAP_MS
            assert np.any(talk_of_third[0].heard(0.5)), "the talk of the removed agent goes on to its end"
            assert running_parts(hotline) == before
            assert reloads(hotline) == loaded
            for citizens, agents in (talk_of_first, talk_of_second, talk_of_third):
                await agents.hang_up()
                await citizens.wait_ended(5)
            await asyncio.to_thread(hotline.wait, lambda: members(hotline, "second") == {"1012"}, 20, "1012 is in the second queue")
            assert "1012" not in members(hotline, "hotline")
            calls = api.get("/api/calls", params={"caller": citizen.user, "limit": 3}).raise_for_status().json()["calls"]
            assert {call["agent"] for call in calls} == {"1011", "1012", "1013"}
            for call in calls:
                await stored_call(api, call["call_id"], state="ended", outcome="answered", ended_by="agent", recording=True)
            await ask(hotline, "sign_out", "1011")
            await ask(hotline, "sign_out", "1012")
        await live_equals_asterisk(hotline, api)

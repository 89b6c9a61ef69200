"""What tests of tickets by HTTP share: a desk with a clock of its own, everybody signed in once, tickets made and moved on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI

from agent_desktop.desk import Desk
from agent_desktop.people import People, Person
from hotline_core.settings import Settings
from tests.integration.desk_kit import NOW, OWN_PAGE, application, browser, password_hash, prepare, sign_in

BEGIN = 1_795_399_200.0  # Monday 23 November 2026, 10:00 in Asia/Shanghai
COMPLAINT: dict[str, Any] = {
    "line": "12328", "klass": "complaint", "field": "city_passenger", "title": "207路公交车拒载",
    "text": "207路公交车在人民广场站不停车，请回电13855700001", "place": "人民广场站", "area": "east", "object": "皖L12345",
    "name": "王小明", "number": "13855700001", "address": "幸福路18号",
}  # fmt: skip
REPLY = {"facts": "当日车辆满员", "process": "已约谈驾驶员并回复来电人", "basis": "城市公共汽车和电车客运管理规定"}
RETURN = {"reason": "不属于本单位职责", "basis": "三定方案", "suggestion": "建议转市城管局"}
EXTENSION = {"ground": "evidence", "reason": "需调取监控", "amount": 5}
# How a ticket gets into each stage: who does what, in order.
WAYS: dict[str, tuple[tuple[str, str, dict[str, Any]], ...]] = {
    "draft": (),
    "accepted": (("clerk1", "accept", {}),),
    "answered": (("clerk1", "answer", {"answer": "末班车22:30"}),),
    "refused": (("clerk1", "refuse", {"code": "N1"}),),
    "void": (("clerk1", "void", {"kind": "silent"}),),
}
WAYS["dispatched"] = (*WAYS["accepted"], ("clerk1", "dispatch", {"unit": "transport"}))
WAYS["signed"] = (*WAYS["dispatched"], ("unit1", "sign", {}))
WAYS["in_hand"] = (*WAYS["signed"], ("unit1", "contact", {"reached": True}))
WAYS["return_asked"] = (*WAYS["signed"], ("unit1", "ask_return", RETURN))
WAYS["replied"] = (*WAYS["in_hand"], ("unit1", "reply", REPLY))
WAYS["checked"] = (*WAYS["replied"], ("clerk1", "check", {}))
WAYS["closed"] = (*WAYS["checked"], ("clerk1", "follow_up", {"satisfied": True, "solved": True}), ("clerk1", "close", {}))
WAYS["archived"] = (*WAYS["closed"], ("clerk1", "archive", {}))


@dataclass
class Room:
    """A desk on a database, its clock, and a signed-in client for each person."""

    app: FastAPI
    stack: AsyncExitStack
    clock: list[float]
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    @property
    def desk(self) -> Desk:
        desk: Desk = self.app.state.desk
        return desk

    async def as_(self, login: str) -> httpx.AsyncClient:
        """The client of somebody who signs in once."""
        if login not in self.clients:
            client = await self.stack.enter_async_context(browser(self.app))
            (await sign_in(client, login)).raise_for_status()
            client.headers.update(OWN_PAGE)
            self.clients[login] = client
            await self.desk.people_changed()
        return self.clients[login]

    async def make(
        self, by: str = "clerk1", act: str = "accept", facts: dict[str, Any] | None = None, **content: Any
    ) -> dict[str, Any]:
        """A ticket that somebody makes of the complaint, with these fields changed."""
        body = {"content": COMPLAINT | content, "act": act, "facts": facts or {}}
        answer = await (await self.as_(by)).post("/api/tickets", json=body)
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def at(self, stage: str, **content: Any) -> dict[str, Any]:
        """A ticket in that stage, of the unit transport once it was dispatched."""
        if stage == "merged":
            other, ticket = await self.at("accepted"), await self.at("accepted", **content)
            return await self.act("clerk1", ticket, "merge", into=other["number"])
        ticket = await self.make(act="", **content)
        for who, act, facts in WAYS[stage]:
            ticket = await self.act(who, ticket, act, **facts)
        assert ticket["stage"] == stage
        return ticket

    async def try_act(self, by: str, ticket: dict[str, Any], act: str, **facts: Any) -> httpx.Response:
        """An act that may be refused."""
        body = {"act": act, "version": ticket["version"], "facts": facts}
        return await (await self.as_(by)).post(f"/api/tickets/{ticket['number']}/acts", json=body)

    async def act(self, by: str, ticket: dict[str, Any], act: str, **facts: Any) -> dict[str, Any]:
        """An act that is done; the ticket after it."""
        answer = await self.try_act(by, ticket, act, **facts)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def get(self, by: str, path: str, **query: Any) -> Any:
        """What somebody is told."""
        answer = await (await self.as_(by)).get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def numbers(self, by: str, **query: Any) -> list[str]:
        """The tickets of somebody's list."""
        return [row["number"] for row in (await self.get(by, "/api/tickets", **query))["tickets"]]


async def join(room: Room, login: str, unit: str) -> None:
    """An officer of that unit."""
    person = Person(login, login, "unit", "", password_hash(), unit=unit)
    await asyncio.to_thread(lambda: People(room.desk.tickets_engine).add(person, actor="test", now=min(NOW, time.time())))
    await room.desk.people_changed()


@asynccontextmanager
async def open_room(settings: Settings) -> AsyncGenerator[Room, None]:
    """The people of the tests at a desk of this process; unit1 and head1 are of transport."""
    prepare(settings)
    clock = [BEGIN]
    app = application(settings, now=lambda: clock[0])
    async with AsyncExitStack() as stack:
        yield Room(app, stack, clock)
    await app.state.desk.close()

"""An emergency with Redis and both databases away, by real telephones: dialled, alarmed, talked, and in the evidence afterwards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from agent_desktop.session import COOKIE
from hotline_core.adapters.audit import read_audit
from hotline_core.adapters.engine import make_engine, reading
from tests.integration.servers import PostgresServer, own_postgres
from tests.running.ears import AGENT, CITIZEN, THIRD
from tests.running.evidence import whole
from tests.running.instance import Hotline
from tests.running.rescue import nothing_left
from tests.running.third import Cast, cast_of, city_with_parties, talk_of
from tests.sip.agent import SipCaller
from tests.sip.policy import Refuse

pytestmark = pytest.mark.asterisk
ENGAGED, RESCUERS = "13955500021", "13955500022"  # the numbers of the party `distress`
MOVED = "13955500031"  # where the city's rescuers are from today
PATIENCE_S = 30.0
EVERYBODY = {CITIZEN: (AGENT, THIRD), AGENT: (CITIZEN, THIRD), THIRD: (CITIZEN, AGENT)}


@pytest.fixture(scope="module")
def databases() -> Iterator[PostgresServer]:
    """A PostgreSQL of this module's own, for both databases."""
    with own_postgres() as server:
        yield server


@pytest.fixture(scope="module")
def urls(databases: PostgresServer) -> dict[str, str]:
    return {name: databases.new_database() for name in ("HOTLINE_CALLS_DATABASE", "HOTLINE_TICKETS_DATABASE")}


@pytest.fixture(scope="module")
def hotline(urls: dict[str, str]) -> Iterator[Hotline]:
    one = Hotline(city_with_parties(), **urls)
    one.start()
    yield one
    one.close()


async def signed_in(hotline: Hotline, login: str, password: str) -> httpx.AsyncClient:
    """The browser of a person."""
    client = httpx.AsyncClient(base_url=hotline.origin, headers={"Origin": hotline.origin, "X-Hotline": "1"}, timeout=5.0)
    (await client.post("/api/sign-in", json={"login": login, "password": password})).raise_for_status()
    return client


async def live_link(hotline: Hotline, client: httpx.AsyncClient) -> ClientConnection:
    """The page's websocket."""
    cookie = {"Cookie": f"{COOKIE}={client.cookies[COOKIE]}"}
    return await connect(f"{hotline.origin.replace('http', 'ws')}/ws", origin=hotline.origin, additional_headers=cookie)  # type: ignore[arg-type]


async def told(page: ClientConnection, is_wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The next message that is wanted."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            message: dict[str, Any] = json.loads(await page.recv())
            if is_wanted(message):
                return message


async def alarmed(page: ClientConnection, state: str) -> None:
    """A supervisor's page shows an emergency in this state."""
    await told(page, lambda message: message["type"] == "alarms" and [each["state"] for each in message["alarms"]] == [state])


async def parts_are(hotline: Hotline, state: str) -> None:
    """Health says so of Redis and both databases."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            parts = (await asyncio.to_thread(hotline.health))["parts"]
            if all(parts[name]["state"] == state for name in ("redis", "calls_database", "tickets_database")):
                return
            await asyncio.sleep(0.1)


async def password_of(cast: Cast, login: str) -> str:
    """A fresh password of a person."""
    with cast.hotline.api("administrator") as manager:
        made = await asyncio.to_thread(manager.post, f"/api/people/{login}/password")
    return str(made.raise_for_status().json()["password"])


def acts_in_trail(url: str) -> list[tuple[str, str, str]]:
    engine = make_engine(url)
    try:
        with reading(engine) as connection:
            rows = read_audit(connection)
    finally:
        engine.dispose()
    return [(row.actor, row.subject, json.loads(row.facts)["party"]) for row in rows if row.act == "call_act"]


async def picked_up(phone: SipCaller) -> None:
    """The telephone talks."""
    async with asyncio.timeout(PATIENCE_S):
        while not any(call.answered.is_set() and not call.ended.is_set() for call in phone.calls):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_a_number_changed_in_the_desk_is_called_at_once_from_the_menu_and_by_an_agent(hotline: Hotline) -> None:
    """No restart and no reload between the click of a supervisor and the call of a citizen in danger."""
    rescue = {"name": "x", "kind": "emergency", "menu": True}
    async with cast_of(hotline, 1) as cast:
        third = await cast.party(MOVED)
        answer = await asyncio.to_thread(cast.api.put, "/api/parties/water_rescue", json=rescue | {"numbers": [MOVED]})
        assert answer.json() == {"in_force": True}, answer.text
        async with talk_of(cast, key="9") as led:
            await picked_up(third)
            await led.hears("led", third)
            await led.citizen.hang_up()
            await nothing_left(cast, led.call_id)
        async with talk_of(cast) as talk:
            await talk.does("consult", party="water_rescue")
            await talk.stage("consult")
            await talk.hears("consult", third)
            await talk.citizen.hang_up()
            await talk.agent_leg.hang_up()
            await nothing_left(cast, talk.call_id)


async def test_a_click_brings_the_rescuers_to_a_citizen_with_redis_and_both_databases_hanging(
    hotline: Hotline, databases: PostgresServer, urls: dict[str, str]
) -> None:
    """The first number is engaged, the second answers; a supervisor hears of both; the record is whole when all is back."""
    async with cast_of(hotline, 1) as cast, talk_of(cast) as talk:
        await cast.party(ENGAGED, Refuse(486))
        third = await cast.party(RESCUERS)
        login = f"third{talk.agent}"
        agent = await signed_in(hotline, login, await password_of(cast, login))
        supervisor = await signed_in(hotline, "supervisor1", hotline.account("supervisor1"))
        page, floor = await live_link(hotline, agent), await live_link(hotline, supervisor)
        await told(floor, lambda message: message["type"] == "snapshot")
        await asyncio.to_thread(hotline.stop, "redis")
        databases.hang()
        try:
            await parts_are(hotline, "down")
            click = {"type": "intent", "id": "e-1", "op": "emergency", "call_id": talk.call_id, "party": "distress"}
            await page.send(json.dumps(click))
            ack = await told(page, lambda message: message.get("id") == "e-1")
            assert ack["ok"], ack
            await alarmed(floor, "calling")
            await alarmed(floor, "answered")
            await talk.hears("three", third, wanted=EVERYBODY)
        finally:
            databases.go_on()
            await asyncio.to_thread(hotline.start_again, "redis")
        await parts_are(hotline, "up")
        async with asyncio.timeout(PATIENCE_S):
            while not (rows := await asyncio.to_thread(acts_in_trail, urls["HOTLINE_TICKETS_DATABASE"])):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        assert rows == [(login, talk.call_id, "distress")]
        await talk.citizen.hang_up()
        await talk.agent_leg.hang_up()
        await nothing_left(cast, talk.call_id)
        evidence = await whole(cast, talk.call_id)
        assert [one["attempt"] for one in evidence.of("third_answered")] == [2]
        for client in (agent, supervisor):
            await client.aclose()
        for link in (page, floor):
            await link.close()

"""Acts upon a call from the page to the bridge: who may, what is told to whom, and an emergency with everything else dead."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection

from hotline_core.adapters.audit import AuditRow, first_broken, read_audit
from hotline_core.adapters.engine import make_engine, reading
from hotline_core.settings import Settings
from tests.integration.desk_kit import (
    ORIGIN,
    OWN_PAGE,
    Part,
    ScriptedBridge,
    application,
    health_until,
    open_page,
    prepare,
    settings_of,
    signed_in,
    told,
    until,
)
from tests.integration.servers import PostgresServer, RedisServer, own_postgres

pytestmark = pytest.mark.integration
CALL = "h1-1.1"


@pytest.fixture
def databases() -> Iterator[PostgresServer]:
    """A PostgreSQL of this test's own, for both databases."""
    with own_postgres() as server:
        yield server


@pytest.fixture
def settings(short_folder: Path, redis_server: RedisServer, databases: PostgresServer) -> Settings:
    urls = {"calls_database": databases.new_database(), "tickets_database": databases.new_database()}
    made = settings_of(short_folder, redis_url=redis_server.url, **urls)
    prepare(made)
    return made


@pytest.fixture
async def bridge(settings: Settings) -> AsyncGenerator[ScriptedBridge, None]:
    scripted = await ScriptedBridge(settings.paths.bridge_socket).start()
    yield scripted
    await scripted.stop()


@pytest.fixture
async def http(settings: Settings, bridge: ScriptedBridge) -> AsyncGenerator[httpx.AsyncClient, None]:
    urls = {"HOTLINE_CALLS_DATABASE": settings.calls_url, "HOTLINE_TICKETS_DATABASE": settings.tickets_url}
    part = Part("agent_desktop", settings, settings.paths.desk_socket, HOTLINE_REDIS_URL=settings.redis, **urls).start()
    transport = httpx.AsyncHTTPTransport(uds=str(settings.paths.desk_socket))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        yield client
    part.close()


def acts_in_trail(settings: Settings) -> list[AuditRow]:
    engine = make_engine(settings.tickets_url, durable=True)
    try:
        with reading(engine) as connection:
            rows = read_audit(connection)
    finally:
        engine.dispose()
    assert first_broken(rows) is None
    return [row for row in rows if row.act == "call_act"]


async def click(page: ClientConnection, intent_id: str, **fields: Any) -> dict[str, Any]:
    """What the page is answered."""
    await page.send(json.dumps({"type": "intent", "id": intent_id, "call_id": CALL, **fields}))
    return await told(page, lambda message: message.get("id") == intent_id)


@pytest.mark.parametrize("kind", ["dead", "hanging"])
async def test_an_emergency_is_dialled_and_supervisors_alarmed_with_redis_and_both_databases_away(
    kind: str,
    settings: Settings,
    http: httpx.AsyncClient,
    bridge: ScriptedBridge,
    redis_server: RedisServer,
    databases: PostgresServer,
) -> None:
    """Killed, or there and never answering. The act is in the trail when the database is back, with the time of the click."""
    supervisor = await open_page(settings, http, "supervisor1")
    agent = await open_page(settings, http, "agent1")
    await until(lambda: "water_rescue" in bridge.parties)
    if kind == "dead":
        redis_server.kill()
        databases.close()
    else:
        redis_server.pause()
        databases.hang()
    away = ("redis", "calls_database", "tickets_database")
    await health_until(http, lambda parts: all(parts[name]["state"] == "down" for name in away), within_s=15)
    began = time.time()
    ack = await click(agent, "e-1", op="emergency", party="water_rescue")
    assert (ack["ok"], bridge.asked[-1]["op"], bridge.asked[-1]["agent"]) == (True, "emergency", "1001")
    assert (bridge.asked[-1]["call_id"], bridge.asked[-1]["party"]) == (CALL, "water_rescue")
    alarm = (await told(supervisor, lambda message: message["type"] == "alarms" and bool(message["alarms"])))["alarms"][0]
    assert (alarm["call_id"], alarm["state"], alarm["party"], alarm["agent"]) == (CALL, "calling", "water_rescue", "1001")
    bridge.alarms = [{**alarm, "line": "12328", "state": "answered"}]
    await told(supervisor, lambda message: message["type"] == "alarms" and message["alarms"][0]["state"] == "answered")
    parties = (await http.get("/api/parties", params={"q": "sssj"})).json()["parties"]
    assert [party["key"] for party in parties] == ["water_rescue"]
    again = await http.post(f"/api/calls/{CALL}/acts", json={"op": "emergency", "party": "police"}, headers=OWN_PAGE)
    assert (again.status_code, bridge.asked[-1]["party"]) == (200, "police")
    ended = time.time()
    if kind == "dead":
        databases.restart()
    else:
        databases.go_on()
        redis_server.go_on()
    await health_until(http, lambda parts: parts["tickets_database"]["state"] == "up", within_s=30)
    await until(lambda: len(acts_in_trail(settings)) >= 2, within_s=15)
    rows = acts_in_trail(settings)
    assert {json.loads(row.facts)["party"] for row in rows} == {"water_rescue", "police"}
    assert {(row.actor, row.subject) for row in rows} == {("agent1", CALL)}
    assert all(began <= row.at <= ended for row in rows)
    facts = json.loads(rows[0].facts)
    assert facts == {"op": "emergency", "party": "water_rescue", "result": "ok", "extension": "1001"}


async def test_a_desk_that_starts_while_its_database_is_away_goes_by_what_the_bridge_has(
    settings: Settings, bridge: ScriptedBridge, databases: PostgresServer
) -> None:
    """The rescuers' number of last week, not the file's old one; nothing is told to the bridge meanwhile."""
    databases.hang()
    desk = application(settings).state.desk
    moved = {"name": "水上搜救", "numbers": ["05573020009"], "kind": "emergency"}
    bridge.parties = {"water_rescue": moved}
    assert not await desk.parties_changed()
    assert {key: party.numbers for key, party in desk.parties.parties.items()} == {"water_rescue": ("05573020009",)}
    assert bridge.parties == {"water_rescue": moved}
    databases.go_on()
    await until_it_is(desk.parties_changed)
    assert bridge.parties["water_rescue"]["numbers"] == ["12395"], "now the database has the word"
    await desk.close()


async def test_a_desk_that_stops_at_the_very_click_still_writes_it_into_the_trail(
    settings: Settings, bridge: ScriptedBridge
) -> None:
    """The act is not held up for the trail, and the trail has it all the same."""
    app = application(settings)
    app.state.desk.start()
    async with signed_in(app, "agent1") as agent:
        asked = {"op": "consult", "to": "1002"}
        assert (await agent.post(f"/api/calls/{CALL}/acts", json=asked, headers=OWN_PAGE)).status_code == 200
        await app.state.desk.close()
    assert [json.loads(row.facts)["op"] for row in acts_in_trail(settings)] == ["consult"]


async def until_it_is(ask: Callable[[], Awaitable[bool]], within_s: float = 20.0) -> None:
    """Ask until the answer is yes."""
    async with asyncio.timeout(within_s):
        while not await ask():  # noqa: ASYNC110 - the other side has no event to wait for
            await asyncio.sleep(0.1)


async def test_an_act_goes_to_the_bridge_with_the_own_extension_and_a_refusal_comes_back_in_words(
    settings: Settings, http: httpx.AsyncClient, bridge: ScriptedBridge
) -> None:
    """A party of other roles, oneself, an unknown queue and a supervisor without a telephone never reach the bridge."""
    unit = {"name": "x", "numbers": ["05573020011"], "kind": "unit", "roles": ["supervisor"]}
    supervisor = await open_page(settings, http, "supervisor1")
    assert (await http.put("/api/parties/port", json=unit, headers=OWN_PAGE)).json() == {"in_force": True}
    agent = await open_page(settings, http, "agent1")
    for n, (fields, code) in enumerate((
        ({"op": "consult", "party": "port"}, "party_not_for_you"),
        ({"op": "consult", "to": "1001"}, "bad_input"),
        ({"op": "requeue", "queue": "nowhere"}, "unknown_queue"),
        ({"op": "merge", "party": "railway"}, "bad_input"),
    )):  # fmt: skip
        ack = await click(agent, f"r-{n}", **fields)
        assert (ack["ok"], ack["code"]) == (False, code)
    refused = await click(supervisor, "s-1", op="leave")
    assert (refused["ok"], refused["code"]) == (False, "no_extension")
    assert bridge.asked == []
    bridge.script = lambda intent: {"ok": False, "code": "agent_busy", "facts": {}}
    ack = await click(agent, "b-1", op="consult", to="1002")
    assert ack["message"] == "这位坐席正在通话或没有就绪，没有呼叫；请换一位或转到队列。"
    answer = await http.post(f"/api/calls/{CALL}/acts", json={"op": "consult", "to": "1002"}, headers=OWN_PAGE)
    assert (answer.status_code, answer.json()["code"]) == (409, "agent_busy")
    bridge.script = lambda intent: {"ok": True, "facts": {}}
    assert (await click(agent, "o-1", op="add", number="+86 138 0000 0001", agent="1002"))["ok"]
    asked = bridge.asked[-1]
    assert (asked["op"], asked["agent"], asked["number"], asked["call_id"]) == ("add", "1001", "13800000001", CALL)
    await until(lambda: len(acts_in_trail(settings)) == 7, within_s=15)
    told_ = [json.loads(row.facts) for row in acts_in_trail(settings)]
    assert told_[-1] == {"op": "add", "typed": True, "result": "ok", "extension": "1001"}
    assert "13800000001" not in json.dumps(told_)

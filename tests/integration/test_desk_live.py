"""The desk's process with a real Redis and a scripted bridge: /ws, intents, health, and what each failure costs."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import httpx
import pytest
import redis
from websockets.asyncio.client import unix_connect
from websockets.exceptions import InvalidStatus

from agent_desktop.session import COOKIE
from hotline_core.adapters.live import LivePublisher
from hotline_core.settings import Settings
from tests.integration.desk_kit import (
    NUMBER,
    ORIGIN,
    OWN_PAGE,
    PING,
    Part,
    ScriptedBridge,
    click_frame,
    closed_with,
    has_call,
    health_until,
    make_token,
    open_page,
    prepare,
    ringing,
    settings_of,
    sign_in,
    told,
    until,
)
from tests.integration.servers import RedisServer

pytestmark = pytest.mark.integration


@pytest.fixture
def settings(short_folder: Path, redis_server: RedisServer) -> Settings:
    made = settings_of(short_folder, redis_url=redis_server.url)
    prepare(made)
    return made


@pytest.fixture
def desk(settings: Settings) -> Iterator[Part]:
    part = Part("agent_desktop", settings, settings.paths.desk_socket, HOTLINE_REDIS_URL=settings.redis)
    yield part.start()
    part.close()


@pytest.fixture
async def bridge(settings: Settings) -> AsyncGenerator[ScriptedBridge, None]:
    scripted = await ScriptedBridge(settings.paths.bridge_socket).start()
    yield scripted
    await scripted.stop()


@pytest.fixture
async def live(settings: Settings) -> AsyncGenerator[LivePublisher, None]:
    """The bridge's side of the live view."""
    publisher = LivePublisher(settings.redis, now=time.time, on_change=lambda state, reason: None)
    publisher.start()
    yield publisher
    await publisher.close()


@pytest.fixture
async def http(settings: Settings, desk: Part) -> AsyncGenerator[httpx.AsyncClient, None]:
    transport = httpx.AsyncHTTPTransport(uds=str(settings.paths.desk_socket))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        yield client


async def test_a_ringing_call_reaches_the_own_agents_page_and_no_other(
    settings: Settings, http: httpx.AsyncClient, live: LivePublisher
) -> None:
    """From Redis to the page; the colleague's page hears of an agent's state later, but never of the call."""
    mine = await open_page(settings, http, "agent1")
    other = await open_page(settings, http, "agent2")
    snapshot = await told(mine, lambda message: message["type"] == "snapshot")
    assert snapshot["me"] == {"login": "agent1", "name": "张敏", "role": "agent", "extension": "1001", "unit": None}
    live.publish({"call:h1-1.1": ringing("h1-1.1", "1001")})
    message = await told(mine, has_call("h1-1.1"))
    assert message["calls"][0]["caller"] == NUMBER
    live.publish({"agent:1001": {"id": "1001", "state": "ringing", "call_id": "h1-1.1"}}, ["call:h1-1.1"])
    assert "h1-1.1" in (await told(mine, lambda message: bool(message.get("gone"))))["gone"]
    seen = await told(other, lambda message: bool(message.get("agents")))
    assert (seen["calls"], seen["agents"][0]["call_id"]) == ([], None)
    await mine.close()
    await other.close()


async def test_every_ring_reaches_all_of_a_hundred_pages_in_order(
    settings: Settings, http: httpx.AsyncClient, live: LivePublisher
) -> None:
    """No page is forgotten and none is told out of turn."""
    pages = [await open_page(settings, http, "supervisor1")]
    headers = {"Cookie": f"{COOKIE}={http.cookies[COOKIE]}"}
    uri = "ws://127.0.0.1:8328/ws"
    for _ in range(99):
        pages.append(await unix_connect(str(settings.paths.desk_socket), uri=uri, origin=ORIGIN, additional_headers=headers))
    for page in pages:
        await told(page, lambda message: message["type"] == "snapshot")
    for n in range(5):
        live.publish({f"call:h1-{n}.1": ringing(f"h1-{n}.1", "1001")})
        await asyncio.gather(*(told(page, has_call(f"h1-{n}.1")) for page in pages))
    await asyncio.gather(*(page.close() for page in pages))


async def test_a_click_goes_to_the_bridge_with_the_own_extension_and_comes_back_as_a_sentence(
    settings: Settings, http: httpx.AsyncClient, bridge: ScriptedBridge
) -> None:
    """A page cannot act for another extension; the bridge sees an expiry of three seconds."""
    page = await open_page(settings, http, "agent1")
    await page.send(json.dumps({"type": "intent", "id": "i-1", "op": "pause", "call_id": None, "reason": "午餐", "agent": "1002"}))
    ack = await told(page, lambda message: message["type"] == "ack")
    assert (ack["id"], ack["ok"], ack["code"]) == ("i-1", True, "ok")
    intent = bridge.asked[0]
    assert (intent["id"], intent["op"], intent["agent"], intent["reason"]) == ("i-1", "pause", "1001", "午餐")
    assert 1.0 < intent["expires"] - time.time() <= 3.0
    bridge.script = lambda intent: {"ok": False, "code": "stale_intent", "facts": {}}
    await page.send(json.dumps({"type": "intent", "id": "i-2", "op": "hang_up", "call_id": "h1-1.1"}))
    refused = await told(page, lambda message: message.get("id") == "i-2")
    assert (refused["ok"], refused["code"]) == (False, "stale_intent")
    assert "太晚" in refused["message"]
    await page.close()


async def test_a_click_is_answered_within_three_seconds_even_by_a_silent_bridge(
    settings: Settings, http: httpx.AsyncClient, bridge: ScriptedBridge
) -> None:
    """And a second click does not wait behind the first."""
    page = await open_page(settings, http, "agent1")
    bridge.script = lambda intent: None if intent["id"] == "slow" else {"ok": True, "facts": {}}
    began = time.monotonic()
    await page.send(json.dumps({"type": "intent", "id": "slow", "op": "ready"}))
    await page.send(json.dumps({"type": "intent", "id": "quick", "op": "pause"}))
    assert (await told(page, lambda message: message["type"] == "ack"))["id"] == "quick"
    assert time.monotonic() - began < 1.0
    lost = await told(page, lambda message: message.get("id") == "slow")
    assert (lost["ok"], lost["code"]) == (False, "bridge_lost")
    assert time.monotonic() - began < 3.5
    await page.close()


async def test_a_dead_bridge_is_told_at_once_and_used_again_when_it_is_back(settings: Settings, http: httpx.AsyncClient) -> None:
    """No restart of the desk, no waiting for a retry timer."""
    page = await open_page(settings, http, "agent1")
    await page.send(json.dumps({"type": "intent", "id": "a", "op": "ready"}))
    ack = await told(page, lambda message: message["type"] == "ack")
    assert (ack["ok"], ack["code"]) == (False, "bridge_down")
    scripted = await ScriptedBridge(settings.paths.bridge_socket).start()
    await page.send(json.dumps({"type": "intent", "id": "b", "op": "ready"}))
    assert (await told(page, lambda message: message.get("id") == "b"))["ok"]
    await scripted.stop()
    await page.send(json.dumps({"type": "intent", "id": "c", "op": "ready"}))
    assert not (await told(page, lambda message: message.get("id") == "c"))["ok"]
    await page.close()


async def test_a_supervisor_without_extension_cannot_click_for_anybody(
    settings: Settings, http: httpx.AsyncClient, bridge: ScriptedBridge
) -> None:
    """Nothing reaches the bridge."""
    page = await open_page(settings, http, "supervisor1")
    await page.send(json.dumps({"type": "intent", "id": "a", "op": "hang_up", "call_id": "h1-1.1"}))
    assert (await told(page, lambda message: message["type"] == "ack"))["code"] == "no_extension"
    assert bridge.asked == []
    await page.close()


async def test_another_sites_page_gets_no_live_view(settings: Settings, http: httpx.AsyncClient) -> None:
    """The cookie alone is not enough."""
    with pytest.raises(InvalidStatus):
        await open_page(settings, http, "agent1", origin="http://evil.example")


async def test_without_a_session_the_websocket_says_so(settings: Settings, desk: Part) -> None:
    """Close code 4401: the page shows the sign-in instead of trying for ever."""
    page = await unix_connect(str(settings.paths.desk_socket), uri="ws://127.0.0.1:8328/ws", origin=ORIGIN)
    assert await closed_with(page) == 4401


async def test_signing_out_closes_the_live_view_and_tells_the_bridge(
    settings: Settings, http: httpx.AsyncClient, bridge: ScriptedBridge
) -> None:
    """The agent takes no more calls."""
    page = await open_page(settings, http, "agent1")
    assert (await http.post("/api/sign-out", headers=OWN_PAGE)).status_code == 204
    assert await closed_with(page) == 4401
    await until(lambda: bool(bridge.asked))
    assert (bridge.asked[0]["op"], bridge.asked[0]["agent"]) == ("sign_out", "1001")


async def test_a_page_that_reads_nothing_clicks_in_vain_once_its_session_is_over(
    settings: Settings, http: httpx.AsyncClient, bridge: ScriptedBridge
) -> None:
    """The farewell cannot be sent to it; what it sends reaches the bridge no more."""
    assert (await sign_in(http, "agent1")).status_code == 200
    reader, writer = await asyncio.open_unix_connection(settings.paths.desk_socket)
    writer.write(
        b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:8328\r\nOrigin: http://127.0.0.1:8328\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
        + f"Cookie: {COOKIE}={http.cookies[COOKIE]}\r\n\r\n".encode()
    )
    async with asyncio.timeout(5):
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        writer.write(click_frame("before"))
        await until(lambda: bool(bridge.asked))
        for _ in range(8000):
            writer.write(PING)
        await writer.drain()
        assert (await http.post("/api/sign-out", headers=OWN_PAGE)).status_code == 204
    for number in range(5):
        writer.write(click_frame(f"after-{number}"))
    await asyncio.sleep(0.5)
    assert {asked["id"] for asked in bridge.asked if asked["op"] == "pause"} == {"before"}
    writer.close()


async def test_health_is_200_only_when_every_part_is_up(
    settings: Settings, http: httpx.AsyncClient, bridge: ScriptedBridge, redis_server: RedisServer
) -> None:
    """The relay is the last to come; then reminders are late, then the bridge goes."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.set("hotline:part:worker", json.dumps({"since": 123.5, "seq": 7}), ex=30)
    starting = await health_until(http, lambda parts: all(part["state"] == "up" for name, part in parts.items() if name != "relay"))
    assert (starting.status_code, starting.json()["state"]) == (503, "starting")
    relay = Part("agent_desktop.sip_relay", settings, settings.paths.relay_socket).start()
    ready = await health_until(http, lambda parts: parts["relay"]["state"] == "up")
    assert (ready.status_code, ready.json()["state"]) == (200, "ready")
    assert ready.json()["parts"]["worker"]["since"] == 123.5
    with redis.Redis.from_url(redis_server.url) as client:
        client.set("hotline:part:worker", json.dumps({"since": 123.5, "seq": 7, "behind": ["clockwork"]}), ex=30)
    late = await health_until(http, lambda parts: parts["worker"]["state"] == "trouble")
    assert (late.status_code, late.json()["state"]) == (503, "degraded")
    assert relay.terminate()[0] == 0
    relay.close()
    await bridge.stop()
    degraded = await health_until(http, lambda parts: parts["bridge"]["state"] == "down" and parts["relay"]["state"] == "down")
    assert (degraded.status_code, degraded.json()["state"]) == (503, "degraded")


@pytest.mark.parametrize("kind", ["killed", "stopped"])
async def test_with_redis_gone_people_sign_in_write_and_hang_up_and_the_page_is_told(
    settings: Settings, http: httpx.AsyncClient, bridge: ScriptedBridge, live: LivePublisher, redis_server: RedisServer, kind: str
) -> None:
    """kill -9 and SIGSTOP; afterwards the live view returns by itself."""
    live.publish({"call:h1-1.1": ringing("h1-1.1", "1001")})
    page = await open_page(settings, http, "agent1")
    await told(page, has_call("h1-1.1"))
    if kind == "killed":
        redis_server.kill()
    else:
        redis_server.pause()
    message = await told(page, lambda message: message["type"] == "parts" and message["parts"]["redis"]["state"] == "down")
    assert message["parts"]["worker"]["state"] == "trouble"
    began = time.monotonic()
    assert (await sign_in(http, "agent2")).status_code == 200
    assert (await sign_in(http, "agent1")).status_code == 200
    assert (await http.get("/desk")).status_code == 200
    draft = await http.put("/api/drafts/h1-1.1", json={"text": "x", "version": 0}, headers=OWN_PAGE)
    ticket = await http.get("/api/calls/h1-1.1/ticket")
    assert (draft.status_code, ticket.status_code) == (200, 200)
    assert ticket.json()["draft"]["text"] == "x"
    await page.send(json.dumps({"type": "intent", "id": "h", "op": "hang_up", "call_id": "h1-1.1"}))
    assert (await told(page, lambda message: message.get("id") == "h"))["ok"]
    assert time.monotonic() - began < 3.0
    if kind == "killed":
        redis_server.start()
    else:
        redis_server.go_on()
    live.publish({"call:h1-2.1": ringing("h1-2.1", "1001")})
    await told(page, has_call("h1-2.1"))
    await page.close()


async def test_with_the_calls_database_gone_tickets_still_open_and_drafts_are_saved(
    settings: Settings, http: httpx.AsyncClient, live: LivePublisher
) -> None:
    """The live view is enough for the agent; the list says that it is away."""
    live.publish({"call:h1-1.1": ringing("h1-1.1", "1001")})
    page = await open_page(settings, http, "agent1")
    await told(page, has_call("h1-1.1"))
    await page.close()
    database = Path(settings.calls_url.removeprefix("sqlite:///"))
    for path in database.parent.glob("calls.sqlite*"):
        path.write_bytes(b"not a database" * 400)
    ticket = await http.get("/api/calls/h1-1.1/ticket")
    draft = await http.put("/api/drafts/h1-1.1", json={"text": "x", "version": 0}, headers=OWN_PAGE)
    listed = await http.get("/api/calls")
    assert (ticket.status_code, ticket.json()["call"]["caller"], ticket.json()["earlier_known"]) == (200, NUMBER, False)
    assert draft.status_code == 200
    assert (listed.status_code, listed.json()["code"]) == (503, "calls_database_down")
    await health_until(http, lambda parts: parts["calls_database"]["state"] == "down")


async def test_the_desk_stops_within_two_seconds_with_pages_open_and_serves_again(
    settings: Settings, http: httpx.AsyncClient, desk: Part
) -> None:
    """SIGTERM; the cookie is still good afterwards."""
    page = await open_page(settings, http, "agent1")
    await told(page, lambda message: message["type"] == "snapshot")
    code, spent = await asyncio.to_thread(desk.terminate)
    assert code == 0
    assert spent < 2.0
    await asyncio.to_thread(desk.start)
    transport = httpx.AsyncHTTPTransport(uds=str(settings.paths.desk_socket))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, cookies=dict(http.cookies)) as client:
        assert (await client.get("/api/me")).json()["login"] == "agent1"


async def test_the_sockets_of_the_desk_are_closed_to_other_users(settings: Settings, desk: Part) -> None:
    """Whoever reaches the socket could name any address as the client's."""
    assert settings.paths.desk_socket.stat().st_mode & 0o777 == 0o600


async def test_the_live_view_is_told_by_plain_http_to_a_token(
    settings: Settings, http: httpx.AsyncClient, live: LivePublisher
) -> None:
    """Waiting callers, queues, agents; masked for a service, whole for a supervisor's token."""
    waiting = ringing("h1-1.1", "") | {"phase": "waiting", "agent": None}
    live.publish(
        {"call:h1-1.1": waiting, "queue:hotline": {"name": "hotline", "waiting": 1}, "agent:1001": {"id": "1001", "state": "ready"}}
    )
    supervisor = {"Authorization": f"Bearer {make_token(settings, 'supervisor')}"}
    service = {"Authorization": f"Bearer {make_token(settings, 'service')}"}
    async with asyncio.timeout(5):
        while not (whole := (await http.get("/api/live", headers=supervisor)).json())["agents"]:  # noqa: ASYNC110 - plain HTTP
            await asyncio.sleep(0.02)
    masked = (await http.get("/api/live", headers=service)).json()
    assert masked["waiting"][0]["caller"] == "138****1234"
    assert whole["waiting"][0]["caller"] == NUMBER
    assert whole["queues"] == [{"name": "hotline", "waiting": 1}]
    assert whole["agents"] == [{"id": "1001", "state": "ready"}]

"""The relay's process between real websockets: who may speak, in whose name, and what its end costs."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from agent_desktop.session import COOKIE, LIFETIME_S, Session, write
from agent_desktop.sip_relay import MOST_PAGES_OF_ONE
from hotline_core.adapters import ports, secrets
from hotline_core.settings import Settings
from tests.integration.desk_kit import ORIGIN, Part, settings_of

pytestmark = pytest.mark.integration
SIP = Subprotocol("sip")


class ScriptedAsterisk:
    """Stands in for Asterisk's websocket: keeps what came and answers each frame with itself, as text or as bytes."""

    def __init__(self) -> None:
        self.got: list[str | bytes] = []
        self.pages: list[ServerConnection] = []
        self.ended = 0
        self._server: Server | None = None

    async def start(self, settings: Settings) -> None:
        """Listen on a free port and tell it as the launcher does."""
        self._server = await serve(self._serve, "127.0.0.1", 0, subprotocols=[SIP], compression=None, ping_interval=None)
        port = next(iter(self._server.sockets)).getsockname()[1]
        settings.paths.run.mkdir(parents=True, exist_ok=True)
        ports.write(settings.paths, ports.Ports(asterisk_http=port, carrier_sip=1))

    async def _serve(self, page: ServerConnection) -> None:
        self.pages.append(page)
        async for frame in page:
            self.got.append(frame)
            await page.send(frame)
        self.ended += 1

    async def stop(self) -> None:
        """Go away with all connections."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()


@pytest.fixture
def settings(short_folder: Path) -> Settings:
    return settings_of(short_folder)


@pytest.fixture
async def asterisk(settings: Settings) -> AsyncGenerator[ScriptedAsterisk, None]:
    scripted = ScriptedAsterisk()
    await scripted.start(settings)
    yield scripted
    await scripted.stop()


@pytest.fixture
def relay(settings: Settings) -> Iterator[Part]:
    part = Part("agent_desktop.sip_relay", settings, settings.paths.relay_socket)
    yield part.start()
    part.close()


def cookie(settings: Settings, ext: str = "1001", age_s: float = 0.0) -> str:
    session = Session(sub="agent1", role="agent", ext=ext, sid="ab" * 16, issued=time.time() - age_s)
    return f"{COOKIE}={write(session, secrets.load_or_make(settings.paths.secrets).session)}"


async def phone(
    settings: Settings, cookie_: str | None = None, origin: str = ORIGIN, path: str = "/sip", **more: Any
) -> ClientConnection:
    """Connect as JsSIP does, through nothing but the Unix socket."""
    more.setdefault("subprotocols", [SIP])
    return await unix_connect(
        str(settings.paths.relay_socket),
        uri=f"ws://127.0.0.1:8328{path}",
        origin=Origin(origin),
        additional_headers={"Cookie": cookie(settings) if cookie_ is None else cookie_},
        compression=None,
        **more,
    )


def message(extension: str, body: str = "", method: str = "REGISTER") -> str:
    return (
        f"{method} sip:hotline SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bK1\r\nTo: <sip:agent-{extension}@hotline>\r\n"
        f"From: <sip:agent-{extension}@hotline>;tag=a\r\nCall-ID: c\r\nCSeq: 1 {method}\r\n"
        f"Content-Length: {len(body.encode())}\r\n\r\n{body}"
    )


async def closed_with(page: ClientConnection) -> int | None:
    await asyncio.wait_for(page.wait_closed(), 5)
    return page.close_code


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the other side has no event to wait for
            await asyncio.sleep(0.01)


async def test_an_agents_own_signalling_passes_both_ways_unchanged(
    settings: Settings, asterisk: ScriptedAsterisk, relay: Part
) -> None:
    """Text stays text, bytes stay bytes."""
    page = await phone(settings)
    assert page.subprotocol == SIP
    for frame in (message("1001"), message("1001", "v=0\r\n", "INVITE").encode(), "\r\n\r\n"):
        await page.send(frame)
        assert await asyncio.wait_for(page.recv(), 5) == frame
    assert len(asterisk.got) == 3
    await page.close()
    await until(lambda: asterisk.ended == 1)


@pytest.mark.parametrize("frame", [message("1002"), message("1001") + message("1002"), "x" * 100, b"\xff\x00"])
async def test_a_page_that_speaks_in_anothers_name_is_closed_and_asterisk_hears_nothing(
    settings: Settings, asterisk: ScriptedAsterisk, relay: Part, frame: str | bytes
) -> None:
    """Close code 1008."""
    page = await phone(settings)
    await page.send(frame)
    assert await closed_with(page) == 1008
    assert asterisk.got == []


async def test_one_session_cannot_take_the_places_of_all_agents(
    settings: Settings, asterisk: ScriptedAsterisk, relay: Part
) -> None:
    """Fifty pages of one person are more than anybody opens; a colleague comes in, and so does the person when one is closed."""
    pages = [await phone(settings) for _ in range(MOST_PAGES_OF_ONE)]
    assert await refused(settings) == 503
    colleague = await phone(settings, cookie(settings, "1002"))
    await colleague.send(message("1002"))
    assert await asyncio.wait_for(colleague.recv(), 5) == message("1002")
    await pages.pop().close()
    async with asyncio.timeout(5):
        while len(pages) < MOST_PAGES_OF_ONE:
            with contextlib.suppress(InvalidStatus):  # the relay has not noticed yet
                pages.append(await phone(settings))
    for page in (*pages, colleague):
        await page.close()


async def test_a_frame_beyond_64_kib_ends_the_connection(settings: Settings, asterisk: ScriptedAsterisk, relay: Part) -> None:
    """No SIP of a browser is that large."""
    page = await phone(settings)
    await page.send(message("1001", "x" * 70_000))
    assert await closed_with(page) == 1009
    assert asterisk.got == []


async def refused(settings: Settings, **how: Any) -> int:
    with pytest.raises(InvalidStatus) as answer:
        await phone(settings, **how)
    return answer.value.response.status_code


async def test_who_is_not_signed_in_on_our_own_page_does_not_come_in(
    settings: Settings, asterisk: ScriptedAsterisk, relay: Part
) -> None:
    """No cookie, old cookie, forged cookie, no extension, another site, another path: refused in the handshake."""
    assert await refused(settings, cookie_="") == 401
    assert await refused(settings, cookie_=cookie(settings, age_s=LIFETIME_S)) == 401
    assert await refused(settings, cookie_=cookie(settings)[:-4] + "AAAA") == 401
    assert await refused(settings, cookie_=cookie(settings, ext="")) == 403
    assert await refused(settings, origin="http://evil.example") == 403
    assert await refused(settings, origin="null") == 403
    assert await refused(settings, path="/ws") == 404
    assert asterisk.pages == []


async def test_a_page_without_the_sip_subprotocol_is_refused(settings: Settings, asterisk: ScriptedAsterisk, relay: Part) -> None:
    """Asterisk would not speak with it either."""
    with pytest.raises(InvalidStatus):
        await phone(settings, subprotocols=None)
    assert asterisk.pages == []


async def test_with_asterisk_away_the_page_is_told_to_come_back_and_then_served(settings: Settings, relay: Part) -> None:
    """Also when nothing was ever started, and when Asterisk returns on another port."""
    assert await closed_with(await phone(settings)) == 1013
    first = ScriptedAsterisk()
    await first.start(settings)
    page = await phone(settings)
    await page.send(message("1001"))
    await asyncio.wait_for(page.recv(), 5)
    await first.stop()
    assert await closed_with(page) == 1013
    second = ScriptedAsterisk()
    await second.start(settings)
    again = await phone(settings)
    await again.send(message("1001"))
    await asyncio.wait_for(again.recv(), 5)
    assert len(second.got) == 1
    await again.close()
    await second.stop()


async def test_the_relay_answers_for_its_health(settings: Settings, asterisk: ScriptedAsterisk, relay: Part) -> None:
    """Plain HTTP on its own socket, no session needed."""
    transport = httpx.AsyncHTTPTransport(uds=str(settings.paths.relay_socket))
    async with httpx.AsyncClient(transport=transport, base_url="http://relay") as client:
        page = await phone(settings)
        told = (await client.get("/health")).json()
        other = await client.get("/sip")
        await page.close()
    assert (told["state"], told["pages"]) == ("up", 1)
    assert time.time() - 30 < told["since"] <= time.time()
    assert other.status_code in (401, 403)


async def test_the_relay_stops_within_two_seconds_and_a_page_comes_back_with_the_same_session(
    settings: Settings, asterisk: ScriptedAsterisk, relay: Part
) -> None:
    """SIGTERM with fifty pages open: nobody has to sign in again."""
    pages = [await phone(settings) for _ in range(50)]
    code, spent = await asyncio.to_thread(relay.terminate)
    assert code == 0
    assert spent < 2.0
    assert {await closed_with(page) for page in pages} == {1001}
    await asyncio.to_thread(relay.start)
    page = await phone(settings)
    await page.send(message("1001"))
    assert await asyncio.wait_for(page.recv(), 5) == message("1001")
    await page.close()


async def test_two_hundred_messages_of_a_page_come_back_in_their_order(
    settings: Settings, asterisk: ScriptedAsterisk, relay: Part
) -> None:
    """There and back through two websockets, none lost, none out of turn."""
    page = await phone(settings)
    for _ in range(200):
        await page.send(message("1001"))
        assert await asyncio.wait_for(page.recv(), 5) == message("1001")
    await page.close()


async def test_a_page_that_reads_nothing_does_not_fill_the_relays_memory(
    settings: Settings, asterisk: ScriptedAsterisk, relay: Part
) -> None:
    """Asterisk's side is held back, and other pages go on."""
    deaf = await phone(settings, max_queue=1)
    other = await phone(settings)
    await until(lambda: len(asterisk.pages) == 2)

    async def flood() -> None:
        while True:
            await asterisk.pages[0].send("x" * 60_000)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(flood(), 1.0)
    await other.send(message("1001"))
    assert await asyncio.wait_for(other.recv(), 5) == message("1001")
    await other.close()
    deaf.transport.abort()

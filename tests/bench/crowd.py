"""Owns many desks' websockets at once: people of a benchmark with sessions of their own, and what each connection has received."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.asyncio.client import connect as tcp_connect
from websockets.exceptions import ConnectionClosed

from agent_desktop.people import People, Person
from agent_desktop.session import COOKIE, new_session, write
from hotline_core.adapters import secrets
from hotline_core.adapters.engine import make_engine
from hotline_core.settings import Settings

FIRST_EXTENSION = 3000
MARK = '"mark":'  # behind it the number of a change of the benchmark, in whatever message tells it
OPEN_S = 30.0
AT_ONCE = 20  # handshakes


def add_people(settings: Settings, count: int, *, before: float) -> None:
    """Agents desk0, desk1, ... who may be signed in from `before` on (epoch seconds)."""
    engine = make_engine(settings.tickets_url, durable=True)
    people = People(engine)
    for number in range(count):
        extension = str(FIRST_EXTENSION + number)
        person = Person(f"desk{number}", f"坐席{number}", "agent", extension, "no password", phone_kind="hardware")
        people.add(person, actor="bench", now=before)
    engine.dispose()


def cookies(settings: Settings, count: int, now: float) -> list[str]:
    """The session cookie of each, as signing in gives it."""
    key = secrets.load_or_make(settings.paths.secrets).session
    sessions = (new_session(f"desk{number}", "agent", str(FIRST_EXTENSION + number), now) for number in range(count))
    return [f"{COOKIE}={write(session, key)}" for session in sessions]


@dataclass(slots=True)
class Crowd:
    """Open websockets that read what comes and note when they had which change."""

    pages: list[ClientConnection] = field(default_factory=list)
    seen: dict[int, int] = field(default_factory=dict)  # by change: how many pages have it
    last_at: dict[int, float] = field(default_factory=dict)  # by change: when the last page had it, by the monotonic clock
    messages: int = 0
    _more: asyncio.Event = field(default_factory=asyncio.Event)

    async def reads(self, page: ClientConnection) -> None:
        """Read one page's messages until it is closed."""
        async for text in page:
            self.messages += 1
            assert isinstance(text, str)
            place = text.find(MARK)
            if place >= 0:
                number = int(text[place + len(MARK) :].split(",", 1)[0].rstrip("}] "))
                self.seen[number] = self.seen.get(number, 0) + 1
                self.last_at[number] = time.monotonic()
                self._more.set()

    def had(self, number: int) -> float:
        """When the last page had this change or the next one told together with it; KeyError when it was never told."""
        return self.last_at[min((one for one in self.last_at if one >= number), default=number)]

    async def has_all(self, number: int, within_s: float) -> None:
        """Wait until every page has this change; TimeoutError tells nothing more than that one has not."""
        async with asyncio.timeout(within_s):
            while self.seen.get(number, 0) < len(self.pages):
                self._more.clear()
                await self._more.wait()


@dataclass(frozen=True, slots=True)
class Door:
    """Where the pages connect: a Unix socket of a server, or the front's origin."""

    socket: str = ""
    origin: str = "http://127.0.0.1:8328"

    async def open(self, cookie: str) -> ClientConnection:
        """One page with this cookie."""
        uri = self.origin.replace("http", "ws", 1) + "/ws"
        headers = {"Cookie": cookie}
        if self.socket:
            return await unix_connect(self.socket, uri=uri, origin=self.origin, additional_headers=headers, compression=None)
        return await tcp_connect(uri, origin=self.origin, additional_headers=headers, compression=None)  # type: ignore[arg-type]


    async def lets_in(self, cookie: str) -> None:
        """Wait until the desk has learnt of new people: their cookies are refused before."""
        async with asyncio.timeout(OPEN_S):
            while True:
                async with await self.open(cookie) as page:
                    with suppress(ConnectionClosed):
                        await page.recv()
                        return
                await asyncio.sleep(0.2)


@asynccontextmanager
async def crowd(door: Door, held: list[str]) -> AsyncIterator[Crowd]:
    """One page per cookie, each with its first message; closed at the end."""
    one = Crowd()
    gate = asyncio.Semaphore(AT_ONCE)

    async def opened(cookie: str) -> ClientConnection:
        async with gate:
            return await door.open(cookie)

    async with asyncio.timeout(OPEN_S):
        one.pages = list(await asyncio.gather(*(opened(cookie) for cookie in held)))
    readers = [asyncio.ensure_future(one.reads(page)) for page in one.pages]
    try:
        yield one
    finally:
        await asyncio.gather(*(page.close() for page in one.pages))
        await asyncio.wait_for(asyncio.gather(*readers), OPEN_S)

"""What tests of the desk share: a migrated home, an application in this process, real processes, a scripted bridge."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, unix_connect

from agent_desktop.app import create_app
from agent_desktop.migrate import migrate_tickets
from agent_desktop.people import People, Person
from agent_desktop.person_rules import OFFICERS
from agent_desktop.session import COOKIE
from agent_desktop.tokens import Tokens
from hotline_core.adapters.engine import make_engine
from hotline_core.adapters.migrate import migrate_calls
from hotline_core.log import open_log
from hotline_core.settings import Settings
from tests.integration.fresh import bring
from tests.integration.servers import wait_until

ORIGIN = "http://127.0.0.1:8328"
PASSWORD = "right-horse-battery"
OWN_PAGE = {"Origin": ORIGIN, "X-Hotline": "1"}
NOW = 1_795_300_000.0
NUMBER = "13800001234"
PING = bytes([0x89, 0x80 | 125, 0, 0, 0, 0]) + bytes(125)  # answered by as much; RFC 6455 5.5.2
PEOPLE = (
    ("agent1", "张敏", "agent", "1001"),
    ("agent2", "李强", "agent", "1002"),
    ("supervisor1", "赵静", "supervisor", ""),
    ("admin1", "陈伟", "administrator", ""),
    ("auditor1", "刘洋", "auditor", ""),
    ("clerk1", "孙丽", "clerk", ""),
    ("unit1", "运管所", "unit", ""),
    ("head1", "吴军", "unit_head", ""),
    ("service1", "接口", "service", ""),
)


def settings_of(home: Path, **more: Any) -> Settings:
    """Settings of a home that no environment variable of the machine changes."""
    return Settings.model_validate({"home": home, "demo": False, **more})


def prepare(settings: Settings) -> None:
    """Both databases in their newest form, and the people of the tests, all with one password."""
    settings.paths.run.mkdir(parents=True, exist_ok=True, mode=0o700)
    bring(settings.calls_url, migrate_calls)
    bring(settings.tickets_url, tickets_with_people)


def tickets_with_people(url: str) -> None:
    """A tickets database in its newest form with the people of the tests."""
    migrate_tickets(url)
    engine = make_engine(url, durable=True)
    people = People(engine)
    for login, name, role, extension in PEOPLE:
        unit = "transport" if role in OFFICERS else ""
        people.add(Person(login, name, role, extension, password_hash(), unit=unit), actor="test", now=min(NOW, time.time()))
    engine.dispose()


@cache
def password_hash() -> str:
    """The hash of everybody's password: of the real kind and read by the real code, with the least work that it can tell of.

    A hash names its own cost, and checking it costs as much: at the cost of service that was most of the time of these tests.
    """
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def make_token(settings: Settings, role: str, lifetime_s: float = 3600.0, system: str = "") -> str:
    """A service token, valid from now."""
    engine = make_engine(settings.tickets_url, durable=True)
    try:
        return Tokens(engine).make(role, actor="test", now=time.time(), lifetime_s=lifetime_s, system=system)
    finally:
        engine.dispose()


def application(settings: Settings, now: Callable[[], float] = time.time) -> FastAPI:
    """The real application; its background is not started."""
    return create_app(settings, log=open_log("desk", "error"), now=now)


@asynccontextmanager
async def browser(app: FastAPI, address: str = "10.0.0.1") -> AsyncGenerator[httpx.AsyncClient, None]:
    """A client of the application in this process that comes through our front from `address`."""
    transport = httpx.ASGITransport(app=app, client=None, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"X-Forwarded-For": address}) as client:
        yield client


async def sign_in(client: httpx.AsyncClient, login: str, password: str = PASSWORD) -> httpx.Response:
    """Type name and password."""
    return await client.post("/api/sign-in", json={"login": login, "password": password}, headers={"Origin": ORIGIN})


@asynccontextmanager
async def signed_in(app: FastAPI, login: str) -> AsyncGenerator[httpx.AsyncClient, None]:
    """A client whose person is signed in."""
    async with browser(app) as client:
        answer = await sign_in(client, login)
        assert answer.status_code == 200, answer.text
        yield client


async def open_page(settings: Settings, http: httpx.AsyncClient, login: str, origin: str = ORIGIN) -> ClientConnection:
    """Sign in and connect /ws as a page does."""
    answer = await sign_in(http, login)
    assert answer.status_code == 200
    headers = {"Cookie": f"{COOKIE}={http.cookies[COOKIE]}"}
    return await unix_connect(
        str(settings.paths.desk_socket),
        uri="ws://127.0.0.1:8328/ws",
        origin=origin,
        additional_headers=headers,
    )


async def told(page: ClientConnection, is_wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The next message that is wanted, within five seconds."""
    async with asyncio.timeout(5):
        while True:
            message: dict[str, Any] = json.loads(await page.recv())
            if is_wanted(message):
                return message


class Part:
    """One real process of the hotline under a home of its own."""

    def __init__(self, module: str, settings: Settings, socket_path: Path, **environment: str) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
        self._environment = {**inherited, "HOTLINE_HOME": str(settings.home), **environment}
        self._module = module
        self._socket = socket_path
        self._log = (settings.home / f"{module}.log").open("ab")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Part:
        """Start and wait until the socket takes connections."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", self._module], env=self._environment, stdout=self._log, stderr=self._log
        )
        wait_until(self._listens, 20.0, f"{self._module} listens")
        return self

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running process; AssertionError before `start`."""
        assert self._process is not None
        return self._process

    def _listens(self) -> bool:
        assert self.process.poll() is None, f"{self._module} ended"
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self._socket))
            except OSError:
                return False
        return True

    def terminate(self) -> tuple[int, float]:
        """SIGTERM; the exit code and the seconds it took."""
        assert self._process is not None
        began = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(10), time.monotonic() - began

    def close(self) -> None:
        """End it whatever it does."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(5)
        self._log.close()


class ScriptedBridge:
    """Stands in for the bridge on its socket: keeps what was asked and answers by `script`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self.asked: list[dict[str, Any]] = []
        self.telephones: list[dict[str, Any]] = []  # what was asked about telephones, mostly by the desk itself
        self.parties: dict[str, Any] = {}  # the directory as the desk has told it
        self.alarms: list[dict[str, Any]] = []  # emergencies, told with the health
        self.script: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda intent: {"ok": True, "facts": {}}

    async def start(self) -> ScriptedBridge:
        """Listen."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self._path)
        return self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        while line := await reader.readline():
            intent = json.loads(line)
            if intent["op"] == "health":
                answer: dict[str, Any] | None = {"ok": True, "facts": all_up() | {"alarms": self.alarms}}
            elif intent["op"].startswith("phone_"):
                self.telephones.append(intent)
                answer = {"ok": True, "facts": {"phones": {}}}
            elif intent["op"].startswith("party_"):
                answer = {"ok": True, "facts": self._directory(intent)}
            else:
                self.asked.append(intent)
                answer = self.script(intent)
            if answer is not None:
                writer.write(json.dumps({"id": intent["id"], **answer}).encode() + b"\n")
        self._writers.discard(writer)
        writer.close()

    def _directory(self, intent: dict[str, Any]) -> dict[str, Any]:
        if intent["op"] == "party_put":
            self.parties[intent["party"]] = intent["data"]
        elif intent["op"] == "party_remove":
            self.parties.pop(intent["party"])
        return {"parties": self.parties} if intent["op"] == "party_list" else {}

    async def stop(self) -> None:
        """Go away with all connections."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.close()
            await asyncio.wait_for(self._server.wait_closed(), 5)


def all_up() -> dict[str, Any]:
    """The health the bridge tells when all is well."""
    return {name: {"state": "up", "since": NOW} for name in ("asterisk", "watchdog", "bridge", "ledger", "live")}


async def until(is_true: Callable[[], bool], within_s: float = 5.0) -> None:
    """Look every few milliseconds, for five seconds or as long as it takes."""
    async with asyncio.timeout(within_s):
        while not is_true():  # noqa: ASYNC110 - the other side has no event to wait for
            await asyncio.sleep(0.02)


async def closed_with(page: ClientConnection) -> int | None:
    """The close code after whatever still comes, within five seconds."""
    await asyncio.wait_for(page.wait_closed(), 5)
    return page.close_code


def has_call(call_id: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a message of the live view holds this call."""
    return lambda message: any(call["id"] == call_id for call in message.get("calls", []))


def ringing(call_id: str, agent: str) -> dict[str, object]:
    """A call of the live view that rings at this agent now."""
    now = time.time()
    times = {"since": now, "arrived_at": now, "queued_at": now, "answered_at": None}
    who = {"id": call_id, "line": "12328", "caller": NUMBER, "dialled": "12328", "phase": "ringing", "agent": agent}
    return {**who, **times, "queue": "hotline", "priority": 0, "position": 1}


async def health_until(
    http: httpx.AsyncClient, is_right: Callable[[dict[str, Any]], bool], within_s: float = 8.0
) -> httpx.Response:
    """The first answer of /api/health whose parts are right; TimeoutError after `within_s` seconds."""
    async with asyncio.timeout(within_s):
        while True:
            answer = await http.get("/api/health")
            if is_right(answer.json()["parts"]):
                return answer
            await asyncio.sleep(0.05)


def click_frame(intent_id: str) -> bytes:
    """A masked text frame (RFC 6455 5.2) with an act; the mask is zero."""
    text = json.dumps({"type": "intent", "id": intent_id, "op": "pause", "reason": "rest"}).encode()
    return bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text

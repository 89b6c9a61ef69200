"""Asks every part once a second, in the background and with bounded waits, and keeps the board."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from sqlalchemy import Engine, text

from agent_desktop.blocking import Blocking
from agent_desktop.health_board import HealthBoard, PartState
from agent_desktop.intents import BridgeClient
from agent_desktop.refusals import Unavailable
from hotline_core.adapters.engine import reading
from hotline_core.adapters.live import Beats
from hotline_core.adapters.tasks import Tasks
from hotline_core.errors import SetupError
from hotline_core.log import Log

EVERY_S = 1.0
WAIT_S = 1.0
_STATES: Mapping[object, PartState] = {"up": "up", "down": "down", "trouble": "trouble"}


class Health:
    """The pollers; one task per kind of part, so that a slow one delays no other."""

    def __init__(
        self,
        board: HealthBoard,
        *,
        bridge: BridgeClient,
        calls: Engine,
        tickets: Engine,
        relay_socket: Path,
        asterisk_port: Callable[[], int],
        now: Callable[[], float],
        on_change: Callable[[], None],
        log: Log,
    ) -> None:
        self._board = board
        self._bridge = bridge
        self._calls = calls
        self._tickets = tickets
        # Each database has its own thread, so that one that hangs does not hide the other's state.
        self._threads = {"calls_database": Blocking(1, code="down"), "tickets_database": Blocking(1, code="down")}
        self._relay_socket = relay_socket
        self._asterisk_port = asterisk_port
        self._now = now
        self._on_change = on_change
        self._log = log

    def start(self, tasks: Tasks) -> None:
        """Start all pollers as tasks of `tasks`."""
        tasks.spawn("health bridge", self._every(self._ask_bridge))
        tasks.spawn("health relay", self._every(self._ask_relay))
        tasks.spawn("health calls database", self._every(lambda: self._ask_database("calls_database", self._calls, "projector")))
        tasks.spawn("health tickets database", self._every(lambda: self._ask_database("tickets_database", self._tickets, "people")))

    async def _every(self, ask: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await ask()
            except Exception as error:  # noqa: BLE001 - the poller's outermost loop: health must never freeze on old words
                self._log.error("a health question failed", kind=type(error).__name__)
            await asyncio.sleep(EVERY_S)

    def _tell(self, name: str, state: PartState, since: float | None = None) -> None:
        if self._board.tell(name, state, self._now(), since):
            self._on_change()

    async def _ask_bridge(self) -> None:
        reply = await self._bridge.ask("health", wait_s=WAIT_S)
        if not reply.ok:
            self._tell("bridge", "down" if reply.code == "bridge_down" else "trouble")
            self._tell("ledger", "down")  # the bridge is its only writer
            self._tell("watchdog", "trouble")  # nobody can say
            self._tell("asterisk", "trouble" if await self._is_asterisk_there() else "down")
            return
        for name in ("bridge", "asterisk", "watchdog", "ledger"):
            told = reply.facts.get(name)
            told = told if isinstance(told, dict) else {}
            since = told.get("since")
            self._tell(name, _STATES.get(told.get("state"), "trouble"), float(since) if isinstance(since, int | float) else None)

    async def _is_asterisk_there(self) -> bool:
        """With no bridge to ask: does Asterisk's own HTTP port take a connection?"""
        try:
            async with asyncio.timeout(WAIT_S):
                _, writer = await asyncio.open_connection("127.0.0.1", self._asterisk_port())
        except (OSError, TimeoutError, SetupError):
            return False
        writer.close()
        return True

    def beats(self, beats: Beats) -> None:
        """Redis answered; take over the worker's sign of life."""
        self._tell("redis", "up")
        worker = beats.parts.get("worker")
        since = worker.get("since") if worker else None
        self._tell("worker", "up" if worker else "down", float(since) if isinstance(since, int | float) else None)

    def redis_lost(self) -> None:
        """Redis is away, and with it the worker's sign of life."""
        self._tell("redis", "down")
        self._tell("worker", "trouble")

    async def _ask_relay(self) -> None:
        try:
            async with asyncio.timeout(WAIT_S):
                told = await _get_health(self._relay_socket)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            self._tell("relay", "down")
            return
        self._tell("relay", "trouble" if told is None else "up", None if told is None else _since(told))

    async def _ask_database(self, name: str, engine: Engine, table: str) -> None:
        def look() -> None:
            with reading(engine) as connection:
                connection.execute(text(f"SELECT 1 FROM {table} LIMIT 1")).all()  # noqa: S608 - a constant of this file

        try:
            await self._threads[name].run(look, timeout_s=2.0)
        except Unavailable:
            self._tell(name, "down")
            return
        self._tell(name, "up")


def _since(told: bytes | str) -> float | None:
    try:
        facts = json.loads(told)
    except ValueError:
        return None
    since = facts.get("since") if isinstance(facts, dict) else None
    return float(since) if isinstance(since, int | float) else None


async def _get_health(path: Path) -> bytes | None:
    """The body of GET /health over a Unix socket, None unless it is a 200."""
    reader, writer = await asyncio.open_unix_connection(path, limit=16_384)
    try:
        writer.write(b"GET /health HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n")
        await writer.drain()
        answer = await reader.read(16_384)
        while b"\r\n\r\n" not in answer and (more := await reader.read(16_384)):
            answer += more
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return body if b" 200 " in head.split(b"\r\n", 1)[0] + b" " else None

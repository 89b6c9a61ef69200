"""Asks every part once a second, in the background and with bounded waits, and keeps the board."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
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
EVERY_WHEN_NOT_READY_S = 0.25  # a start or a return is told soon
WAIT_S = 1.0
Told = tuple[PartState, float | None]
_STATES: Mapping[object, PartState] = {"up": "up", "down": "down", "trouble": "trouble"}


@dataclass(slots=True)
class Sight:
    """Numbers that the parts told last, for monitoring; None and empty where nobody tells them now."""

    bridge: Mapping[str, object] = field(default_factory=dict)
    is_publishing: bool | None = None
    worker_record: int | None = None
    reminders_late_s: float | None = None
    relay_pages: int | None = None
    spool_free: int | None = None


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
        spool: Path,
        asterisk_port: Callable[[], int],
        now: Callable[[], float],
        on_change: Callable[[], None],
        on_bridge: Callable[[Mapping[str, object]], None],
        log: Log,
    ) -> None:
        self._board = board
        self._bridge = bridge
        self._calls = calls
        self._tickets = tickets
        # Each database has its own thread, so that one that hangs does not hide the other's state.
        self._threads = {"calls_database": Blocking(1, code="down"), "tickets_database": Blocking(1, code="down")}
        self._spool_thread = Blocking(1, code="down")
        self._relay_socket = relay_socket
        self._asterisk_port = asterisk_port
        self._now = now
        self._on_change = on_change
        self._on_bridge = on_bridge
        self._log = log
        self._spool = spool
        self.sight = Sight()

    def start(self, tasks: Tasks) -> None:
        """Start all pollers as tasks of `tasks`."""
        tasks.spawn("health bridge", self._every(self._ask_bridge))
        tasks.spawn("health relay", self._every(self._ask_relay))
        tasks.spawn("health spool", self._every(self._look_at_spool))
        tasks.spawn("health calls database", self._every(lambda: self._ask_database("calls_database", self._calls, "projector")))
        tasks.spawn("health tickets database", self._every(lambda: self._ask_database("tickets_database", self._tickets, "people")))

    async def _every(self, ask: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await ask()
            except Exception as error:  # noqa: BLE001 - the poller's outermost loop: health must never freeze on old words
                self._log.error("a health question failed", kind=type(error).__name__)
            await asyncio.sleep(EVERY_S if self._board.is_ready else EVERY_WHEN_NOT_READY_S)

    def _tell(self, **told: Told) -> None:
        """Take over several parts at once, so that a page never hears half of a change."""
        now = self._now()
        changed = [name for name, (state, since) in told.items() if self._board.tell(name, state, now, since)]
        if changed:
            self._on_change()

    async def _ask_bridge(self) -> None:
        reply = await self._bridge.ask("health", wait_s=WAIT_S)
        figures = reply.facts.get("figures")
        self.sight.bridge = figures if reply.ok and isinstance(figures, Mapping) else {}
        if reply.ok:
            self._on_bridge(reply.facts)
            self.sight.is_publishing = _told(reply.facts.get("live"))[0] == "up"
            self._tell(**{name: _told(reply.facts.get(name)) for name in ("bridge", "asterisk", "watchdog", "ledger")})
            return
        self.sight.is_publishing = None
        is_there = await self._is_asterisk_there()
        self._tell(
            bridge=("down" if reply.code == "bridge_down" else "trouble", None),
            ledger=("down", None),  # the bridge is its only writer
            watchdog=("trouble", None),  # nobody can say
            asterisk=("trouble" if is_there else "down", None),
        )

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
        worker = beats.parts.get("worker")
        self.sight.worker_record = _count(worker, "seq")
        self.sight.reminders_late_s = _seconds(worker, "reminders_late_s")
        sounds: Told = ("trouble", None)
        if not worker:
            told: Told = ("down", None)
        else:
            told = ("trouble", None) if worker.get("behind") else ("up", _since(worker))
            sounds = ("trouble", None) if worker.get("recordings") else ("up", None)
        self._tell(redis=("up", None), worker=told, recordings=sounds)

    def redis_lost(self) -> None:
        """Redis is away, and with it the worker's sign of life."""
        self.sight.worker_record = self.sight.reminders_late_s = None
        self._tell(redis=("down", None), worker=("trouble", None), recordings=("trouble", None))

    async def _ask_relay(self) -> None:
        try:
            async with asyncio.timeout(WAIT_S):
                told = await _get_health(self._relay_socket)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            self.sight.relay_pages = None
            self._tell(relay=("down", None))
            return
        self.sight.relay_pages = _count(_facts(told), "pages") if told is not None else None
        self._tell(relay=("trouble", None) if told is None else ("up", _since(_facts(told))))

    async def _look_at_spool(self) -> None:
        try:
            usage = await self._spool_thread.run(lambda: shutil.disk_usage(self._spool), timeout_s=WAIT_S)
        except (Unavailable, OSError):
            self.sight.spool_free = None
        else:
            self.sight.spool_free = usage.free

    async def _ask_database(self, name: str, engine: Engine, table: str) -> None:
        def look() -> None:
            with reading(engine) as connection:
                connection.execute(text(f"SELECT 1 FROM {table} LIMIT 1")).all()  # noqa: S608 - a constant of this file

        try:
            await self._threads[name].run(look, timeout_s=2.0)
        except Unavailable:
            told: Told = ("down", None)
        else:
            told = ("up", None)
        self._tell(**{name: told})


def _told(part: object) -> Told:
    """A part's state and since when, as it says itself; what cannot be understood is trouble."""
    state = part.get("state") if isinstance(part, Mapping) else None
    return (_STATES[state], _since(part)) if state in _STATES else ("trouble", None)


def _since(part: object) -> float | None:
    since = part.get("since") if isinstance(part, Mapping) else None
    return float(since) if isinstance(since, int | float) else None


def _count(part: object, name: str) -> int | None:
    value = part.get(name) if isinstance(part, Mapping) else None
    return value if isinstance(value, int) else None


def _seconds(part: object, name: str) -> float | None:
    value = part.get(name) if isinstance(part, Mapping) else None
    return float(value) if isinstance(value, int | float) else None


def _facts(text_: bytes) -> object:
    try:
        return json.loads(text_)
    except ValueError:
        return None


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

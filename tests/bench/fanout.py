"""Series `fanout`: a change of the live view to 100 and to 300 desks, beside a bare `websockets` broadcast."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from hotline_core.adapters import clock
from hotline_core.adapters.live import LivePublisher
from hotline_core.settings import Settings
from tests.bench.crowd import FIRST_EXTENSION, Door, add_people, cookies, crowd
from tests.bench.machine import CHECKOUT, processor_s
from tests.bench.report import Curve, Options, Picture, Result, Row, Series, distribution, rank
from tests.integration.desk_kit import Part, ScriptedBridge, prepare, settings_of
from tests.integration.servers import RedisServer, wait_until

SIZES = (100, 300)
ROUNDS, CHANGES = 5, 60
EVERY_S = 0.04  # 25 changes a second: about six calls a second that begin, ring, talk and end
SINCE = 1_795_300_000.0
LAST_S = 30.0  # how long the last page may take
PEER = "websockets broadcast"


@dataclass(slots=True)
class Found:
    """What the rounds of one server and size gave."""

    delays_ms: list[float] = field(default_factory=list)  # of each change: until the last page had it
    medians_ms: list[float] = field(default_factory=list)
    p95_ms: list[float] = field(default_factory=list)
    each_us: list[float] = field(default_factory=list)  # processor time of the server for one change to one page, by round


@dataclass(frozen=True, slots=True)
class Bench:
    """Both servers over one Redis, and the live view's one writer."""

    settings: Settings
    publisher: LivePublisher
    ours: subprocess.Popen[bytes]
    peer: subprocess.Popen[bytes]
    peer_socket: Path


def measure(options: Options) -> Result:
    """Rounds of both servers and both sizes, the order turned in each."""
    sizes, rounds, changes = ((3,), 1, 5) if options.is_small else (SIZES, ROUNDS, CHANGES)
    found: dict[tuple[str, int], Found] = defaultdict(Found)
    folder = Path(tempfile.mkdtemp(prefix="hb", dir="/tmp"))  # short, for Unix sockets
    try:
        asyncio.run(_rounds(folder, found, Random(options.seed), sizes, rounds, changes))
    finally:
        shutil.rmtree(folder)
    rows = [row for size in sizes for row in _rows(found, size)]
    return Result(tuple(rows), _picture(found), NOTES)


NOTES = (
    "A change is one step of a call (waits, rings at one agent, talks, is gone) with its agent and queue, as the bridge tells it; "
    f"{1 / EVERY_S:.0f} a second. The delay counts from there until the last page has read it, all pages in one process.",
    "The peer sends the same bytes to all without asking who they are: no session, no rights, no masked numbers, no limit for who "
    "reads too slowly. Ours gives each page what its person may see.",
)


async def _rounds(
    folder: Path, found: dict[tuple[str, int], Found], dice: Random, sizes: tuple[int, ...], rounds: int, changes: int
) -> None:
    with _redis(folder) as url:
        async with _running(folder, url, max(sizes)) as bench:
            held = cookies(bench.settings, max(sizes), clock.now())
            number = 0
            for turn in range(rounds):
                for size in sizes:
                    for name in ("ours", PEER) if turn % 2 == 0 else (PEER, "ours"):
                        number = await _round(bench, name, held[:size], found[name, size], dice, number, changes)


async def _round(bench: Bench, name: str, held: list[str], found: Found, dice: Random, number: int, changes: int) -> int:
    """One crowd at one server: some changes one after the other; gives the number of the last."""
    server, where = (bench.ours, Door(str(bench.settings.paths.desk_socket))) if name == "ours" else (
        bench.peer, Door(str(bench.peer_socket)))  # fmt: skip
    async with crowd(where, held) as pages:
        number = _change(bench.publisher, number, dice)
        await pages.has_all(number, LAST_S)  # the snapshots are out
        used, sent = processor_s(server.pid), {}
        for _ in range(changes):
            number = _change(bench.publisher, number, dice)
            sent[number] = time.monotonic()
            await asyncio.sleep(EVERY_S)
        await pages.has_all(number, LAST_S)
        used = processor_s(server.pid) - used
        delays = [(pages.had(one) - at) * 1000 for one, at in sent.items()]
    found.delays_ms += delays
    found.medians_ms.append(rank(delays, 50))
    found.p95_ms.append(rank(delays, 95))
    found.each_us.append(used * 1e6 / changes / len(held))
    return number


def _change(publisher: LivePublisher, number: int, dice: Random) -> int:
    """Publish the next step of a call; its number is the mark in the queue's field, which every desk sees."""
    number += 1
    phase = ("waiting", "ringing", "talking", "gone")[number % 4]
    call_id, agent = f"h1-1795300000.{number // 4}", str(FIRST_EXTENSION + dice.randrange(300))
    call = {
        "id": call_id, "line": "12328", "direction": "in", "caller": "13855701234", "withheld": False, "dialled": "12328",
        "phase": phase, "since": SINCE, "arrived_at": SINCE, "queued_at": SINCE, "answered_at": None, "lost_by": None,
        "agent": agent if phase in ("ringing", "talking") else None, "queue": "hotline", "priority": 0, "position": 1,
        "head": False, "urgent": False, "party": None, "join": None, "alarm": None, "recording": True,
    }  # fmt: skip
    state = {
        "id": agent, "state": "ready" if phase in ("waiting", "gone") else phase, "since": SINCE, "reason": None, "until": None,
        "queues": ["hotline"], "call_id": call["agent"] and call_id, "reachable": True,
    }  # fmt: skip
    queue = {"name": "hotline", "title": "综合受理", "waiting": 3, "longest_since": SINCE, "ready": 40, "mark": number}
    fields: dict[str, object] = {f"agent:{agent}": state, "queue:hotline": queue}
    if phase != "gone":
        fields[f"call:{call_id}"] = call
    publisher.publish(fields, [f"call:{call_id}"] if phase == "gone" else [])
    return number


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    server = RedisServer(folder)
    server.start()
    try:
        yield server.url
    finally:
        server.close()


@asynccontextmanager
async def _running(folder: Path, url: str, people: int) -> AsyncIterator[Bench]:
    """The desk's real process, the peer's process and the bridge's side of the live view."""
    settings = settings_of(folder, redis_url=url)
    prepare(settings)
    add_people(settings, people, before=clock.now() - 60)
    bridge = await ScriptedBridge(settings.paths.bridge_socket).start()
    publisher = LivePublisher(url, now=clock.now, on_change=lambda state, reason: None)
    publisher.start()
    socket = folder / "peer.sock"
    desk = Part("agent_desktop", settings, settings.paths.desk_socket, HOTLINE_REDIS_URL=url)
    peer = _peer(socket, url)
    try:
        await asyncio.to_thread(desk.start)
        await asyncio.to_thread(wait_until, socket.exists, 20.0, "the peer listens")
        yield Bench(settings, publisher, desk.process, peer, socket)
    finally:
        peer.send_signal(signal.SIGKILL)
        peer.wait(5)
        desk.close()
        await publisher.close()
        await bridge.stop()


def _peer(socket: Path, url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.bench.bare_broadcast", str(socket), url], cwd=CHECKOUT)


def _rows(found: dict[tuple[str, int], Found], size: int) -> list[Row]:
    ours, peer = found["ours", size], found[PEER, size]
    return [
        Row(f"change until the last of {size} desks has it, median", "ms", tuple(ours.medians_ms), tuple(peer.medians_ms), PEER),
        Row(f"change until the last of {size} desks has it, p95", "ms", tuple(ours.p95_ms), tuple(peer.p95_ms), PEER),
        Row(f"processor time of one change for one of {size} desks", "us", tuple(ours.each_us), tuple(peer.each_us), PEER),
    ]


def _picture(found: dict[tuple[str, int], Found]) -> Picture:
    curves: list[Curve] = [distribution(f"{name}, {size} desks", one.delays_ms) for (name, size), one in sorted(found.items())]
    return Picture("A change until the last desk has it", "ms", "share of changes (%)", tuple(curves), log_x=True)


SERIES = Series(
    "fanout",
    "A change of the live view to all desks",
    "What does it cost to tell every desk its own view of each change? The desk's real process behind a real Redis, pages as bare "
    "websockets on its socket; the peer gets the same changes from the same Redis.",
    measure,
)

"""Owns the ways to hurt a running hotline that only this campaign has: links, Redis' memory, many deaths, a second bridge."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import redis

from hotline_core.adapters.live import LIVE_KEY
from hotline_core.adapters.live_publisher import SEQ_KEY
from tests.campaign.harms import Harm
from tests.faults.network import losing, share
from tests.running.instance import CHECKOUT, Hotline

SOON_S = 15.0
STANDING_BY = "another bridge is at work, standing by"


def frozen(part: str, for_s: float) -> Harm:
    """It is there and does nothing; the supervisor sees nothing."""

    @asynccontextmanager
    async def harm(hotline: Hotline) -> AsyncIterator[None]:
        pid = await asyncio.to_thread(hotline.pid, part)
        await asyncio.to_thread(hotline.signal, part, signal.SIGSTOP)
        try:
            yield
            await asyncio.sleep(for_s)
        finally:
            assert await asyncio.to_thread(hotline.pid, part) == pid
            hotline.signal(part, signal.SIGCONT)

    return harm


def loop_of_deaths(part: str, times: int, every_s: float) -> Harm:
    """Killed, started again by the supervisor, killed again."""

    @asynccontextmanager
    async def harm(hotline: Hotline) -> AsyncIterator[None]:
        yield
        for _ in range(times):
            if pid := await asyncio.to_thread(hotline.pid, part):
                await asyncio.to_thread(hotline.signal, part, signal.SIGKILL)
                while await asyncio.to_thread(hotline.pid, part) == pid:  # noqa: ASYNC110 - the supervisor's word
                    await asyncio.sleep(0.02)
            await asyncio.sleep(every_s)

    return harm


@asynccontextmanager
async def dead_pbx(hotline: Hotline) -> AsyncIterator[None]:
    """Asterisk is killed; over when another one has booted."""
    before = await asyncio.to_thread(hotline.pid, "asterisk")
    await asyncio.to_thread(hotline.signal, "asterisk", signal.SIGKILL)
    yield
    ends_at = asyncio.get_running_loop().time() + SOON_S
    while not await asyncio.to_thread(_booted, hotline, before):
        assert asyncio.get_running_loop().time() < ends_at, "Asterisk is not back"
        await asyncio.sleep(0.1)


def _booted(hotline: Hotline, before: int) -> bool:
    try:
        return hotline.pid("asterisk") != before and "fully booted" in hotline.asterisk("core waitfullybooted")
    except subprocess.SubprocessError:
        return False


def lost_packets(percent: int, for_s: float) -> Harm:
    """So many of a hundred datagrams (SIP and sound) get lost."""

    @asynccontextmanager
    async def harm(hotline: Hotline) -> AsyncIterator[None]:
        with losing(share(percent, "meta l4proto udp")):
            yield
            await asyncio.sleep(for_s)

    return harm


def cut_telephony(for_s: float) -> Harm:
    """Neither SIP nor sound gets through, in any direction."""
    return lost_packets(100, for_s)


def half_open_ami(for_s: float) -> Harm:
    """The link between bridge and Asterisk stays open on both sides and carries nothing."""

    @asynccontextmanager
    async def harm(hotline: Hotline) -> AsyncIterator[None]:
        port = hotline.settings.ami_port
        with losing(f"tcp dport {port}", f"tcp sport {port}"):
            yield
            await asyncio.sleep(for_s)

    return harm


def _redis(hotline: Hotline) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(hotline.settings.paths.redis_socket), socket_timeout=5)


@asynccontextmanager
async def emptied_redis(hotline: Hotline) -> AsyncIterator[None]:
    """Somebody emptied it (FLUSHALL)."""
    with closing(_redis(hotline)) as memory:
        memory.flushall()
    yield


@asynccontextmanager
async def evicting_redis(hotline: Hotline) -> AsyncIterator[None]:
    """Its memory is full and its policy is to forget: the view goes, the mark of its place stays."""
    with closing(_redis(hotline)) as memory:
        memory.delete(LIVE_KEY)
    yield


@asynccontextmanager
async def full_redis(hotline: Hotline) -> AsyncIterator[None]:
    """Its memory is full and it forgets nothing: each write is refused for 5 s."""
    with closing(_redis(hotline)) as memory:
        memory.config_set("maxmemory", "1kb")
        try:
            yield
            await asyncio.sleep(5.0)
        finally:
            memory.config_set("maxmemory", "256mb")


@asynccontextmanager
async def corrupted_view(hotline: Hotline) -> AsyncIterator[None]:
    """A field of the live view is no JSON any more, and the desk has to read everything anew."""
    with closing(_redis(hotline)) as memory:
        memory.hset(LIVE_KEY, "agent:1001", '{"id": "1001", "sta')
        memory.publish(LIVE_KEY, '{"epoch":"nobody","seq":7,"set":{},"del":[]}')
    yield


@asynccontextmanager
async def corrupted_mark(hotline: Hotline) -> AsyncIterator[None]:
    """What says how far the live view is, is not what anybody wrote."""
    with closing(_redis(hotline)) as memory:
        memory.set(SEQ_KEY, '["no", "mark"]')
    yield


@asynccontextmanager
async def corrupted_delta(hotline: Hotline) -> AsyncIterator[None]:
    """What is published is no change of a view."""
    with closing(_redis(hotline)) as memory:
        for text in ("no JSON", "[1, 2]", '{"epoch": 5}', "null"):
            memory.publish(LIVE_KEY, text)
    yield


@asynccontextmanager
async def torn_journal(hotline: Hotline) -> AsyncIterator[None]:
    """Entries of the dialplan's journal that no dialplan wrote; then a bridge that has to read it."""
    for family in ("hlcall", "hlans", "hlend", "hlout", "hlleg", "hlthird"):
        await asyncio.to_thread(hotline.asterisk, f'database put {family} torn-{family} "17952,,;{{"')
    await asyncio.to_thread(hotline.signal, "bridge", signal.SIGKILL)
    try:
        yield
    finally:
        for family in ("hlcall", "hlans", "hlend", "hlout", "hlleg", "hlthird"):
            await asyncio.to_thread(hotline.asterisk, f"database del {family} torn-{family}")


@asynccontextmanager
async def second_bridge(hotline: Hotline) -> AsyncIterator[None]:
    """Somebody starts another bridge; the first is killed, the second takes over, and gives its place back when it ends."""
    log = hotline.home / "log" / "second_bridge.log"
    with log.open("wb") as out:
        second = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "ami_bridge", cwd=CHECKOUT, env=hotline.environment, stdout=out, stderr=out
        )
    try:
        await _until_said(log, STANDING_BY)
        yield
        await asyncio.to_thread(hotline.signal, "bridge", signal.SIGKILL)
        await _until_said(log, "taking over")
        await _until_said(log, "in step with asterisk")
        await asyncio.sleep(2.0)
    finally:
        second.terminate()
        async with asyncio.timeout(10):
            await second.wait()


async def _until_said(log: Path, words: str) -> None:
    ends_at = asyncio.get_running_loop().time() + SOON_S
    while words not in await asyncio.to_thread(log.read_text, "utf-8", "replace"):
        assert asyncio.get_running_loop().time() < ends_at, f"the second bridge did not say: {words}"
        await asyncio.sleep(0.05)

"""Owns the ways to hurt a running hotline: each harm begins when its block is entered and is undone when it is left."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path

from tests.running.instance import Hotline

AWAY_S = 10.0
BACK_S = 40.0

Harm = Callable[[Hotline], AbstractAsyncContextManager[None]]


def kill(part: str) -> Harm:
    """kill -9; the supervisor starts it again."""

    @asynccontextmanager
    async def harm(hotline: Hotline) -> AsyncIterator[None]:
        await asyncio.to_thread(hotline.signal, part, signal.SIGKILL)
        yield

    return harm


def freeze(part: str) -> Harm:
    """It is there and does nothing for 10 s: the supervisor sees nothing."""

    @asynccontextmanager
    async def harm(hotline: Hotline) -> AsyncIterator[None]:
        ends_at = asyncio.get_running_loop().time() + AWAY_S
        await asyncio.to_thread(hotline.signal, part, signal.SIGSTOP)
        try:
            yield
            await asyncio.sleep(max(0.0, ends_at - asyncio.get_running_loop().time()))
        finally:
            hotline.signal(part, signal.SIGCONT)

    return harm


def lock(database: str) -> Harm:
    """Somebody else holds the SQLite file for 10 s."""

    @asynccontextmanager
    async def harm(hotline: Hotline) -> AsyncIterator[None]:
        ends_at = asyncio.get_running_loop().time() + AWAY_S
        with closing(sqlite3.connect(hotline.settings.paths.databases / f"{database}.sqlite", timeout=5.0)) as held:
            held.execute("BEGIN IMMEDIATE")
            yield
            await asyncio.sleep(max(0.0, ends_at - asyncio.get_running_loop().time()))
            held.rollback()

    return harm


def fill(*folders: str) -> Harm:
    """The file system under these folders of HOTLINE_HOME has no byte left for 10 s."""

    @asynccontextmanager
    async def harm(hotline: Hotline) -> AsyncIterator[None]:
        ends_at = asyncio.get_running_loop().time() + AWAY_S
        fillers = [hotline.home / folder / "filler" for folder in folders]
        for filler in fillers:
            await asyncio.to_thread(_fill, filler)
        try:
            yield
            await asyncio.sleep(max(0.0, ends_at - asyncio.get_running_loop().time()))
        finally:
            for filler in fillers:
                filler.unlink()

    return harm


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as filler:
        for size in (65_536, 512, 1):
            try:
                while filler.write(bytes(size)):
                    pass
            except OSError:
                continue  # no room for a piece of this size


async def back(hotline: Hotline) -> None:
    """Every part is up again."""
    await asyncio.to_thread(hotline.wait, hotline.is_ready, BACK_S, "every part is back")

"""Owns what a disk can do to a hotline: be full, be slow, hang, and lose the end of what was written."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.campaign.harms import Harm
from tests.running.instance import Hotline

FREEZE = "/usr/sbin/fsfreeze"
# The thaw follows in the same shell, whatever becomes of the test: what writes to a frozen disk cannot even be killed.
FROZEN = f'i=0; while [ "$i" -lt "$3" ]; do {FREEZE} -f "$0"; sleep "$1"; {FREEZE} -u "$0"; sleep "$2"; i=$((i+1)); done'


def full(for_s: float) -> Harm:
    """Not one byte is left on the disk that holds everything."""

    @asynccontextmanager
    async def harm(hotline: Hotline) -> AsyncIterator[None]:
        filler = hotline.home / "filler"
        await asyncio.to_thread(_fill, str(filler))
        try:
            yield
            await asyncio.sleep(for_s)
        finally:
            filler.unlink()

    return harm


def _fill(path: str) -> None:
    """Take blocks without writing them, big ones first; the disk's other writers race for the rest."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    size, piece = 0, 64 * 2**20
    try:
        while piece >= 4096:
            try:
                os.posix_fallocate(descriptor, size, piece)
                size += piece
            except OSError:
                piece //= 2
    finally:
        os.close(descriptor)


def slow(times: int, wait_s: float = 0.3, free_s: float = 0.1) -> Harm:
    """Whoever writes waits up to `wait_s`, again and again, with moments between in which all goes through."""
    return _frozen(wait_s, free_s, times)


def hanging(for_s: float) -> Harm:
    """Whoever writes waits until the disk is back."""
    return _frozen(for_s, 0.1, 1)


def _frozen(wait_s: float, free_s: float, times: int) -> Harm:
    @asynccontextmanager
    async def harm(hotline: Hotline) -> AsyncIterator[None]:
        argv = ["sh", "-c", FROZEN, str(hotline.home), str(wait_s), str(free_s), str(times)]
        freezer = await asyncio.create_subprocess_exec(*argv, start_new_session=True)
        yield
        async with asyncio.timeout(60):
            assert await freezer.wait() == 0

    return harm


@asynccontextmanager
async def torn_ledger(hotline: Hotline) -> AsyncIterator[None]:
    """The bridge dies, and of its last lines only a part is on the disk; supervised again with that."""
    await asyncio.to_thread(hotline.stop, "bridge")
    try:
        for kind in ("chain", "personal"):
            newest = max((hotline.home / "ledger").glob(f"*.{kind}.jsonl"))
            with newest.open("ab") as ledger:
                ledger.write(b'{"seq":999999,"at":17952' if kind == "chain" else b"\0" * 300 + b"\n")
        yield
    finally:
        await asyncio.to_thread(hotline.start_again, "bridge")

"""Two bridges of one hotline beside one scripted Asterisk: one works, the other stands by and takes over within a second."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from hotline_core.adapters.ledger import LedgerReader, verify
from hotline_core.adapters.secrets import load_or_make
from hotline_core.settings import Settings
from tests.hostile.ami import CAPTURES, GREETING
from tests.integration.hostile_ami_kit import AFTERWARDS, CALL, Bridge, Peer, beaten
from tests.integration.servers import RedisServer

pytestmark = pytest.mark.integration

SOON_S = 15.0  # a Python process starts on a busy machine
STANDING_BY = "another bridge is at work, standing by"


@dataclass(slots=True)
class Pair:
    """The scripted Asterisk, and as many bridges as a test starts."""

    home: Path
    peer: Peer
    redis_url: str
    stack: AsyncExitStack

    def start(self, name: str) -> Bridge:
        """One more bridge of this hotline; its log is its own."""
        folder = self.home.parent / name
        folder.mkdir()
        return self.stack.enter_context(closing(Bridge(self.home, self.peer.port, self.redis_url, log_folder=folder)))


@pytest.fixture
async def pair(short_folder: Path, redis_server: RedisServer) -> AsyncIterator[Pair]:
    """An Asterisk without a bridge."""
    home = short_folder / "home"
    (home / "run").mkdir(parents=True)
    async with AsyncExitStack() as stack:
        peer = Peer(load_or_make(Settings(home=home).paths.secrets).ami)
        await stack.enter_async_context(peer.running())
        yield Pair(home, peer, redis_server.url, stack)


async def until(is_true: Callable[[], bool], what: str) -> None:
    """Look until it is true."""
    ends_at = asyncio.get_running_loop().time() + SOON_S
    while not is_true():
        assert asyncio.get_running_loop().time() < ends_at, what
        await asyncio.sleep(0.02)


async def test_of_two_bridges_one_stands_by_and_follows_calls_when_the_first_is_killed(pair: Pair) -> None:
    """While the first works the second does not even log in; then it has the next call whole, in the same chain."""
    first = pair.start("first")
    await beaten(first, pair.peer, 2)
    second = pair.start("second")
    await until(lambda: STANDING_BY in second.log, "the second one stands by")
    await beaten(first, pair.peer, 2)
    assert len(pair.peer.writers) == 1, "two bridges talk to one Asterisk"

    real = (CAPTURES / "whole_call.ami").read_bytes().removeprefix(GREETING)
    pair.peer.writers[-1].write(real)
    await beaten(first, pair.peer, 2)
    first.process.send_signal(signal.SIGKILL)
    await until(lambda: len(pair.peer.writers) == 2, "the second one takes over")
    await beaten(second, pair.peer, 2)
    pair.peer.writers[-1].write(real.replace(CALL.encode(), AFTERWARDS.encode()))
    await beaten(second, pair.peer, 2)

    ended = [one.call_id for one in LedgerReader(pair.home / "ledger").after(0, 10_000) if one.kind == "call_ended"]
    assert ended == [CALL, AFTERWARDS]
    assert verify(pair.home / "ledger").ok
    assert second.log.count(STANDING_BY) == 1, "told once, however long it stands by"


async def test_a_bridge_that_stands_by_ends_when_it_is_told_to_and_the_one_at_work_notices_nothing(pair: Pair) -> None:
    """SIGTERM while standing by is a clean end."""
    first = pair.start("first")
    await beaten(first, pair.peer, 2)
    second = pair.start("second")
    await until(lambda: STANDING_BY in second.log, "the second one stands by")
    second.process.terminate()
    await until(lambda: second.process.poll() is not None, "the second one ends")
    assert second.process.returncode == 0
    await beaten(first, pair.peer, 2)
    assert len(pair.peer.writers) == 1
    assert (pair.home / "run" / "bridge.sock").exists(), "the socket of the one at work was taken away"


async def test_a_bridge_that_ends_gives_its_place_to_the_one_that_stands_by(pair: Pair) -> None:
    """What a restart one by one uses: no moment without a bridge that would last as long as a start."""
    first = pair.start("first")
    await beaten(first, pair.peer, 2)
    second = pair.start("second")
    await until(lambda: STANDING_BY in second.log, "the second one stands by")
    first.process.terminate()
    await until(lambda: first.process.poll() is not None, "the first one ends")
    await beaten(second, pair.peer, 2)
    assert first.process.returncode == 0
    assert verify(pair.home / "ledger").ok

"""Bad input by the thousand: AMI streams, SIP, HTTP, websockets; nothing dies, nothing is lost, a call gets through after it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hotline_core.domain.board import Board
from tests.campaign.conftest import OpenTable
from tests.hostile.ami import streams
from tests.hostile.reading import a_real_call_goes_through, read_all
from tests.integration.conftest import postgres, redis_server, short_folder
from tests.integration.hostile_ami_kit import AFTERWARDS, attack, projected
from tests.integration.servers import PostgresServer, RedisServer

pytestmark = pytest.mark.campaign

STREAMS = 10_000
COLUMNS = ("what", "seed", "sent", "meant something", "seconds", "afterwards")

__all__ = ["postgres", "redis_server", "short_folder"]  # fixtures of the ordinary tests


def test_random_ami_streams_through_decoder_translation_and_board(
    table: OpenTable, runs: Callable[[int], int], seed: int
) -> None:
    """One board for all of them, as a bridge has."""
    dice, board, began = random.Random(seed), Board(), time.monotonic()
    packets = events = 0
    for stream in streams(seed, runs(STREAMS)):
        more = read_all(stream, dice, board)
        packets, events = packets + more[0], events + more[1]
    board.calls.pop("h1-1795296633.2", None)
    is_through = a_real_call_goes_through(board)
    rows = table("bad-input", "Bad input", *COLUMNS)
    took = f"{time.monotonic() - began:.1f}"
    meant = f"{packets} packets, {events} events"
    rows.add("AMI streams: decoder, translation, board", seed, runs(STREAMS), meant, took, "a call is followed")
    assert is_through


async def test_random_ami_streams_at_the_bridges_process(
    short_folder: Path, redis_server: RedisServer, postgres: PostgresServer, tmp_path: Path, table: OpenTable,
    runs: Callable[[int], int], seed: int,
) -> None:  # fmt: skip
    """The real process on one link; what it wrote goes into both databases; the call after it is listed."""
    began = time.monotonic()
    ledger, links = await attack(short_folder, redis_server.url, seed, runs(STREAMS))
    for url in (f"sqlite:///{tmp_path / 'calls.sqlite'}", postgres.new_database()):
        store = await asyncio.to_thread(projected, ledger, url)
        listed = store.call(AFTERWARDS)
        assert listed is not None
        assert (listed.call.state, listed.call.outcome) == ("ended", "answered")
    rows = table("bad-input", "Bad input", *COLUMNS)
    took = f"{time.monotonic() - began:.1f}"
    rows.add("AMI streams: bridge's process", seed, runs(STREAMS), f"links: {links}", took, "a call is listed in both databases")

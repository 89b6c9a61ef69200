"""Bad input by the thousand: AMI streams, SIP, HTTP, websockets; nothing dies, nothing is lost, a call gets through after it."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hotline_core.domain.board import Board
from tests.campaign.conftest import OpenTable
from tests.hostile import sip, web
from tests.hostile.ami import streams
from tests.hostile.reading import a_real_call_goes_through, read_all
from tests.integration.conftest import postgres, redis_server, short_folder
from tests.integration.hostile_ami_kit import AFTERWARDS, attack, projected
from tests.integration.servers import PostgresServer, RedisServer
from tests.running.attack import Answers, frame_attack, http_attack, pids, relay_attack, sign_in, sip_attack, tracebacks
from tests.running.instance import Hotline
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.campaign

STREAMS = 10_000
DATAGRAMS = 5_000
FRAMES = 2_000
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


async def a_call_gets_through(hotline: Hotline) -> None:
    """A citizen is answered and hears something; nobody is left on the line afterwards."""
    async with SipCaller(hotline.sip, "13855717009") as phone:
        call = await phone.call("12345")
        await call.answered.within(5)
        await call.listen(1.0)
        await call.hang_up()
    await asyncio.to_thread(hotline.wait, lambda: hotline.callers() == [], 10, "nobody is left on the line")


@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.66"], ids=["a carrier gone mad", "a stranger"])
async def test_torture_over_sip(hotline: Hotline, table: OpenTable, runs: Callable[[int], int], seed: int, source: str) -> None:
    """The named messages and thousands of spoilt ones from one socket."""
    before, began = pids(hotline), time.monotonic()
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as udp:
        udp.bind((source, 0))
        port, server = udp.getsockname()[1], f"{hotline.sip[0]}:{hotline.sip[1]}"
        named = list(sip.corpus(source, port, server).values())
        sent = [*named, *sip.spoilt(seed, runs(DATAGRAMS), source, port, server)]
        answers = await sip_attack(hotline, sent, udp)
    await _tell(hotline, table, f"SIP datagrams from {source}", seed, len(sent), answers, began, before)


async def test_hostile_http_and_frames(hotline: Hotline, table: OpenTable, runs: Callable[[int], int], seed: int) -> None:
    """Raw requests, frames of a signed-in page, SIP on its telephone connection."""
    before, began = pids(hotline), time.monotonic()
    cookie = await sign_in(hotline, "agent3")
    requests = web.requests(f"127.0.0.1:{hotline.settings.http_port}", cookie)
    await _tell(hotline, table, "HTTP requests", seed, len(requests), await http_attack(hotline, requests), began, before)
    frames = [*web.frames().values(), *web.spoilt_frames(seed, runs(FRAMES))]
    answers = await frame_attack(hotline, cookie, frames, web.ANSWERED)
    await _tell(hotline, table, "frames to /ws", seed, len(frames), answers, began, before)
    server = f"{hotline.sip[0]}:{hotline.sip[1]}"
    datagrams = [*sip.corpus("127.0.0.1", 9, server).values(), *sip.spoilt(seed, runs(200), "127.0.0.1", 9, server)]
    told = await relay_attack(hotline, cookie, datagrams)
    await _tell(hotline, table, "frames to /sip", seed, len(datagrams), told, began, before)


async def _tell(
    hotline: Hotline, table: OpenTable, what: str, seed: int, sent: int, answers: Answers, began: float, before: dict[str, int]
) -> None:
    await a_call_gets_through(hotline)
    alive = "no part died, a call gets through" if pids(hotline) == before else f"died: {before} {pids(hotline)}"
    answered = ", ".join(f"{status}: {count}" for status, count in sorted(answers.statuses.items()))
    rows = table("bad-input", "Bad input", *COLUMNS)
    rows.add(what, seed, sent, answered, f"{time.monotonic() - began:.1f}", alive)
    assert answers.faults == []
    assert pids(hotline) == before
    assert tracebacks(hotline) == []

"""Owns a hotline in service for attacks by telephone: one trunk known by its address, its carrier, an agent's telephone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise

import pytest
import pytest_asyncio

from hotline_core.settings import DEFAULT_CITY
from tests.running.carriers import MU
from tests.running.hardware import IN_FORCE_S, accounts
from tests.running.instance import Hotline
from tests.sip.agent import Refused, SipCaller
from tests.sip.call import Call
from tests.sip.carrier import Carrier
from tests.sip.policy import RingForever
from tests.sip.ports import free_port
from tests.sip.sdp import PCMA


@pytest.fixture(scope="module")
def port() -> int:
    return free_port(MU)


@pytest.fixture(scope="module")
def service(port: int) -> Iterator[Hotline]:
    """In service, no demo: one trunk that is known by its address, and an agent with a hardware telephone."""
    city = DEFAULT_CITY.read_text(encoding="utf-8").replace("trunks: {}", f"trunks: {{one: {{host: {MU}, port: {port}}}}}\n#")
    hotline = Hotline(city, HOTLINE_DEMO="0")
    try:
        hotline.start()
        accounts(hotline, "add", "--login", "agent1", "--name", "张敏", "--role", "agent", "--extension", "1001")
        accounts(hotline, "change", "--login", "agent1", "--phone-kind", "hardware")
        yield hotline
    finally:
        hotline.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def carrier(service: Hotline, port: int) -> AsyncIterator[Carrier]:
    """The one carrier: it rings whatever it is asked for, and keeps what came."""
    async with Carrier(service.sip, local_ip=MU, local_port=port, codec=PCMA) as one:
        one.user = "05573021111"
        one.on_invite = RingForever()
        yield one


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def telephone(service: Hotline) -> AsyncIterator[SipCaller]:
    """The agent's telephone, in a thief's hands."""
    password = await asyncio.to_thread(accounts, service, "telephone", "--login", "agent1")
    ends_at = asyncio.get_running_loop().time() + IN_FORCE_S
    async with SipCaller(service.sip, "agent-1001") as phone:
        while True:
            try:
                await phone.register("agent-1001", password)
                break
            except Refused:
                assert asyncio.get_running_loop().time() < ends_at, "the telephone is not in force"
                await asyncio.sleep(0.3)
        yield phone


def dialled(carrier: Carrier) -> list[str]:
    """The request URIs of the calls that reached the carrier."""
    return [request.uri for request in carrier.got("INVITE")]


def longest_gap_s(call: Call) -> float:
    """The longest time in which no packet of sound came."""
    times = [packet.arrived_s for packet in call.rtp.packets]
    return max(later - earlier for earlier, later in pairwise(times))

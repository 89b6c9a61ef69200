"""Scanners, torture messages, hostile HTTP and frames at the running hotline: clear refusals, nothing dies, a call gets through."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing

import pytest

from tests.hostile import sip, web
from tests.running.attack import frame_attack, http_attack, pids, relay_attack, sign_in, sip_attack, tracebacks
from tests.running.instance import Hotline
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.asterisk

SPOILT = 300


async def a_call_gets_through(hotline: Hotline) -> None:
    """A citizen is answered and hears something."""
    async with SipCaller(hotline.sip, "13855717001") as phone:
        call = await phone.call("12345")
        await call.answered.within(5)
        await call.listen(1.0)
        await call.hang_up()


@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.66"], ids=["a carrier gone mad", "a stranger"])
async def test_torture_over_sip_is_refused_and_a_call_gets_through_after_it(hotline: Hotline, source: str, seed: int) -> None:
    """In the spirit of RFC 4475: no part dies, no torture call is accepted, no call is left over."""
    before = pids(hotline)
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as udp:
        udp.bind((source, 0))
        port, server = udp.getsockname()[1], f"{hotline.sip[0]}:{hotline.sip[1]}"
        datagrams = [*sip.corpus(source, port, server).values(), *sip.spoilt(seed, SPOILT, source, port, server)]
        answers = await sip_attack(hotline, datagrams, udp)
    assert answers.faults == []
    assert answers.statuses["200"] <= 2, "the two OPTIONS at most"
    assert sum(answers.statuses.values()) > 20
    await a_call_gets_through(hotline)
    assert pids(hotline) == before
    await asyncio.to_thread(hotline.wait, lambda: hotline.callers() == [], 10, "nobody is left on the line")


async def test_hostile_http_is_refused_with_a_code_and_a_chinese_sentence(hotline: Hotline) -> None:
    """Raw requests no browser sends: no error of ours, no words of a program, no part dies."""
    before = pids(hotline)
    cookie = await sign_in(hotline, "agent3")
    answers = await http_attack(hotline, web.requests(f"127.0.0.1:{hotline.settings.http_port}", cookie))
    assert answers.faults == []
    assert pids(hotline) == before
    assert tracebacks(hotline) == []


async def test_hostile_frames_of_a_signed_in_page_are_refused_each_with_its_sentence(hotline: Hotline, seed: int) -> None:
    """Live view and telephone: every click that has a name is answered, nothing else disturbs anybody."""
    before = pids(hotline)
    cookie = await sign_in(hotline, "agent3")
    frames = [*web.frames().values(), *web.spoilt_frames(seed, 100)]
    answers = await frame_attack(hotline, cookie, frames, web.ANSWERED)
    assert answers.faults == []
    server = f"{hotline.sip[0]}:{hotline.sip[1]}"
    told = await relay_attack(hotline, cookie, list(sip.corpus("127.0.0.1", 9, server).values()))
    assert told.faults == []
    assert told.statuses["200"] == 0
    await a_call_gets_through(hotline)
    assert pids(hotline) == before
    assert tracebacks(hotline) == []

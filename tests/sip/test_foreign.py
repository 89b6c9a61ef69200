"""Owns the self-tests of the foreign test telephones: SIPp and baresip call ours, and are called."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sip.agent import SipCaller
from tests.sip.baresip import Baresip
from tests.sip.policy import BUSY
from tests.sip.rtp import Tone
from tests.sip.sipp import call_with_sipp
from tests.sip.tones import dominant, level_of, tone

pytestmark = pytest.mark.integration



@pytest.fixture
async def hotline() -> AsyncIterator[SipCaller]:
    """A telephone that answers."""
    async with SipCaller(("127.0.0.1", 9), "12328") as phone:
        yield phone


async def test_sipp_calls_plays_its_tone_and_hangs_up(hotline: SipCaller, tmp_path: Path) -> None:
    """The tone is heard at its level, the counts say one success."""
    async with asyncio.TaskGroup() as group:
        sipp = group.create_task(call_with_sipp(hotline.address, "12328", folder=tmp_path, hold_s=1.5, freq_hz=900))
        call = await hotline.next_call(5)
        await call.wait_ended(5)
    assert level_of(call.heard(1), 900) == pytest.approx(8000, rel=0.05)
    assert call.ended_by == "them"
    report = sipp.result()
    assert (report.succeeded, report.failed, report.is_clean) == (1, 0, True)


async def test_sipp_waits_for_our_bye(hotline: SipCaller, tmp_path: Path) -> None:
    """The other scenario: we hang up, SIPp counts a success."""
    async with asyncio.TaskGroup() as group:
        sipp = group.create_task(call_with_sipp(hotline.address, "12328", folder=tmp_path, ending="they hang up", hold_s=10))
        call = await hotline.next_call(5)
        await call.answered.within(2)
        await call.hang_up()
    assert sipp.result().is_clean


async def test_sipp_counts_refused_calls_as_failed(hotline: SipCaller, tmp_path: Path) -> None:
    """Three calls to a busy number: no success, three failures."""
    hotline.on_invite = BUSY
    report = await call_with_sipp(hotline.address, "12328", folder=tmp_path, calls=3, calls_per_s=10)
    assert (report.succeeded, report.failed, report.is_clean) == (0, 3, False)


async def test_baresip_calls_and_a_tone_goes_each_way(hotline: SipCaller, tmp_path: Path) -> None:
    """A softphone that is not ours: both levels within 5 %, its keys arrive."""
    async with Baresip(tmp_path, source=tone(700, 30, 6000)) as phone:
        await phone.dial(f"sip:12328@127.0.0.1:{hotline.address[1]}")
        call = await hotline.next_call(2)
        call.send(Tone(1200, 5000))
        await phone.press("12#")
        await call.listen(0.8)
        assert call.digits == "12#"
        assert level_of(call.heard(0.5), 700) == pytest.approx(6000, rel=0.05)
        await phone.hang_up()
        await call.wait_ended(2)
        assert call.ended_by == "them"
        assert level_of(phone.heard()[-5600:-800], 1200) == pytest.approx(5000, rel=0.05)
        assert dominant(phone.spoken()[-5600:-800]) == pytest.approx(700, abs=3)


async def test_baresip_is_called_and_answers_by_itself(tmp_path: Path) -> None:
    """Our telephone calls it directly; it hears that we hung up."""
    phone = Baresip(tmp_path, "8001", source=tone(500, 30, 6000), answers=True)
    async with phone, SipCaller(phone.address) as caller:
        call = await caller.call("8001")
        await call.answered.within(5)
        await call.listen(1.2)
        assert dominant(call.heard(0.8)) == pytest.approx(500, abs=2)
        await call.hang_up()
        await phone.closed.within(3)

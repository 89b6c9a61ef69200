"""Rows of the failure table that need a hotline of their own or another end: PostgreSQL, a full disk, Asterisk, the page itself."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest
from playwright.async_api import expect

from hotline_core.adapters.ledger import verify
from hotline_core.settings import DEFAULT_CITY
from tests.campaign.conftest import OpenTable
from tests.campaign.harms import AWAY_S, back, fill
from tests.campaign.stages import CITIZEN_HZ, STAGES, ended_and_kept
from tests.campaign.test_failures import COLUMNS, GAP_MS, limits
from tests.campaign.walking import listed
from tests.integration.servers import PostgresServer, own_postgres
from tests.running.facts import live_equals_asterisk, recording_of, stored_call
from tests.running.instance import Hotline
from tests.running.page import AGENT_HZ, Agents, Desk, ready_agent
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.sip.rtp import Tone
from tests.sip.tones import absent_ms, silent_ms

pytestmark = pytest.mark.campaign

CITY = DEFAULT_CITY.read_text(encoding="utf-8").replace("wrap_up_s: 5", "wrap_up_s: 1")
DISK = "8m"
TAIL_S = 2.6  # design: 2.1 s of sound, and the moment between the measurement and the kill
ASTERISK_BACK_S = 15.0
RELOAD_MS = 1000.0
VANISHED_MS = 3400.0


@pytest.fixture(scope="module")
def on_postgres() -> Iterator[tuple[Hotline, PostgresServer]]:
    """A hotline whose two databases are on one PostgreSQL."""
    with own_postgres() as server:
        databases = {"HOTLINE_CALLS_DATABASE": server.new_database(), "HOTLINE_TICKETS_DATABASE": server.new_database()}
        hotline = Hotline(CITY, **databases)
        hotline.start()
        yield hotline, server
        hotline.close()


@pytest.fixture(scope="module")
def on_small_disks() -> Iterator[Hotline]:
    """A hotline whose ledger and spool lie on file systems of a few megabytes each."""
    hotline = Hotline(CITY)
    folders = [hotline.home / name for name in ("ledger", "spool")]
    for folder in folders:
        folder.mkdir(mode=0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0700", "tmpfs", str(folder)], check=True)
    try:
        hotline.start()
        yield hotline
    finally:
        for folder in folders:
            subprocess.run(["umount", "-l", str(folder)], check=True)
        hotline.close()


@pytest.mark.parametrize("stage", STAGES)
async def test_a_caller_reaches_an_agent_while_postgresql_is_away(
    on_postgres: tuple[Hotline, PostgresServer], tmp_path: Path, table: OpenTable, stage: str
) -> None:
    """Stopped for 10 s; what the agent writes meanwhile stays in the page and is saved afterwards; every call is listed."""
    hotline, server = on_postgres

    @asynccontextmanager
    async def away(_hotline: Hotline) -> AsyncIterator[None]:
        going = asyncio.create_task(asyncio.to_thread(server.restart, AWAY_S))
        yield
        await going

    allowed, failure = limits("PostgreSQL", stage), f"PostgreSQL stopped {AWAY_S:.0f} s"
    with hotline.api() as api:
        async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855721001") as phone:
            seen, call = await STAGES[stage](hotline, desk, phone, away, "12345")
            await ended_and_kept(hotline, api, desk, call, seen)
    table("failures", "Failures", *COLUMNS).add(
        failure, stage, f"{seen.silence_ms:.0f}", f"{seen.rung_s:.1f}", f"{seen.talk_s:.1f}", f"{seen.recording_gap_ms:.0f}",
        f"{seen.outcome}, ended by {seen.by}", allowed,
    )  # fmt: skip
    assert (seen.outcome, seen.by) == ("answered", "agent")
    assert 0 <= seen.recording_gap_ms < GAP_MS
    assert seen.silence_ms < allowed.silence_ms
    assert seen.rung_s < allowed.rung_s


async def test_what_an_agent_writes_while_the_database_is_away_is_kept_in_the_page_and_saved_when_it_is_back(
    on_postgres: tuple[Hotline, PostgresServer], tmp_path: Path
) -> None:
    """The form is never lost."""
    hotline, server = on_postgres
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855721002") as phone:
        call = await phone.call("12345")
        await desk.answer()
        going = asyncio.create_task(asyncio.to_thread(server.restart, 5.0))
        await asyncio.sleep(0.5)
        await desk.page.fill("#draft-text", "数据库不在时写下的")
        await going
        await expect(desk.page.locator("#draft-state")).to_have_attribute("data-state", "saved", timeout=30_000)
        await desk.page.reload()
        await expect(desk.page.locator("#draft-text")).to_have_value("数据库不在时写下的", timeout=15_000)
        await call.hang_up()


@pytest.mark.parametrize("stage", STAGES)
async def test_a_caller_reaches_an_agent_while_the_disk_is_full(
    on_small_disks: Hotline, tmp_path: Path, table: OpenTable, stage: str
) -> None:
    """The call goes on, health tells the trouble, the ledger is whole afterwards, and the call is listed."""
    hotline, told = on_small_disks, list[str]()
    filled = fill("ledger", "spool")

    @asynccontextmanager
    async def full(_hotline: Hotline) -> AsyncIterator[None]:
        async with filled(hotline):
            yield
            told.append(str((await asyncio.to_thread(hotline.health))["parts"]["ledger"]["state"]))

    allowed = limits("disk", stage)
    with hotline.api() as api:
        async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855722001") as phone:
            seen, call = await STAGES[stage](hotline, desk, phone, full, "12328")
            call_id = await desk.call_id()
            await desk.page.click("#btn-hangup")
            await call.wait_ended(10)
            stored = await stored_call(api, call_id, state="ended", outcome="answered", ended_by="agent")
            await live_equals_asterisk(hotline, api)
            kept = await _kept_s(api, call_id)
        kinds = [entry["kind"] for entry in stored["timeline"]]
    chain = verify(hotline.home / "ledger")
    table("failures", "Failures", *COLUMNS).add(
        "disk of ledger and spool full 10 s", stage, f"{seen.silence_ms:.0f}", f"{seen.rung_s:.1f}", f"{seen.talk_s:.1f}",
        kept,
        f"{stored['outcome']}, ledger {told[0]}, chain {'whole' if chain.ok else 'broken'}", allowed,
    )  # fmt: skip
    assert chain.ok, chain.problems
    assert kinds[0] == "call_arrived"
    assert kinds[-1] == "call_ended"
    assert "agent_answered" in kinds
    assert seen.silence_ms < allowed.silence_ms
    assert seen.rung_s < allowed.rung_s


async def _kept_s(api: httpx.Client, call_id: str) -> str:
    """How much of the citizen's sound the recording holds, or that the list says there is none."""
    try:
        citizen, _ = await recording_of(api, call_id)
    except AssertionError:
        return "no recording, said so"
    return f"{np.count_nonzero(np.abs(citizen.astype(np.int32)) > 2000) / 8000:.1f} s kept"


@pytest.mark.parametrize("stage", STAGES)
async def test_a_caller_whom_a_dying_asterisk_drops_is_listed_and_the_next_one_is_answered(
    hotline: Hotline, tmp_path: Path, table: OpenTable, stage: str
) -> None:
    """The drop cannot be helped on one node; what was said until a moment before is kept, service is back by itself."""
    number, times = f"1385572300{list(STAGES).index(stage)}", dict[str, float]()

    @asynccontextmanager
    async def dying(_hotline: Hotline) -> AsyncIterator[None]:
        times["died"] = time.time()
        await asyncio.to_thread(hotline.signal, "asterisk", signal.SIGKILL)
        raise Dropped
        yield

    with hotline.api() as api:
        async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, number) as phone:
            with pytest.raises(Dropped):
                await STAGES[stage](hotline, desk, phone, dying, "12345")
            began = asyncio.get_running_loop().time()
            await asyncio.to_thread(hotline.wait, lambda: not hotline.is_ready(), 5, "health tells the loss")
            await back(hotline)
            ready_s = asyncio.get_running_loop().time() - began
            await expect(desk.page.locator("#phone-state")).to_have_attribute("data-state", "registered", timeout=20_000)
            registered_s = asyncio.get_running_loop().time() - began
            call_id = await listed(api, number)
            stored = await stored_call(api, call_id, state="ended")
            await _ready_again(desk)
            again = await phone.call("12345", source=Tone(CITIZEN_HZ))
            await desk.answer()
            await desk.page.click("#btn-hangup")
            await again.wait_ended(5)
        tail_s = await _lost_tail(api, call_id, times["died"]) if stage != "menu" else 0.0
    table("failures-asterisk", "Asterisk killed", "caller", "up again s", "page registered s", "lost tail s", "listed as").add(
        stage, f"{ready_s:.1f}", f"{registered_s:.1f}", f"{tail_s:.1f}", f"{stored['outcome']}, ended by {stored['ended_by']}"
    )
    assert stored["caller"] == number
    assert ready_s < ASTERISK_BACK_S
    assert tail_s < TAIL_S


class Dropped(Exception):
    """The caller's call is gone with Asterisk; there is no talk to wait for."""


async def _ready_again(desk: Desk) -> None:
    await expect(desk.page.locator("#state")).to_have_attribute("data-state", "ready", timeout=30_000)


async def _lost_tail(api: httpx.Client, call_id: str, died_at: float) -> float:
    """Seconds of the citizen's sound between the last sample kept and the death of Asterisk."""
    stored = await stored_call(api, call_id, recording=True)
    began: float = next(entry["at"] for entry in stored["timeline"] if entry["kind"] == "recording_started")
    citizen, _ = await recording_of(api, call_id)
    loud = np.flatnonzero(np.abs(citizen.astype(np.int32)) > 2000)
    kept_s = float(loud[-1] - loud[0]) / 8000 if len(loud) else 0.0
    return max(0.0, died_at - began - kept_s)


@pytest.mark.parametrize("how", ["reloaded", "killed, back after 4 s"])
@pytest.mark.parametrize("stage", ["ringing", "talking"])
async def test_a_citizen_is_kept_when_the_agents_page_is(
    hotline: Hotline, tmp_path: Path, table: OpenTable, how: str, stage: str
) -> None:
    """Silence, the time without the agent, and one recording all along."""
    with hotline.api() as api:
        async with Agents(hotline, tmp_path) as agents, SipCaller(hotline.sip, "13855724001") as phone:
            desk = await agents.desk("agent1")
            await desk.become_ready()
            call = await phone.call("12328", source=Tone(CITIZEN_HZ))
            await desk.state("ringing", 25)
            if stage == "talking":
                await desk.answer()
                await call.listen(1.5)
            before, began = len(call.heard()), asyncio.get_running_loop().time()
            if how == "reloaded":
                await desk.page.reload(wait_until="commit")
            else:
                await desk.page.context.close()
                await asyncio.sleep(4.0)
                desk = await agents.desk("agent1")
            await _talk(desk, 40)
            talk_s = asyncio.get_running_loop().time() - began
            await call.listen(1.5)
            silence, gap = silent_ms(call.heard()[before:]), absent_ms(call.heard()[before:], AGENT_HZ)
            recorded = await _one_recording(api, desk, call)
    columns = ("page", "caller", "silence ms", "without the agent ms", "talk after s", "recording gap ms")
    rows = table("failures-page", "The agent's page", *columns)
    rows.add(how, stage, f"{silence:.0f}", f"{gap:.0f}", f"{talk_s:.1f}", f"{recorded:.0f}")
    assert recorded < GAP_MS
    if stage == "talking":
        assert (gap if how == "reloaded" else silence) < (RELOAD_MS if how == "reloaded" else VANISHED_MS)


async def _talk(desk: Desk, within_s: float) -> None:
    """Until the page talks, answering when it rings and being ready when it is paused."""
    ends_at = asyncio.get_running_loop().time() + within_s
    while asyncio.get_running_loop().time() < ends_at:
        session = await desk.page.evaluate("() => window.hotline?.phone?.session ?? ''")
        if session == "talking":
            return
        if session == "ringing":
            await desk.page.evaluate("() => document.querySelector('#btn-answer').click()")
        elif await desk.page.locator("#state").get_attribute("data-state") == "paused":
            await desk.page.evaluate("() => document.querySelector('#btn-ready').click()")
        await asyncio.sleep(0.1)
    raise AssertionError(f"no talk within {within_s} s")


async def _one_recording(api: httpx.Client, desk: Desk, call: Call) -> float:
    """End the call; the longest gap of the citizen's tone in its one recording, ms."""
    call_id = await desk.call_id()
    await desk.page.click("#btn-hangup")
    await call.wait_ended(10)
    await stored_call(api, call_id, state="ended", recording=True)
    citizen, _ = await recording_of(api, call_id)
    loud = np.flatnonzero(np.abs(citizen.astype(np.int32)) > 2000)
    return absent_ms(citizen[loud[0] : loud[-1]], CITIZEN_HZ)



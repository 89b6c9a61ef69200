"""Rolling restarts under load, again and again, by both managers: what talkers, waiters and those who arrive meanwhile hear."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import expect

from hotline_core.settings import DEFAULT_CITY
from tests.asterisk.test_rolling_restart import CALLERS, NOTICED_MS, OTHERS, OURS, channels, restarted
from tests.campaign.conftest import OpenTable
from tests.running import systemctl
from tests.running.facts import live_equals_asterisk
from tests.running.hardware import accounts
from tests.running.instance import CHECKOUT, Hotline, running
from tests.running.page import AGENT_HZ as PAGE_HZ
from tests.running.page import ready_agent
from tests.running.service import Service
from tests.running.steady import CITIZEN_HZ, on_the_line, stalls
from tests.sip.agent import SipCaller
from tests.sip.rtp import Silence, Tone
from tests.sip.tones import level_of, silent_ms

pytestmark = pytest.mark.campaign

TALKS = 8
EVERY_S = 2.0
NEWCOMER_SILENT_MS = 2500.0  # between answer and notice, and between notice and music
COLUMNS = (
    "manager", "round", "callers (talk)", "took s", "most a caller missed ms", "most a talk missed ms",
    "the test's own longest stall ms", "channels lost", "newcomers", "newcomer's longest silence ms",
    "newcomer in the queue after s",
)  # fmt: skip


@dataclass(slots=True)
class Newcomers:
    """Who arrived meanwhile."""

    count: int = 0
    silent_ms: float = 0.0
    queued_s: float = 0.0
    lost: list[str] = field(default_factory=list)


@pytest.fixture(params=["supervisord", "systemctl"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Hotline, Mapping[str, str], str]]:
    """A hotline, the environment that `make restart` needs, and who keeps its parts."""
    city = DEFAULT_CITY.read_text(encoding="utf-8").replace("wrap_up_s: 5", "wrap_up_s: 1")
    if request.param == "supervisord":
        with running(city) as one:
            yield one, one.environment, request.param
        return
    service = Service(city, HOTLINE_DEMO="1")
    service.start()
    parts = {name: service.pid(name) for name in service.names()}
    (tmp_path / systemctl.BOOK).write_text(json.dumps(parts))
    (tmp_path / "environment.json").write_text(json.dumps(service.environment))
    program = tmp_path / "bin/systemctl"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\ncd {CHECKOUT} && exec {sys.executable} -m tests.running.systemctl "$@"\n')
    program.chmod(0o755)
    service.pid = lambda part: int(json.loads((tmp_path / systemctl.BOOK).read_text())[part])  # type: ignore[method-assign]
    try:
        path = f"{program.parent}:{os.environ['PATH']}"
        yield service, {**service.environment, "PATH": path, "STANDIN_FOLDER": str(tmp_path)}, request.param
    finally:
        for name, pid in json.loads((tmp_path / systemctl.BOOK).read_text()).items():
            if pid != parts[name]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
        service.close()


async def test_talkers_waiters_and_newcomers_through_rolling_restarts(
    served: tuple[Hotline, Mapping[str, str], str], table: OpenTable, runs: Callable[[int], int]
) -> None:
    """Holes at each ear, channels, and each who rings in while it happens: answered, told, in the queue."""
    hotline, environment, manager = served
    agents = await asyncio.to_thread(people, hotline)
    rows = table("rolling", "Rolling restarts", *COLUMNS)
    with hotline.api() as api:
        async with on_the_line(hotline, agents, CALLERS) as callers:
            for number in range(runs(2)):
                before, pids = channels(hotline), {part: hotline.pid(part) for part in (*OURS, *OTHERS)}
                for one in callers:
                    one.begin()
                began = asyncio.get_running_loop().time()
                async with stalls() as late, arriving(hotline) as newcomers:
                    process = await asyncio.create_subprocess_exec(
                        sys.executable, "-m", "launcher", "restart", cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT,
                    )  # fmt: skip
                    said = (await process.communicate())[0].decode()
                took = asyncio.get_running_loop().time() - began
                assert process.returncode == 0, said
                hole, deaf = max(one.hole_ms() for one in callers), max(one.deaf_ms() for one in callers)
                own, lost = max(late) * 1000, before - channels(hotline)
                rows.add(
                    manager, number + 1, f"{CALLERS} ({len(agents)})", f"{took:.1f}", f"{hole:.0f}", f"{deaf:.0f}", f"{own:.0f}",
                    len(lost), newcomers.count, f"{newcomers.silent_ms:.0f}", f"{newcomers.queued_s:.1f}",
                )  # fmt: skip
                assert {part for part, pid in pids.items() if hotline.pid(part) != pid} == set(OURS), said
                assert lost == set()
                assert newcomers.lost == []
                assert newcomers.silent_ms < NEWCOMER_SILENT_MS + own
                assert max(hole, deaf) < NOTICED_MS + own
                await live_equals_asterisk(hotline, api)
            for one in callers:
                await one.call.hang_up()


def people(hotline: Hotline) -> list[tuple[str, str]]:
    """Enough agents: the demo's three and more of their kind."""
    found = [(f"agent{number}", f"{1000 + number}") for number in range(1, TALKS + 1)]
    known = accounts(hotline, "list")
    for login, extension in found:
        if login not in known:
            password = accounts(hotline, "add", "--login", login, "--name", login, "--role", "agent", "--extension", extension)
            with hotline.settings.paths.accounts.open("a", encoding="utf-8") as book:
                book.write(f"{login}  {password}\n")
    return found


@asynccontextmanager
async def arriving(hotline: Hotline) -> AsyncIterator[Newcomers]:
    """Somebody rings in every two seconds, presses nothing, waits for the queue, and hangs up."""
    seen, running_calls = Newcomers(), set[asyncio.Task[None]]()

    async def one(number: str) -> None:
        async with SipCaller(hotline.sip, number) as phone:
            call = await phone.call("12345", timeout_s=20, source=Silence())
            await call.answered.within(20)
            began = asyncio.get_running_loop().time()
            while asyncio.get_running_loop().time() - began < 30:
                await asyncio.sleep(0.5)
                told = await asyncio.to_thread(hotline.asterisk, "core show channels concise")
                if any(row.split("!")[1] == "wait" and number in row for row in told.splitlines() if row.count("!") > 7):
                    seen.queued_s = max(seen.queued_s, asyncio.get_running_loop().time() - began)
                    break
            else:
                seen.lost.append(number)
            seen.silent_ms = max(seen.silent_ms, silent_ms(call.heard()))
            if call.ended.is_set():
                seen.lost.append(number)
            else:
                await call.hang_up()

    async def ring() -> None:
        while True:
            seen.count += 1
            task = asyncio.create_task(one(f"1375500{seen.count:04d}"))
            running_calls.add(task)
            await asyncio.sleep(EVERY_S)

    ringing = asyncio.create_task(ring())
    try:
        yield seen
    finally:
        ringing.cancel()
        await asyncio.gather(*running_calls)


async def test_an_agent_s_page_goes_on_talking_and_finds_every_new_part(hotline: Hotline, tmp_path: Path) -> None:
    """A real page in a talk: its draft, its telephone and its live view outlive the restart, and it ends the call by its button."""
    async with ready_agent(hotline, tmp_path) as desk, SipCaller(hotline.sip, "13855990001") as phone:
        call = await phone.call("12328", source=Tone(CITIZEN_HZ))
        await desk.answer()
        await desk.page.fill("#draft-text", "升级时正在通话")
        await call.listen(1.0)
        said = await restarted(hotline)
        assert "秒内没有等到" not in said, said
        await expect(desk.page.locator("#link-state")).to_have_attribute("data-state", "connected", timeout=15_000)
        await expect(desk.page.locator("#phone-state")).to_have_attribute("data-state", "registered", timeout=15_000)
        await desk.page.fill("#draft-text", "升级之后还在通话")
        await expect(desk.page.locator("#draft-state")).to_have_attribute("data-state", "saved", timeout=10_000)
        assert (await desk.hears(CITIZEN_HZ))["dominant"] == pytest.approx(CITIZEN_HZ, abs=12)
        await call.listen(1.0)
        assert level_of(call.heard(0.5), PAGE_HZ) == pytest.approx(8000, rel=0.2)
        await desk.page.click("#btn-hangup")
        await call.wait_ended(5)

"""The dial-test probe against a real hotline and a real carrier: a healthy round that disturbs nobody, and each way to be dead."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from asterisk_conf.probe_account import DEMO_NUMBER
from hotline_core.adapters import clock, dial_test_files
from hotline_core.domain.dial_tests import DialTest, DialTests
from hotline_core.settings import DEFAULT_CITY
from tests.running.dial_testing import dead_queue, dead_trunk, played_instead, rung
from tests.running.hardware import hardware_agent
from tests.running.instance import CHECKOUT, Hotline, running
from tests.running.page import Agents
from tests.sip.agent import SipCaller
from tests.unit.test_docs import rows

pytestmark = pytest.mark.asterisk
EVERY = "\nprobe: {every_minutes: 1440}\n"
PICTURES = CHECKOUT / "build" / "pictures"
CITIZEN = "13855708881"


@pytest.fixture(scope="module")
def city() -> Iterator[Hotline]:
    """A hotline of one number, whose probe rings only when it is asked to."""
    text = DEFAULT_CITY.read_text(encoding="utf-8").replace(', "055712328"', "")
    first, second = text.index('  "12345":'), text.index("queues:")
    with running(text[:first] + text[second:] + EVERY) as one:
        yield one


async def asked_now(city: Hotline) -> tuple[int, str]:
    """`make probe`: the exit code and what it said."""
    argv = [sys.executable, "-m", "probe", "now"]
    done = await asyncio.to_thread(
        subprocess.run, argv, cwd=CHECKOUT, env=city.environment, capture_output=True, text=True, timeout=170, check=False
    )
    return done.returncode, done.stdout + done.stderr


async def seen_in_the_queue(city: Hotline) -> list[str]:
    """What app_queue says once the probe's call stands in it."""
    async with asyncio.timeout(60):
        while True:
            lines = (await asyncio.to_thread(city.asterisk, "queue show hotline")).splitlines()
            if any("PJSIP/trunk-" in line for line in lines):
                return lines
            await asyncio.sleep(0.1)


async def test_a_round_finds_all_well_and_neither_agent_nor_citizen_nor_any_figure_notices_it(city: Hotline) -> None:
    """The only agent is free: never rung, and there for the citizen who comes while the probe is queued; nothing is stored."""
    with city.api() as api:
        async with hardware_agent(city, "agent1", "1001") as telephone, SipCaller(city.sip, CITIZEN) as phone:
            asking = asyncio.create_task(asked_now(city), name="make probe")
            queue = await seen_in_the_queue(city)
            assert any("prio: -1000" in line for line in queue), queue
            live = await asyncio.to_thread(city.live, api)
            assert (live["calls"], live["waiting"], [each["waiting"] for each in live["queues"]]) == ([], [], [0, 0])
            assert telephone.calls == [], "a dial-test rang an agent"
            call = await phone.call("12328")
            await call.answered.within(5)
            await call.press("0")
            leg = await telephone.next_call(10)
            await leg.answered.within(5)
            await call.hang_up()
            code, said = await asking
            assert len(telephone.calls) == 1, "only the citizen"
        found = dial_test_files.read(city.settings.paths.dial_tests)
        assert found is not None
        [test] = found.tests
        assert (code, test.number, test.finding, test.failed) == (0, "12328", "ok", False), said
        assert "✓ 12328　正常，接通" in said
        assert_healthy(test)
        await nothing_is_kept(city, api)
        await asyncio.to_thread(city.wait, lambda: 'hotline_dial_test_ok{number="12328"} 1.0' in scraped(city), 20, "a metric")
        names = set(re.findall(r"^(hotline_dial_test_\w+)", scraped(city), re.MULTILINE))
        assert names == {cells[0].strip("`") for cells in rows("operations.md", columns=3) if "hotline_dial_test_" in cells[0]}


def scraped(city: Hotline) -> str:
    """The metrics."""
    return httpx.get(f"{city.origin}/metrics", timeout=5.0).text


def assert_healthy(test: DialTest) -> None:
    """The figures of a number that is well, with room for a busy machine."""
    assert test.answer_s is not None
    assert test.queue_s is not None
    assert test.level_db is not None
    assert test.likeness is not None
    assert test.answer_s < 5
    assert 7 < test.queue_s < 12
    assert -1 < test.level_db < 1
    assert test.likeness > 0.9


async def nothing_is_kept(city: Hotline, api: httpx.Client) -> None:
    """The citizen's call is in the ledger, the list, the journal and the recordings; the probe's number is nowhere."""
    ends_at = asyncio.get_running_loop().time() + 30
    calls: list[dict[str, Any]] = []
    while not calls or calls[0]["state"] != "ended" or not calls[0]["recording"]:
        assert asyncio.get_running_loop().time() < ends_at, calls
        calls = (await asyncio.to_thread(api.get, "/api/calls")).json()["calls"]
        await asyncio.sleep(0.1)
    assert [call["caller"] for call in calls] == [CITIZEN]
    day = (await asyncio.to_thread(api.get, "/api/day")).json()
    assert day["total"]["arrived"] == 1
    for path in city.settings.paths.ledger.iterdir():
        assert DEMO_NUMBER.encode() not in path.read_bytes()
    assert DEMO_NUMBER not in city.asterisk("database show")
    assert len(list(city.settings.paths.recordings.rglob("*.ogg.enc"))) == 1
    assert list(city.settings.paths.spool.glob("*.wav")) == []


async def test_a_dead_trunk_is_found(city: Hotline) -> None:
    """The carrier sends our calls to where nobody listens."""
    with dead_trunk(city):
        dead = await asyncio.to_thread(rung, city)
    assert (dead.finding, dead.failed, dead.answer_s) == ("not_answered", True, None)


async def test_a_silent_prompt_is_found(city: Hotline) -> None:
    """What Asterisk plays for the greeting is as long as it should be and holds nothing."""
    with played_instead(city, "greet-12328", None):
        silent = await asyncio.to_thread(rung, city)
    assert (silent.finding, silent.failed, silent.heard) == ("silent", True, "")


async def test_a_dead_queue_is_found(city: Hotline) -> None:
    """app_queue has lost it; the way there is well."""
    with dead_queue(city):
        dead = await asyncio.to_thread(rung, city)
    assert (dead.finding, dead.failed, dead.queue_s) == ("queue_dead", True, None)
    assert dead.greeting_s is not None


async def test_a_caller_who_forges_the_probes_number_reaches_nobody(city: Hotline) -> None:
    """Key 9, which leads a citizen to the rescuers, ends this call."""
    async with hardware_agent(city, "agent1", "1001") as telephone, SipCaller(city.sip, DEMO_NUMBER) as phone:
        call = await phone.call("12328")
        await call.answered.within(5)
        pressed = call.press("9")
        await call.wait_ended(10)
        await asyncio.wait({pressed}, timeout=5)  # cut off with the call
        assert telephone.calls == []
    carrier = await asyncio.to_thread(city.asterisk, "core show channels concise", "carrier")
    assert carrier.strip() == "", "nobody was dialled"


async def test_a_supervisor_sees_at_once_which_number_is_dead_and_that_it_is_well_again(city: Hotline, tmp_path: Path) -> None:
    """The row of dial-tests on the floor, as the probe's results change; then the probe is gone for long."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    city.stop("probe")
    folder, now = city.settings.paths.dial_tests, clock.now()
    well = DialTest("12328", "12328", "ok", now - 20, now - 90_000, failed=False, answer_s=0.42, queue_s=7.8, level_db=-1.4)
    dead = replace(well, number="055712328", finding="not_answered", failed=True, tries=3, since=now - 660, queue_s=None)
    async with Agents(city, tmp_path) as agents:
        desk = await agents.watcher("supervisor1")
        await desk.page.goto(f"{city.origin}/floor")
        row, numbers = desk.page.locator("#dial-tests"), desk.page.locator("#dial-numbers li")
        dial_test_files.write(folder, DialTests(now, 1800.0, (well, dead)))
        await expect(row).to_have_attribute("data-state", "failed")
        await expect(numbers).to_have_count(2)
        await expect(numbers.first).to_contain_text("接通 0.4 秒 · 排队 7.8 秒 · -1 分贝")
        await expect(numbers.last).to_contain_text(re.compile(r"✕055712328拨不通，无人应答 · 自 "))
        await expect(desk.page.locator("#announce-now")).to_have_text("拨测发现故障：055712328 拨不通，无人应答")
        await desk.page.screenshot(path=PICTURES / "floor-dial-tests.png")
        dial_test_files.write(folder, DialTests(now, 1800.0, (well, replace(dead, finding="no_agent", failed=False))))
        await expect(row).to_have_attribute("data-state", "known")
        await expect(numbers.last).to_have_attribute("data-state", "remark")
        dial_test_files.write(folder, DialTests(now - 9000, 1800.0, (well,)))
        await expect(row).to_have_attribute("data-state", "stale")
        await expect(row).to_contain_text("拨测已停")
        await desk.page.screenshot(path=PICTURES / "floor-dial-tests-stale.png")
    city.start_again("probe")


def test_results_that_cannot_be_read_are_told_and_made_anew(city: Hotline) -> None:
    """A torn file is an error for its readers, and the next results replace it."""
    folder = city.settings.paths.dial_tests
    kept = dial_test_files.read(folder)
    assert isinstance(kept, DialTests)
    (folder / dial_test_files.RESULTS).write_text('{"at": 1', encoding="utf-8")
    with pytest.raises(ValueError, match="Expecting"):
        dial_test_files.read(folder)
    dial_test_files.write(folder, kept)
    assert dial_test_files.read(folder) == kept


async def test_who_asks_for_a_round_where_no_probe_runs_is_told_so_at_once(city: Hotline) -> None:
    """Not after ten minutes; and of two probes one begins."""
    city.stop("probe")
    code, said = await asked_now(city)
    assert (code, said) == (2, "拨测程序不在：请确认热线在运行，并且 city.yaml 没有关掉拨测（probe）。\n")
    city.start_again("probe")
    folder = city.settings.paths.dial_tests
    city.wait(lambda: dial_test_files.is_held(folder), 20, "the probe is there again")
    with pytest.raises(BlockingIOError), dial_test_files.held(folder):
        pass

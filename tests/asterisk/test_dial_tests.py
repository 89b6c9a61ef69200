"""The dial-test probe against a real hotline and a real carrier: a healthy round that disturbs nobody, and each way to be dead."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from asterisk_conf.probe_account import DEMO_NUMBER, probe_account
from hotline_core.adapters import clock, dial_test_files
from hotline_core.adapters.secrets import load_or_make
from hotline_core.domain.dial_tests import DialTest, DialTests
from hotline_core.log import open_log
from hotline_core.settings import DEFAULT_CITY, load_city
from ivr.sound_file import write_silence
from probe.dialling import dial_test
from probe.expected import expected
from tests.running.carriers import free_udp_port
from tests.running.hardware import hardware_agent
from tests.running.instance import CHECKOUT, Hotline, running
from tests.sip.agent import SipCaller

pytestmark = pytest.mark.asterisk
EVERY = "\nprobe: {every_minutes: 1440}\n"
CITIZEN = "13855708881"


@pytest.fixture(scope="module")
def city() -> Iterator[Hotline]:
    """A hotline of one number, whose probe rings only when it is asked to."""
    text = DEFAULT_CITY.read_text(encoding="utf-8").replace(', "055712328"', "")
    first, second = text.index('  "12345":'), text.index("queues:")
    with running(text[:first] + text[second:] + EVERY) as one:
        yield one


def rung(city: Hotline) -> DialTest:
    """One dial-test, as the probe makes it."""
    settings = city.settings
    told = load_city(settings.paths.city)
    account = probe_account(told, load_or_make(settings.paths.secrets), settings.paths.home, city.ports().carrier_sip)
    assert account is not None
    return dial_test(
        account, "12328", "12328", expected(told, settings.paths.own_prompts), agents_expected=True, now=clock.now,
        is_ending=lambda: False, log=open_log("test"),
    )  # fmt: skip


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


@contextmanager
def changed(city: Hotline, which: str, name: str, old: str, new: str, *commands: str) -> Iterator[None]:
    """A file of an Asterisk is changed and loaded, and put back and loaded afterwards."""
    path = city.home / which / "etc" / name
    before = path.read_text(encoding="utf-8")
    assert re.search(old, before)
    try:
        path.write_text(re.sub(old, new, before), encoding="utf-8")
        for command in commands:
            city.asterisk(command, which)
        yield
    finally:
        path.write_text(before, encoding="utf-8")
        for command in commands:
            city.asterisk(command, which)


@contextmanager
def played_instead(city: Hotline, key: str, other: Path | None) -> Iterator[None]:
    """What Asterisk plays for a prompt is another recording, or silence of the same length."""
    path = city.settings.paths.played_prompts / f"{key}.wav"
    before = path.read_bytes()
    try:
        if other is not None:
            shutil.copyfile(other, path)
        else:
            with wave.open(str(path)) as sound:
                frames = sound.getnframes()
            with wave.open(str(write_silence(path)), "wb") as silent:
                silent.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
                silent.writeframes(bytes(frames * 2))
        yield
    finally:
        path.write_bytes(before)


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
    ends_at = asyncio.get_running_loop().time() + 15
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
    assert len(list(city.settings.paths.recordings.rglob("*.wav"))) == 1
    assert list(city.settings.paths.spool.glob("*.wav")) == []


async def test_a_dead_trunk_is_found(city: Hotline) -> None:
    """The carrier sends our calls to where nobody listens."""
    nowhere = f"contact = sip:127.0.0.1:{free_udp_port('127.0.0.1')}"
    with changed(city, "carrier", "pjsip.conf", r"contact = sip:127.0.0.1:\d+", nowhere, "module reload res_pjsip.so"):
        dead = await asyncio.to_thread(rung, city)
    assert (dead.finding, dead.failed, dead.answer_s) == ("not_answered", True, None)


async def test_a_silent_prompt_is_found(city: Hotline) -> None:
    """What Asterisk plays for the greeting is as long as it should be and holds nothing."""
    with played_instead(city, "greet-12328", None):
        silent = await asyncio.to_thread(rung, city)
    assert (silent.finding, silent.failed, silent.heard) == ("silent", True, "")


async def test_a_dead_queue_is_found(city: Hotline) -> None:
    """app_queue has lost it; the way there is well."""
    with changed(city, "asterisk", "queues.conf", r"(?s)\[hotline\].*?(?=\n\[)", "", "queue reload all"):
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

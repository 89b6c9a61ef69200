"""Dial-tests in numbers: how often the library loses a call that was well, and each way for a hotline to be dead, found by name."""

from __future__ import annotations

import asyncio
import signal
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest

from asterisk_conf.probe_account import DEMO_NUMBER, DEMO_USER, demo_password
from hotline_core.adapters import dial_test_files
from hotline_core.adapters.secrets import load_or_make
from hotline_core.settings import DEFAULT_CITY
from probe.rounds import TRIES
from tests.campaign.conftest import OpenTable
from tests.running.dial_testing import changed, dead_queue, dead_trunk, played_instead, rung
from tests.running.hardware import hardware_agent
from tests.running.instance import CHECKOUT, Hotline, running
from tests.running.service import Service

pytestmark = pytest.mark.campaign
OTHER_GREETING = CHECKOUT / "ivr/prompts/zh/greet-12345.wav"


@pytest.fixture(scope="module")
def city() -> Iterator[Hotline]:
    """A hotline whose own probe is asleep."""
    with running(DEFAULT_CITY.read_text(encoding="utf-8") + "\nprobe: {every_minutes: 1440}\n") as one:
        one.stop("probe")
        yield one


@contextmanager
def without_bridge(city: Hotline) -> Iterator[None]:
    """The watchdog has noticed it."""
    city.stop("bridge")
    try:
        city.wait(lambda: "BRIDGE_UP=0" in city.asterisk("dialplan show globals"), 15, "the watchdog sees no bridge")
        yield
    finally:
        city.start_again("bridge")
        city.wait(lambda: "BRIDGE_UP=1" in city.asterisk("dialplan show globals"), 15, "the bridge is back")


@contextmanager
def frozen_exchange(city: Hotline) -> Iterator[None]:
    """Asterisk stands still, its sockets open."""
    city.signal("asterisk", signal.SIGSTOP)
    try:
        yield
    finally:
        city.signal("asterisk", signal.SIGCONT)
        city.wait(city.is_ready, 30, "all parts are up again")


@contextmanager
def number_taken_away(city: Hotline) -> Iterator[None]:
    """The hotline's own Asterisk no longer knows the number."""
    with changed(city, "asterisk", "extensions_lines.conf", r"exten => d12328,", "exten => d99999,", "dialplan reload"):
        yield


@contextmanager
def wrong_password(city: Hotline) -> Iterator[None]:
    """The carrier has changed the account's password."""
    with changed(city, "carrier", "pjsip.conf", r"password = \w+", "password = another", "module reload res_pjsip.so"):
        yield


@dataclass(frozen=True, slots=True)
class Harm:
    """What is done to the hotline, and what a dial-test must call it."""

    name: str
    finding: str
    does: Callable[[Hotline], AbstractContextManager[None]]


HARMS = (
    Harm("dead trunk", "not_answered", dead_trunk),
    Harm("Asterisk stands still", "not_answered", frozen_exchange),
    Harm("number of no line", "refused", number_taken_away),
    Harm("silent greeting", "silent", lambda city: played_instead(city, "greet-12328", None)),
    Harm("silent menu", "silent", lambda city: played_instead(city, "menu-12328", None)),
    Harm("the other line's greeting", "wrong_greeting", lambda city: played_instead(city, "greet-12328", OTHER_GREETING)),
    Harm("no bridge", "no_bridge", without_bridge),
    Harm("dead queue", "queue_dead", dead_queue),
    Harm("wrong password", "no_account", wrong_password),
)


async def test_dial_tests_of_a_healthy_hotline_find_it_healthy(city: Hotline, runs: Callable[[int], int], table: OpenTable) -> None:
    """An agent is free all the time and is never rung; a call lost by the library is one that the next try must not lose."""
    count = runs(20)
    async with hardware_agent(city, "agent1", "1001") as telephone:
        refreshing = asyncio.create_task(telephone.refresh(100), name="registers again")  # Asterisk forgets it after 300 s
        found = [await asyncio.to_thread(rung, city, ("12328", "12345")[number % 2]) for number in range(count)]
        refreshing.cancel()
        await asyncio.wait({refreshing})
        assert telephone.calls == []
    findings = Counter(test.finding for test in found)
    lost = [test.finding != "ok" for test in found]
    in_a_row = max((sum(lost[at : at + TRIES]) for at in range(count)), default=0)
    answers = sorted(test.answer_s for test in found if test.answer_s is not None)
    queues = sorted(test.queue_s for test in found if test.queue_s is not None)
    told = table("dial_tests", "Dial-tests of a healthy hotline", "calls", "found", "answer s", "queue s (median, longest)")
    told.add(count, dict(findings), *(f"{statistics.median(times):.2f}, {times[-1]:.2f}" for times in (answers, queues)))
    assert in_a_row < TRIES, f"an alarm without a cause: {[test.finding for test in found]}"
    assert findings["ok"] >= 0.8 * count, findings


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.name.replace(" ", "_").replace("'", ""))
def test_a_dial_test_calls_what_is_dead_by_its_name(city: Hotline, harm: Harm, table: OpenTable) -> None:
    """At the first or second try; and as soon as it is over, the hotline is well again but for its agents."""
    with harm.does(city):
        tests = [rung(city)]
        if tests[-1].finding != harm.finding:
            tests.append(rung(city))
    after = rung(city)
    if after.finding != "no_agent":
        after = rung(city)
    told = table("dial_test_harms", "What dial-tests found", "harm", "found", "tries", "heard or status", "afterwards")
    told.add(harm.name, tests[-1].finding, len(tests), tests[-1].heard or tests[-1].status or "–", after.finding)
    assert tests[-1].finding == harm.finding
    assert after.finding == "no_agent"


def test_a_city_in_service_is_rung_through_an_account_of_its_own(city: Hotline, table: OpenTable) -> None:
    """No demo: trunk, account and secret file are city.yaml's; the carrier is another hotline's."""
    carrier = city.ports().carrier_sip
    trunk = f"trunks: {{carrier: {{host: 127.0.0.1, port: {carrier}, from_addresses: [127.0.0.1]}}}}"
    account = f"{{host: 127.0.0.1, port: {carrier}, user: {DEMO_USER}, secret_file: probe.secret}}"
    text = DEFAULT_CITY.read_text(encoding="utf-8").replace("trunks: {}", trunk)
    served = Service(f'{text}\nprobe:\n  every_minutes: 1440\n  account: {account}\n  number: "{DEMO_NUMBER}"\n')
    secret = served.home / "probe.secret"
    secret.write_text(demo_password(load_or_make(city.settings.paths.secrets)), encoding="ascii")
    secret.chmod(0o600)
    served.start()
    try:
        contact = f"contact = sip:127.0.0.1:{served.settings.sip_port}"
        with changed(city, "carrier", "pjsip.conf", r"contact = sip:127.0.0.1:\d+", contact, "module reload res_pjsip.so"):
            done = subprocess.run(
                [sys.executable, "-m", "probe", "now"], cwd=CHECKOUT, env=served.environment, capture_output=True, text=True,
                timeout=600, check=False,
            )  # fmt: skip
        found = dial_test_files.read(served.settings.paths.dial_tests)
        with served.api() as api:
            listed = api.get("/api/calls").raise_for_status().json()["calls"]
    finally:
        served.close()
    told = table("dial_test_service", "Dial-tests of a city in service", "exit code", "found", "calls in the list")
    told.add(done.returncode, {test.number: test.finding for test in found.tests} if found else "nothing", len(listed))
    assert done.returncode == 0, done.stdout + done.stderr
    assert found is not None
    assert [test.finding for test in found.tests] == ["no_agent"] * 4
    assert listed == []

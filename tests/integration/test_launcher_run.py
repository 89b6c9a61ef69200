"""`make run` at the machine: it ends all it started, in time, whatever ends it, and two live side by side."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launcher import checks
from tests.running.furnished import furnish
from tests.running.instance import CHECKOUT, Hotline

pytestmark = pytest.mark.asterisk

END_S = 8.0
STARTED_S = 60.0


class Launches:
    """The hotlines of one test and their launchers; whatever is left of them at the end is ended."""

    def __init__(self) -> None:
        self._made: list[Hotline] = []
        self._started: list[subprocess.Popen[bytes]] = []

    def home(self, *, is_new: bool = False) -> Hotline:
        """A hotline that is not started yet, and was earlier unless it is new."""
        self._made.append(Hotline())
        if not is_new:
            furnish(self._made[-1].settings)
        return self._made[-1]

    def start(self, hotline: Hotline) -> subprocess.Popen[bytes]:
        """`make run`, without waiting."""
        with (hotline.home / "launcher.out").open("wb") as out:
            started = subprocess.Popen(
                [sys.executable, "-m", "launcher", "run"], cwd=CHECKOUT, env=hotline.environment, stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        self._started.append(started)
        return started

    def start_until_ready(self, hotline: Hotline) -> subprocess.Popen[bytes]:
        """`make run` up to the desk's address."""
        started = self.start(hotline)
        assert _until(lambda: hotline.origin in hotline.said(), STARTED_S), hotline.said()
        return started

    def close(self) -> None:
        """End launchers that a failed test left, and remove the folders."""
        for started in self._started:
            started.terminate()
        for started in self._started:
            started.wait(END_S)
        for hotline in self._made:
            shutil.rmtree(hotline.home, ignore_errors=True)


@pytest.fixture
def launches() -> Iterator[Launches]:
    """Hotlines of this test's own."""
    made = Launches()
    yield made
    made.close()


def _until(is_true: Callable[[], bool], timeout_s: float) -> bool:
    ends_at = time.monotonic() + timeout_s
    while time.monotonic() < ends_at:
        if is_true():
            return True
        time.sleep(0.02)
    return False


def _processes(hotline: Hotline) -> list[str]:
    """Command lines and environments that name this HOTLINE_HOME: its parts, supervisor and launcher."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes()
            told = command + (entry / "environ").read_bytes()
        except OSError:
            continue
        if entry.name.isdigit() and int(entry.name) != os.getpid() and str(hotline.home).encode() in told:
            found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


def _ports_are_free(hotline: Hotline) -> bool:
    checks.check_ports(hotline.settings)
    ports = hotline.ports()
    kinds = {ports.asterisk_http: socket.SOCK_STREAM, ports.carrier_sip: socket.SOCK_DGRAM}
    return all(checks.trouble_with("127.0.0.1", port, kind) is None for port, kind in kinds.items())


def _supervised(hotline: Hotline) -> bool:
    return hotline.settings.paths.supervisor_socket.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything_and_nothing_is_left(launches: Launches, number: signal.Signals) -> None:
    """Ctrl-C, kill and a closed terminal: exit code 0 within 8 s, no process, no open port; the first began with nothing."""
    hotline = launches.home(is_new=number == signal.SIGINT)
    launcher = launches.start_until_ready(hotline)
    launcher.send_signal(number)
    assert launcher.wait(END_S) == 0
    assert _processes(hotline) == []
    assert _ports_are_free(hotline)


def test_a_signal_while_the_parts_are_starting_ends_everything(launches: Launches) -> None:
    """An Asterisk that is still booting forgets its first SIGTERM; it ends in time all the same."""
    hotline = launches.home()
    launcher = launches.start(hotline)
    assert _until(lambda: _supervised(hotline), STARTED_S), hotline.said()
    launcher.send_signal(signal.SIGTERM)
    assert launcher.wait(END_S) == 0
    assert _processes(hotline) == []


def test_nothing_outlives_a_launcher_that_was_killed(launches: Launches) -> None:
    """kill -9 of the launcher takes the supervisor and its parts along, and the next start waits for that."""
    hotline = launches.home()
    launcher = launches.start_until_ready(hotline)
    launcher.kill()
    launcher.wait(1)
    again = launches.start_until_ready(hotline)
    again.send_signal(signal.SIGTERM)
    assert again.wait(END_S) == 0
    assert _processes(hotline) == []


def test_two_hotlines_live_side_by_side_and_a_third_in_the_same_home_is_refused(launches: Launches) -> None:
    """Each has its folder and ports; the same folder twice is told in one sentence."""
    first, second = launches.home(), launches.home()
    launchers = [launches.start_until_ready(first), launches.start_until_ready(second)]
    third = subprocess.run(
        [sys.executable, "-m", "launcher", "run"], cwd=CHECKOUT, env=first.environment, capture_output=True, text=True,
        timeout=END_S, check=False,
    )  # fmt: skip
    assert third.returncode == 1
    assert str(first.home) in third.stderr
    assert len(third.stderr.splitlines()) == 1
    launchers[0].send_signal(signal.SIGTERM)
    assert launchers[0].wait(END_S) == 0
    assert second.is_ready()
    launchers[1].send_signal(signal.SIGTERM)
    assert launchers[1].wait(END_S) == 0
    assert _processes(first) + _processes(second) == []


def test_a_part_that_dies_is_started_again(launches: Launches) -> None:
    """The supervisor brings the worker back, with a new process."""
    hotline = launches.home()
    launcher = launches.start_until_ready(hotline)
    before = hotline.pid("worker")
    os.kill(before, signal.SIGKILL)
    assert _until(lambda: hotline.pid("worker") not in (0, before), 5.0)
    launcher.send_signal(signal.SIGTERM)
    assert launcher.wait(END_S) == 0

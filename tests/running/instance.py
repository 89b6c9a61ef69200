"""One hotline started by the launcher under a temporary HOTLINE_HOME; parts can be killed, stopped and asked."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import httpx
from supervisor.xmlrpc import SupervisorTransport

from hotline_core.adapters import ports as port_file
from hotline_core.settings import DEFAULT_CITY, Settings
from launcher import fetch
from tests.running.furnished import furnish
from tests.sip.ports import free_port, rtp_range

CHECKOUT = Path(__file__).resolve().parents[2]
START_S = 90.0
STOP_S = 10.0
OWN_DATABASES = {"HOTLINE_CALLS_DATABASE", "HOTLINE_TICKETS_DATABASE"}


class Hotline:
    """A running hotline; `start` waits until its desk is ready, `close` until everything is gone."""

    launching: Sequence[str] = ("-m", "launcher", "run")

    def __init__(self, city: str | None = None, **environment: str) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="hl", dir="/tmp"))  # short, for Unix sockets
        first, sip, ami, http = free_ports()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_") or name == "HOTLINE_CACHE"},
            "HOTLINE_HOME": str(self.home), "HOTLINE_DEMO": "1", "HOTLINE_MEDIA_LOOPBACK": "1",
            "HOTLINE_HTTP_PORT": str(http), "HOTLINE_SIP_PORT": str(sip), "HOTLINE_AMI_PORT": str(ami),
            "HOTLINE_RTP_PORTS": f"{first}-{first + 399}", **environment,
        }  # fmt: skip
        text = DEFAULT_CITY.read_text(encoding="utf-8") if city is None else city
        if "\nprobe:" not in text:  # no call but the tests' own
            text += "\nprobe: {every_minutes: 0}\n"
        (self.home / "city.yaml").write_text(text, encoding="utf-8")
        self.settings = Settings(
            home=self.home, demo=True, http_port=http, sip_port=sip, ami_port=ami, rtp_ports=f"{first}-{first + 399}",
        )  # fmt: skip
        self.sip = ("127.0.0.1", sip)
        self.origin = f"http://127.0.0.1:{http}"
        self._process: subprocess.Popen[bytes] | None = None
        self._tokens: dict[str, str] = {}  # by role; making one stops the world of a test for a moment
        self._output: IO[bytes] | None = None

    def start(self) -> None:
        """Start as `make run` does; AssertionError with its output if it is not ready in time."""
        is_usual = self.environment["HOTLINE_DEMO"] == "1" and self.launching == Hotline.launching
        if is_usual and not self.environment.keys() & OWN_DATABASES and not self.settings.paths.databases.exists():
            furnish(self.settings)
        self._output = (self.home / "launcher.out").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, *self.launching], cwd=CHECKOUT, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=self._output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self.wait(self.is_ready, START_S, "the desk is ready")

    def end(self) -> None:
        """End everything by SIGTERM, as a supervisor of the machine would; the folder stays."""
        assert self._process is not None
        assert self._output is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        finally:
            self._output.close()

    def let_go(self) -> None:
        """Hold nothing of its folder open any more: somebody else ends it, all at once; `start` begins anew."""
        assert self._output is not None
        self._output.close()

    def close(self) -> None:
        """End everything and remove the folder."""
        try:
            self.end()
        finally:
            self.remove()

    def remove(self) -> None:
        """Remove the folder, unless somebody wants to look into it."""
        if not os.environ.get("HOTLINE_TEST_KEEP"):
            shutil.rmtree(self.home)

    def wait(self, is_true: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Look until it is true; AssertionError tells `what` did not happen and the launcher's last words."""
        ends_at = time.monotonic() + timeout_s
        while time.monotonic() < ends_at:
            if is_true():
                return
            ended = self._process is not None and self._process.poll() is not None
            assert not ended, f"the launcher ended: {self.said()}"
            time.sleep(0.05)
        raise AssertionError(f"not within {timeout_s} s: {what}\n{self.said()}")

    def said(self) -> str:
        """The last lines the launcher printed."""
        return (self.home / "launcher.out").read_text(encoding="utf-8", errors="replace")[-1500:]

    def is_ready(self) -> bool:
        """True when health answers 200."""
        try:
            return httpx.get(f"{self.origin}/api/health", timeout=2.0).status_code == 200
        except httpx.TransportError:
            return False

    def account(self, login: str) -> str:
        """The password of a demo account."""
        for line in self.settings.paths.accounts.read_text(encoding="utf-8").splitlines():
            words = line.split()
            if login in words:
                return words[words.index(login) + 1]
        raise AssertionError(f"no demo account {login}")

    def api(self, role: str = "supervisor") -> httpx.Client:
        """A client with a bearer token of that role, made by the same command an operator uses."""
        if role not in self._tokens:
            made = subprocess.run(
                [sys.executable, "-m", "agent_desktop.token", role], cwd=CHECKOUT, env=self.environment, check=True,
                capture_output=True, text=True, timeout=20,
            )  # fmt: skip
            self._tokens[role] = made.stdout.strip()
        return httpx.Client(base_url=self.origin, headers={"Authorization": f"Bearer {self._tokens[role]}"}, timeout=5.0)

    def citizen(self, line: str = "12328", number: str = "13855700001") -> None:
        """`make call`."""
        subprocess.run(
            [sys.executable, "-m", "launcher", "call", "--line", line, "--number", number], cwd=CHECKOUT, env=self.environment,
            check=True, capture_output=True, timeout=20,
        )  # fmt: skip

    # -- parts ----------------------------------------------------------------------------------------------------

    def supervisor(self) -> Any:
        """The supervisor's own interface."""
        transport = SupervisorTransport(None, None, f"unix://{self.settings.paths.supervisor_socket}")
        return xmlrpc.client.ServerProxy("http://supervisor", transport=transport).supervisor

    def pid(self, part: str) -> int:
        """The process id of a part."""
        return int(self.supervisor().getProcessInfo(f"hotline:{part}")["pid"])

    def signal(self, part: str, number: signal.Signals) -> None:
        """Send a signal to a part, behind the supervisor's back; ProcessLookupError while it has no process.

        The supervisor calls that 0, and a signal to 0 would go to the whole group of the test itself.
        """
        pid = self.pid(part)
        if pid <= 0:
            raise ProcessLookupError(part)
        os.kill(pid, number)

    def stop(self, part: str) -> None:
        """Stop a part for good."""
        self.supervisor().stopProcess(f"hotline:{part}", True)

    def start_again(self, part: str) -> None:
        """Start a stopped part."""
        self.supervisor().startProcess(f"hotline:{part}", True)

    def asterisk(self, command: str, which: str = "asterisk") -> str:
        """The answer of an Asterisk to a command of its console."""
        programs = fetch.fetched(self.settings.cache)
        assert programs is not None
        argv = [*programs.argv("asterisk"), "-C", str(self.home / which / "etc/asterisk.conf"), "-rx", command]
        return subprocess.run(argv, capture_output=True, text=True, timeout=10, check=True).stdout

    def sound(self) -> str:
        """Packets of each leg, and formats, translators and frames of each channel, in both Asterisks: why an ear hears nothing."""
        told = []
        for which in ("asterisk", "carrier"):
            told.append(self.asterisk("pjsip show channelstats", which=which))
            for row in self.asterisk("core show channels concise", which=which).splitlines():
                said = self.asterisk(f"core show channel {row.split('!')[0]}", which=which)
                told += re.findall(r"^ *((?:Name|(?:Native|Read|Write)(?:Format|Transcode)s?|Frames (?:in|out)): .*)", said, re.M)
        return "\n".join(told)

    def callers(self) -> list[str]:
        """Call ids of the citizens Asterisk has on the line, by its own word (CoreShowChannels)."""
        rows = [row.split("!") for row in self.asterisk("core show channels concise").splitlines()]
        return sorted(row[-1] for row in rows if row[0].startswith("PJSIP/trunk-") and row[1] not in ("from-trunk", ""))

    def live(self, api: httpx.Client) -> dict[str, Any]:
        """The live view as the API gives it."""
        data: dict[str, Any] = api.get("/api/live").raise_for_status().json()
        return data

    def ports(self) -> port_file.Ports:
        """The free ports of this start."""
        return port_file.read(self.settings.paths)

    def health(self) -> dict[str, Any]:
        """The parts and their states."""
        data: dict[str, Any] = httpx.get(f"{self.origin}/api/health", timeout=2.0).json()
        return data


@contextmanager
def running(city: str | None = None) -> Iterator[Hotline]:
    """A hotline with this city's file, from ready to gone."""
    hotline = Hotline(city)
    hotline.start()
    try:
        yield hotline
    finally:
        hotline.close()


def free_ports() -> tuple[int, int, int, int]:
    """First RTP port of a free range of 900, and free ports for SIP (UDP), AMI and HTTP (TCP)."""
    chosen: set[int] = set()
    while len(chosen) < 3:
        chosen.add(free_port())
    sip, ami, http = chosen
    return rtp_range(), sip, ami, http


def pretty(data: object) -> str:
    """JSON for a failed assertion."""
    return json.dumps(data, ensure_ascii=False, indent=1)[:3000]

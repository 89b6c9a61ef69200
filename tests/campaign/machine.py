"""A Debian machine of a test's own: a bare root file system by mmdebstrap, booted by systemd-nspawn in a network of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from launcher import mirrors
from launcher.fetch import APT
from launcher.install import release

CHECKOUT = Path(__file__).resolve().parents[2]
PYTHON = {"bookworm": "3.11", "trixie": "3.13"}  # Debian 12 and 13
# What any Debian server has, and what the README asks for; all else is make install's business.
PACKAGES = "systemd,systemd-sysv,dbus,python3,python3-venv,make,ca-certificates,iproute2,procps"
TAGS = ("2_34", "2_28", "2_17", "2_5")
LONG_S = 900
BOOT_S = 60
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}


class Machine:
    """One root file system of a Debian release; `install_unbooted`, `boot`, `run`, `halt`."""

    def __init__(self, folder: Path, network: str, suite: str) -> None:
        self._suite = suite
        self.root, self._folder, self._network = folder / "root", folder, network
        self._booted: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        """The bare system, our checkout in it, and the Python packages that the lock pins (the machine itself gets no network)."""
        codename = mirrors.codename_of(Path("/etc/os-release").read_text(encoding="utf-8"))
        sources = mirrors.choose(mirrors.of_this_machine(APT), codename)
        subprocess.run(
            ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", self._suite, self.root, sources[0]],
            check=True, timeout=LONG_S,
        )  # fmt: skip
        self.copy_checkout()
        platforms = [argument for tag in TAGS for argument in ("--platform", f"manylinux_{tag}_{os.uname().machine}")]
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-qq", "--no-deps", "--require-hashes", "--only-binary=:all:", "-r",
             CHECKOUT / "requirements/run.lock", "-d", self.root / "wheels", "--python-version", PYTHON[self._suite], *platforms],
            check=True, timeout=LONG_S,
        )  # fmt: skip

    def copy_checkout(self) -> None:
        """Our code as an operator's clone has it."""
        for path in release.sources(CHECKOUT):
            copy = self.root / "src" / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / path, copy)

    def install_unbooted(self, *settings: str) -> str:
        """`make install` while nothing runs in there yet, with the network of the host: packages come from Debian."""
        command = ["systemd-nspawn", "-q", "-D", str(self.root), "--register=no", "--keep-unit", "--as-pid2", "--console=pipe"]
        command += [f"--setenv={name}={value}" for name, value in self._environment().items()]
        return _output([*command, "make", "-C", "/src", "install", *settings])

    def boot(self) -> None:
        """systemd becomes number 1; returns when it says that it has started, whatever failed."""
        with (self._folder / "boot.log").open("ab") as out:
            self._booted = subprocess.Popen(
                ["systemd-nspawn", "-q", "-D", self.root, "--boot", "--register=no", "--keep-unit", "--capability=CAP_NET_ADMIN",
                 f"--network-namespace-path=/run/netns/{self._network}", "--console=pipe"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        self.wait(lambda: self._leader() is not None, BOOT_S, "systemd is there")
        self.wait(self._has_started, BOOT_S, "systemd has started")

    def _has_started(self) -> bool:
        return self.ask("systemctl", "is-system-running").strip() in ("running", "degraded")

    def halt(self) -> None:
        """Power off; killed if it does not."""
        if self._booted is None:
            return
        leader = self._leader()
        if leader is not None:
            os.kill(leader, signal.SIGRTMIN + 4)  # systemd(1): poweroff.target
        try:
            self._booted.wait(BOOT_S)
        except subprocess.TimeoutExpired:
            self._booted.kill()
            self._booted.wait(BOOT_S)
        self._booted = None

    def run(self, *command: str) -> str:
        """What a command in the booted machine prints; AssertionError with everything it printed when it fails."""
        return _output(self._inside(*command))

    def ask(self, *command: str) -> str:
        """The same, whatever its exit code."""
        done = subprocess.run(self._inside(*command), capture_output=True, text=True, timeout=LONG_S, check=False)
        return done.stdout + done.stderr

    def main_pids(self, *parts: str) -> dict[str, int]:
        """The main process of each part's unit, as the machine numbers them."""
        return {part: int(self.run("systemctl", "show", "-p", "MainPID", "--value", f"hotline-{part}")) for part in parts}

    def wait(self, is_true: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Look until it is true; AssertionError tells what did not happen."""
        ends_at = time.monotonic() + timeout_s
        while not is_true():
            assert time.monotonic() < ends_at, f"not within {timeout_s} s: {what}\n{self._said()}"
            assert self._booted is None or self._booted.poll() is None, f"the machine ended\n{self._said()}"
            time.sleep(0.2)

    def _inside(self, *command: str) -> list[str]:
        leader = self._leader()
        assert leader is not None, "the machine is not booted"
        words = [f"{name}={value}" for name, value in self._environment().items()]
        return ["nsenter", "-t", str(leader), "-a", "env", "-i", *words, *command]

    def _environment(self) -> dict[str, str]:
        return {**ENVIRONMENT, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/wheels"}

    def _leader(self) -> int | None:
        """The host's number of the machine's systemd: the only child of systemd-nspawn that is number 1 in its own namespace."""
        if self._booted is None:
            return None
        children = Path(f"/proc/{self._booted.pid}/task/{self._booted.pid}/children").read_text(encoding="ascii").split()
        for child in children:
            status = Path(f"/proc/{child}/status").read_text(encoding="ascii", errors="replace")
            if any(line.startswith("NSpid:") and line.split()[-1] == "1" and len(line.split()) > 2 for line in status.splitlines()):
                return int(child)
        return None

    def _said(self) -> str:
        return (self._folder / "boot.log").read_text(encoding="utf-8", errors="replace")[-1500:]


def _output(command: list[str]) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LONG_S, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout + done.stderr

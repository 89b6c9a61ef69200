"""A hotline in service: prepared once, then each part a process of its own, as systemd and containers start it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence

from hotline_core.settings import Settings
from launcher import fetch
from launcher.parts import parts_of
from tests.running.instance import CHECKOUT, Hotline

PREPARE_S = 90.0
START_S = 60.0
STOP_S = 10.0


class Service(Hotline):
    """`prepare` and `part NAME` with the settings of one HOTLINE_HOME; no supervisor, and no demo unless asked for.

    `wrapped` is put before each command, for example to run it in a network namespace.
    """

    def __init__(self, city: str | None = None, *, wrapped: Sequence[str] = (), **environment: str) -> None:
        super().__init__(city, **{"HOTLINE_DEMO": "0", **environment})
        self._wrapped = tuple(wrapped)
        self._parts: dict[str, subprocess.Popen[bytes]] = {}

    def command(self, *arguments: str) -> list[str]:
        """`python -m launcher …` as this service runs it."""
        return [*self._wrapped, sys.executable, "-m", "launcher", *arguments]

    def prepare(self) -> subprocess.CompletedProcess[str]:
        """`python -m launcher prepare`."""
        return subprocess.run(
            self.command("prepare"), cwd=CHECKOUT, env=self.environment, capture_output=True, text=True, timeout=PREPARE_S,
            check=False,
        )  # fmt: skip

    def names(self) -> list[str]:
        """The parts that a service manager has to start."""
        programs = fetch.fetched(self.settings.cache)
        assert programs is not None
        settings = Settings(**{name.removeprefix("HOTLINE_").lower(): value for name, value in self.environment.items()
                               if name.startswith("HOTLINE_")})  # type: ignore[arg-type]  # fmt: skip
        return [part.name for part in parts_of(settings, programs)]

    def start(self) -> None:
        """Prepare and start every part; AssertionError if it is not ready in time."""
        done = self.prepare()
        assert done.returncode == 0, done.stderr
        for name in self.names():
            self.start_part(name)
        self.wait(self.is_ready, START_S, "the desk is ready")

    def start_part(self, name: str) -> None:
        """`python -m launcher part NAME --log`."""
        with (self.home / "launcher.out").open("ab") as out:
            self._parts[name] = subprocess.Popen(
                self.command("part", name, "--log"), cwd=CHECKOUT, env=self.environment, stdin=subprocess.DEVNULL, stdout=out,
                stderr=out, start_new_session=True,
            )  # fmt: skip

    def kill_part(self, name: str) -> None:
        """SIGKILL, and nobody starts it again."""
        self._parts[name].kill()
        self._parts[name].wait(STOP_S)

    def pid(self, part: str) -> int:
        """The process id of a part: that of the process it was started as."""
        return self._parts[part].pid

    def add_person(self, login: str, role: str) -> str:
        """A new person, by the command an operator uses; the password."""
        made = subprocess.run(
            [sys.executable, "-m", "agent_desktop.accounts", "add", "--login", login, "--name", login, "--role", role],
            cwd=CHECKOUT, env=self.environment, check=True, capture_output=True, text=True, timeout=20,
        )  # fmt: skip
        return made.stdout.strip()

    def end_part(self, name: str) -> None:
        """SIGTERM to one part, until it is gone; nobody starts it again but `start_part`."""
        process = self._parts.pop(name)
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_S)

    def stop_parts(self) -> list[str]:
        """SIGTERM to every part; the names of those that had to be killed."""
        for process in self._parts.values():
            process.send_signal(signal.SIGTERM)
        stubborn = []
        for name, process in self._parts.items():
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(STOP_S)
                stubborn.append(name)
        self._parts.clear()
        return stubborn

    def close(self) -> None:
        """End what still runs and remove the folder."""
        self.stop_parts()
        self.remove()

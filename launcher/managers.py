"""Who keeps the parts running on this machine: supervisord under `make run`, systemd once it is installed; asked the same way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from hotline_core.errors import SetupError
from hotline_core.settings import Paths, load_city, load_settings
from launcher.parts import CHECKOUT
from launcher.prepare import prepare
from launcher.readiness import listens_at

ASK_S = 15.0
RESTART_S = 40.0
PREPARE_S = 900.0  # a migration may rebuild the index of years
TARGET = "hotline.target"
PREPARE_UNIT = "hotline-prepare.service"


class Manager(Protocol):
    """What a restart needs of whoever supervises the parts; SetupError manager_refused with its last words."""

    def pid(self, part: str) -> int:
        """The process of a part, 0 while there is none."""

    def restart(self, part: str) -> None:
        """End it and start it again; returns when a new process was started."""

    def prepare(self) -> None:
        """Configuration and databases of this checkout, while the parts run; our environment is the parts' own."""


def find(paths: Paths) -> Manager:
    """The one that runs this HOTLINE_HOME; SetupError not_started if nobody does."""
    if listens_at(paths.supervisor_socket):
        return Supervisord(paths.run / "supervisord.conf")
    try:
        _run(["systemctl", "is-active", "--quiet", TARGET], ASK_S)
    except (SetupError, OSError):
        raise SetupError("not_started") from None
    return Systemd()


class Supervisord:
    """The one that `make run` starts."""

    def __init__(self, configuration: Path) -> None:
        self._ctl = [sys.executable, "-m", "supervisor.supervisorctl", "-c", str(configuration)]

    def pid(self, part: str) -> int:
        """See Manager."""
        said = _run([*self._ctl, "pid", f"hotline:{part}"], ASK_S).strip()
        return int(said) if said.isdigit() else 0

    def restart(self, part: str) -> None:
        """See Manager."""
        _run([*self._ctl, "restart", f"hotline:{part}"], RESTART_S)

    def prepare(self) -> None:
        """See Manager."""
        settings = load_settings()
        prepare(settings, load_city(settings.city_file), is_first=False)


class Systemd:
    """The one of an installed service; needs root, as systemctl does."""

    def pid(self, part: str) -> int:
        """See Manager."""
        said = _run(["systemctl", "show", "--property=MainPID", "--value", _unit(part)], ASK_S).strip()
        return int(said) if said.isdigit() else 0

    def restart(self, part: str) -> None:
        """See Manager."""
        _run(["systemctl", "restart", _unit(part)], RESTART_S)

    def prepare(self) -> None:
        """See Manager."""
        _run(["systemctl", "reload", PREPARE_UNIT], PREPARE_S)


def _unit(part: str) -> str:
    return f"hotline-{part}.service"


def _run(argv: Sequence[str], timeout_s: float) -> str:
    try:
        done = subprocess.run(
            argv, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", timeout=timeout_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise SetupError("manager_refused", reason=f"{timeout_s:.0f} s", what=" ".join(argv[-2:])) from error
    if done.returncode != 0:
        words = (done.stdout.strip().splitlines() or [str(done.returncode)])[-1][:300]
        raise SetupError("manager_refused", reason=words, what=" ".join(argv[-2:]))
    return done.stdout

"""Asks systemd: new units read, the hotline started, its preparations done again."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Collection
from pathlib import Path

from hotline_core.errors import SetupError
from hotline_core.settings import Settings
from launcher import readiness
from launcher.install import layout, units
from launcher.install.files import below
from launcher.texts import sentence

RUNNING = Path("/run/systemd/system")  # sd_booted(3)
TIMEOUT_S = 960
READY_S = 90.0
LOOK_S = 0.2


def is_there() -> bool:
    """True when systemd runs this machine; false in a container or a root file system that is only being made."""
    return RUNNING.is_dir()


def version() -> int:
    """systemd's version; 0 when it tells none."""
    told = _ask("--version").stdout.split()
    return int(told[1]) if len(told) > 1 and told[1].isdigit() else 0


def remove_stale(kept: Collection[str], root: Path = Path("/")) -> list[Path]:
    """Stop and remove units of an earlier installation that this one no longer has."""
    stale = [path for path in below(root, layout.UNITS).glob("hotline-*.*") if path.is_file() and path.name not in kept]
    for path in stale:
        if is_there():
            _do("stop", path.name)
        path.unlink()
    return stale


def enable() -> None:
    """The hotline starts with the machine from now on."""
    if is_there():
        _do("daemon-reload")
    _do("enable", "--quiet", units.TARGET)


def is_running() -> bool:
    """True when the hotline is up or coming up."""
    return is_there() and _ask("is-active", units.TARGET).stdout.strip() in ("active", "activating")


def start(settings: Settings) -> None:
    """Start everything and wait until it is ready; SetupError names who is not."""
    _do("start", "--no-block", units.TARGET)
    try:
        _wait(settings)
    except SetupError as error:
        for unit in (units.PREPARE, units.FIREWALL):
            if _ask("is-active", unit).stdout.strip() != "active":
                raise SetupError("unit_failed", unit=unit) from error
        raise


def prepare_again() -> None:
    """Render and migrate with the code that is now in force; SetupError when that fails, with the parts untouched."""
    _do("reload", units.PREPARE)


def reload(unit: str) -> None:
    """New rules or a new certificate."""
    _do("reload-or-restart", unit)


def _wait(settings: Settings) -> None:
    deadline = time.monotonic() + READY_S
    health: readiness.Health | None = None
    while time.monotonic() < deadline:
        health = readiness.health(settings)
        if health is not None and health.ready:
            return
        time.sleep(LOOK_S)
    down = [name for name, state in (health.parts if health else {"desk": "down"}).items() if state != "up"]
    names = "、".join(sentence("parts", name) for name in down) or "?"
    raise SetupError("part_down", seconds=READY_S, parts=names, folder=settings.paths.log)


def _ask(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemctl", *arguments], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


def _do(*arguments: str) -> None:
    done = _ask(*arguments)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["?"])[0]
        raise SetupError("systemd_refused", command=" ".join(arguments), reason=reason)

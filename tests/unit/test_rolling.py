"""A rolling restart stops where something does not come back, and leaves what still runs alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hotline_core.errors import SetupError
from hotline_core.settings import Paths
from launcher import managers, readiness, rolling
from launcher.managers import Supervisord, Systemd
from launcher.programs import Programs
from launcher.readiness import Health

pytestmark = pytest.mark.unit

OURS = ("worker", "bridge", "desk", "relay", "front")


class Manager:
    """Each restart gives the next process, but for `stuck` ones."""

    def __init__(self, stuck: str = "") -> None:
        self.stuck = stuck
        self.restarted: list[str] = []

    def pid(self, part: str) -> int:
        return os.getppid() if part in self.restarted and part != self.stuck else os.getpid()

    def restart(self, part: str) -> None:
        self.restarted.append(part)

    def prepare(self) -> None:
        self.restarted.append("prepared")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose parts are said to be up; nothing runs."""
    for folder in ("run", "asterisk/etc", "log"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setenv("HOTLINE_HOME", str(tmp_path))
    monkeypatch.setattr(rolling, "_as_the_parts", lambda pid: None)
    monkeypatch.setattr(rolling, "_programs", lambda settings: Programs(Path("/")))
    monkeypatch.setattr(rolling, "parts_of", lambda settings, programs: [_Named(name) for name in ("asterisk", *OURS)])
    monkeypatch.setattr(rolling, "STEADY_S", 0.0)
    monkeypatch.setattr(rolling, "BACK_S", 0.3)
    monkeypatch.setattr(rolling, "_menus_closed", _nothing)
    monkeypatch.setattr(rolling, "_await_pages", lambda settings, before: None)
    monkeypatch.setattr(readiness, "probes", lambda settings, programs: {})
    monkeypatch.setattr(readiness, "health", lambda settings: Health(ready=True, parts={}))
    return tmp_path


class _Named:
    def __init__(self, name: str) -> None:
        self.name = name


@contextmanager
def _nothing(programs: Programs, asterisk: Path) -> Iterator[None]:
    yield


def restart(monkeypatch: pytest.MonkeyPatch, manager: Manager, *parts: str) -> None:
    monkeypatch.setattr(managers, "find", lambda paths: manager)
    rolling.restart(parts)


def test_configuration_and_databases_come_first_and_then_part_after_part(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = Manager()
    restart(monkeypatch, manager)
    assert manager.restarted == ["prepared", *OURS]


def test_only_some_parts_may_be_asked_for_and_only_ones_that_exist(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = Manager()
    restart(monkeypatch, manager, "front", "bridge")
    assert manager.restarted == ["prepared", "bridge", "front"]
    with pytest.raises(SetupError, match="unknown_part"):
        restart(monkeypatch, manager, "asterisk")


def test_a_part_that_does_not_come_back_is_the_last_one_touched(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = Manager(stuck="desk")
    with pytest.raises(SetupError, match="part_not_back"):
        restart(monkeypatch, manager)
    assert manager.restarted == ["prepared", "worker", "bridge", "desk"]


def test_nothing_is_restarted_while_something_is_wrong(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = Manager()
    monkeypatch.setattr(readiness, "health", lambda settings: Health(ready=False, parts={"worker": "down"}))
    with pytest.raises(SetupError, match="not_well"):
        restart(monkeypatch, manager)
    assert manager.restarted == []


def test_systemd_is_asked_in_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program named systemctl writes down what it was asked."""
    asked = tmp_path / "asked"
    program = tmp_path / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$@" >> {asked}\ncase "$1" in show) echo 4711;; esac\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    found = managers.find(Paths(tmp_path))
    assert isinstance(found, Systemd)
    assert found.pid("bridge") == 4711
    found.restart("bridge")
    found.prepare()
    assert asked.read_text().splitlines() == [
        "is-active --quiet hotline.target", "show --property=MainPID --value hotline-bridge.service",
        "restart hotline-bridge.service", "reload hotline-prepare.service",
    ]  # fmt: skip
    program.write_text("#!/bin/sh\necho Access denied; exit 4\n")
    with pytest.raises(SetupError, match="not_started"):
        managers.find(Paths(tmp_path))
    with pytest.raises(SetupError, match="Access denied"):
        found.restart("bridge")


def test_a_supervisor_that_is_gone_is_told(tmp_path: Path) -> None:
    configuration = tmp_path / "supervisord.conf"
    configuration.write_text(f"[supervisorctl]\nserverurl=unix://{tmp_path}/no.sock\n")
    with pytest.raises(SetupError, match="manager_refused"):
        Supervisord(configuration).restart("bridge")

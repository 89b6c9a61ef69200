"""The same hotline without our supervisor: `prepare`, then each part by `part NAME`, as systemd and containers do it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.running.instance import CHECKOUT
from tests.running.service import Service

pytestmark = pytest.mark.asterisk


@pytest.fixture
def service() -> Iterator[Service]:
    """A hotline in service that is not prepared yet."""
    made = Service()
    yield made
    made.close()


def _launcher(service: Service, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "launcher", *arguments], cwd=CHECKOUT, env=service.environment, capture_output=True, text=True,
        timeout=30, check=False,
    )  # fmt: skip


def test_an_operator_who_starts_a_part_before_preparing_is_told_what_to_do(service: Service) -> None:
    """One sentence each: nothing prepared, no such part."""
    too_early = _launcher(service, "part", "desk")
    assert (too_early.returncode, len(too_early.stderr.splitlines())) == (1, 1)
    assert service.prepare().returncode == 0
    unknown = _launcher(service, "part", "telephone")
    assert unknown.returncode == 1
    assert all(name in unknown.stderr for name in ("telephone", *service.names()))


def test_parts_that_are_started_one_by_one_make_a_hotline_that_is_prepared_again_while_it_runs(service: Service) -> None:
    """Every part is up; preparing again touches neither ports nor sockets; `make run` in the same folder is refused;
    Asterisk comes back although the city's file is broken just then; all end."""
    service.start()
    assert service.health()["parts"]["asterisk"]["state"] == "up"
    ports, before = service.ports(), set(service.settings.paths.run.glob("*.sock"))
    assert service.prepare().returncode == 0
    assert service.ports() == ports
    assert set(service.settings.paths.run.glob("*.sock")) == before
    assert service.is_ready()
    beside = _launcher(service, "run")
    assert beside.returncode == 1
    assert "systemctl stop hotline.target" in beside.stderr
    logs = {path.name for path in service.settings.paths.log.glob("*.log")}
    assert {f"{name}.log" for name in service.names()} <= logs
    assert {stat.S_IMODE(os.stat(service.settings.paths.log / name).st_mode) for name in logs} == {0o600}
    (service.home / "city.yaml").write_text("name: [", encoding="utf-8")  # somebody is writing at it
    service.kill_part("asterisk")
    service.start_part("asterisk")
    service.wait(service.is_ready, 30, "calls are taken again")
    (service.home / "city.yaml").unlink()
    assert service.stop_parts() == []
    alone = service.prepare()  # the locks ended with the parts
    assert alone.returncode == 0, alone.stderr


def test_a_service_whose_preparations_fail_after_a_power_cut_starts_when_the_reason_is_gone(service: Service) -> None:
    """Told once, tried again and again: here the city's file is broken and then put right."""
    city = service.home / "city.yaml"
    city.write_text("name: 示范市\n", encoding="utf-8")
    with (service.home / "launcher.out").open("ab") as out, subprocess.Popen(
        [*service.command("prepare"), "--patient"], cwd=CHECKOUT, env=service.environment, stdout=out, stderr=out
    ) as preparing:
        service.wait(lambda: "city.yaml" in service.said(), 20, "the reason is told")
        city.unlink()
        assert preparing.wait(60) == 0
    assert service.said().count("city.yaml") == 1

"""docker-compose.yml and Dockerfile, read by a parser: the same parts and settings as everywhere, and no secret by default."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field

from hotline_core.settings import Settings
from launcher import parts

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
KNOWN = {f"HOTLINE_{name.upper()}" for name in Settings.model_fields}
Duration = Field(pattern=r"^\d+s$")


class Strict(BaseModel):
    """Compose refuses what it does not know; so do we."""

    model_config = ConfigDict(extra="forbid", strict=True)


class After(Strict):
    """What must have happened to another service."""

    condition: Literal["service_started", "service_healthy", "service_completed_successfully"]


class Limit(Strict):
    """ulimit, soft and hard."""

    soft: int
    hard: int


class Logging(Strict):
    """Where output goes; options are texts."""

    driver: Literal["json-file", "local", "journald"]
    options: dict[str, str]


class Container(Strict):
    """A service, by the keys of the Compose Specification that we use."""

    image: str
    network_mode: Literal["host"]
    env_file: list[str]
    environment: dict[str, str]
    volumes: list[str]
    restart: Literal["no", "always", "on-failure", "unless-stopped"]
    init: bool
    stop_grace_period: str = Duration
    read_only: bool
    tmpfs: list[str]
    cap_drop: list[str]
    security_opt: list[str]
    ulimits: dict[str, Limit]
    logging: Logging
    depends_on: dict[str, After]
    command: list[str]
    build: str | None = None


class Volume(Strict):
    """A named volume with Docker's defaults."""


class Compose(Strict):
    """The whole file."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    services: dict[str, Container]
    volumes: dict[str, Volume]


@pytest.fixture(scope="module")
def compose() -> Compose:
    """The file as Compose reads it: anchors resolved, extensions (x-…) left out."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return Compose.model_validate({name: part for name, part in read.items() if not name.startswith("x-")})


def test_a_container_runs_each_part_and_one_prepares_before_them(compose: Compose) -> None:
    """Neither a part too few nor one that does not exist; none starts before the preparations are done."""
    assert list(compose.services) == ["prepare", *(name for name in parts.NAMES if name != "carrier")]  # which is the demo's
    for name, service in compose.services.items():
        if name == "prepare":
            assert service.command == ["python", "-m", "launcher", "prepare"]
            assert (service.restart, service.depends_on) == ("no", {})
            continue
        assert service.command == ["python", "-m", "launcher", "part", name]
        assert {other: after.condition for other, after in service.depends_on.items()} == {
            "prepare": "service_completed_successfully"
        }
        assert service.restart == "unless-stopped"


def test_every_setting_is_one_we_know_and_none_is_a_secret(compose: Compose) -> None:
    """What differs from the defaults is where things lie; addresses, databases and passwords come from hotline.env."""
    for service in compose.services.values():
        assert set(service.environment) <= KNOWN
        assert set(service.environment) == {"HOTLINE_HOME", "HOTLINE_CACHE", "HOTLINE_CONFIG"}
        assert service.env_file == ["hotline.env"]
    texts = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in ("docker-compose.yml", "Dockerfile"))
    assert set(re.findall(r"HOTLINE_[A-Z_]+", texts)) <= KNOWN
    assert not re.search(r"password|passwd|token|secret\s*[:=]", texts, re.IGNORECASE)


def test_containers_share_the_hosts_network_and_one_volume_and_may_do_nothing_else(compose: Compose) -> None:
    """As hardened as the units: no capability, a read-only system, bounded logs."""
    for service in compose.services.values():
        assert service.cap_drop == ["ALL"]
        assert service.read_only
        assert service.security_opt == ["no-new-privileges:true"]
        assert service.logging.options == {"max-size": "10m", "max-file": "4"}
        for volume in service.volumes:
            source, target = volume.split(":")[:2]
            assert source in compose.volumes or source == "./city.yaml"
            assert target in (service.environment["HOTLINE_HOME"], service.environment["HOTLINE_CONFIG"])


def test_the_image_holds_no_setting_of_this_machine_and_does_not_run_as_root() -> None:
    """What is not ignored is copied into it; the last user is the service's."""
    lines = [line for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    steps = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert set(steps) <= {"FROM", "RUN", "WORKDIR", "COPY", "ENV", "USER", "VOLUME", "CMD"}
    assert steps[0] == "FROM"
    assert [line.split()[1] for line in lines if line.startswith("USER")] == ["hotline"]
    assert steps.index("USER") > max(at for at, step in enumerate(steps) if step == "RUN")
    assert "ENV PATH=/opt/hotline/code/.venv/bin:" in "\n".join(lines)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {".git", ".venv", "hotline.env", "city.yaml", "*.secret"} <= set(ignored)

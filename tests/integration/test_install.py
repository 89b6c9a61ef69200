"""The files of an installation are taken by the programs they are for: systemd, nftables, logrotate, and by the kernel."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotline_core.city import City
from hotline_core.settings import Settings
from launcher.install import firewall, layout, machine, service, units
from launcher.install.files import below, write
from tests.running.namespaces import Networks

pytestmark = pytest.mark.integration

PARTS = ("redis", "asterisk", "carrier", "bridge", "desk", "relay", "worker", "front")
HOTLINE, CARRIER, STRANGER = "10.77.0.2", "198.51.100.10", "203.0.113.66"


def _settings(**more: object) -> Settings:
    return Settings(home="/var/lib/hotline", cache="/opt/hotline/programs", **more)  # type: ignore[arg-type]


def _run(*argv: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})


@pytest.mark.parametrize("http_port", [8328, 443])
def test_systemd_finds_no_fault_in_any_unit(tmp_path: Path, http_port: int) -> None:
    """`systemd-analyze verify` prints nothing; the programs they name are at their places."""
    settings = _settings(http_port=http_port, security_log="/var/log/hotline/security.log", backup="/var/backups/hotline")
    write(units.units(settings, PARTS, service.version()), tmp_path)
    for program in (str(layout.PYTHON), "/usr/sbin/nft", "/usr/sbin/logrotate", "/bin/kill"):
        path = tmp_path / program.removeprefix("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o755)
    for name in ("sysinit.target", "multi-user.target"):  # what every machine has
        path = tmp_path / "usr/lib/systemd/system" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("[Unit]\nDescription=x\n")
    found = sorted(below(tmp_path, layout.UNITS).iterdir())
    done = _run("systemd-analyze", "verify", "--man=no", f"--root={tmp_path}", *found)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_systemd_makes_the_user_and_the_folders_with_the_rights_that_were_meant(tmp_path: Path) -> None:
    """systemd-sysusers and systemd-tmpfiles into a bare root, as on a real machine."""
    settings = _settings()
    for file in (machine.users(settings), machine.folders(settings)):
        write([file], tmp_path)
    for name in ("etc/passwd", "etc/group"):
        (tmp_path / name).touch()
    made = _run("systemd-sysusers", f"--root={tmp_path}")
    assert made.returncode == 0, made.stderr
    user = next(line.split(":") for line in (tmp_path / "etc/passwd").read_text().splitlines() if line.startswith("hotline:"))
    assert (user[5], user[6].endswith("nologin")) == ("/var/lib/hotline", True)
    laid = _run("systemd-tmpfiles", "--create", f"--root={tmp_path}")
    assert laid.returncode == 0, laid.stderr
    home = (tmp_path / "var/lib/hotline").stat()
    assert (home.st_mode & 0o777, home.st_uid) == (0o700, int(user[2]))
    assert (tmp_path / "etc/hotline").stat().st_mode & 0o777 == 0o750


def test_a_log_that_has_grown_is_put_aside_while_its_part_writes_on(tmp_path: Path) -> None:
    """10 MB, then the part's next line is the first of the new log; nothing but the service's own rights is needed."""
    settings = Settings(home=tmp_path, cache=tmp_path)
    settings.paths.log.mkdir(mode=0o700)
    rules = machine.logrotate(settings)
    conf = tmp_path / "logrotate.conf"
    conf.write_text(rules.text)
    conf.chmod(0o644)
    log = settings.paths.log / "desk.log"
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab", buffering=0) as part:
        part.write(b"x" * (11 * 2**20))
        done = _run("logrotate", "--state", tmp_path / "state", conf)
        assert done.returncode == 0, done.stderr
        part.write(b"after\n")
    assert log.read_bytes() == b"after\n"
    assert (settings.paths.log / "desk.log.1").stat().st_size == 11 * 2**20
    assert (settings.paths.log / "desk.log.1").stat().st_mode & 0o077 == 0
    assert pwd.getpwuid((settings.paths.log / "desk.log.1").stat().st_uid).pw_uid == os.geteuid()


@pytest.fixture
def networks() -> Iterator[Networks]:
    """A hotline, a carrier's network and the rest of the world around a router."""
    with Networks("hotline", "router", "carrier", "world") as made:
        made.join("hotline", f"{HOTLINE}/24", "router", "10.77.0.1/24")
        made.join("carrier", f"{CARRIER}/24", "router", "198.51.100.1/24")
        made.join("world", f"{STRANGER}/24", "router", "203.0.113.1/24")
        made.run("router", "sysctl", "-qw", "net.ipv4.ip_forward=1")
        for name, via in (("hotline", "10.77.0.1"), ("carrier", "198.51.100.1"), ("world", "203.0.113.1")):
            made.run(name, "ip", "route", "add", "default", "via", via)
        yield made


def test_the_firewall_lets_carriers_and_sound_in_and_keeps_strangers_from_sip(networks: Networks) -> None:
    """Real packets: SIP from the carrier arrives, a scanner's does not; sound and the machine's other ports are as before."""
    line = {"name": "x", "numbers": ["12345"], "notice": "n"}
    city = City.model_validate({"name": "x", "lines": {"12345": line}, "trunks": {"one": {"host": CARRIER}}})
    settings = _settings(rtp_ports="21000-21099", local_networks="10.77.0.0/24")
    for _ in range(2):  # written again over itself, as an upgrade does
        networks.run("hotline", "nft", "-f", "-", text=firewall.nft_table(settings, city))
    assert _arrives(networks, "carrier", 5060)
    assert not _arrives(networks, "world", 5060)
    assert _arrives(networks, "world", 21000)
    assert _arrives(networks, "world", 9999)
    assert "packets 1 " in networks.run("hotline", "nft", "list", "table", "inet", "hotline")
    networks.run("hotline", "nft", "delete", "table", "inet", "hotline")
    assert _arrives(networks, "world", 5060)


def _arrives(networks: Networks, source: str, port: int) -> bool:
    """True when a datagram from there reaches the hotline's port; a second one to an open port tells that time has passed."""

    def listening() -> tuple[socket.socket, socket.socket]:
        ends = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        ends[0].bind((HOTLINE, port))
        ends[1].bind((HOTLINE, 7))
        return ends

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.sendto(b"first", (HOTLINE, port))
            one.sendto(b"second", (HOTLINE, 7))

    asked, open_port = networks.inside("hotline", listening)
    with asked, open_port:
        networks.inside(source, send)
        open_port.settimeout(5.0)
        assert open_port.recv(16) == b"second"
        asked.setblocking(False)
        try:
            return asked.recv(16) == b"first"
        except BlockingIOError:
            return False

"""`make install` on a bare Debian 12 and 13, booted: the service runs hardened, comes back, is upgraded, survives a bad upgrade."""

from __future__ import annotations

import json
import re
import shutil
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.campaign.conftest import OpenTable
from tests.campaign.machine import PYTHON, Machine
from tests.running.namespaces import Networks

pytestmark = pytest.mark.campaign

ADDRESS, NEIGHBOUR, STRANGER = "10.77.0.2", "10.77.0.1", "203.0.113.66"
OWN = ("bridge", "desk", "relay", "worker", "front")
ALL = ("redis", "asterisk", *OWN)
BINDING = 1 << 10  # CAP_NET_BIND_SERVICE, capabilities(7)
SETTINGS = (
    f"HOTLINE_BIND={ADDRESS}", "HOTLINE_HTTP_PORT=443", f"HOTLINE_TLS_NAMES={ADDRESS}", "HOTLINE_LOCAL_NETWORKS=10.77.0.0/24",
)  # fmt: skip


class Installed:
    """The machine and who looks at it from outside."""

    def __init__(self, machine: Machine, networks: Networks, said: str) -> None:
        self.machine, self.networks, self.said = machine, networks, said
        self.debian = (machine.root / "etc/debian_version").read_text(encoding="ascii").strip()

    def is_ready(self) -> bool:
        """True when health answers 200 to a browser that trusts the machine's own certificate."""
        try:
            return self.networks.inside("agents", self._health) == 200
        except (httpx.TransportError, OSError):
            return False

    def _health(self) -> int:
        trusted = ssl.create_default_context(cafile=str(self.machine.root / "var/lib/hotline/tls/certificate.pem"))
        return httpx.get(f"https://{ADDRESS}/api/health", verify=trusted, timeout=3.0, trust_env=False).status_code

    def wait_ready(self) -> None:
        """AssertionError when it is not within a minute."""
        self.machine.wait(self.is_ready, 60, "the desk is ready")

    def install(self) -> str:
        """`make install` in the booted machine, without any network."""
        return self.machine.run("make", "-C", "/src", "install")


@pytest.fixture(scope="module", params=PYTHON)
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """A bare Debian with our checkout, installed, then booted."""
    folder = tmp_path_factory.mktemp("machine")
    with Networks("machine", "agents") as networks:
        networks.join("machine", f"{ADDRESS}/24", "agents", f"{NEIGHBOUR}/24")
        networks.run("agents", "ip", "address", "add", f"{STRANGER}/32", "dev", "lo")
        networks.run("machine", "ip", "route", "add", "default", "via", NEIGHBOUR)
        machine = Machine(folder, networks.real("machine"), request.param)
        try:
            machine.make()
            said = machine.install_unbooted(*SETTINGS)
            machine.boot()
            made = Installed(machine, networks, said)
            made.wait_ready()
            yield made
        finally:
            machine.halt()
            shutil.rmtree(folder, ignore_errors=True)


def test_systemd_finds_no_fault_in_the_units_and_starts_every_part_with_the_machine(installed: Installed, table: OpenTable) -> None:
    """verify is silent, everything is active after the boot, and nothing of the machine's own failed because of us."""
    machine = installed.machine
    units = sorted(path.name for path in (machine.root / "etc/systemd/system").glob("hotline*.*") if path.is_file())
    assert machine.run("systemd-analyze", "verify", "--man=no", *(f"/etc/systemd/system/{name}" for name in units)) == ""
    wanted = [*(f"hotline-{part}" for part in ALL), "hotline-firewall", "hotline.target", "fail2ban"]
    active = machine.ask("systemctl", "is-active", *wanted)
    assert set(active.split()) == {"active"}, machine.ask("journalctl", "--no-pager", "-p", "warning", "-b")
    assert machine.ask("systemctl", "--failed", "--plain", "--no-legend", "list-units", "hotline*").strip() == ""
    told = json.loads(machine.run("systemd-analyze", "security", "--json=short"))
    marks = {each["unit"]: float(each["exposure"]) for each in told if each["unit"].startswith("hotline-")}
    results = table("install", "make install on a bare Debian", "Debian", "what", "result")
    results.add(installed.debian, "units verified", ", ".join(units))
    results.add(installed.debian, "systemd-analyze security", ", ".join(f"{name} {mark}" for name, mark in sorted(marks.items())))
    assert max(marks[f"hotline-{part}.service"] for part in ALL) < 2.0


def test_every_part_runs_as_the_services_user_and_may_do_nothing_but_its_work(installed: Installed) -> None:
    """By the kernel's own word: user, no capability but the front's for port 443, no new privileges, filtered system calls."""
    user = installed.machine.run("id", "-u", "hotline").strip()
    for part, pid in installed.machine.main_pids(*ALL).items():
        status = installed.machine.run("cat", f"/proc/{pid}/status")
        facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert facts["Uid"].split() == [user] * 4, part
        may = BINDING if part == "front" else 0
        assert int(facts["CapBnd"], 16) == int(facts["CapEff"], 16) == may, part
        assert (facts["NoNewPrivs"], facts["Seccomp"]) == ("1", "2"), part


def test_secrets_and_citizens_data_are_for_the_service_alone(installed: Installed) -> None:
    """No file below HOTLINE_HOME is open to others, and the service cannot change what it executes."""
    machine = installed.machine
    assert machine.run("find", "/var/lib/hotline", "-not", "-type", "l", "-perm", "/077", "-not", "-type", "s") == ""
    assert machine.run("stat", "-c", "%a %U", "/etc/hotline/hotline.env").strip() == "600 root"
    assert machine.run("find", "/opt/hotline", "/etc/hotline", "-user", "hotline") == ""
    assert machine.run("find", "/opt/hotline", "-not", "-type", "l", "-perm", "/022") == ""


def test_a_part_that_is_killed_comes_back_and_one_that_is_killed_again_and_again_too(installed: Installed) -> None:
    """No limit of starts ends the service."""
    machine = installed.machine
    for _ in range(6):
        killed = {0, machine.main_pids("relay")["relay"]}
        machine.run("kill", "-9", str(max(killed)))
        _wait_for_another(machine, killed)
    installed.wait_ready()


def _wait_for_another(machine: Machine, killed: set[int]) -> None:
    machine.wait(lambda: machine.main_pids("relay")["relay"] not in killed, 40, "the relay is there again")


def test_sip_of_a_stranger_is_dropped_before_asterisk_sees_it_and_a_local_telephones_is_answered(installed: Installed) -> None:
    """The table is in force in the booted machine."""
    assert installed.networks.inside("agents", lambda: _options(NEIGHBOUR))
    assert not installed.networks.inside("agents", lambda: _options(STRANGER))
    assert re.search(r"udp dport 5060 counter packets [1-9]", installed.machine.run("nft", "list", "table", "inet", "hotline"))


def _options(source: str) -> bool:
    """True when an OPTIONS from this address is answered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as telephone:
        telephone.bind((source, 0))
        telephone.settimeout(3.0)
        port = telephone.getsockname()[1]
        lines = [
            f"OPTIONS sip:{ADDRESS} SIP/2.0", f"Via: SIP/2.0/UDP {source}:{port};branch=z9hG4bKx{port};rport", "Max-Forwards: 70",
            f"From: <sip:x@{source}>;tag=a", f"To: <sip:{ADDRESS}>", f"Call-ID: {port}", "CSeq: 1 OPTIONS",
            "Content-Length: 0", "", "",
        ]  # fmt: skip
        telephone.sendto("\r\n".join(lines).encode(), (ADDRESS, 5060))
        try:
            return telephone.recv(4096).startswith(b"SIP/2.0 ")
        except TimeoutError:
            return False


def test_the_command_of_the_service_does_what_make_does_in_a_checkout(installed: Installed) -> None:
    """As the service's user, with its settings; no file of root is left in its folder."""
    machine = installed.machine
    assert "示范市" in machine.run("hotline", "check-config")
    machine.run("hotline", "-m", "agent_desktop.accounts", "add", "--login", "zhang", "--name", "张三", "--role", "administrator")
    assert "zhang" in machine.run("hotline", "-m", "agent_desktop.accounts", "list")
    machine.run("systemctl", "start", "hotline-backup.service")
    assert machine.run("find", "/var/backups/hotline", "-name", "manifest*") != ""
    assert machine.run("find", "/var/lib/hotline", "/var/backups/hotline", "-not", "-user", "hotline") == ""


def test_the_self_check_runs_as_the_service_and_finds_nothing_wrong_but_what_a_bare_machine_lacks(
    installed: Installed, table: OpenTable
) -> None:
    """`hotline doctor`: no trunk was set up (and no backup made, where this test runs alone); all else is green or a note."""
    told, _ = json.JSONDecoder().raw_decode(installed.machine.ask("hotline", "doctor", "JSON=1"))  # make adds that it was not 0
    levels: dict[str, list[str]] = {}
    for each in told["findings"]:
        levels.setdefault(each["level"], []).append(each["check"])
    said = "; ".join(f"{level}: {', '.join(checks)}" for level, checks in levels.items())
    table("install", "make install on a bare Debian", "Debian", "what", "result").add(installed.debian, "hotline doctor", said)
    assert set(levels["bad"]) <= {"trunks", "backups"}, json.dumps(told, ensure_ascii=False, indent=1)


def test_an_installation_that_is_repeated_touches_nothing(installed: Installed) -> None:
    """The same processes go on."""
    before = installed.machine.main_pids(*ALL)
    assert "没有改动" in installed.install()
    assert installed.machine.main_pids(*ALL) == before


def test_an_upgrade_restarts_our_parts_one_by_one_and_never_asterisk_and_needs_no_network(installed: Installed) -> None:
    """New code is in force, the settings and the data are what they were."""
    machine = installed.machine
    (machine.root / "src/README.md").open("a", encoding="utf-8").write("\n")
    before, link = machine.main_pids(*ALL), (machine.root / "opt/hotline/current").readlink()
    settings = (machine.root / "etc/hotline/hotline.env").read_bytes()
    installed.install()
    after = machine.main_pids(*ALL)
    assert (machine.root / "opt/hotline/current").readlink() != link
    assert {part for part in ALL if after[part] != before[part]} == set(OWN)
    assert (machine.root / "etc/hotline/hotline.env").read_bytes() == settings
    assert installed.is_ready()


def test_an_upgrade_that_cannot_be_prepared_leaves_the_old_code_running(installed: Installed) -> None:
    """A migration that fails: the link goes back, no part was restarted, the reason is told."""
    machine = installed.machine
    source = machine.root / "src/hotline_core/adapters/migrate.py"
    whole = source.read_text(encoding="utf-8")
    before, link = machine.main_pids(*ALL), (machine.root / "opt/hotline/current").readlink()
    source.write_text(f"{whole}\nraise SystemExit(7)\n", encoding="utf-8")
    try:
        assert "hotline-prepare" in machine.ask("make", "-C", "/src", "install")
    finally:
        source.write_text(whole, encoding="utf-8")
    assert (machine.root / "opt/hotline/current").readlink() == link
    assert machine.main_pids(*ALL) == before
    assert installed.is_ready()
    installed.install()


def test_a_machine_that_is_switched_off_and_on_serves_again_by_itself(installed: Installed) -> None:
    """Nobody logs in to start anything."""
    installed.machine.halt()
    installed.machine.boot()
    installed.wait_ready()


def test_what_make_install_said_is_for_an_operator_to_read(installed: Installed, table: OpenTable) -> None:
    """Chinese sentences, each step; kept with the results."""
    assert "已安装" in installed.said
    steps = [line.strip() for line in installed.said.splitlines() if "……" in line]
    assert len(steps) >= 3
    results = table("install", "make install on a bare Debian", "Debian", "what", "result")
    results.add(installed.debian, "steps told", "; ".join(steps))
    assert Path(installed.machine.root / "opt/hotline/current").is_symlink()

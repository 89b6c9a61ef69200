"""What an installation would put on a machine: settings kept as the operator left them, units, firewall, releases."""

from __future__ import annotations

import configparser
import os
from pathlib import Path

import pytest

from hotline_core.city import City
from hotline_core.settings import Settings
from launcher.install import command, environment, firewall, layout, machine, release, service, units
from launcher.install.files import InstalledFile

pytestmark = pytest.mark.unit

PARTS = ("redis", "asterisk", "bridge", "desk", "relay", "worker", "front")
KNOWN = {"HOTLINE_HOME": "", "HOTLINE_BIND": "127.0.0.1", "HOTLINE_HTTP_PORT": "8328"}


def _settings(**more: object) -> Settings:
    return Settings(home="/var/lib/hotline", cache="/opt/hotline/programs", **more)  # type: ignore[arg-type]


def _units(settings: Settings | None = None, systemd: int = 257) -> dict[str, configparser.RawConfigParser]:
    found = {}
    for file in units.units(settings or _settings(), PARTS, systemd):
        parser = configparser.RawConfigParser(strict=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read_string(file.text)
        found[file.path.name] = parser
    return found


def _city(**trunks: dict[str, object]) -> City:
    line = {"name": "x", "numbers": ["12345"], "notice": "n"}
    return City.model_validate({"name": "x", "lines": {"12345": line}, "trunks": trunks})


# -- settings


def test_a_first_installation_writes_what_is_given_and_names_every_other_setting_with_its_default() -> None:
    """The operator sees all of them and takes a # away."""
    text = environment.merged("", {"HOTLINE_HOME": "/var/lib/hotline"}, KNOWN, "第一行\n第二行")
    assert text.startswith("# 第一行\n# 第二行\n\n")
    assert environment.read(text) == {"HOTLINE_HOME": "/var/lib/hotline"}
    assert "#HOTLINE_BIND=127.0.0.1\n" in text


def test_an_upgrade_leaves_the_operators_settings_and_comments_and_adds_only_what_is_new() -> None:
    """make install without settings changes nothing; with one, only that line."""
    mine = "# ours\nHOTLINE_BIND=10.0.0.5  \n\n#HOTLINE_HTTP_PORT=8328\nHOTLINE_HOME='/srv/hot line'\n"
    assert environment.merged(mine, {}, KNOWN, "x") == mine
    text = environment.merged(mine, {"HOTLINE_HTTP_PORT": "443"}, {**KNOWN, "HOTLINE_NEW": "1"}, "x")
    assert text == mine.replace("#HOTLINE_HTTP_PORT=8328", "HOTLINE_HTTP_PORT=443") + "#HOTLINE_NEW=1\n"


@pytest.mark.parametrize("value", ["plain/1", "a b", "postgresql://u:p#w$x@h/d?a=1&b=2", "it's", 'a"b\\c\'d', "$HOME", "中文"])
def test_a_value_is_read_back_as_it_was_given(value: str) -> None:
    """Passwords of databases hold anything."""
    assert environment.read(environment.merged("", {"HOTLINE_X": value}, {}, "")) == {"HOTLINE_X": value}


def test_a_setting_of_two_lines_is_refused() -> None:
    """It would set another one."""
    with pytest.raises(ValueError, match="one line"):
        environment.merged("", {"HOTLINE_X": "a\nHOTLINE_Y=b"}, {}, "")


# -- units


def test_every_part_has_a_unit_that_follows_the_preparations_and_comes_back_for_ever() -> None:
    """Ordered start, growing pauses, never given up."""
    found = _units()
    assert set(found) == {
        "hotline.target", "hotline-prepare.service", "hotline-firewall.service", "hotline-logs.service", "hotline-logs.timer",
        *(f"hotline-{name}.service" for name in PARTS),
    }  # fmt: skip
    for name in PARTS:
        unit = found[f"hotline-{name}.service"]
        assert unit["Unit"]["Requires"] == "hotline-prepare.service"
        assert unit["Unit"]["StartLimitIntervalSec"] == "0"
        assert unit["Unit"]["PartOf"] == "hotline.target"
        assert f"hotline-{name}.service" in found["hotline.target"]["Unit"]["Wants"].split()
        assert unit["Service"]["ExecStart"].endswith(f"-m launcher part {name} --log")
        assert (unit["Service"]["Restart"], unit["Service"]["RestartMaxDelaySec"]) == ("always", "20")
    assert found["hotline-desk.service"]["Unit"]["After"].split() == [
        "hotline-prepare.service", "hotline-redis.service", "hotline-bridge.service",
    ]  # fmt: skip


def test_an_older_systemd_is_not_given_words_it_does_not_know() -> None:
    """Debian 12 has 252."""
    service = _units(systemd=252)["hotline-desk.service"]["Service"]
    assert "RestartSteps" not in service
    assert service["RestartSec"] == "1"


def test_no_part_may_do_more_than_it_must() -> None:
    """No root, no capability, nothing writable but the hotline's own folder."""
    for name, unit in _units().items():
        if name in ("hotline.target", "hotline-firewall.service", "hotline-logs.timer"):
            continue
        service = unit["Service"]
        assert (service["User"], service["NoNewPrivileges"], service["ProtectSystem"]) == ("hotline", "yes", "strict")
        assert service["CapabilityBoundingSet"] == service["AmbientCapabilities"] == ""
        assert service["ReadWritePaths"] == "/var/lib/hotline"
        assert service["UMask"] == "0077"


def test_a_backup_is_made_every_night_where_there_is_a_place_for_it() -> None:
    """The parts may write there and where the security log lies, and nowhere else."""
    assert not [name for name in _units() if "backup" in name]
    found = _units(_settings(backup="/var/backups/hotline", security_log="/var/log/hotline/security.log"))
    assert found["hotline-backup.timer"]["Timer"]["Persistent"] == "yes"
    assert "hotline-backup.timer" in found["hotline.target"]["Unit"]["Wants"].split()
    may_write = found["hotline-desk.service"]["Service"]["ReadWritePaths"].split()
    assert may_write == ["/var/lib/hotline", "-/var/log/hotline", "-/var/backups/hotline"]


def test_only_who_listens_below_1024_may_bind_there() -> None:
    """Pages on 443: the front, and nobody else."""
    found = _units(_settings(http_port=443))
    may = {name for name, unit in found.items() if "Service" in unit and unit["Service"].get("AmbientCapabilities")}
    assert may == {"hotline-front.service", "hotline-prepare.service"}  # the preparations try whether the port is free
    assert found["hotline-front.service"]["Service"]["AmbientCapabilities"] == "CAP_NET_BIND_SERVICE"


def test_units_of_parts_that_are_no_more_are_removed(tmp_path: Path) -> None:
    """A Redis of the city's own: ours would only be in the way; units of others stay."""
    folder = tmp_path / "etc/systemd/system"
    folder.mkdir(parents=True)
    for name in ("hotline-redis.service", "hotline-desk.service", "hotline.target", "other.service"):
        (folder / name).touch()
    (folder / "hotline-desk.service.d").mkdir()
    assert [path.name for path in service.remove_stale({"hotline-desk.service"}, tmp_path)] == ["hotline-redis.service"]


# -- firewall


def test_sip_is_open_for_carriers_and_local_networks_only_sound_and_pages_for_everybody() -> None:
    """A scanner's packets end before Asterisk sees them."""
    city = _city(one={"host": "192.0.2.10"}, two={"host": "sip.example", "from_addresses": ["198.51.100.0/24", "2001:db8::1"]})
    text = firewall.nft_table(_settings(local_networks="10.1.0.0/16,10.1.2.0/24"), city)
    assert "udp dport 5060 ip saddr { 10.1.0.0/16, 192.0.2.10/32, 198.51.100.0/24 } accept" in text
    assert "udp dport 5060 ip6 saddr { 2001:db8::1/128 } accept" in text
    assert "udp dport 5060 counter drop" in text
    assert "udp dport 21000-21999 accept" in text
    assert "tcp dport 8328 accept" in text


def test_a_carrier_that_is_known_by_its_name_only_may_call_from_anywhere() -> None:
    """Rules cannot follow a name; Asterisk does. A flood of strangers is cut, and who answers us is none."""
    text = firewall.nft_table(_settings(), _city(one={"host": "192.0.2.10"}, two={"host": "sip.example"}))
    limit = f"limit rate {firewall.STRANGERS_PER_S}/second burst {4 * firewall.STRANGERS_PER_S} packets accept"
    assert f"udp dport 5060 {limit}\n    udp dport 5060 counter drop" in text


# -- releases


def _checkout(folder: Path) -> Path:
    for name, text in {"a.py": "a", "b/c.yaml": "c", ".git/x": "x", "tests/t.py": "t", "b/__pycache__/c.pyc": "p"}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_a_release_is_the_code_without_what_only_developers_need(tmp_path: Path) -> None:
    """Its name tells the content: the same code is the same release."""
    checkout = _checkout(tmp_path / "one")
    assert [str(path) for path in release.sources(checkout)] == ["a.py", "b/c.yaml"]
    assert release.digest(checkout) == release.digest(_checkout(tmp_path / "two"))
    (checkout / "a.py").chmod(0o755)
    assert release.digest(checkout) != release.digest(tmp_path / "two")


def test_the_release_in_force_changes_at_once_and_earlier_ones_are_kept_for_parts_that_still_run(tmp_path: Path) -> None:
    """A link is replaced, never missing; half-made releases go."""
    releases = tmp_path / "releases"
    for age, name in enumerate("abcde"):
        (releases / name).mkdir(parents=True)
        if name != "b":
            (releases / name / "complete").touch()
        os.utime(releases / name, (1000 + age, 1000 + age))
    link = tmp_path / "current"
    assert release.put_in_force(releases / "e", link)
    assert not release.put_in_force(releases / "e", link)
    assert sorted(path.name for path in release.remove_old(releases, releases / "e")) == ["a", "b"]
    assert release.put_in_force(releases / "d", link)
    assert link.resolve() == releases / "d"


# -- the rest


def test_the_command_of_the_service_is_make_or_a_module() -> None:
    """hotline doctor is make doctor; hotline -m … is .venv/bin/python -m …; the venv is never rebuilt by another Python."""
    assert command.argv_of(["-m", "agent_desktop.accounts", "list"], "/v/python", "/usr/bin/python3")[0] == "/v/python"
    made = command.argv_of(["token", "ROLE=auditor"], "/v/python", "/usr/bin/python3")
    assert made[0] == "make"
    assert made[-3:] == ["PYTHON=/usr/bin/python3", "token", "ROLE=auditor"]


def test_secrets_and_sound_are_for_the_services_user_alone() -> None:
    """Folders by systemd-tmpfiles; trunk passwords that root put there become readable for the service, and only for it."""
    lines = machine.folders(_settings()).text.splitlines()
    assert "d /var/lib/hotline 0700 hotline hotline -" in lines
    assert "d /var/lib/hotline/spool 0700 hotline hotline -" in lines
    watched = machine.folders(_settings(security_log="/var/log/hotline/security.log")).text.splitlines()
    assert "f /var/log/hotline/security.log 0600 hotline hotline -" in watched
    assert "z /var/lib/hotline/*.secret 0600 hotline hotline -" in lines
    assert all(isinstance(file, InstalledFile) for file in (machine.users(_settings()), machine.command()))
    assert machine.command().path == layout.COMMAND

"""Ports and folders of the machine: what is busy is told, what is free is kept."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hotline_core.adapters import ports as port_file
from hotline_core.adapters.ports import Ports
from hotline_core.errors import SetupError
from hotline_core.settings import Settings
from launcher import checks

pytestmark = pytest.mark.integration

STREAM, DATAGRAM = socket.SOCK_STREAM, socket.SOCK_DGRAM


@pytest.fixture
def busy_tcp() -> Iterator[int]:
    """A port on which somebody else listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield int(listener.getsockname()[1])


@pytest.fixture
def busy_udp() -> Iterator[int]:
    """A port on which somebody else takes datagrams."""
    with closing(socket.socket(socket.AF_INET, DATAGRAM)) as taker:
        taker.bind(("127.0.0.1", 0))
        yield int(taker.getsockname()[1])


def _settings(home: Path, **more: object) -> Settings:
    free = {f"{name}_port": checks.free_port(kind, set()) for name, kind in (("http", STREAM), ("ami", STREAM), ("sip", DATAGRAM))}
    return Settings(home=home, cache=home / "cache", **{**free, **more})  # type: ignore[arg-type]


def test_free_ports_raise_no_objection(short_folder: Path) -> None:
    """The normal start."""
    checks.check_ports(_settings(short_folder))


def test_a_busy_page_port_is_told_with_its_variable(short_folder: Path, busy_tcp: int) -> None:
    """The operator learns the variable and a port that is free."""
    with pytest.raises(SetupError) as refusal:
        checks.check_ports(_settings(short_folder, http_port=busy_tcp))
    assert refusal.value.code == "port_busy"
    assert refusal.value.facts["variable"] == "HOTLINE_HTTP_PORT"
    free = refusal.value.facts["free"]
    assert isinstance(free, int)
    assert checks.trouble_with("127.0.0.1", free, STREAM) is None


def test_a_busy_sip_port_is_told_with_its_variable(short_folder: Path, busy_udp: int) -> None:
    """SIP comes over UDP: a datagram socket is in the way."""
    with pytest.raises(SetupError) as refusal:
        checks.check_ports(_settings(short_folder, sip_port=busy_udp))
    assert (refusal.value.facts["variable"], refusal.value.facts["protocol"]) == ("HOTLINE_SIP_PORT", "UDP")


def test_an_address_the_machine_does_not_have_is_told() -> None:
    """HOTLINE_BIND may name another machine's address (192.0.2.0/24 belongs to nobody, RFC 5737)."""
    with pytest.raises(SetupError) as refusal:
        checks._check("192.0.2.1", 62000, STREAM, "HOTLINE_HTTP_PORT")
    assert refusal.value.code == "address_unknown"


def test_a_start_keeps_the_ports_of_the_last_one_while_they_are_free(short_folder: Path, busy_tcp: int) -> None:
    """A busy one is replaced, the others stay."""
    settings = _settings(short_folder)
    earlier = checks.choose_ports(settings, None)
    assert checks.choose_ports(settings, earlier) == earlier
    moved = checks.choose_ports(settings, Ports(busy_tcp, earlier.carrier_sip))
    assert moved.asterisk_http != busy_tcp
    assert moved.carrier_sip == earlier.carrier_sip


def test_the_operators_own_ports_are_taken_as_they_are(short_folder: Path) -> None:
    """HOTLINE_ASTERISK_HTTP_PORT and HOTLINE_CARRIER_SIP_PORT win."""
    chosen = checks.choose_ports(_settings(short_folder, asterisk_http_port=41001, carrier_sip_port=41002), None)
    assert (chosen.asterisk_http, chosen.carrier_sip) == (41001, 41002)


def test_every_part_reads_the_ports_that_the_launcher_wrote(short_folder: Path) -> None:
    """And a part started alone is told that nothing runs."""
    settings = _settings(short_folder)
    with pytest.raises(SetupError):
        port_file.read(settings.paths)
    checks.make_home(settings)
    port_file.write(settings.paths, Ports(1, 2))
    assert port_file.read(settings.paths) == Ports(1, 2)


def test_everything_made_at_run_time_is_for_the_owner_only(short_folder: Path) -> None:
    """Recordings and secrets lie under HOTLINE_HOME."""
    settings = _settings(short_folder / "home")
    checks.make_home(settings)
    assert settings.paths.home.stat().st_mode & 0o777 == 0o700
    assert settings.paths.spool.stat().st_mode & 0o777 == 0o700


def test_a_home_that_cannot_be_made_is_told(short_folder: Path) -> None:
    """A file stands where the folder should be."""
    (short_folder / "file").touch()
    with pytest.raises(SetupError) as refusal:
        checks.make_home(_settings(short_folder / "file/home"))
    assert refusal.value.code == "not_writable"
    assert refusal.value.facts["variable"] == "HOTLINE_HOME"


def test_a_full_disk_is_told_with_the_room_that_is_needed(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Less than 500 MB would fill up in the first calls."""
    monkeypatch.setattr(checks, "NEEDED_MB", 10**9)
    with pytest.raises(SetupError) as refusal:
        checks.make_home(_settings(short_folder))
    assert refusal.value.code == "disk_full"


def test_a_folder_that_a_configuration_file_cannot_hold_is_told() -> None:
    """A space or a semicolon would change the meaning of a line."""
    with pytest.raises(SetupError) as refusal:
        checks.check_folder(Path("/srv/hot line"), "odd_folder", "HOTLINE_HOME")
    assert refusal.value.code == "odd_folder"
    checks.check_folder(Path("/srv/热线-1_a.b"), "odd_folder", "HOTLINE_HOME")

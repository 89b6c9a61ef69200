"""Behind a NAT carriers are told the outside address, and browsers both; on this side nobody is sent around."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest

from asterisk_conf import render
from hotline_core.settings import Settings

pytestmark = pytest.mark.unit


def _conf(name: str, settings: Settings) -> str:
    folder = Path(render.__file__).parent / "templates"
    loader = jinja2.FileSystemLoader([folder / "pbx", folder / "common"])
    environment = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, autoescape=False)  # noqa: S701
    ice = {"ice_addresses": ["10.0.0.5"], "ice_shown": render.ice_shown(settings)}
    return environment.get_template(f"{name}.conf.j2").render(settings=settings, rtp_first=1, rtp_last=2, **ice)


def test_without_a_nat_everybody_is_told_our_own_address(tmp_path: Path) -> None:
    """The default."""
    text = _conf("pjsip", Settings(home=tmp_path))
    assert "external_" not in text
    assert "local_net" not in text
    assert "ice_host_candidates" not in _conf("rtp", Settings(home=tmp_path))


def test_behind_a_nat_carriers_are_told_the_outside_address_and_local_networks_our_own(tmp_path: Path) -> None:
    """The relay's websocket comes from loopback: browsers learn the outside address by ICE and keep the inside one."""
    settings = Settings(home=tmp_path, external_address="203.0.113.9", local_networks="10.0.0.0/8, 192.168.7.0/24")
    transport = _conf("pjsip", settings).partition("[transport-ws]")[0].splitlines()
    assert "external_signaling_address = 203.0.113.9" in transport
    assert "external_media_address = 203.0.113.9" in transport
    networks = [line for line in transport if line.startswith("local_net")]
    assert networks == ["local_net = 127.0.0.0/8", "local_net = 10.0.0.0/8", "local_net = 192.168.7.0/24"]
    rtp = _conf("rtp", settings).splitlines()
    assert "10.0.0.5 => 203.0.113.9,include_local_address" in rtp
    assert "ice_deny = ::/0" not in rtp


def test_tests_of_browsers_still_keep_the_sound_on_loopback(tmp_path: Path) -> None:
    """HOTLINE_MEDIA_LOOPBACK goes before a NAT."""
    rtp = _conf("rtp", Settings(home=tmp_path, media_loopback=True, external_address="203.0.113.9")).splitlines()
    assert "10.0.0.5 => 127.0.0.1" in rtp
    assert "ice_deny = ::/0" in rtp

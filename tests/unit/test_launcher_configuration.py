"""The configuration that the launcher writes for nginx, Redis and supervisord."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path

import pytest

from hotline_core.settings import Settings
from launcher import front, parts
from launcher.programs import Programs, version_of

pytestmark = pytest.mark.unit


def _settings(home: Path, **more: object) -> Settings:
    return Settings(home=home, cache=home / "cache", **more)  # type: ignore[arg-type]


def _programs(folder: Path) -> Programs:
    for name in ("usr/sbin/asterisk", "usr/bin/redis-server", "usr/sbin/nginx", "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"):
        path = folder / "rootfs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (folder / "rootfs/usr/lib/x86_64-linux-gnu/asterisk/modules").mkdir(parents=True)
    return Programs(folder / "rootfs")


def test_pages_go_to_the_desk_and_telephone_signalling_to_the_relay(tmp_path: Path) -> None:
    """One origin, two Unix sockets, websockets on both."""
    text = front.nginx_conf(_settings(tmp_path), open_files=1024)
    assert f'upstream desk {{ server "unix:{tmp_path}/run/desk.sock" max_fails=0; }}' in text
    assert f'upstream relay {{ server "unix:{tmp_path}/run/relay.sock" max_fails=0; }}' in text
    assert "proxy_pass http://relay;" in text.partition("location = /sip {")[2].partition("location = /ws {")[0]
    assert "listen 127.0.0.1:8328;" in text
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text
    assert "ssl" not in text


def test_with_a_certificate_the_pages_are_served_over_tls(tmp_path: Path) -> None:
    """Beyond loopback a browser gives a microphone to TLS only."""
    settings = _settings(tmp_path, bind="192.0.2.7", tls_cert=Path("/c.pem"), tls_key=Path("/k.pem"), http_port=443)
    text = front.nginx_conf(settings, open_files=1024)
    assert "listen 192.0.2.7:443 ssl;" in text
    assert 'ssl_certificate "/c.pem";' in text
    assert 'ssl_certificate_key "/k.pem";' in text


def test_an_ipv6_address_stands_in_brackets(tmp_path: Path) -> None:
    """nginx takes the last colon for the port's."""
    assert "listen [::1]:8328;" in front.nginx_conf(_settings(tmp_path, bind="::1"), open_files=1024)


def test_redis_is_reached_by_its_socket_only_and_keeps_nothing(tmp_path: Path) -> None:
    """No port, no file: the bridge rebuilds the live view."""
    text = parts.redis_conf(_settings(tmp_path).paths)
    assert text.startswith("port 0\n")
    assert 'save ""' in text
    assert "maxmemory-policy noeviction" in text


def test_all_parts_stop_at_the_same_time_and_come_back_for_ever(tmp_path: Path) -> None:
    """One group (supervisord stops groups one after the other), autorestart, and no part outlives 4 s."""
    settings = _settings(tmp_path, demo=True)
    found = parts.parts_of(settings, _programs(tmp_path))
    parser = configparser.RawConfigParser()
    parser.read_string(parts.supervisord_conf(settings.paths, found))
    names = ["redis", "asterisk", "carrier", "bridge", "desk", "relay", "worker", "probe", "front"]
    assert parser["group:hotline"]["programs"].split(",") == names
    assert {parser[f"program:{name}"]["autorestart"] for name in names} == {"true"}
    assert {parser[f"program:{name}"]["stopwaitsecs"] for name in names} == {"4"}
    assert {parser[f"program:{name}"]["killasgroup"] for name in names} == {"true"}
    assert shlex.split(parser["program:desk"]["command"]) == [parts.own_python(), "-m", "agent_desktop"]


def test_a_percent_sign_in_a_folder_does_not_upset_the_supervisor(tmp_path: Path) -> None:
    """supervisord expands %(names)s in every value."""
    text = parts.supervisord_conf(_settings(tmp_path).paths, [parts.Part("x", ("/a%b/c",))], Path("/d%e"))
    assert "command=/a%%b/c" in text
    assert "directory=/d%%e" in text


def test_a_city_in_service_has_no_demo_carrier(tmp_path: Path) -> None:
    """The demo trunk exists in demo mode only; a Redis of one's own is not started either."""
    settings = _settings(tmp_path, demo=False, redis_url="redis://192.0.2.1/0")
    names = [part.name for part in parts.parts_of(settings, _programs(tmp_path))]
    assert names == ["asterisk", "bridge", "desk", "relay", "worker", "front"]


def test_an_unpacked_program_runs_through_its_own_loader(tmp_path: Path) -> None:
    """So that its child processes inherit no LD_LIBRARY_PATH."""
    programs = _programs(tmp_path)
    libraries = tmp_path / "rootfs/usr/lib/x86_64-linux-gnu"
    assert programs.argv("nginx") == [
        str(libraries / "ld-linux-x86-64.so.2"), "--library-path", str(libraries), "--argv0", "nginx",
        str(tmp_path / "rootfs/usr/sbin/nginx"),
    ]  # fmt: skip


def test_the_parts_inherit_the_settings_and_nothing_of_the_shell() -> None:
    """Neither make's flags nor a preloaded library nor a Python path reaches a part."""
    wanted = {"HOTLINE_HOME": "/h", "HOME": "/r", "PATH": "/bin", "TZ": "UTC"}
    kept = parts.environment_of_parts({**wanted, "MAKEFLAGS": "k", "LD_PRELOAD": "x", "PYTHONPATH": "y"})
    assert kept == {**wanted, "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}


def test_versions_of_asterisk_are_compared_as_numbers() -> None:
    """22.10 is newer than 22.5, 20.18 is too old, and a broken program tells nothing."""
    assert version_of("Asterisk 22.10.1+dfsg+~cs6") == (22, 10, 1)
    assert version_of("Asterisk 22.10.1") > (22, 5) > version_of("Asterisk 20.18.2")
    assert version_of("Segmentation fault") == ()

"""Trunks: what a city's settings become in pjsip_trunks.conf, and secrets that stay in files of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import pytest

from asterisk_conf import render
from asterisk_conf.trunks import demo_trunk, trunk_views
from hotline_core.adapters.trunk_secret import read_secret
from hotline_core.city import City
from hotline_core.errors import SetupError
from hotline_core.settings import DEFAULT_CITY
from launcher import texts
from launcher.check_config import city_mistakes, secret_mistakes

pytestmark = pytest.mark.unit

IMS = {
    "host": "ims.example", "outbound_proxy": {"host": "192.0.2.20", "port": 5070},
    "login": {"user": "x@ims.example", "secret_file": "ims.secret", "realm": "ims.example"},
    "registration": {"user": "+8655712345", "every_s": 300},
}  # fmt: skip


def _conf(home: Path, **trunks: dict[str, Any]) -> str:
    """pjsip_trunks.conf of a city with these trunks."""
    line = {"name": "x", "numbers": ["12345"], "notice": "n"}
    city = City.model_validate({"name": "x", "lines": {"12345": line}, "trunks": trunks})
    folder = Path(render.__file__).parent / "templates/pbx"
    loader = jinja2.FileSystemLoader(folder)
    environment = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, autoescape=False)  # noqa: S701
    return environment.get_template("pjsip_trunks.conf.j2").render(trunks=trunk_views(city, home))


def _secret(home: Path, text: str = "pass;word\n", mode: int = 0o600) -> Path:
    path = home / "ims.secret"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_a_trunk_by_address_asks_for_nothing_more_than_its_address(tmp_path: Path) -> None:
    """No registration, no secret, not asked by OPTIONS, A-law before mu-law."""
    lines = _conf(tmp_path, one={"host": "192.0.2.10"}).splitlines()
    assert "contact = sip:192.0.2.10:5060" in lines
    assert "match = 192.0.2.10" in lines
    assert "allow = alaw,ulaw" in lines
    assert "qualify_frequency = 0" in lines
    assert "100rel = yes" in lines
    assert "timers = yes" in lines
    assert not [line for line in lines if line.startswith(("type = registration", "password", "from_user", "outbound"))]


def test_a_trunk_with_registration_names_domain_proxy_number_and_login_each_in_its_place(tmp_path: Path) -> None:
    """The domain stands in requests, the proxy gets them and is whom calls may come from."""
    _secret(tmp_path)
    lines = _conf(tmp_path, ims=IMS).splitlines()
    assert lines.count("outbound_proxy = sip:192.0.2.20:5070\\;lr") == 3
    assert "client_uri = sip:+8655712345@ims.example" in lines
    assert "server_uri = sip:ims.example" in lines
    assert "contact_user = +8655712345" in lines
    assert "from_domain = ims.example" in lines
    assert "username = x@ims.example" in lines
    assert "password = pass\\;word" in lines
    assert "match = 192.0.2.20" in lines


def test_a_registration_under_a_name_is_asked_for_by_the_extension_that_the_dialplan_has(tmp_path: Path) -> None:
    """A name that is no number would meet no extension."""
    named = {"host": "192.0.2.30", "registration": {"user": "line.one"}, "shown_number": "055712345", "codecs": ["ulaw"]}
    lines = _conf(tmp_path, one=named, two={"host": "192.0.2.31", "qualify_s": 30, "session_timer": "refused"}).splitlines()
    assert "contact_user = registered" in lines
    assert "from_user = 055712345" in lines
    assert "allow = ulaw" in lines
    assert "qualify_frequency = 30" in lines
    assert "timers = no" in lines
    template = Path(render.__file__).parent / "templates/pbx/extensions_lines.conf.j2"
    assert "exten => registered,1," in template.read_text(encoding="utf-8")


def test_the_demo_carrier_is_all_of_loopback() -> None:
    """And its sound stays there."""
    view = demo_trunk(5099)["demo"]
    assert (view.uri, view.addresses, view.is_loopback) == ("sip:127.0.0.1:5099", ("127.0.0.0/8",), True)


@pytest.mark.parametrize(
    ("text", "mode", "code"),
    [
        ("secret\n", 0o640, "trunk_secret_open"), ("secret\n", 0o604, "trunk_secret_open"), ("", 0o600, "trunk_secret_odd"),
        ("two words\n", 0o600, "trunk_secret_odd"), ("one\ntwo\n", 0o600, "trunk_secret_odd"), ("密\n", 0o600, "trunk_secret_odd"),
    ],
)  # fmt: skip
def test_a_secret_that_others_may_read_or_that_is_no_secret_is_refused(tmp_path: Path, text: str, mode: int, code: str) -> None:
    """Before anything starts, and without telling what was in it."""
    with pytest.raises(SetupError) as refused:
        read_secret(_secret(tmp_path, text, mode))
    assert refused.value.code == code
    assert set(refused.value.facts) == {"file"}
    assert str(tmp_path) in texts.sentence("refusals", code, **refused.value.facts)


def test_a_secret_is_the_one_line_of_its_file_and_a_missing_file_is_told(tmp_path: Path) -> None:
    """A line break at the end is an editor's."""
    assert read_secret(_secret(tmp_path, "a'b\"\\;c\r\n")) == "a'b\"\\;c"
    with pytest.raises(SetupError) as refused:
        read_secret(tmp_path / "none")
    assert refused.value.code == "trunk_secret_unreadable"
    assert "No such file" in texts.sentence("refusals", "trunk_secret_unreadable", **refused.value.facts)


def test_check_config_names_the_line_of_a_trunks_mistakes(tmp_path: Path) -> None:
    """The file of the secret, a codec twice, an unknown agreement."""
    path = tmp_path / "city.yaml"
    text = DEFAULT_CITY.read_text(encoding="utf-8").replace("\ntrunks: {}", "\ntrunks:\n  one:\n    host: 192.0.2.1\n    MORE #")
    path.write_text(text.replace("MORE", "login: {user: x, secret_file: none.secret}"), encoding="utf-8")
    assert city_mistakes(path) == []
    [missing] = secret_mistakes(path, tmp_path)
    assert f"不能读取密码文件 {tmp_path}/none.secret" in missing.what
    assert "secret_file" in path.read_text(encoding="utf-8").splitlines()[missing.line - 1]
    path.write_text(text.replace("MORE", "codecs: [alaw, alaw]"), encoding="utf-8")
    assert [mistake.what for mistake in city_mistakes(path)] == ["trunks.one 同一种编码写了两次"]
    path.write_text(text.replace("MORE", "session_timer: never"), encoding="utf-8")
    assert [mistake.what[:24] for mistake in city_mistakes(path)] == ["trunks.one.session_timer"]

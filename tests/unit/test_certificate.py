"""A city without a certificate of its own gets one for its names, which lasts as long as browsers allow."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from pydantic import ValidationError

from hotline_core.settings import Settings
from launcher import certificate, texts

pytestmark = pytest.mark.unit

NOW = 1_800_000_000.0
DAY_S = 86400


def _settings(home: Path, **more: object) -> Settings:
    return Settings(home=home, **{"tls_names": "desk.city.example, 192.0.2.7", **more})  # type: ignore[arg-type]


def test_a_certificate_is_made_once_for_every_name_and_address(tmp_path: Path) -> None:
    """OpenSSL takes the pair; the key is for the service alone; the next start keeps it."""
    settings = _settings(tmp_path)
    assert certificate.ensure(settings, NOW)
    assert not certificate.ensure(settings, NOW + 700 * DAY_S)
    assert settings.certificate is not None
    made, key = settings.certificate
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(made, key)
    assert key.stat().st_mode & 0o777 == 0o600
    names = x509.load_pem_x509_certificate(made.read_bytes()).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["desk.city.example"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.7"]


@pytest.mark.parametrize("change", ["time", "names", "key", "torn"])
def test_a_certificate_that_is_of_no_more_use_is_made_anew(tmp_path: Path, change: str) -> None:
    """It ends within 30 days, is for other names, or lost its key."""
    settings = _settings(tmp_path)
    certificate.ensure(settings, NOW)
    assert settings.certificate is not None
    made, key = settings.certificate
    before = made.read_bytes()
    if change == "key":
        key.write_bytes(certificate.make(["x"], NOW)[1])
    elif change == "torn":
        made.write_bytes(before[:100])
    if change == "names":
        settings = _settings(tmp_path, tls_names="192.0.2.7")
    later = NOW + 800 * DAY_S if change == "time" else NOW
    assert certificate.ensure(settings, later)
    fresh = x509.load_pem_x509_certificate(made.read_bytes())
    assert made.read_bytes() != before
    assert (fresh.not_valid_after_utc - datetime.fromtimestamp(later, UTC)).days < 825


def test_a_given_certificate_is_never_touched(tmp_path: Path) -> None:
    """The names may be told beside it: they are the address of the pages."""
    settings = _settings(tmp_path, tls_cert=tmp_path / "c.pem", tls_key=tmp_path / "k.pem", bind="192.0.2.7")
    assert not certificate.ensure(settings, NOW)
    assert list(tmp_path.iterdir()) == []
    assert settings.certificate == (tmp_path / "c.pem", tmp_path / "k.pem")
    assert settings.origin == "https://desk.city.example:8328"


def test_a_key_belongs_to_its_own_certificate_only() -> None:
    """A mixed-up pair is told before anything is restarted with it."""
    made, key = certificate.make(["a"], NOW)
    assert certificate.belong_together(made, key)
    assert not certificate.belong_together(made, certificate.make(["a"], NOW)[1])
    with pytest.raises(ValueError, match=r"."):
        certificate.belong_together(made, b"nothing")


def test_beyond_loopback_names_are_as_good_as_a_certificate_and_nothing_at_all_is_refused(tmp_path: Path) -> None:
    """Browsers give a microphone to HTTPS only."""
    assert _settings(tmp_path, bind="192.0.2.7").origin == "https://desk.city.example:8328"
    assert _settings(tmp_path, bind="192.0.2.7", tls_names="::1", http_port=443).origin == "https://[::1]"
    assert Settings(home=tmp_path).origin == "http://127.0.0.1:8328"
    with pytest.raises(ValidationError, match="HOTLINE_TLS_NAMES"):
        Settings(home=tmp_path, bind="192.0.2.7")


@pytest.mark.parametrize(
    ("name", "value"),
    [("tls_names", "desk city"), ("tls_names", "-a"), ("external_address", "desk.city.example"),
     ("external_address", "192.0.2.300"), ("local_networks", "10.0.0.0/8,x"), ("local_networks", "10.0.0.1/8")],
)  # fmt: skip
def test_a_name_address_or_network_that_is_none_is_refused(tmp_path: Path, name: str, value: str) -> None:
    """It would end in a configuration file."""
    with pytest.raises(ValidationError):
        Settings(home=tmp_path, **{name: value})  # type: ignore[arg-type]


def test_whoever_gets_a_new_certificate_is_told_its_names() -> None:
    """The operator has to bring it into the browsers."""
    assert "desk.city.example" in texts.sentence("progress", "certificate_made", names="desk.city.example", file="x")

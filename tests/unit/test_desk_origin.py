"""Where a request comes from."""

from __future__ import annotations

import pytest

from agent_desktop.origin import client_address, is_same_origin

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://127.0.0.1:8328", "127.0.0.1:8328"),
        ("https://desk.city.gov", "desk.city.gov"),
        ("https://desk.city.gov", "desk.city.gov:443"),
        ("https://DESK.city.gov", "desk.city.gov"),
        ("http://[::1]:8328", "[::1]:8328"),
    ],
)
def test_our_own_page_is_recognised(origin: str, host: str) -> None:
    """Browsers leave out default ports and lower the case."""
    assert is_same_origin(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "127.0.0.1:8328"),
        ("http://127.0.0.1:8328", None),
        ("null", "127.0.0.1:8328"),
        ("http://127.0.0.1:9999", "127.0.0.1:8328"),
        ("http://evil.example", "127.0.0.1:8328"),
        ("http://127.0.0.1:8328@evil.example", "127.0.0.1:8328"),
        ("http://127.0.0.1:8328.evil.example", "127.0.0.1:8328"),
        ("file://127.0.0.1:8328", "127.0.0.1:8328"),
        ("http://127.0.0.1:8328/", "127.0.0.1:8328"),
        ("http://[", "["),
        ("http://a:99999", "a:99999"),
    ],
)
def test_another_site_is_not_our_page(origin: str | None, host: str | None) -> None:
    """Absent, opaque, forged and broken origins."""
    assert not is_same_origin(origin, host)


def test_the_address_is_what_our_own_front_wrote_last() -> None:
    """A client may send its own X-Forwarded-For; only the last hop is ours."""
    assert client_address(["1.2.3.4, 10.0.0.7"], None) == "10.0.0.7"
    assert client_address(["1.2.3.4", "10.0.0.7"], None) == "10.0.0.7"
    assert client_address(["1.2.3.4"], "127.0.0.9") == "127.0.0.9"
    assert client_address([], None) == "local"

"""What the pages weigh on the wire, through the front: scripts and styles compressed and kept, people's data as it is."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.running.instance import Hotline
from tests.unit.test_page_code import BUDGET_BYTES, PACKAGE, PAGES, SCRIPTS, code_of

pytestmark = pytest.mark.asterisk


def sent(client: httpx.Client, path: str) -> tuple[httpx.Headers, int]:
    """The answer's headers and the bytes of its body on the wire."""
    with client.stream("GET", path) as answer:
        answer.raise_for_status()
        return answer.headers, sum(len(piece) for piece in answer.iter_raw())


def test_the_desks_own_code_comes_compressed_stays_within_its_budget_and_is_kept_by_the_browser(hotline: Hotline) -> None:
    """Every script and style of the heaviest page, one by one, as a browser asks for them."""
    parts = [part for part in code_of(PAGES / "desk.html") if part.suffix in (".js", ".css")]
    total = 0
    with httpx.Client(base_url=hotline.origin, headers={"Accept-Encoding": "gzip"}) as client:
        for part in parts:
            headers, size = sent(client, f"/{part.relative_to(PACKAGE).as_posix()}?v=x")
            assert headers.get("content-encoding") == "gzip" or size < 100, part.name
            assert "immutable" in headers["cache-control"]
            total += size
        headers, size = sent(client, "/static/vendor/jssip/jssip.min.js?v=x")
        assert (headers.get("content-encoding"), size < 80_000) == ("gzip", True)
    assert SCRIPTS / "desk.js" in parts
    assert total < BUDGET_BYTES


def test_what_holds_peoples_data_is_never_compressed(hotline: Hotline) -> None:
    """Its length would tell a listener what is in it, guess by guess (BREACH)."""
    with hotline.api() as api:
        headers, size = sent(api, "/api/calls")
        assert (headers.get("content-encoding"), size > 0) == (None, True)
    with httpx.Client(base_url=hotline.origin, headers={"Accept-Encoding": "gzip"}) as client:
        headers, _ = sent(client, "/sign-in")
        assert headers.get("content-encoding") is None
        page = client.get("/sign-in").text
        assert re.search(r"/static/css/base\.css\?v=\w+", page)

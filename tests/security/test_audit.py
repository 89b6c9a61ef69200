"""`make audit`: what is pinned, what was changed, and what an advisory service says, or that none answered."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from launcher import audit

pytestmark = pytest.mark.integration


class Advisories:
    """An advisory service of our own: what it was asked, and what it knows."""

    def __init__(self) -> None:
        self.asked: list[dict[str, object]] = []
        self.known: dict[str, list[str]] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            """Answers as OSV does."""

            def do_POST(self) -> None:
                """One result for each query, in order."""
                queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
                outer.asked += queries
                ids = [outer.known.get(query["package"]["name"], []) for query in queries]
                body = json.dumps({"results": [{"vulns": [{"id": each} for each in found]} if found else {} for found in ids]})
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_arguments: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/querybatch"


@pytest.fixture
def service() -> Iterator[Advisories]:
    advisories = Advisories()
    thread = threading.Thread(target=advisories.server.serve_forever)
    thread.start()
    yield advisories
    advisories.server.shutdown()
    thread.join(5)
    advisories.server.server_close()


def test_everything_that_is_shipped_is_pinned_unchanged_and_asked_about(
    service: Advisories, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of each package the name and the version, nothing else; the browser's libraries too."""
    assert audit.audit(service.url) == audit.FINE
    assert "没有发现问题" in capsys.readouterr().out
    names = {(query["package"]["ecosystem"], query["package"]["name"]) for query in service.asked}  # type: ignore[index]
    assert {("PyPI", "fastapi"), ("PyPI", "websockets"), ("npm", "jssip"), ("npm", "ms")} <= names
    assert all(set(query) == {"package", "version"} for query in service.asked)


def test_a_known_advisory_fails_the_audit_and_names_the_package(service: Advisories, capsys: pytest.CaptureFixture[str]) -> None:
    """With the identifier to look it up by."""
    service.known = {"fastapi": ["GHSA-test-0001"]}
    assert audit.audit(service.url) == audit.WRONG
    told = capsys.readouterr().out
    assert "fastapi" in told
    assert "GHSA-test-0001" in told


def test_without_an_advisory_service_the_audit_says_that_nothing_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    """Not the same exit code as "nothing found"."""
    assert audit.audit("http://127.0.0.1:9/v1/querybatch") == audit.UNKNOWN
    assert "没有问到" in capsys.readouterr().out


def test_what_is_not_pinned_or_was_changed_is_named(tmp_path: Path) -> None:
    """A range, an address, a package without a hash, another version installed, a vendored file with one byte more."""
    lock = "good==1.0 \\\n    --hash=sha256:ab\nloose>=1.0\nbare==2.0\nhttps://example.org/x.whl\n"
    assert len(audit.lock_mistakes("run", lock)) == 3
    locked, _ = audit.read_lock(lock)
    assert set(locked) == {"good", "bare"}
    assert audit.installed_mistakes(locked, {"good": "1.0", "bare": "2.0", "more": "3"}) == []
    assert len(audit.installed_mistakes(locked, {"good": "1.1", "bare": "2.0"})) == 1
    folder = tmp_path / "vendor/lib"
    folder.mkdir(parents=True)
    for name in ("README.md", "jssip.min.js"):
        (folder / name).write_bytes((audit.VENDORED / "jssip" / name).read_bytes())
    assert audit.vendored_mistakes(tmp_path / "vendor") == []
    with (folder / "jssip.min.js").open("ab") as file:
        file.write(b" ")
    assert len(audit.vendored_mistakes(tmp_path / "vendor")) == 1

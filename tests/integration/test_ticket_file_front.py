"""A ticket's file through the real front: large ones pass there and nowhere else, too large ones are refused in words."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from hotline_core.settings import Settings
from launcher import fetch
from launcher.front import make_folders, nginx_conf
from tests.integration.desk_kit import OWN_PAGE, PASSWORD, Part, prepare, settings_of
from tests.integration.servers import wait_until
from tests.integration.ticket_room import COMPLAINT
from tests.sip.ports import free_port
from tickets.file_kinds import LARGEST_BYTES

pytestmark = pytest.mark.integration


@pytest.fixture
def settings(short_folder: Path) -> Settings:
    made = settings_of(short_folder, http_port=free_port())
    prepare(made)
    return made


@pytest.fixture
def front(settings: Settings) -> Iterator[str]:
    """A desk of its own process behind nginx as the launcher configures it; its address."""
    programs = fetch.fetched(settings.cache)
    assert programs is not None, "`make run` fetches nginx once"
    make_folders(settings)
    path = settings.paths.run / "nginx.conf"
    path.write_text(nginx_conf(settings, open_files=1024, user="root root"), encoding="utf-8")
    desk = Part("agent_desktop", settings, settings.paths.desk_socket).start()
    nginx = subprocess.Popen([*programs.argv("nginx"), "-c", str(path), "-e", "stderr"], stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{settings.http_port}"
    try:
        wait_until(lambda: _answers(address), 20, "the front answers")
        yield address
    finally:
        nginx.terminate()
        nginx.wait(10)
        desk.close()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/sign-in", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


async def test_a_large_file_reaches_its_ticket_and_one_too_large_is_refused_in_words(front: str) -> None:
    large = b"\xff\xd8\xff" + bytes(LARGEST_BYTES - 3)
    origin = {**OWN_PAGE, "Origin": front}
    async with httpx.AsyncClient(base_url=front, headers=origin, timeout=20) as client:
        answer = await client.post("/api/sign-in", json={"login": "clerk1", "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        made = (await client.post("/api/tickets", json={"content": COMPLAINT, "act": "accept"})).json()
        path = f"/api/tickets/{made['number']}/attachments"
        kept = await client.post(path, params={"name": "现场.jpg"}, content=large)
        assert (kept.status_code, kept.json()["size"]) == (201, LARGEST_BYTES)
        assert (await client.get(f"{path}/{kept.json()['id']}")).content == large
        refused = await client.post(path, params={"name": "现场.jpg"}, content=large + b"1")
        assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
        elsewhere = await client.put("/api/drafts/h1-1.1", content=bytes(2 * 1024 * 1024))
        assert (elsewhere.status_code, elsewhere.json()["code"]) == (413, "too_large")

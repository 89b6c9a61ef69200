"""The real desk in a process of its own, and players that leave: in the middle of a sound, or before it is opened.

Told on standard output as JSON: how many leavers had bytes, and how many descriptors of recordings are left open.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from agent_desktop.session import COOKIE
from hotline_core.settings import Settings
from tests.integration.desk_kit import OWN_PAGE, application, settings_of, signed_in

CALL = "h1-3.1"
AT_ONCE = 4
SETTLE_S = 3.0


async def player(app: FastAPI, url: str, cookie: str, leaves_after_s: float | None) -> int:
    """Ask for a sound over the server's own interface and go after so long (None: before it is opened); the bytes that came."""
    path, _, query = url.partition("?")
    got = 0
    asked = False
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [
            (b"host", b"127.0.0.1:8328"), (b"x-forwarded-for", b"10.0.0.1"), (b"cookie", f"{COOKIE}={cookie}".encode()),
        ],
        "client": None, "server": ("127.0.0.1", 8328),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        if leaves_after_s is not None:
            await asyncio.sleep(leaves_after_s)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        nonlocal got
        await asyncio.sleep(0)  # as where the wire is full
        got += len(message.get("body", b""))

    await app(scope, receive, send)  # type: ignore[arg-type]
    return got


def open_recordings(folder: Path) -> int:
    """Descriptors of this process that are files of recordings, or sound in memory."""
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        try:
            to = os.readlink(each)
        except FileNotFoundError:
            continue
        found += to.startswith((str(folder), "/memfd:recording"))
    return found


async def main(settings: Settings, form: str, rounds: int, is_early: bool) -> int:
    """So many leavers, some at once; how many of them had bytes."""
    app = application(settings)
    async with signed_in(app, "supervisor1") as client:
        answer = await client.post(f"/api/calls/{CALL}/listening", json={"reason": "quality"}, headers=OWN_PAGE)
        url, cookie = f"{answer.json()['url']}&as={form}", client.cookies[COOKIE]
        fate = random.Random(7)
        heard = 0
        for _ in range(rounds // AT_ONCE):
            spans = [None if is_early else fate.uniform(0.0, 0.04) for _ in range(AT_ONCE)]
            heard += sum(got > 0 for got in await asyncio.gather(*(player(app, url, cookie, span) for span in spans)))
    return heard


def settled(folder: Path) -> int:
    """Descriptors that are left once the threads had time to give theirs back."""
    ends = time.monotonic() + SETTLE_S
    while (left := open_recordings(folder)) and time.monotonic() < ends:
        time.sleep(0.02)
    return left


if __name__ == "__main__":
    home = settings_of(Path(sys.argv[1]))
    bytes_came_to = asyncio.run(main(home, sys.argv[2], int(sys.argv[3]), sys.argv[4] == "early"))
    sys.stdout.write(json.dumps({"heard": bytes_came_to, "left": settled(home.paths.recordings)}))

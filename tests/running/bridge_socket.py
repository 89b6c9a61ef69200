"""What the desk asks of the bridge, asked by a test: one intent on the bridge's own socket."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

from hotline_core.adapters import clock
from tests.running.instance import Hotline

WAIT_S = 3.0


async def ask(hotline: Hotline, op: str, agent: str, **fields: object) -> dict[str, Any]:
    """The bridge's answer to one intent; TimeoutError if none comes."""
    async with asyncio.timeout(WAIT_S):
        reader, writer = await asyncio.open_unix_connection(hotline.settings.paths.bridge_socket)
        intent = {"id": str(uuid.uuid4()), "op": op, "agent": agent, "expires": clock.now() + WAIT_S, **fields}
        writer.write(json.dumps(intent).encode() + b"\n")
        answer: dict[str, Any] = json.loads(await reader.readline())
        writer.close()
    return answer

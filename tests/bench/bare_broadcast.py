"""The peer of series `fanout`: each change goes to all by `broadcast`: `python -m tests.bench.bare_broadcast SOCKET URL`.

No session, no rights, no view of one's own, no limit for a slow reader, no health: what sending alone costs.
"""

from __future__ import annotations

import asyncio
import sys

from websockets.asyncio.server import ServerConnection, broadcast, unix_serve

from hotline_core.adapters.live_publisher import LIVE_KEY, open_redis


async def serve(socket: str, url: str) -> None:
    """Until it is ended."""
    pages: set[ServerConnection] = set()

    async def stays(page: ServerConnection) -> None:
        pages.add(page)
        try:
            await page.wait_closed()
        finally:
            pages.discard(page)

    redis = open_redis(url)
    async with redis.pubsub() as channel, unix_serve(stays, socket, compression=None):
        await channel.subscribe(LIVE_KEY)
        async for message in channel.listen():
            if message["type"] == "message":
                broadcast(pages, message["data"])


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2]))

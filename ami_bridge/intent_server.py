"""The bridge's Unix socket: one JSON object a line in, one answer a line out."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

from ami_bridge.intents import Answer, Intent, parse, refused
from hotline_core.adapters.tasks import Tasks
from hotline_core.errors import BadInput
from hotline_core.log import Log

LONGEST_LINE = 4096
MOST_CLIENTS = 64


class IntentServer:
    """Hands each request to `take`, which answers through the intent's reply."""

    def __init__(self, path: Path, take: Callable[[Intent], None], *, log: Log) -> None:
        self._path = path
        self._take = take
        self._log = log
        self._tasks = Tasks(lambda name, error: log.warning("intent client failed", task=name, error=type(error).__name__))
        self._server: asyncio.Server | None = None
        self._clients = 0

    async def start(self) -> None:
        """Listen; a stale socket of a dead bridge is replaced."""
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._accept, self._path, limit=LONGEST_LINE)
        os.chmod(self._path, 0o600)

    async def close(self) -> None:
        """Stop listening and drop the clients."""
        if self._server is not None:
            self._server.close()
        await self._tasks.close(0.5)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._clients >= MOST_CLIENTS:
            writer.close()
            return
        self._tasks.spawn("intent-client", self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def reply(answer: Answer) -> None:
            if not writer.is_closing():
                writer.write(json.dumps(answer).encode() + b"\n")

        self._clients += 1
        try:
            while line := await reader.readline():
                try:
                    self._take(parse(line, reply))
                except BadInput as error:
                    reply(refused("", "bad_input", error.facts))
                await writer.drain()
        except ValueError:
            reply(refused("", "bad_input", {"field": "length"}))  # readline: longer than LONGEST_LINE
        except ConnectionError:
            self._log.debug("intent client went away")
        finally:
            self._clients -= 1
            writer.close()

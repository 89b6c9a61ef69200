"""A cable between browser and front: pulled, it takes every byte, passes none and closes nothing, as a network that vanished."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.sip.ports import free_port

PIECE = 65_536


class _Wire:
    """One connection; bytes that it has lost never come again, so it stays dead."""

    def __init__(self, *ends: asyncio.StreamWriter) -> None:
        self.ends = ends
        self.is_dead = False
        self.over = asyncio.Event()

    def close(self) -> None:
        for end in self.ends:
            end.close()


class Cable:
    """A TCP relay on a port of its own to 127.0.0.1:`to`; `pull` and `mend` it. A connection that lost bytes is lost for good."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._port = free_port()
        self._is_pulled = False
        self._wires: set[_Wire] = set()
        self._server: asyncio.Server | None = None

    @property
    def origin(self) -> str:
        """What the browser opens."""
        return f"http://127.0.0.1:{self._port}"

    def pull(self) -> None:
        """From now on nothing passes."""
        self._is_pulled = True

    def mend(self) -> None:
        """New connections pass again."""
        self._is_pulled = False

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._server is not None
        self._server.close()
        async with asyncio.timeout(5):
            for wire in tuple(self._wires):
                wire.close()
                await wire.over.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        front_reader, front_writer = await asyncio.open_connection("127.0.0.1", self._to)
        wire = _Wire(writer, front_writer)
        self._wires.add(wire)
        try:
            await asyncio.gather(self._pass(wire, reader, front_writer), self._pass(wire, front_reader, writer))
        finally:
            wire.close()
            self._wires.discard(wire)
            wire.over.set()

    async def _pass(self, wire: _Wire, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(PIECE):
                wire.is_dead = wire.is_dead or self._is_pulled
                if not wire.is_dead:
                    sink.write(data)
                    await sink.drain()
        if not wire.is_dead and not self._is_pulled:
            sink.close()  # the other side hears of the end, and ends too

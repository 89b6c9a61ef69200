"""A second AMI client of a running hotline that only listens: what Asterisk said, with Asterisk's own times."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from ami_bridge.protocol import Decoder, Packet, encode
from hotline_core.adapters.secrets import load_or_make
from tests.running.instance import Hotline


class Watch:
    """Keeps every event from entering to leaving the block."""

    def __init__(self, hotline: Hotline) -> None:
        self.hotline = hotline
        self.packets: list[Packet] = []

    async def __aenter__(self) -> Self:
        reader, self.writer = await asyncio.open_connection("127.0.0.1", self.hotline.settings.ami_port)
        secret = load_or_make(self.hotline.settings.paths.secrets).ami
        self.writer.write(encode("Login", [("Username", "bridge"), ("Secret", secret), ("ActionID", "login")]))
        self._reading = asyncio.ensure_future(self._read(reader))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.writer.close()
        await self._reading

    async def _read(self, reader: asyncio.StreamReader) -> None:
        decoder = Decoder()
        while data := await reader.read(65536):
            self.packets += decoder.feed(data)

    def events(self, *names: str, since: float = 0.0) -> list[Packet]:
        """The events of these names from a moment on (epoch seconds), in order."""
        return [packet for packet in self.packets if packet.text("Event") in names and at(packet) >= since]

    async def wait_for(self, name: str, *, since: float = 0.0, timeout_s: float = 10.0, **fields: str) -> Packet:
        """The first event of that name with these fields; AssertionError if it does not come."""
        ends_at = asyncio.get_running_loop().time() + timeout_s
        while asyncio.get_running_loop().time() < ends_at:
            for packet in self.events(name, since=since):
                if all(packet.text(key) == value for key, value in fields.items()):
                    return packet
            await asyncio.sleep(0.02)
        raise AssertionError(f"no {name} {fields} within {timeout_s} s; there were {[p.text('Event') for p in self.packets[-40:]]}")


def at(packet: Packet) -> float:
    """When Asterisk sent it (epoch seconds); 0 for a response."""
    return float(packet.text("Timestamp") or 0.0)

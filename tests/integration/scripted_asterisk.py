"""Owns a scripted AMI server: it greets, takes logins, answers actions as a test says, and can fall silent or hang up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from ami_bridge.connection import Connection
from hotline_core.log import open_log


def event_text(name: str) -> str:
    """An event as Asterisk begins every one, without its empty line."""
    return f"Event: {name}\r\nPrivilege: call,all\r\nTimestamp: 1795296633.546715\r\nSystemName: h1\r\n"


class ScriptedAsterisk:
    """Speaks just enough AMI: greeting, login, FullyBooted, an answer to every action; can fall silent or hang up."""

    def __init__(self) -> None:
        self.actions: list[dict[str, str]] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.silent = False
        self.password = "right"
        self.after_boot = ""  # events that come in one piece with FullyBooted
        self.port = 0
        self.on_action: Callable[[dict[str, str]], str | None] = lambda action: None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[ScriptedAsterisk]:
        """Listen on 127.0.0.1."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in self.writers:
                writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while True:
                text = (await reader.readuntil(b"\r\n\r\n")).decode()
                action = dict(line.split(": ", 1) for line in text.strip().split("\r\n"))
                self.actions.append(action)
                if not self.silent:
                    writer.write(self._answer(action).encode())
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, action: dict[str, str]) -> str:
        mark = f"ActionID: {action['ActionID']}\r\n"
        if action["Action"] == "Login":
            if action["Secret"] != self.password:
                return f"Response: Error\r\n{mark}Message: Authentication failed\r\n\r\n"
            return f"Response: Success\r\n{mark}\r\n{event_text('Early')}\r\nEvent: FullyBooted\r\n\r\n{self.after_boot}"
        scripted = self.on_action(action)
        return scripted.replace("MARK", mark) if scripted is not None else f"Response: Success\r\n{mark}\r\n"

    async def session(self, up: Callable[[Connection], Awaitable[None]]) -> None:
        """One session of the real connection: `up` is done in it, then this server hangs up."""

        async def to_the_end(link: Connection) -> None:
            await up(link)
            self.writers[-1].close()

        async with self.running():
            link = Connection(
                "127.0.0.1", self.port, "bridge", self.password, log=open_log("test", "error"),
                on_event=lambda packet: None, on_up=to_the_end, on_down=lambda: None,
            )  # fmt: skip
            await link._session()

    def send(self, text: str) -> None:
        """An event on the newest connection."""
        self.writers[-1].write(text.encode())

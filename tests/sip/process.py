"""Owns one foreign telephone program: it is started, watched and ended here, always by its own process id."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from pathlib import Path
from types import TracebackType


class Program:
    """A child process whose output goes to a file; leaving the block ends it."""

    def __init__(self, *command: str, folder: Path, name: str) -> None:
        self.output = folder / f"{name}.log"
        self._command, self._folder = command, folder
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Program:
        with self.output.open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=self._folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
            )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(3):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def exit_code(self, timeout_s: float) -> int:
        """The code it ends with; TimeoutError if it does not end by itself."""
        if self._process is None:
            raise RuntimeError("not started")
        async with asyncio.timeout(timeout_s):
            return await self._process.wait()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process is not None and self._process.returncode is None

    def said(self) -> str:
        """What it wrote so far."""
        return self.output.read_text(errors="replace")


def free_port(local_ip: str = "127.0.0.1", *, kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port nobody has just now."""
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind((local_ip, 0))
        port: int = one.getsockname()[1]
        return port


def free_media_port(local_ip: str = "127.0.0.1") -> int:
    """An even UDP port nobody has just now, the odd one above it free too, as RTP likes it."""
    for _ in range(100):
        port = free_port(local_ip, kind=socket.SOCK_DGRAM)
        if port % 2 == 0:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as above, suppress(OSError):
                above.bind((local_ip, port + 1))
                return port
    raise OSError("no free pair of ports")

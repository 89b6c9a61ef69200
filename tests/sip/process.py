"""Owns one foreign telephone program: it is started, watched and ended here, always by its own process id."""

from __future__ import annotations

import asyncio
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

"""The desk's end of the bridge's socket: one connection, many questions at once, every wait bounded."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hotline_core.adapters.tasks import Tasks
from hotline_core.log import Log

WAIT_S = 3.0
CONNECT_S = 1.0
LONGEST_LINE = 1_048_576  # the whole directory of a big city
UNSURE = frozenset({"bridge_down", "bridge_lost", "asterisk_down"})  # a part is away: not the click is at fault


@dataclass(frozen=True, slots=True)
class Reply:
    """The bridge's answer, or why there is none: bridge_down (not sent) or bridge_lost (sent, outcome unknown)."""

    ok: bool
    code: str = "ok"
    facts: Mapping[str, object] = field(default_factory=dict)


class BridgeClient:
    """Asks the bridge; connects when asked, so that a bridge that comes back is used at once."""

    def __init__(self, path: Path, tasks: Tasks, now: Callable[[], float], log: Log) -> None:
        self._path = path
        self._tasks = tasks
        self._now = now
        self._log = log
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[str, asyncio.Future[Reply]] = {}
        self._connecting = asyncio.Lock()
        self._is_lost_told = False

    async def ask(
        self,
        op: str,
        *,
        agent: str = "",
        call_id: str | None = None,
        reason: str | None = None,
        more: Mapping[str, object] | None = None,
        intent_id: str = "",
        number: str = "",
        line: str = "",
        about: str = "",
        wait_s: float = WAIT_S,
    ) -> Reply:
        """Send one intent and wait for its answer, `wait_s` at most in all; `more` are fields that only some ops have."""
        asked = intent_id or str(uuid.uuid4())
        if asked in self._waiting:
            return Reply(ok=False, code="repeated_intent")
        intent = {
            "id": asked,
            "op": op,
            "agent": agent,
            "call_id": call_id,
            "reason": reason,
            **({"number": number, "line": line, "about": about} if number else {}),
            "expires": self._now() + wait_s,
            **(more or {}),
        }
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[asked] = answer
        is_sent = False
        try:
            async with asyncio.timeout(wait_s):
                writer = await self._connected()
                writer.write(json.dumps(intent, ensure_ascii=False).encode() + b"\n")
                is_sent = True
                await writer.drain()
                return await answer
        except (OSError, TimeoutError):
            return Reply(ok=False, code="bridge_lost" if is_sent else "bridge_down")
        finally:
            self._waiting.pop(asked, None)

    async def _connected(self) -> asyncio.StreamWriter:
        async with self._connecting:
            if self._writer is None or self._writer.is_closing():
                try:
                    async with asyncio.timeout(CONNECT_S):
                        reader, self._writer = await asyncio.open_unix_connection(self._path, limit=LONGEST_LINE)
                except (OSError, TimeoutError):
                    if not self._is_lost_told:
                        self._is_lost_told = True
                        self._log.warning("bridge cannot be reached")
                    raise
                if self._is_lost_told:
                    self._log.info("bridge is reached again")
                self._is_lost_told = False
                self._tasks.spawn("bridge answers", self._read(reader, self._writer))
            return self._writer

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Give each answer to its asker until the link ends; those who still wait then learn it."""
        try:
            while line := await reader.readline():
                self._answered(line)
        except (OSError, ValueError):  # ValueError: a line beyond the limit
            pass
        finally:
            writer.close()
            if self._writer is writer:
                self._writer = None
                for answer in self._waiting.values():
                    if not answer.done():
                        answer.set_result(Reply(ok=False, code="bridge_lost"))

    def _answered(self, line: bytes) -> None:
        try:
            told = json.loads(line)
        except ValueError:
            self._log.warning("bridge answered something that is not JSON")
            return
        match told:
            case {"id": str(asked), "ok": bool(ok)}:
                answer = self._waiting.get(asked)
                if answer is None or answer.done():
                    return
                facts = told.get("facts")
                code = "ok" if ok else str(told.get("code") or "intent_refused")
                answer.set_result(Reply(ok=ok, code=code, facts=facts if isinstance(facts, dict) else {}))
            case _:
                self._log.warning("bridge answered without an id")

    async def close(self) -> None:
        """Close the link; whoever waits is told bridge_lost."""
        if self._writer is not None:
            self._writer.close()

"""An audit trail that nothing waits for: rows of acts that must never be held up are written behind them, in order, as soon as
the database takes them."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from sqlalchemy import Engine

from agent_desktop.blocking import Blocking
from agent_desktop.refusals import Unavailable
from hotline_core.adapters.audit import Facts, write_audit
from hotline_core.adapters.engine import writing
from hotline_core.log import Log

MOST_WAITING = 10_000
AGAIN_S = 2.0


@dataclass(frozen=True, slots=True)
class LateRow:
    """A row to be written; `at` is when it happened (epoch seconds), `subject` the call."""

    at: float
    actor: str
    act: str
    subject: str
    facts: Facts


class LateAudit:
    """Keeps rows in memory until they are in the database; `run` writes them."""

    def __init__(self, engine: Engine, threads: Blocking, log: Log) -> None:
        self._engine = engine
        self._threads = threads
        self._log = log
        self._rows: deque[LateRow] = deque()
        self._wake = asyncio.Event()
        self._all_written = asyncio.Event()
        self._all_written.set()
        self._is_late = False
        self.shed = 0

    @property
    def waiting(self) -> int:
        """Rows that are in no database yet."""
        return len(self._rows)

    def add(self, row: LateRow) -> None:
        """Take a row; never waits, and sheds the oldest beyond MOST_WAITING with an error in the log."""
        if len(self._rows) >= MOST_WAITING:
            self._rows.popleft()
            self.shed += 1
            self._log.error("an act is not in the audit trail: too many wait for the database", shed=self.shed)
        self._rows.append(row)
        self._all_written.clear()
        self._wake.set()

    async def run(self) -> None:
        """Write what waits until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._rows:
                await self._write(self._rows[0])
            self._all_written.set()

    async def settle(self, timeout_s: float) -> None:
        """Wait that long for what is not written yet, at the desk's end; what then is left is told in the log and lost."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._all_written.wait()
        except TimeoutError:
            self._log.error("acts are not in the audit trail: the desk ends and the database is away", lost=len(self._rows))

    async def _write(self, row: LateRow) -> None:
        try:
            await self._threads.run(lambda: self._store(row))
        except Unavailable as error:
            if not self._is_late:
                self._log.error("acts wait for the audit trail: the database is away", reason=str(error))
            self._is_late = True
            await asyncio.sleep(AGAIN_S)
            return
        if self._is_late:
            self._log.info("the audit trail takes rows again", waiting=len(self._rows))
        self._is_late = False
        if self._rows and self._rows[0] is row:
            self._rows.popleft()

    def _store(self, row: LateRow) -> None:
        with writing(self._engine) as connection:
            write_audit(connection, at=row.at, actor=row.actor, act=row.act, subject=row.subject, facts=row.facts)

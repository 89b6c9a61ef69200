"""Owns the row of the calls database that tells when the wall clock was last trusted, so that a restart forgets no doubt."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Engine, delete, insert, select

from hotline_core.adapters.calls_schema import TRUST
from hotline_core.adapters.engine import reading, writing
from recordings.trust import Trust, Written, begun, looked, to_write

_ONE: Final = 1  # the table's only row


class ClockTrust:
    """One for a process. SQLAlchemyError goes through: then nothing is known, and nothing may be deleted."""

    def __init__(self, calls: Engine) -> None:
        self._calls = calls
        self._trust: Trust | None = None
        self._written: Written | None = None

    def look(self, now: float, counted_s: float) -> bool:
        """Look at both clocks, epoch and counted seconds; whether the first one is trusted."""
        trust = looked(self._begun(now, counted_s) if self._trust is None else self._trust, now, counted_s)
        fresh = to_write(trust, self._written, counted_s)
        if fresh is not None:
            with writing(self._calls) as connection:
                connection.execute(delete(TRUST))
                connection.execute(insert(TRUST).values(id=_ONE, trusted_at=fresh.trusted_at, waited_s=fresh.waited_s))
            self._written = fresh
        self._trust = trust
        return trust.doubted_s is None

    def _begun(self, now: float, counted_s: float) -> Trust:
        with reading(self._calls) as connection:
            row = connection.execute(select(TRUST)).one_or_none()
        self._written = None if row is None else Written(row.trusted_at, row.waited_s)
        return begun(self._written, now, counted_s)

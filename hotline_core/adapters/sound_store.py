"""Reading what a player shows beside the sound: its picture and the pauses in it. Sync; the desk calls it in a thread."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, select

from hotline_core.adapters.calls_schema import PAUSES, PEAKS
from hotline_core.adapters.engine import reading


@dataclass(frozen=True, slots=True)
class Paused:
    """A stretch of a call of which nothing was kept; times are epoch seconds, `resumed_at` None while it lasts or was lost."""

    paused_at: float
    resumed_at: float | None
    agent: str
    ended_by: str | None


class SoundStore:
    """Reads only."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def beside(self, call_id: str, leg: int) -> tuple[bytes | None, tuple[Paused, ...]]:
        """The peaks of a recording (pairs left and right, 0..255, square-root scaled), and its call's pauses in order."""
        picture = select(PEAKS.c.peaks).where((PEAKS.c.call_id == call_id) & (PEAKS.c.leg == leg))
        columns = (PAUSES.c.paused_at, PAUSES.c.resumed_at, PAUSES.c.agent, PAUSES.c.ended_by)
        pauses = select(*columns).where(PAUSES.c.call_id == call_id).order_by(PAUSES.c.paused_at)
        with reading(self._engine) as connection:
            peaks = connection.execute(picture).scalar()
            return peaks, tuple(Paused(*row) for row in connection.execute(pauses))

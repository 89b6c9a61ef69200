"""Reading the evidence of transfers: who was on the line of a call besides citizen and agent, and the recordings of them. Sync."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, select

from hotline_core.adapters.calls_schema import ATTEMPTS, SEGMENTS, TRANSFERS
from hotline_core.adapters.engine import reading
from hotline_core.domain.records import AttemptRow, SegmentRow, TransferRow


@dataclass(frozen=True, slots=True)
class CallEvidence:
    """The transfers of one call in order, their attempts in order, and the segments of its evidence set by leg (R31)."""

    transfers: tuple[TransferRow, ...] = ()
    attempts: tuple[AttemptRow, ...] = ()
    segments: tuple[SegmentRow, ...] = ()

    def transfer(self, n: int | None) -> TransferRow | None:
        """The transfer of that number."""
        return next((row for row in self.transfers if row.n == n), None)

    def segment(self, leg: int) -> SegmentRow | None:
        """The recording of that leg."""
        return next((row for row in self.segments if row.leg == leg), None)

    def may_hear(self, segment: SegmentRow, extension: str) -> bool:
        """True for an agent who spoke in it: who asked for the transfer, and the agent who was asked in.

        A segment whose transfer is not known is for those alone who may hear everything.
        """
        row = self.transfer(segment.n)
        return bool(extension) and row is not None and extension in (row.by, row.to)


class TransferStore:
    """Reads only; SQLAlchemyError goes through to the caller, who says that the database is away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_call(self, call_id: str) -> CallEvidence:
        """Everything about one call; empty for a call with nobody else on the line."""
        transfers = select(TRANSFERS).where(TRANSFERS.c.call_id == call_id).order_by(TRANSFERS.c.n)
        attempts = select(ATTEMPTS).where(ATTEMPTS.c.call_id == call_id).order_by(ATTEMPTS.c.n, ATTEMPTS.c.attempt)
        segments = select(SEGMENTS).where(SEGMENTS.c.call_id == call_id).order_by(SEGMENTS.c.leg)
        with reading(self._engine) as connection:
            return CallEvidence(
                tuple(TransferRow(**row._mapping) for row in connection.execute(transfers)),
                tuple(AttemptRow(**row._mapping) for row in connection.execute(attempts)),
                tuple(SegmentRow(**row._mapping) for row in connection.execute(segments)),
            )

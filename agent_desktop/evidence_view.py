"""How the API tells who else was on the line of a call, and the recordings of them; numbers masked as elsewhere; pure."""

from __future__ import annotations

from hotline_core.adapters.transfer_store import CallEvidence
from hotline_core.domain.records import AttemptRow, SegmentRow, TransferRow
from hotline_core.log import masked

Told = dict[str, object]


def told_evidence(evidence: CallEvidence, *, extension: str, is_whole: bool, hears_all: bool, hears_own: bool) -> Told:
    """`transfers` and `segments` of one call, as the reader with this extension and these rights may see them (R31).

    Who asked for a transfer sees the numbers that were dialled for it whole.
    """
    transfers = []
    for row in evidence.transfers:
        sees = is_whole or (bool(extension) and row.by == extension)
        attempts = [told_attempt(one, is_whole=sees) for one in evidence.attempts if one.n == row.n]
        transfers.append({**told_transfer(row), "attempts": attempts})
    segments = []
    for segment in evidence.segments:
        may_listen = hears_all or (hears_own and evidence.may_hear(segment, extension))
        segments.append(told_segment(segment, may_listen=may_listen))
    return {"transfers": transfers, "segments": segments}


def told_transfer(row: TransferRow) -> Told:
    """Who wanted whom, when, and what came of it."""
    return {
        "n": row.n,
        "way": row.way,
        "party": row.party,
        "name": row.name,
        "kind": row.kind,
        "to": row.to,
        "queue": row.queue,
        "by": row.by,
        "asked_at": row.asked_at,
        "answered_at": row.answered_at,
        "waited_s": row.waited_s,
        "result": row.result,
        "ended_at": row.ended_at,
        "outcome": row.outcome,
        "last": row.last,
    }


def told_attempt(row: AttemptRow, *, is_whole: bool) -> Told:
    """One number or agent dialled."""
    return {
        "attempt": row.attempt,
        "leg": row.leg,
        "number": row.number if is_whole else masked(row.number),
        "trunk": row.trunk,
        "dialled_at": row.dialled_at,
        "answered_at": row.answered_at,
        "waited_s": row.waited_s,
        "cause": row.cause,
        "result": row.result,
        "ended_at": row.ended_at,
        "ended_by": row.ended_by,
    }


def told_segment(row: SegmentRow, *, may_listen: bool) -> Told:
    """The recording of one third."""
    return {
        "leg": row.leg,
        "n": row.n,
        "started_at": row.started_at,
        "length_s": row.length_s,
        "size": row.size,
        "sha256": row.sha256,
        "state": row.state,
        "access": row.access,
        "may_listen": may_listen,
    }

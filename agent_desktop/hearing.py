"""Whose ear may hear which recording: an agent own calls and own consults, who may hear all the rest (least privilege, R31)."""

from __future__ import annotations

from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.own_calls import extension_at, is_own
from hotline_core.adapters.calls_store import ListedCall
from hotline_core.adapters.transfer_store import CallEvidence
from hotline_core.domain.records import CallRow, RecordingRow, SegmentRow
from hotline_core.errors import Forbidden, NotFound

Row = RecordingRow | SegmentRow


async def heard_by(desk: Desk, caller: Caller, call_id: str, leg: int) -> tuple[CallRow, Row]:
    """The call and the row of a recording that the caller may hear; leg 0 is the main one.

    Forbidden not_own_call, not_in_segment; NotFound unknown_call, unknown_segment, recording_not_ready.
    """
    agent = whose(desk, caller)

    def look() -> tuple[ListedCall | None, RecordingRow | None, CallEvidence | None]:
        return desk.calls.call(call_id), desk.calls.recording(call_id), desk.transfers.of_call(call_id) if leg else None

    found, row, evidence = await desk.calls_threads.run(look)
    if found is None:
        raise NotFound("unknown_call")
    if evidence is not None:
        part = evidence.segment(leg)
        if part is None:
            raise NotFound("unknown_segment")
        if agent is not None and not evidence.may_hear(part, extension_at(desk, caller, part.started_at)):
            raise Forbidden("not_in_segment")
        return found.call, part
    if agent is not None and not is_own(desk, caller, found.call):
        raise Forbidden("not_own_call")
    if row is None:
        raise NotFound("recording_not_ready")
    return found.call, row


def whose(desk: Desk, caller: Caller) -> str | None:
    """None for everybody's recordings, else the one agent's; Forbidden without either right."""
    if desk.rights.may(caller.role, "listen_all"):
        return None
    if desk.rights.may(caller.role, "listen_own") and caller.extension:
        return caller.extension
    raise Forbidden(act="listen_own")

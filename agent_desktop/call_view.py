"""How the API tells a call: one shape for live and stored ones, numbers masked unless the reader may see them; pure."""

from __future__ import annotations

from collections.abc import Iterable

from agent_desktop.view import Live, numbers_masked
from hotline_core.adapters.calls_store import ListedCall
from hotline_core.adapters.recording_search import FoundRecording
from hotline_core.domain.callbacks import Callback
from hotline_core.domain.records import CallRow
from hotline_core.log import masked
from recordings.training import Taken

Told = dict[str, object]
TIMES_TOLD = 20


def stored_call(row: CallRow, *, recording: bool, is_whole: bool) -> Told:
    """A call of the calls database."""
    return {
        "call_id": row.call_id,
        "line": row.line,
        "caller": row.caller if is_whole else masked(row.caller),
        "dialled": row.dialled if is_whole or row.direction == "in" else masked(row.dialled),  # of a call out: the citizen
        "state": row.state,
        "arrived_at": row.arrived_at,
        "queued_at": row.queued_at,
        "answered_at": row.answered_at,
        "ended_at": row.ended_at,
        "agent": row.agent,
        "ended_by": row.ended_by,
        "outcome": row.outcome,
        "direction": row.direction,
        "about": row.about,
        "recording": recording,
    }


def live_call(call: Live, *, is_whole: bool) -> Told:
    """A call of the live view: its own words (id, phase) and the stored ones (call_id, state), so that a page needs one."""
    call = call if is_whole else {**call, **numbers_masked(call)}
    return {
        **call,
        "call_id": call.get("id"),
        "state": call.get("phase"),
        "ended_at": None,
        "ended_by": None,
        "outcome": None,
        "recording": False,
    }


def unseen_call(call_id: str) -> Told:
    """A call nobody can describe now (live view and database away, or not there yet): the ticket can still be written."""
    names = (
        "line", "caller", "dialled", "arrived_at", "queued_at", "answered_at", "ended_at", "agent", "ended_by", "outcome",
        "direction", "about",
    )  # fmt: skip
    return {"call_id": call_id, "state": "unknown", **dict.fromkeys(names), "recording": False}


def listed_calls(found: Iterable[ListedCall], *, is_whole: bool) -> list[Told]:
    """Calls of a list."""
    return [stored_call(item.call, recording=item.recording, is_whole=is_whole) for item in found]


def listed_recording(item: FoundRecording, *, is_whole: bool, sees_holds: bool) -> Told:
    """A recording with what is known of its call; the cases that hold it for who may see them."""
    call, row = item.call, item.recording
    return {
        "call_id": row.call_id,
        "started_at": row.started_at,
        "length_s": row.length_s,
        "size": row.size,
        "sha256": row.sha256,
        "state": row.state,
        "klass": row.klass,
        "keep_until": row.keep_until,
        "holds": list(item.holds) if sees_holds else [],
        "thirds": list(item.thirds),
        "segments": item.segments,
        "line": call.line if call else None,
        "direction": call.direction if call else None,
        "caller": (call.caller if is_whole else masked(call.caller)) if call else None,
        "dialled": (call.dialled if is_whole or call.direction == "in" else masked(call.dialled)) if call else None,
        "agent": call.agent if call else None,
        "arrived_at": call.arrived_at if call else None,
    }


def told_training(taken: Taken | None) -> Told | None:
    """Since when, by whom and why a call teaches others; None for one that does not."""
    if taken is None or taken.ended_at is not None:
        return None
    return {"taken_at": taken.taken_at, "by": taken.by, "reason": taken.reason}


def told_callback(row: Callback, *, is_whole: bool) -> Told:
    """A citizen to be called back; `call_id` names the row in the acts upon it."""
    return {
        "call_id": row.call_id,
        "caller": row.number if is_whole else masked(row.number),
        "line": row.line,
        "kind": row.kind,
        "count": row.count,
        "times": list(row.times[:TIMES_TOLD]),
        "attempts": [{"at": attempt.at, "agent": attempt.agent, "outcome": attempt.outcome} for attempt in row.attempts],
        "dialled_by": row.dialled_by or None,
    }

"""How the API tells what a player shows: length, picture, pauses and events, all in seconds of the file; pure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence

from hotline_core.adapters.calls_store import TimelineEntry
from hotline_core.adapters.sound_store import Paused
from hotline_core.domain.records import CallRow, RecordingRow, SegmentRow
from recordings.remarks import CHANGED, remarks

Told = dict[str, object]
Row = RecordingRow | SegmentRow
# What a listener jumps to; the rest of the timeline is the course beside it.
MARKS = frozenset({
    "agent_answered", "talk_started", "hold_started", "hold_ended", "recording_paused", "recording_resumed", "third_answered",
    "third_left", "citizen_alone", "agent_took_over", "taken_back", "agent_left", "agent_resumed", "party_answered",
    "duty_answered", "stage_entered",
})  # fmt: skip
SILENT_STAGES = frozenset({"placing", "calling", "adding", "talk"})  # told by the events around them


def began_at(row: Row, call: CallRow) -> float:
    """When the first sample was recorded (epoch seconds).

    A segment begins with its leg's answer. The main file ends with the call: before what `started_at` names stands the notice,
    whose length nobody wrote down; without an end that is all there is.
    """
    if row.leg == 0 and call.ended_at is not None and row.length_s is not None:
        return call.ended_at - row.length_s
    return row.started_at


def told_sound(
    row: Row, call: CallRow, timeline: Iterable[TimelineEntry], peaks: bytes | None, pauses: Sequence[Paused]
) -> Told:
    """All that is shown before anybody has said why; the picture tells when somebody spoke, never what."""
    begin, length = began_at(row, call), row.length_s or 0.0

    def second(at: float) -> float:
        return round(min(max(at - begin, 0.0), length), 2)

    marks = [
        {"at_s": second(entry.at), "kind": entry.kind, "facts": dict(entry.facts)}
        for entry in timeline
        if entry.kind in MARKS and begin <= entry.at <= begin + length and not _is_told_elsewhere(entry)
    ]
    stretches = [
        {"from_s": second(one.paused_at), "to_s": second(one.resumed_at if one.resumed_at is not None else begin + length),
         "agent": one.agent, "ended_by": one.ended_by}
        for one in pauses
        if one.paused_at < begin + length and (one.resumed_at is None or one.resumed_at > begin)
    ]  # fmt: skip
    return {
        "leg": row.leg, "state": row.state, "length_s": row.length_s, "began_at": begin, "sha256": row.plain_sha256 or row.sha256,
        "is_altered": CHANGED in remarks(row.detail),
        "peaks": b64encode(peaks).decode("ascii") if peaks else None, "pauses": stretches, "marks": marks,
    }  # fmt: skip


def _is_told_elsewhere(entry: TimelineEntry) -> bool:
    return entry.kind == "stage_entered" and str(entry.facts.get("stage")) in SILENT_STAGES

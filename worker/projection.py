"""What a ledger record makes of a call's row; pure, complete over all kinds, tolerant of records that are missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from hotline_core.adapters.ledger_chain import LedgerRecord
from hotline_core.domain.records import CallRow

# greeting -> waiting -> ringing -> talking <-> held; any of them -> waiting again, joined, duty, ended. ended is final.

UNSEEN_S = 10.0  # a call that ended unseen after less may have ended in the notice


def project(row: CallRow | None, record: LedgerRecord) -> CallRow:
    """The call's row after this record; `row` is None for the first record seen, whichever that is."""
    before = row if row is not None else _unknown(record)
    change = PROJECTIONS.get(record.kind)
    if change is None:
        return before
    after = change(before, record)
    if before.state == "ended" and after.state != "ended":  # a late record fills in facts but never revives a call
        return replace(after, state="ended")
    return after


def _unknown(record: LedgerRecord) -> CallRow:
    return CallRow(record.call_id, line="", caller="", dialled="", state="greeting", arrived_at=record.at)


def _arrived(row: CallRow, record: LedgerRecord) -> CallRow:
    return replace(
        row,
        line=row.line or _text(record, "line"),
        caller=row.caller or record.personal.get("caller", ""),
        dialled=row.dialled or record.personal.get("dialled", ""),
        arrived_at=min(row.arrived_at, record.at),
    )


def _dialled(row: CallRow, record: LedgerRecord) -> CallRow:
    agent, about = _text(record, "agent") or row.agent, _text(record, "about") or None
    row = replace(_arrived(row, record), direction="out", agent=agent, about=about)
    return replace(row, state="dialling") if row.state == "greeting" else row


def _dial_failed(row: CallRow, record: LedgerRecord) -> CallRow:
    reasons = {"busy": "busy", "declined": "busy", "no_answer": "no_answer"}
    return replace(row, outcome=reasons.get(_text(record, "reason"), "failed"))


def _same(row: CallRow, record: LedgerRecord) -> CallRow:
    return row


def _recorded(row: CallRow, record: LedgerRecord) -> CallRow:
    """Every way to a person starts the main recording first, also where no queue can be entered because nobody is there."""
    if row.direction == "out":
        return row
    state = "waiting" if row.state == "greeting" else row.state
    return replace(row, state=state, queued_at=record.at if row.queued_at is None else row.queued_at)


def _queued(row: CallRow, record: LedgerRecord) -> CallRow:
    """The citizen waits for a person; if somebody had answered, the call is not done with that."""
    queued_at = record.at if row.queued_at is None else row.queued_at
    return replace(row, state="waiting", queued_at=queued_at, left_alone=row.left_alone or row.answered_at is not None)


def _rung(row: CallRow, record: LedgerRecord) -> CallRow:
    if row.state in ("talking", "held", "ended"):  # a telephone still ringing does not take the call from who talks
        return row
    if row.answered_at is not None:  # whose talk it was stays on record until somebody else talks: the recording is theirs to hear
        return replace(row, state="ringing")
    return replace(row, state="ringing", agent=_text(record, "agent") or row.agent)


def _missed(row: CallRow, record: LedgerRecord) -> CallRow:
    if row.state == "ringing" and row.answered_at is not None:
        return replace(row, state="waiting")
    if row.state != "ringing" or row.agent != _text(record, "agent"):
        return row
    return replace(row, state="waiting", agent=None)


def _answered(row: CallRow, record: LedgerRecord) -> CallRow:
    return replace(
        row,
        state="talking",
        agent=_text(record, "agent") or row.agent,
        answered_at=record.at if row.answered_at is None else row.answered_at,
        outcome="answered",
        left_alone=False,
    )


def _held(row: CallRow, record: LedgerRecord) -> CallRow:
    return replace(row, state="held")


def _resumed(row: CallRow, record: LedgerRecord) -> CallRow:
    return replace(row, state="talking")


def _left(row: CallRow, record: LedgerRecord) -> CallRow:
    """The agent is gone and the citizen is still there; who talked to him stays on record."""
    if row.state not in ("talking", "held") or row.agent != (_text(record, "agent") or row.agent):
        return row
    return replace(row, state="waiting")


def _back(row: CallRow, record: LedgerRecord) -> CallRow:
    """The same talk goes on; who answered it first, and when, stays."""
    answered_at = record.at if row.answered_at is None else row.answered_at
    agent = _text(record, "agent") or row.agent
    return replace(row, state="talking", agent=agent, answered_at=answered_at, outcome="answered", left_alone=False)


def _duty_rung(row: CallRow, record: LedgerRecord) -> CallRow:
    return replace(row, state="duty")


def _adopted(row: CallRow, record: LedgerRecord) -> CallRow:
    """The phase Asterisk showed when the bridge came back."""
    phase = _text(record, "phase")
    if phase not in ("waiting", "ringing", "talking", "joined", "duty", "party", "dialling"):
        return row
    if phase in ("party", "dialling") or row.direction == "out":
        return replace(row, state=phase)
    return replace(row, state=phase, queued_at=record.at if row.queued_at is None else row.queued_at)


def _duty_answered(row: CallRow, record: LedgerRecord) -> CallRow:
    answered_at = record.at if row.answered_at is None else row.answered_at
    return replace(row, state="duty", answered_at=answered_at, outcome="duty", left_alone=False)


def _party_rung(row: CallRow, record: LedgerRecord) -> CallRow:
    row = replace(row, state="party", urgent=row.urgent or bool(record.facts.get("urgent")))
    if row.outcome in ("answered", "duty"):  # led there by the agent
        return row
    return replace(row, queued_at=None)  # chosen in the menu: no person was asked for yet


def _party_answered(row: CallRow, record: LedgerRecord) -> CallRow:
    answered_at = record.at if row.answered_at is None else row.answered_at
    outcome = row.outcome if row.outcome in ("answered", "duty") else "party"
    return replace(row, state="party", answered_at=answered_at, outcome=outcome, left_alone=False)


def _third_asked(row: CallRow, record: LedgerRecord) -> CallRow:
    """An emergency stays one whatever comes of it (R24)."""
    return replace(row, urgent=row.urgent or record.facts.get("way") == "emergency")


def _staged(row: CallRow, record: LedgerRecord) -> CallRow:
    """Who has the call now is its agent; a citizen left alone hears a sentence and waits."""
    state = "waiting" if _text(record, "stage") == "alone" else "joined"
    return replace(row, state=state, agent=_text(record, "agent") or row.agent)


def _alone(row: CallRow, record: LedgerRecord) -> CallRow:
    """Not to be called back yet: a talk may end so; who comes into a queue again is (`_queued`)."""
    return replace(row, state="waiting")


def _taken_over(row: CallRow, record: LedgerRecord) -> CallRow:
    """Another agent has the call, or the one who was cut off has it again; the first answer stays."""
    answered_at = record.at if row.answered_at is None else row.answered_at
    agent = _text(record, "agent") or row.agent
    return replace(row, state="joined", agent=agent, answered_at=answered_at, outcome="answered", left_alone=False)


def _callback(row: CallRow, record: LedgerRecord) -> CallRow:
    return row if row.outcome in ("answered", "duty", "party") else replace(row, outcome="callback")


def _ended(row: CallRow, record: LedgerRecord) -> CallRow:
    cause = record.facts.get("cause")
    if record.facts.get("recovered") and row.queued_at is None and row.direction == "in" and record.at - row.arrived_at >= UNSEEN_S:
        row = replace(row, queued_at=row.arrived_at)  # without a bridge the dialplan leads every caller to a person
    ended = replace(
        row,
        state="ended",
        ended_at=record.at if row.ended_at is None else row.ended_at,
        ended_by=row.ended_by or _text(record, "by") or None,
        cause=int(cause) if row.cause is None and isinstance(cause, int | float) else row.cause,
    )
    return replace(ended, outcome=_outcome(ended))


def _outcome(row: CallRow) -> str:
    """How an ended call is counted."""
    if row.answered_at is not None and row.outcome not in ("answered", "duty", "party"):
        return "answered"
    if row.direction == "out" and row.outcome is None:
        return "no_answer" if row.ended_by == "agent" else "failed"
    if row.outcome is not None:
        return row.outcome
    return "abandoned" if row.ended_by == "caller" else "lost"


def _text(record: LedgerRecord, name: str) -> str:
    value = record.facts.get(name)
    return "" if value is None else str(value)


PROJECTIONS: Mapping[str, Callable[[CallRow, LedgerRecord], CallRow]] = MappingProxyType(
    {
        "call_arrived": _arrived,
        "greeting_started": _same,
        "notice_played": _same,
        "recording_started": _recorded,
        "recording_paused": _same,
        "recording_resumed": _same,
        "queue_entered": _queued,
        "agent_rung": _rung,
        "agent_missed": _missed,
        "agent_answered": _answered,
        "hold_started": _held,
        "hold_ended": _resumed,
        "agent_left": _left,
        "agent_awaited": _left,
        "agent_resumed": _back,
        "requeued": _queued,
        "duty_rung": _duty_rung,
        "duty_answered": _duty_answered,
        "callback_noted": _callback,
        "party_rung": _party_rung,
        "party_dialled": _same,
        "party_missed": _same,
        "party_answered": _party_answered,
        "party_failed": _queued,
        "fallback_entered": _same,
        "adopted": _adopted,
        "call_ended": _ended,
        "call_dialled": _dialled,
        "citizen_answered": _same,
        "talk_started": _answered,
        "dial_failed": _dial_failed,
        "third_asked": _third_asked,
        "third_dialled": _same,
        "third_answered": _same,
        "third_failed": _same,
        "third_missed": _same,
        "third_left": _same,
        "stage_entered": _staged,
        "citizen_alone": _alone,
        "agent_took_over": _taken_over,
        "taken_back": _taken_over,
        "transfer_ended": _same,
    }
)

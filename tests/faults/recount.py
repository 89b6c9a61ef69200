"""Owns a second way to count a day: from the ledger alone, call by call, without the worker, its database or its SQL; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hotline_core.adapters.ledger import LedgerRecord

DAY_S = 86_400
AGENT_TALKS = {"agent_answered", "agent_resumed", "agent_took_over", "taken_back"}
ASKS = {"recording_started", "queue_entered", "requeued", "party_failed"}
WAITS = ("waiting", "ringing", "talking", "joined", "duty")  # phases of an adopted call that asked for a person
UNSEEN_S = 10.0  # who was there longer while no bridge was has asked for a person: the dialplan leads everybody to one
COUNTS = ("arrived", "asked", "waiting", "in_menu", "left_menu", "answered", "duty", "party", "abandoned", "callback", "lost")


@dataclass(frozen=True, slots=True)
class Told:
    """One citizen's call as the ledger tells it."""

    call_id: str
    line: str
    arrived_at: float
    is_over: bool
    outcome: str  # empty while it runs
    asked: bool
    waited_s: float | None  # until a person answered


def calls_of(records: Iterable[LedgerRecord]) -> list[Told]:
    """Every call that came in."""
    by_call: dict[str, list[LedgerRecord]] = {}
    for record in records:
        if record.call_id:
            by_call.setdefault(record.call_id, []).append(record)
    return [_told(call_id, own) for call_id, own in by_call.items() if not any(one.kind == "call_dialled" for one in own)]


def day_of(calls: Iterable[Told], start: float) -> dict[str, dict[str, float]]:
    """The counts of each line for the day that began at `start` (epoch seconds)."""
    days: dict[str, dict[str, float]] = {}
    for call in calls:
        if not start <= call.arrived_at < start + DAY_S:
            continue
        day = days.setdefault(call.line, {**dict.fromkeys(COUNTS, 0), "waited_s": 0.0})
        day["arrived"] += 1
        day["asked"] += call.asked
        if call.outcome in ("answered", "duty"):
            day["waited_s"] += call.waited_s or 0.0
        for name in _places(call):
            day[name] += 1
    return days


def _places(call: Told) -> list[str]:
    if not call.outcome:
        return ["waiting"] if call.asked else ["in_menu"]
    if call.outcome in ("abandoned", "lost") and not call.asked:
        return ["left_menu"]
    return [call.outcome]


def _told(call_id: str, own: Sequence[LedgerRecord]) -> Told:
    kinds = [record.kind for record in own]
    arrived_at = min(record.at for record in own if record.kind == "call_arrived") if "call_arrived" in kinds else own[0].at
    line = next((str(record.facts["line"]) for record in own if record.facts.get("line")), "")
    answers = [record.at for record in own if record.kind in AGENT_TALKS | {"duty_answered", "party_answered"}]
    end = next((record for record in own if record.kind == "call_ended"), None)
    outcome = _outcome(kinds, end.facts if end else None)
    waited_s = answers[0] - arrived_at if answers else None
    return Told(call_id, line, arrived_at, end is not None, outcome, _asked(own, arrived_at, outcome), waited_s)


def _outcome(kinds: Sequence[str], end: Mapping[str, object] | None) -> str:
    persons = [kind for kind in kinds if kind in AGENT_TALKS or kind == "duty_answered"]
    if persons:
        return "duty" if persons[-1] == "duty_answered" else "answered"
    if "party_answered" in kinds:
        return "party"
    if "callback_noted" in kinds:
        return "callback"
    if end is None:
        return ""
    return "abandoned" if end.get("by") == "caller" else "lost"


def _asked(own: Sequence[LedgerRecord], arrived_at: float, outcome: str) -> bool:
    if outcome in ("answered", "duty", "callback"):
        return True
    asked = False
    for record in own:
        is_unseen = record.kind == "call_ended" and record.facts.get("recovered") and record.at - arrived_at >= UNSEEN_S
        is_adopted = record.kind == "adopted" and record.facts.get("phase") in WAITS
        if record.kind == "party_rung":
            asked = False  # chosen in the menu: no person was asked for yet
        elif record.kind in ASKS or is_adopted or is_unseen:
            asked = True
    return asked


def differences(counted: Mapping[str, Mapping[str, float]], shown: Iterable[Mapping[str, float | str]]) -> list[str]:
    """What the shown figures (lines of GET /api/day) say otherwise than the recount."""
    found = []
    for line in shown:
        ours = counted.get(str(line["line"]), {})
        for name in COUNTS:
            if line[name] != ours.get(name, 0):
                found.append(f"{line['line']} {name}: shown {line[name]}, the ledger has {ours.get(name, 0)}")
        shown_wait = line["average_wait_s"]["numerator"]  # type: ignore[index]
        if abs(float(shown_wait) - ours.get("waited_s", 0.0)) > 0.01:
            found.append(f"{line['line']} waited_s: shown {shown_wait}, the ledger has {ours.get('waited_s', 0.0)}")
    missing = set(counted) - {str(line["line"]) for line in shown}
    return [*found, *(f"{line}: not shown at all" for line in missing)]

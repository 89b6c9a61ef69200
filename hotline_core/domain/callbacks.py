"""Whom to call back: callers who gave up, were promised a call, or were cut off, and whom nobody has reached since; pure.

One row per number and line, who is in danger before all others, then the newest need first. A number that cannot be called,
because it was withheld, is only counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hotline_core.domain.records import CallRow

STILL_OPEN_S = 7200.0  # a call that has no end in the records after so long is not running any more
REACHED = ("answered", "duty")  # a person of ours, or at a duty telephone, talked to the citizen
KINDS = ("in_danger", "promised", "cut_off", "gave_up")  # the strongest need first


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call to the citizen that reached nobody."""

    at: float
    agent: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Callback:
    """One citizen to be called under one line; `call_id` is the newest of `calls`, which are the needs."""

    call_id: str
    number: str
    line: str
    kind: str  # one of KINDS: the strongest of the needs
    calls: tuple[str, ...]
    times: tuple[float, ...]  # of the needs, newest first
    attempts: tuple[Attempt, ...]  # newest first
    dialled_by: str = ""  # the agent who is calling now

    @property
    def count(self) -> int:
        """How many calls were missed."""
        return len(self.calls)


@dataclass(frozen=True, slots=True)
class CallbackList:
    """The rows, and how many missed callers withheld their number."""

    rows: tuple[Callback, ...]
    withheld: int


@dataclass(slots=True)
class _Citizen:
    """What is known of one number."""

    needs: list[CallRow] = field(default_factory=list)
    attempts: list[CallRow] = field(default_factory=list)
    reached_at: float = 0.0
    dialled_by: str = ""
    is_on_line: bool = False


def kind_of_need(call: CallRow) -> str:
    """Why the citizen of an ended call is to be called back; empty if there is no need.

    Who asked for rescuers, or for whom an agent did, and was heard by nobody, left by them or cut off, is in danger (R24). Who
    hung up in the menu without asking for a person (queued_at is empty) wanted none.
    """
    if call.state != "ended":
        return ""
    is_cut_off = call.answered_at is not None and (call.left_alone or call.ended_by == "system")
    if call.urgent and (call.answered_at is None or is_cut_off):
        return "in_danger"
    if is_cut_off:
        return "cut_off"
    if call.direction != "in":
        return ""
    if call.outcome == "callback":
        return "promised"
    if call.outcome == "lost":
        return "cut_off"
    return "gave_up" if call.outcome == "abandoned" and call.queued_at is not None else ""


def callback_list(calls: Iterable[CallRow], done: Iterable[str], now: float) -> CallbackList:
    """The list, from all calls of some days and the call ids that somebody has marked as done."""
    by_id: dict[str, CallRow] = {}
    citizens: dict[str, _Citizen] = {}
    withheld = 0
    for call in calls:
        by_id[call.call_id] = call
        if not call.caller:
            withheld += bool(kind_of_need(call))
            continue
        _note(citizens.setdefault(call.caller, _Citizen()), call, now)
    closed: dict[tuple[str, str], float] = {}
    for call_id in done:
        marked = by_id.get(call_id)
        if marked is not None:
            key = (marked.caller, marked.line)
            closed[key] = max(closed.get(key, 0.0), marked.arrived_at)
    rows = [row for number, citizen in citizens.items() for row in _rows(number, citizen, closed)]
    return CallbackList(tuple(sorted(rows, key=lambda row: (row.kind == "in_danger", row.times[0]), reverse=True)), withheld)


def row_of(listed: CallbackList, call_id: str) -> Callback | None:
    """The row that a missed call belongs to; a page may still show an older call of it."""
    return next((row for row in listed.rows if call_id in row.calls), None)


def _note(citizen: _Citizen, call: CallRow, now: float) -> None:
    if kind_of_need(call):
        citizen.needs.append(call)
    elif call.answered_at is not None and (call.outcome in REACHED or call.urgent):  # rescuers are a person too
        citizen.reached_at = max(citizen.reached_at, call.answered_at)
    if call.state != "ended" and call.arrived_at > now - STILL_OPEN_S:
        if call.direction == "out":
            citizen.dialled_by = call.agent or ""
        else:
            citizen.is_on_line = True
    elif call.direction == "out" and call.state == "ended" and call.answered_at is None:
        citizen.attempts.append(call)


def _rows(number: str, citizen: _Citizen, closed: Mapping[tuple[str, str], float]) -> Iterable[Callback]:
    if citizen.is_on_line:  # on the line now: a person answers them, or they are missed once more
        return
    for line in sorted({need.line for need in citizen.needs}):
        since = max(citizen.reached_at, closed.get((number, line), 0.0))
        needs = [need for need in citizen.needs if need.line == line and need.arrived_at > since]
        needs.sort(key=lambda need: need.arrived_at, reverse=True)
        if not needs:
            continue
        kinds = {kind_of_need(need) for need in needs}
        tried = [call for call in citizen.attempts if call.arrived_at > needs[-1].arrived_at]
        tried.sort(key=lambda call: call.arrived_at, reverse=True)
        yield Callback(
            needs[0].call_id, number, line, next(kind for kind in KINDS if kind in kinds),
            tuple(need.call_id for need in needs), tuple(need.arrived_at for need in needs),
            tuple(Attempt(call.arrived_at, call.agent or "", call.outcome or "failed") for call in tried), citizen.dialled_by,
        )  # fmt: skip

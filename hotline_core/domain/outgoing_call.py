"""The part of a call's state machine that only a call to a citizen has: dialling, the notice, the talk, or a dial that failed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from hotline_core.domain import events as ev
from hotline_core.domain import outgoing_events as out
from hotline_core.domain.commands import CloseJournal, Command, Fact, Write

if TYPE_CHECKING:
    from hotline_core.domain.call_state import Call


def arrival(call_id: str, line: str, personal: dict[str, str], at: float, facts: dict[str, Fact]) -> Write:
    """The first record of a call; with an agent among the facts it is a call to a citizen, else one from a citizen."""
    return Write("call_dialled" if "agent" in facts else "call_arrived", call_id, at, {"line": line, **facts}, personal)


def dialled_by(direction: str, agent: str, about: str) -> dict[str, Fact]:
    """The facts that only the first record of a call to a citizen has."""
    return {"agent": agent, "about": about} if direction == "out" else {}


def step(call: Call, event: out.DialEvent, now: float) -> tuple[Call, list[Command]]:
    """The next state; only called in phase dialling."""
    match event:
        case out.CitizenAnswered():
            return replace(call, channel=event.channel, reached=True), [Write("citizen_answered", call.call_id, now)]
        case out.TalkStarted():
            call = replace(call, phase="talking", since=now, answered_at=call.answered_at or now, reached=True)
            return call, [Write("talk_started", call.call_id, now, {"agent": call.agent})]
        case out.DialFailed():
            reason = event.reason if event.reason in out.REASONS else "unavailable"
            return replace(call, reason=reason), [Write("dial_failed", call.call_id, now, {"reason": reason})]
        case out.CallDialled():
            return call, []  # never in HANDLED: a call begins once
        case _:
            assert_never(event)


def agent_left(call: Call, event: ev.AgentLeft, now: float) -> tuple[Call | None, list[Command]]:
    """The agent's leg ended while dialling: the call is over, unless the citizen has picked up and is let go by the dialplan."""
    if event.agent_channel != call.agent_channel:
        return call, []
    if call.reached:
        return replace(call, ended_by=call.ended_by or "agent"), []
    by = call.ended_by or ("system" if call.reason else "agent")
    ended = Write("call_ended", call.call_id, now, {"by": by, "cause": event.cause})
    return None, [ended, CloseJournal(call.call_id, dialled=True)]

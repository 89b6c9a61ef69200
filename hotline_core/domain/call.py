"""One citizen's call from arrival to end: a pure state machine; what is allowed when stands in HANDLED (call_state.py).

A call is always in one phase. It enters with CallArrived, or with CallDialled when an agent calls the citizen (or with
CallAdopted after a restart of the bridge), and leaves with CallEnded; in between Asterisk decides the order and we follow, so an
event that does not fit the phase is listed as ignored, never an error. The machine never stands between a citizen and a person:
each way out of `greeting` ends in the queue, by our command, by the deadline, or by the dialplan alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from hotline_core.domain import call_joined, outgoing_call
from hotline_core.domain import events as ev
from hotline_core.domain import outgoing_events as out
from hotline_core.domain.call_begin import begin, recover
from hotline_core.domain.call_state import DECLINED, HANDLED, NOTICE_LIMIT_S, PHASES, VANISHED, Call
from hotline_core.domain.commands import (
    BeginMenu,
    CloseJournal,
    Command,
    Fact,
    HangUp,
    LeaveMenu,
    SendToParty,
    SendToQueue,
    TakeToQueue,
    Write,
)
from hotline_core.domain.join_events import StageEntered

__all__ = ["HANDLED", "NOTICE_LIMIT_S", "PHASES", "VANISHED", "Call", "begin", "recover", "step"]


def step(call: Call, event: ev.CallEvent, now: float) -> tuple[Call | None, list[Command]]:
    """The next state and what to do; None when the call is over. Ignored events change nothing."""
    if type(event).__name__ not in HANDLED[call.phase]:
        return call, []
    call_id = call.call_id
    match event:
        case ev.CallAdopted():
            return _corrected(call, event, now)
        case ev.MenuReady():
            # a notice of a retired number went before: the patience with the menu begins where the menu does
            return replace(call, deadlines={"notice": now + NOTICE_LIMIT_S}), [
                Write("greeting_started", call_id, now),
                BeginMenu(call_id, call.channel, call.line),
            ]
        case ev.MenuStepped():
            return replace(call, deadlines={"notice": now + NOTICE_LIMIT_S}), []
        case ev.MenuLeft() | ev.MenuFailed() if call.ended_by == "caller":
            # the hang-up ended the question: what follows from it concerns nobody, and no notice was heard to its end
            return replace(call, deadlines={}), []
        case ev.MenuLeft():
            call = replace(call, deadlines={}, menu=event.path)
            way: dict[str, Fact] = {"menu": event.path} if event.path else {}
            played = Write("notice_played", call_id, now, {"complete": event.noticed, **way})
            if event.to == "party":
                return call, [played, SendToParty(call_id, call.channel, event.party)]
            return call, [played, SendToQueue(call_id, call.channel)]
        case ev.MenuFailed():
            # no recording without its notice: the dialplan's rescue plays the short one
            failed = Write("notice_played", call_id, now, {"complete": False})
            return replace(call, deadlines={}), [failed, LeaveMenu(call_id, call.channel)]
        case ev.PartyRung():
            call = replace(call, phase="party", since=now, party=event.party)
            return call, [Write("party_rung", call_id, now, {"party": event.party, "urgent": event.urgent})]
        case ev.PartyDialled():
            facts: dict[str, Fact] = {"party": event.party, "attempt": event.attempt, "of": event.of, "trunk": event.trunk}
            return call, [Write("party_dialled", call_id, now, facts, {"number": event.number})]
        case ev.PartyMissed():
            facts = {"party": event.party, "attempt": event.attempt, "result": event.result, "cause": event.cause}
            return call, [Write("party_missed", call_id, now, facts)]
        case ev.PartyAnswered():
            call = replace(call, since=now, answered_at=call.answered_at or now, party_talks=True)
            return call, [Write("party_answered", call_id, now, {"party": event.party})]
        case ev.PartyFailed():
            call = replace(call, phase="waiting", since=now, party_talks=False, ended_by="")
            call = replace(call, head=call.head or event.urgent, urgent=call.urgent or event.urgent)
            return call, [Write("party_failed", call_id, now, {"party": event.party, "urgent": event.urgent})]
        case ev.DeadlineReached():
            if call.deadlines.get(event.name, now + 1) > now:
                return call, []
            return replace(call, deadlines={}), [LeaveMenu(call_id, call.channel)]
        case ev.RescueEntered():
            return replace(call, deadlines={}), [Write("fallback_entered", call_id, now, {"reason": event.reason})]
        case ev.NoticePlayed():
            return call, [Write("notice_played", call_id, now, {"complete": event.complete})]
        case ev.RecordingStarted():
            # Every way on starts the recording first: from here the caller waits, with or without agents.
            if call.direction == "in":
                phase = "waiting" if call.phase == "greeting" else call.phase
                call = replace(call, phase=phase, since=now, queued_at=call.queued_at or now, deadlines={})
            return call, [Write("recording_started", call_id, now)]
        case ev.QueueEntered():
            return _queue(call, event, now)
        case ev.QueueLeft():
            return replace(call, phase="waiting", agent="", position=0), []
        case ev.AgentRung():
            call = replace(call, phase="ringing", agent=event.agent, since=now, refused=False)
            return call, [Write("agent_rung", call_id, now, {"agent": event.agent})]
        case ev.AgentMissed():
            reason = "rejected" if call.refused else "missed"
            missed = Write("agent_missed", call_id, now, {"agent": event.agent, "reason": reason})
            if call.phase == "ringing" and call.agent == event.agent:
                return replace(call, phase="waiting", agent="", since=now, ended_by="", refused=False), [missed]
            return call, [missed]
        case ev.AgentAnswered():
            call = replace(
                call, phase="talking", since=now, agent=event.agent, agent_channel=event.agent_channel, ended_by="",
                answered_at=call.answered_at or now, position=0, agent_left=False, by_queue=True, lost_by="", stage="",
            )  # fmt: skip
            return call, [Write("agent_answered", call_id, now, {"agent": event.agent})]
        case ev.HoldStarted():
            return replace(call, phase="held", since=now), [Write("hold_started", call_id, now, {"agent": call.agent})]
        case ev.HoldEnded():
            return replace(call, phase="talking", since=now), [Write("hold_ended", call_id, now, {"agent": call.agent})]
        case ev.HangUpAsked():
            # a leg that was only rung and refused did not end the call
            is_talk = {"agent": call.phase in ("talking", "held", "joined", "dialling"), "duty": call.duty or call.party_talks}
            if not is_talk.get(event.by, True):
                return replace(call, refused=call.phase == "ringing" and event.cause in DECLINED), []
            return replace(call, ended_by=call.ended_by or event.by), []
        case ev.AgentLeft() if call.phase == "dialling":
            return outgoing_call.agent_left(call, event, now)
        case ev.AgentLeft():
            return _agent_left(call, event, now)
        case out.CallDialled() | out.CitizenAnswered() | out.TalkStarted() | out.DialFailed():
            return outgoing_call.step(call, event, now)
        case ev.DutyRung():
            return replace(call, phase="duty", since=now, agent="", position=0), [Write("duty_rung", call_id, now)]
        case ev.DutyAnswered():
            call = replace(call, phase="duty", duty=True, answered_at=call.answered_at or now)
            return call, [Write("duty_answered", call_id, now)]
        case ev.CallbackNoted():
            if call.callback:
                return call, []
            return replace(call, callback=True), [Write("callback_noted", call_id, now)]
        case StageEntered():
            return call_joined.stage_entered(call, event, now)
        case ev.CallEnded() if call.phase == "joined":
            return call_joined.citizen_gone(call, event.cause, now)
        case ev.CallEnded():
            by = call.ended_by or ("agent" if call.phase in ("talking", "held") else "caller")
            ended = Write("call_ended", call_id, now, {"by": by, "cause": event.cause})
            return None, [ended, CloseJournal(call_id, call.direction == "out")]
        case ev.HangUpWanted():
            return call, [HangUp(call.agent_channel, event.intent_id)]
        case ev.ResumeWanted():
            # The dead page's leg is ended by its name, which no other leg ever has; pulling the citizen away by a Redirect
            # would tear a newer talk that we have not heard of. The leg counts no more: its end is no farewell.
            return replace(call, phase="talking", agent_channel=""), [HangUp(call.agent_channel, event.intent_id, VANISHED)]
        case ev.AgentAwaited():
            return _awaited(call, event, now)
        case ev.AgentResumed():
            call = replace(
                call, phase="talking", since=now, agent=event.agent, agent_channel=event.agent_channel, ended_by="",
                answered_at=call.answered_at or now, head=False, position=0, agent_left=False, by_queue=False, lost_by="", stage="",
            )  # fmt: skip
            return call, [Write("agent_resumed", call_id, now, {"agent": event.agent})]
        case ev.AgentNotBack():
            call = replace(call, phase="waiting", since=now, agent="", agent_channel="", ended_by="", head=True)
            return call, [Write("requeued", call_id, now, {"reason": "telephone_vanished", "agent": event.agent})]
        case ev.CallArrived() | ev.CallRecovered():
            return call, []  # never in HANDLED: a call begins once
        case _:
            assert_never(event)


def _corrected(call: Call, event: ev.CallAdopted, now: float) -> tuple[Call, list[Command]]:
    """What Asterisk says after a lost link, for a call we knew: it is right and we are not."""
    if (event.phase, call.phase) == ("talking", "joined"):  # transfer/ says the stage anew if the call still is its own
        agent = event.agent if event.agent_channel else call.agent
        channel = event.agent_channel or call.agent_channel
        return replace(call, phase="talking", agent=agent, agent_channel=channel, stage=""), []
    if event.phase == call.phase or (event.phase, call.phase) == ("talking", "held"):
        if event.phase == "greeting":  # what the menu was told meanwhile is lost: the caller would hear nothing until the deadline
            return call, [TakeToQueue(call.call_id, event.channel)]
        if event.phase == "talking" and event.agent_channel:  # resumed meanwhile, on another leg
            return replace(call, agent=event.agent, agent_channel=event.agent_channel), []
        return call, []
    fresh, commands = begin(event, now)
    told = [one for one in commands if not (isinstance(one, Write) and one.kind in ("call_arrived", "call_dialled"))]
    kept = replace(
        fresh, queue=call.queue, callback=call.callback, head=call.head, urgent=call.urgent, party=call.party, lost_by=call.lost_by,
        rescue=call.rescue,
    )  # fmt: skip
    return replace(kept, queued_at=call.queued_at or fresh.queued_at), told


def _queue(call: Call, event: ev.QueueEntered, now: float) -> tuple[Call, list[Command]]:
    facts: dict[str, Fact] = {"queue": event.queue, "position": event.position, "again": bool(call.queue)}
    call = replace(
        call, phase="waiting", since=now, queue=event.queue, position=event.position, agent="", agent_channel="",
        queued_at=call.queued_at or now, deadlines={}, ended_by="",
    )  # fmt: skip
    return call, [Write("queue_entered", call.call_id, now, facts)]


def _agent_left(call: Call, event: ev.AgentLeft, now: float) -> tuple[Call, list[Command]]:
    if event.agent_channel != call.agent_channel:
        return call, []
    left = Write("agent_left", call.call_id, now, {"agent": event.agent, "cause": event.cause})
    if event.cause != VANISHED:
        return replace(call, ended_by=call.ended_by or "agent", agent_left=True), [left]
    # The telephone vanished under a live caller: the dialplan waits for it, then goes to the head of the queue.
    call = replace(call, phase="waiting", since=now, agent="", agent_channel="", ended_by="", head=True, lost_by=call.agent)
    return call, [left]


def _awaited(call: Call, event: ev.AgentAwaited, now: float) -> tuple[Call, list[Command]]:
    awaited = Write("agent_awaited", call.call_id, now, {"agent": event.agent})
    if call.phase == "talking" and not call.agent_channel:
        return replace(call, ended_by=""), [awaited]  # a reload: the agent is there and stays in the call
    # the leg's own end may be told before or after this; it is written once
    left = Write("agent_left", call.call_id, now, {"agent": event.agent, "cause": VANISHED})
    records: list[Command] = [left, awaited] if call.phase in ("talking", "held") else [awaited]
    return replace(
        call, phase="waiting", since=now, agent="", agent_channel="", ended_by="", head=True, lost_by=event.agent,
    ), records  # fmt: skip

"""How a call begins: fresh, dialled or adopted; and the records of one that came and went unseen."""

from __future__ import annotations

from dataclasses import replace

from hotline_core.domain import events as ev
from hotline_core.domain import outgoing_events as out
from hotline_core.domain.call_state import NOTICE_LIMIT_S, Call
from hotline_core.domain.commands import CloseJournal, Command, Fact, TakeToQueue, Write
from hotline_core.domain.outgoing_call import arrival, dialled_by


def begin(event: ev.CallArrived | out.CallDialled | ev.CallAdopted, now: float) -> tuple[Call, list[Command]]:
    """The first state of a call, fresh or adopted."""
    if isinstance(event, out.CallDialled):
        call = Call(
            event.call_id, event.line, event.number, event.number, "", "dialling", now, now,
            agent=event.agent, agent_channel=event.agent_channel, direction="out", about=event.about,
        )  # fmt: skip
        personal = {"caller": event.number, "dialled": event.number}
        return call, [arrival(call.call_id, call.line, personal, now, dialled_by("out", call.agent, call.about))]
    personal = {"caller": event.caller, "dialled": event.dialled}
    match event:
        case ev.CallArrived():
            call = Call(
                event.call_id, event.line, event.caller, event.dialled, event.channel, "greeting", now, now,
                deadlines={"notice": now + NOTICE_LIMIT_S}, withheld=event.withheld,
            )  # fmt: skip
            return call, [arrival(call.call_id, call.line, personal, now, _withheld(event) | {"channel": call.channel})]
        case ev.CallAdopted():
            agent = event.agent if event.phase in ("ringing", "talking", "held", "joined", "dialling") else ""
            call = Call(
                event.call_id, event.line, event.caller, event.dialled, event.channel, event.phase, now, event.arrived_at,
                queued_at=None if event.phase in ("greeting", "dialling") or event.direction == "out" else event.arrived_at,
                answered_at=event.answered_at, agent=agent, agent_channel=event.agent_channel,
                deadlines={"notice": now + NOTICE_LIMIT_S} if event.phase == "greeting" else {},
                direction=event.direction, about=event.about, reached=event.reached, by_queue=event.direction == "in",
                withheld=event.withheld,
            )  # fmt: skip
            facts = dialled_by(event.direction, event.agent, event.about) | {"channel": call.channel, "recovered": True}
            commands: list[Command] = [
                arrival(call.call_id, call.line, personal, event.arrived_at, facts | _withheld(event)),
                Write("adopted", call.call_id, now, {"phase": event.phase}),
            ]
            if event.answered_at is not None and event.phase in ("duty", "party"):
                call = replace(call, duty=True)
                commands.append(Write(f"{event.phase}_answered", call.call_id, event.answered_at))
            elif event.answered_at is not None:
                answered = "talk_started" if event.direction == "out" else "agent_answered"
                commands.append(Write(answered, call.call_id, event.answered_at, {"agent": event.agent}))
            if event.phase == "greeting":
                # The dead bridge's prompt may have ended unheard by us, or play on: the dialplan's rescue is quickest.
                commands.append(TakeToQueue(call.call_id, call.channel))
            return call, commands


def _withheld(event: ev.CallArrived | ev.CallAdopted | ev.CallRecovered) -> dict[str, Fact]:
    return {"withheld": True} if event.withheld else {}


def recover(event: ev.CallRecovered, was_known: bool) -> list[Command]:
    """The records of a call that ended unseen, and came unseen if it was not known; nothing is missing from the list."""
    call_id = event.call_id
    personal = {"caller": event.caller, "dialled": event.dialled}
    commands: list[Command] = []
    if not was_known:
        first = dialled_by(event.direction, event.agent, event.about) | {"channel": "", "recovered": True}
        commands.append(arrival(call_id, event.line, personal, event.arrived_at, first | _withheld(event)))
    if event.answered_at is not None and event.outcome in ("duty", "party"):
        commands.append(Write(f"{event.outcome}_answered", call_id, event.answered_at, {"recovered": True}))
    elif event.answered_at is not None:
        answered = "talk_started" if event.direction == "out" else "agent_answered"
        commands.append(Write(answered, call_id, event.answered_at, {"agent": event.agent}))
    elif event.outcome in out.REASONS:
        commands.append(Write("dial_failed", call_id, event.ended_at, {"reason": event.outcome, "recovered": True}))
    elif event.outcome == "callback":
        commands.append(Write("callback_noted", call_id, event.ended_at, {"recovered": True}))
    facts: dict[str, Fact] = {"by": event.ended_by, "cause": event.cause, "recovered": True}
    commands.append(Write("call_ended", call_id, event.ended_at, facts))
    commands.append(CloseJournal(call_id, event.direction == "out"))
    return commands

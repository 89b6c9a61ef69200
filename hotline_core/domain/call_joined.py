"""The part of a call's state machine that follows transfer/: phase `joined`, and how a call leaves it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hotline_core.domain.commands import CloseJournal, Command, Write
from hotline_core.domain.join_events import StageEntered

if TYPE_CHECKING:
    from hotline_core.domain.call_state import Call

def stage_entered(call: Call, event: StageEntered, now: float) -> tuple[Call | None, list[Command]]:
    """The next state; transfer/ has written the records."""
    if event.stage == "over":
        return (replace(call, stage="over") if call.channel else None), []
    call = replace(
        call, stage=event.stage, third_agent=event.third_agent, third_talks=event.third_talks, lost_by=event.lost_by,
        urgent=call.urgent if event.urgent is None else event.urgent, rescue=event.rescue or call.rescue,
    )  # fmt: skip
    if event.stage == "alone":  # three seconds and a sentence away from the head of the queue
        return replace(call, phase="waiting", since=now, agent="", agent_channel="", ended_by="", head=True), []
    if event.stage in ("led", "sought"):  # in the dialplan's hands: its own events tell the phase from here
        if call.phase != "joined":
            return call, []
        return replace(call, phase="joined", agent="", agent_channel="", ended_by="", head=event.stage == "sought"), []
    since = call.since if call.phase == "joined" else now
    is_same = event.agent == call.agent
    return replace(
        call, phase="joined", since=since, agent=event.agent, agent_channel=event.agent_channel, ended_by="", position=0,
        agent_left=False, by_queue=call.by_queue and is_same,
    ), []  # fmt: skip


def citizen_gone(call: Call, cause: int, now: float) -> tuple[Call | None, list[Command]]:
    """The citizen's channel ended in phase joined; agent and third go on without it, on the board, until StageEntered(over).

    Where a leg is still on its way to the other (`placing`), transfer/ tells next which of the two it has come to.
    """
    if not call.channel:
        return call, []  # told already
    by = call.ended_by or "caller"
    ended: list[Command] = [Write("call_ended", call.call_id, now, {"by": by, "cause": cause}),
             CloseJournal(call.call_id, call.direction == "out")]  # fmt: skip
    return (replace(call, channel="") if call.stage in ("rescue_on", "placing") else None), ended

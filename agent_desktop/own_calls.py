"""Whose call a call is: who had it, lost it or was consulted may open it; what an extension had before its person is not theirs."""

from __future__ import annotations

from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.refusals import Unavailable
from hotline_core.domain.records import CallRow

WAIT_S = 1.0


def since(desk: Desk, caller: Caller) -> float:
    """From when on (epoch seconds) the calls of the caller's extension are the caller's."""
    return desk.gate.person(caller).extension_since


def extension_at(desk: Desk, caller: Caller, at: float) -> str:
    """The extension that was the caller's at a moment (epoch seconds), empty when it was somebody else's or there is none."""
    return caller.extension if at >= since(desk, caller) else ""


def is_own(desk: Desk, caller: Caller, call: CallRow) -> bool:
    """Whether the caller was the agent of a stored call, the last one where there were several."""
    extension = extension_at(desk, caller, call.arrived_at)
    return bool(extension) and call.agent == extension


async def took_part(desk: Desk, caller: Caller, call_id: str, agent: object, arrived_at: float) -> bool:
    """Whether the caller had the call at any time: the ticket travels with a call and stays with who wrote in it.

    `agent` is whose call it is now, or was at its end. While the calls database is away only what the live view told counts.
    """
    extension = extension_at(desk, caller, arrived_at)
    if not extension:
        return False
    if extension == agent or extension in desk.hub.took_part(call_id):
        return True
    try:
        return extension in await desk.calls_threads.run(lambda: desk.calls.agents_of(call_id), timeout_s=WAIT_S)
    except Unavailable:
        return False

"""An agent's act upon a call with somebody else on the line: allowed, passed to the bridge, audited behind it.

Nothing here waits for Redis or a database: an emergency must not. What is asked of them lies in memory.
"""

from __future__ import annotations

from agent_desktop.clicks import Act
from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.intents import Reply
from agent_desktop.late_audit import LateRow
from transfer.directory import may_use

EMERGENCY = "emergency"
# Acts that bring somebody to a citizen or take somebody away; holding, muting and keys stand in the call's own record.
AUDITED = frozenset({"consult", "add", EMERGENCY, "blind", "leave", "requeue", "take_back"})


async def act_upon(desk: Desk, caller: Caller, act: Act, intent_id: str = "") -> Reply:
    """Carry an act out; refused without the right to telephone, for a party of other roles, and as the bridge says."""
    refused = _refusal(desk, caller, act)
    reply = Reply(ok=False, code=refused) if refused else await _asked(desk, caller, act, intent_id)
    if reply.ok and act.op == EMERGENCY:
        party = desk.parties.party(act.party)
        name, now = party.name if party else act.party, desk.now()
        desk.hub.alarm(
            {"call_id": act.call_id, "line": None, "agent": caller.extension, "state": "calling", "party": act.party, "name": name,
             "since": now}
        )  # fmt: skip
    if act.op in AUDITED:
        desk.late_audit.add(_row(desk, caller, act, reply))
    return reply


def _refusal(desk: Desk, caller: Caller, act: Act) -> str:
    if not desk.rights.may(caller.role, "use_phone"):
        return "forbidden"
    if not caller.extension:
        return "no_extension"
    party = desk.parties.party(act.party) if act.party else None
    if party is not None and not may_use(party, caller.role):
        return "party_not_for_you"
    if act.to and act.to == caller.extension:
        return "bad_input"
    return "unknown_queue" if act.queue and act.queue not in desk.city.queues else ""


async def _asked(desk: Desk, caller: Caller, act: Act, intent_id: str) -> Reply:
    return await desk.bridge.ask(act.op, agent=caller.extension, call_id=act.call_id, more=act.fields(), intent_id=intent_id)


def _row(desk: Desk, caller: Caller, act: Act, reply: Reply) -> LateRow:
    """Who did what to which call and what the bridge said; of a typed number only that there was one."""
    facts: dict[str, str | int | float | bool | None] = {"op": act.op, "result": reply.code, "extension": caller.extension}
    facts |= {name: value for name, value in (("party", act.party), ("to", act.to), ("queue", act.queue)) if value}
    if act.number:
        facts["typed"] = True
    return LateRow(desk.now(), caller.login, "call_act", act.call_id, facts)

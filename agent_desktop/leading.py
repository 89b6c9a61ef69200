"""What a supervisor does to another agent: allowed, audited, passed to the bridge, and told to the agent's page."""

from __future__ import annotations

from agent_desktop.desk import Desk
from agent_desktop.gate import Caller
from agent_desktop.intents import Reply
from agent_desktop.refusals import Unavailable
from hotline_core.adapters.audit import Facts, write_audit
from hotline_core.adapters.engine import writing

AUDITED = {"sign_out": "agent_signed_out", "ready": "agent_unpaused"}  # the intent and its act in the audit
FREE = "ready"
BUSY = ("ringing", "talking")


async def lead(desk: Desk, caller: Caller, op: str, target: str, intent_id: str) -> Reply:
    """Carry `op` out on agent `target`; refused without the right lead_floor, for an agent who is not signed in, and unaudited.

    The audit row is written before the act: an act that cannot be audited is not done. One that the bridge then refuses gets a
    second row with the code of the refusal.
    """
    if not desk.rights.may(caller.role, "lead_floor"):
        return Reply(ok=False, code="forbidden")
    agent = desk.hub.state.agents.get(target, {})
    if not agent or not (agent.get("queues") or agent.get("state") != "offline"):
        return Reply(ok=False, code="agent_offline")
    if op == "ready" and agent.get("state") in (FREE, *BUSY):
        return Reply(ok=False, code="agent_not_paused")
    try:
        await _audit(desk, caller, op, target, {"state": str(agent.get("state"))})
    except Unavailable as error:
        return Reply(ok=False, code=error.code)
    reply = await desk.bridge.ask(op, agent=target, intent_id=intent_id)
    if reply.ok:
        code = f"lead_{op}_talking" if op == "sign_out" and agent.get("state") in BUSY else f"lead_{op}"
        desk.hub.tell(target, {"type": "lead", "op": op, "message": desk.wording.sentence(code, {"name": caller.name})})
        return reply
    try:
        await _audit(desk, caller, op, target, {"refused": reply.code})
    except Unavailable:
        desk.log.error("a refused act of a supervisor could not be audited", op=op, code=reply.code)
    return reply


async def _audit(desk: Desk, caller: Caller, op: str, target: str, facts: Facts) -> None:
    def write() -> None:
        with writing(desk.tickets_engine) as connection:
            write_audit(connection, at=desk.now(), actor=caller.login, act=AUDITED[op], subject=target, facts=facts)

    await desk.tickets_threads.run(write)

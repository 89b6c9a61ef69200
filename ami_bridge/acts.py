"""An agent's act on a call, checked against what the board and the directory know at that moment; pure.

Refused here: what is nobody's call, an agent who is not in it, and a target that cannot be dialled. Whether the call's stage
allows the act is the machine's to say.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from ami_bridge.intents import Intent
from hotline_core.domain.agents import Agent
from hotline_core.domain.board import Board
from hotline_core.domain.call import Call
from hotline_core.domain.outgoing import is_allowed
from hotline_core.errors import IntentRefused
from transfer.directory import Directory
from transfer.events import ACTS, ROLES, ActAsked, Talk, Target

CALLING = frozenset({"consult", "add", "emergency", "blind"})  # acts that name somebody
KEYS = re.compile(r"[0-9*#]{1,32}")
IN_TALK = ("talking", "held", "joined")


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom an act may name: the directory by key, the city's allow list, its queues."""

    parties: Directory
    allow: Collection[str]
    queues: Collection[str]


def act_of(intent: Intent, board: Board, reach: Reach) -> ActAsked:
    """The act an intent stands for; IntentRefused with one of the codes of the contract."""
    if intent.op not in ACTS:
        raise IntentRefused("unknown_op")
    call = board.calls.get(intent.call_id)
    if call is None:
        raise IntentRefused("unknown_call")
    if intent.op == "take_back":
        if call.lost_by != intent.agent:
            raise IntentRefused("not_your_call")
        if call.phase not in ("waiting", "joined"):
            raise IntentRefused("wrong_stage")  # somebody is about to have it: a talk must not be torn apart
        if _is_with_another(board.agents.get(intent.agent), call.call_id):
            raise IntentRefused("agent_busy")  # the citizen would wait for a telephone that cannot answer
    elif call.agent != intent.agent or call.phase not in IN_TALK:
        raise IntentRefused("not_your_call")
    if intent.op in ("mute", "unmute") and intent.role not in ROLES:
        raise IntentRefused("bad_input", field="role")
    if intent.op == "digits" and call.phase == "held":
        raise IntentRefused("wrong_stage")  # whoever hears music has no menu open
    if intent.op == "digits" and not KEYS.fullmatch(intent.digits):
        raise IntentRefused("bad_input", field="digits")
    talk = Talk(call.call_id, call.line, call.channel, call.agent, call.agent_channel)
    return ActAsked(
        call.call_id, intent.op, intent.agent, intent.intent_id, talk, _target(intent, call, board, reach), intent.role,
        intent.digits,
    )  # fmt: skip


def _target(intent: Intent, call: Call, board: Board, reach: Reach) -> Target:
    named = [name for name in ("party", "number", "to", "queue") if getattr(intent, name)]
    if intent.op == "requeue":
        return _queue(intent.queue, reach) if intent.queue else Target()
    if intent.op not in CALLING:
        return Target()
    if len(named) != 1:
        raise IntentRefused("bad_input", field="party, number, to or queue")
    match named[0]:
        case "party":
            return party_target(intent.party, reach, emergency=intent.op == "emergency")
        case _ if intent.op == "emergency":
            raise IntentRefused("unknown_party")
        case "number":
            if not is_allowed(reach.allow, intent.number):
                raise IntentRefused("number_not_allowed")
            return Target(numbers=(intent.number,))
        case "to":
            if intent.to == call.agent or not _is_free(board.agents.get(intent.to)):
                raise IntentRefused("agent_busy")
            return Target(agent=intent.to)
    if intent.op != "blind":
        raise IntentRefused("bad_input", field="queue")
    return _queue(intent.queue, reach)


def party_target(key: str, reach: Reach, *, emergency: bool = False) -> Target:
    """A party of the directory as a target; IntentRefused `unknown_party`, also for an emergency that is none."""
    party = reach.parties.get(key)
    if party is None or (emergency and not party.is_emergency):
        raise IntentRefused("unknown_party")
    return Target(party=key, name=party.name, kind=party.kind, numbers=party.numbers)


def _queue(key: str, reach: Reach) -> Target:
    if key not in reach.queues:
        raise IntentRefused("unknown_queue")
    return Target(queue=key)


def _is_with_another(agent: Agent | None, call_id: str) -> bool:
    """An agent who is rung for, or talks, in a call that is not this one."""
    return agent is not None and not {agent.ringing, agent.talking} <= {"", call_id}


def _is_free(agent: Agent | None) -> bool:
    """A colleague who can be rung: the telephone is there and in no call; a pause is no reason not to ask for advice."""
    return agent is not None and agent.reachable and not agent.talking and not agent.ringing

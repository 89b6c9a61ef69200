"""One agent's place in the queue, as Asterisk sees it, joined with the call the agent is in: pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from hotline_core.domain import agent_events as ae
from hotline_core.domain.commands import Command, JoinQueue, LeaveQueue, PauseMember, Write

STATES = ("offline", "ready", "ringing", "talking", "paused")


@dataclass(frozen=True, slots=True)
class Agent:
    """What is known of an agent; `since` is when `state` last changed (epoch seconds)."""

    agent_id: str
    since: float
    member: bool = False
    paused: bool = False
    reason: str = ""
    reachable: bool = False
    ringing: str = ""  # call ids; empty when none
    talking: str = ""

    @property
    def state(self) -> str:
        """One of STATES; a call counts before a pause, a pause before readiness."""
        if self.talking:
            return "talking"
        if self.ringing:
            return "ringing"
        if not self.member:
            return "offline"
        return "paused" if self.paused else "ready"

    @property
    def call_id(self) -> str:
        """The call the agent is in or rung for, empty if none."""
        return self.talking or self.ringing


def step(agent: Agent, event: ae.AgentEvent, now: float) -> tuple[Agent, list[Command]]:
    """The next state and what to do; an intent changes nothing here until Asterisk confirms it."""
    match event:
        case ae.MemberSeen():
            seen = replace(
                agent, member=event.present, paused=event.paused, reason=event.reason if event.paused else "",
                reachable=event.reachable,
            )  # fmt: skip
            return _dated(agent, seen, now)
        case ae.ReadyAsked():
            return agent, [JoinQueue(agent.agent_id, event.intent_id)]
        case ae.PauseAsked():
            return agent, [PauseMember(agent.agent_id, event.intent_id, event.reason)]
        case ae.SignOutAsked():
            return agent, [LeaveQueue(agent.agent_id, event.intent_id)]
        case _:
            assert_never(event)


def with_calls(agent: Agent, ringing: str, talking: str, now: float) -> tuple[Agent, list[Command]]:
    """The agent after calls changed hands."""
    return _dated(agent, replace(agent, ringing=ringing, talking=talking), now)


def _dated(before: Agent, after: Agent, now: float) -> tuple[Agent, list[Command]]:
    if after.state == before.state and after.reason == before.reason:
        return after, []
    after = replace(after, since=now)
    kinds = {"ready": "agent_ready", "paused": "agent_paused", "offline": "agent_offline"}
    kind = kinds.get(after.state)
    if kind is None or before.state in ("ringing", "talking"):
        return after, []
    return after, [Write(kind, "", now, {"agent": after.agent_id, "reason": after.reason})]

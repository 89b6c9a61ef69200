"""One agent's place in the queues, as Asterisk sees it, joined with the call the agent is in: a pure state machine.

What is allowed when stands in HANDLED. Asterisk decides who is a member, paused and rung; an intent changes nothing here
until Asterisk confirms it. After-call work (`wrap_up`) is app_queue's own wrapuptime, shown: it begins when the agent's leg of
a talk ends and ends by itself, by a wish to be ready (a fresh member has no last call), or with the membership.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from hotline_core.domain import agent_events as ae
from hotline_core.domain.commands import AddToQueues, Command, JoinQueue, LeaveQueue, PauseMember, Reply, Write

WRAP_UP = "wrap_up"  # also the dialplan's reason to pause a member after a talk that app_queue did not give
STATES = ("offline", "ready", "ringing", "talking", "wrap_up", "paused")
WISHES = frozenset({"ReadyAsked", "QueuesAsked", "PauseAsked", "SignOutAsked"})
ALWAYS = WISHES | {"MemberSeen", "CallsSeen", "ClockSetBack"}
AHEAD_S = 1.0  # app_queue counts whole seconds; a last call further ahead than this is of a clock that was set back
# (state -> event names that mean something there); every other (state, event) pair is ignored on purpose.
HANDLED: Mapping[str, frozenset[str]] = {
    "offline": ALWAYS,  # no membership, nothing to wrap up or to pause
    "ready": ALWAYS | {"RingMissed"},
    "ringing": ALWAYS | {"RingMissed", "WrapUpOver"},
    "talking": ALWAYS | {"WrapUpOver"},  # a late word on an earlier ring must not pause who talks
    "wrap_up": ALWAYS | {"RingMissed", "WrapUpOver"},
    "paused": ALWAYS | {"RingMissed", "WrapUpOver"},
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What the city decides about agents: its queues in order, and the seconds of after-call work."""

    queues: tuple[str, ...] = ("hotline",)
    wrap_up_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Member:
    """The agent in one queue; `until` is the end of the after-call work there, 0 for none."""

    paused: bool = False
    reason: str = ""
    reachable: bool = False
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class Agent:
    """What is known of an agent; `since` is when `state` last changed (epoch seconds)."""

    agent_id: str
    since: float
    members: Mapping[str, Member] = field(default_factory=dict)  # by queue
    ringing: str = ""  # call ids; empty when none
    talking: str = ""
    missed: str = ""  # why the last ring came to nothing, for Asterisk's own pause, which does not say
    wanted: tuple[str, ...] = ()  # queues to be moved to when the after-call work is over
    eager: bool = False  # wished to be ready while the talk was ending: no after-call work
    renewed: frozenset[str] = frozenset()  # queues to be left and joined at once: no sign-out
    stale: bool = False  # app_queue's last call may lie in the future: until then it would ring nobody; a fresh member has none

    @property
    def state(self) -> str:
        """One of STATES; a call counts before a pause, a pause before after-call work, that before readiness."""
        if self.talking:
            return "talking"
        if self.ringing:
            return "ringing"
        if not self.members:
            return "offline"
        if self.paused and self.reason != WRAP_UP:
            return "paused"
        return "wrap_up" if self.until or self.paused else "ready"

    @property
    def paused(self) -> bool:
        """True when no queue rings the agent."""
        return bool(self.members) and all(member.paused for member in self.members.values())

    @property
    def reason(self) -> str:
        """Why the agent is paused, empty if not."""
        return next((member.reason for member in self.members.values() if member.reason), "") if self.paused else ""

    @property
    def reachable(self) -> bool:
        """True when the telephone is there."""
        return any(member.reachable for member in self.members.values())

    @property
    def until(self) -> float:
        """The end of the after-call work (epoch seconds), 0 for none."""
        return max((member.until for member in self.members.values()), default=0.0)

    @property
    def call_id(self) -> str:
        """The call the agent is in or rung for, empty if none."""
        return self.talking or self.ringing


def step(agent: Agent, event: ae.AgentEvent, now: float, rules: Rules) -> tuple[Agent, list[Command]]:
    """The next state and what to do; a wish is answered by Asterisk or by a Reply."""
    if type(event).__name__ not in HANDLED[agent.state]:
        return agent, []
    match event:
        case ae.MemberSeen():
            return _dated(agent, _member(agent, event, now, rules), now)
        case ae.CallsSeen():
            after, commands = _dated(agent, _calls(agent, event, now, rules), now)
            if after.state == "wrap_up" and after.eager:
                after, more = _ready(after, ae.ReadyAsked(after.agent_id, ""), rules)
                commands += more
            return after, commands
        case ae.RingMissed():
            # Asterisk pauses the member itself (autopause); said again with the reason, so that it is kept there
            said = [PauseMember(agent.agent_id, "", event.reason)] if event.reason == "rejected" else []
            return replace(agent, missed=event.reason), [*said]
        case ae.WrapUpOver():
            return _wrapped_up(agent, now)
        case ae.ClockSetBack():
            if agent.state not in ("ready", "wrap_up"):
                return replace(agent, stale=bool(agent.members)), []
            return _ready(replace(agent, stale=True), ae.ReadyAsked(agent.agent_id, ""), rules)
        case ae.ReadyAsked():
            return _ready(agent, event, rules)
        case ae.QueuesAsked():
            return _moved(agent, event)
        case ae.PauseAsked():
            if not agent.members:
                return agent, [Reply(event.intent_id, "agent_offline")]
            return replace(agent, eager=False), [PauseMember(agent.agent_id, event.intent_id, event.reason)]
        case ae.SignOutAsked():
            if not agent.members:
                return agent, [Reply(event.intent_id)]
            return replace(agent, wanted=(), eager=False), [LeaveQueue(agent.agent_id, event.intent_id, tuple(agent.members))]
        case _:
            assert_never(event)


def _member(agent: Agent, event: ae.MemberSeen, now: float, rules: Rules) -> Agent:
    others = {queue: member for queue, member in agent.members.items() if queue != event.queue}
    renewed = agent.renewed - {event.queue}
    if not event.present:
        if event.queue in agent.renewed and event.last_call is None:
            return replace(agent, renewed=renewed)  # joined again by our next action
        return replace(agent, members=others, renewed=renewed, wanted=agent.wanted if others else ())
    before = agent.members.get(event.queue, Member())
    until = before.until
    stale = agent.stale
    if event.last_call is not None:
        stale = stale or event.last_call > now + AHEAD_S
        until = event.last_call + rules.wrap_up_s
        until = until if until > now and not stale else 0.0
    reason = event.reason if event.paused else ""
    if reason == "missed" and agent.missed:
        reason = agent.missed
    if agent.talking:
        until = 0.0
    elif reason == WRAP_UP and before.reason != WRAP_UP and event.last_call is None:
        until = now + rules.wrap_up_s
    elif before.reason == WRAP_UP and reason != WRAP_UP:
        until = 0.0  # its pause is over
    member = Member(event.paused, reason, event.reachable, until)
    return replace(agent, members=others | {event.queue: member}, renewed=renewed, stale=stale)


def _calls(agent: Agent, event: ae.CallsSeen, now: float, rules: Rules) -> Agent:
    after = replace(agent, ringing=event.ringing, talking=event.talking)
    if event.ringing and event.ringing != agent.ringing:
        after = replace(after, missed="")
    if event.talking:
        if event.talking == agent.talking:
            return after
        return _until(replace(after, eager=False), 0.0)
    if agent.talking and (event.by_queue or after.reason == WRAP_UP):  # the leg has ended, or the call was taken on without it
        return _until(after, now + rules.wrap_up_s if rules.wrap_up_s else 0.0)
    return after


def _until(agent: Agent, until: float) -> Agent:
    return replace(agent, members={queue: replace(member, until=until) for queue, member in agent.members.items()})


def _wrapped_up(agent: Agent, now: float) -> tuple[Agent, list[Command]]:
    if not 0.0 < agent.until <= now:
        return agent, []
    over, commands = _dated(agent, _until(agent, 0.0), now)
    if not agent.wanted:
        return over, commands
    moved, more = _moved(over, ae.QueuesAsked(agent.agent_id, "", agent.wanted))
    return replace(moved, wanted=()), commands + more


def _ready(agent: Agent, event: ae.ReadyAsked, rules: Rules) -> tuple[Agent, list[Command]]:
    queues = event.queues or agent.wanted or tuple(agent.members) or rules.queues[:1]
    is_fresh = agent.until > 0.0 or agent.state == WRAP_UP or agent.stale
    left = tuple(queue for queue in agent.members if queue not in queues)
    commands: list[Command] = [JoinQueue(agent.agent_id, event.intent_id, queues, fresh=is_fresh)]
    if left:
        commands.append(LeaveQueue(agent.agent_id, "", left))
    renewed = frozenset(queues) & agent.members.keys() if is_fresh else frozenset[str]()
    stale = agent.stale and bool(agent.talking)  # who talks is renewed at the end of it
    return replace(agent, wanted=(), renewed=renewed, eager=bool(agent.talking), stale=stale), commands


def _moved(agent: Agent, event: ae.QueuesAsked) -> tuple[Agent, list[Command]]:
    if not agent.members:
        return agent, [Reply(event.intent_id, "agent_offline")]
    if agent.state == "wrap_up":  # a fresh member would be rung in the after-call work: moved when it is over
        return replace(agent, wanted=event.queues), [Reply(event.intent_id)]
    added = tuple(queue for queue in event.queues if queue not in agent.members)
    left = tuple(queue for queue in agent.members if queue not in event.queues)
    commands: list[Command] = []
    if added:
        commands.append(AddToQueues(agent.agent_id, event.intent_id, added, agent.paused, agent.reason))
    if left:
        commands.append(LeaveQueue(agent.agent_id, "" if added else event.intent_id, left))
    return agent, commands or [Reply(event.intent_id)]


def _dated(before: Agent, after: Agent, now: float) -> tuple[Agent, list[Command]]:
    if after.state == before.state and after.reason == before.reason:
        return after, []
    after = replace(after, since=now)
    kinds = {"ready": "agent_ready", "paused": "agent_paused", "offline": "agent_offline", "wrap_up": "agent_wrap_up"}
    kind = kinds.get(after.state)
    if kind is None or (kind in ("agent_ready", "agent_offline") and before.state in ("ringing", "talking")):
        return after, []
    return after, [Write(kind, "", now, {"agent": after.agent_id, "reason": "" if after.state == WRAP_UP else after.reason})]

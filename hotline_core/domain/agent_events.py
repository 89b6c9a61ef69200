"""What can happen to an agent, in the past tense; every event names its agent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MemberSeen:
    """Asterisk's word on one agent in one queue; absent means not a member of it.

    `last_call` is when the last talk ended (epoch seconds, 0 for never) where Asterisk tells it with authority: of a member
    just added, and after a login (of an absent one too); None elsewhere.
    """

    agent: str
    queue: str
    present: bool
    paused: bool = False
    reason: str = ""
    reachable: bool = False
    last_call: float | None = None


@dataclass(frozen=True, slots=True)
class CallsSeen:
    """The calls the agent is rung for and talks in, by their ids; empty for none.

    `by_queue`: app_queue gave the agent the call that has just changed, so it keeps the after-call work.
    """

    agent: str
    ringing: str
    talking: str
    by_queue: bool = True


@dataclass(frozen=True, slots=True)
class RingMissed:
    """The agent was rung and did not answer; `reason` is missed or rejected."""

    agent: str
    reason: str


@dataclass(frozen=True, slots=True)
class WrapUpOver:
    """The time for after-call work may have passed; the agent's state decides whether it still counts."""

    agent: str


@dataclass(frozen=True, slots=True)
class ClockSetBack:
    """The machine's clock was set back: what app_queue remembers of the agent's last call may lie in the future."""

    agent: str


@dataclass(frozen=True, slots=True)
class ReadyAsked:
    """The agent wants calls of these queues; without any, of the queues as they are, or of the city's first."""

    agent: str
    intent_id: str
    queues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueuesAsked:
    """An agent who is signed in shall be a member of exactly these queues."""

    agent: str
    intent_id: str
    queues: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PauseAsked:
    """The agent wants no calls for now, and says why."""

    agent: str
    intent_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class SignOutAsked:
    """The agent leaves all queues."""

    agent: str
    intent_id: str


AgentEvent = MemberSeen | CallsSeen | RingMissed | WrapUpOver | ClockSetBack | ReadyAsked | QueuesAsked | PauseAsked | SignOutAsked

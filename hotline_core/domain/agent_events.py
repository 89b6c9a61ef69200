"""What can happen to an agent, in the past tense; every event names its agent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MemberSeen:
    """Asterisk's word on one agent in the queue; absent means not a member."""

    agent: str
    present: bool
    paused: bool = False
    reason: str = ""
    reachable: bool = False


@dataclass(frozen=True, slots=True)
class ReadyAsked:
    """The agent wants calls."""

    agent: str
    intent_id: str


@dataclass(frozen=True, slots=True)
class PauseAsked:
    """The agent wants no calls for now, and says why."""

    agent: str
    intent_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class SignOutAsked:
    """The agent leaves the queue."""

    agent: str
    intent_id: str


AgentEvent = MemberSeen | ReadyAsked | PauseAsked | SignOutAsked

"""What can happen while an agent calls a citizen, in the past tense; every event names its call."""

from __future__ import annotations

from dataclasses import dataclass

REASONS = ("busy", "no_answer", "declined", "unknown_number", "unavailable")


@dataclass(frozen=True, slots=True)
class CallDialled:
    """An agent's telephone begins to dial a citizen; the line's own number is shown. `about`: the call that is answered by it."""

    call_id: str
    line: str
    number: str
    agent: str
    agent_channel: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class CitizenAnswered:
    """The dialled citizen picked up and hears the notice; `channel` is the citizen's."""

    call_id: str
    channel: str


@dataclass(frozen=True, slots=True)
class TalkStarted:
    """The notice is over: the dialled citizen and the agent are connected."""

    call_id: str


@dataclass(frozen=True, slots=True)
class DialFailed:
    """The dialled citizen was not reached; `reason` is one of REASONS."""

    call_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class DialAsked:
    """An agent wants to call a citizen under the line's number; the call gets the name `call_id` and answers the call `about`."""

    agent: str
    intent_id: str
    call_id: str
    number: str
    line: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class DialDropped:
    """The telephone of an agent who wanted to call did not answer."""

    agent: str


DialEvent = CallDialled | CitizenAnswered | TalkStarted | DialFailed

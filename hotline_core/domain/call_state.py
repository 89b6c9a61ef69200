"""One citizen's call as data, and what is allowed when: HANDLED; call.py decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# joined: transfer/ has the call, as somebody else is on the line or shall be
PHASES = ("greeting", "waiting", "ringing", "talking", "held", "joined", "duty", "party", "dialling")
NOTICE_LIMIT_S = 15.0  # the longest notice is under 8 s; a caller never waits longer than this for the queue (GB/T 33358)
DECLINED = (17, 21)  # Q.850 "user busy" and "call rejected": what a telephone answers when its agent refuses
VANISHED = 44  # Q.850 "requested circuit not available": what Asterisk gives when RTP stopped (browser gone)


@dataclass(frozen=True, slots=True)
class Call:
    """What is known of a running call; times are epoch seconds."""

    call_id: str
    line: str
    caller: str
    dialled: str
    channel: str
    phase: str
    since: float
    arrived_at: float
    queued_at: float | None = None
    answered_at: float | None = None
    agent: str = ""
    agent_channel: str = ""
    by_queue: bool = False  # the agent's leg is app_queue's, not one that the dialplan called
    agent_left: bool = False  # the agent said farewell; the citizen's leg lives on for a moment
    refused: bool = False  # the telephone that rings has just declined
    position: int = 0
    queue: str = ""
    head: bool = False  # goes before all others: came back from a telephone that vanished
    ended_by: str = ""
    callback: bool = False
    duty: bool = False
    party: str = ""  # the outside party the caller was led to
    party_talks: bool = False
    urgent: bool = False  # danger to life, and nobody outside has taken over
    rescue: str = ""  # the emergency party that an agent asked for
    deadlines: Mapping[str, float] = field(default_factory=dict)
    withheld: bool = False  # the citizen asked that the number be shown to nobody else
    direction: str = "in"  # out: an agent calls the citizen, whose number is `caller` all the same
    about: str = ""  # the call id that a call to a citizen answers
    menu: str = ""  # the caller's way through the menu, as its file names the keys
    reached: bool = False  # the dialled citizen picked up
    reason: str = ""  # why the dialled citizen was not reached
    stage: str = ""  # of phase joined, see transfer/
    third_agent: str = ""  # another agent who is rung for or talks in this call
    third_talks: bool = False
    lost_by: str = ""  # the agent whose leg was cut; may take the call back until somebody has it

    @property
    def wake_at(self) -> float | None:
        """The next deadline, None if there is none."""
        return min(self.deadlines.values(), default=None)


ALWAYS = frozenset({"CallAdopted"})
# (phase -> event names that change it); every other (phase, event) pair is ignored on purpose.
HANDLED: Mapping[str, frozenset[str]] = {
    "greeting": ALWAYS | frozenset({
        "MenuReady", "MenuStepped", "MenuLeft", "MenuFailed", "PartyRung", "RescueEntered", "NoticePlayed", "RecordingStarted",
        "QueueEntered", "HangUpAsked", "CallEnded", "DeadlineReached", "DutyRung", "CallbackNoted",
    }),
    "waiting": ALWAYS | frozenset({  # NoticePlayed: of who was found in `rescue` by a fresh bridge
        "QueueEntered", "QueueLeft", "AgentRung", "AgentAnswered", "HangUpAsked", "CallEnded", "RescueEntered", "AgentMissed",
        "RecordingStarted", "DutyRung", "DutyAnswered", "CallbackNoted", "PartyRung", "AgentAwaited", "AgentResumed",
        "AgentNotBack", "NoticePlayed", "StageEntered",
    }),
    "ringing": ALWAYS | frozenset({
        "AgentRung", "AgentMissed", "AgentAnswered", "QueueLeft", "HangUpAsked", "CallEnded", "DutyRung", "QueueEntered",
        "CallbackNoted", "AgentAwaited", "AgentResumed", "AgentNotBack", "StageEntered",
    }),
    "talking": ALWAYS | frozenset({
        "HoldStarted", "HangUpWanted", "HangUpAsked", "AgentLeft", "CallEnded", "QueueEntered", "DutyRung",
        "ResumeWanted", "AgentAwaited", "AgentResumed", "AgentNotBack", "StageEntered",
    }),
    "held": ALWAYS | frozenset({
        "HoldEnded", "HangUpWanted", "HangUpAsked", "AgentLeft", "CallEnded", "QueueEntered", "DutyRung",
        "ResumeWanted", "AgentAwaited", "AgentResumed", "AgentNotBack", "StageEntered",
    }),
    "joined": ALWAYS | frozenset({  # AgentLeft only of an agent whom transfer/ has left to us: an ordinary talk's end
        "StageEntered", "HangUpWanted", "HangUpAsked", "AgentLeft", "CallEnded", "QueueEntered", "DutyRung", "PartyRung",
        "AgentAnswered", "AgentAwaited", "AgentResumed", "AgentNotBack",
    }),
    "party": ALWAYS | frozenset({
        "PartyDialled", "PartyMissed", "PartyAnswered", "PartyFailed", "RecordingStarted", "QueueEntered", "QueueLeft",
        "HangUpAsked", "CallEnded", "DutyRung", "StageEntered",
    }),
    "duty": ALWAYS | frozenset({
        "DutyAnswered", "CallbackNoted", "QueueEntered", "HangUpAsked", "CallEnded", "AgentAnswered", "StageEntered",
    }),
    "dialling": ALWAYS | frozenset({
        "CitizenAnswered", "NoticePlayed", "RecordingStarted", "TalkStarted", "DialFailed", "HangUpWanted", "HangUpAsked",
        "AgentLeft", "CallEnded",
    }),
}  # fmt: skip

"""What can happen to a call that has somebody else on the line, or shall have; every event names its call.

Roles: `citizen` (whose call it is), `agent` (who answered it), `third` (an outside party or another agent, one at a time).
Times are epoch seconds; causes are Q.850, 0 if untold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CITIZEN, AGENT, THIRD = "citizen", "agent", "third"
ROLES = (CITIZEN, AGENT, THIRD)


@dataclass(frozen=True, slots=True)
class Target:
    """Whom an agent wants on the line: a party of the directory, a typed number, another agent, or a queue; one of the four.

    `numbers` are in the order of trial, each as it is dialled; for an agent and a queue there are none.
    """

    party: str = ""  # key in the directory
    name: str = ""  # what people call it
    kind: str = ""  # of the party: emergency, hotline, unit, expert, utility, higher_hotline; empty for the others
    numbers: tuple[str, ...] = ()
    agent: str = ""  # extension
    queue: str = ""


@dataclass(frozen=True, slots=True)
class Talk:
    """What the board knows of the call at the moment an agent asks for something."""

    call_id: str
    line: str
    citizen: str  # channels
    agent: str  # extension
    agent_channel: str


# -- what Asterisk tells --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RoomEntered:
    """A leg is in the call's conference room (HotlineRoom, State: entered); of a third: it answered."""

    call_id: str
    role: str
    channel: str
    unique_id: str = ""  # of a third: which attempt it is; empty is the present one


@dataclass(frozen=True, slots=True)
class HoldEntered:
    """The citizen or the third hears music (HotlineRoom, State: held)."""

    call_id: str
    role: str
    channel: str
    unique_id: str = ""


@dataclass(frozen=True, slots=True)
class AloneEntered:
    """The citizen is left alone: three seconds, a sentence, then the head of the queue, all by the dialplan."""

    call_id: str


@dataclass(frozen=True, slots=True)
class ThirdRinging:
    """The third's telephone rings."""

    call_id: str
    third: str


@dataclass(frozen=True, slots=True)
class ThirdFailed:
    """One attempt came to nothing: never answered."""

    call_id: str
    third: str
    cause: int


@dataclass(frozen=True, slots=True)
class ThirdLeft:
    """The third had answered and its leg is gone."""

    call_id: str
    third: str
    cause: int


@dataclass(frozen=True, slots=True)
class AgentGone:
    """The agent's leg is gone; 44: the telephone vanished."""

    call_id: str
    agent: str
    channel: str
    cause: int


@dataclass(frozen=True, slots=True)
class AgentTook:
    """An agent has answered the citizen again: from the queue, or back in the talk after `recover`."""

    call_id: str
    agent: str
    channel: str


@dataclass(frozen=True, slots=True)
class PageBack:
    """A fresh page of the agent asks for the talk that an earlier page left."""

    call_id: str
    agent: str
    intent_id: str


@dataclass(frozen=True, slots=True)
class CitizenElsewhere:
    """The citizen is in the queue, awaits a telephone, or is led by the dialplan to somebody: out of our hands."""

    call_id: str


@dataclass(frozen=True, slots=True)
class CitizenGone:
    """The citizen's channel is gone."""

    call_id: str


@dataclass(frozen=True, slots=True)
class MoveRefused:
    """Asterisk refused the move of this number: a leg had just gone; nothing was moved."""

    call_id: str
    move: int


@dataclass(frozen=True, slots=True)
class MoveDone:
    """Asterisk carried out the move of this number; where a leg says itself that it has come, that word counts, not this."""

    call_id: str
    move: int


@dataclass(frozen=True, slots=True)
class LegMuted:
    """Nobody in the room hears this leg, or everybody again."""

    call_id: str
    channel: str
    is_muted: bool


@dataclass(frozen=True, slots=True)
class JoinDue:
    """A deadline of this call may have come; the state decides whether it still counts."""

    call_id: str
    name: str


@dataclass(frozen=True, slots=True)
class JoinSeen:
    """What Asterisk holds of this call after a login; it is right and we are not.

    Places: `room`, `hold`, `ringing` (a third that is dialled), or empty for none (an agent may still be in the first bridge).
    """

    call_id: str
    talk: Talk
    citizen: str
    agent: str
    third: str
    third_id: str = ""
    third_channel: str = ""
    target: Target = field(default_factory=Target)
    way: str = ""  # the act that asked for the third
    number: str = ""  # which of the target's numbers was dialled last, over which trunk
    trunk: str = ""
    attempt: int = 0  # of this transfer, 0 if untold
    dialled: int = 0  # N of the last third this call ever dialled
    n: int = 0  # transfers of this call so far
    muted: tuple[str, ...] = ()  # roles
    is_told: bool = False  # that the third answered is in the records
    waited_s: float | None = None  # until then


# -- what an agent asks ---------------------------------------------------------------------------------------------

# act -> what it wants; which stage allows which act stands in the machine's table
ACTS: Mapping[str, str] = {
    "consult": "speak with the target first, the citizen hears music",
    "add": "dial the target while agent and citizen talk on; whoever answers is the third on the line",
    "emergency": "as add, all numbers of an emergency party in order until one answers, every supervisor alarmed",
    "merge": "all three together",
    "swap": "speak with the other one of the two, the one left hears music",
    "hold": "the citizen hears music; agent and third, if there is one, talk on",
    "drop": "the third leaves, dialled or answered; agent and citizen talk on",
    "leave": "the agent leaves, citizen and third talk on; a third who is an agent owns the call from here",
    "requeue": "the citizen back into a queue, everybody else leaves",
    "blind": "the citizen to the target at once, the agent leaves",
    "mute": "nobody hears this role",
    "unmute": "everybody hears this role again",
    "digits": "keys for the menu of whom the agent speaks with: the citizen, or the third once there is one",
    "take_back": "the agent who was cut off is called into the call again",
}


@dataclass(frozen=True, slots=True)
class ActAsked:
    """An agent asks for one of ACTS; answered by Asterisk's word or by a Reply with a code."""

    call_id: str
    act: str
    agent: str
    intent_id: str
    talk: Talk
    target: Target = field(default_factory=Target)
    role: str = ""  # of mute and unmute
    digits: str = field(default="", repr=False)  # keys that a person pressed


JoinEvent = (
    RoomEntered | HoldEntered | AloneEntered | ThirdRinging | ThirdFailed | ThirdLeft | AgentGone | AgentTook | PageBack
    | CitizenElsewhere | CitizenGone | MoveRefused | MoveDone | LegMuted | JoinDue | JoinSeen | ActAsked
)  # fmt: skip

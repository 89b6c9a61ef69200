"""What can happen to a call, in the past tense; every event names its call. Agents' events: agent_events.py."""

from __future__ import annotations

from dataclasses import dataclass

from hotline_core.domain.agent_events import AgentEvent
from hotline_core.domain.join_events import StageEntered
from hotline_core.domain.outgoing_events import DialAsked, DialDropped, DialEvent
from hotline_core.domain.pause_events import PauseEvent
from hotline_core.domain.queue_events import PlaceLeft, PlacesSeen


@dataclass(frozen=True, slots=True)
class CallArrived:
    """A citizen's call was taken by the dialplan."""

    call_id: str
    line: str
    caller: str
    dialled: str
    channel: str
    withheld: bool = False  # the citizen asked that the number be shown to nobody; we know it all the same


@dataclass(frozen=True, slots=True)
class CallAdopted:
    """A call that was already there when the bridge came (back); `phase` is read off Asterisk."""

    call_id: str
    line: str
    caller: str
    dialled: str
    channel: str
    phase: str
    arrived_at: float
    agent: str = ""
    agent_channel: str = ""
    answered_at: float | None = None
    direction: str = "in"
    about: str = ""
    reached: bool = False
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class CallRecovered:
    """A call that came and went while no bridge was listening; the dialplan's journal remembers it."""

    call_id: str
    line: str
    caller: str
    dialled: str
    arrived_at: float
    ended_at: float
    cause: int
    outcome: str = ""  # callback, duty, lost, or empty
    ended_by: str = "caller"
    agent: str = ""
    answered_at: float | None = None  # by the agent, or by a duty telephone
    direction: str = "in"
    about: str = ""
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class MenuReady:
    """The channel waits for our commands (AsyncAGIStart)."""

    call_id: str


@dataclass(frozen=True, slots=True)
class MenuStepped:
    """The menu asks the next question; the caller may think again."""

    call_id: str


@dataclass(frozen=True, slots=True)
class MenuLeft:
    """The menu is over; `to` is queue or party. `noticed`: the notice was heard whole, not skipped by a key.

    `path`: the keys that were pressed with what they stand for in the menu's file, in order; empty for a silent caller.
    """

    call_id: str
    to: str
    party: str
    noticed: bool
    path: str = ""


@dataclass(frozen=True, slots=True)
class MenuFailed:
    """A prompt could not be played, or the caller is gone."""

    call_id: str


@dataclass(frozen=True, slots=True)
class PartyRung:
    """An outside party is dialled for the caller; `urgent`: one who rescues."""

    call_id: str
    party: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class PartyDialled:
    """One trial of an outside party by the dialplan: a number over a trunk; attempts count from 1 within the trials."""

    call_id: str
    party: str
    attempt: int
    of: int  # numbers
    number: str
    trunk: str


@dataclass(frozen=True, slots=True)
class PartyMissed:
    """A trial came to nothing; result as of a transfer's attempt, cause Q.850."""

    call_id: str
    party: str
    attempt: int
    result: str
    cause: int


@dataclass(frozen=True, slots=True)
class PartyAnswered:
    """The outside party took the call."""

    call_id: str
    party: str


@dataclass(frozen=True, slots=True)
class PartyFailed:
    """The outside party did not answer, or left the caller, who goes to an agent; `urgent`: before all others."""

    call_id: str
    party: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class RescueEntered:
    """The dialplan went on without the bridge."""

    call_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class NoticePlayed:
    """The dialplan itself played the notice; `complete` is False if the file failed."""

    call_id: str
    complete: bool


@dataclass(frozen=True, slots=True)
class RecordingStarted:
    """The main recording runs: both sides are kept from here."""

    call_id: str


@dataclass(frozen=True, slots=True)
class QueueEntered:
    """The caller waits for an agent, at `position`."""

    call_id: str
    queue: str
    position: int


@dataclass(frozen=True, slots=True)
class QueueLeft:
    """The caller left the queue without an agent (nobody reachable, or gave up)."""

    call_id: str


@dataclass(frozen=True, slots=True)
class AgentRung:
    """An agent's telephone was asked to ring for this caller."""

    call_id: str
    agent: str


@dataclass(frozen=True, slots=True)
class AgentMissed:
    """The agent did not answer, refused, or was gone."""

    call_id: str
    agent: str


@dataclass(frozen=True, slots=True)
class AgentAnswered:
    """Caller and agent are connected."""

    call_id: str
    agent: str
    agent_channel: str


@dataclass(frozen=True, slots=True)
class HoldStarted:
    """The agent put the caller on hold."""

    call_id: str


@dataclass(frozen=True, slots=True)
class HoldEnded:
    """The agent took the caller off hold."""

    call_id: str


@dataclass(frozen=True, slots=True)
class HangUpAsked:
    """One side ended its leg; `by` is caller, agent, duty (any telephone outside) or system; `cause` is Q.850, 0 if untold."""

    call_id: str
    by: str
    cause: int = 0


@dataclass(frozen=True, slots=True)
class HangUpWanted:
    """The agent in the call wants it ended."""

    call_id: str
    intent_id: str


@dataclass(frozen=True, slots=True)
class AgentLeft:
    """The agent's leg is gone; `cause` is Q.850 (44: the telephone vanished)."""

    call_id: str
    agent: str
    agent_channel: str
    cause: int


@dataclass(frozen=True, slots=True)
class ResumeWanted:
    """A fresh page of the agent in the call asks for the talk that an earlier page left."""

    call_id: str
    intent_id: str


@dataclass(frozen=True, slots=True)
class AgentAwaited:
    """The agent's telephone vanished from the talk; the dialplan waits for it to be back."""

    call_id: str
    agent: str


@dataclass(frozen=True, slots=True)
class AgentResumed:
    """The agent's telephone is back and took the talk up again."""

    call_id: str
    agent: str
    agent_channel: str


@dataclass(frozen=True, slots=True)
class AgentNotBack:
    """The agent's telephone was awaited in vain: the caller goes to the head of the queue."""

    call_id: str
    agent: str


@dataclass(frozen=True, slots=True)
class DutyRung:
    """No agent was reachable: the duty telephones ring (R106)."""

    call_id: str


@dataclass(frozen=True, slots=True)
class DutyAnswered:
    """A duty telephone took the call."""

    call_id: str


@dataclass(frozen=True, slots=True)
class CallbackNoted:
    """Nobody answered; the caller was told that we call back."""

    call_id: str


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The citizen's channel is gone; `cause` is Q.850."""

    call_id: str
    cause: int


@dataclass(frozen=True, slots=True)
class DeadlineReached:
    """A deadline of this call may have come; the call decides whether it still counts."""

    call_id: str
    name: str


CallEvent = (
    DialEvent | StageEntered
    | CallArrived | CallAdopted | CallRecovered | MenuReady | MenuStepped | MenuLeft | MenuFailed
    | PartyRung | PartyDialled | PartyMissed | PartyAnswered | PartyFailed | RescueEntered | NoticePlayed | RecordingStarted
    | QueueEntered
    | QueueLeft | AgentRung | AgentMissed | AgentAnswered | HoldStarted | HoldEnded | HangUpAsked | HangUpWanted | AgentLeft
    | ResumeWanted | AgentAwaited | AgentResumed | AgentNotBack
    | DutyRung | DutyAnswered | CallbackNoted | CallEnded | DeadlineReached
)  # fmt: skip

Event = CallEvent | AgentEvent | PauseEvent | DialAsked | DialDropped | PlaceLeft | PlacesSeen

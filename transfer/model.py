"""The state of a call with somebody else on the line: where each leg is and shall be; the stage follows from where they are.

Nothing but Asterisk's own word changes where a leg is. An act or a mishap changes where legs shall be; plan.py makes the moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hotline_core.domain.join_events import STAGES as TOLD
from transfer.events import AGENT, CITIZEN, THIRD, Target

STAGES = tuple(stage for stage in TOLD if stage != "over")

# places of legs
BRIDGE = "bridge"  # citizen and agent, in the talk they began with
ROOM = "room"
HOLD = "hold"  # music
ALONE = "alone"  # the citizen: three seconds, a sentence, the head of the queue
AWAY = "away"  # the citizen: in the queue, awaiting a telephone, or led to somebody
GONE = "gone"
DIALLED = "dialled"  # the third, not answered
NONE = "none"  # there is no third

CITIZEN_PLACES = (BRIDGE, ROOM, HOLD, ALONE, AWAY, GONE)
AGENT_PLACES = (BRIDGE, ROOM, GONE)
THIRD_PLACES = (NONE, DIALLED, ROOM, HOLD)
EMERGENCY = "emergency"

# (citizen, agent, third) -> stage. "with" is the room or the first bridge; "out" is alone or away; "over" ends the state.
_WITH, _OUT = "with", "out"
_STAGES: Mapping[tuple[str, str, str], str] = {
    (_WITH, _WITH, NONE): "talk",
    (_WITH, _WITH, DIALLED): "adding",
    (_WITH, _WITH, ROOM): "three",
    (_WITH, _WITH, HOLD): "swapped",
    (HOLD, _WITH, NONE): "parked",
    (HOLD, _WITH, DIALLED): "calling",
    (HOLD, _WITH, ROOM): "consult",
    (HOLD, _WITH, HOLD): "consult",
    (_OUT, _WITH, NONE): "led",
    (_OUT, _WITH, DIALLED): "led",
    (_OUT, _WITH, ROOM): "led",
    (_OUT, _WITH, HOLD): "led",
    (GONE, _WITH, NONE): "over",
    (GONE, _WITH, DIALLED): "rescue_on",
    (GONE, _WITH, ROOM): "rescue_on",
    (GONE, _WITH, HOLD): "rescue_on",
    (_WITH, GONE, NONE): "alone",
    (_WITH, GONE, DIALLED): "sought",
    (_WITH, GONE, ROOM): "handed",
    (_WITH, GONE, HOLD): "alone",
    (HOLD, GONE, NONE): "alone",
    (HOLD, GONE, DIALLED): "sought",
    (HOLD, GONE, ROOM): "alone",
    (HOLD, GONE, HOLD): "alone",
    (_OUT, GONE, NONE): "led",
    (_OUT, GONE, DIALLED): "sought",
    (_OUT, GONE, ROOM): "sought",
    (_OUT, GONE, HOLD): "led",
    (GONE, GONE, NONE): "over",
    (GONE, GONE, DIALLED): "over",
    (GONE, GONE, ROOM): "over",
    (GONE, GONE, HOLD): "over",
}


def arrangement(citizen: str, agent: str, third: str) -> str:
    """The stage in which legs at these places are."""
    if citizen == ALONE and agent == GONE and third == NONE:
        return "alone"
    first = {BRIDGE: _WITH, ROOM: _WITH, ALONE: _OUT, AWAY: _OUT}.get(citizen, citizen)
    return _STAGES[first, GONE if agent == GONE else _WITH, third]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the city decides: trunks in the order of trial, and for how many seconds a third's telephone is rung."""

    trunks: tuple[str, ...] = ()
    ring_s: float = 25.0
    emergency_ring_s: float = 15.0  # the next number must not wait long


@dataclass(frozen=True, slots=True)
class Try:
    """One number over one trunk; both empty for an agent's telephone."""

    number: str = ""
    trunk: str = ""


@dataclass(frozen=True, slots=True)
class Third:
    """The one who is dialled or was reached."""

    unique_id: str
    n: int  # of its transfer
    attempt: int  # within the transfer, from 1
    of: int  # so many attempts as far as is known
    what: Try
    asked_at: float
    place: str = DIALLED
    rings: bool = False
    channel: str = ""
    since: float = 0.0  # of state
    ended_by: str = ""  # the agent has dropped it; its leg's end is not told yet

    @property
    def state(self) -> str:
        """dialling, ringing, talking or held."""
        if self.place == DIALLED:
            return "ringing" if self.rings else "dialling"
        return "held" if self.place == HOLD else "talking"


@dataclass(frozen=True, slots=True)
class Asked:
    """A move that Asterisk has neither done nor refused: which legs go where; `number` counts the call's moves."""

    number: int
    places: tuple[tuple[str, str], ...]  # role and place


@dataclass(frozen=True, slots=True)
class Lead:
    """Where the citizen is led, out of our hands: context and extension of the dialplan, variables set before."""

    context: str
    extension: str
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Join:
    """One call; times are epoch seconds."""

    call_id: str
    line: str
    citizen_channel: str
    agent: str  # extension; also of an agent who is gone
    agent_channel: str
    since: float  # of the stage
    citizen: str = BRIDGE  # places
    agent_place: str = BRIDGE
    third: Third | None = None
    wanted: str = ""  # where the citizen shall be: ROOM, HOLD, AWAY, ALONE; empty: where it is
    third_wanted: str = ROOM  # where an answered third shall be: ROOM, HOLD
    lead: Lead | None = None  # of wanted AWAY
    must: bool = False  # nobody asked for what is wanted, so nobody would ask again: a refused move is tried again
    refusals: int = 0  # of the present move, one after the other
    leaves: bool = False  # the agent leaves as soon as citizen and third are together
    asked: Asked | None = None
    intent_id: str = ""  # whom the next move answers
    moves: int = 0
    way: str = ""  # the act of this transfer
    target: Target = field(default_factory=Target)
    tries: tuple[Try, ...] = ()  # still to be tried after the present one
    n: int = 0  # transfers of the call so far
    dialled: int = 0  # thirds of the call so far, answered or not
    begun_at: float = 0.0  # this transfer
    transfer_open: bool = False  # transfer_ended is still to be written
    released: bool = False  # the citizen was heard of outside: nothing more is to be done for it
    failed: str = ""  # how the last transfer failed, until the next act
    waited_s: float | None = None  # until the third answered
    lost_by: str = ""  # the agent who is gone and may take the call back
    left: bool = False  # lost_by left knowingly: only a click takes the call back, never a page that is loaded anew
    urgent: bool | None = None
    muted: frozenset[str] = frozenset()  # roles
    deadlines: Mapping[str, float] = field(default_factory=dict)

    @property
    def stage(self) -> str:
        """One of STAGES, or `over`; `placing` while legs of citizen and agent are on their way."""
        if self.asked is not None or "retry" in self.deadlines:
            return "placing"
        return self.arrangement

    @property
    def arrangement(self) -> str:
        """The stage as the legs are now, moves or not."""
        return arrangement(self.citizen, self.agent_place, NONE if self.third is None else self.third.place)

    @property
    def is_emergency(self) -> bool:
        """True while an emergency party is dialled or was reached."""
        return self.third is not None and self.way == EMERGENCY

    def place_of(self, role: str) -> str:
        """Where a leg is."""
        third = NONE if self.third is None else self.third.place
        return {CITIZEN: self.citizen, AGENT: self.agent_place, THIRD: third}[role]

    def channel_of(self, role: str) -> str:
        """A leg's channel, empty if there is none."""
        third = "" if self.third is None else self.third.channel
        return {CITIZEN: self.citizen_channel, AGENT: self.agent_channel, THIRD: third}[role]

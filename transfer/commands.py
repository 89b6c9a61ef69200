"""What the transfer machine asks the shell to do, in the imperative; records and replies are the core's own commands."""

from __future__ import annotations

from dataclasses import dataclass, field

from hotline_core.domain.commands import HangUp, Reply, Write
from transfer.events import Target


@dataclass(frozen=True, slots=True)
class Place:
    """Where one leg shall be: context and extension of the dialplan (extensions_room.conf)."""

    channel: str
    context: str
    extension: str


@dataclass(frozen=True, slots=True)
class Move:
    """Take one leg, or two in one stroke, somewhere else; refused as a whole: MoveRefused with this number."""

    call_id: str
    move: int
    places: tuple[Place, ...]  # one or two
    intent_id: str = ""


@dataclass(frozen=True, slots=True)
class DialThird:
    """One attempt: an outside number over one trunk, or an agent's telephone; answered, it enters the room by itself."""

    call_id: str
    third: str  # the channel's unique id, "third-CALLID-N"
    line: str
    way: str  # the act that asked for it
    number: str = ""
    trunk: str = ""
    agent: str = ""
    rings_s: float = 20.0
    target: Target = field(default_factory=Target)


@dataclass(frozen=True, slots=True)
class HangUpThird:
    """End the third's leg by its unique id, answered or not."""

    call_id: str
    third: str


@dataclass(frozen=True, slots=True)
class Promote:
    """The third is an agent and owns the call from here: its leg counts as the agent's in the dialplan too."""

    call_id: str
    agent: str
    channel: str


@dataclass(frozen=True, slots=True)
class MuteLeg:
    """Nobody hears this leg in the room, or everybody again."""

    call_id: str
    channel: str
    is_muted: bool
    intent_id: str


@dataclass(frozen=True, slots=True)
class SendDigits:
    """Play keys (0-9 * #) towards one leg, out of band of its codec."""

    call_id: str
    channel: str
    digits: str = field(repr=False)
    intent_id: str


@dataclass(frozen=True, slots=True)
class SetVariables:
    """Variables of one channel, before a Move that needs them."""

    channel: str
    variables: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Rejoin:
    """Call an agent's page, which answers by itself, into the room again."""

    call_id: str
    agent: str
    line: str
    intent_id: str = ""


@dataclass(frozen=True, slots=True)
class Tell:
    """The stage of the call has changed: the board follows (a domain event StageEntered, with the same fields)."""

    call_id: str
    stage: str
    agent: str
    agent_channel: str
    third_agent: str = ""
    third_talks: bool = False
    lost_by: str = ""
    urgent: bool | None = None
    rescue: str = ""


JoinCommand = (
    Move | DialThird | HangUpThird | Promote | MuteLeg | SendDigits | SetVariables | Rejoin | Tell | Write | Reply | HangUp
)

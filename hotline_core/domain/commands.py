"""What the deciding functions ask the shell to do, in the imperative."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Fact = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Write:
    """One ledger record; written before any other command of the same step is carried out."""

    kind: str
    call_id: str
    at: float
    facts: Mapping[str, Fact] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BeginMenu:
    """Lead the caller through the line's menu, which begins with the notice; its end comes back as MenuLeft or MenuFailed."""

    call_id: str
    channel: str
    line: str


@dataclass(frozen=True, slots=True)
class SendToQueue:
    """Let the dialplan go on to the queue, the notice having been heard."""

    call_id: str
    channel: str


@dataclass(frozen=True, slots=True)
class SendToParty:
    """Let the dialplan go on to an outside party, the notice having been heard."""

    call_id: str
    channel: str
    party: str


@dataclass(frozen=True, slots=True)
class LeaveMenu:
    """Let the dialplan go on undecided: its rescue plays the short notice and queues. Harmless to a caller who went on already."""

    call_id: str
    channel: str


@dataclass(frozen=True, slots=True)
class TakeToQueue:
    """Pull a caller, just seen in the menu by a resync, out of it; never on memory alone: a Redirect tears a talk apart."""

    call_id: str
    channel: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End one leg; with cause 44 as a vanished telephone's, so that the dialplan calls the agent's fresh page."""

    channel: str
    intent_id: str
    cause: int = 16


@dataclass(frozen=True, slots=True)
class CloseJournal:
    """The call is in the ledger to its end: the dialplan's journal may forget it."""

    call_id: str
    dialled: bool = False  # the call was one to a citizen


@dataclass(frozen=True, slots=True)
class Dial:
    """Ring the agent's telephone (a page answers by itself); answered, the dialplan calls the citizen under the line's number."""

    agent: str
    intent_id: str
    call_id: str
    number: str
    line: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class JoinQueue:
    """Make the agent a member who is rung in these queues, and end the pause; `fresh` ends the after-call work too."""

    agent: str
    intent_id: str
    queues: tuple[str, ...]
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class AddToQueues:
    """Make a member of other queues a member of these too, paused or not as there."""

    agent: str
    intent_id: str
    queues: tuple[str, ...]
    paused: bool
    reason: str


@dataclass(frozen=True, slots=True)
class PauseMember:
    """Ring the agent no more in any queue, for a reason."""

    agent: str
    intent_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class LeaveQueue:
    """The agent is no member of these queues any more."""

    agent: str
    intent_id: str
    queues: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer an intent that needs nothing of Asterisk: done, or refused with a code."""

    intent_id: str
    code: str = "ok"


@dataclass(frozen=True, slots=True)
class Silence:
    """What the recording of this channel gets from here is silence, or sound again; its length goes on."""

    channel: str
    is_silent: bool
    intent_id: str = ""


@dataclass(frozen=True, slots=True)
class KeepPause:
    """Let Asterisk's database remember that a recording is paused, so that a bridge that comes (back) ends it in time."""

    call_id: str
    agent: str
    until: float
    since: float | None


@dataclass(frozen=True, slots=True)
class ForgetPause:
    """The recording runs again, or the call is over."""

    call_id: str


Command = (
    Write | BeginMenu | SendToQueue | SendToParty | LeaveMenu | TakeToQueue | HangUp | CloseJournal
    | Dial | JoinQueue | AddToQueues | PauseMember | LeaveQueue | Reply | Silence | KeepPause | ForgetPause
)  # fmt: skip

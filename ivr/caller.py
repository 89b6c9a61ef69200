"""One caller in one menu: a pure state machine; what every event does to a caller at every kind of node stands in TABLE.

Nobody is kept: each event but Began is the answer to a command and moves the caller on, a prompt that failed counts as
silence, and after LONGEST_WALK nodes, or where the menu does not know the way, the caller goes to the queue. A caller
who hangs up has no event here: the shell forgets the position.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, assert_never

from ivr import menu as nodes

LONGEST_WALK: Final = 3  # nodes that a caller hears at most


@dataclass(frozen=True, slots=True)
class Began:
    """The first sample of the prompts is being played."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """The caller pressed a key."""

    key: str


@dataclass(frozen=True, slots=True)
class Silent:
    """The prompts and the wait after them ended without a key."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The command could not be carried out: a recording is gone, or Asterisk refused it."""


Event = Began | Pressed | Silent | Failed


@dataclass(frozen=True, slots=True)
class Ask:
    """Play the prompts as one command and take one key, live from the first sample; wait so long after the last one."""

    prompts: tuple[str, ...]
    keys: str
    wait_s: float


@dataclass(frozen=True, slots=True)
class Tell:
    """Play the prompts; keys do nothing."""

    prompts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leave:
    """The menu is over; `to` is "queue" or "party", `party` is the outside party's name in the city's file or empty."""

    to: str
    party: str = ""


Command = Ask | Tell | Leave


@dataclass(frozen=True, slots=True)
class Position:
    """Where the caller stands, since when (epoch seconds), and how many nodes were begun, this one included."""

    node: str
    began_at: float
    heard: int = 1


# kind of node -> event -> what happens; "gone" is a node that says nothing or that the menu does not have (any more).
TABLE: Final[Mapping[str, Mapping[str, str]]] = {
    "ask": {"Began": "stays", "Pressed": "by the key", "Silent": "by silence", "Failed": "by silence"},
    "say": {"Began": "stays", "Pressed": "then", "Silent": "then", "Failed": "then"},
    "gone": {"Began": "stays", "Pressed": "to the queue", "Silent": "to the queue", "Failed": "to the queue"},
}


def begin(menu: nodes.Menu, now: float) -> tuple[Position, list[Command]]:
    """The first command; a start that is no node to be heard leaves at once, and the position is to be forgotten."""
    _, commands = _enter(menu, menu.start, 1, now)
    return Position(menu.start, now), commands


def step(menu: nodes.Menu, position: Position, event: Event, now: float) -> tuple[Position | None, list[Command]]:
    """The next position and what to do; None when the caller leaves the menu."""
    if isinstance(event, Began):
        return replace(position, began_at=now), []
    node = menu.nodes.get(position.node)
    match node:
        case nodes.Ask():
            target = _after_question(node, event)
        case nodes.Say():
            target = node.then
        case nodes.Connect() | nodes.Queue() | None:
            return None, [Leave("queue")]
        case _:
            assert_never(node)
    return _enter(menu, target, position.heard + 1, now)


def _after_question(node: nodes.Ask, event: Pressed | Silent | Failed) -> str:
    match event:
        case Pressed(key):
            return node.keys.get(key, node.wrong)
        case Silent() | Failed():
            return node.silence
        case _:
            assert_never(event)


def _enter(menu: nodes.Menu, name: str, heard: int, now: float) -> tuple[Position | None, list[Command]]:
    node = menu.nodes.get(name)
    match node:
        case nodes.Connect(party):
            return None, [Leave("party", party)]
        case nodes.Queue() | None:
            return None, [Leave("queue")]
        case nodes.Ask() | nodes.Say() if heard > LONGEST_WALK:
            return None, [Leave("queue")]
        case nodes.Ask():
            return Position(name, now, heard), [Ask(node.say, "".join(node.keys), node.wait_s)]
        case nodes.Say():
            return Position(name, now, heard), [Tell(node.say)]
        case _:
            assert_never(node)

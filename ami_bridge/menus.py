"""The callers who are in a menu now: which question each hears, and what its answer means; no I/O.

The engine carries out `Question` as one AGI command (type-ahead would be lost between two) and gives back what came of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hotline_core.domain import events as ev
from hotline_core.domain.events import Event
from ivr import caller
from ivr.menu import Ask, Menu

STEP = " › "  # between two keys


@dataclass(frozen=True, slots=True)
class Question:
    """Play the prompts (files, absolute, no extension) and, with `wants_key`, take one key, live from the first sample."""

    call_id: str
    channel: str
    prompts: tuple[str, ...]
    wants_key: bool
    wait_s: float

    @property
    def agi(self) -> str:
        """The AGI command; READ leaves the key in the channel variable KEY, empty if none came."""
        files = "&".join(self.prompts)
        if not self.wants_key:
            return f"EXEC Playback {files}"
        # t: no key ends the question by itself; "#" would, as if the prompts had been heard to their end
        return f'EXEC Read "KEY,{files},1,t,1,{self.wait_s:g}"'


@dataclass(frozen=True, slots=True)
class _Place:
    channel: str
    menu: Menu
    position: caller.Position
    is_first: bool
    noticed: bool = True
    path: tuple[str, ...] = ()


class Menus:
    """The place of each caller; every method returns questions to ask and events for the call."""

    def __init__(self, menus: Mapping[str, Menu], prompts: Mapping[str, str]) -> None:
        """`menus` by line, `prompts` gives the file of each prompt key."""
        self._menus = menus
        self._prompts = prompts
        self._places: dict[str, _Place] = {}

    def begin(self, call_id: str, channel: str, line: str, now: float) -> tuple[list[Question], list[Event]]:
        """The first question; a line without a menu fails at once, and the dialplan goes on by itself."""
        menu = self._menus.get(line)
        if menu is None:
            return [], [ev.MenuFailed(call_id)]
        position, commands = caller.begin(menu, now)
        return self._follow(call_id, _Place(channel, menu, position, True), position, commands)

    def answered(self, call_id: str, key: str, now: float) -> tuple[list[Question], list[Event]]:
        """The question was played; `key` is what was pressed, empty for silence."""
        return self._step(call_id, caller.Pressed(key) if key else caller.Silent(), now, bool(key))

    def failed(self, call_id: str) -> list[Event]:
        """The question could not be played to its end: the file is missing or the caller is gone."""
        return [ev.MenuFailed(call_id)] if self._places.pop(call_id, None) is not None else []

    def forget(self, call_id: str) -> None:
        """The caller is no longer in the menu."""
        self._places.pop(call_id, None)

    def _step(self, call_id: str, event: caller.Event, now: float, pressed: bool) -> tuple[list[Question], list[Event]]:
        place = self._places.pop(call_id, None)
        if place is None:
            return [], []
        position, commands = caller.step(place.menu, place.position, event, now)
        # the notice is the first thing said; a key during the first question may have cut it short
        noticed = place.noticed and not (place.is_first and pressed)
        path = place.path + ((pressed_in(place.menu, place.position.node, event.key),) if isinstance(event, caller.Pressed) else ())
        place = _Place(place.channel, place.menu, place.position, False, noticed, path)
        return self._follow(call_id, place, position, commands)

    def _follow(
        self, call_id: str, place: _Place, position: caller.Position | None, commands: Sequence[caller.Command]
    ) -> tuple[list[Question], list[Event]]:
        questions: list[Question] = []
        events: list[Event] = []
        for command in commands:
            match command:
                case caller.Leave():
                    events.append(ev.MenuLeft(call_id, command.to, command.party, place.noticed, STEP.join(place.path)))
                case caller.Ask() | caller.Tell():
                    if any(key not in self._prompts for key in command.prompts):
                        return [], [ev.MenuFailed(call_id)]  # told at the start; the dialplan knows the way without a menu
                    files = tuple(self._prompts[key] for key in command.prompts)
                    is_ask = isinstance(command, caller.Ask)
                    wait_s = command.wait_s if isinstance(command, caller.Ask) else 0
                    questions.append(Question(call_id, place.channel, files, is_ask, wait_s))
        is_over = any(isinstance(command, caller.Leave) for command in commands)
        if position is not None and not is_over:
            self._places[call_id] = replace(place, position=position)
            events.append(ev.MenuStepped(call_id))
        return questions, events


def pressed_in(menu: Menu, node: str, key: str) -> str:
    """A key as people read it: with the name of where it leads, as the menu's file has it."""
    here = menu.nodes.get(node)
    there = menu.nodes.get(here.keys.get(key, here.wrong)) if isinstance(here, Ask) else None
    return f"{key} {there.name}".rstrip() if there is not None else key

"""What a silent caller of a line must hear before the queue, from the recordings themselves, not from what Asterisk plays."""

from __future__ import annotations

import wave
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hotline_core.city import City
from hotline_core.errors import SetupError
from ivr import caller
from ivr.catalogue import RECORDINGS_FOLDER
from ivr.menu import MENUS_FOLDER, Menu, load_menus
from ivr.own_prompts import chosen


@dataclass(frozen=True, slots=True)
class Expected:
    """Prompts of each line by key: its greeting, what its silent caller hears after it, its notice; and the sound of each."""

    greetings: Mapping[str, str]
    rest: Mapping[str, tuple[str, ...]]
    notices: Mapping[str, str]
    sounds: Mapping[str, array[int]]


def expected(city: City, own_prompts: Path) -> Expected:
    """Of all lines; MenuError for a menu that cannot be read, SetupError for a recording that cannot."""
    menus = load_menus(MENUS_FOLDER)
    files, _ = chosen(RECORDINGS_FOLDER, own_prompts, menus.values())
    greetings, rest = {}, {}
    for line in city.lines:
        said = _said(menus[line]) if line in menus else ()
        greetings[line], rest[line] = (said[0], said[1:]) if said else (city.lines[line].notice, ())
    notices = {line: city.lines[line].notice for line in city.lines}
    wanted = {*greetings.values(), *notices.values(), *(key for keys in rest.values() for key in keys)}
    return Expected(greetings, rest, notices, {key: _sound(files.get(key), key) for key in sorted(wanted)})


def _said(menu: Menu) -> tuple[str, ...]:
    """The prompts on the way of a caller who presses nothing, in order."""
    said: list[str] = []
    position, commands = caller.begin(menu, 0.0)
    place: caller.Position | None = position
    while True:
        said += [key for command in commands if isinstance(command, caller.Ask | caller.Tell) for key in command.prompts]
        if place is None or any(isinstance(command, caller.Leave) for command in commands):
            return tuple(said)
        place, commands = caller.step(menu, place, caller.Silent(), 0.0)


def _sound(path: Path | None, key: str) -> array[int]:
    try:
        if path is None:
            raise FileNotFoundError(2, "no recording")
        with wave.open(str(path)) as recording:
            return array("h", recording.readframes(recording.getnframes()))
    except (OSError, EOFError, wave.Error) as error:
        raise SetupError("prompt_unreadable", prompt=key) from error

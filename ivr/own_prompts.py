"""Owns which recording of each prompt callers hear: a city's own one where it is fit to be heard, else the shipped one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ivr.check import SILENT_LIMIT_S, silent_seconds
from ivr.menu import Ask, Menu, Say, recording_lengths
from ivr.sound_file import SoundFault, seconds_of_file


@dataclass(frozen=True, slots=True)
class Refused:
    """A file of the city that is not played; `code` is stable, `about` the figure that is wrong."""

    path: Path
    code: str
    about: str = ""


def chosen(shipped: Path, own: Path, menus: Iterable[Menu]) -> tuple[Mapping[str, Path], tuple[Refused, ...]]:
    """The file of every prompt by key, and what was refused.

    A file of `own` takes the place of the prompt it is named after. It is refused if callers could not hear it, if there
    is no such prompt, or if with it a silent caller came to the queue too late.
    """
    files = {_key(path, shipped): path for path in shipped.rglob("*.wav")}
    theirs: dict[str, Path] = {}
    refused: list[Refused] = []
    for path in sorted(own.rglob("*.wav")):
        key = _key(path, own)
        try:
            if key not in files:
                raise SoundFault("sound-unknown", key)
            seconds_of_file(path)
        except SoundFault as fault:
            refused.append(Refused(path, fault.code, fault.about))
            continue
        theirs[key] = path
    lengths, own_lengths = recording_lengths(shipped), recording_lengths(own)
    for menu in menus:
        seconds = silent_seconds(menu, {**lengths, **{key: own_lengths[key] for key in theirs}})
        if seconds is None or seconds <= SILENT_LIMIT_S:
            continue
        for key in _said(menu) & theirs.keys():
            if own_lengths[key] > lengths[key]:
                refused.append(Refused(theirs.pop(key), "sound-late", menu.line))
    return {**files, **theirs}, tuple(refused)


def _said(menu: Menu) -> set[str]:
    return {key for node in menu.nodes.values() if isinstance(node, Ask | Say) for key in node.say}


def _key(path: Path, folder: Path) -> str:
    return path.relative_to(folder).with_suffix("").as_posix()

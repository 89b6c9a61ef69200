"""Is every sentence that callers hear there, playable, and not silent? And the music?"""

from __future__ import annotations

import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from doctor.finding import Finding, bad, good, note
from doctor.hearing import heard_of
from doctor.subject import Subject
from ivr.catalogue import CATALOGUE_PATH, RECORDINGS_FOLDER, load_catalogue, recording_path
from ivr.menu import MENUS_FOLDER, load_menus
from ivr.own_prompts import chosen
from ivr.sound_file import SoundFault, seconds_of_file

NAME = "prompts"


@dataclass(frozen=True, slots=True)
class Fault:
    """A recording that callers cannot hear as it should be; `code` as of SoundFault, or sound-absent, sound-silent."""

    path: Path
    code: str
    about: str = ""


def examine(subject: Subject) -> list[Finding]:
    """Reads every recording that is played, or, before the first start, that would be."""
    paths = subject.settings.paths
    keys = [prompt.key for prompt in load_catalogue(CATALOGUE_PATH).hotline]
    sources, _ = chosen(RECORDINGS_FOLDER, paths.own_prompts, load_menus(MENUS_FOLDER).values())
    if not paths.played_prompts.is_dir():
        return judge([fault for key in keys if (fault := fault_of(sources[key]))], count=len(keys), not_taken=(), music=None)
    played = {key: recording_path(paths.played_prompts, key) for key in keys}
    faults = [fault for path in played.values() if (fault := fault_of(path))]
    music = {"moh": _sounds(paths.asterisk / "data/moh")}
    if subject.city is not None:
        music |= {f"waiting/{line}": _sounds(paths.asterisk / "data/waiting" / line) for line in subject.city.lines}
    own = {key: path for key, path in sources.items() if path.is_relative_to(paths.own_prompts)}
    not_taken = [path.name for key, path in own.items() if _is_newer(path, played.get(key))]
    return judge(faults, count=len(keys), not_taken=not_taken, music=music)


def fault_of(path: Path) -> Fault | None:
    """Why callers cannot hear this recording; None if they can."""
    if not path.is_file():
        return Fault(path, "sound-absent")
    try:
        seconds_of_file(path)
        return Fault(path, "sound-silent") if heard_of(path).is_silent else None
    except SoundFault as fault:
        return Fault(path, fault.code, fault.about)
    except (OSError, EOFError, wave.Error) as error:  # it changed between two looks
        return Fault(path, "sound-unreadable", type(error).__name__)


def judge(
    faults: list[Fault], *, count: int, not_taken: list[str] | tuple[()], music: Mapping[str, int] | None
) -> list[Finding]:
    """One line for each recording that is not heard and for each folder without music; `music` None: not laid out yet."""
    found = [bad(NAME, fault.code, file=fault.path, about=fault.about) for fault in faults]
    found += [bad(NAME, "no_music", folder=folder) for folder, sounds in (music or {}).items() if not sounds]
    if not_taken:
        found.append(note(NAME, "not_taken", files="、".join(not_taken)))
    return found or [good(NAME, count=count)]


def _sounds(folder: Path) -> int:
    return sum(1 for path in folder.glob("*.wav") if path.is_file() and path.stat().st_size > 44)


def _is_newer(source: Path, played: Path | None) -> bool:
    return played is not None and played.is_file() and source.stat().st_mtime > played.stat().st_mtime

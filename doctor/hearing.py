"""How a recording is heard: its length and its level, and whether it is the sentence that was played."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ivr.loudness import frame_levels, samples_of, speech_level
from recordings.sound import RATE, BadSound, read_track

SILENT_DB = -55.0  # a room's noise on a telephone; the prompts speak at about -20
LEVEL_DB = 6.0  # as far as a recording's level may lie from the level of what was played
WHOLE = 0.8  # of the sentence's length: a MixMonitor begins with the first sound and may miss its edges


@dataclass(frozen=True, slots=True)
class Heard:
    """A sound: its length in seconds, and its level in dBFS (of its speech)."""

    seconds: float
    level: float

    @property
    def is_silent(self) -> bool:
        """True where nobody would hear anything."""
        return self.level < SILENT_DB


def heard_of(path: Path) -> Heard:
    """The sound of a file that can be played; ValueError and OSError of `wave` for one that cannot."""
    samples = samples_of(path)
    levels = frame_levels(samples)
    return Heard(len(samples) / RATE, speech_level(samples) if levels else -120.0)


def heard_in(path: Path) -> Heard | None:
    """The sound of a recording that is closed; None while it is written, missing or no sound file yet."""
    try:
        track = read_track(path)
    except (BadSound, NotADirectoryError):
        return None
    if track is None or not track.is_closed:
        return None
    return heard_of(path)


def is_same(played: Heard, recorded: Heard) -> bool:
    """True if what was recorded can be what was played: as long and as loud, within the limits above."""
    return recorded.seconds >= WHOLE * played.seconds and abs(recorded.level - played.level) <= LEVEL_DB

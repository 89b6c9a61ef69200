"""Owns what a recording for callers must be: a .wav of 8 kHz, one channel, 16 bits, not empty and not endless."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Final

RATE: Final = 8000
SHORTEST_S: Final = 0.1
LONGEST_S: Final = 60.0
LARGEST_BYTES: Final = int(LONGEST_S * RATE * 2) + 65_536  # headers and tags of other programs included


class SoundFault(ValueError):
    """A file that cannot be played to callers; `code` is stable, `about` the figure that is wrong, or empty."""

    def __init__(self, code: str, about: str = "") -> None:
        super().__init__(f"{code}: {about}")
        self.code = code
        self.about = about


def seconds_of_file(path: Path) -> float:
    """How long a recording lasts; SoundFault if callers cannot hear it."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise SoundFault("sound-unreadable", error.strerror or "") from error
    return seconds_of(data)


def seconds_of(data: bytes) -> float:
    """How long a recording lasts; SoundFault if callers cannot hear it."""
    if len(data) > LARGEST_BYTES:
        raise SoundFault("sound-too-long", f"{LONGEST_S:g}")
    try:
        with wave.open(io.BytesIO(data)) as sound:
            rate, channels, width, frames = sound.getframerate(), sound.getnchannels(), sound.getsampwidth(), sound.getnframes()
            held = len(sound.readframes(frames)) // max(1, channels * width)
    except (EOFError, wave.Error, RuntimeError) as error:  # RuntimeError: a chunk said to begin outside the file
        raise SoundFault("sound-no-wav") from error
    for is_right, code, about in (
        (rate == RATE, "sound-rate", rate), (channels == 1, "sound-channels", channels), (width == 2, "sound-bits", 8 * width),
    ):  # fmt: skip
        if not is_right:
            raise SoundFault(code, str(about))
    if held < frames:
        raise SoundFault("sound-torn")
    seconds: float = frames / rate
    if seconds < SHORTEST_S:
        raise SoundFault("sound-empty")
    if seconds > LONGEST_S:
        raise SoundFault("sound-too-long", f"{LONGEST_S:g}")
    return seconds


def write_silence(path: Path) -> Path:
    """20 ms of nothing, put there at once: whoever opens the file gets the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.new")
    with wave.open(str(draft), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(bytes(RATE // 50 * 2))
    draft.replace(path)
    return path

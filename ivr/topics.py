"""Owns the topics that callers hear while they wait (R14): which recording each line plays, until when, and the played files.

LINE.wav is what the music of the line has in it now, silence when nothing is on; Asterisk opens it anew each time, so putting
another file in its place is the whole switch. LINE.json says what was asked for. Recordings are chosen from a folder of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from ivr.sound_file import SoundFault, seconds_of, seconds_of_file, write_silence

_NAME: Final = re.compile(r"[\w-]{1,40}")


@dataclass(frozen=True, slots=True)
class Topic:
    """What callers of one line hear; `until` in epoch seconds, None until it is switched off."""

    recording: str = ""
    on: bool = False
    until: float | None = None
    by: str = ""
    since: float = 0.0

    def is_over(self, now: float) -> bool:
        """True when it is on and its end has come."""
        return self.on and self.until is not None and self.until <= now


@dataclass(frozen=True, slots=True)
class Announcement:
    """One recording that can be chosen; `fault` is the code of what makes it unfit, or empty."""

    name: str
    seconds: float
    fault: str = ""
    about: str = ""


class UnknownRecording(LookupError):
    """There is no recording of that name."""


class Topics:
    """The topics of all lines; one process changes them. OSError where the disk refuses."""

    def __init__(self, recordings: Path, played: Path, lines: Iterable[str]) -> None:
        self._recordings = recordings
        self._played = played
        self._topics = {line: _read(played / f"{line}.json") for line in lines}

    @property
    def by_line(self) -> Mapping[str, Topic]:
        """What is asked for now."""
        return dict(self._topics)

    def overdue(self, now: float) -> tuple[str, ...]:
        """The lines whose topic must end now."""
        return tuple(line for line, topic in self._topics.items() if topic.is_over(now))

    def set(self, line: str, topic: Topic) -> None:
        """Play it, or silence; UnknownRecording or SoundFault when it is on and cannot be heard, and then nothing changes."""
        sound = self._sound(topic.recording) if topic.on else None
        self._played.mkdir(parents=True, exist_ok=True, mode=0o700)
        _put(self._played / f"{line}.json", json.dumps(asdict(topic), ensure_ascii=False).encode())
        if sound is None:
            write_silence(self._played / f"{line}.wav")
        else:
            _put(self._played / f"{line}.wav", sound)
        self._topics[line] = topic

    def end(self, line: str, now: float) -> Topic:
        """Silence from now on; what was on is still named."""
        ended = replace(self._topics[line], on=False, since=now)
        self.set(line, ended)
        return ended

    def play_again(self) -> tuple[str, ...]:
        """Make the files what was asked for, after a stop at any moment; the lines whose recording is gone and now silent."""
        gone = []
        for line, topic in self._topics.items():
            try:
                self.set(line, topic)
            except (UnknownRecording, SoundFault):
                if (self._played / f"{line}.wav").is_file():
                    continue  # it was taken away after it was switched on: callers hear the copy
                self.set(line, replace(topic, on=False))
                gone.append(line)
        return tuple(gone)

    def recordings(self) -> tuple[Announcement, ...]:
        """All that can be chosen, unfit files with their fault."""
        found = []
        for path in sorted(self._recordings.glob("*.wav")):
            try:
                found.append(Announcement(path.stem, seconds_of_file(path), "" if _NAME.fullmatch(path.stem) else "sound-name"))
            except SoundFault as fault:
                found.append(Announcement(path.stem, 0.0, fault.code, fault.about))
        return tuple(found)

    def recording(self, name: str) -> Path:
        """The file of a recording; UnknownRecording."""
        path = self._recordings / f"{name}.wav"
        if not _NAME.fullmatch(name) or not path.is_file():
            raise UnknownRecording(name)
        return path

    def add(self, name: str, data: bytes) -> float:
        """Keep a recording and return its seconds; SoundFault if it is unfit, FileExistsError if the name is taken."""
        if not _NAME.fullmatch(name):
            raise SoundFault("sound-name", name)
        seconds = seconds_of(data)
        path = self._recordings / f"{name}.wav"
        if path.exists():
            raise FileExistsError(name)
        self._recordings.mkdir(parents=True, exist_ok=True, mode=0o700)
        _put(path, data)
        return seconds

    def _sound(self, name: str) -> bytes:
        data = self.recording(name).read_bytes()
        seconds_of(data)
        return data


def _read(path: Path) -> Topic:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Topic(**kept)
    except (OSError, ValueError, TypeError):
        return Topic()


def _put(path: Path, data: bytes) -> None:
    """At once: who opens the file gets all of the old one or all of the new one, and who plays the old one plays it to its end."""
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(data)
    draft.chmod(0o600)
    draft.replace(path)

"""Owns the reading of plain sound files: real lengths of torn headers, stereo from a call's parts, memory flat."""

from __future__ import annotations

import os
import struct
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

RATE = 8000
BLOCK_FRAMES = RATE  # one second at a time
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")


class BadSound(ValueError):
    """Not an 8 kHz, 16 bit, one channel wav file."""


class Interrupted(Exception):
    """The work was told to stop half-way; nothing of it remains."""


@dataclass(frozen=True, slots=True)
class Track:
    """One mono file as it really is; `is_closed` is False if its header does not tell its length (its writer died)."""

    path: Path
    offset: int
    frames: int
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the recording; a side that is None is silent."""

    left: Track | None
    right: Track | None

    @property
    def frames(self) -> int:
        """As long as its longer side."""
        return max(self.left.frames if self.left else 0, self.right.frames if self.right else 0)


def read_track(path: Path) -> Track | None:
    """The track in this file, None if there is no file; a file too short for a header is an empty track."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    with file:
        size = os.fstat(file.fileno()).st_size
        if size < 44:
            return Track(path, size, 0, is_closed=False)
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            raise BadSound(path.name)
        return _find_data(file, path, size)


def _find_data(file: BinaryIO, path: Path, size: int) -> Track:
    format_seen = False
    while len(chunk := file.read(8)) == 8:
        name, length = chunk[:4], int.from_bytes(chunk[4:], "little")
        if name == b"data":
            if not format_seen:
                break
            offset = file.tell()
            real = size - offset
            return Track(path, offset, real // 2, is_closed=length == real and real > 0)
        if name == b"fmt ":
            kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", file.read(16))
            if (kind, channels, rate, bits) != (1, 1, RATE, 16):
                raise BadSound(path.name)
            format_seen = True
            length -= 16
        file.seek(length + (length & 1), os.SEEK_CUR)
    raise BadSound(path.name)


def stereo_blocks(segments: Sequence[Segment], is_stopped: Callable[[], bool]) -> Iterator[array[int]]:
    """The recording as samples, left and right in turn, at most a second at a time; Interrupted, OSError, BadSound."""
    for segment in segments:
        left, right = _Side(segment.left), _Side(segment.right)
        try:
            for start in range(0, segment.frames, BLOCK_FRAMES):
                if is_stopped():
                    raise Interrupted
                frames = min(BLOCK_FRAMES, segment.frames - start)
                both = array("h", bytes(frames * 4))
                both[0::2] = left.read(frames)
                both[1::2] = right.read(frames)
                yield both
        finally:
            left.close()
            right.close()


def wav_header(frames: int) -> bytes:
    """Of a stereo file with so many frames; a file of more than 2^32 bytes, 37 hours, cannot be one."""
    size = frames * 4
    return _HEADER.pack(b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 2, RATE, RATE * 4, 4, 16, b"data", size)


class _Side:
    """One channel, followed by silence for ever."""

    def __init__(self, track: Track | None) -> None:
        self._left = track.frames if track else 0
        self._file = track.path.open("rb") if track else None
        if self._file and track:
            self._file.seek(track.offset)

    def read(self, frames: int) -> array[int]:
        """Exactly so many frames."""
        wanted = min(frames, self._left)
        got = self._file.read(wanted * 2) if self._file and wanted else b""
        if len(got) != wanted * 2:
            raise BadSound("shrank while it was read")
        self._left -= wanted
        return array("h", got + bytes((frames - wanted) * 2))

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()

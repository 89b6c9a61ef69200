"""Owns the sound that is kept: Ogg Opus in stereo, made of a call's parts, read back as WAV; and the peaks of the player's picture.

libsndfile does the work (soundfile brings it along). Both sides are narrow-band speech; about 38 kbit/s keeps them apart and clear.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt
import soundfile

from recordings.sound import BLOCK_FRAMES, RATE, BadSound, wav_header
from recordings.turns import Turns

CODEC: Final = "opus"  # as it stands in the rows
MEDIA_TYPE: Final = "audio/ogg"
WAV_MEDIA_TYPE: Final = "audio/wav"
COMPRESSION: Final = 0.95  # libsndfile's scale from 0 (most bits) to 1
LEAD_FRAMES: Final = RATE // 4
MOST_PEAKS: Final = 2000
LEAST_PEAK_FRAMES: Final = RATE // 10
WAV_HEADER: Final = len(wav_header(0))
_FULL_SCALE: Final = 32768.0


@dataclass(frozen=True, slots=True)
class Encoded:
    """What was made; peaks: pairs of bytes (left, right), the loudest sample of each stretch, square root of 0 to full scale."""

    frames: int
    peaks: bytes

    @property
    def length_s(self) -> float:
        return self.frames / RATE


@contextmanager
def encoding_file() -> Iterator[BinaryIO]:
    """A file in memory alone: plain sound must not lie on a disk a second time. An hour is about 17 MB."""
    with os.fdopen(os.memfd_create("recording", os.MFD_CLOEXEC), "w+b") as file:
        yield file


def encode(blocks: Iterable[array[int]], frames: int, target: BinaryIO) -> Encoded:
    """Write Ogg Opus of `frames` stereo frames into `target` (an empty real file) and go back to its beginning; BadSound."""
    peaks = _Peaks(frames)
    try:
        with soundfile.SoundFile(
            os.dup(target.fileno()), "w", RATE, 2, format="OGG", subtype="OPUS", compression_level=COMPRESSION
        ) as out:
            for block in blocks:
                both = np.frombuffer(block, dtype=np.int16).reshape(-1, 2)
                out.write(both)
                peaks.add(both)
    except soundfile.SoundFileError as error:
        raise BadSound("could not be encoded") from error
    target.seek(0)
    return Encoded(frames, peaks.told())


def peaks_of(blocks: Iterable[array[int]], frames: int) -> bytes:
    """The picture of sound that is not encoded."""
    peaks = _Peaks(frames)
    for block in blocks:
        peaks.add(np.frombuffer(block, dtype=np.int16).reshape(-1, 2))
    return peaks.told()


class Decoded:
    """Ogg Opus as a WAV file, made while it is read; the plain sound lies in memory meanwhile, 17 MB an hour. BadSound.

    It may be closed by another thread at any moment.
    """

    def __init__(self, kept: Iterable[bytes]) -> None:
        with encoding_file() as file:
            for block in kept:
                file.write(block)
            file.seek(0)
            try:
                self._sound = soundfile.SoundFile(os.dup(file.fileno()))
            except soundfile.SoundFileError as error:
                raise BadSound("not sound") from error
        self._turns = Turns(self._sound.close)
        self.frames = int(self._sound.frames)
        self.size = WAV_HEADER + self.frames * 4

    def blocks(self, start: int, end: int) -> Iterator[bytes]:
        """Bytes of the WAV file from `start` up to and without `end`, a second at a time."""
        end = min(end, self.size)
        if start < WAV_HEADER:
            head = wav_header(self.frames)[start:end]
            if head:
                yield head
            start = WAV_HEADER
        if start >= end:
            return
        first, left = (start - WAV_HEADER) // 4, end - start
        begin = max(0, first - LEAD_FRAMES)  # a decoder that begins a little before gives the very samples of the whole
        skip = start - WAV_HEADER - begin * 4
        at = begin
        while left > 0:
            got = self._frames(at)
            at += len(got)
            block = got.astype("<i2").tobytes()[skip : skip + left]
            skip = max(0, skip - len(got) * 4)
            if block:
                yield block
            left -= len(block)

    def close(self) -> None:
        """Give the decoder back."""
        self._turns.close()

    def _frames(self, at: int) -> npt.NDArray[np.int16]:
        """The frames from there, a second of them at most; BadSound, and ValueError once it is closed."""
        try:
            with self._turns.reading():
                if self._sound.tell() != at:
                    self._sound.seek(at)
                got: npt.NDArray[np.int16] = self._sound.read(BLOCK_FRAMES, dtype="int16", always_2d=True)
        except soundfile.SoundFileError as error:
            raise BadSound("cannot be decoded") from error
        if not len(got):
            raise BadSound("ends too early")
        return got


class _Peaks:
    """The loudest sample of each stretch, block by block."""

    def __init__(self, frames: int) -> None:
        self._each = max(LEAST_PEAK_FRAMES, -(-frames // MOST_PEAKS))
        self._loudest = np.zeros((max(1, -(-frames // self._each)), 2), dtype=np.int32)
        self._at = 0

    def add(self, both: npt.NDArray[np.int16]) -> None:
        both = both[: max(0, len(self._loudest) * self._each - self._at)]  # a file may be longer than its row says
        if not len(both):
            return
        places = (self._at + np.arange(len(both))) // self._each
        starts = np.flatnonzero(np.diff(places, prepend=-1))
        found = np.maximum.reduceat(np.abs(both.astype(np.int32)), starts, axis=0)
        rows = places[starts]
        self._loudest[rows] = np.maximum(self._loudest[rows], found)
        self._at += len(both)

    def told(self) -> bytes:
        return np.round(np.sqrt(np.minimum(self._loudest, 32767) / _FULL_SCALE) * 255).astype(np.uint8).tobytes()


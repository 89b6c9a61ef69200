"""Finds a known recording in what a telephone heard: where it was played, and how like the original it sounded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ivr.catalogue import RECORDINGS_FOLDER, recording_path
from tests.sip.tones import RATE_HZ, Samples

FloatArray = NDArray[np.float64]
PIECE = RATE_HZ // 4
SLIP = RATE_HZ // 4
PLAYED = 0.8  # likeness; measured: a recording that was played scores 1.00, one that was not 0.46 at most


@dataclass(frozen=True, slots=True)
class Match:
    """The best place of a recording: seconds from the start, and likeness, 1.0 being the same."""

    at_s: float
    likeness: float

    @property
    def is_played(self) -> bool:
        """True when nobody could take it for anything else."""
        return self.likeness >= PLAYED


def prompt(key: str, first_s: float = 60.0) -> Samples:
    """The recording of a prompt as it is shipped, or its first seconds."""
    data = recording_path(RECORDINGS_FOLDER, key).read_bytes()
    return np.frombuffer(data[44:], dtype="<i2").astype(np.int16)[: round(first_s * RATE_HZ)]


def find(wanted: Samples, heard: Samples) -> Match:
    """Where the recording was played best, and how like it was piece by piece.

    Piece by piece, because a telephone on a busy machine now and then hears 20 ms late or not at all. Nothing is found in less
    sound than the recording has.
    """
    if len(heard) < len(wanted):
        return Match(0.0, 0.0)
    best = int(np.argmax(_likeness(wanted, heard)))
    likes, weights = [], []
    for start in range(0, len(wanted) - PIECE + 1, PIECE):
        piece = wanted[start : start + PIECE]
        place = heard[max(0, best + start - SLIP) : best + start + PIECE + SLIP]
        likes.append(float(np.max(_likeness(piece, place))) if len(place) >= PIECE else 0.0)
        weights.append(float(np.sum(piece.astype(np.float64) ** 2)) + 1.0)
    return Match(best / RATE_HZ, float(np.average(likes, weights=weights)))


def _likeness(wanted: Samples, heard: Samples) -> FloatArray:
    """Normalised cross-correlation at every place."""
    size, pattern, sound = len(wanted), wanted.astype(np.float64), heard.astype(np.float64)
    turn = 1 << (len(sound) + size).bit_length()
    product = np.fft.irfft(np.fft.rfft(sound, turn) * np.conj(np.fft.rfft(pattern, turn)), turn)[: len(sound) - size + 1]
    energy = np.concatenate(([0.0], np.cumsum(sound**2)))
    loudness = np.sqrt(np.maximum(energy[size:] - energy[:-size], size * 100.0) * (np.sum(pattern**2) + 1.0))
    return np.asarray(product / loudness, dtype=np.float64)

"""Owns an ear for one prompt: when its first sample came, found by what its loud part sounds like; pure."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.sip.rtp import FRAME, Heard
from tests.sip.tones import Samples

LOUD = 1000.0  # root mean square of a frame that can be told from others
ALIKE = 0.98  # correlation; A-law alone takes less than 0.001 off it


@dataclass(frozen=True, slots=True)
class Beginning:
    """Loop time at which the first packet of a prompt came; worth nothing where a packet after it was lost (`is_torn`)."""

    arrived_s: float
    is_torn: bool


class PromptEar:
    """Hears a prompt begin. Asterisk plays a file from its first sample, one frame of 20 ms a packet."""

    def __init__(self, recording: Path) -> None:
        """OSError or wave.Error if it cannot be read; ValueError if nothing in it is loud, or it is not of 8 kHz, one channel."""
        with wave.open(str(recording)) as sound:
            if (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) != (1, 2, 8000):
                raise ValueError(f"{recording.name} is not 16 bit, 8 kHz, one channel")
            samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2").astype(np.float64)
        frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
        loud = np.flatnonzero(np.sqrt(np.mean(frames**2, axis=1)) >= LOUD)
        if not len(loud):
            raise ValueError(f"{recording.name} has no loud part")
        self._place = int(loud[0])  # frames before the one that is looked for
        self._wanted = frames[self._place] / np.linalg.norm(frames[self._place])

    def hears(self, packets: Sequence[Heard], begin: int) -> Beginning | None:
        """The prompt's beginning, once its loud part is in packets[begin:]; None until then."""
        for place in range(max(begin, self._place), len(packets)):
            if self._is_wanted(packets[place].samples):
                first = packets[place - self._place]
                is_torn = (packets[place].sequence - first.sequence) % (1 << 16) != self._place
                return Beginning(first.arrived_s, is_torn)
        return None

    def _is_wanted(self, samples: Samples) -> bool:
        if len(samples) != FRAME:
            return False
        size = float(np.linalg.norm(samples.astype(np.float64)))
        return size > 0 and float(np.dot(samples, self._wanted)) / size >= ALIKE

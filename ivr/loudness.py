"""Owns how loud a recording is: the level of its speech, not of its pauses; pure Python, for checks and reports."""

from __future__ import annotations

import math
import sys
import wave
from array import array
from pathlib import Path
from typing import Final

FRAME: Final = 160  # 20 ms at 8 kHz
SPEECH_BELOW_LOUDEST_DB: Final = 30.0


def samples_of(path: Path) -> array[int]:
    """The samples of an 8 kHz mono 16 bit recording."""
    with wave.open(str(path)) as recording:
        samples = array("h", recording.readframes(recording.getnframes()))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def frame_levels(samples: array[int]) -> list[float]:
    """The level in dBFS of each 20 ms."""
    powers = (
        sum(sample * sample for sample in samples[start : start + FRAME]) / FRAME / 32768**2
        for start in range(0, len(samples) - FRAME + 1, FRAME)
    )
    return [10 * math.log10(power + 1e-12) for power in powers]


def speech_level(samples: array[int]) -> float:
    """The level in dBFS of the frames that hold speech: those within 30 dB of the loudest."""
    levels = frame_levels(samples)
    speech = [10 ** (level / 10) for level in levels if level > max(levels) - SPEECH_BELOW_LOUDEST_DB]
    return 10 * math.log10(sum(speech) / len(speech))

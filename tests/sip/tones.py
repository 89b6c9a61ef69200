"""Owns test tones and their measurement on int16 samples at 8 kHz; pure."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.int16]

RATE_HZ = 8000
SILENCE_UNDER = 200


def tone(freq_hz: float, seconds: float, amplitude: float = 8000.0, *, start: int = 0) -> Samples:
    """A sine; `start` is the number of samples already played, so that pieces join without a click."""
    when = np.arange(start, start + round(seconds * RATE_HZ), dtype=np.float64)
    wave = amplitude * np.sin(2 * np.pi * freq_hz * when / RATE_HZ)
    return np.asarray(np.round(wave), dtype=np.int16)


def level_of(samples: Samples, freq_hz: float) -> float:
    """The amplitude of one frequency in the samples (one DFT bin, Hann window); 0 for no samples."""
    if not len(samples):
        return 0.0
    window = np.hanning(len(samples) + 2)[1:-1]
    turn = np.exp(-2j * np.pi * freq_hz * np.arange(len(samples)) / RATE_HZ)
    return float(2 * abs(np.sum(samples * window * turn)) / np.sum(window))


def silent_ms(samples: Samples, *, under: int = SILENCE_UNDER) -> float:
    """The longest run of samples that all stay under a threshold, in milliseconds."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) >= under)
    edges = np.concatenate(([-1], loud, [len(samples)]))
    return float(np.max(np.diff(edges)) - 1) * 1000 / RATE_HZ


def dominant(samples: Samples, *, under: int = SILENCE_UNDER) -> float:
    """The loudest frequency above 50 Hz; 0 when nothing is as loud as the threshold."""
    if len(samples) < 80:
        return 0.0
    size = max(RATE_HZ, len(samples))  # zero padding: bins of 1 Hz or finer
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), size))
    spectrum[: round(50 * size / RATE_HZ)] = 0
    freq_hz = float(np.argmax(spectrum)) * RATE_HZ / size
    return freq_hz if level_of(samples, freq_hz) >= under else 0.0


def absent_ms(samples: Samples, freq_hz: float, *, under: float = 4000.0) -> float:
    """The longest time without this tone at that amplitude, in milliseconds, to 10 ms."""
    step, window = RATE_HZ // 100, RATE_HZ // 25
    there = [level_of(samples[at : at + window], freq_hz) >= under for at in range(0, len(samples) - window, step)]
    longest = run = 0
    for is_there in there:
        run = 0 if is_there else run + 1
        longest = max(longest, run)
    return longest * 10.0


def frames_with(samples: Samples, freq_hz: float, *, under: float = 2000.0) -> NDArray[np.bool_]:
    """Which frames of 20 ms have this tone at that amplitude; what is over of the last one is not looked at."""
    frame = RATE_HZ // 50
    whole = samples[: len(samples) // frame * frame].reshape(-1, frame).astype(np.float64)
    turn = np.exp(-2j * np.pi * freq_hz * np.arange(frame) / RATE_HZ)
    return np.asarray(np.abs(whole @ turn) * 2 / frame > under)


def place_of(piece: Samples, wanted: Samples) -> float:
    """Where a recording is heard, in seconds; AssertionError unless nearly every sample of it is there."""
    spoken, sound = wanted.astype(np.float64), piece.astype(np.float64)
    size = len(sound) + len(spoken)
    product = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(spoken, size)), size)[: len(sound) - len(spoken) + 1]
    at = int(np.argmax(product))
    likeness = product[at] / np.linalg.norm(spoken) / np.linalg.norm(sound[at : at + len(spoken)])
    assert likeness > 0.95, f"not heard: {likeness:.2f} at {at / RATE_HZ:.1f} s"
    return at / RATE_HZ

"""What the probe heard: packets put on one timeline, a recording found in it, a tone, loudness; pure.

No numpy: the hotline runs without it, and a few seconds of telephone sound need none. Sound is signed, 16 bits, 8 kHz.
"""

from __future__ import annotations

import math
import struct
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import mul
from typing import Final

RATE: Final = 8000
SHIFT: Final = 1 << 15  # makes every sample positive
PIECE: Final = RATE // 2
SLIP: Final = RATE // 8  # a carrier's jitter buffer may shift a piece by so much
LOUD: Final = 200.0  # root mean square; below it a piece of a recording says nothing
FAINT: Final = 14.0  # likewise of what was heard
SILENCE_DB: Final = -99.0
FRAME: Final = RATE // 20
TONE_SHARE: Final = 0.8  # of a frame's energy; speech and music stay below it
TONE_FRAMES: Final = 8  # in a row
GAP: Final = RATE  # a timestamp further away than this begins a new clock

Sound = Sequence[int]


@dataclass(frozen=True, slots=True)
class Match:
    """The best place of a recording: seconds from the start, likeness (1.0 is the same), and level in dB to the recording."""

    at_s: float
    likeness: float
    level_db: float


def timeline(packets: Iterable[tuple[float, int, bytes]]) -> array[int]:
    """Packets of (arrival in seconds, RTP timestamp, unsigned 8-bit sound) as one piece of sound; what is missing is silence."""
    heard: array[int] = array("h")
    began = clock = base = 0.0
    for at, timestamp, data in packets:
        if not heard:
            began, clock, base = at, float(timestamp), 0.0
        place = round(base + timestamp - clock)
        if abs(place - round((at - began) * RATE)) > GAP:  # another sender's clock: the arrival counts
            clock, base = float(timestamp), (at - began) * RATE
            place = round(base)
        place = max(0, place)
        if len(heard) < place + len(data):
            heard.extend([0] * (place + len(data) - len(heard)))
        heard[place : place + len(data)] = array("h", [(value - 128) << 8 for value in data])
    return heard


def rms(sound: Sound) -> float:
    """How loud; 0 for no sound."""
    return math.sqrt(sum(map(mul, sound, sound)) / len(sound)) if len(sound) else 0.0


def find(wanted: Sound, heard: Sound) -> Match:
    """Where the recording was played best, how like it was, and how loud.

    Piece by piece, because sound on its way may be late or lost for a moment: the loudest piece gives the place, the others must
    be near where they belong. Likeness is their mean, weighted by energy.
    """
    starts = [start for start in range(0, len(wanted) - PIECE + 1, PIECE) if rms(wanted[start : start + PIECE]) >= LOUD]
    if not starts:
        return Match(0.0, 0.0, 0.0)
    anchor = max(starts, key=lambda start: rms(wanted[start : start + PIECE]))
    place = _best(wanted[anchor : anchor + PIECE], heard)[0] - anchor
    likes = weights = dots = 0.0
    for start in starts:
        piece = wanted[start : start + PIECE]
        near = heard[max(0, place + start - SLIP) : max(0, place + start + PIECE + SLIP)]
        _, likeness, gain = _best(piece, near)
        energy = float(sum(map(mul, piece, piece)))
        likes += likeness * energy
        dots += gain * energy
        weights += energy
    gain = dots / weights
    return Match(place / RATE, likes / weights, 20 * math.log10(gain) if gain > 0 else SILENCE_DB)


def _best(piece: Sound, heard: Sound) -> tuple[int, float, float]:
    """(where, normalised correlation, gain) of the best place; likeness 0 where there is none."""
    size, energy = len(piece), float(sum(map(mul, piece, piece)))
    sums = [0, *accumulate(map(mul, heard, heard))]
    best = (0, 0.0, 0.0)
    for at, dot in enumerate(products(piece, heard)):
        there = sums[at + size] - sums[at]
        if dot > 0 and there >= size * FAINT**2 and dot * dot > best[1] ** 2 * there * energy:
            best = (at, dot / math.sqrt(there * energy), dot / energy)
    return best


def products(piece: Sound, heard: Sound) -> list[int]:
    """The scalar product of the piece with the sound at each place where it fits.

    By one multiplication of two long integers, whose digits of 64 bits are the samples (Kronecker's substitution): a hundred times
    quicker than sums in Python. Samples are made positive for that, and what it adds is taken away again.
    """
    size, places = len(piece), len(heard) - len(piece) + 1
    if places < 1:
        return []
    product = _long(reversed(piece), size) * _long(heard, len(heard))
    digits = struct.unpack(f"<{len(heard) + size}Q", product.to_bytes(8 * (len(heard) + size), "little"))
    added = SHIFT * sum(piece) + size * SHIFT * SHIFT
    sums = [0, *accumulate(heard)]
    return [digits[at + size - 1] - added - SHIFT * (sums[at + size] - sums[at]) for at in range(places)]


def _long(sound: Iterable[int], size: int) -> int:
    return int.from_bytes(struct.pack(f"<{size}Q", *(value + SHIFT for value in sound)), "little")


def tone_at(heard: Sound, frequency: int) -> float | None:
    """When a pure tone of this frequency began, in seconds; None without one that lasts."""
    held = 0
    for at in range(0, len(heard) - FRAME + 1, FRAME):
        frame = heard[at : at + FRAME]
        held = held + 1 if rms(frame) >= LOUD and _share(frame, frequency) >= TONE_SHARE else 0
        if held == TONE_FRAMES:
            return (at - (TONE_FRAMES - 1) * FRAME) / RATE
    return None


def _share(frame: Sound, frequency: int) -> float:
    """The tone's share of the frame's energy, by Goertzel's algorithm."""
    turn = 2 * math.cos(2 * math.pi * frequency / RATE)
    one = two = 0.0
    for value in frame:
        one, two = value + turn * one - two, one
    power = one * one + two * two - turn * one * two
    energy = float(sum(map(mul, frame, frame)))
    return 2 * power / (len(frame) * energy)

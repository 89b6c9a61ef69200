"""What the probe heard: packets put on one timeline, a recording found in it, a tone, loudness; pure.

No numpy: the hotline runs without it, and a few seconds of telephone sound need none. Sound is signed, 16 bits, 8 kHz.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import mul
from typing import Final

RATE: Final = 8000
COARSE: Final = 4  # samples of the first look are so many of these together
PIECE: Final = RATE // 2
SLIP: Final = RATE // 8  # a carrier's jitter buffer may shift a piece by so much
LOUD: Final = 200.0  # root mean square; below it a piece says nothing
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
    if not starts or len(heard) < PIECE:
        return Match(0.0, 0.0, 0.0)
    anchor = max(starts, key=lambda start: rms(wanted[start : start + PIECE]))
    rough = _best(_coarse(wanted[anchor : anchor + PIECE]), _coarse(heard))[0] * COARSE
    likes = weights = dots = 0.0
    place = 0
    for start in [anchor, *(other for other in starts if other != anchor)]:
        piece = wanted[start : start + PIECE]
        near = rough if start == anchor else place + start - anchor
        slip = COARSE * 2 if start == anchor else SLIP
        at, likeness, gain = _near(piece, heard, near, slip)
        if start == anchor:
            place = at
        energy = float(sum(map(mul, piece, piece)))
        likes += likeness * energy
        dots += gain * energy
        weights += energy
    gain = dots / weights
    return Match((place - anchor) / RATE, likes / weights, 20 * math.log10(gain) if gain > 0 else -99.0)


def _near(piece: Sound, heard: Sound, near: int, slip: int) -> tuple[int, float, float]:
    """The best place around `near`: (where, likeness, gain); a coarse look first where there is much to look at."""
    first, last = max(0, near - slip), min(len(heard), near + slip + len(piece))
    if last - first < len(piece):
        return near, 0.0, 0.0
    if slip > COARSE * 2:
        near = first + _best(_coarse(piece), _coarse(heard[first:last]))[0] * COARSE
        first, last = max(0, near - COARSE * 2), min(len(heard), near + COARSE * 2 + len(piece))
        if last - first < len(piece):
            return near, 0.0, 0.0
    at, likeness, gain = _best(piece, heard[first:last])
    return first + at, likeness, gain


def _best(piece: Sound, heard: Sound) -> tuple[int, float, float]:
    """(where, normalised correlation, gain) of the best place."""
    size, energy = len(piece), float(sum(map(mul, piece, piece)))
    sums = [0, *accumulate(map(mul, heard, heard))]
    found = (0, 0.0, 0.0)
    for at in range(len(heard) - size + 1):
        there = sums[at + size] - sums[at]
        if there < size * LOUD:  # nearly silent
            continue
        dot = sum(map(mul, piece, heard[at : at + size]))
        likeness = dot / math.sqrt(there * energy)
        if likeness > found[1]:
            found = (at, likeness, dot / energy)
    return found


def _coarse(sound: Sound) -> list[int]:
    return [sum(sound[at : at + COARSE]) // COARSE for at in range(0, len(sound) - COARSE + 1, COARSE)]


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

"""Owns what a campaign asks of a recording: how much of a tone is in it, its row, the proof of all, and the alarm beside it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from dataclasses import dataclass, field

import httpx
import numpy as np

from tests.running.instance import CHECKOUT, Hotline
from tests.sip.call import Call
from tests.sip.rtp import PTIME_S, Tone
from tests.sip.tones import Samples, frames_with

CLOCK_S = 0.15  # a frame on its way, and one at each edge
MADE_S, ALARM_S = 90.0, 20.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What one side of a recording has of a tone: from its first frame to its last, and what is not there in between (seconds)."""

    begins_s: float
    span_s: float
    holes_s: float

    @property
    def sound_s(self) -> float:
        """The frames that are there."""
        return self.span_s - self.holes_s


def kept_of(samples: Samples, freq_hz: float) -> Kept:
    """Frame by frame of 20 ms."""
    there = np.flatnonzero(frames_with(samples, freq_hz))
    if not len(there):
        return Kept(0.0, 0.0, 0.0)
    span = int(there[-1] - there[0]) + 1
    return Kept(int(there[0]) * PTIME_S, span * PTIME_S, (span - len(there)) * PTIME_S)


@dataclass(slots=True)
class Mark:
    """A tone that a telephone sends from now on, until `ends`; how long that was, and how much was really sent."""

    call: Call
    freq_hz: float
    began_at: float = field(init=False)
    _began_s: float = field(init=False)
    _first: int = field(init=False)
    _over: tuple[float, int] | None = None

    def __post_init__(self) -> None:
        self.call.send(Tone(self.freq_hz))
        self.began_at, self._began_s, self._first = time.time(), time.monotonic(), self.call.rtp.sent_packets

    def ends(self) -> None:
        """Now: something else is sent, or whoever hears it is gone."""
        if self._over is None:
            self._over = (time.monotonic(), self.call.rtp.sent_packets)

    @property
    def lasted_s(self) -> float:
        """By the clock."""
        return (self._over[0] if self._over else time.monotonic()) - self._began_s

    @property
    def unsent_s(self) -> float:
        """What a busy machine did not let the telephone send; such frames can be in no recording."""
        sent = (self._over[1] if self._over else self.call.rtp.sent_packets) - self._first
        return max(0.0, self.lasted_s - sent * PTIME_S)

    @property
    def unsure_s(self) -> float:
        """How wrong a count may be: the edges, and how long the telephone was let send nothing at a time."""
        return CLOCK_S + self.call.rtp.longest_pause_s

    def lost_s(self, samples: Samples) -> float:
        """How much of its end is not in the recording."""
        return self.lasted_s - kept_of(samples, self.freq_hz).span_s

    def holes_s(self, samples: Samples) -> float:
        """What is missing between its first frame and its last, and was sent."""
        return max(0.0, kept_of(samples, self.freq_hz).holes_s - self.unsent_s)


async def told(api: httpx.Client, call_id: str, *states: str) -> dict[str, object]:
    """The recording's row once it is in one of these states, else made."""
    ends_at = time.monotonic() + MADE_S
    while time.monotonic() < ends_at:
        rows = (await asyncio.to_thread(api.get, "/api/recordings", params={"limit": 20})).json().get("recordings", [])
        row = next((one for one in rows if one["call_id"] == call_id), None)
        if row is not None and row["state"] in (states or ("ready",)):
            return dict(row)
        await asyncio.sleep(0.3)
    raise AssertionError(f"the recording of {call_id} was not made")


def is_proven(hotline: Hotline) -> bool:
    """`make verify-recordings` finds nothing."""
    command = [sys.executable, "-m", "recordings", "verify"]
    done = subprocess.run(command, cwd=CHECKOUT, env=hotline.environment, capture_output=True, check=False, timeout=60)
    return done.returncode == 0


def parts(hotline: Hotline) -> dict[str, str]:
    """What health says of each part that is not well."""
    try:
        found = hotline.health()["parts"]
    except (httpx.HTTPError, ValueError):
        return {"front": "down"}
    return {name: part["state"] for name, part in found.items() if part["state"] != "up"}


async def alarm(hotline: Hotline, part: str) -> str:
    """Health's word for a part, once it is not well."""
    ends_at = time.monotonic() + ALARM_S
    while time.monotonic() < ends_at:
        state = (await asyncio.to_thread(parts, hotline)).get(part)
        if state is not None:
            return f"health: {part} {state}"
        await asyncio.sleep(0.1)
    raise AssertionError(f"no alarm tells of {part}")

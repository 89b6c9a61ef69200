"""Owns what each party of a call must hear of each other one at each stage, and how loud it was; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tests.sip.tones import RATE_HZ, Samples, level_of

CITIZEN, AGENT, THIRD = "citizen", "agent", "third"
HZ: Mapping[str, float] = {CITIZEN: 500.0, AGENT: 900.0, THIRD: 1300.0}
HEARD, NOT_HEARD = 4000.0, 700.0  # all send 8000; what is left of a stage before fades within the window
MUSIC = 150.0  # root mean square of what is no tone of ours; the quietest second of the songs has 170
WINDOW_S = 1.0

# stage -> ear -> what it must hear; nothing else of the parties may be heard; `music` is asked for, never forbidden
HEARS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "talk": {CITIZEN: (AGENT,), AGENT: (CITIZEN,)},
    "parked": {CITIZEN: ("music",), AGENT: ()},
    "calling": {CITIZEN: ("music",), AGENT: ()},
    "adding": {CITIZEN: (AGENT,), AGENT: (CITIZEN,)},
    "consult": {CITIZEN: ("music",), AGENT: (THIRD,), THIRD: (AGENT,)},
    "swapped": {CITIZEN: (AGENT,), AGENT: (CITIZEN,), THIRD: ("music",)},
    "three": {CITIZEN: (AGENT, THIRD), AGENT: (CITIZEN, THIRD), THIRD: (CITIZEN, AGENT)},
    "handed": {CITIZEN: (THIRD,), THIRD: (CITIZEN,)},
    "led": {CITIZEN: (THIRD,), THIRD: (CITIZEN,)},
    "rescue_on": {AGENT: (THIRD,), THIRD: (AGENT,)},
    "alone": {CITIZEN: ()},
}


@dataclass(frozen=True, slots=True)
class Levels:
    """How loud each party's tone is in a piece of sound, and the rest of it (root mean square)."""

    tones: Mapping[str, float]
    music: float

    @classmethod
    def of(cls, samples: Samples) -> Levels:
        """Measured over the whole piece."""
        tones = {who: level_of(samples, hz) for who, hz in HZ.items()}
        power = float(np.mean(samples.astype(np.float64) ** 2)) if len(samples) else 0.0
        rest = power - sum(level**2 / 2 for level in tones.values())
        return cls(tones, max(0.0, rest) ** 0.5)

    def faults(self, wanted: tuple[str, ...]) -> list[str]:
        """What is not as it must be."""
        found = []
        for who, level in self.tones.items():
            if who in wanted and level < HEARD:
                found.append(f"{who} not heard ({level:.0f})")
            if who not in wanted and level > NOT_HEARD:
                found.append(f"{who} heard ({level:.0f})")
        if "music" in wanted and self.music < MUSIC:
            found.append(f"no music ({self.music:.0f})")
        return found

    def cells(self) -> tuple[str, ...]:
        """Citizen, agent, third, rest."""
        return (*(f"{self.tones[who]:.0f}" for who in HZ), f"{self.music:.0f}")


def muted(stage: str, role: str) -> Mapping[str, tuple[str, ...]]:
    """What must be heard when nobody hears `role`."""
    return {ear: tuple(who for who in heard if who != role) for ear, heard in HEARS[stage].items()}


def piece(samples: Samples, ends_s: float, seconds: float = WINDOW_S) -> Samples:
    """The seconds of a recording before `ends_s` of it."""
    end = max(0, round(ends_s * RATE_HZ))
    return samples[max(0, end - round(seconds * RATE_HZ)) : end]

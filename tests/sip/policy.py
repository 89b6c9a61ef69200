"""Owns what a test telephone does with an incoming call, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """Ring, then answer."""

    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Refuse:
    """Refuse at once: 486 is busy, 603 is declined."""

    status: int


@dataclass(frozen=True, slots=True)
class RingForever:
    """Ring until the caller gives up, or until the test calls `answer` or `reject`."""


Policy = Answer | Refuse | RingForever
BUSY = Refuse(486)
DECLINE = Refuse(603)

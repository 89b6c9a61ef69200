"""Which rings nobody can answer any more: the telephone that was rung has lost its contact and is not back in time; pure.

A ring goes to one contact. A page that lost its websocket only comes back as the same contact and can answer still; a page that was
loaded anew is another one and has never heard of the ring, and one that was killed does not come back at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import assert_never

GRACE_S = 3.0  # a page whose websocket broke is registered again within two


@dataclass(frozen=True, slots=True)
class Rung:
    """The queue rings this agent's telephone on this channel."""

    agent: str
    channel: str


@dataclass(frozen=True, slots=True)
class RingOver:
    """The channel was answered or is gone."""

    channel: str


@dataclass(frozen=True, slots=True)
class ContactLost:
    """Asterisk cannot reach this contact of the agent any more."""

    agent: str
    contact: str


@dataclass(frozen=True, slots=True)
class ContactThere:
    """Asterisk reaches this contact of the agent."""

    agent: str
    contact: str


@dataclass(frozen=True, slots=True)
class Looked:
    """Time has passed; `is_way_open`: a telephone that wants to come back can."""

    is_way_open: bool


RingEvent = Rung | RingOver | ContactLost | ContactThere | Looked


@dataclass(frozen=True, slots=True)
class Ring:
    """One ring; `contact` is known once it is lost, `lost_at` (seconds of a clock that nobody sets) while it is."""

    agent: str
    contact: str | None = None
    lost_at: float | None = None


Rings = Mapping[str, Ring]  # by channel


def step(rings: Rings, event: RingEvent, now_s: float) -> tuple[Rings, list[str]]:
    """The rings after the event, and the channels to be hung up: nobody can answer them."""
    match event:
        case Rung():
            return {**rings, event.channel: Ring(event.agent)}, []
        case RingOver():
            return {channel: ring for channel, ring in rings.items() if channel != event.channel}, []
        case ContactLost():
            return {channel: _lost(ring, event, now_s) for channel, ring in rings.items()}, []
        case ContactThere():
            return {channel: _found(ring, event) for channel, ring in rings.items()}, []
        case Looked():
            if not event.is_way_open:  # nobody can be back: the grace begins when the way is open again
                return {
                    channel: replace(ring, lost_at=None if ring.lost_at is None else now_s) for channel, ring in rings.items()
                }, []
            over = [channel for channel, ring in rings.items() if ring.lost_at is not None and now_s - ring.lost_at >= GRACE_S]
            return {channel: ring for channel, ring in rings.items() if channel not in over}, over
        case _:
            assert_never(event)


def is_any_lost(rings: Rings) -> bool:
    """Whether there is anything to look for."""
    return any(ring.lost_at is not None for ring in rings.values())


def _lost(ring: Ring, event: ContactLost, now_s: float) -> Ring:
    # an agent has one contact at a time: the first that is lost is the one that was rung
    if ring.agent != event.agent or ring.contact not in (None, event.contact) or ring.lost_at is not None:
        return ring
    return replace(ring, contact=event.contact, lost_at=now_s)


def _found(ring: Ring, event: ContactThere) -> Ring:
    return replace(ring, lost_at=None) if (ring.agent, ring.contact) == (event.agent, event.contact) else ring

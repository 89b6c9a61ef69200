"""Owns what a way of bringing somebody in sounds like, step by step: levels at each ear, and the gap that each act made."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from hotline_core.adapters import clock
from tests.running.carriers import wait_for
from tests.running.ears import HEARD, HEARS, HZ, Levels
from tests.running.third import ARRIVES_S, Talk, running_calls, running_leg
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.sip.rtp import PTIME_S
from tests.sip.rtp import Heard as Packet
from tests.sip.tones import level_of

FIRST_ACT = "answer"
BEFORE_S = 0.1  # of what was heard before the click
KEYS_S = 10.0


@dataclass(frozen=True, slots=True)
class Heard:
    """One stage as it was heard: levels by ear, and when they were measured (epoch seconds, the end of the piece)."""

    stage: str
    note: str
    at: float
    must: Mapping[str, tuple[str, ...]]
    levels: Mapping[str, Levels]


@dataclass(frozen=True, slots=True)
class Gap:
    """What one act cost one ear, in milliseconds; None: the ear heard nobody both before and after, or nobody new."""

    act: str
    before: str
    after: str
    ear: str
    hole_ms: float  # longest time without a packet beyond its 20 ms
    tone_ms: float | None  # the same for packets with a tone that was heard before and after
    new_ms: float | None  # from the click until everybody who is new is heard


@dataclass
class Script:
    """A talk that goes through stages; `third` is the telephone of the party, or of the other agent."""

    talk: Talk
    third: SipCaller | None = None
    heard: list[Heard] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    _act: str = FIRST_ACT
    _acted_s: float = 0.0
    _before: dict[str, Call] = field(default_factory=dict)

    async def does(self, act: str, **fields: object) -> None:
        """A click that must not be refused; its moment counts for the gaps."""
        self.happens(act)
        await self.talk.does(act, **fields)

    async def third_answers(self) -> None:
        """The third's telephone is up, within ARRIVES_S."""
        third = self.third
        assert third is not None
        await wait_for(lambda: any(running_calls(third)), "the third answers", ARRIVES_S)

    async def third_gets(self, digits: str) -> None:
        """These keys come to the third's telephone, within ARRIVES_S."""
        assert self.third is not None
        leg = running_leg(self.third)
        await wait_for(lambda: leg.digits == digits, f"keys {digits}", KEYS_S)

    def happens(self, what: str) -> None:
        """Something else than a click begins now."""
        self._act, self._acted_s = what, asyncio.get_running_loop().time()

    async def comes_to(
        self, stage: str, *, note: str = "", wanted: Mapping[str, tuple[str, ...]] | None = None, shown: bool = True
    ) -> None:
        """The live view shows the stage, and every ear hears what it must."""
        if shown:
            await self.talk.stage(stage)
        levels = await self.talk.hears(stage, self.third, wanted=wanted)
        must = wanted if wanted is not None else HEARS[stage]
        ears = {role: self.talk.ear(role, self.third) for role in levels}
        if self.heard:
            self.gaps += [self._gap(stage, role, call, must[role]) for role, call in ears.items() if self._before.get(role) is call]
        self._before = ears
        self.heard.append(Heard(stage, note, clock.now(), must, levels))

    def _gap(self, stage: str, ear: str, call: Call, must: tuple[str, ...]) -> Gap:
        packets = [packet for packet in call.rtp.packets if packet.arrived_s >= self._acted_s - BEFORE_S]
        had = set(self.heard[-1].must.get(ear, ()))
        kept = [who for who in must if who in had and who in HZ]
        new = [who for who in must if who not in had and who in HZ]
        return Gap(
            self._act, self.heard[-1].stage, stage, ear,
            longest_ms([packet.arrived_s for packet in packets]),
            max((longest_ms(_with(packets, HZ[who])) for who in kept), default=None),
            max((_first_ms(packets, HZ[who], self._acted_s) for who in new), default=None),
        )  # fmt: skip


def longest_ms(times: Sequence[float]) -> float:
    """The longest time between two packets beyond the 20 ms that each of them holds."""
    assert len(times) > 1, "no packets"
    return max(0.0, float(np.max(np.diff(times))) - PTIME_S) * 1000


def _with(packets: Sequence[Packet], hz: float) -> list[float]:
    """When packets came that hold this tone."""
    return [packet.arrived_s for packet in packets if level_of(packet.samples, hz) >= HEARD / 2]


def _first_ms(packets: Sequence[Packet], hz: float, since_s: float) -> float:
    times = [at for at in _with(packets, hz) if at >= since_s]
    assert times, "not heard"
    return (times[0] - since_s) * 1000

"""Owns callers who press a key in the menu, hear the next prompt begin and hang up, again and again; and what that cost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.bench.processes import cpu_seconds
from tests.bench.prompt_ear import PromptEar
from tests.sip.agent import SipCaller
from tests.sip.wire import Address

LINE, KEY, NEXT_PROMPT = "12328", "1", "rail-number"
HEARD_BEFORE_S = 0.06  # of the greeting: the keys live from its first sample
ANSWER_S, PROMPT_S = 10.0, 10.0
STILL_SOUNDS = 100  # packets after the key, two seconds: the call lived


class CallFailed(Exception):
    """A call that did not come to the next prompt; its text says what was missing, and names nobody."""


@dataclass(frozen=True, slots=True)
class Side:
    """Whom the callers ring, and the processes that serve them: Asterisk, and the bridge where there is one."""

    name: str
    sip: Address
    pids: tuple[int, ...]


@dataclass(slots=True)
class Round:
    """What the callers of one round saw; `cpu_s` as `Side.pids`."""

    seconds: float = 0.0
    calls: int = 0
    failures: list[str] = field(default_factory=list)  # why, of each call that failed
    waits_ms: list[float] = field(default_factory=list)  # from the key's end to the first sample of the next prompt
    cpu_s: tuple[float, ...] = ()

    @property
    def calls_a_second(self) -> float:
        """As many as the callers got through."""
        return self.calls / self.seconds

    @property
    def calls_a_core(self) -> float:
        """Calls for each second of processor time that Asterisk used."""
        return self.calls / self.cpu_s[0]

    def ms_a_call(self, process: int) -> float:
        """Processor time of a process for one call, in milliseconds."""
        return 1000 * self.cpu_s[process] / self.calls


async def ring_for(side: Side, ear: PromptEar, *, callers: int, seconds: float) -> Round:
    """So many callers at once, each calling anew as soon as it has hung up; AssertionError when no call came through."""
    seen = Round()
    before, began = [cpu_seconds(pid) for pid in side.pids], time.monotonic()
    ends_at = began + seconds

    async def rings(place: int) -> None:
        while time.monotonic() < ends_at:
            try:
                waited = await _one_call(side.sip, f"138557{place:05d}", ear)
            except CallFailed as error:
                seen.failures.append(str(error))
                continue
            seen.calls += 1
            if waited is not None:
                seen.waits_ms.append(1000 * waited)

    await asyncio.gather(*(rings(place) for place in range(callers)))
    seen.seconds = time.monotonic() - began
    seen.cpu_s = tuple(cpu_seconds(pid) - used for pid, used in zip(side.pids, before, strict=True))
    assert seen.calls, f"nobody heard the next prompt of {side.name}"
    return seen


async def _one_call(sip: Address, number: str, ear: PromptEar) -> float | None:
    """How long the caller waited for the prompt, in seconds; None where a lost packet hides it. CallFailed if it never came."""
    with _missing("no farewell"):
        async with SipCaller(sip, number) as phone:
            with _missing("no answer"):
                call = await phone.call(LINE, timeout_s=ANSWER_S)
                await call.answered.within(ANSWER_S)
            with _missing("no greeting"):
                await call.listen(HEARD_BEFORE_S)
            begin = before = len(call.rtp.packets)
            await call.press(KEY)
            try:
                async with asyncio.timeout(PROMPT_S):
                    while (first := ear.hears(call.rtp.packets, begin)) is None:
                        begin = len(call.rtp.packets)
                        await call.rtp.arrival.wait()
            except TimeoutError:
                lives = len(call.rtp.packets) - before >= STILL_SOUNDS
                raise CallFailed(f"no next prompt, {'another sound' if lives else 'nothing'} was heard") from None
            await call.hang_up()
    assert call.rtp.key_over_s is not None
    return None if first.is_torn else first.arrived_s - call.rtp.key_over_s


@contextmanager
def _missing(what: str) -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise CallFailed(what) from None

"""The disk of running sound fills while ten people talk: what becomes of each call and its sound, the alarm, and the way back."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest
import redis

from hotline_core.adapters.calls_store import CallsStore
from hotline_core.adapters.engine import make_engine
from hotline_core.adapters.ledger import verify
from hotline_core.adapters.live_reader import PART_KEY
from hotline_core.domain.records import RecordingRow
from tests.campaign.conftest import OpenTable
from tests.running.ears import HEARD
from tests.running.facts import recording_of
from tests.running.instance import Hotline
from tests.running.recorded import ALARM_S, Mark, is_proven, kept_of, parts, told
from tests.running.spool_disk import SpoolDisk, spool_disk
from tests.running.third import Cast, Talk, cast_of, city_with_parties, talk_of
from tests.sip.tones import Samples, level_of, silent_ms

pytestmark = pytest.mark.campaign

CALLS = 10
TALK_S, FULL_S, AFTER_S = 10.0, 14.0, 10.0
LEFT_BYTES = 1_000_000  # ten calls write 320 000 a second
FULL_WITHIN_S = 30.0
LOOKS = 4  # a half second spoilt by a busy machine is looked at again
LOST_S = 2.1  # of sound; as after a kill, what Asterisk holds back itself (docs/decisions.md)
SILENCE_MS = 300.0  # the sender of a test on a busy machine has gaps of its own
# What the citizen and the agent say before, while, and after; every frame of a recording tells when it was said.
SAYS = {"before": (600.0, 1000.0), "full": (700.0, 1200.0), "after": (1700.0, 2300.0)}
SIDES = ("citizen", "agent")
FATES = (
    "call", "begun", "stayed up", "longest silence ms", "side", "before: kept of said s", "full: kept of said s",
    "room again: kept of said s", "sides apart s", "recording",
)  # fmt: skip


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[Hotline, SpoolDisk]]:
    """A hotline whose spool is a disk of its own."""
    hotline = Hotline(city_with_parties())
    with spool_disk(hotline.settings.paths.spool) as disk:
        try:
            hotline.start()
            yield hotline, disk
        finally:
            hotline.end()
    hotline.remove()


@dataclass(slots=True)
class Fate:
    """One call, what both said in it and when, and what was seen of it."""

    talk: Talk
    begun: str
    heard_before: int = 0
    marks: dict[str, tuple[Mark, Mark]] = field(default_factory=dict)
    silence_ms: float = 0.0
    stayed: bool = False

    def says(self, when: str) -> None:
        """Both say something else from now on."""
        self.falls_silent()
        if not self.marks:
            self.heard_before = len(self.talk.citizen.heard())
        citizen, agent = SAYS[when]
        self.marks[when] = Mark(self.talk.citizen, citizen), Mark(self.talk.agent_leg, agent)

    def falls_silent(self) -> None:
        """What was said last is over."""
        for each in self.marks.values():
            for mark in each:
                mark.ends()

    def hear_each_other(self, when: str) -> bool:
        """By their own ears."""
        citizen, agent = SAYS[when]
        heard = level_of(self.talk.citizen.heard(0.5), agent), level_of(self.talk.agent_leg.heard(0.5), citizen)
        return min(heard) >= HEARD

    async def ends(self) -> None:
        """The citizen hangs up; what was true of the call until then."""
        self.stayed = not self.talk.citizen.ended.is_set()
        self.silence_ms = silent_ms(self.talk.citizen.heard()[self.heard_before :])
        self.falls_silent()
        await self.talk.citizen.hang_up()


def words(hotline: Hotline) -> list[str]:
    """What the worker's sign of life names of recordings."""
    with redis.Redis(unix_socket_path=str(hotline.settings.paths.redis_socket), socket_timeout=5) as memory:
        sign = memory.get(PART_KEY + "worker")
    return list(json.loads(sign)["recordings"]) if isinstance(sign, bytes) else []


async def until(is_so: Callable[[], bool], within_s: float, what: str) -> float:
    """How long it took, in seconds; AssertionError tells `what` never came."""
    began = time.monotonic()
    while not await asyncio.to_thread(is_so):
        assert time.monotonic() - began < within_s, what
        await asyncio.sleep(0.05)
    return time.monotonic() - began


async def joined(stack: AsyncExitStack, cast: Cast, begun: str) -> Fate:
    """One more citizen talks with an agent."""
    return Fate(await stack.enter_async_context(talk_of(cast)), begun)


async def test_ten_talks_go_on_while_the_disk_of_running_sound_is_full_and_are_recorded_again_when_there_is_room(
    place: tuple[Hotline, SpoolDisk], table: OpenTable
) -> None:
    """Nobody is cut off or hears it; what had been said is kept, what does not fit is lost, and an alarm tells of it."""
    hotline, disk = place
    course = table("recording-disk-full-course", "The disk of running sound fills: course", "what", "after s", "seen")
    async with AsyncExitStack() as stack:
        cast = await stack.enter_async_context(cast_of(hotline, CALLS + 2))
        fates = list(await asyncio.gather(*(joined(stack, cast, "before") for _ in range(CALLS))))
        assert len({fate.talk.agent for fate in fates}) == CALLS, "each with an agent of their own"
        for fate in fates:
            fate.says("before")
        await asyncio.sleep(TALK_S)
        course.add("ten talk", f"{TALK_S:.1f}", said_of(hotline))
        assert "no_room" not in words(hotline)
        disk.leaves(LEFT_BYTES)
        filled = asyncio.create_task(until(lambda: disk.is_full, FULL_WITHIN_S, "the disk is full"), name="filled")
        alarm_s = await until(lambda: "no_room" in words(hotline), ALARM_S, "an alarm tells of it")
        await until(lambda: "recordings" in parts(hotline), ALARM_S, "health tells of it")
        course.add(f"room for {LEFT_BYTES} bytes is left: alarm", f"{alarm_s:.1f}", said_of(hotline))
        course.add("not one byte more fits", f"{await filled:.1f}", said_of(hotline))
        full_at = time.monotonic()
        for fate in fates:
            fate.says("full")
        fates.append(await joined(stack, cast, "full"))
        fates[-1].says("full")
        await asyncio.sleep(max(1.0, FULL_S - (time.monotonic() - full_at)))
        for _ in range(LOOKS):
            if not (deaf := [number for number, fate in enumerate(fates) if not fate.hear_each_other("full")]):
                break
            await asyncio.sleep(0.5)
        course.add("still full", f"{time.monotonic() - full_at:.1f}", f"{len(fates) - len(deaf)} of {len(fates)} hear each other")
        disk.has_plenty()
        for fate in fates:
            fate.says("after")
        over_s = await until(lambda: "no_room" not in words(hotline), ALARM_S, "the alarm is over")
        course.add("room again: the alarm is over", f"{over_s:.1f}", said_of(hotline))
        fates.append(await joined(stack, cast, "after"))
        fates[-1].says("after")
        await asyncio.sleep(AFTER_S)
        await asyncio.gather(*(fate.ends() for fate in fates))
        faults = [fault for number, fate in enumerate(fates) for fault in await judged(cast, number + 1, fate, table)]
    assert deaf == [], "all hear each other whatever the disk does"
    assert faults == []
    assert verify(hotline.home / "ledger").ok
    assert is_proven(hotline)


def said_of(hotline: Hotline) -> str:
    """Health's word and the worker's, for the table."""
    return f"health: recordings {parts(hotline).get('recordings', 'up')} ({' '.join(words(hotline)) or 'nothing'})"


def row_of(hotline: Hotline, call_id: str) -> RecordingRow:
    """With what the API does not tell: why."""
    engine = make_engine(hotline.settings.calls_url)
    try:
        row = CallsStore(engine).recording(call_id)
    finally:
        engine.dispose()
    assert row is not None
    return row


async def judged(cast: Cast, number: int, fate: Fate, table: OpenTable) -> list[str]:
    """A row of the table for each side; what is not as it must be."""
    state = str((await told(cast.api, fate.talk.call_id, "ready", "failed"))["state"])
    row = await asyncio.to_thread(row_of, cast.hotline, fate.talk.call_id)
    sounds: tuple[Samples, Samples] | None = None
    if state == "ready":
        sounds = await recording_of(cast.api, fate.talk.call_id)
    apart = "" if sounds is None else f"{_apart_s(fate, sounds):.2f}"
    for side, name in enumerate(SIDES):
        cells = (_cell(fate, when, side, sounds) for when in SAYS)
        table("recording-disk-full", "The disk of running sound fills: each call", *FATES).add(
            number, fate.begun, "yes" if fate.stayed else "no", f"{fate.silence_ms:.0f}", name, *cells, apart,
            ", ".join((state, row.detail)) if row.detail else state,
        )  # fmt: skip
    return [f"call {number}, begun {fate.begun}: {fault}" for fault in _faults(fate, state, row.detail, sounds)]


def _cell(fate: Fate, when: str, side: int, sounds: tuple[Samples, Samples] | None) -> str:
    if when not in fate.marks:
        return ""
    mark = fate.marks[when][side]
    kept_s = kept_of(sounds[side], mark.freq_hz).sound_s if sounds else 0.0
    return f"{kept_s:.2f} of {mark.lasted_s:.2f}"


def _apart_s(fate: Fate, sounds: tuple[Samples, Samples]) -> float:
    """How far apart in the file the two sides have what was said at one moment, once there was room again."""
    begins = [kept_of(sounds[side], fate.marks["after"][side].freq_hz).begins_s for side in range(2)]
    return abs(begins[0] - begins[1])


def _faults(fate: Fate, state: str, detail: str | None, sounds: tuple[Samples, Samples] | None) -> list[str]:
    found = [] if fate.stayed else ["was cut off"]
    most_ms = SILENCE_MS + max(agent.unsure_s for _, agent in fate.marks.values()) * 1000
    if fate.silence_ms > most_ms:
        found.append(f"the citizen heard nothing for {fate.silence_ms:.0f} ms")
    if sounds is None:
        # A file that was begun while not even its header could be written: lost, and the row says so.
        return found if fate.begun == "full" and detail else [*found, f"the recording is {state} ({detail})"]
    if fate.begun == "full":
        return found
    most_s = LOST_S if fate.begun == "before" else 0.0
    for when in ("before", "after"):
        for side, mark in enumerate(fate.marks.get(when, ())):
            if (lost_s := mark.lost_s(sounds[side])) > most_s + mark.unsure_s:
                found.append(f"{when}: {lost_s:.2f} s of the {SIDES[side]} are lost")
            if (holes_s := mark.holes_s(sounds[side])) > mark.unsure_s:
                found.append(f"{when}: {holes_s:.2f} s are missing within the {SIDES[side]}'s")
    return found

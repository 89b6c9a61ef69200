"""What a kill costs of a recording, in seconds: Asterisk in mid-call, the finaliser in mid-work, the power of the whole machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import struct
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx
import pytest

from hotline_core.adapters.ledger import verify
from recordings.cabinet import open_cabinet
from recordings.naming import spool_names
from recordings.verifying import verify as verify_recordings
from tests.campaign.conftest import OpenTable
from tests.integration.servers import RedisServer, wait_until
from tests.integration.test_recording_crashes import Place
from tests.running.facts import recording_of, stored_call
from tests.running.instance import Hotline, running
from tests.running.powercut import Disk, disk_under, processes_of
from tests.running.recorded import MADE_S, Mark, alarm, is_proven, parts, told
from tests.running.third import Talk, cast_of, city_with_parties, talk_of
from tests.sip.tones import RATE_HZ, Samples

pytestmark = pytest.mark.campaign
CITIZEN_HZ, AGENT_HZ = 1700.0, 2300.0  # from a known moment on they send this, so that what is missing can be counted
KILL_S, POWER_S = 2.1, 10.0  # docs/decisions.md; of sound
BACK_S = 60.0
COLUMNS = (
    "what was killed", "time", "in the call after s", "lost of citizen and agent s", "missing before that s", "at most s",
    "said of the recording", "told how",
)  # fmt: skip


@pytest.fixture(scope="module")
def hotline() -> Iterator[Hotline]:
    """One for all kills of a part."""
    with running(city_with_parties()) as one:
        yield one


@pytest.fixture(scope="module")
def machine() -> Iterator[tuple[Hotline, Disk]]:
    """A hotline whose home lies on a disk of its own, in memory: how long this machine's disk takes is not what is asked."""
    hotline = Hotline(city_with_parties())
    city = (hotline.home / "city.yaml").read_bytes()
    with disk_under(hotline.home, Path("/dev/shm") / f"{hotline.home.name}.ext4") as disk:
        hotline.home.chmod(0o700)
        (hotline.home / "city.yaml").write_bytes(city)
        try:
            hotline.start()
            os.sync()  # a city that is in service was set up long ago
            yield hotline, disk
        finally:
            hotline.end()
    hotline.remove()


@dataclass(slots=True)
class Marks:
    """Both sides of a talk say something of their own from a known moment on."""

    citizen: Mark
    agent: Mark

    def end(self) -> None:
        """Now."""
        self.citizen.ends()
        self.agent.ends()

    def cells(self, sounds: tuple[Samples, Samples]) -> tuple[str, str]:
        """For the table: lost at the end of each side, missing before that; in seconds."""
        lost = self.citizen.lost_s(sounds[0]), self.agent.lost_s(sounds[1])
        holes = self.citizen.holes_s(sounds[0]), self.agent.holes_s(sounds[1])
        return f"{lost[0]:.2f} and {lost[1]:.2f}", f"{holes[0]:.2f} and {holes[1]:.2f}"

    def check(self, sounds: tuple[Samples, Samples], most_s: float) -> None:
        """No side lost more at its end, and nothing is missing before it."""
        for mark, sound in zip((self.citizen, self.agent), sounds, strict=True):
            assert mark.lost_s(sound) <= most_s + mark.unsure_s
            assert mark.holes_s(sound) <= mark.unsure_s


async def marked(talk: Talk, talks_s: float) -> Marks:
    """Citizen and agent speak so long, with their marks from its beginning."""
    marks = Marks(Mark(talk.citizen, CITIZEN_HZ), Mark(talk.agent_leg, AGENT_HZ))
    await asyncio.sleep(talks_s)
    return marks


async def test_asterisk_killed_in_mid_call_costs_at_most_what_it_had_not_written(
    hotline: Hotline, runs: Callable[[int], int], seed: int, table: OpenTable
) -> None:
    """`kill -9`; everything before is kept, the call is told as cut off, and the recording is whole and proven."""
    chance = Random(seed)
    for time_ in range(runs(5)):
        async with cast_of(hotline, 1) as cast, talk_of(cast) as talk:
            talks_s = 6.0 + chance.random() * 6.0
            marks = await marked(talk, talks_s)
            await asyncio.to_thread(hotline.signal, "asterisk", signal.SIGKILL)
            marks.end()  # who it is was asked of the supervisor first
            shown = await alarm(hotline, "asterisk")
            await asyncio.to_thread(hotline.wait, hotline.is_ready, BACK_S, "Asterisk is back")
            row = await told(cast.api, talk.call_id)
            stored = await stored_call(cast.api, talk.call_id, state="ended")
            sounds = await recording_of(cast.api, talk.call_id)
            table("recording-kills", "What a kill costs of a recording", *COLUMNS).add(
                "Asterisk", time_ + 1, f"{talks_s:.1f}", *marks.cells(sounds), KILL_S, row["state"],
                f"{shown}; call {stored['outcome']}",
            )  # fmt: skip
            marks.check(sounds, KILL_S)
            assert is_proven(hotline)


async def test_the_finaliser_killed_in_mid_work_costs_nothing(
    hotline: Hotline, runs: Callable[[int], int], seed: int, table: OpenTable
) -> None:
    """Killed again and again from the end of the call on; for six seconds it does not come back at all, which is an alarm."""
    chance = Random(seed)
    async with cast_of(hotline, 1) as cast:
        for time_ in range(runs(3)):
            async with talk_of(cast) as talk:
                talks_s = 12.0
                marks = await marked(talk, talks_s)
                marks.end()
                await talk.everybody_hangs_up()
                kills, stops_at = 0, time.monotonic() + 8.0
                shown = ""
                while time.monotonic() < stops_at:
                    try:
                        await asyncio.to_thread(hotline.signal, "worker", signal.SIGKILL)
                        kills += 1
                    except ProcessLookupError:
                        pass  # not up yet
                    state = (await asyncio.to_thread(parts, hotline)).get("worker")
                    shown = shown or (f"health: worker {state}" if state else "")
                    await asyncio.sleep(0.1 + chance.random() * 0.6)
                row = await told(cast.api, talk.call_id)
                sounds = await recording_of(cast.api, talk.call_id)
                table("recording-kills", "What a kill costs of a recording", *COLUMNS).add(
                    f"finaliser, {kills} times", time_ + 1, f"{talks_s:.1f}", *marks.cells(sounds), 0, row["state"], shown
                )
                assert shown, "who does not come back is an alarm"
                marks.check(sounds, 0.0)
                assert is_proven(hotline)
                assert not list((hotline.home / "recordings").rglob("*.part"))


async def test_the_power_cut_in_mid_call_costs_at_most_ten_seconds_and_all_the_rest_is_repaired(
    machine: tuple[Hotline, Disk], runs: Callable[[int], int], seed: int, table: OpenTable
) -> None:
    """What only memory had is gone, of every file at once; after the boot ledger, databases, keys and chain agree."""
    hotline, disk = machine
    chance = Random(seed)
    for time_ in range(runs(4)):
        talks_s = 14.0 + chance.random() * 9.0
        async with cast_of(hotline, 1) as cast, talk_of(cast) as before:
            await marked(before, 4.0)
            await before.everybody_hangs_up()
            await told(cast.api, before.call_id)  # a recording of a minute ago is on the disk with all that belongs to it
        marks, call_id, shown = await _cut_in_mid_call(hotline, disk, talks_s)
        with hotline.api() as api:
            row = await told(api, call_id)
            await told(api, before.call_id)
            sounds = await recording_of(api, call_id)
            stored = await stored_call(api, call_id, state="ended")
            listed = (await asyncio.to_thread(api.get, "/api/callbacks")).json()
        lost_s = max(marks.citizen.lost_s(sounds[0]), marks.agent.lost_s(sounds[1]))
        is_listed = any(one["caller"] == stored["caller"] for one in listed["callbacks"])
        how = f"recordings {shown} before; call {stored['outcome']}, {'on the call-back list' if is_listed else 'not listed'}"
        table("recording-kills", "What a kill costs of a recording", *COLUMNS).add(
            "power of the machine", time_ + 1, f"{talks_s:.1f}", *marks.cells(sounds), POWER_S, row["state"], how
        )
        assert lost_s <= POWER_S
        assert is_listed
        assert verify(hotline.home / "ledger").ok
        assert is_proven(hotline)


async def _cut_in_mid_call(hotline: Hotline, disk: Disk, talks_s: float) -> tuple[Marks, str, str]:
    """A call until the power goes, and the boot after it: what both said, the call's id, and what health said of recordings
    just before."""
    known: tuple[Marks, str, str] | None = None
    try:
        async with cast_of(hotline, 1) as cast, talk_of(cast) as talk:
            marks = await marked(talk, talks_s)
            shown = (await asyncio.to_thread(parts, hotline)).get("recordings", "up")
            processes = await asyncio.to_thread(processes_of, hotline.home)
            hotline.let_go()
            await asyncio.to_thread(disk.cut, processes)
            marks.end()
            known = (marks, talk.call_id, shown)
            await asyncio.to_thread(disk.boot)
            await asyncio.to_thread(hotline.start)
    except (OSError, httpx.HTTPError, AssertionError, TimeoutError):
        if known is None:
            raise
    assert hotline.is_ready()
    assert known is not None
    return known


class Phone:
    """Writes sound into the spool as Asterisk does: 20 ms at a time into a buffer of 32 KiB, and never syncs."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = [path.open("wb", buffering=32_768) for path in files]
        for file in self._files:
            form = struct.pack("<IHHIIHH", 16, 1, 1, RATE_HZ, RATE_HZ * 2, 2, 16)
            file.write(b"RIFF" + struct.pack("<I", 0) + b"WAVEfmt " + form + b"data" + struct.pack("<I", 0))

    def talks(self, seconds: float) -> float:
        """In real time; when it began."""
        began, written = time.time(), 0
        while (since := time.time() - began) < seconds:
            frames = int(since * 50) - written
            for file in self._files:
                file.write(b"\x00\x10" * (RATE_HZ // 50) * frames)
            written += frames
            time.sleep(0.02)
        return began

    def dies(self) -> None:
        """What the buffer still held is lost with it."""
        for file in self._files:
            with contextlib.suppress(OSError):
                file.close()


def test_the_power_cut_leaves_what_the_worker_had_brought_to_the_disk_and_every_recording_it_had_made(
    tmp_path: Path, runs: Callable[[int], int], seed: int, table: OpenTable
) -> None:
    """Without the rest of the hotline, so that a busy machine changes little: a call under way, and one that was just made."""
    chance = Random(seed)
    for time_ in range(runs(4)):
        home = Path(tempfile.mkdtemp(prefix="hlp", dir="/tmp"))
        server = RedisServer(tmp_path)
        server.start()
        with disk_under(home, Path("/dev/shm") / f"{home.name}.ext4") as disk:
            lost_s, talks_s = _cut_and_boot(disk, home, server.url, 8.0 + chance.random() * 6.0)
        server.close()
        home.rmdir()
        table("recording-kills", "What a kill costs of a recording", *COLUMNS).add(
            "power, worker alone", time_ + 1, f"{talks_s:.1f}", f"{lost_s:.2f}", "", POWER_S, "ready",
            "the one before: ready, proven",
        )  # fmt: skip
        assert lost_s <= POWER_S


def _cut_and_boot(disk: Disk, home: Path, redis_url: str, talks_s: float) -> tuple[float, float]:
    place = Place(home, redis_url)
    worker = place.start()
    place.call("h1-1.1", 20.0)
    wait_until(lambda: place.is_ready("h1-1.1") and not list((home / "spool").iterdir()), MADE_S, "the call before is made")
    place.ledger.append("call_arrived", "h1-1.2", time.time(), {"line": "12328"}, {"caller": "13800001111", "dialled": "12328"})
    place.ledger.append("recording_started", "h1-1.2", time.time())
    names = spool_names("h1-1.2")
    phone = Phone([home / "spool" / name for name in (names.rx, names.tx)])
    began = phone.talks(talks_s)
    cut_at = disk.cut([worker.pid])
    worker.wait(10)
    phone.dies()
    place.engine.dispose()
    with contextlib.suppress(OSError):
        place.ledger.close()
    disk.boot()
    after = Place(home, redis_url, is_new=False)
    try:
        after.ledger.append("call_ended", "h1-1.2", time.time(), {"by": "unknown", "cause": 0})
        after.start()
        wait_until(lambda: after.is_ready("h1-1.1") and after.is_ready("h1-1.2"), MADE_S, "both are there")
        row = after.row("h1-1.2")
        assert row is not None
        assert verify_recordings(after.engine, open_cabinet(after.settings), {}, lambda _: None).findings == []
        assert verify(home / "ledger").ok
    finally:
        after.close()
    return cut_at - began - (row.length_s or 0.0), talks_s

"""What a kill costs of a recording, in seconds: Asterisk in mid-call, the finaliser in mid-work, the power of the whole machine."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

import httpx
import numpy as np
import pytest

from hotline_core.adapters.ledger import verify
from recordings.cabinet import open_cabinet
from recordings.naming import spool_names
from recordings.verifying import verify as verify_recordings
from tests.campaign.conftest import OpenTable
from tests.integration.servers import RedisServer, wait_until
from tests.integration.test_recording_crashes import Place
from tests.running.facts import recording_of, stored_call
from tests.running.instance import CHECKOUT, Hotline, running
from tests.running.powercut import Disk, disk_under, processes_of
from tests.running.third import Talk, cast_of, city_with_parties, talk_of
from tests.sip.rtp import Tone
from tests.sip.tones import RATE_HZ, Samples

pytestmark = pytest.mark.campaign
MARK_HZ = 1700  # from a known moment on the citizen sends this, so that what is missing can be counted
KILL_S, POWER_S = 2.1, 10.0  # docs/decisions.md; of sound
CLOCK_S = 0.15  # a frame on its way, and one at each edge
BACK_S, MADE_S, ALARM_S = 60.0, 90.0, 20.0
COLUMNS = ("what was killed", "time", "in the call after s", "lost s", "at most s", "said of the recording", "told how")


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
            yield hotline, disk
        finally:
            hotline.end()
    hotline.remove()


async def marked(talk: Talk, talks_s: float) -> float:
    """The citizen speaks so long, with the mark from its beginning; when that was, in epoch seconds."""
    talk.citizen.send(Tone(MARK_HZ))
    since = time.time()
    await asyncio.sleep(talks_s)
    return since


def kept_s(citizen: Samples) -> float:
    """How much of the mark is in the recording, from its first sample to its last."""
    frame = RATE_HZ // 50
    whole = citizen[: len(citizen) // frame * frame].reshape(-1, frame).astype(float)
    wave = np.exp(-2j * np.pi * MARK_HZ * np.arange(frame) / RATE_HZ)
    loud = np.flatnonzero(np.abs(whole @ wave) * 2 / frame > 2000)
    return float(loud[-1] - loud[0] + 1) / 50 if len(loud) else 0.0


async def told(api: httpx.Client, call_id: str) -> dict[str, object]:
    """The recording's row once it is made."""
    ends_at = time.monotonic() + MADE_S
    while time.monotonic() < ends_at:
        rows = (await asyncio.to_thread(api.get, "/api/recordings", params={"limit": 20})).json().get("recordings", [])
        row = next((one for one in rows if one["call_id"] == call_id), None)
        if row is not None and row["state"] == "ready":
            return dict(row)
        await asyncio.sleep(0.3)
    raise AssertionError(f"the recording of {call_id} was not made")


def unsure_s(talk: Talk) -> float:
    """How wrong the count may be: two edges, and how long this machine let the citizen's telephone send nothing."""
    return CLOCK_S + talk.citizen.rtp.longest_pause_s


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
        state = parts(hotline).get(part)
        if state is not None:
            return f"health: {part} {state}"
        await asyncio.sleep(0.1)
    raise AssertionError(f"no alarm tells of {part}")


async def test_asterisk_killed_in_mid_call_costs_at_most_what_it_had_not_written(
    hotline: Hotline, runs: Callable[[int], int], seed: int, table: OpenTable
) -> None:
    """`kill -9`; everything before is kept, the call is told as cut off, and the recording is whole and proven."""
    chance = Random(seed)
    for time_ in range(runs(5)):
        async with cast_of(hotline, 1) as cast, talk_of(cast) as talk:
            talks_s = 6.0 + chance.random() * 6.0
            since = await marked(talk, talks_s)
            died_at = time.time()
            await asyncio.to_thread(hotline.signal, "asterisk", signal.SIGKILL)
            asked_s = time.time() - died_at  # who it is was asked of the supervisor
            shown = await alarm(hotline, "asterisk")
            await asyncio.to_thread(hotline.wait, hotline.is_ready, BACK_S, "Asterisk is back")
            row = await told(cast.api, talk.call_id)
            citizen, _ = await recording_of(cast.api, talk.call_id)
            stored = await stored_call(cast.api, talk.call_id, state="ended")
            lost_s = died_at + asked_s - since - kept_s(citizen)
            table("recording-kills", "What a kill costs of a recording", *COLUMNS).add(
                "Asterisk", time_ + 1, f"{talks_s:.1f}", f"{lost_s:.2f}", KILL_S, row["state"], f"{shown}; call {stored['outcome']}"
            )
            assert lost_s <= KILL_S + unsure_s(talk)
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
                since = await marked(talk, talks_s)
                ended_at = time.time()
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
                citizen, _ = await recording_of(cast.api, talk.call_id)
                lost_s = ended_at - since - kept_s(citizen)
                table("recording-kills", "What a kill costs of a recording", *COLUMNS).add(
                    f"finaliser, {kills} times", time_ + 1, f"{talks_s:.1f}", f"{lost_s:.2f}", 0, row["state"], shown
                )
                assert shown, "who does not come back is an alarm"
                assert lost_s <= unsure_s(talk)
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
        since, died_at, call_id, shown = await _cut_in_mid_call(hotline, disk, talks_s)
        with hotline.api() as api:
            row = await told(api, call_id)
            await told(api, before.call_id)
            citizen, _ = await recording_of(api, call_id)
            stored = await stored_call(api, call_id, state="ended")
            listed = (await asyncio.to_thread(api.get, "/api/callbacks")).json()
        lost_s = died_at - since - kept_s(citizen)
        is_listed = any(one["caller"] == stored["caller"] for one in listed["callbacks"])
        how = f"recordings {shown} before; call {stored['outcome']}, {'on the call-back list' if is_listed else 'not listed'}"
        table("recording-kills", "What a kill costs of a recording", *COLUMNS).add(
            "power of the machine", time_ + 1, f"{talks_s:.1f}", f"{lost_s:.2f}", POWER_S, row["state"], how
        )
        assert lost_s <= POWER_S
        assert is_listed
        assert verify(hotline.home / "ledger").ok
        assert is_proven(hotline)


async def _cut_in_mid_call(hotline: Hotline, disk: Disk, talks_s: float) -> tuple[float, float, str, str]:
    """A call until the power goes, and the boot after it: since when it is marked, when it went, the call's id, and
    what health said of recordings just before."""
    cut = False
    times = (0.0, 0.0, "", "")
    try:
        async with cast_of(hotline, 1) as cast, talk_of(cast) as talk:
            since = await marked(talk, talks_s)
            shown = (await asyncio.to_thread(parts, hotline)).get("recordings", "up")
            processes = await asyncio.to_thread(processes_of, hotline.home)
            hotline.let_go()
            died_at = await asyncio.to_thread(disk.cut, processes)
            cut, times = True, (since, died_at, talk.call_id, shown)
            await asyncio.to_thread(disk.boot)
            await asyncio.to_thread(hotline.start)
    except (OSError, httpx.HTTPError, AssertionError, TimeoutError):
        if not cut:
            raise
    assert hotline.is_ready()
    return times


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
            "power, worker alone", time_ + 1, f"{talks_s:.1f}", f"{lost_s:.2f}", POWER_S, "ready", "the one before: ready, proven"
        )
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

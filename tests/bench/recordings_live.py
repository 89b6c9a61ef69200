"""Series `recordings-live`: fifty recorded callers on the line, with nothing to make, and with an hour of sound to make."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from itertools import pairwise

from sqlalchemy import Engine, func, insert, select

from hotline_core.adapters.calls_schema import CALLS, RECORDINGS
from hotline_core.adapters.engine import make_engine, reading, writing
from hotline_core.domain.records import CallRow
from hotline_core.settings import DEFAULT_CITY
from recordings.naming import spool_names
from tests.bench.processes import cpu_seconds
from tests.bench.recordings import speech
from tests.bench.report import Budget, Options, Picture, Result, Row, Series, distribution
from tests.running.hardware import hardware_agent
from tests.running.instance import Hotline, running
from tests.sip.agent import SipCaller
from tests.sip.call import Call
from tests.sip.policy import Answer
from tests.sip.rtp import Tone

CALLERS, SECONDS, SOUNDS, SOUND_S = 50, 20.0, 6, 600
SMALL_CALLERS, SMALL_SECONDS, SMALL_SOUNDS, SMALL_SOUND_S = 3, 3.0, 2, 60
RECORDED_S, BEGUN_S, MADE_S = 90.0, 30.0, 240.0
CITIZEN_HZ = 500
QUIET = "nothing to make"


@dataclass(frozen=True, slots=True)
class Stretch:
    """What so many seconds of live calls took, in seconds of one core, and each caller's longest gap between two packets."""

    seconds: float
    asterisk_s: float
    worker_s: float
    gaps_ms: tuple[float, ...]
    lost_percent: float


def run(options: Options) -> Result:
    """Start a hotline and measure it."""
    with running(DEFAULT_CITY.read_text(encoding="utf-8").replace("wrap_up_s: 5", "wrap_up_s: 1")) as hotline:
        return measure(hotline, options)


def measure(hotline: Hotline, options: Options) -> Result:
    """The same callers, first with an idle finaliser, then with one that has work."""
    return asyncio.run(_measured(hotline, options))


async def _measured(hotline: Hotline, options: Options) -> Result:
    callers, seconds = (SMALL_CALLERS, SMALL_SECONDS) if options.is_small else (CALLERS, SECONDS)
    sounds, sound_s = (SMALL_SOUNDS, SMALL_SOUND_S) if options.is_small else (SOUNDS, SOUND_S)
    engine = make_engine(hotline.settings.calls_url)
    async with AsyncExitStack() as stack:
        stack.callback(engine.dispose)
        # one agent who talks with the first: the others wait, hear music, and are recorded in both directions
        await stack.enter_async_context(hardware_agent(hotline, "agent1", "1001", policy=Answer()))
        calls = []
        for place in range(callers):
            phone = await stack.enter_async_context(SipCaller(hotline.sip, f"138557{place:05d}"))
            calls.append(await _waiting(phone))
        await asyncio.to_thread(hotline.wait, lambda: _recorded(hotline) >= callers, RECORDED_S, "all are recorded")
        quiet = await _stretch(hotline, calls, seconds)
        await asyncio.to_thread(_put, hotline, engine, options, sounds, sound_s)
        await asyncio.to_thread(hotline.wait, lambda: _drafts(hotline) + _made(engine) > 0, BEGUN_S, "the first is being made")
        busy = await _stretch(hotline, calls, seconds)
        await asyncio.to_thread(hotline.wait, lambda: _made(engine) == sounds, MADE_S, "all are made")
        for call in calls:
            await call.hang_up()
    return result(callers, quiet, busy)


async def _waiting(phone: SipCaller) -> Call:
    call = await phone.call("12328", timeout_s=30.0, source=Tone(CITIZEN_HZ))
    await call.answered.within(30)
    await call.listen(0.2)
    await call.press("0")
    return call


async def _stretch(hotline: Hotline, calls: Sequence[Call], seconds: float) -> Stretch:
    pids = hotline.pid("asterisk"), hotline.pid("worker")
    places = [len(call.rtp.packets) for call in calls]
    before, began = [cpu_seconds(pid) for pid in pids], time.monotonic()
    await asyncio.sleep(seconds)
    took = [cpu_seconds(pid) - was for pid, was in zip(pids, before, strict=True)]
    length_s = time.monotonic() - began
    heard = [call.rtp.packets[place:] for call, place in zip(calls, places, strict=True)]
    gaps = tuple(
        max((later.arrived_s - one.arrived_s for one, later in pairwise(packets)), default=length_s) * 1000
        for packets in heard
    )
    wanted = sum((packets[-1].sequence - packets[0].sequence) % 65536 + 1 for packets in heard if packets)
    came = sum(len(packets) for packets in heard)
    return Stretch(length_s, took[0], took[1], gaps, max(0.0, 100 * (wanted - came) / wanted) if wanted else 100.0)


def _recorded(hotline: Hotline) -> int:
    return len({path.name.removesuffix("-rx.wav") for path in hotline.settings.paths.spool.glob("*-rx.wav")})


def _drafts(hotline: Hotline) -> int:
    return len(list(hotline.settings.paths.recordings.rglob("*.part")))


def _made(engine: Engine) -> int:
    mine = RECORDINGS.c.call_id.startswith("h1-bench.")
    with reading(engine) as connection:
        query = select(func.count()).select_from(RECORDINGS).where(mine, RECORDINGS.c.state == "ready")
        return int(connection.execute(query).scalar_one())


def _put(hotline: Hotline, engine: Engine, options: Options, sounds: int, sound_s: int) -> None:
    """Ended calls whose sound waits in the spool, as after an outage of the worker."""
    once = [options.folder / name for name in ("rx.wav", "tx.wav")]
    for seed, path in enumerate(once):
        speech(path, sound_s, options.seed + seed)
    for number in range(sounds):
        names = spool_names(f"h1-bench.{number}")
        for source, name in zip(once, (names.rx, names.tx), strict=True):
            shutil.copyfile(source, hotline.settings.paths.spool / name)
    at = time.time() - sound_s
    rows = [
        CallRow(f"h1-bench.{n}", "12328", "13855700001", "12328", "ended", at, ended_at=at + sound_s) for n in range(sounds)
    ]  # fmt: skip
    with writing(engine) as connection:
        connection.execute(insert(CALLS), [asdict(row) for row in rows])
        connection.execute(insert(RECORDINGS), [{"call_id": row.call_id, "started_at": at, "state": "pending"} for row in rows])


def result(callers: int, quiet: Stretch, busy: Stretch) -> Result:
    """Rows and picture; pure."""

    def pair(what: str, unit: str, ours: float, peer: float) -> Row:
        return Row(what, unit, (ours,), (peer,), QUIET)

    def share(stretch: Stretch, used_s: float) -> float:
        return used_s / stretch.seconds

    worker = f"the worker's share of a core, {callers} live calls"
    rows = (
        Row(f"{worker}, recordings to make", "", (share(busy, busy.worker_s),), budget=Budget(0.6)),
        Row(f"{worker}, {QUIET}", "", (share(quiet, quiet.worker_s),), budget=Budget(0.1)),
        pair("Asterisk's share of a core, recordings to make", "", share(busy, busy.asterisk_s), share(quiet, quiet.asterisk_s)),
        Row("Asterisk for one live call", "% of a core", (100 * quiet.asterisk_s / quiet.seconds / callers,)),
        pair("longest gap between two packets of any caller", "ms", max(busy.gaps_ms), max(quiet.gaps_ms)),
        pair("packets lost", "%", busy.lost_percent, quiet.lost_percent),
    )
    curves = (distribution("recordings are made", busy.gaps_ms), distribution(QUIET, quiet.gaps_ms))
    return Result(rows, Picture("The longest gap of each caller", "ms", "% of callers", curves), NOTES)


NOTES = (
    "One caller talks with an agent, the others wait and hear music; all are recorded in both directions. The callers are programs "
    "of the same machine and take a part of it.",
    "To make: six recordings of ten minutes, as after an outage of the worker. A single ended call takes tenths of a second.",
)

SERIES = Series(
    "recordings-live",
    "What making recordings costs live calls",
    "Fifty recorded callers are on the line. What of a core do the finaliser and Asterisk take, with nothing to make and with an "
    "hour of sound to make, and do the callers hear it?",
    run,
)

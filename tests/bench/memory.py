"""The series about memory: what each part holds of its own while citizens ring steadily, and how fast that grows."""

from __future__ import annotations

import asyncio
import csv
import time
from collections.abc import Mapping
from pathlib import Path

from hotline_core.settings import DEFAULT_CITY
from tests.bench.processes import family_megabytes
from tests.bench.report import Budget, Curve, Options, Picture, Result, Row, Series
from tests.bench.slope import after_warming, slope
from tests.bench.steady import steady_load
from tests.running.instance import Hotline, running

PARTS = ("asterisk", "bridge", "worker", "desk", "relay", "redis", "front")
SAMPLES = 720  # however long it lasts
SHORTEST_S = 0.5  # between two samples
WARM_UP = 0.25  # of the time: caches fill, threads and buffers are made for the first time
WORTH_A_BUDGET_H = 0.9  # shorter runs see the warming up, not the growth
MOST_MB_AN_HOUR = 10.0  # of all parts together, at this load
SMALL_H = 6 / 3600

Samples = list[tuple[float, Mapping[str, float]]]


def run(options: Options) -> Result:
    """Start a hotline and measure it."""
    city = DEFAULT_CITY.read_text(encoding="utf-8").replace("wrap_up_s: 5", "wrap_up_s: 1")
    with running(city) as hotline:
        return measure(hotline, options)


def measure(hotline: Hotline, options: Options) -> Result:
    """Keep the load up for `options.hours`; AssertionError when a part was started anew meanwhile."""
    return asyncio.run(_measured(hotline, options, SMALL_H if options.is_small else options.hours))


async def _measured(hotline: Hotline, options: Options, hours: float) -> Result:
    pids = {part: hotline.pid(part) for part in PARTS}
    every_s = max(SHORTEST_S, hours * 3600 / SAMPLES)
    samples: Samples = []
    async with steady_load(hotline, options.seed) as load:
        began = time.monotonic()
        while (at_s := time.monotonic() - began) <= hours * 3600:
            samples.append((at_s / 3600, {part: family_megabytes(pid) for part, pid in pids.items()}))
            await asyncio.sleep(every_s)
    assert {part: hotline.pid(part) for part in PARTS} == pids, "a part was started anew meanwhile"
    _write(options.folder / "memory.csv", samples)
    return result(samples, load.served, load.gave_up, load.faults)


def _write(path: Path, samples: Samples) -> None:
    with path.open("w", newline="", encoding="utf-8") as out:
        lines = csv.writer(out)
        lines.writerow(("hours", *PARTS))
        lines.writerows((f"{at:.5f}", *(f"{held[part]:.2f}" for part in PARTS)) for at, held in samples)


def result(samples: Samples, served: int, gave_up: int, faults: list[str]) -> Result:
    """Rows and picture of the samples (hours since the load began, megabytes of each part); pure."""
    times = [at for at, _ in samples]
    first = after_warming(times, WARM_UP)
    is_whole = times[-1] >= WORTH_A_BUDGET_H
    calls_an_hour = (served + gave_up) / times[-1]
    rows, whole = [], 0.0
    for part in PARTS:
        held = [megabytes[part] for _, megabytes in samples]
        grows = slope(times[first:], held[first:])
        whole += grows
        held_told = f"{held[first]:.1f} MB after warming up, {held[-1]:.1f} MB at the end"
        rows.append(Row(f"{part} grows", "MB/h", (grows,), note=held_told))
    limit = Budget(MOST_MB_AN_HOUR) if is_whole else None
    rows.append(Row("all parts grow", "MB/h", (whole,), budget=limit))
    rows.append(Row("all parts grow for each call", "kB", (whole * 1024 / calls_an_hour,)))
    rows.append(Row("calls", "calls/h", (calls_an_hour,), note=f"{served} served, {gave_up} gave up in the menu"))
    rows.append(Row("calls that went wrong", "", (float(len(faults)),), budget=Budget(0)))
    notes = [f"Slopes are Theil and Sen's, without the first {WARM_UP:.0%} of the time."]
    if not is_whole:
        notes.append("A run of less than an hour shows the warming up; its slopes say little.")
    return Result(tuple(rows), _picture(samples), tuple(notes), "\n".join(faults[:20]))


def _picture(samples: Samples) -> Picture:
    minutes = tuple(at * 60 for at, _ in samples)
    start = samples[0][1]
    curves = tuple(Curve(part, minutes, tuple(held[part] - start[part] for _, held in samples)) for part in PARTS)
    return Picture("Memory of each part under steady load", "minutes", "MB more than at the start", curves)


SERIES = Series(
    "memory",
    "Memory under steady load",
    "Does anything grow? Two agents on hardware telephones take the calls of three citizens who ring again and again, every fifth"
    " gives up in the menu; each part's own memory (RssAnon, children included) is sampled. `make bench ONLY=memory HOURS=1` keeps"
    " it up for an hour. There is no peer.",
    run,
)

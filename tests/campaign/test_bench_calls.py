"""The benchmarks on telephony run: each series once, small, on real Asterisks; what they find is no proof of any speed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.bench import memory, menu, recordings_live, talks
from tests.bench.drawing import drawn
from tests.bench.report import Options, Result
from tests.running.instance import Hotline

pytestmark = pytest.mark.campaign


def small(folder: Path) -> Options:
    """As little as shows that it works."""
    return Options(seed=1, hours=0.0, folder=folder, is_small=True)


def rows(result: Result) -> dict[str, float]:
    """What was measured of ours, by name; its picture can be drawn."""
    assert drawn([(1, result.picture)]).startswith(b"\x89PNG")
    return {row.what: row.measured("ours") for row in result.rows}


async def test_callers_hear_the_next_prompt_of_the_menu_from_the_bridge_and_its_peers(hotline: Hotline, tmp_path: Path) -> None:
    """All of them: a call that fails on any side is a fault of the benchmark or of the menu."""
    told = rows(await asyncio.to_thread(menu.measure, hotline, small(tmp_path)))
    assert told["calls that failed"] == 0
    assert told["calls of a crowd"] > 0


async def test_citizens_are_served_steadily_while_the_memory_of_each_part_is_read(hotline: Hotline, tmp_path: Path) -> None:
    """No call goes wrong, every part is there, and the samples are kept."""
    told = rows(await asyncio.to_thread(memory.measure, hotline, small(tmp_path)))
    assert told["calls that went wrong"] == 0
    assert {f"{part} grows" for part in memory.PARTS} <= told.keys()
    assert len((tmp_path / "memory.csv").read_text(encoding="utf-8").splitlines()) > 3


async def test_citizens_and_agents_hear_each_other_through_the_hotline_and_its_peer(hotline: Hotline, tmp_path: Path) -> None:
    """Signs spoken on one side are heard on the other, in every talk."""
    result = await asyncio.to_thread(talks.measure, hotline, small(tmp_path))
    assert rows(result)["from mouth to ear, median"] > 0
    assert {row.peer_name for row in result.rows} == {talks.WITH, talks.WITHOUT}


async def test_live_calls_are_recorded_while_others_are_made_and_what_it_takes_is_counted(
    hotline: Hotline, tmp_path: Path
) -> None:
    """Every caller is recorded and heard throughout, and all that waited is made."""
    result = await asyncio.to_thread(recordings_live.measure, hotline, small(tmp_path))
    told = rows(result)
    assert len(told) == 6
    assert told["Asterisk for one live call"] > 0
    assert told["packets lost"] < 5

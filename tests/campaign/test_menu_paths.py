"""Every path of every menu by real calls, read off ivr/menus: keys, silence, wrong keys, hang-ups, keys typed ahead."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence

import httpx
import pytest

from ivr.catalogue import CATALOGUE_PATH, RECORDINGS_FOLDER, load_catalogue
from ivr.menu import MENUS_FOLDER, Menu, load_menus, recording_lengths
from tests.campaign.conftest import OpenTable
from tests.campaign.walking import Walked, left_behind, recognise, spoken, take
from tests.campaign.walks import Walk, hang_ups, hasty, walks, way
from tests.campaign.watcher import Watcher
from tests.running.instance import Hotline
from tests.speech import Recogniser

pytestmark = pytest.mark.campaign

LENGTHS = recording_lengths(RECORDINGS_FOLDER)
MENUS = load_menus(MENUS_FOLDER)
AT_ONCE = 5
SUMMARY = ("line", "paths", "walked", "with faults", "likeness of the words", "a silent caller in the queue after s", "left behind")
SAMPLE = 1000  # more than there are: all of them, unless fewer are asked for

KINDS: dict[str, Callable[[Menu], list[Walk]]] = {
    "every key, silence and wrong key": lambda menu: walks(menu, LENGTHS),
    "hang-ups": lambda menu: list(hang_ups(menu, LENGTHS)),
    "keys typed ahead": lambda menu: list(hasty(menu, LENGTHS)),
}


async def all_of(hotline: Hotline, api: httpx.Client, menu: Menu, chosen: Sequence[Walk]) -> list[Walked]:
    """A few callers at a time, each with a number of its own."""
    done: list[Walked] = []
    free = asyncio.Semaphore(AT_ONCE)
    async with Watcher(hotline, api) as watcher:

        async def one(place: int, walk: Walk) -> None:
            number = f"1390{place:03d}{random.randrange(10_000):04d}"
            async with free:
                try:
                    done.append(await take(hotline, watcher, api, menu, walk, number))
                except (AssertionError, TimeoutError, ConnectionError, httpx.TransportError) as error:
                    done.append(Walked(walk, number, way(menu, walk), faults=[f"{type(error).__name__}: {error}"[:300]]))

        async with asyncio.TaskGroup() as group:
            for place, walk in enumerate(chosen):
                group.create_task(one(place, walk))
    return done


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("line", sorted(MENUS))
async def test_every_path_of_the_menu_ends_where_its_graph_says(
    hotline: Hotline, recogniser: Recogniser, table: OpenTable, runs: Callable[[int], int], seed: int, line: str, kind: str
) -> None:
    """Where the caller ends, the course in the list of calls, the words heard, the time to the queue, nothing left."""
    says = {prompt.key: prompt.text for prompt in load_catalogue(CATALOGUE_PATH).hotline}
    everything = [spoken(walk) for walk in walks(MENUS[line], LENGTHS) if spoken(walk)]
    chosen = KINDS[kind](MENUS[line])
    if runs(SAMPLE) < len(chosen):
        chosen = random.Random(seed).sample(chosen, runs(SAMPLE))
    with hotline.api() as api:
        done = await all_of(hotline, api, MENUS[line], chosen)
    rows = table(f"menu-{line}", f"Menu of {line}", "path", "ended", "queue or party after s", "likeness of the words", "faults")
    for one in done:
        recognise(one, recogniser, says, everything)
        likeness = "" if one.alike is None else f"{one.alike:.2f}"
        rows.add(one.walk.name, one.came_to, f"{one.menu_s:.1f}", likeness, "; ".join(one.faults))
    left = await left_behind(hotline)
    alike = [one.alike for one in done if one.alike is not None]
    silent = [one.menu_s for one in done if not any(act.keys or act.hangs_up for act in one.walk.acts)]
    table("menu", "Paths of the menus", *SUMMARY).add(
        line, kind, len(done), sum(bool(one.faults) for one in done), f"{min(alike):.2f} to {max(alike):.2f}" if alike else "",
        f"{max(silent):.1f}" if silent else "", len(left),
    )  # fmt: skip
    assert left == []
    assert [(one.walk.name, one.faults) for one in done if one.faults] == []

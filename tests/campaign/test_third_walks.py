"""200 random walks of clicks and hang-ups against the real Asterisk; after each step the citizen is with somebody or waits."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.campaign.conftest import OpenTable
from tests.campaign.third_walking import Walked, take
from tests.running.facts import live_equals_asterisk
from tests.running.instance import Hotline, running
from tests.running.third import cast_of, city_with_parties

pytestmark = pytest.mark.campaign

WALKS, AT_ONCE, AGENTS = 200, 4, 9
COLUMNS = ("seed", "walk", "steps and what they came to", "faults")
SUMMARY = ("seed", "walks", "steps", "refused", "stages seen", "calls ended by a farewell", "walks with faults")


@pytest.fixture(scope="module")
def hotline() -> Iterator[Hotline]:
    """A hotline whose parties are telephones of ours."""
    with running(city_with_parties()) as one:
        yield one


async def test_wherever_a_walk_leads_the_citizen_is_with_somebody_or_waits_and_nothing_is_left_over(
    hotline: Hotline, table: OpenTable, runs: Callable[[int], int], seed: int
) -> None:
    """Several walks at once; `SEED=` and the number of a walk give the same one again."""
    done: list[Walked] = []
    free = asyncio.Semaphore(AT_ONCE)
    async with cast_of(hotline, AGENTS) as cast:

        async def one(number: int) -> None:
            async with free:
                done.append(await take(cast, seed, number))

        async with asyncio.TaskGroup() as group:
            for number in range(runs(WALKS)):
                group.create_task(one(number))
        rooms = [line for line in await cast.board.console("confbridge list") if line.startswith("h1-")]
        _told(table, seed, done)
        assert rooms == []
        assert [(walked.number, walked.took, walked.faults) for walked in done if walked.faults] == []
        await live_equals_asterisk(hotline, cast.api)


def _told(table: OpenTable, seed: int, done: list[Walked]) -> None:
    """Each walk, and all of them in short."""
    rows = table("third-walks", "Random walks", *COLUMNS)
    for walked in sorted(done, key=lambda each: each.number):
        rows.add(seed, walked.number, "; ".join(walked.took), "; ".join(walked.faults)[:2000])
    stages = Counter(stage for walked in done for stage in walked.stages)
    table("third-walks-sum", "Random walks in short", *SUMMARY).add(
        seed, len(done), sum(len(walked.took) for walked in done), sum(walked.refused for walked in done),
        ", ".join(f"{stage} {count}" for stage, count in stages.most_common()), sum(walked.over for walked in done),
        sum(bool(walked.faults) for walked in done),
    )  # fmt: skip
